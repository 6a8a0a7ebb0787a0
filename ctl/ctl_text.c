/* Ages, sizes and foreign text, as people read them. */
#include "ctl/ctl_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A time. */
void
ctl_add_seconds(struct strbuf *sb, double seconds)
{
	if (seconds > 0 && seconds < 0.00095)
		strbuf_addf(sb, "%.0f us", seconds * 1e6);
	else if (seconds < 0.0995)
		strbuf_addf(sb, "%.0f ms", seconds * 1e3);
	else if (seconds < 99.95)
		strbuf_addf(sb, "%.1f s", seconds);
	else if (seconds < 100 * 60)
		strbuf_addf(sb, "%.0f min", seconds / 60);
	else if (seconds < 48 * 3600)
		strbuf_addf(sb, "%.0f h", seconds / 3600);
	else
		strbuf_addf(sb, "%.0f d", seconds / 86400);
}

/* A size. */
void
ctl_add_bytes(struct strbuf *sb, double bytes)
{
	static const char *const	 units[] = { "B", "kB", "MB", "GB",
	    "TB" };
	size_t				 i = 0;

	while (bytes >= 999.5 && i + 1 < sizeof(units) / sizeof(units[0])) {
		bytes /= 1000;
		i++;
	}
	strbuf_addf(sb, i > 0 && bytes < 9.95 ? "%.1f %s" : "%.0f %s", bytes,
	    units[i]);
}

/* A number, in groups of three digits. */
void
ctl_add_count(struct strbuf *sb, long long n)
{
	char	 digits[32];
	int	 len, i;

	len = snprintf(digits, sizeof(digits), "%lld", n);
	for (i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-')
			strbuf_addc(sb, ',');
		strbuf_addc(sb, digits[i]);
	}
}

/* A time. */
char *
ctl_seconds(double seconds)
{
	struct strbuf	 sb = STRBUF_INIT;

	ctl_add_seconds(&sb, seconds);
	return strbuf_detach(&sb);
}

/* A size. */
char *
ctl_bytes(double bytes)
{
	struct strbuf	 sb = STRBUF_INIT;

	ctl_add_bytes(&sb, bytes);
	return strbuf_detach(&sb);
}

/* A number. */
char *
ctl_count(long long n)
{
	struct strbuf	 sb = STRBUF_INIT;

	ctl_add_count(&sb, n);
	return strbuf_detach(&sb);
}

/* Adds a text; of what UTF-8 encodes, U+0080 to U+009F are controls, too. */
void
ctl_add_clean(struct strbuf *sb, const char *text)
{
	const unsigned char	*c;

	for (c = (const unsigned char *)text; *c != '\0'; c++) {
		if (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f) {
			strbuf_addc(sb, '?');
			c++;
		} else if (*c < 0x20 || *c == 0x7f) {
			strbuf_addc(sb, '?');
		} else {
			strbuf_addc(sb, (char)*c);
		}
	}
}

/* A foreign text, clean. */
char *
ctl_clean(const char *text)
{
	struct strbuf	 sb = STRBUF_INIT;

	ctl_add_clean(&sb, text);
	return strbuf_detach(&sb);
}

/* Is it a byte that begins a character? */
static bool
ctl_is_first(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

/* Columns: one for each character. */
size_t
ctl_width(const char *text)
{
	size_t	 n = 0;

	for (; *text != '\0'; text++)
		n += ctl_is_first(*text);
	return n;
}

/* Bytes that fit. */
size_t
ctl_fit(const char *text, size_t columns)
{
	size_t	 i;

	for (i = 0; text[i] != '\0'; i++) {
		if (!ctl_is_first(text[i]))
			continue;
		if (columns == 0)
			break;
		columns--;
	}
	return i;
}

/* Adds lines, none too wide. */
void
ctl_add_cut(struct strbuf *sb, const char *text, size_t columns)
{
	size_t	 len, fit;

	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		fit = columns > 0 ? ctl_fit(text, columns) : len;
		strbuf_add(sb, text, fit < len ? fit : len);
		strbuf_addc(sb, '\n');
	}
}
