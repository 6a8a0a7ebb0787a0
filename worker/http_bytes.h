/*
 * Classes of bytes in HTTP/1.1 (RFC 9110 section 5) and views into a buffer.
 */
#ifndef WM_WORKER_HTTP_BYTES_H
#define WM_WORKER_HTTP_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Some bytes of a buffer, by offset: still true after the buffer has moved. */
struct http_view {
	uint32_t	 off;
	uint32_t	 len;
};

/*
 * For a byte that may stand in a token (method, field name): its lower case;
 * for '_': '_' | HTTP_TOKEN_UNDERSCORE; for every other byte: 0.
 */
#define HTTP_TOKEN_UNDERSCORE	0x80
extern const uint8_t http_token_lower[256];

/* Is this byte allowed in a field value: HTAB, SP, VCHAR, obs-text? */
static inline bool
http_value_byte(unsigned char c)
{
	return (c >= 0x20 && c != 0x7f) || c == '\t';
}

/* Is this byte a letter, a digit or a hyphen? */
static inline bool
http_plain_byte(unsigned char c)
{
	return (unsigned char)((c | 0x20) - 'a') < 26 ||
	    (unsigned char)(c - '0') < 10 || c == '-';
}

/* Is this byte optional white space (SP or HTAB)? */
static inline bool
http_ows_byte(unsigned char c)
{
	return c == ' ' || c == '\t';
}

/* First byte from p that may not stand in a field value, or end. */
const char	*http_value_skip(const char *p, const char *end);

/* Are these bytes the word, in any case? It is of a-z, 0-9 and '-'. */
bool		 http_word_is(const char *p, size_t len, const char *word,
		    size_t wordlen);

/*
 * Hash of a field name, the same for upper and lower case. Quick, weak and
 * predictable: good for finding one of a fixed set of names, not for a table
 * that grows with what clients send.
 */
uint32_t	 http_name_hash(const char *name, size_t len);

/* The value of a hexadecimal digit, -1 for another byte. */
int		 http_hex_value(unsigned char c);

#endif
