/* Memory that is there or ends the process. */
#include "base/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* Allocates size bytes, not cleared. */
void *
xmalloc(size_t size)
{
	void	*p;

	if (size == 0)
		fatalx("xmalloc: zero size");
	p = malloc(size);
	if (p == NULL)
		fatal("out of memory (%zu bytes)", size);
	return p;
}

/* Allocates count elements of size bytes, zeroed. */
void *
xcalloc(size_t count, size_t size)
{
	void	*p;

	if (count == 0 || size == 0)
		fatalx("xcalloc: zero size");
	p = calloc(count, size);
	if (p == NULL)
		fatal("out of memory (%zu times %zu bytes)", count, size);
	return p;
}

/* Resizes old (which may be NULL) to size bytes. */
void *
xrealloc(void *old, size_t size)
{
	void	*p;

	if (size == 0)
		fatalx("xrealloc: zero size");
	p = realloc(old, size);
	if (p == NULL)
		fatal("out of memory (%zu bytes)", size);
	return p;
}

/* Copies a string. */
char *
xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

/* Copies len bytes and ends them with a NUL. */
char *
xstrndup(const char *s, size_t len)
{
	char	*p;

	p = xmalloc(len + 1);
	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

/* Formats into a new string. */
char *
xasprintf(const char *fmt, ...)
{
	va_list	 ap;
	char	*s;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	return s;
}

/* Formats into a new string. */
char *
xvasprintf(const char *fmt, va_list ap)
{
	char	*s;

	if (vasprintf(&s, fmt, ap) == -1)
		fatal("out of memory (a formatted string)");
	return s;
}
