/* Tests the parser of request heads, each input cut in every way. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/unit/http_text.h"
#include "test/unit/unit.h"
#include "worker/http_parse.h"

#define MAX_FIELDS	8
#define BYTES(s)	.bytes = (s), .len = sizeof(s) - 1
#define PARSE(s)	parse_every_way((s), sizeof(s) - 1, &limits)
#define LINE		"GET / HTTP/1.1\r\n"
#define HOST		"Host: a\r\n"
#define GET		LINE HOST

/* One input, and what is to be said of it. */
struct bad_case {
	const char	*name;
	const char	*bytes;
	size_t		 len;
	int		 status;
};

static const struct http_limits	 limits = { .max_line = 100,
	.max_fields = MAX_FIELDS, .max_head = 400 };
static struct http_field	 fields[MAX_FIELDS], other_fields[MAX_FIELDS];
static struct http_head		 head;
static const char		*bytes;

/* Parses the first len bytes, in a block that ends right behind them. */
static enum http_parse_verdict
parse_exact(const char *buf, size_t len, const struct http_limits *lim,
    struct http_head *h)
{
	char			*copy = malloc(len > 0 ? len : 1);
	enum http_parse_verdict	 verdict;

	memcpy(copy, buf, len);
	verdict = http_parse(copy, len, lim, h);
	free(copy);
	return verdict;
}

/* Checks that cutting the bytes gave what they give in one piece. */
static void
check_same(const char *want, enum http_parse_verdict verdict,
    const struct http_head *h, const char *buf)
{
	char	*got = http_text_new(verdict, h, buf);

	CHECK_STR(got, want);
	free(got);
}

/* Parses in one piece, cut in two everywhere, and byte by byte. */
static enum http_parse_verdict
parse_every_way(const char *buf, size_t len, const struct http_limits *lim)
{
	enum http_parse_verdict	 verdict, v;
	struct http_head	 h;
	char			*want;
	size_t			 i;

	bytes = buf;
	http_head_init(&head, fields);
	verdict = parse_exact(buf, len, lim, &head);
	want = http_text_new(verdict, &head, buf);

	for (i = 0; i < len; i++) {
		http_head_init(&h, other_fields);
		parse_exact(buf, i, lim, &h);
		v = parse_exact(buf, len, lim, &h);
		check_same(want, v, &h, buf);
	}
	http_head_init(&h, other_fields);
	for (i = 0, v = HTTP_PARSE_MORE; i <= len; i++)
		v = parse_exact(buf, i, lim, &h);
	check_same(want, v, &h, buf);
	free(want);
	return verdict;
}

/* Checks every case of a table. */
static void
check_bad(const struct bad_case *cases, size_t n)
{
	enum http_parse_verdict	 verdict;

	for (; n > 0; n--, cases++) {
		verdict = parse_every_way(cases->bytes, cases->len, &limits);
		if (verdict == HTTP_PARSE_BAD &&
		    head.status == cases->status && head.why != NULL)
			continue;
		printf("# %s: verdict %d status %d (%s)\n", cases->name,
		    verdict, head.status, head.why != NULL ? head.why : "-");
		CHECK(false);
	}
}

#define CHECK_BAD(cases) check_bad((cases), sizeof(cases) / sizeof *(cases))
#define CHECK_VIEW(v, want) CHECK_MEM(bytes + (v).off, (v).len, (want))

TEST(simple_get)
{
	CHECK_INT(PARSE(GET "\r\n"), HTTP_PARSE_DONE);
	CHECK_INT(head.size, sizeof(GET "\r\n") - 1);
	CHECK_VIEW(head.method, "GET");
	CHECK_VIEW(head.target, "/");
	CHECK_VIEW(head.line, "GET / HTTP/1.1");
	CHECK_VIEW(head.path, "/");
	CHECK(!head.has_query);
	CHECK_VIEW(head.host, "a");
	CHECK_INT(head.minor, 1);
	CHECK_INT(head.form, HTTP_URL_ORIGIN);
	CHECK_INT(head.nfields, 1);
	CHECK_INT(head.dropped, 0);
	CHECK_INT(head.content_length, -1);
	CHECK(!head.chunked);
	CHECK(head.keep_alive);
	CHECK(!head.upgrade);
	CHECK(!head.expect_continue);
}

