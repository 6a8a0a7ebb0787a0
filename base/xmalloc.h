/* Memory that is there or ends the process: no caller checks for NULL. */
#ifndef WM_BASE_XMALLOC_H
#define WM_BASE_XMALLOC_H

#include <stdarg.h>
#include <stddef.h>

/*
 * All of these return memory that free() takes, and never NULL: when there is
 * none the process says so and aborts (fatal). A size of 0 is a caller's bug
 * and fatal too.
 */
void	*xmalloc(size_t size);
void	*xcalloc(size_t count, size_t size);
void	*xrealloc(void *old, size_t size);
char	*xstrdup(const char *s);
char	*xstrndup(const char *s, size_t len);
char	*xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char	*xvasprintf(const char *fmt, va_list ap)
	    __attribute__((format(printf, 1, 0)));

#endif
