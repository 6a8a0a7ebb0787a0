/* The option alarm. */
#include "config/alarm_rule.h"

#include <string.h>

#include "base/strlist.h"
#include "base/xmalloc.h"
#include "config/config.h"

/* Takes one apart. */
const char *
alarm_rule_parse(struct alarm_rule *rule, const char *text)
{
	const char	*what;

	rule->name = text;
	rule->name_len = strcspn(text, " ");
	what = text + rule->name_len;
	what += strspn(what, " ");
	if (rule->name_len == 0 || *what == '\0')
		return "expected \"NAME log:\" or \"NAME cmd:COMMAND\"";
	if (strcmp(what, "log") == 0 || strcmp(what, "log:") == 0) {
		rule->kind = ALARM_LOG;
		return NULL;
	}
	if (strncmp(what, "cmd:", 4) != 0)
		return "an alarm is \"log:\" or \"cmd:COMMAND\"; uWSGI's "
		    "others can be had by a command";
	rule->kind = ALARM_CMD;
	rule->command = what + 4;
	return rule->command[strspn(rule->command, " ")] == '\0' ?
	    "\"cmd:\" without a command" : NULL;
}

/* Looks at all of them. */
void
alarm_rules_check(const struct config *cfg, struct strlist *problems)
{
	struct alarm_rule	 rule;
	const char		*why;
	size_t			 i;

	for (i = 0; i < cfg->alarm.count; i++) {
		why = alarm_rule_parse(&rule, cfg->alarm.items[i]);
		if (why != NULL)
			strlist_add_steal(problems, xasprintf("\"alarm\": "
			    "\"%s\": %s", cfg->alarm.items[i], why));
	}
}
