/* Tests the gateways' parsers, each input cut in every way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/unit/gateway_text.h"
#include "test/unit/unit.h"
#include "worker/gateway/fcgi_parse.h"

#define USUAL	"REQUEST_METHOD", "GET", "REQUEST_URI", "/a%20b?x=1", \
		"PATH_INFO", "/a b", "QUERY_STRING", "x=1"

static const struct http_limits	limits = { .max_line = 100, .max_fields = 12,
	.max_head = 600 };

/* What is made here. */
static struct {
	char	 data[4096];
	size_t	 len;
} in;

/* Adds bytes. */
static void
put(const void *data, size_t len)
{
	memcpy(in.data + in.len, data, len);
	in.len += len;
}

/* Adds bytes by their values. */
#define PUT(...)	put((const char[]){ __VA_ARGS__ },	\
			    sizeof((const char[]){ __VA_ARGS__ }))

/* Begins anew. */
static void
begin(void)
{
	in.len = 0;
}

/* Makes a uwsgi packet of names and values, which NULL ends. */
static void
make_uwsgi(const char *const *pairs)
{
	size_t	 n;

	begin();
	PUT(0, 0, 0, 0);
	for (; *pairs != NULL; pairs++) {
		n = strlen(*pairs);
		PUT((char)n, (char)(n >> 8));
		put(*pairs, n);
	}
	in.data[1] = (char)(in.len - 4);
	in.data[2] = (char)((in.len - 4) >> 8);
}

/* Makes an SCGI request. */
static void
make_scgi(const char *const *pairs)
{
	char	 number[16];
	size_t	 n;

	begin();
	for (; *pairs != NULL; pairs++)
		put(*pairs, strlen(*pairs) + 1);
	n = (size_t)snprintf(number, sizeof(number), "%zu:", in.len);
	memmove(in.data + n, in.data, in.len);
	memcpy(in.data, number, n);
	in.len += n;
	put(",", 1);
}

/* Adds a FastCGI record, with this much padding. */
static void
record(int type, int id, const void *data, size_t len, size_t pad)
{
	PUT(1, (char)type, (char)(id >> 8), (char)id, (char)(len >> 8),
	    (char)len, (char)pad, 0);
	put(data, len);
	put("\x55\x55\x55\x55\x55\x55\x55\x55", pad);
}

/* Adds PARAMS in records of at most so many bytes, and their end. */
static void
params(int id, const char *const *pairs, size_t most)
{
	char	 data[2048];
	size_t	 len = 0, at, n;

	for (; *pairs != NULL; pairs += 2) {
		n = strlen(pairs[0]);
		data[len++] = (char)n;
		if (strlen(pairs[1]) > 127)
			data[len++] = (char)0x80, data[len++] = 0,
			    data[len++] = (char)(strlen(pairs[1]) >> 8);
		data[len++] = (char)strlen(pairs[1]);
		memcpy(data + len, pairs[0], n);
		len += n;
		memcpy(data + len, pairs[1], strlen(pairs[1]));
		len += strlen(pairs[1]);
	}
	for (at = 0; at < len; at += n) {
		n = len - at < most ? len - at : most;
		record(4, id, data + at, n, most % 8);
	}
	record(4, id, "", 0, 0);
}

/* Makes the begin of a FastCGI request. */
static void
make_fcgi(const char *const *pairs, size_t most)
{
	begin();
	record(1, 7, "\0\1\1\0\0\0\0\0", 8, 0);
	params(7, pairs, most);
}

/* Parses in every way; what must come of it each time, for free(). */
static char *
parse(gateway_parse *parser)
{
	char	*want, *got;
	size_t	 i;

	want = gateway_text_run(parser, in.data, in.len, &limits, in.len,
	    in.len);
	for (i = 1; i <= in.len; i++) {
		got = gateway_text_run(parser, in.data, in.len, &limits, i,
		    in.len);
		CHECK_STR(got, want);
		free(got);
	}
	for (i = 1; i < 12; i += 5) {
		got = gateway_text_run(parser, in.data, in.len, &limits, i, i);
		CHECK_STR(got, want);
		free(got);
	}
	return want;
}

