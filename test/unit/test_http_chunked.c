/* Tests the decoder of chunked bodies, each input cut in every way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/unit/unit.h"
#include "worker/http_chunked.h"

#define OUT_MAX		2048

/* What came of decoding. */
struct result {
	enum http_chunked_verdict verdict;
	int			 status;
	const char		*why;
	size_t			 used;		/* of all input */
	size_t			 len;
	char			 data[OUT_MAX];
};

static const struct http_limits	 limits = { .max_line = 1, .max_fields = 3,
	.max_head = 400 };
static struct result		 whole;

/* Decodes one cut of the input, in a block that ends right behind it. */
static void
feed(struct http_chunked *st, const char *in, size_t inlen, struct result *r)
{
	char		*copy = malloc(inlen > 0 ? inlen : 1), *p = copy;
	const char	*data;
	size_t		 used, datalen;

	memcpy(copy, in, inlen);
	do {
		r->verdict = http_chunked_decode(st, p, inlen, &used, &data,
		    &datalen);
		if (r->verdict == HTTP_CHUNKED_DATA) {
			CHECK(datalen > 0 && data >= p &&
			    data + datalen == p + used);
			memcpy(r->data + r->len, data, datalen);
			r->len += datalen;
		}
		CHECK(used <= inlen);
		p += used;
		inlen -= used;
		r->used += used;
	} while (r->verdict == HTTP_CHUNKED_DATA);
	if (r->verdict == HTTP_CHUNKED_MORE)
		CHECK_INT(inlen, 0);
	r->status = st->status;
	r->why = st->why;
	free(copy);
}

/* Checks that cutting the bytes gave what they give in one piece. */
static void
check_same(const struct result *r)
{
	CHECK_INT(r->verdict, whole.verdict);
	CHECK_INT(r->status, whole.status);
	CHECK_STR(r->why, whole.why);
	CHECK_INT(r->used, whole.used);
	CHECK_INT(r->len, whole.len);
	CHECK(memcmp(r->data, whole.data, whole.len) == 0);
}

/* Decodes in cuts of n bytes. */
static void
decode_in_steps(const char *in, size_t inlen, size_t n,
    const struct http_limits *lim, struct result *r)
{
	struct http_chunked	st;
	size_t			i, size;

	memset(r, 0, sizeof *r);
	http_chunked_init(&st, lim);
	for (i = 0; i < inlen && r->verdict == HTTP_CHUNKED_MORE; i += n) {
		size = inlen - i < n ? inlen - i : n;
		feed(&st, in + i, size, r);
	}
}

/* Decodes in one piece, in all small steps, and cut in two everywhere. */
static enum http_chunked_verdict
decode_every_way(const char *in, size_t inlen, const struct http_limits *lim)
{
	struct http_chunked	st;
	struct result		r;
	size_t			i;

	decode_in_steps(in, inlen, inlen + 1, lim, &whole);
	for (i = 1; i < inlen && i < 10; i++) {
		decode_in_steps(in, inlen, i, lim, &r);
		check_same(&r);
	}
	for (i = 1; i < inlen; i++) {
		memset(&r, 0, sizeof r);
		http_chunked_init(&st, lim);
		feed(&st, in, i, &r);
		if (r.verdict == HTTP_CHUNKED_MORE)
			feed(&st, in + i, inlen - i, &r);
		check_same(&r);
	}
	return whole.verdict;
}

#define DECODE(s)	decode_every_way((s), sizeof(s) - 1, &limits)

/* Checks that these bytes are refused with this status. */
static void
check_bad(const char *in, size_t inlen, int status)
{
	CHECK_INT(decode_every_way(in, inlen, &limits), HTTP_CHUNKED_BAD);
	CHECK_INT(whole.status, status);
	CHECK(whole.why != NULL);
	if (whole.status != status)
		printf("# input: %s\n", in);
}

#define BAD(s)		check_bad((s), sizeof(s) - 1, 400)

TEST(empty_body)
{
	CHECK_INT(DECODE("0\r\n\r\nGET"), HTTP_CHUNKED_DONE);
	CHECK_INT(whole.used, 5);
	CHECK_INT(whole.len, 0);
}

