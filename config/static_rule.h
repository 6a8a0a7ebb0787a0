/* The options of static files that are rules: "KEY SECONDS", and patterns. */
#ifndef WM_CONFIG_STATIC_RULE_H
#define WM_CONFIG_STATIC_RULE_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct strlist;

/* What an option of the static-expires family looks at. */
enum static_subject {
	STATIC_TYPE,		/* the file's type */
	STATIC_PATH,		/* its path in the file system */
	STATIC_URI,		/* the request's target as it was sent */
	STATIC_PATH_INFO	/* the request's path, decoded */
};

#define STATIC_EXPIRES_OPTIONS	8

struct static_expires_option {
	const char		*name;
	size_t			 offset;	/* of the list in config */
	enum static_subject	 subject;
	bool			 mtime;		/* from the file's time on */
};

/* In the order in which they are asked. */
extern const struct static_expires_option
	static_expires_options[STATIC_EXPIRES_OPTIONS];

/*
 * Takes "KEY SECONDS" or "KEY=SECONDS" apart, at the last of these marks.
 * False: it is neither.
 */
bool	 static_rule_split(const char *text, size_t *key_len,
	    int64_t *seconds);
/*
 * Compiles an extended regular expression of len bytes, to be freed by
 * regfree; NULL, or what is wrong with it, to be freed.
 */
char	*static_rule_compile(regex_t *re, const char *text, size_t len);
/* Adds a problem for each rule that is none. */
void	 static_rules_check(const struct config *cfg,
	    struct strlist *problems);

#endif
