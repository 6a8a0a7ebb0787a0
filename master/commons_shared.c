/* Makes the app's shared memory: locks, metrics, queue, shared areas. */
#include "master/commons_shared.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "config/config.h"
#include "config/shared_rule.h"
#include "shm/commons.h"
#include "shm/sharedarea.h"

/* The areas of "sharedarea" and those of "py-sharedarea". */
static int
commons_sharedareas(struct commons *commons, const struct config *cfg,
    char **cause)
{
	size_t			 i, n = cfg->sharedarea.count, count;
	struct sharedarea_rule	*rules;
	struct sharedarea_spec	*specs;
	char			*text;
	int			 result = 0;

	count = n + cfg->py_sharedarea.count;
	if (count == 0)
		return 0;
	rules = xcalloc(count, sizeof(*rules));
	specs = xcalloc(count, sizeof(*specs));
	for (i = 0; i < count && result == 0; i++) {
		text = i < n ? xstrdup(cfg->sharedarea.items[i]) :
		    xasprintf("size=%s", cfg->py_sharedarea.items[i - n]);
		result = sharedarea_rule_parse(&rules[i], text, cause);
		free(text);
		specs[i] = (struct sharedarea_spec){ .size = rules[i].size,
		    .file = rules[i].file, .fd = rules[i].fd,
		    .offset = (off_t)rules[i].offset };
	}
	if (result == 0)
		commons->sharedareas = sharedareas_new(specs, (int)count,
		    cause);
	while (i > 0)
		sharedarea_rule_done(&rules[--i]);
	free(rules);
	free(specs);
	return commons->sharedareas == NULL ? -1 : 0;
}

/* All of it. */
int
commons_shared_init(struct commons *commons, const struct config *cfg,
    char **cause)
{
	return commons_sharedareas(commons, cfg, cause);
}

/* Unmaps it. */
void
commons_shared_done(struct commons *commons)
{
	sharedareas_free(commons->sharedareas);
}