TEST(fields_come_in_order_without_white_space)
{
	CHECK_INT(PARSE(GET "Accept:*/*\r\nX-Empty:\r\nX-Blank:  \t \r\n"
	    "x-two:\t a  b\t \r\n\r\nrest"), HTTP_PARSE_DONE);
	CHECK_INT(head.nfields, 5);
	CHECK_VIEW(fields[1].name, "Accept");
	CHECK_VIEW(fields[1].value, "*/*");
	CHECK_VIEW(fields[2].value, "");
	CHECK_VIEW(fields[3].value, "");
	CHECK_VIEW(fields[4].name, "x-two");
	CHECK_VIEW(fields[4].value, "a  b");
	CHECK_INT(fields[0].kind, HTTP_FIELD_HOST);
	CHECK_INT(fields[1].kind, HTTP_FIELD_OTHER);
	CHECK_MEM(bytes + head.size, 4, "rest");
}

TEST(names_are_found_in_any_case)
{
	CHECK_INT(PARSE(LINE "hOST: a\r\nX-Forwarded-For: b\r\n"
	    "CONTENT-type: c\r\nx-FORWARDED-for: d\r\n\r\n"),
	    HTTP_PARSE_DONE);
	CHECK(http_head_find(&head, bytes, "host") == &fields[0]);
	CHECK(http_head_find(&head, bytes, "x-forwarded-for") == &fields[1]);
	CHECK(http_head_find(&head, bytes, "content-type") == &fields[2]);
	CHECK(http_head_find(&head, bytes, "content") == NULL);
	CHECK_INT(fields[2].kind, HTTP_FIELD_CONTENT_TYPE);
	CHECK_INT(fields[1].hash, fields[3].hash);
	CHECK(fields[1].hash != fields[2].hash);
}

TEST(hash_of_short_names)
{
	CHECK_INT(http_name_hash("te", 2), http_name_hash("TE", 2));
	CHECK(http_name_hash("te", 2) != http_name_hash("dnt", 3));
	CHECK(http_name_hash("a", 1) != http_name_hash("b", 1));
}

TEST(every_token_byte_may_be_in_a_name)
{
	CHECK_INT(PARSE(GET "!#$%&'*+-.^`|~019azAZ: v\r\n\r\n"),
	    HTTP_PARSE_DONE);
	CHECK_VIEW(fields[1].name, "!#$%&'*+-.^`|~019azAZ");
}

TEST(obs_text_in_a_value_is_allowed)
{
	CHECK_INT(PARSE(GET "X: caf\xe9 \xff\x80\t!~\r\n\r\n"),
	    HTTP_PARSE_DONE);
	CHECK_VIEW(fields[1].value, "caf\xe9 \xff\x80\t!~");
}

TEST(every_byte_in_a_value)
{
	char	buf[] = GET "X: 0123456789abcdef-#-0123456789abcdef\r\n\r\n";
	char	*p = strchr(buf, '#');
	int	c;
	bool	ok;

	for (c = 0; c < 256; c++) {
		*p = (char)c;
		ok = (c >= 0x20 && c != 0x7f) || c == '\t';
		CHECK_INT(parse_every_way(buf, sizeof buf - 1, &limits),
		    ok ? HTTP_PARSE_DONE : HTTP_PARSE_BAD);
	}
}

TEST(every_byte_in_a_name)
{
	char	buf[] = GET "0123456789abcdef-#-0123456789abcdef: x\r\n\r\n";
	char	*p = strchr(buf, '#');
	int	c;
	bool	ok;

	for (c = 0; c < 256; c++) {
		*p = (char)c;
		ok = c == ':' || (c > 0x20 && c < 0x7f &&
		    strchr("\"(),/;<=>?@[\\]{}", c) == NULL);
		CHECK_INT(parse_every_way(buf, sizeof buf - 1, &limits),
		    ok ? HTTP_PARSE_DONE : HTTP_PARSE_BAD);
	}
}

TEST(every_byte_in_a_target)
{
	char	buf[] = "GET /0123456789abcdef-X-0123456789 HTTP/1.1\r\n"
		    HOST "\r\n";
	char	*p = strchr(buf, 'X');
	int	c;
	bool	ok;

	for (c = 0; c < 256; c++) {
		*p = (char)c;
		ok = c > 0x20 && c < 0x7f && c != '#';
		CHECK_INT(parse_every_way(buf, sizeof buf - 1, &limits),
		    ok ? HTTP_PARSE_DONE : HTTP_PARSE_BAD);
	}
}

