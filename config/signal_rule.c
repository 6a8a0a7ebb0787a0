/* The signals of apps, as options name them. */
#include "config/signal_rule.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/strlist.h"
#include "base/xmalloc.h"
#include "config/config.h"

/* Reads a signal's number; where it ends, NULL: it is none. */
static const char *
signal_rule_number(const char *text, int *number)
{
	char	*end;
	long	 n;

	if (text[0] < '0' || text[0] > '9')
		return NULL;
	n = strtol(text, &end, 10);
	if (n > SIGNAL_RULE_MAX)
		return NULL;
	*number = (int)n;
	return end;
}

/* "17" or "20-29". False: it is neither. */
static bool
signal_rule_range(const char *text, int *first, int *last)
{
	const char	*end = signal_rule_number(text, first);

	*last = *first;
	if (end != NULL && *end == '-')
		end = signal_rule_number(end + 1, last);
	return end != NULL && *end == '\0' && *first <= *last;
}

/* May others raise it? */
bool
signal_rule_is_remote(const struct config *cfg, int number)
{
	int	 first = 0, last = 0;
	size_t	 i;

	for (i = 0; i < cfg->remote_signals.count; i++) {
		if (signal_rule_range(cfg->remote_signals.items[i], &first,
		    &last) && number >= first && number <= last)
			return true;
	}
	return false;
}

/* Checks. */
void
signal_rules_check(const struct config *cfg, struct strlist *problems)
{
	int	 first = 0, last = 0;
	size_t	 i;

	for (i = 0; i < cfg->remote_signals.count; i++) {
		if (!signal_rule_range(cfg->remote_signals.items[i], &first,
		    &last))
			strlist_add_steal(problems, xasprintf(
			    "\"remote-signals\" must be a signal's number "
			    "(0..255) or a range like \"20-29\", not \"%s\"",
			    cfg->remote_signals.items[i]));
	}
}
