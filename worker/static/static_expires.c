/* How long a file may be kept. */
#include "worker/static/static_expires.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/strlist.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/static_rule.h"

struct expires_rule {
	const struct static_expires_option *option;
	char		*type;		/* NULL: re */
	regex_t		 re;
	int64_t		 seconds;
};

struct static_expires {
	struct expires_rule	*rules;
	size_t			 count;
};

/* Adds one rule. */
static void
expires_add(struct static_expires *expires,
    const struct static_expires_option *option, const char *text)
{
	struct expires_rule	*rule;
	char			*why = NULL;
	size_t			 len;

	expires->rules = xrealloc(expires->rules, (expires->count + 1) *
	    sizeof(*expires->rules));
	rule = &expires->rules[expires->count];
	memset(rule, 0, sizeof(*rule));
	rule->option = option;
	if (!static_rule_split(text, &len, &rule->seconds))
		fatalx("\"%s\" was not checked", option->name);
	if (option->subject == STATIC_TYPE)
		rule->type = xstrndup(text, len);
	else
		why = static_rule_compile(&rule->re, text, len);
	if (why != NULL)
		fatalx("\"%s\": %s", option->name, why);
	expires->count++;
}

/* Makes the rules. */
struct static_expires *
static_expires_new(const struct config *cfg)
{
	struct static_expires	*expires = xcalloc(1, sizeof(*expires));
	const struct strlist	*list;
	size_t			 i, j;

	for (i = 0; i < STATIC_EXPIRES_OPTIONS; i++) {
		list = (const void *)((const char *)cfg +
		    static_expires_options[i].offset);
		for (j = 0; j < list->count; j++)
			expires_add(expires, &static_expires_options[i],
			    list->items[j]);
	}
	if (expires->count > 0)
		return expires;
	free(expires);
	return NULL;
}

/* Frees them. */
void
static_expires_free(struct static_expires *expires)
{
	size_t	 i;

	if (expires == NULL)
		return;
	for (i = 0; i < expires->count; i++) {
		if (expires->rules[i].type == NULL)
			regfree(&expires->rules[i].re);
		free(expires->rules[i].type);
	}
	free(expires->rules);
	free(expires);
}

/* The text that a pattern is compared with, to be freed. */
static char *
expires_text(enum static_subject subject, const struct static_asked *asked)
{
	if (subject == STATIC_PATH)
		return xasprintf("%s/%s", asked->folder, asked->name);
	if (subject == STATIC_URI)
		return xstrndup(asked->uri, asked->uri_len);
	return xstrdup(asked->path_info);
}

/* Does the rule fit? */
static bool
expires_fits(const struct expires_rule *rule, const struct static_asked *asked)
{
	char	*text;
	bool	 fits;

	if (rule->type != NULL)
		return strcmp(rule->type, asked->type) == 0;
	text = expires_text(rule->option->subject, asked);
	fits = regexec(&rule->re, text, 0, NULL, 0) == 0;
	free(text);
	return fits;
}

/* The first rule that fits. */
bool
static_expires_when(const struct static_expires *expires,
    const struct static_asked *asked, int64_t modified, int64_t now,
    int64_t *when)
{
	const struct expires_rule	*rule;
	size_t				 i;

	for (i = 0; i < expires->count; i++) {
		rule = &expires->rules[i];
		if (!expires_fits(rule, asked))
			continue;
		*when = (rule->option->mtime ? modified : now) +
		    rule->seconds;
		return true;
	}
	return false;
}