TEST(more)
{
	CHECK_INT(PARSE(""), HTTP_PARSE_MORE);
	CHECK_INT(PARSE("G"), HTTP_PARSE_MORE);
	CHECK_INT(PARSE("\r\n"), HTTP_PARSE_MORE);
	CHECK_INT(PARSE("GET / HTTP/1.1\r"), HTTP_PARSE_MORE);
	CHECK_INT(PARSE(GET), HTTP_PARSE_MORE);
	CHECK_INT(PARSE(GET "\r"), HTTP_PARSE_MORE);
	CHECK_INT(PARSE(GET "X"), HTTP_PARSE_MORE);
	CHECK_INT(PARSE(GET "X:  "), HTTP_PARSE_MORE);
	CHECK_INT(PARSE(GET "X: y\r"), HTTP_PARSE_MORE);
}

TEST(empty_lines_before_a_request_are_skipped)
{
	CHECK_INT(PARSE("\r\n" GET "\r\n"), HTTP_PARSE_DONE);
	CHECK_VIEW(head.method, "GET");
	CHECK_VIEW(head.line, "GET / HTTP/1.1");
	CHECK_INT(head.size, sizeof(GET) + 3);
	CHECK_INT(PARSE("\r\n\r\n\r\n\r\n" GET "\r\n"), HTTP_PARSE_DONE);
	CHECK_INT(PARSE("\r\n\r\n\r\n\r\n\r\n" GET "\r\n"), HTTP_PARSE_BAD);
	CHECK_INT(head.status, 400);
}

TEST(pipelined_requests_are_parsed_one_by_one)
{
	const char	 two[] = "GET /1 HTTP/1.1\r\n" HOST "\r\n"
			    "GET /2 HTTP/1.0\r\n\r\n";
	size_t		 first;

	CHECK_INT(PARSE(two), HTTP_PARSE_DONE);
	CHECK_VIEW(head.path, "/1");
	first = head.size;
	CHECK_INT(parse_every_way(two + first, sizeof two - 1 - first,
	    &limits), HTTP_PARSE_DONE);
	CHECK_VIEW(head.path, "/2");
	CHECK_INT(first + head.size, sizeof two - 1);
}

TEST(after_the_end_the_verdict_stays)
{
	const char	 good[] = GET "\r\nmore", bad[] = "GET / HTTP/1.1\n";
	struct http_head h;

	http_head_init(&h, fields);
	CHECK_INT(http_parse(good, sizeof good - 5, &limits, &h),
	    HTTP_PARSE_DONE);
	CHECK_INT(http_parse(good, sizeof good - 1, &limits, &h),
	    HTTP_PARSE_DONE);
	CHECK_INT(h.size, sizeof good - 5);
	http_head_init(&h, fields);
	CHECK_INT(http_parse(bad, sizeof bad - 1, &limits, &h),
	    HTTP_PARSE_BAD);
	CHECK_INT(http_parse(good, sizeof good - 1, &limits, &h),
	    HTTP_PARSE_BAD);
}

TEST(any_token_is_a_method)
{
	CHECK_INT(PARSE("PROPFIND / HTTP/1.1\r\n" HOST "\r\n"),
	    HTTP_PARSE_DONE);
	CHECK_INT(PARSE("get / HTTP/1.1\r\n" HOST "\r\n"), HTTP_PARSE_DONE);
	CHECK_VIEW(head.method, "get");
	CHECK_INT(PARSE("M_SEARCH-1! / HTTP/1.1\r\n" HOST "\r\n"),
	    HTTP_PARSE_DONE);
	CHECK_VIEW(head.method, "M_SEARCH-1!");
}

TEST(path_and_query)
{
	CHECK_INT(PARSE("GET /a%20b/../c?x=1?y=%zz HTTP/1.1\r\n" HOST "\r\n"),
	    HTTP_PARSE_DONE);
	CHECK_VIEW(head.target, "/a%20b/../c?x=1?y=%zz");
	CHECK_VIEW(head.path, "/a%20b/../c");
	CHECK_VIEW(head.query, "x=1?y=%zz");
	CHECK(head.has_query);
	CHECK_INT(PARSE("GET //a? HTTP/1.1\r\n" HOST "\r\n"),
	    HTTP_PARSE_DONE);
	CHECK_VIEW(head.path, "//a");
	CHECK_VIEW(head.query, "");
	CHECK(head.has_query);
}