/* The input is refused so. */
static void
check_bad(gateway_parse *parser, const char *why)
{
	char	*got = parse(parser), *want;

	want = malloc(strlen(why) + 32);
	sprintf(want, "verdict 2\n%s\n", why);
	CHECK_STR(got, want);
	free(want);
	free(got);
}

/* Some text is in what comes of the input. */
static void
check_has(gateway_parse *parser, const char *part)
{
	char	*got = parse(parser);

	if (strstr(got, part) == NULL)
		CHECK_STR(got, part);
	free(got);
}

#define PAIRS(...)	((const char *const[]){ __VA_ARGS__, NULL })

/* The variables are refused so, in uwsgi and FastCGI. */
static void
check_vars_bad(const char *const *pairs, const char *why)
{
	make_uwsgi(pairs);
	check_bad(gateway_text_uwsgi, why);
	make_fcgi(pairs, 20);
	record(5, 7, "", 0, 0);
	check_bad(fcgi_parse, why);
}

TEST(uwsgi_whole)
{
	char	*got;

	make_uwsgi(PAIRS(USUAL, "HTTP_HOST", "h:1", "SERVER_PROTOCOL",
	    "HTTP/1.0", "CONTENT_LENGTH", "5", "FOO", "", "HTTP_X", "1",
	    "HTTP_X", "2"));
	put("hello", 5);
	got = parse(gateway_text_uwsgi);
	CHECK_STR(got, "verdict 1\n"
	    "size 177 minor 0 length 5 chunked 0 keep 0 id 0 modifier 0 "
	    "dropped 0 form 0 vars 1\n"
	    "method GET\ntarget /a%20b?x=1\npath /a%20b\nquery x=1\n"
	    "host h:1\nline \nname REQUEST_METHOD\nvalue GET\n"
	    "name REQUEST_URI\nvalue /a%20b?x=1\nname PATH_INFO\nvalue /a b\n"
	    "name QUERY_STRING\nvalue x=1\nname HTTP_HOST\nvalue h:1\n"
	    "name SERVER_PROTOCOL\nvalue HTTP/1.0\nname CONTENT_LENGTH\n"
	    "value 5\nname FOO\nvalue \nname HTTP_X\nvalue 1\nname HTTP_X\n"
	    "value 2\n");
	free(got);
}

TEST(uwsgi_lengths)
{
	make_uwsgi(PAIRS(USUAL));
	in.data[1]--;			/* the last value is cut */
	check_bad(gateway_text_uwsgi,
	    "400 a uwsgi length is beyond the packet's end");
	make_uwsgi(PAIRS(USUAL));
	in.data[1]++;			/* a byte that is no length */
	put("x", 1);
	check_bad(gateway_text_uwsgi,
	    "400 a uwsgi length is cut off by the packet's end");
	make_uwsgi(PAIRS(USUAL));
	in.data[4] = (char)0xff;
	in.data[5] = (char)0xff;
	check_bad(gateway_text_uwsgi,
	    "400 a uwsgi length is beyond the packet's end");
	make_uwsgi(PAIRS(USUAL, "FOO"));	/* no value */
	check_bad(gateway_text_uwsgi,
	    "400 a uwsgi length is cut off by the packet's end");
	make_uwsgi(PAIRS(USUAL));
	in.len--;			/* truncated: more may come */
	check_has(gateway_text_uwsgi, "verdict 0\n");
}

