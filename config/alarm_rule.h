/* The option alarm: "NAME log:", "NAME cmd:COMMAND". */
#ifndef WM_CONFIG_ALARM_RULE_H
#define WM_CONFIG_ALARM_RULE_H

#include <stdbool.h>
#include <stddef.h>

struct config;
struct strlist;

enum alarm_kind {
	ALARM_LOG,
	ALARM_CMD
};

/* An option's text taken apart; everything points into it. */
struct alarm_rule {
	const char	*name;
	size_t		 name_len;
	enum alarm_kind	 kind;
	const char	*command;	/* ALARM_CMD: for sh -c */
};

/* NULL, or what is wrong with it (a constant text). */
const char *alarm_rule_parse(struct alarm_rule *rule, const char *text);
/* Adds a problem for each that is wrong. */
void	 alarm_rules_check(const struct config *cfg,
	    struct strlist *problems);

#endif