TEST(absolute_form_overrides_host)
{
	CHECK_INT(PARSE("GET HTTP://b.example:8080/p?q HTTP/1.1\r\n" HOST
	    "\r\n"), HTTP_PARSE_DONE);
	CHECK_INT(head.form, HTTP_URL_ABSOLUTE);
	CHECK_VIEW(head.host, "b.example:8080");
	CHECK_VIEW(head.path, "/p");
	CHECK_VIEW(head.query, "q");
	CHECK_INT(PARSE("GET https://b?q HTTP/1.1\r\n" HOST "\r\n"),
	    HTTP_PARSE_DONE);
	CHECK_VIEW(head.host, "b");
	CHECK_VIEW(head.path, "");
	CHECK_VIEW(head.query, "q");
	CHECK_INT(PARSE("GET http://b/ HTTP/1.0\r\n\r\n"), HTTP_PARSE_DONE);
	CHECK_VIEW(head.host, "b");
}

TEST(options_asterisk)
{
	CHECK_INT(PARSE("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"),
	    HTTP_PARSE_DONE);
	CHECK_INT(head.form, HTTP_URL_ASTERISK);
	CHECK_VIEW(head.target, "*");
	CHECK_VIEW(head.path, "");
}

TEST(bad_request_lines)
{
	static const struct bad_case cases[] = {
		{ "http 0.9", BYTES("GET /\r\n"), 400 },
		{ "no target", BYTES("GET HTTP/1.1\r\n"), 400 },
		{ "empty target", BYTES("GET  HTTP/1.1\r\n"), 400 },
		{ "no method", BYTES(" / HTTP/1.1\r\n"), 400 },
		{ "two spaces after method", BYTES("GET  / HTTP/1.1\r\n"),
		    400 },
		{ "two spaces before version", BYTES("GET /  HTTP/1.1\r\n"),
		    400 },
		{ "space after version", BYTES("GET / HTTP/1.1 \r\n"), 400 },
		{ "tab for a space", BYTES("GET\t/ HTTP/1.1\r\n"), 400 },
		{ "tab before version", BYTES("GET /\tHTTP/1.1\r\n"), 400 },
		{ "vertical tab", BYTES("GET /\vHTTP/1.1\r\n"), 400 },
		{ "space in target", BYTES("GET /a b HTTP/1.1\r\n"), 400 },
		{ "colon in method", BYTES("GE:T / HTTP/1.1\r\n"), 400 },
		{ "NUL in method", BYTES("GE\0T / HTTP/1.1\r\n"), 400 },
		{ "8 bit in method", BYTES("GE\xe9T / HTTP/1.1\r\n"), 400 },
		{ "TLS", BYTES("\x16\x03\x01\x02\x00\x01\x00"), 400 },
		{ "bare LF", BYTES("GET / HTTP/1.1\n"), 400 },
		{ "bare CR", BYTES("GET / HTTP/1.1\rHost"), 400 },
		{ "bare CR first", BYTES("\rGET / HTTP/1.1\r\n"), 400 },
		{ "bare LF first", BYTES("\nGET / HTTP/1.1\r\n"), 400 },
		{ "CR CR LF first", BYTES("\r\r\nGET / HTTP/1.1\r\n"), 400 },
		{ "CR CR LF", BYTES("GET / HTTP/1.1\r\r\n"), 400 },
		{ "fragment", BYTES("GET /a#b HTTP/1.1\r\n"), 400 },
		{ "NUL in target", BYTES("GET /a\0b HTTP/1.1\r\n"), 400 },
		{ "DEL in target", BYTES("GET /a\x7f HTTP/1.1\r\n"), 400 },
		{ "8 bit in target", BYTES("GET /\xc3\xa9 HTTP/1.1\r\n"),
		    400 },
		{ "relative target", BYTES("GET a/b HTTP/1.1\r\n"), 400 },
		{ "asterisk for GET", BYTES("GET * HTTP/1.1\r\n"), 400 },
		{ "asterisk and more", BYTES("OPTIONS *a HTTP/1.1\r\n"),
		    400 },
		{ "lower case version", BYTES("GET / http/1.1\r\n"), 400 },
		{ "no such protocol", BYTES("GET / HTTQ/1.1\r\n"), 400 },
		{ "no minor", BYTES("GET / HTTP/1\r\n"), 400 },
		{ "no dot", BYTES("GET / HTTP/11\r\n"), 400 },
		{ "long minor", BYTES("GET / HTTP/1.10\r\n"), 400 },
		{ "long major", BYTES("GET / HTTP/01.1\r\n"), 400 },
		{ "minor no digit", BYTES("GET / HTTP/1.x\r\n"), 400 },
		{ "http 2", BYTES("GET / HTTP/2.0\r\n"), 505 },
		{ "http 2 preface", BYTES("PRI * HTTP/2.0\r\n"), 505 },
		{ "http 0.9 by number", BYTES("GET / HTTP/0.9\r\n"), 505 },
		{ "connect", BYTES("CONNECT a:1 HTTP/1.1\r\n"), 501 },
		{ "authority without connect", BYTES("GET a:1 HTTP/1.1\r\n"),
		    400 },
		{ "other scheme", BYTES("GET ftp://a/ HTTP/1.1\r\n"), 400 },
		{ "scheme only", BYTES("GET http:// HTTP/1.1\r\n"), 400 },
		{ "no host in target", BYTES("GET http:///a HTTP/1.1\r\n"),
		    400 },
		{ "user in target", BYTES("GET http://u@a/ HTTP/1.1\r\n"),
		    400 }
	};

	CHECK_BAD(cases);
}

