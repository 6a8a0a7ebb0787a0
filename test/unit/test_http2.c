/* Tests the heads of HTTP/2 and the buckets for floods. */
#include <string.h>

#include "test/unit/unit.h"
#include "worker/http2/http2_flood.h"
#include "worker/http2/http2_head.h"

#define FIELDS	8

static const struct http_limits	 limits = {
	.max_line = 200, .max_fields = FIELDS - 1, .max_head = 1000 };
static struct http_field	 fields[FIELDS];
static struct http_head		 head;
static struct http2_head	 h;

/* Adds "name=value" texts until one is refused, or all are in. */
static bool
add(const char *const *list)
{
	const char	*equal;

	http2_head_done(&h);
	http2_head_init(&h, &limits);
	for (; *list != NULL; list++) {
		equal = strchr(*list, '=');
		if (!http2_head_add(&h, *list, (size_t)(equal - *list),
		    equal + 1, strlen(equal + 1)))
			return false;
	}
	return http2_head_end(&h);
}

/* And parses it; the status, 0 for a good one. */
static int
parse(bool ended)
{
	http_head_init(&head, fields);
	return http2_head_parse(&h, h.text.buf, h.text.len, &head, ended) ==
	    HTTP_PARSE_DONE ? 0 : head.status;
}

#define ADD(...) add((const char *const []){ __VA_ARGS__, NULL })
#define REQUEST	":method=GET", ":scheme=http", ":authority=a.b", ":path=/x?y"

TEST(http2_head_becomes_text)
{
	CHECK(ADD(REQUEST, "cookie=a=1", "x-y=z", "cookie=b=2"));
	CHECK_MEM(h.text.buf, h.text.len, "GET /x?y HTTP/1.1\r\n"
	    "host: a.b\r\nx-y: z\r\ncookie: a=1; b=2\r\n\r\n");
	CHECK_INT(parse(true), 0);
	CHECK(head.http2 && !head.to_end && !head.keep_alive);
	CHECK_INT(head.nfields, 3);
	CHECK_INT(head.content_length, -1);
	CHECK_STR(http_version(&head), "HTTP/2.0");
}

TEST(http2_head_says_where_the_body_ends)
{
	CHECK(ADD(REQUEST));
	CHECK_INT(parse(false), 0);
	CHECK(head.to_end && !head.expect_continue);
	CHECK(ADD(REQUEST, "expect=100-continue"));
	CHECK_INT(parse(false), 0);
	CHECK(head.to_end && head.expect_continue);
	CHECK_INT(parse(true), 0);
	CHECK(!head.to_end && !head.expect_continue);
	CHECK(ADD(REQUEST, "content-length=5"));
	CHECK_INT(parse(false), 0);
	CHECK(!head.to_end);
	CHECK_INT(head.content_length, 5);
	CHECK_INT(parse(true), 400);
}

TEST(http2_head_drops_what_http1_drops)
{
	CHECK(ADD(REQUEST, "x_y=1", "proxy=1", "z=1"));
	CHECK_INT(parse(true), 0);
	CHECK_INT(head.nfields, 2);
	CHECK_INT(head.dropped, 2);
}

