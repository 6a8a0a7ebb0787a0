/* A query as a script's arguments: pure. */
#include "plugins/cgi/cgi_args.h"

#include <string.h>

#include "worker/http_bytes.h"

/* Decodes one word; how long it is then, -1 if it cannot be decoded. */
static long
cgi_args_decode(const char *word, size_t len, char *out)
{
	long	 n = 0;
	size_t	 i;
	int	 high, low;

	for (i = 0; i < len; i++) {
		if (word[i] != '%') {
			out[n++] = word[i];
			continue;
		}
		if (len - i < 3)
			return -1;
		high = http_hex_value((unsigned char)word[i + 1]);
		low = http_hex_value((unsigned char)word[i + 2]);
		if (high == -1 || low == -1 || (high == 0 && low == 0))
			return -1;
		out[n++] = (char)(high << 4 | low);
		i += 2;
	}
	return n;
}

/* Splits. */
size_t
cgi_args_split(const char *query, size_t len, char *out,
    char *args[CGI_ARGS_MAX])
{
	const char	*end = query + len, *word = query, *plus;
	size_t		 n = 0;
	long		 size;

	if (len == 0 || memchr(query, '=', len) != NULL)
		return 0;
	for (;;) {
		plus = memchr(word, '+', (size_t)(end - word));
		if (plus == NULL)
			plus = end;
		if (n == CGI_ARGS_MAX)
			return 0;
		size = cgi_args_decode(word, (size_t)(plus - word), out);
		if (size == -1 || (size > 0 && out[0] == '-'))
			return 0;
		args[n++] = out;
		out[size] = '\0';
		out += size + 1;
		if (plus == end)
			return n;
		word = plus + 1;
	}
}
