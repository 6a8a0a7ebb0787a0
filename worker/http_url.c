/*
 * Takes request targets apart and decodes their percent escapes.
 */
#include <arpa/inet.h>
#include <string.h>

#include "worker/http_url.h"

#define PORT_MAX	65535

/* Which bytes are of RFC 3986's unreserved or sub-delims? */
static const bool host_bytes[256] = {
	['-'] = true, ['.'] = true, ['_'] = true, ['~'] = true,
	['!'] = true, ['$'] = true, ['&'] = true, ['\''] = true,
	['('] = true, [')'] = true, ['*'] = true, ['+'] = true,
	[','] = true, [';'] = true, ['='] = true,
	['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true,
	['4'] = true, ['5'] = true, ['6'] = true, ['7'] = true,
	['8'] = true, ['9'] = true,
	['A'] = true, ['B'] = true, ['C'] = true, ['D'] = true,
	['E'] = true, ['F'] = true, ['G'] = true, ['H'] = true,
	['I'] = true, ['J'] = true, ['K'] = true, ['L'] = true,
	['M'] = true, ['N'] = true, ['O'] = true, ['P'] = true,
	['Q'] = true, ['R'] = true, ['S'] = true, ['T'] = true,
	['U'] = true, ['V'] = true, ['W'] = true, ['X'] = true,
	['Y'] = true, ['Z'] = true,
	['a'] = true, ['b'] = true, ['c'] = true, ['d'] = true,
	['e'] = true, ['f'] = true, ['g'] = true, ['h'] = true,
	['i'] = true, ['j'] = true, ['k'] = true, ['l'] = true,
	['m'] = true, ['n'] = true, ['o'] = true, ['p'] = true,
	['q'] = true, ['r'] = true, ['s'] = true, ['t'] = true,
	['u'] = true, ['v'] = true, ['w'] = true, ['x'] = true,
	['y'] = true, ['z'] = true
};

/* Is there a percent escape at p? */
static bool
escape_at(const char *p, const char *end)
{
	return end - p >= 3 && p[0] == '%' &&
	    http_hex_value((unsigned char)p[1]) >= 0 &&
	    http_hex_value((unsigned char)p[2]) >= 0;
}

/* The end of the name or IPv4 address at p. */
static const char *
host_name_end(const char *p, const char *end)
{
	for (;;) {
		while (p < end && host_bytes[(unsigned char)*p])
			p++;
		if (!escape_at(p, end))
			return p;
		p += 3;
	}
}

/* The end of the [IPv6] at p; p itself if it is none. */
static const char *
host_ipv6_end(const char *p, const char *end)
{
	char		 text[INET6_ADDRSTRLEN];
	struct in6_addr	 addr;
	const char	*close;
	size_t		 len;

	close = memchr(p, ']', (size_t)(end - p));
	if (close == NULL)
		return p;
	len = (size_t)(close - p) - 1;
	if (len >= sizeof text || memchr(p + 1, '\0', len) != NULL)
		return p;
	memcpy(text, p + 1, len);
	text[len] = '\0';
	return inet_pton(AF_INET6, text, &addr) == 1 ? close + 1 : p;
}

/* Is this a port, or empty? */
static bool
port_ok(const char *p, const char *end)
{
	unsigned	digit, port = 0;

	for (; p < end; p++) {
		digit = (unsigned)*p - '0';
		if (digit > 9)
			return false;
		port = port * 10 + digit;
		if (port > PORT_MAX)
			return false;
	}
	return true;
}

/* Is this host[:port], or empty? */
bool
http_url_host_ok(const char *host, size_t len)
{
	const char	*end = host + len, *p;

	if (len == 0)
		return true;
	if (*host == '[')
		p = host_ipv6_end(host, end);
	else
		p = host_name_end(host, end);
	if (p == host)
		return false;
	return p == end || (*p == ':' && port_ok(p + 1, end));
}

/* The bytes from p up to end as a view into what begins at base. */
static struct http_view
view_of(const char *base, const char *p, const char *end)
{
	return (struct http_view){ .off = (uint32_t)(p - base),
	    .len = (uint32_t)(end - p) };
}

/* Set path and query from p on. */
static void
split_path(const char *target, const char *p, const char *end,
    struct http_url *url)
{
	const char	*mark = memchr(p, '?', (size_t)(end - p));

	url->has_query = mark != NULL;
	url->path = view_of(target, p, mark != NULL ? mark : end);
	if (mark != NULL)
		url->query = view_of(target, mark + 1, end);
}

/* Length of the http:// or https:// at the start, or 0. */
static size_t
scheme_len(const char *target, size_t len)
{
	const char	*colon = memchr(target, ':', len < 6 ? len : 6);
	size_t		 n;

	if (colon == NULL)
		return 0;
	n = (size_t)(colon - target);
	if (!http_word_is(target, n, "http", 4) &&
	    !http_word_is(target, n, "https", 5))
		return 0;
	if (len - n < 3 || memcmp(colon, "://", 3) != 0)
		return 0;
	return n + 3;
}

/* Take an absolute-form target apart. */
static const char *
split_absolute(const char *target, size_t len, struct http_url *url)
{
	const char	*end = target + len, *p, *host;

	host = target + scheme_len(target, len);
	if (host == target)
		return "target is not a path nor an http URL";
	for (p = host; p < end && *p != '/' && *p != '?'; p++)
		;
	if (p == host || !http_url_host_ok(host, (size_t)(p - host)))
		return "bad host in target";
	url->form = HTTP_URL_ABSOLUTE;
	url->authority = view_of(target, host, p);
	split_path(target, p, end, url);
	return NULL;
}

/* Take a target apart; NULL, or what is wrong with it. */
const char *
http_url_split(const char *target, size_t len, struct http_url *url)
{
	*url = (struct http_url){ .form = HTTP_URL_ORIGIN };
	if (len == 0)
		return "empty target";
	if (*target == '/') {
		split_path(target, target, target + len, url);
		return NULL;
	}
	if (len == 1 && *target == '*') {
		url->form = HTTP_URL_ASTERISK;
		return NULL;
	}
	return split_absolute(target, len, url);
}

/* Decode %XX; false if a byte comes out as NUL. */
bool
http_url_decode(const char *in, size_t len, char *out, size_t *outlen)
{
	const char	*end = in + len, *mark;
	char		*o = out;
	size_t		 n;
	int		 c;

	while (in < end) {
		mark = memchr(in, '%', (size_t)(end - in));
		n = (size_t)((mark != NULL ? mark : end) - in);
		memmove(o, in, n);
		o += n;
		in += n;
		if (mark == NULL)
			break;
		if (!escape_at(in, end)) {
			*o++ = *in++;
			continue;
		}
		c = http_hex_value((unsigned char)in[1]) << 4 |
		    http_hex_value((unsigned char)in[2]);
		if (c == 0)
			return false;
		*o++ = (char)c;
		in += 3;
	}
	*outlen = (size_t)(o - out);
	return true;
}

/* Is this path segment "." or ".." ? */
static bool
segment_is_dots(const char *p, size_t len)
{
	return (len == 1 && p[0] == '.') ||
	    (len == 2 && p[0] == '.' && p[1] == '.');
}

/* Has this decoded path a segment "." or ".." ? */
bool
http_url_has_dots(const char *path, size_t len)
{
	size_t	i, start = 0;

	for (i = 0; i < len; i++) {
		if (path[i] != '/')
			continue;
		if (segment_is_dots(path + start, i - start))
			return true;
		start = i + 1;
	}
	return segment_is_dots(path + start, len - start);
}