TEST(uwsgi_headers)
{
	begin();
	PUT(0, 0, 0, 0);
	check_bad(gateway_text_uwsgi, "400 the uwsgi packet is empty");
	begin();
	PUT(0, (char)(597 & 0xff), 597 >> 8, 0);
	check_bad(gateway_text_uwsgi,
	    "431 the uwsgi packet is above buffer-size");
	begin();
	PUT(0, (char)(596 & 0xff), 596 >> 8, 0);
	check_has(gateway_text_uwsgi, "verdict 0\n");
	begin();
	put("GET / HTTP/1.1\r\n", 16);
	check_bad(gateway_text_uwsgi, "501 the uwsgi packet's modifier1 is "
	    "none of 0 (app), 9 (CGI), 110 (signal) and 173 (RPC)");
	make_uwsgi(PAIRS(USUAL));
	in.data[3] = 1;
	check_bad(gateway_text_uwsgi,
	    "501 the uwsgi packet's modifier2 is not 0");
	make_uwsgi(PAIRS(USUAL));
	in.data[0] = 9;
	check_has(gateway_text_uwsgi, " modifier 9 ");
}

TEST(uwsgi_signals)
{
	begin();
	PUT(110, 0, 0, (char)255);
	check_has(gateway_text_uwsgi, "verdict 1\n");
	check_has(gateway_text_uwsgi, "size 4 ");
	check_has(gateway_text_uwsgi, " modifier 110 ");
	check_has(gateway_text_uwsgi, "length -1 ");
	begin();
	PUT(110, 1, 0, 17, 0);
	check_bad(gateway_text_uwsgi,
	    "400 the uwsgi packet of a signal has content");
}

/* Makes a call; odd texts, too. */
static void
make_call(const char *const *texts)
{
	make_uwsgi(texts);
	in.data[0] = (char)173;
}

TEST(uwsgi_calls)
{
	char	 many[4];
	int	 i;

	make_call(PAIRS("hello", "", "a b"));
	check_has(gateway_text_uwsgi, " modifier 173 ");
	check_has(gateway_text_uwsgi, "verdict 1\n");
	check_has(gateway_text_uwsgi, "size 18 ");
	check_has(gateway_text_uwsgi, "length -1 ");
	check_has(gateway_text_uwsgi, "target hello\n");
	make_call(PAIRS("he\nlo"));
	check_has(gateway_text_uwsgi, "target \n");
	make_call(PAIRS("hello"));
	in.data[3] = 1;
	check_has(gateway_text_uwsgi, "target hello\n");
	in.data[3] = 2;
	check_bad(gateway_text_uwsgi, "501 the uwsgi packet's modifier2 is "
	    "neither 0 nor 1: RPC by path, XML or JSON");
	make_call(PAIRS("", "a"));
	check_bad(gateway_text_uwsgi, "400 a call without a name");
	make_call(PAIRS("hello", "a"));
	in.data[4] = 9;
	check_bad(gateway_text_uwsgi,
	    "400 a call's text is beyond the packet's end");
	make_call(PAIRS("hello", "a"));
	in.data[11] = 2;
	check_bad(gateway_text_uwsgi,
	    "400 a call's text is beyond the packet's end");
	make_call(PAIRS("f"));
	for (i = 0; i < 254; i++)
		put("\0", 2);
	in.data[1] = (char)((in.len - 4) & 0xff);
	in.data[2] = (char)((in.len - 4) >> 8);
	check_has(gateway_text_uwsgi, "target f\n");
	memset(many, 0, sizeof(many));
	put(many, 2);
	in.data[1] = (char)((in.len - 4) & 0xff);
	in.data[2] = (char)((in.len - 4) >> 8);
	check_bad(gateway_text_uwsgi,
	    "400 a call has more than 254 arguments");
}

