/* A growing byte string. */
#ifndef WM_BASE_STRBUF_H
#define WM_BASE_STRBUF_H

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

/*
 * len bytes at buf, which may hold any byte; a NUL always follows them once
 * anything was added. Use:
 *
 *	struct strbuf sb = STRBUF_INIT;
 *	strbuf_addf(&sb, "%d items", n);
 *	... sb.buf, sb.len ...
 *	strbuf_done(&sb);
 */
struct strbuf {
	char	*buf;
	size_t	 len;
	size_t	 cap;
};

#define STRBUF_INIT { NULL, 0, 0 }

/* For strbuf_reserve: the memory is too small. */
void	 strbuf_grow(struct strbuf *sb, size_t more);

/* Makes room for more bytes after len, and a NUL; the caller raises len. */
static inline void
strbuf_reserve(struct strbuf *sb, size_t more)
{
	if (more >= sb->cap - sb->len)
		strbuf_grow(sb, more);
}

/* Appends bytes. */
static inline void
strbuf_add(struct strbuf *sb, const void *data, size_t len)
{
	strbuf_reserve(sb, len);
	if (len > 0)
		memcpy(sb->buf + sb->len, data, len);
	sb->len += len;
	sb->buf[sb->len] = '\0';
}

void	 strbuf_adds(struct strbuf *sb, const char *s);
/* Appends a number in decimal: what "%llu" would, for a twentieth. */
void	 strbuf_addu(struct strbuf *sb, unsigned long long n);
void	 strbuf_addc(struct strbuf *sb, char c);
void	 strbuf_addf(struct strbuf *sb, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
void	 strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap)
	    __attribute__((format(printf, 2, 0)));
/*
 * Add bytes as (the inside of) a JSON string: UTF-8 as it is, any byte that is
 * not part of it as if it were latin-1.
 */
void	 strbuf_add_json_text(struct strbuf *sb, const char *s, size_t len);
void	 strbuf_add_json(struct strbuf *sb, const char *s, size_t len);
void	 strbuf_truncate(struct strbuf *sb, size_t len);
/* The content as a C string, "" when empty; owned by the strbuf. */
const char *strbuf_str(const struct strbuf *sb);
/* Hands the memory to the caller, never NULL; the strbuf is empty then. */
char	*strbuf_detach(struct strbuf *sb);
void	 strbuf_done(struct strbuf *sb);

#endif
