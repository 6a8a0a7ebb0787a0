/* Option values of the form "name=x,items=10,flag". */
#ifndef WM_CONFIG_KEYVALS_H
#define WM_CONFIG_KEYVALS_H

#include <stdbool.h>
#include <stddef.h>

#define KEYVALS_MAX	24

/* One option's value taken apart; the texts are its own. */
struct keyvals {
	size_t	 count;
	struct keyval {
		char	*key;
		char	*value;		/* NULL: a key without "=" */
	}	 items[KEYVALS_MAX];
};

/*
 * Takes text apart at commas ("\," is one that belongs to a value), each part
 * at its first "=". known ends with NULL; first, if not NULL, is the key of a
 * first part that has none ("/var/spool" is "spool-dir=/var/spool"). A key that
 * is not known or given twice: -1 with *cause, which names it and suggests.
 * keyvals_done in either case.
 */
int	 keyvals_parse(struct keyvals *kv, const char *text,
	    const char *const *known, const char *first, char **cause);
void	 keyvals_done(struct keyvals *kv);

bool	 keyvals_has(const struct keyvals *kv, const char *key);
/* A key's value, borrowed; NULL: not given, or without "=". */
const char *keyvals_text(const struct keyvals *kv, const char *key);
/*
 * A whole number min..max that may end in k, m or g (of 1024). *value stays
 * what it was if the key is not given. -1 with *cause.
 */
int	 keyvals_size(const struct keyvals *kv, const char *key, size_t min,
	    size_t max, size_t *value, char **cause);
/* Given bare, or as 1, true, yes, on: true; 0, false, no, off: false. */
int	 keyvals_bool(const struct keyvals *kv, const char *key, bool *value,
	    char **cause);

#endif