TEST(vars_names)
{
	check_vars_bad(PAIRS(USUAL, "", "x"),
	    "400 a variable without a name");
	check_vars_bad(PAIRS(USUAL, "A=B", "x"),
	    "400 a bad byte in a variable's name");
	check_vars_bad(PAIRS(USUAL, "A\nB", "x"),
	    "400 a bad byte in a variable's name");
	check_vars_bad(PAIRS(USUAL, "HTTP_Proxy", "x"),
	    "400 a bad byte in a variable's name");
	check_vars_bad(PAIRS(USUAL, "REQUEST_METHOD", "POST"),
	    "400 two REQUEST_METHOD");
	check_vars_bad(PAIRS(USUAL, "REQUEST_URI", "/"),
	    "400 two REQUEST_URI");
	check_vars_bad(PAIRS(USUAL, "CONTENT_LENGTH", "", "CONTENT_LENGTH",
	    "1"), "400 two CONTENT_LENGTH");
	check_vars_bad(PAIRS(USUAL, "CONTENT_LENGTH", "1", "CONTENT_LENGTH",
	    "2"), "400 two CONTENT_LENGTH");
	make_uwsgi(PAIRS(USUAL, USUAL));
	check_has(gateway_text_uwsgi, "verdict 1\n");
	check_vars_bad(PAIRS(USUAL, "HTTP_HOST", "a", "HTTP_HOST", "a"),
	    "400 two HTTP_HOST");
	check_vars_bad(PAIRS(USUAL, "a", "", "b", "", "c", "", "d", "", "e",
	    "", "f", "", "g", "", "h", "", "i", ""),
	    "431 more variables than limit-request-fields");
	make_uwsgi(PAIRS(USUAL, "HTTP_PROXY", "x", "wsgi.input", "x",
	    "uwsgi.core", "x", "wsgimaster.request_id", "x",
	    "x-wsgiorg.fdevent.timeout", "y", "wsgix", "kept"));
	check_has(gateway_text_uwsgi, "dropped 5 ");
	check_has(gateway_text_uwsgi, "value x=1\nname wsgix\nvalue kept\n");
}

TEST(vars_values)
{
	check_vars_bad(PAIRS("REQUEST_URI", "/"), "400 no REQUEST_METHOD");
	check_vars_bad(PAIRS("REQUEST_METHOD", "G T", "REQUEST_URI", "/"),
	    "400 bad REQUEST_METHOD");
	check_vars_bad(PAIRS("REQUEST_METHOD", "CONNECT", "REQUEST_URI", "/"),
	    "501 CONNECT is not implemented");
	check_vars_bad(PAIRS("REQUEST_METHOD", "GET"), "400 no REQUEST_URI");
	check_vars_bad(PAIRS("REQUEST_METHOD", "GET", "PATH_INFO", "/%61"),
	    "400 no REQUEST_URI");
	check_vars_bad(PAIRS("REQUEST_METHOD", "GET", "REQUEST_URI", "/a b"),
	    "400 bad byte in REQUEST_URI");
	check_vars_bad(PAIRS("REQUEST_METHOD", "GET", "REQUEST_URI", "*"),
	    "400 target * without OPTIONS");
	check_vars_bad(PAIRS(USUAL, "SCRIPT_NAME", "a"),
	    "400 PATH_INFO or SCRIPT_NAME without a slash");
	check_vars_bad(PAIRS(USUAL, "HTTP_X", "a\rb"),
	    "400 a bad byte in a variable");
	check_vars_bad(PAIRS(USUAL, "HTTP_HOST", "a/b"), "400 bad HTTP_HOST");
	check_vars_bad(PAIRS("REQUEST_METHOD", "GET", "REQUEST_URI", "/",
	    "QUERY_STRING", "a\nb"), "400 bad QUERY_STRING");
	check_vars_bad(PAIRS("REQUEST_METHOD", "GET", "REQUEST_URI",
	    "/23456789012345678901234567890123456789012345678901234567890"
	    "12345678901234567890123456789012345678901"),
	    "414 REQUEST_URI is longer than limit-request-line");
	make_uwsgi(PAIRS(USUAL, "DOCUMENT_ROOT", "/a\xff\n"));
	check_has(gateway_text_uwsgi, "value /a\xff\n\n");
	make_uwsgi(PAIRS(USUAL, "X", "abc"));
	in.data[in.len - 2] = '\0';
	check_bad(gateway_text_uwsgi, "400 a bad byte in a variable");
	make_uwsgi(PAIRS("REQUEST_METHOD", "GET", "PATH_INFO", "/p"));
	check_has(gateway_text_uwsgi, "target /p\npath /p\nquery \n");
}