TEST(versions)
{
	CHECK_INT(PARSE("GET / HTTP/1.0\r\n\r\n"), HTTP_PARSE_DONE);
	CHECK_INT(head.minor, 0);
	CHECK_INT(PARSE("GET / HTTP/1.9\r\n" HOST "\r\n"), HTTP_PARSE_DONE);
	CHECK_INT(head.minor, 1);
}

TEST(bad_field_lines)
{
	static const struct bad_case cases[] = {
		{ "space first", BYTES(LINE " Host: a\r\n\r\n"), 400 },
		{ "fold", BYTES(GET "X: a\r\n b\r\n\r\n"), 400 },
		{ "fold by tab", BYTES(GET "X: a\r\n\tb\r\n\r\n"), 400 },
		{ "blank line to fold", BYTES(GET "X: a\r\n \r\n\r\n"), 400 },
		{ "space before colon", BYTES(LINE "Host : a\r\n\r\n"), 400 },
		{ "tab before colon", BYTES(LINE "Host\t: a\r\n\r\n"), 400 },
		{ "space in name", BYTES(GET "X Y: a\r\n\r\n"), 400 },
		{ "empty name", BYTES(GET ": a\r\n\r\n"), 400 },
		{ "no colon", BYTES(GET "X\r\n\r\n"), 400 },
		{ "NUL in name", BYTES(GET "X\0: a\r\n\r\n"), 400 },
		{ "8 bit in name", BYTES(GET "X\xe9: a\r\n\r\n"), 400 },
		{ "bracket in name", BYTES(GET "X(: a\r\n\r\n"), 400 },
		{ "NUL in value", BYTES(GET "X: a\0b\r\n\r\n"), 400 },
		{ "escape in value", BYTES(GET "X: a\x1b\r\n\r\n"), 400 },
		{ "DEL in value", BYTES(GET "X: \x7f\r\n\r\n"), 400 },
		{ "vertical tab", BYTES(GET "X: \va\r\n\r\n"), 400 },
		{ "form feed", BYTES(GET "X: a\f\r\n\r\n"), 400 },
		{ "bare LF", BYTES(GET "X: a\n\r\n"), 400 },
		{ "bare CR", BYTES(GET "X: a\rY: b\r\n\r\n"), 400 },
		{ "CR CR LF", BYTES(GET "X: a\r\r\n\r\n"), 400 },
		{ "bare LF at the end", BYTES(GET "X: a\r\n\n"), 400 },
		{ "bare CR at the end", BYTES(GET "\rX"), 400 },
		{ "LF LF", BYTES("GET / HTTP/1.1\nHost: a\n\n"), 400 }
	};

	CHECK_BAD(cases);
}

TEST(bad_hosts)
{
	static const struct bad_case cases[] = {
		{ "none", BYTES(LINE "\r\n"), 400 },
		{ "two", BYTES(GET HOST "\r\n"), 400 },
		{ "two in 1.0", BYTES("GET / HTTP/1.0\r\n" HOST HOST "\r\n"),
		    400 },
		{ "two in any case", BYTES(GET "hOST: b\r\n\r\n"), 400 },
		{ "space", BYTES(LINE "Host: a b\r\n\r\n"), 400 },
		{ "slash", BYTES(LINE "Host: a/b\r\n\r\n"), 400 },
		{ "user", BYTES(LINE "Host: u@a\r\n\r\n"), 400 },
		{ "bad port", BYTES(LINE "Host: a:b\r\n\r\n"), 400 },
		{ "bad ipv6", BYTES(LINE "Host: [::1\r\n\r\n"), 400 },
		{ "8 bit", BYTES(LINE "Host: \xe9\r\n\r\n"), 400 },
		{ "none with absolute form",
		    BYTES("GET http://a/ HTTP/1.1\r\n\r\n"), 400 },
		{ "underscore is no host", BYTES(LINE "Ho_st: a\r\n\r\n"),
		    400 }
	};

	CHECK_BAD(cases);
}