TEST(chunks)
{
	CHECK_INT(DECODE("5\r\nhello\r\n1\r\n \r\n5\r\nw\r\nd!\r\n0\r\n\r\n5"),
	    HTTP_CHUNKED_DONE);
	CHECK_MEM(whole.data, whole.len, "hello w\r\nd!");
}

TEST(sizes_are_hexadecimal)
{
	CHECK_INT(DECODE("a\r\n0123456789\r\n0A\r\n0123456789\r\n"
	    "00010\r\n0123456789abcdef\r\n000\r\n\r\n"), HTTP_CHUNKED_DONE);
	CHECK_INT(whole.len, 36);
}

TEST(more)
{
	CHECK_INT(DECODE(""), HTTP_CHUNKED_MORE);
	CHECK_INT(DECODE("5"), HTTP_CHUNKED_MORE);
	CHECK_INT(DECODE("5\r"), HTTP_CHUNKED_MORE);
	CHECK_INT(DECODE("5\r\nab"), HTTP_CHUNKED_MORE);
	CHECK_INT(whole.len, 2);
	CHECK_INT(DECODE("5\r\nabcde"), HTTP_CHUNKED_MORE);
	CHECK_INT(DECODE("5\r\nabcde\r"), HTTP_CHUNKED_MORE);
	CHECK_INT(DECODE("0\r\n"), HTTP_CHUNKED_MORE);
	CHECK_INT(DECODE("0\r\n\r"), HTTP_CHUNKED_MORE);
	CHECK_INT(DECODE("0\r\nX: y\r\n"), HTTP_CHUNKED_MORE);
}

TEST(after_the_end_the_verdict_stays)
{
	struct http_chunked	 st;
	struct result		 r = { .verdict = HTTP_CHUNKED_MORE };

	http_chunked_init(&st, &limits);
	feed(&st, "0\r\n\r\n", 5, &r);
	feed(&st, "5\r\n", 3, &r);
	CHECK_INT(r.verdict, HTTP_CHUNKED_DONE);
	CHECK_INT(r.used, 5);
	http_chunked_init(&st, &limits);
	feed(&st, "x", 1, &r);
	feed(&st, "5\r\n", 3, &r);
	CHECK_INT(r.verdict, HTTP_CHUNKED_BAD);
}

TEST(bad_sizes)
{
	BAD("\r\n");
	BAD("x\r\n");
	BAD("-1\r\n");
	BAD("+1\r\n");
	BAD(" 1\r\n");
	BAD("0x1\r\n");
	BAD("1_0\r\n");
	BAD("1.0\r\n");
	BAD("5 5\r\n");
	BAD("5 \r\n");
	BAD("5\t\r\n");
	BAD("g\r\n");
	BAD("\0\r\n");
	BAD("\xb5\r\n");
	BAD(";a=b\r\n");
}

TEST(huge_sizes)
{
	CHECK_INT(DECODE("7fffffffffffffff\r\nab"), HTTP_CHUNKED_MORE);
	BAD("8000000000000000\r\n");
	BAD("ffffffffffffffff\r\n");
	BAD("10000000000000000\r\n");
	BAD("10000000000000005\r\nhello\r\n");
}

TEST(bad_line_ends)
{
	BAD("5\nhello\r\n");
	BAD("5\rhello\r\n");
	BAD("5\r\r\nhello\r\n");
	BAD("5\r\nhello\n0\r\n\r\n");
	BAD("5\r\nhello\r0\r\n\r\n");
	BAD("5\r\nhello0\r\n\r\n");
	BAD("5\r\nhelloo\r\n");
	BAD("5\r\nhello\r\n\r\n0\r\n\r\n");
	BAD("0\r\n\n");
	BAD("0\r\n\rX");
	BAD("0\n\n");
	BAD("0\r\nX: y\n\r\n");
	BAD("0\r\nX: y\rZ: z\r\n\r\n");
}

TEST(extensions_are_skipped)
{
	CHECK_INT(DECODE("5;a\r\nhello\r\n0;b=\"c;/\\\"\xe9\"\r\n\r\n"),
	    HTTP_CHUNKED_DONE);
	CHECK_MEM(whole.data, whole.len, "hello");
	CHECK_INT(DECODE("5 \t;a = b\r\nhello\r\n0\r\n\r\n"),
	    HTTP_CHUNKED_DONE);
}