TEST(vars_length)
{
	static const char *const bad[] = { "-1", "+1", " 1", "1 ", "0x1",
		"9223372036854775808", "1,1", "a" };
	size_t	 i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_vars_bad(PAIRS(USUAL, "CONTENT_LENGTH", bad[i]),
		    "400 bad CONTENT_LENGTH");
	check_vars_bad(PAIRS(USUAL, "CONTENT_LENGTH", "1",
	    "HTTP_CONTENT_LENGTH", "2"),
	    "400 HTTP_CONTENT_LENGTH is not CONTENT_LENGTH");
	check_vars_bad(PAIRS(USUAL, "HTTP_CONTENT_LENGTH", "2",
	    "CONTENT_LENGTH", ""),
	    "400 HTTP_CONTENT_LENGTH is not CONTENT_LENGTH");
	make_uwsgi(PAIRS(USUAL, "CONTENT_LENGTH", ""));
	check_has(gateway_text_uwsgi, "length -1 ");
	make_uwsgi(PAIRS(USUAL, "CONTENT_LENGTH", "9223372036854775807",
	    "HTTP_CONTENT_LENGTH", "9223372036854775807"));
	check_has(gateway_text_uwsgi, "length 9223372036854775807 ");
}

TEST(scgi_whole)
{
	make_scgi(PAIRS("CONTENT_LENGTH", "3", "SCGI", "1", USUAL));
	put("abc", 3);
	check_has(gateway_text_scgi, "verdict 1\nsize 102 minor 1 length 3 ");
	check_has(gateway_text_scgi, "method GET\ntarget /a%20b?x=1\n"
	    "path /a%20b\nquery x=1\nhost \nline \nname CONTENT_LENGTH\n"
	    "value 3\n");
}

TEST(scgi_bad)
{
	make_scgi(PAIRS("SCGI", "1", "CONTENT_LENGTH", "3", USUAL));
	check_bad(gateway_text_scgi, "400 CONTENT_LENGTH is not first");
	make_scgi(PAIRS("CONTENT_LENGTH", "", "SCGI", "1", USUAL));
	check_bad(gateway_text_scgi, "400 CONTENT_LENGTH is not first");
	make_scgi(PAIRS("CONTENT_LENGTH", "3", USUAL));
	check_bad(gateway_text_scgi, "400 no SCGI=1");
	make_scgi(PAIRS("CONTENT_LENGTH", "3", "SCGI", "2", USUAL));
	check_bad(gateway_text_scgi, "400 no SCGI=1");
	make_scgi(PAIRS("CONTENT_LENGTH", "3", "SCGI", "1", USUAL));
	in.data[in.len - 1] = ';';
	check_bad(gateway_text_scgi, "400 no comma ends the SCGI request");
	make_scgi(PAIRS("CONTENT_LENGTH", "3", "SCGI", "1", USUAL, "X"));
	check_bad(gateway_text_scgi, "400 an SCGI string has no end");
	make_scgi(PAIRS("CONTENT_LENGTH", "3", "SCGI", "1", "", "1"));
	check_bad(gateway_text_scgi, "400 a variable without a name");
	begin();
	put("0:,", 3);
	check_bad(gateway_text_scgi, "400 the SCGI request is empty");
	begin();
	put("01:", 3);
	check_bad(gateway_text_scgi,
	    "400 the SCGI request begins with no length");
	begin();
	put(":", 1);
	check_bad(gateway_text_scgi,
	    "400 the SCGI request begins with no length");
	begin();
	put("99999999:", 9);
	check_bad(gateway_text_scgi,
	    "400 the SCGI request begins with no length");
	begin();
	put("596:", 4);
	check_bad(gateway_text_scgi,
	    "431 the SCGI request is above buffer-size");
	begin();
	put("595:", 4);
	check_has(gateway_text_scgi, "verdict 0\n");
}