TEST(good_hosts)
{
	CHECK_INT(PARSE(LINE "Host:\r\n\r\n"), HTTP_PARSE_DONE);
	CHECK_VIEW(head.host, "");
	CHECK_INT(PARSE(LINE "Host: [::1]:8080\r\n\r\n"), HTTP_PARSE_DONE);
	CHECK_VIEW(head.host, "[::1]:8080");
	CHECK_INT(PARSE("GET / HTTP/1.0\r\n\r\n"), HTTP_PARSE_DONE);
	CHECK_VIEW(head.host, "");
}

#define CL(v)	"Content-Length:" v "\r\n"
#define TE(v)	"Transfer-Encoding:" v "\r\n"
#define POST	"POST / HTTP/1.1\r\n" HOST

TEST(smuggling_shapes)
{
	static const struct bad_case cases[] = {
		{ "CL.TE", BYTES(POST CL("5") TE("chunked") "\r\n"), 400 },
		{ "TE.CL", BYTES(POST TE("chunked") CL("5") "\r\n"), 400 },
		{ "CL.TE with 0", BYTES(POST CL("0") TE("chunked") "\r\n"),
		    400 },
		{ "CL.CL", BYTES(POST CL("5") CL("6") "\r\n"), 400 },
		{ "CL.CL same", BYTES(POST CL("5") CL("5") "\r\n"), 400 },
		{ "CL list", BYTES(POST CL("5, 5") "\r\n"), 400 },
		{ "CL list 2", BYTES(POST CL("5,6") "\r\n"), 400 },
		{ "TE.TE", BYTES(POST TE("chunked") TE("chunked") "\r\n"),
		    400 },
		{ "TE.TE other", BYTES(POST TE("chunked") TE("x") "\r\n"),
		    400 },
		{ "TE in 1.0", BYTES("POST / HTTP/1.0\r\n" TE("chunked")
		    "\r\n"), 400 },
		{ "TE twice chunked", BYTES(POST TE("chunked, chunked")
		    "\r\n"), 400 },
		{ "TE xchunked", BYTES(POST TE("xchunked") "\r\n"), 400 },
		{ "TE chunkedx", BYTES(POST TE("chunkedx") "\r\n"), 400 },
		{ "TE identity", BYTES(POST TE("identity") "\r\n"), 400 },
		{ "TE empty", BYTES(POST TE("") "\r\n"), 400 },
		{ "TE quoted", BYTES(POST TE("\"chunked\"") "\r\n"), 400 },
		{ "TE comma", BYTES(POST TE("chunked,") "\r\n"), 400 },
		{ "TE parameter", BYTES(POST TE("chunked;a=b") "\r\n"), 400 },
		{ "TE chunked not last", BYTES(POST TE("chunked, gzip")
		    "\r\n"), 400 },
		{ "TE gzip", BYTES(POST TE("gzip") "\r\n"), 400 },
		{ "TE gzip, chunked", BYTES(POST TE("gzip, chunked") "\r\n"),
		    501 },
		{ "TE identity, chunked", BYTES(POST TE("identity,\tchunked")
		    "\r\n"), 501 },
		{ "TE comma chunked", BYTES(POST TE(", chunked") "\r\n"),
		    501 },
		{ "TE vertical tab", BYTES(POST TE("\vchunked") "\r\n"), 400 },
		{ "TE space before colon", BYTES(POST
		    "Transfer-Encoding : chunked\r\n\r\n"), 400 },
		{ "TE folded", BYTES(POST "Transfer-Encoding:\r\n chunked\r\n"
		    "\r\n"), 400 },
		{ "TE behind bare LF", BYTES(POST
		    "X: y\nTransfer-Encoding: chunked\r\n\r\n"), 400 },
		{ "TE behind bare CR", BYTES(POST
		    "X: y\rTransfer-Encoding: chunked\r\n\r\n"), 400 },
		{ "TE behind NUL", BYTES(POST
		    "X: y\0Transfer-Encoding: chunked\r\n\r\n"), 400 }
	};

	CHECK_BAD(cases);
}