TEST(bad_extensions)
{
	BAD("5;a\nhello\r\n");
	BAD("5;a\rhello\r\n");
	BAD("5;\nhello\r\n");
	BAD("5;a\0\r\n");
	BAD("5;a\x7f\r\n");
	BAD("5;a=\"\r\n\"\r\n");
	BAD("5;a=\"\\\"\r\n");
	BAD("5;a=\"\\\r\n");
	BAD("5;a/b\r\n");
	BAD("5;a\xe9\r\n");
	BAD("5 a\r\n");
	BAD("5a=b\r\n");
}

TEST(a_size_line_is_bounded)
{
	char	buf[HTTP_CHUNKED_LINE_MAX + 20];

	memset(buf, '0', sizeof buf);
	buf[1] = ';';
	memcpy(buf + HTTP_CHUNKED_LINE_MAX, "\r\n\r\n", 4);
	CHECK_INT(decode_every_way(buf, HTTP_CHUNKED_LINE_MAX + 4, &limits),
	    HTTP_CHUNKED_DONE);
	memcpy(buf + HTTP_CHUNKED_LINE_MAX, "0\r\n\r\n", 5);
	check_bad(buf, HTTP_CHUNKED_LINE_MAX + 5, 400);
	memset(buf, '0', sizeof buf);
	check_bad(buf, sizeof buf, 400);
}

TEST(framing_without_data_is_bounded)
{
	const char	 one[] = "1;01234567890123456\r\nx\r\n";
	const size_t	 size = sizeof one - 1;
	char		 buf[size * 201];
	size_t		 i;

	/* A line of 19 for 1 byte wastes 2; max_head is 400. */
	for (i = 0; i <= 200; i++)
		memcpy(buf + i * size, one, size);
	CHECK_INT(decode_every_way(buf, size * 200, &limits),
	    HTTP_CHUNKED_MORE);
	check_bad(buf, size * 201, 400);
}

TEST(trailers_are_dropped)
{
	CHECK_INT(DECODE("0\r\nX: y\r\nContent-Length: 5\r\n"
	    "Host:\t \xe9\r\n\r\nrest"), HTTP_CHUNKED_DONE);
	CHECK_INT(whole.used, strlen("0\r\nX: y\r\nContent-Length: 5\r\n"
	    "Host:\t \xe9\r\n\r\n"));
	CHECK_INT(whole.len, 0);
}

TEST(bad_trailers)
{
	BAD("0\r\nX\r\n\r\n");
	BAD("0\r\n: y\r\n\r\n");
	BAD("0\r\nX : y\r\n\r\n");
	BAD("0\r\n X: y\r\n\r\n");
	BAD("0\r\nX: y\r\n z\r\n\r\n");
	BAD("0\r\nX: y\0\r\n\r\n");
	BAD("0\r\nX: \x7f\r\n\r\n");
	BAD("0\r\nX\xe9: y\r\n\r\n");
	BAD("0\r\nGET / HTTP/1.1\r\n\r\n");
}

TEST(trailer_count_is_bounded)
{
	CHECK_INT(DECODE("0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n"),
	    HTTP_CHUNKED_DONE);
	CHECK_INT(DECODE("0\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n"),
	    HTTP_CHUNKED_BAD);
	CHECK_INT(whole.status, 431);
}

TEST(trailer_bytes_are_bounded)
{
	const char		 buf[] = "0\r\nA: 12345\r\n\r\n";
	struct http_limits	 lim = limits;

	lim.max_head = strlen("A: 12345\r\n\r\n");
	CHECK_INT(decode_every_way(buf, sizeof buf - 1, &lim),
	    HTTP_CHUNKED_DONE);
	while (--lim.max_head > 0) {
		CHECK_INT(decode_every_way(buf, sizeof buf - 1, &lim),
		    HTTP_CHUNKED_BAD);
		CHECK_INT(whole.status, 431);
	}
}

TEST(every_byte_after_a_size)
{
	char	buf[] = "5?\r\n";
	int	c;
	bool	ok;

	for (c = 0; c < 256; c++) {
		buf[1] = (char)c;
		ok = c == ';' || (c != 0 &&
		    strchr("0123456789abcdefABCDEF", c) != NULL);
		CHECK_INT(decode_every_way(buf, 4, &limits),
		    ok ? HTTP_CHUNKED_MORE : HTTP_CHUNKED_BAD);
	}
}
