/* Tests worker/request_id.c: which ids of clients are taken over. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "config/config.h"
#include "test/unit/unit.h"
#include "worker/http_parse.h"
#include "worker/request.h"
#include "worker/request_id.h"
#include "worker/worker.h"

#define DIGITS	"0123456789abcdef0123456789abcdef"
#define LONG	DIGITS DIGITS DIGITS DIGITS

static const struct http_limits	 limits = { 8190, 100, 32768 };
static struct http_field	 fields[100];
static struct http_head		 head;
static struct config		 cfg;
static struct worker		 w;
static struct request		 req;

/* The id of a request with these header lines, to be freed by nobody. */
static const char *
id_of(const char *header, const char *lines)
{
	static char	 buf[4096], id[REQUEST_ID_MAX + 1];

	snprintf(buf, sizeof(buf), "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n",
	    lines);
	http_head_init(&head, fields);
	if (http_parse(buf, strlen(buf), &limits, &head) != HTTP_PARSE_DONE)
		return "no request";
	cfg.request_id_header = (char *)(size_t)header;
	w.cfg = &cfg;
	request_ids_init(&w);
	req.worker = &w;
	req.buf = buf;
	req.head = &head;
	req.start_us = clock_mono_us();
	request_id_choose(&req);
	snprintf(id, sizeof(id), "%.*s", (int)req.id_len, req.id);
	return id;
}

/* Has the request got a new id? */
static bool
is_fresh(const char *id)
{
	return strlen(id) == UUID_TEXT && id[14] == '7' && req.id == req.own_id;
}

TEST(request_id_is_sane_of_its_characters_only)
{
	char	 c;
	int	 i;

	CHECK(request_id_is_sane("a", 1));
	CHECK(request_id_is_sane("Root=1-6789123;Parent=53;Sampled=1", 34));
	CHECK(request_id_is_sane(LONG, 128));
	CHECK(!request_id_is_sane(LONG "0", 129));
	CHECK(!request_id_is_sane("", 0));
	for (i = 0; i < 256; i++) {
		c = (char)i;
		CHECK_INT(request_id_is_sane(&c, 1), i != 0 &&
		    strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
		    "WXYZ0123456789-._~+/=:;,@", i) != NULL);
	}
}

TEST(request_id_of_the_client_is_taken_over)
{
	CHECK_STR(id_of("X-Request-ID", "X-Request-ID: abc-1\r\n"), "abc-1");
	CHECK_STR(id_of("X-Request-ID", "A: b\r\nx-REQUEST-id:abc\r\n"),
	    "abc");
	CHECK_STR(id_of("traceid", "X-Request-ID: a\r\nTraceID: b\r\n"),
	    "b");
	CHECK_STR(id_of("X-Request-ID", "X-Request-ID: " LONG "\r\n"), LONG);
	/* The first one counts. */
	CHECK_STR(id_of("X-Request-ID", "X-Request-ID: a\r\n"
	    "X-Request-ID: b\r\n"), "a");
}

TEST(request_id_is_a_fresh_one_otherwise)
{
	char	 first[REQUEST_ID_MAX + 1];

	snprintf(first, sizeof(first), "%s", id_of("X-Request-ID", ""));
	CHECK(is_fresh(first));
	CHECK(strcmp(first, id_of("X-Request-ID", "")) < 0);
	CHECK(is_fresh(id_of("X-Request-ID", "X-Request-ID: \r\n")));
	CHECK(is_fresh(id_of("X-Request-ID", "X-Request-ID: a b\r\n")));
	CHECK(is_fresh(id_of("X-Request-ID", "X-Request-ID: a\"b\r\n")));
	CHECK(is_fresh(id_of("X-Request-ID", "X-Request-ID: \xff\r\n")));
	CHECK(is_fresh(id_of("X-Request-ID", "X-Request-ID: " LONG "0\r\n")));
	CHECK(is_fresh(id_of("X-Request-ID", "X-Request-IE: abc\r\n")));
	CHECK(is_fresh(id_of("", "X-Request-ID: abc\r\n")));
}

TEST(request_id_tells_requests_apart)
{
	uint64_t	 serial;

	id_of("X-Request-ID", "X-Request-ID: same\r\n");
	serial = req.serial;
	id_of("X-Request-ID", "X-Request-ID: same\r\n");
	CHECK(req.serial != serial);
}
