/* The signals of apps, as options name them. */
#include "config/signal_rule.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

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

/* "17 2.5" */
bool
signal_rule_timer(const char *text, int *number, double *seconds)
{
	const char	*end = signal_rule_number(text, number);
	char		*behind;

	if (end == NULL || *end != ' ')
		return false;
	*seconds = strtod(end, &behind);
	return behind != end && *behind == '\0' && *seconds >= 0.001 &&
	    *seconds <= 1e8;
}

/* "FILE 17" */
bool
signal_rule_file(const char *text, int *number, char **file)
{
	const char	*space = strrchr(text, ' '), *end;

	if (space == NULL || space == text ||
	    space - text > SIGNAL_RULE_FILE_MAX)
		return false;
	end = signal_rule_number(space + 1, number);
	if (end == NULL || *end != '\0')
		return false;
	*file = xstrndup(text, (size_t)(space - text));
	return true;
}

/* Is each a number and a time? */
static void
signal_rules_check_timers(const struct strlist *list, const char *option,
    struct strlist *problems)
{
	double	 seconds;
	int	 number;
	size_t	 i;

	for (i = 0; i < list->count; i++) {
		if (!signal_rule_timer(list->items[i], &number, &seconds))
			strlist_add_steal(problems, xasprintf("\"%s\" must be "
			    "a signal's number (0..255) and 0.001 to 1e8 "
			    "seconds, like \"17 2.5\", not \"%s\"", option,
			    list->items[i]));
	}
}

/* Is each a file and a number? */
static void
signal_rules_check_files(const struct strlist *list, const char *option,
    struct strlist *problems)
{
	char	*file;
	int	 number;
	size_t	 i;

	for (i = 0; i < list->count; i++) {
		if (signal_rule_file(list->items[i], &number, &file))
			free(file);
		else
			strlist_add_steal(problems, xasprintf("\"%s\" must be "
			    "a file (200 bytes at most) and a signal's number "
			    "(0..255), like \"rules 17\", not \"%s\"",
			    option, list->items[i]));
	}
}

/* Checks. */
void
signal_rules_check(const struct config *cfg, struct strlist *problems)
{
	int	 first = 0, last = 0;
	size_t	 i;

	signal_rules_check_timers(&cfg->signal_timer, "signal-timer",
	    problems);
	signal_rules_check_timers(&cfg->signal_rbtimer, "signal-rbtimer",
	    problems);
	signal_rules_check_files(&cfg->touch_signal, "touch-signal", problems);
	signal_rules_check_files(&cfg->fs_signal, "fs-signal", problems);
	for (i = 0; i < cfg->remote_signals.count; i++) {
		if (!signal_rule_range(cfg->remote_signals.items[i], &first,
		    &last))
			strlist_add_steal(problems, xasprintf(
			    "\"remote-signals\" must be a signal's number "
			    "(0..255) or a range like \"20-29\", not \"%s\"",
			    cfg->remote_signals.items[i]));
	}
}
