/* Tests taking targets apart, hosts, and percent decoding. */
#include <stdlib.h>
#include <string.h>

#include "test/unit/unit.h"
#include "worker/http_url.h"

static struct http_url	 url;

#define SPLIT(s)	http_url_split((s), strlen(s), &url)
#define HOST_OK(s)	host_ok((s), sizeof(s) - 1)
#define DOTS(s)		http_url_has_dots((s), strlen(s))
#define CHECK_VIEW(s, v, want) CHECK_MEM((s) + (v).off, (v).len, (want))

/* http_url_host_ok, of bytes in a block that ends right behind them. */
static bool
host_ok(const char *host, size_t len)
{
	char	*copy = calloc(1, len > 0 ? len : 1);
	bool	 ok;

	memcpy(copy, host, len);
	ok = http_url_host_ok(copy, len);
	free(copy);
	return ok;
}

/* Checks what some bytes decode to, also in place. */
static void
check_decode(const char *in, size_t inlen, const char *want)
{
	char	*copy = malloc(inlen > 0 ? inlen : 1);
	char	*out = malloc(inlen > 0 ? inlen : 1);
	size_t	 len = 0;

	memcpy(copy, in, inlen);
	CHECK(http_url_decode(copy, inlen, out, &len));
	CHECK_MEM(out, len, want);
	CHECK(http_url_decode(copy, inlen, copy, &len));
	CHECK_MEM(copy, len, want);
	free(copy);
	free(out);
}

#define DECODES(s, want) check_decode((s), sizeof(s) - 1, (want))

TEST(origin_form)
{
	const char	*s = "/a/../b;c?d?e";

	CHECK_STR(SPLIT(s), NULL);
	CHECK_INT(url.form, HTTP_URL_ORIGIN);
	CHECK_VIEW(s, url.path, "/a/../b;c");
	CHECK_VIEW(s, url.query, "d?e");
	CHECK(url.has_query);
	CHECK_STR(SPLIT("/"), NULL);
	CHECK(!url.has_query);
	CHECK_INT(url.query.len, 0);
	CHECK_STR(SPLIT("/?"), NULL);
	CHECK(url.has_query);
	CHECK_INT(url.query.len, 0);
	s = "//b/c";
	CHECK_STR(SPLIT(s), NULL);
	CHECK_INT(url.form, HTTP_URL_ORIGIN);
	CHECK_VIEW(s, url.path, "//b/c");
}

TEST(absolute_form)
{
	const char	*s = "hTTps://[::1]:443/a?b";

	CHECK_STR(SPLIT(s), NULL);
	CHECK_INT(url.form, HTTP_URL_ABSOLUTE);
	CHECK_VIEW(s, url.authority, "[::1]:443");
	CHECK_VIEW(s, url.path, "/a");
	CHECK_VIEW(s, url.query, "b");
	s = "http://a";
	CHECK_STR(SPLIT(s), NULL);
	CHECK_VIEW(s, url.authority, "a");
	CHECK_INT(url.path.len, 0);
	CHECK(!url.has_query);
	s = "http://a?b/c";
	CHECK_STR(SPLIT(s), NULL);
	CHECK_VIEW(s, url.authority, "a");
	CHECK_INT(url.path.len, 0);
	CHECK_VIEW(s, url.query, "b/c");
}

TEST(asterisk_form)
{
	CHECK_STR(SPLIT("*"), NULL);
	CHECK_INT(url.form, HTTP_URL_ASTERISK);
}

TEST(bad_targets)
{
	static const char *const bad[] = { "", "a", "*a", "**", "?a", "a:1",
		"http:", "http:/", "http:/a", "http://", "http:///a",
		"http://?a", "http://:80/", "http://u@a/", "http://u:p@a/",
		"http://a b/", "http://a:b/", "http://[::1/", "httpx://a/",
		"http//a", "ftp://a/", "ws://a/", "javascript:1" };
	size_t	i;

	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(SPLIT(bad[i]) != NULL);
}