TEST(bad_content_lengths)
{
	static const struct bad_case cases[] = {
		{ "empty", BYTES(POST CL("") "\r\n"), 400 },
		{ "blank", BYTES(POST CL("  ") "\r\n"), 400 },
		{ "plus", BYTES(POST CL("+5") "\r\n"), 400 },
		{ "minus", BYTES(POST CL("-5") "\r\n"), 400 },
		{ "inner space", BYTES(POST CL("1 5") "\r\n"), 400 },
		{ "hex", BYTES(POST CL("0x5") "\r\n"), 400 },
		{ "dot", BYTES(POST CL("5.0") "\r\n"), 400 },
		{ "letter", BYTES(POST CL("5a") "\r\n"), 400 },
		{ "underscore", BYTES(POST CL("1_0") "\r\n"), 400 },
		{ "2^63", BYTES(POST CL("9223372036854775808") "\r\n"), 400 },
		{ "2^64 + 5", BYTES(POST CL("18446744073709551621") "\r\n"),
		    400 },
		{ "long", BYTES(POST CL("100000000000000000000000") "\r\n"),
		    400 }
	};

	CHECK_BAD(cases);
}

TEST(bodies)
{
	CHECK_INT(PARSE(POST CL(" 5 ") "\r\nabcde"), HTTP_PARSE_DONE);
	CHECK_INT(head.content_length, 5);
	CHECK_INT(PARSE(POST CL("0") "\r\n"), HTTP_PARSE_DONE);
	CHECK_INT(head.content_length, 0);
	CHECK_INT(PARSE(POST CL("0005") "\r\n"), HTTP_PARSE_DONE);
	CHECK_INT(head.content_length, 5);
	CHECK_INT(PARSE(POST CL("9223372036854775807") "\r\n"),
	    HTTP_PARSE_DONE);
	CHECK_INT(head.content_length, INT64_MAX);
	CHECK_INT(PARSE(POST TE(" Chunked\t") "\r\n"), HTTP_PARSE_DONE);
	CHECK(head.chunked);
	CHECK_INT(head.content_length, -1);
	CHECK_INT(PARSE("POST / HTTP/1.0\r\n" CL("7") "\r\n"),
	    HTTP_PARSE_DONE);
	CHECK_INT(head.content_length, 7);
}

/* Parses a GET with these lines and hands back keep_alive. */
static bool
keeps(const char *version, const char *lines)
{
	char	buf[200];
	int	len;

	len = snprintf(buf, sizeof buf, "GET / HTTP/%s\r\n" HOST "%s\r\n",
	    version, lines);
	CHECK_INT(parse_every_way(buf, (size_t)len, &limits),
	    HTTP_PARSE_DONE);
	return head.keep_alive;
}

TEST(keep_alive)
{
	CHECK(keeps("1.1", ""));
	CHECK(!keeps("1.0", ""));
	CHECK(!keeps("1.1", "Connection: close\r\n"));
	CHECK(!keeps("1.1", "connection: CLOSE\r\n"));
	CHECK(!keeps("1.1", "Connection: keep-alive, close\r\n"));
	CHECK(!keeps("1.1", "Connection: x\r\nConnection: close\r\n"));
	CHECK(!keeps("1.1", "Connection: ,, close ,\r\n"));
	CHECK(keeps("1.1", "Connection: closed, not close\r\n"));
	CHECK(keeps("1.1", "Connection:\r\n"));
	CHECK(keeps("1.0", "Connection: Keep-Alive\r\n"));
	CHECK(keeps("1.0", "Connection: TE,keep-alive\r\n"));
	CHECK(!keeps("1.0", "Connection: keep-alive, close\r\n"));
}

