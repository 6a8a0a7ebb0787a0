/* Option values of the form "name=x,items=10,flag". */
#include "config/keyvals.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "base/strbuf.h"
#include "base/xmalloc.h"

/* A key's place; NULL: it is not there. */
static const struct keyval *
keyvals_find(const struct keyvals *kv, const char *key)
{
	size_t	 i;

	for (i = 0; i < kv->count; i++) {
		if (strcmp(kv->items[i].key, key) == 0)
			return &kv->items[i];
	}
	return NULL;
}

/* Up to the next comma that none escapes; *text is behind it, or NULL. New. */
static char *
keyvals_part(const char **text)
{
	struct strbuf	 part = STRBUF_INIT;
	const char	*p = *text;

	for (; *p != '\0' && *p != ','; p++) {
		if (p[0] == '\\' && (p[1] == ',' || p[1] == '\\'))
			p++;
		strbuf_add(&part, p, 1);
	}
	*text = *p == ',' ? p + 1 : NULL;
	strbuf_adds(&part, "");
	return part.buf != NULL ? part.buf : xstrdup("");
}

/* Is the key one of these? Else says so. */
static int
keyvals_check(const struct keyvals *kv, const char *key,
    const char *const *known, char **cause)
{
	struct nearest	 n;
	size_t		 i;
	bool		 may_be;

	if (keyvals_find(kv, key) != NULL) {
		*cause = xasprintf("\"%s\" is given twice", key);
		return -1;
	}
	may_be = nearest_begin(&n, key);
	for (i = 0; known[i] != NULL; i++) {
		if (strcmp(known[i], key) == 0)
			return 0;
		if (may_be)
			nearest_try(&n, known[i]);
	}
	*cause = may_be && n.best != NULL ?
	    xasprintf("there is no \"%s\"; did you mean \"%s\"?", key,
	    n.best) : xasprintf("there is no \"%s\"", key);
	return -1;
}

/* One part, which becomes the list's. */
static int
keyvals_add(struct keyvals *kv, char *steal_part, const char *const *known,
    const char *first, char **cause)
{
	char	*mark = strchr(steal_part, '='), *key, *value = NULL;

	if (kv->count == 0 && first != NULL && mark == NULL &&
	    *steal_part != '\0') {
		key = xstrdup(first);
		value = xstrdup(steal_part);
	} else if (mark != NULL) {
		key = xstrndup(steal_part, (size_t)(mark - steal_part));
		value = xstrdup(mark + 1);
	} else
		key = xstrdup(steal_part);
	free(steal_part);
	if (kv->count == KEYVALS_MAX) {
		*cause = xasprintf("more than %d keys", KEYVALS_MAX);
	} else if (keyvals_check(kv, key, known, cause) == 0) {
		kv->items[kv->count].key = key;
		kv->items[kv->count++].value = value;
		return 0;
	}
	free(key);
	free(value);
	return -1;
}

/* Takes it apart. */
int
keyvals_parse(struct keyvals *kv, const char *text, const char *const *known,
    const char *first, char **cause)
{
	memset(kv, 0, sizeof(*kv));
	while (text != NULL) {
		if (keyvals_add(kv, keyvals_part(&text), known, first,
		    cause) == -1)
			return -1;
	}
	return 0;
}

/* Frees it. */
void
keyvals_done(struct keyvals *kv)
{
	while (kv->count > 0) {
		free(kv->items[--kv->count].key);
		free(kv->items[kv->count].value);
	}
}

/* Is it given? */
bool
keyvals_has(const struct keyvals *kv, const char *key)
{
	return keyvals_find(kv, key) != NULL;
}

/* A key's value. */
const char *
keyvals_text(const struct keyvals *kv, const char *key)
{
	const struct keyval	*found = keyvals_find(kv, key);

	return found == NULL ? NULL : found->value;
}

/* What a number's last letter stands for; 0: nothing. */
static size_t
keyvals_unit(const char *rest)
{
	static const char	 units[] = "kmg";
	const char		*unit;

	if (*rest == '\0')
		return 1;
	unit = strchr(units, *rest | 0x20);
	if (unit == NULL || rest[1] != '\0')
		return 0;
	return (size_t)1024 << (10 * (unit - units));
}

/* A whole number. */
int
keyvals_size(const struct keyvals *kv, const char *key, size_t min,
    size_t max, size_t *value, char **cause)
{
	const struct keyval	*found = keyvals_find(kv, key);
	size_t			 digits, unit, n = 0;

	if (found == NULL)
		return 0;
	if (found->value != NULL) {
		digits = strspn(found->value, "0123456789");
		unit = keyvals_unit(found->value + digits);
		if (digits > 0 && digits <= 18 && unit != 0) {
			n = strtoull(found->value, NULL, 10);
			if (n <= max / unit && n * unit >= min) {
				*value = n * unit;
				return 0;
			}
		}
	}
	*cause = xasprintf("\"%s\" must be a whole number from %zu to %zu, "
	    "not \"%s\"", key, min, max,
	    found->value == NULL ? "" : found->value);
	return -1;
}

/* Yes or no. */
int
keyvals_bool(const struct keyvals *kv, const char *key, bool *value,
    char **cause)
{
	static const char *const	 words[] = { "0", "1", "false",
	    "true", "no", "yes", "off", "on" };
	const struct keyval		*found = keyvals_find(kv, key);
	size_t				 i;

	if (found == NULL)
		return 0;
	if (found->value == NULL) {
		*value = true;
		return 0;
	}
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(found->value, words[i]) == 0) {
			*value = i % 2 == 1;
			return 0;
		}
	}
	*cause = xasprintf("\"%s\" must be true or false, not \"%s\"", key,
	    found->value);
	return -1;
}