TEST(fcgi_without_body)
{
	size_t	 most;

	/* However the variables are cut by records. */
	for (most = 1; most < 80; most += 13) {
		make_fcgi(PAIRS(USUAL, "HTTP_HOST", "h"), most < 7 ? 7 : most);
		record(5, 7, "", 0, 3);
		PUT(1, 1, 0, 7);	/* the next request */
		check_has(fcgi_parse, " keep 1 id 7 ");
		check_has(fcgi_parse, "method GET\ntarget /a%20b?x=1\n"
		    "path /a%20b\nquery x=1\nhost h\nline \n");
		check_has(fcgi_parse, "chunked 0 ");
	}
}

TEST(fcgi_long_value)
{
	char	 value[300];

	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	make_fcgi(PAIRS(USUAL, "X", value), 100);
	record(5, 7, "", 0, 0);
	check_has(fcgi_parse, value);
}

TEST(fcgi_body)
{
	make_fcgi(PAIRS(USUAL, "CONTENT_LENGTH", "5"), 50);
	record(5, 7, "he", 2, 1);
	record(5, 7, "llo", 3, 0);
	record(5, 7, "", 0, 5);
	PUT(1, 1);
	check_has(fcgi_parse, "length 5 chunked 1 ");
	check_has(fcgi_parse, "body hello\nof 5 verdict 2 \n");
	/* The rest begins behind the last record's padding. */
	check_has(fcgi_parse, "rest at 35\n");

	make_fcgi(PAIRS(USUAL), 50);	/* no length was said */
	record(5, 7, "hello", 5, 0);
	record(9, 0, "", 0, 0);
	record(5, 7, "", 0, 0);
	check_has(fcgi_parse, "length -1 chunked 1 ");
	check_has(fcgi_parse, "body hello\nof 5 verdict 2 \n");
}

TEST(fcgi_body_bad)
{
	make_fcgi(PAIRS(USUAL, "CONTENT_LENGTH", "5"), 50);
	record(5, 7, "hell", 4, 0);
	record(5, 7, "", 0, 0);
	check_has(fcgi_parse, "STDIN is shorter than CONTENT_LENGTH");
	make_fcgi(PAIRS(USUAL, "CONTENT_LENGTH", "5"), 50);
	record(5, 7, "hello!", 6, 0);
	check_has(fcgi_parse, "STDIN is longer than CONTENT_LENGTH");
	make_fcgi(PAIRS(USUAL, "CONTENT_LENGTH", "5"), 50);
	record(5, 7, "hel", 3, 0);
	record(2, 7, "", 0, 0);
	check_has(fcgi_parse, "body hel\nof 3 verdict 3 the request was "
	    "aborted\n");
	make_fcgi(PAIRS(USUAL, "CONTENT_LENGTH", "5"), 50);
	record(1, 8, "\0\1\1\0\0\0\0\0", 8, 0);
	check_has(fcgi_parse, "a request begins within another");
	make_fcgi(PAIRS(USUAL, "CONTENT_LENGTH", "5"), 50);
	record(4, 7, "", 0, 0);
	check_has(fcgi_parse, "a FastCGI record out of order");
	make_fcgi(PAIRS(USUAL, "CONTENT_LENGTH", "5"), 50);
	PUT(2, 5, 0, 7, 0, 0, 0, 0);
	check_has(fcgi_parse, "not a FastCGI record");
}

