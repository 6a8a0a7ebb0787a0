/* A growing byte string. */
#include "base/strbuf.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xmalloc.h"

/* Makes room for more bytes and a NUL, of which there is too little. */
void
strbuf_grow(struct strbuf *sb, size_t more)
{
	size_t	 need, cap;

	if (more > (size_t)-1 / 4 - sb->len)
		fatalx("a string grew past memory");
	need = sb->len + more + 1;
	cap = sb->cap == 0 ? 128 : sb->cap;
	while (cap < need)
		cap *= 2;
	sb->buf = xrealloc(sb->buf, cap);
	sb->cap = cap;
}

/* Appends a C string. */
void
strbuf_adds(struct strbuf *sb, const char *s)
{
	strbuf_add(sb, s, strlen(s));
}

/* Appends a number in decimal. */
void
strbuf_addu(struct strbuf *sb, unsigned long long n)
{
	char	 digits[24];
	char	*p = digits + sizeof(digits);

	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	strbuf_add(sb, p, (size_t)(digits + sizeof(digits) - p));
}

/* Appends one byte. */
void
strbuf_addc(struct strbuf *sb, char c)
{
	strbuf_add(sb, &c, 1);
}

/* Appends formatted text. */
void
strbuf_addf(struct strbuf *sb, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	strbuf_vaddf(sb, fmt, ap);
	va_end(ap);
}

/* Appends formatted text. */
void
strbuf_vaddf(struct strbuf *sb, const char *fmt, va_list ap)
{
	va_list	 again;
	int	 n;

	va_copy(again, ap);
	strbuf_reserve(sb, 64);
	n = vsnprintf(sb->buf + sb->len, sb->cap - sb->len, fmt, ap);
	if (n < 0)
		fatalx("cannot format \"%s\"", fmt);
	if ((size_t)n >= sb->cap - sb->len) {
		strbuf_reserve(sb, (size_t)n);
		vsnprintf(sb->buf + sb->len, sb->cap - sb->len, fmt, again);
	}
	va_end(again);
	sb->len += (size_t)n;
}

/* May this byte stand in a JSON string as it is? */
static bool
strbuf_json_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/*
 * The bytes of the character of UTF-8 that begins here, which is not ASCII; 0
 * if none does: nothing overlong, no surrogates, nothing above U+10FFFF.
 */
static size_t
strbuf_utf8(const char *s, const char *end)
{
	const unsigned char	*p = (const unsigned char *)s;
	size_t			 len, i;

	len = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 :
	    p[0] < 0xf5 ? 4 : 0;
	if (len == 0 || (size_t)(end - s) < len)
		return 0;
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

/* Adds bytes as the inside of a JSON string. */
void
strbuf_add_json_text(struct strbuf *sb, const char *s, size_t len)
{
	const char	*end = s + len, *plain;
	unsigned char	 c;
	size_t		 n;

	while (s < end) {
		plain = s;
		while (s < end && strbuf_json_plain((unsigned char)*s))
			s++;
		strbuf_add(sb, plain, (size_t)(s - plain));
		if (s == end)
			break;
		n = strbuf_utf8(s, end);
		if (n > 0) {
			strbuf_add(sb, s, n);
			s += n;
			continue;
		}
		c = (unsigned char)*s++;
		if (c == '"' || c == '\\')
			strbuf_addf(sb, "\\%c", c);
		else if (c == '\n')
			strbuf_adds(sb, "\\n");
		else
			strbuf_addf(sb, "\\u%04x", c);
	}
}

/* Adds bytes as a JSON string. */
void
strbuf_add_json(struct strbuf *sb, const char *s, size_t len)
{
	strbuf_addc(sb, '"');
	strbuf_add_json_text(sb, s, len);
	strbuf_addc(sb, '"');
}

/* Cuts the content to len bytes. */
void
strbuf_truncate(struct strbuf *sb, size_t len)
{
	if (len >= sb->len)
		return;
	sb->len = len;
	sb->buf[len] = '\0';
}

/* The content as a C string. */
const char *
strbuf_str(const struct strbuf *sb)
{
	return sb->buf == NULL ? "" : sb->buf;
}

/* Hands the memory to the caller. */
char *
strbuf_detach(struct strbuf *sb)
{
	char	*s;

	s = sb->buf == NULL ? xstrdup("") : sb->buf;
	sb->buf = NULL;
	sb->len = sb->cap = 0;
	return s;
}

/* Frees the memory. */
void
strbuf_done(struct strbuf *sb)
{
	free(sb->buf);
	sb->buf = NULL;
	sb->len = sb->cap = 0;
}
