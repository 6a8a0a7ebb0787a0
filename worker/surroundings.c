/* What chdir and env ask for, before anything of the app's runs. */
#include "worker/surroundings.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "config/config.h"

/* The working directory, the environment, and what kills no server. */
int
surroundings_set(const struct config *cfg, char **cause)
{
	char	*pair, *equals;
	size_t	 i;

	if (cfg->chdir != NULL && chdir(cfg->chdir) == -1) {
		*cause = xasprintf("\"chdir\": %s: %s", cfg->chdir,
		    strerror(errno));
		return -1;
	}
	for (i = 0; i < cfg->env.count; i++) {
		pair = xstrdup(cfg->env.items[i]);
		equals = strchr(pair, '=');
		if (equals != NULL) {
			*equals = '\0';
			setenv(pair, equals + 1, 1);
		}
		free(pair);
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	return 0;
}
