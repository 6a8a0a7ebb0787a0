/* The options of static files that are rules. */
#include "config/static_rule.h"

#include <stdlib.h>
#include <string.h>

#include "base/strlist.h"
#include "base/xmalloc.h"
#include "config/config.h"

#define DIGITS_MAX	10	/* of a number of seconds */
#define AT(member)	offsetof(struct config, member)

const struct static_expires_option
    static_expires_options[STATIC_EXPIRES_OPTIONS] = {
	{ "static-expires-type", AT(static_expires_type), STATIC_TYPE, false },
	{ "static-expires-type-mtime", AT(static_expires_type_mtime),
	    STATIC_TYPE, true },
	{ "static-expires", AT(static_expires), STATIC_PATH, false },
	{ "static-expires-mtime", AT(static_expires_mtime), STATIC_PATH,
	    true },
	{ "static-expires-uri", AT(static_expires_uri), STATIC_URI, false },
	{ "static-expires-uri-mtime", AT(static_expires_uri_mtime),
	    STATIC_URI, true },
	{ "static-expires-path-info", AT(static_expires_path_info),
	    STATIC_PATH_INFO, false },
	{ "static-expires-path-info-mtime",
	    AT(static_expires_path_info_mtime), STATIC_PATH_INFO, true },
};

/* Takes it apart at the last mark. */
bool
static_rule_split(const char *text, size_t *key_len, int64_t *seconds)
{
	const char	*mark = strrchr(text, ' ');
	size_t		 digits;

	if (mark == NULL)
		mark = strrchr(text, '=');
	if (mark == NULL || mark == text)
		return false;
	digits = strspn(mark + 1, "0123456789");
	if (digits == 0 || digits > DIGITS_MAX || mark[1 + digits] != '\0')
		return false;
	*key_len = (size_t)(mark - text);
	*seconds = strtoll(mark + 1, NULL, 10);
	return true;
}

/* Compiles a pattern. */
char *
static_rule_compile(regex_t *re, const char *text, size_t len)
{
	char	*copy = xstrndup(text, len), why[256];
	int	 error = regcomp(re, copy, REG_EXTENDED | REG_NOSUB);

	free(copy);
	if (error == 0)
		return NULL;
	regerror(error, re, why, sizeof(why));
	return xstrdup(why);
}

/* One pattern. */
static void
static_rule_check_pattern(const char *name, const char *text, size_t len,
    struct strlist *problems)
{
	regex_t	 re;
	char	*why = static_rule_compile(&re, text, len);

	if (why == NULL) {
		regfree(&re);
		return;
	}
	strlist_add_steal(problems, xasprintf("\"%s\": \"%.*s\" is no "
	    "extended regular expression: %s", name, (int)len, text, why));
	free(why);
}

/* All rules. */
void
static_rules_check(const struct config *cfg, struct strlist *problems)
{
	const struct static_expires_option	*o = static_expires_options;
	const struct strlist			*list;
	int64_t					 seconds;
	size_t					 i, j, len;

	for (i = 0; i < STATIC_EXPIRES_OPTIONS; i++, o++) {
		list = (const void *)((const char *)cfg + o->offset);
		for (j = 0; j < list->count && o->subject != STATIC_TYPE;
		    j++) {
			if (static_rule_split(list->items[j], &len, &seconds))
				static_rule_check_pattern(o->name,
				    list->items[j], len, problems);
		}
	}
	for (i = 0; i < cfg->static_gzip.count; i++)
		static_rule_check_pattern("static-gzip",
		    cfg->static_gzip.items[i],
		    strlen(cfg->static_gzip.items[i]), problems);
}