TEST(http2_head_refuses)
{
	CHECK(!ADD(REQUEST, "X=1"));
	CHECK(!ADD(REQUEST, "x y=1"));
	CHECK(!ADD(REQUEST, "=1"));
	CHECK(!ADD(REQUEST, "x=1\r\ny: 2"));
	CHECK(!ADD(REQUEST, "x= 1"));
	CHECK(!ADD(REQUEST, "x=1\t"));
	CHECK(!ADD(REQUEST, "connection=close"));
	CHECK(!ADD(REQUEST, "transfer-encoding=chunked"));
	CHECK(!ADD(REQUEST, "upgrade=x"));
	CHECK(!ADD(REQUEST, "keep-alive=1"));
	CHECK(!ADD(REQUEST, "proxy-connection=1"));
	CHECK(!ADD(REQUEST, "te=gzip"));
	CHECK(ADD(REQUEST, "te=trailers"));
	CHECK(!ADD(REQUEST, "x=1", ":path=/"));
	CHECK(!ADD(REQUEST, ":path=/"));
	CHECK(!ADD(REQUEST, ":status=200"));
	CHECK(!ADD(REQUEST, ":protocol=websocket"));
	CHECK(!ADD(":scheme=http", ":authority=a", ":path=/"));
	CHECK(!ADD(":method=GET", ":authority=a", ":path=/"));
	CHECK(!ADD(":method=GET", ":scheme=http", ":authority=a"));
	CHECK(!ADD(":method=GET", ":scheme=http", ":path=/"));
	CHECK(!ADD(":method=GET", ":scheme=ftp", ":authority=a", ":path=/"));
	CHECK(!ADD(":method=G T", ":scheme=http", ":authority=a", ":path=/"));
	CHECK(!ADD(":method=", ":scheme=http", ":authority=a", ":path=/"));
	CHECK(!ADD(":method=GET", ":scheme=http", ":authority=a", ":path=x"));
	CHECK(!ADD(":method=GET", ":scheme=http", ":authority=a",
	    ":path=/ HTTP/1.1\r\nx:"));
	CHECK(!ADD(":method=GET", ":scheme=http", ":authority=u@a",
	    ":path=/"));
}

TEST(http2_head_has_one_host)
{
	CHECK(ADD(REQUEST, "host=A.B"));
	CHECK_INT(parse(true), 0);
	CHECK(!ADD(REQUEST, "host=a.c"));
	CHECK(!ADD(REQUEST, "host=a.b", "host=a.b"));
	CHECK(!ADD(REQUEST, "host="));
	CHECK(ADD(":method=GET", ":scheme=http", ":path=/", "host=a"));
	CHECK_INT(parse(true), 0);
	CHECK_MEM(h.text.buf + head.host.off, head.host.len, "a");
}

TEST(http2_head_has_limits)
{
	char	 path[1200] = ":path=/", field[1200] = "x=";

	memset(path + strlen(path), 'a', 300);
	CHECK(ADD(":method=GET", ":scheme=http", ":authority=a", path));
	CHECK_INT(parse(true), 414);
	memset(field + strlen(field), 'a', 1000);
	CHECK(ADD(REQUEST, field));
	CHECK_INT(parse(true), 431);
	CHECK(h.text.len < 1000);
	CHECK(ADD(REQUEST, "a=", "b=", "c=", "d=", "e=", "f="));
	CHECK_INT(parse(true), 0);
	CHECK(ADD(REQUEST, "a=", "b=", "c=", "d=", "e=", "f=", "g="));
	CHECK_INT(parse(true), 431);
	CHECK(ADD(REQUEST, "a=", "b=", "c=", "d=", "e=", "f=", "g=", "h="));
	CHECK_INT(parse(true), 431);
	CHECK(ADD(":method=CONNECT", ":authority=a:1"));
	CHECK_INT(parse(true), 501);
	http2_head_done(&h);
}

TEST(http2_flood_leaks)
{
	struct http2_flood	 flood = { .since_us = 1000 };
	int			 i;

	for (i = 0; i < 200; i++)
		CHECK(!http2_flood_add(&flood, HTTP2_FLOOD_RESETS, 1000));
	CHECK(http2_flood_add(&flood, HTTP2_FLOOD_RESETS, 1000));
	CHECK(!http2_flood_add(&flood, HTTP2_FLOOD_CONTROL, 1000));
	CHECK(!http2_flood_add(&flood, HTTP2_FLOOD_RESETS, 1001000));
	for (i = 0; i < 48; i++)
		CHECK(!http2_flood_add(&flood, HTTP2_FLOOD_RESETS, 1001000));
	http2_flood_credit(&flood, HTTP2_FLOOD_RESETS, 1000);
	for (i = 0; i < 200; i++)
		CHECK(!http2_flood_add(&flood, HTTP2_FLOOD_RESETS, 1001000));
	CHECK(http2_flood_add(&flood, HTTP2_FLOOD_RESETS, 1001000));
	/* A clock that goes back does no harm. */
	CHECK(http2_flood_add(&flood, HTTP2_FLOOD_RESETS, 5));
}