TEST(fcgi_bad)
{
	begin();
	record(1, 0, "\0\1\0\0\0\0\0\0", 8, 0);
	check_bad(fcgi_parse, "400 a malformed BEGIN_REQUEST");
	begin();
	record(1, 1, "\0\1", 2, 0);
	check_bad(fcgi_parse, "400 a malformed BEGIN_REQUEST");
	begin();
	put("GET / HTTP", 10);
	check_bad(fcgi_parse, "400 not a FastCGI record");
	begin();
	record(1, 7, "\0\1\0\0\0\0\0\0", 8, 0);
	record(1, 7, "\0\1\0\0\0\0\0\0", 8, 0);
	check_bad(fcgi_parse, "400 two BEGIN_REQUEST");
	begin();
	record(1, 7, "\0\1\0\0\0\0\0\0", 8, 0);
	record(5, 7, "", 0, 0);
	check_bad(fcgi_parse, "400 a FastCGI record out of order");
	begin();
	record(1, 7, "\0\1\0\0\0\0\0\0", 8, 0);
	record(2, 7, "", 0, 0);
	check_bad(fcgi_parse, "400 the request was aborted in its head");
	begin();
	record(1, 7, "\0\1\0\0\0\0\0\0", 8, 0);
	record(4, 7, "\3\1FO", 4, 0);
	record(4, 7, "", 0, 0);
	check_bad(fcgi_parse,
	    "400 a variable is cut off by the end of PARAMS");
	begin();
	record(1, 7, "\0\1\0\0\0\0\0\0", 8, 0);
	record(4, 7, "\xff\xff\xff\xff\1", 5, 0);
	check_bad(fcgi_parse, "431 the FastCGI request is above buffer-size");
	begin();
	record(1, 7, "\0\1\0\0\0\0\0\0", 8, 0);
	PUT(1, 4, 0, 7, 2, 80, 0, 0);
	check_bad(fcgi_parse, "431 the FastCGI request is above buffer-size");
}

TEST(fcgi_replies)
{
	begin();
	record(9, 0, "\17\0FCGI_MPXS_CONNS\1\0X", 20, 0);
	record(20, 0, "", 0, 0);
	record(1, 3, "\0\2\0\0\0\0\0\0", 8, 0);	/* an AUTHORIZER */
	record(4, 3, "\1\1AB", 4, 0);		/* is skipped */
	record(2, 3, "", 0, 0);
	record(1, 7, "\0\1\0\0\0\0\0\0", 8, 0);
	record(1, 8, "\0\1\0\0\0\0\0\0", 8, 0);	/* one too many */
	params(7, PAIRS(USUAL), 100);
	record(5, 8, "", 0, 0);
	record(5, 7, "", 0, 0);
	check_has(fcgi_parse, "reply 01 0a 00 00 00 12 00 00 0f 01 46 43 47 "
	    "49 5f 4d 50 58 53 5f 43 4f 4e 4e 53 30\n"
	    "reply 01 0b 00 00 00 08 00 00 14 00 00 00 00 00 00 00\n"
	    "reply 01 03 00 03 00 08 00 00 00 00 00 00 03 00 00 00\n"
	    "reply 01 03 00 08 00 08 00 00 00 00 00 00 01 00 00 00\n"
	    "verdict 1\n");
	check_has(fcgi_parse, " keep 0 id 7 ");
}

TEST(finds_header_fields)
{
	struct http_field	 fields[12];
	struct http_head	 head;
	const struct http_field	*f;

	make_uwsgi(PAIRS(USUAL, "HTTP_IF_NONE_MATCH", "x", "CONTENT_TYPE",
	    "t", "HTTP_CONTENT_TYPE", "u"));
	http_head_init(&head, fields);
	REQUIRE(gateway_text_uwsgi(in.data, in.len, &limits, &head) ==
	    HTTP_PARSE_DONE);
	CHECK(http_head_find(&head, in.data, "if-none-match") == &fields[4]);
	CHECK(http_head_find(&head, in.data, "If-None-Match") == &fields[4]);
	CHECK(http_head_find(&head, in.data, "content-type") == &fields[5]);
	CHECK(http_head_find(&head, in.data, "path-info") == NULL);
	CHECK(http_head_find(&head, in.data, "if-none") == NULL);
	f = http_head_var(&head, in.data, "PATH_INFO");
	CHECK(f == &fields[2]);
	CHECK(http_head_var(&head, in.data, "PATH") == NULL);

	make_uwsgi(PAIRS(USUAL, "PATH_INFO", "/last"));
	http_head_init(&head, fields);
	REQUIRE(gateway_text_uwsgi(in.data, in.len, &limits, &head) ==
	    HTTP_PARSE_DONE);
	CHECK(http_head_var(&head, in.data, "PATH_INFO") == &fields[4]);
}
