/* Tests master/stats_http.c: requests, answers' heads, and names of hosts. */
#include <string.h>
#include <unistd.h>

#include "master/stats_http.h"
#include "test/unit/unit.h"

/* Is this host known, with "a.example" as a name of ours? */
static bool
known(const char *host)
{
	struct strlist	 names = { NULL, 0 };
	bool		 result;

	strlist_add(&names, "a.example");
	result = stats_host_known(host, strlen(host), &names);
	strlist_done(&names);
	return result;
}

TEST(stats_http_knows_addresses_and_its_own_names)
{
	char	 own[256] = "";

	CHECK(known("127.0.0.1"));
	CHECK(known("10.1.2.3:9191"));
	CHECK(known("[::1]"));
	CHECK(known("[fe80::1]:80"));
	CHECK(known("localhost"));
	CHECK(known("LocalHost:80"));
	CHECK(known("app.localhost"));
	CHECK(known("a.example"));
	CHECK(known("A.Example:1"));
	gethostname(own, sizeof(own) - 1);
	CHECK(known(own));
}

TEST(stats_http_knows_no_other_names)
{
	char	 long_name[400];

	CHECK(!known("b.example"));
	CHECK(!known("b.a.example"));
	CHECK(!known("localhost.example"));
	CHECK(!known("alocalhost"));
	CHECK(!known(".localhost.b"));
	CHECK(!known("127.0.0.1.b"));
	CHECK(!known("1.2.3"));
	CHECK(!known("::1"));
	CHECK(!known("[::1"));
	CHECK(!known("[]"));
	CHECK(!known("[127.0.0.1]"));
	CHECK(!known(""));
	CHECK(!known(":"));
	CHECK(!known(":80"));
	CHECK(!known("["));
	memset(long_name, 'a', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	CHECK(!known(long_name));
	memset(long_name, ':', sizeof(long_name) - 1);
	long_name[0] = '[';
	CHECK(!known(long_name));
}

TEST(stats_http_reads_a_request)
{
	static const char	 text[] =
	    "GET /stats?a=1 HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n";
	struct stats_request	 req;
	const char		*value;
	size_t			 len, i;

	stats_request_init(&req);
	for (i = 0; i < sizeof(text) - 1; i++)
		CHECK_INT(stats_request_parse(&req, text, i),
		    HTTP_PARSE_MORE);
	REQUIRE(stats_request_parse(&req, text, i) == HTTP_PARSE_DONE);
	CHECK(stats_request_is_method(&req, text, "GET"));
	CHECK(!stats_request_is_method(&req, text, "GE"));
	CHECK(!stats_request_is_method(&req, text, "HEAD"));
	CHECK_MEM(text + req.head.path.off, req.head.path.len, "/stats");
	CHECK_MEM(text + req.head.query.off, req.head.query.len, "a=1");
	value = stats_request_field(&req, text, "accept", &len);
	REQUIRE(value != NULL);
	CHECK_MEM(value, len, "text/html");
	CHECK(stats_request_field(&req, text, "range", &len) == NULL);
	CHECK_INT(len, 0);
}

TEST(stats_http_writes_heads)
{
	struct stats_head	 head = { .status = 200, .type = "a/b",
	    .length = 3, .keep = true };
	struct strbuf		 out = STRBUF_INIT;

	stats_head_write(&out, &head);
	CHECK_STR(strbuf_str(&out), "HTTP/1.1 200 OK\r\n"
	    "Content-Type: a/b\r\nContent-Length: 3\r\n"
	    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
	    "Connection: keep-alive\r\n\r\n");
	strbuf_truncate(&out, 0);
	head = (struct stats_head){ .status = 503, .type = "a/b",
	    .length = -1, .chunked = true, .fields = "X: y\r\n" };
	stats_head_write(&out, &head);
	CHECK_STR(strbuf_str(&out), "HTTP/1.1 503 Service Unavailable\r\n"
	    "Content-Type: a/b\r\nTransfer-Encoding: chunked\r\n"
	    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
	    "X: y\r\nConnection: close\r\n\r\n");
	strbuf_truncate(&out, 0);
	head.chunked = false;
	stats_head_write(&out, &head);
	CHECK(strstr(out.buf, "Transfer") == NULL &&
	    strstr(out.buf, "Length") == NULL);
	strbuf_done(&out);
}

TEST(stats_http_writes_chunks)
{
	struct strbuf	 out = STRBUF_INIT;

	stats_chunk_write(&out, "0123456789abcdefg", 17);
	strbuf_adds(&out, STATS_LAST_CHUNK);
	CHECK_STR(strbuf_str(&out), "11\r\n0123456789abcdefg\r\n0\r\n\r\n");
	strbuf_done(&out);
}