TEST(upgrade)
{
	keeps("1.1", "Connection: keep-alive, Upgrade\r\n"
	    "Upgrade: websocket\r\n");
	CHECK(head.upgrade);
	keeps("1.1", "Upgrade: websocket\r\n");
	CHECK(!head.upgrade);
	keeps("1.1", "Connection: Upgrade\r\n");
	CHECK(!head.upgrade);
	keeps("1.1", "Connection: Upgrade\r\nUpgrade:\r\n");
	CHECK(!head.upgrade);
	keeps("1.0", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
	CHECK(!head.upgrade);
}

TEST(expect)
{
	static const struct bad_case cases[] = {
		{ "other", BYTES(POST "Expect: 200-ok\r\n\r\n"), 417 },
		{ "empty", BYTES(POST "Expect:\r\n\r\n"), 417 },
		{ "list", BYTES(POST "Expect: 100-continue, x\r\n\r\n"), 417 }
	};

	CHECK_INT(PARSE(POST "Expect: 100-Continue\r\n" CL("5") "\r\n"),
	    HTTP_PARSE_DONE);
	CHECK(head.expect_continue);
	CHECK_INT(PARSE(POST "Expect: 100-continue\r\n" TE("chunked") "\r\n"),
	    HTTP_PARSE_DONE);
	CHECK(head.expect_continue);
	CHECK_INT(PARSE(POST "Expect: 100-continue\r\n" CL("0") "\r\n"),
	    HTTP_PARSE_DONE);
	CHECK(!head.expect_continue);
	CHECK_INT(PARSE("POST / HTTP/1.0\r\nExpect: 100-continue\r\n"
	    CL("5") "\r\n"), HTTP_PARSE_DONE);
	CHECK(!head.expect_continue);
	CHECK_BAD(cases);
}

TEST(underscores_and_proxy_are_dropped)
{
	CHECK_INT(PARSE(GET "X_Forwarded_For: 1\r\nproxy: x\r\n_: y\r\n"
	    "Content_Length: 5\r\nTransfer_Encoding: chunked\r\n"
	    "X: y\r\n\r\n"), HTTP_PARSE_DONE);
	CHECK_INT(head.dropped, 5);
	CHECK_INT(head.nfields, 2);
	CHECK_VIEW(fields[1].name, "X");
	CHECK_INT(head.content_length, -1);
	CHECK(!head.chunked);
	CHECK_INT(PARSE(GET "Proxy-Connection: x\r\n\r\n"), HTTP_PARSE_DONE);
	CHECK_INT(head.dropped, 0);
}

TEST(request_line_limit)
{
	const char		 buf[] = "GET /12345 HTTP/1.1\r\n" HOST "\r\n";
	struct http_limits	 lim = limits;

	lim.max_line = strlen("GET /12345 HTTP/1.1\r\n");
	CHECK_INT(parse_every_way(buf, sizeof buf - 1, &lim),
	    HTTP_PARSE_DONE);
	while (--lim.max_line > 0) {
		CHECK_INT(parse_every_way(buf, sizeof buf - 1, &lim),
		    HTTP_PARSE_BAD);
		CHECK_INT(head.status, 414);
	}
}

TEST(request_line_limit_does_not_count_empty_lines)
{
	const char		 buf[] = "\r\n\r\n" GET "\r\n";
	struct http_limits	 lim = limits;

	lim.max_line = strlen(LINE);
	CHECK_INT(parse_every_way(buf, sizeof buf - 1, &lim),
	    HTTP_PARSE_DONE);
	lim.max_line--;
	CHECK_INT(parse_every_way(buf, sizeof buf - 1, &lim),
	    HTTP_PARSE_BAD);
	CHECK_INT(head.status, 414);
}

TEST(head_limit)
{
	const char		 buf[] = GET "X: y\r\n\r\nbody";
	struct http_limits	 lim = limits;

	lim.max_head = sizeof buf - 5;
	CHECK_INT(parse_every_way(buf, sizeof buf - 1, &lim),
	    HTTP_PARSE_DONE);
	while (--lim.max_head > 0) {
		CHECK_INT(parse_every_way(buf, sizeof buf - 1, &lim),
		    HTTP_PARSE_BAD);
		CHECK_INT(head.status, 431);
	}
}

TEST(field_count_limit)
{
	const char		 buf[] = GET "A: 1\r\nB_: 2\r\nC: 3\r\n\r\n";
	struct http_limits	 lim = limits;

	lim.max_fields = 4;
	CHECK_INT(parse_every_way(buf, sizeof buf - 1, &lim),
	    HTTP_PARSE_DONE);
	while (--lim.max_fields > 0) {
		CHECK_INT(parse_every_way(buf, sizeof buf - 1, &lim),
		    HTTP_PARSE_BAD);
		CHECK_INT(head.status, 431);
	}
}

TEST(a_slow_drip_costs_no_more_than_its_bytes)
{
	const uint32_t		 len = 4000000;
	struct http_limits	 lim = { len, 4, len };
	char			*buf = malloc(len);
	struct http_head	 h;
	uint32_t		 i;

	memset(buf, 'a', len);
	memcpy(buf, GET "X: ", sizeof(GET "X: ") - 1);
	http_head_init(&h, fields);
	for (i = 1; i < len; i++)
		REQUIRE(http_parse(buf, i, &lim, &h) == HTTP_PARSE_MORE);
	CHECK_INT(http_parse(buf, len, &lim, &h), HTTP_PARSE_BAD);
	CHECK_INT(h.status, 431);
	free(buf);
}