TEST(good_hosts)
{
	CHECK(HOST_OK(""));
	CHECK(HOST_OK("a"));
	CHECK(HOST_OK("www.example.com."));
	CHECK(HOST_OK("my_app-1.local:8080"));
	CHECK(HOST_OK("127.0.0.1:0"));
	CHECK(HOST_OK("a:65535"));
	CHECK(HOST_OK("a:"));
	CHECK(HOST_OK("%41~!$&'()*+,;="));
	CHECK(HOST_OK("[::]"));
	CHECK(HOST_OK("[::ffff:127.0.0.1]:80"));
	CHECK(HOST_OK("[1:2:3:4:5:6:7:8]"));
}

TEST(bad_hosts)
{
	CHECK(!HOST_OK(":80"));
	CHECK(!HOST_OK("a b"));
	CHECK(!HOST_OK("a\t"));
	CHECK(!HOST_OK("a/b"));
	CHECK(!HOST_OK("a\\b"));
	CHECK(!HOST_OK("a?b"));
	CHECK(!HOST_OK("a#b"));
	CHECK(!HOST_OK("u@a"));
	CHECK(!HOST_OK("http://a"));
	CHECK(!HOST_OK("a:80:80"));
	CHECK(!HOST_OK("a:65536"));
	CHECK(!HOST_OK("a:99999999999999999999"));
	CHECK(!HOST_OK("a:-1"));
	CHECK(!HOST_OK("a:http"));
	CHECK(!HOST_OK("%"));
	CHECK(!HOST_OK("%4"));
	CHECK(!HOST_OK("%4g"));
	CHECK(!HOST_OK("\xe9"));
	CHECK(!HOST_OK("a\0b"));
	CHECK(!HOST_OK("<script>"));
	CHECK(!HOST_OK("::1"));
	CHECK(!HOST_OK("["));
	CHECK(!HOST_OK("[]"));
	CHECK(!HOST_OK("[::1"));
	CHECK(!HOST_OK("[::1]a"));
	CHECK(!HOST_OK("[::1]]"));
	CHECK(!HOST_OK("[::g]"));
	CHECK(!HOST_OK("[::1%25lo]"));
	CHECK(!HOST_OK("[::1\0]"));
	CHECK(!HOST_OK("[127.0.0.1]"));
	CHECK(!HOST_OK("[v1.a]"));
	CHECK(!HOST_OK("[0000000000000000000000000000000000000000000000:1]"));
}

TEST(decoding)
{
	DECODES("", "");
	DECODES("/plain", "/plain");
	DECODES("/a%20b%2fc", "/a b/c");
	DECODES("%41%6a%6A", "Ajj");
	DECODES("/%C3%a9", "/\xc3\xa9");
	DECODES("a+b", "a+b");
	DECODES("%2525", "%25");
}

TEST(what_is_no_escape_is_left_alone)
{
	DECODES("%", "%");
	DECODES("%4", "%4");
	DECODES("%zz", "%zz");
	DECODES("%4g%41", "%4gA");
	DECODES("%%41", "%A");
	DECODES("%u0041", "%u0041");
	DECODES("100%", "100%");
}

TEST(an_escaped_nul_is_refused)
{
	char	out[16];
	size_t	len;

	CHECK(!http_url_decode("%00", 3, out, &len));
	CHECK(!http_url_decode("/a%00b", 6, out, &len));
	CHECK(http_url_decode("/a%0", 4, out, &len));
	CHECK(http_url_decode("%2500", 5, out, &len));
}

TEST(dot_segments)
{
	CHECK(DOTS("."));
	CHECK(DOTS(".."));
	CHECK(DOTS("/."));
	CHECK(DOTS("/.."));
	CHECK(DOTS("/a/./b"));
	CHECK(DOTS("/a/../b"));
	CHECK(DOTS("../a"));
	CHECK(DOTS("/a/.."));
	CHECK(DOTS("/a/../"));
	CHECK(!DOTS(""));
	CHECK(!DOTS("/"));
	CHECK(!DOTS("//"));
	CHECK(!DOTS("/..."));
	CHECK(!DOTS("/.a"));
	CHECK(!DOTS("/..a/a../a."));
}
