/*
 * Prints what our parsers say of many requests, for compare.js. Input: for
 * each a length in four bytes, little end first, and the bytes. Output: lines
 * of words, bytes in hexadecimal, after each request a line "end".
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "worker/http_chunked.h"

#define MAX_FIELDS	1000

static const struct http_limits	 limits = { .max_line = 60000,
	.max_fields = MAX_FIELDS, .max_head = 60000 };
static struct http_field	 fields[MAX_FIELDS];

/* Prints a word and bytes in hexadecimal. */
static void
print_hex(const char *word, const char *p, size_t len)
{
	size_t	i;

	printf("%s ", word);
	for (i = 0; i < len; i++)
		printf("%02x", (unsigned char)p[i]);
	putchar('\n');
}

/* Prints a head that is DONE. */
static void
print_head(const struct http_head *head, const char *buf)
{
	uint32_t	i;

	print_hex("method", buf + head->method.off, head->method.len);
	print_hex("target", buf + head->target.off, head->target.len);
	printf("minor %d\nkeep %d\nupgrade %d\n", head->minor,
	    head->keep_alive, head->upgrade);
	for (i = 0; i < head->nfields; i++) {
		print_hex("name", buf + head->fields[i].name.off,
		    head->fields[i].name.len);
		print_hex("value", buf + head->fields[i].value.off,
		    head->fields[i].value.len);
	}
}

/* Decodes and prints a chunked body. */
static void
dump_chunked(const char *in, size_t len)
{
	enum http_chunked_verdict verdict;
	struct http_chunked	 st;
	const char		*data;
	size_t			 used, datalen;

	http_chunked_init(&st, &limits);
	for (;;) {
		verdict = http_chunked_decode(&st, in, len, &used, &data,
		    &datalen);
		if (verdict != HTTP_CHUNKED_DATA)
			break;
		print_hex("data", data, datalen);
		in += used;
		len -= used;
	}
	if (verdict == HTTP_CHUNKED_BAD)
		printf("body bad %s\n", st.why);
	else
		printf("body %s\n", verdict == HTTP_CHUNKED_DONE ? "done" :
		    "more");
}

/* Prints a body of known length, as much as there is. */
static void
dump_length(const char *in, size_t len, int64_t want)
{
	const bool	done = (uint64_t)len >= (uint64_t)want;

	if (done)
		len = (size_t)want;
	if (len > 0)
		print_hex("data", in, len);
	printf("body %s\n", done ? "done" : "more");
}

/* Parses one request and prints it. */
static void
dump(const char *buf, size_t len)
{
	struct http_head	head;

	http_head_init(&head, fields);
	switch (http_parse(buf, len, &limits, &head)) {
	case HTTP_PARSE_MORE:
	case HTTP_PARSE_REPLY:
		printf("head more\n");
		break;
	case HTTP_PARSE_BAD:
		printf("head bad %s\n", head.why);
		break;
	case HTTP_PARSE_DONE:
		printf("head done\n");
		print_head(&head, buf);
		buf += head.size;
		len -= head.size;
		if (head.chunked)
			dump_chunked(buf, len);
		else if (head.content_length > 0)
			dump_length(buf, len, head.content_length);
		else
			printf("body done\n");
		break;
	}
	printf("end\n");
}

/* Works through standard input. */
int
main(void)
{
	unsigned char	 size[4];
	char		*buf;
	size_t		 len;

	while (fread(size, 1, 4, stdin) == 4) {
		len = (size_t)size[0] | (size_t)size[1] << 8 |
		    (size_t)size[2] << 16 | (size_t)size[3] << 24;
		buf = malloc(len > 0 ? len : 1);
		if (buf == NULL || fread(buf, 1, len, stdin) != len)
			return 1;
		dump(buf, len);
		free(buf);
	}
	return 0;
}
