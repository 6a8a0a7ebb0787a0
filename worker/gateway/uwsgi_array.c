/* The texts of a remote procedure call. */
#include "worker/gateway/uwsgi_array.h"

/* Reads two bytes. */
uint32_t
uwsgi_number_read(const char *p)
{
	return (uint32_t)(unsigned char)p[0] |
	    (uint32_t)(unsigned char)p[1] << 8;
}

/* Writes two bytes. */
void
uwsgi_number_write(char *p, size_t number)
{
	p[0] = (char)(number & 0xff);
	p[1] = (char)(number >> 8 & 0xff);
}

/* Writes a packet's first four bytes. */
void
uwsgi_header_write(char *p, uint8_t modifier1, size_t size, uint8_t modifier2)
{
	p[0] = (char)modifier1;
	uwsgi_number_write(p + 1, size);
	p[3] = (char)modifier2;
}

/* The next text. */
bool
uwsgi_array_next(const char *data, uint32_t end, uint32_t *at,
    struct http_view *text)
{
	if (end - *at < 2)
		return false;
	text->off = *at + 2;
	text->len = uwsgi_number_read(data + *at);
	if (text->len > end - text->off)
		return false;
	*at = text->off + text->len;
	return true;
}

/* Is it a call? */
const char *
uwsgi_array_check(const char *data, uint32_t at, uint32_t end)
{
	struct http_view	 text;
	unsigned		 n;

	for (n = 0; at < end; n++) {
		if (n == UWSGI_ARRAY_MAX)
			return "a call has more than 254 arguments";
		if (!uwsgi_array_next(data, end, &at, &text))
			return "a call's text is beyond the packet's end";
		if (n == 0 && text.len == 0)
			return "a call without a name";
	}
	return NULL;
}
