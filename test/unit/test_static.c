/* Tests what is pure of worker/static/: ranges, conditions, codings, tags. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strlist.h"
#include "test/unit/unit.h"
#include "worker/static/static_condition.h"
#include "worker/static/static_encoding.h"
#include "worker/static/static_etag.h"
#include "worker/static/static_mime.h"
#include "worker/static/static_range.h"

#define MODIFIED	784111777
#define DATE		"Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE		"Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER		"Sun, 06 Nov 1994 08:49:38 GMT"
#define TAG		"\"xyz\""

/* The ranges of 10000 bytes as text: "0-499 600-999", "", or "none". */
static const char *
ranges_of(const char *header, uint64_t size)
{
	static char		 out[4096];
	struct static_range	 r[STATIC_RANGES];
	char			*copy = malloc(strlen(header));
	int			 i, n, len = 0;

	/* In a block that ends right behind it. */
	memcpy(copy, header, strlen(header));
	n = static_range_parse(copy, strlen(header), size, r);
	free(copy);
	out[0] = '\0';
	for (i = 0; i < n; i++)
		len += snprintf(out + len, sizeof(out) - (size_t)len,
		    "%s%llu-%llu", i > 0 ? " " : "",
		    (unsigned long long)r[i].first,
		    (unsigned long long)r[i].last);
	return n == -1 ? "none" : out;
}

TEST(ranges_of_the_rfc)
{
	CHECK_STR(ranges_of("bytes=0-499", 10000), "0-499");
	CHECK_STR(ranges_of("bytes=500-999", 10000), "500-999");
	CHECK_STR(ranges_of("bytes=-500", 10000), "9500-9999");
	CHECK_STR(ranges_of("bytes=9500-", 10000), "9500-9999");
	CHECK_STR(ranges_of("bytes=0-0,-1", 10000), "0-0 9999-9999");
	CHECK_STR(ranges_of("bytes= 0-999, 4500-5499, -1000", 10000),
	    "0-999 4500-5499 9000-9999");
	CHECK_STR(ranges_of("bytes=500-600,601-999", 10000), "500-999");
	CHECK_STR(ranges_of("bytes=500-700,601-999", 10000), "500-999");
	CHECK_STR(ranges_of("BYTES=1-2", 10000), "1-2");
	CHECK_STR(ranges_of("bytes=,0-1 ,, 3-4,", 10000), "0-1 3-4");
	CHECK_STR(ranges_of("bytes=3-4,0-1", 10000), "3-4 0-1");
}

TEST(ranges_beyond_the_end)
{
	CHECK_STR(ranges_of("bytes=0-99999", 10000), "0-9999");
	CHECK_STR(ranges_of("bytes=-99999", 10000), "0-9999");
	CHECK_STR(ranges_of("bytes=9999-9999", 10000), "9999-9999");
	CHECK_STR(ranges_of("bytes=10000-", 10000), "none");
	CHECK_STR(ranges_of("bytes=10000-10001,20000-", 10000), "none");
	CHECK_STR(ranges_of("bytes=-0", 10000), "none");
	CHECK_STR(ranges_of("bytes=0-", 0), "");
	CHECK_STR(ranges_of("bytes=-5", 0), "");
	CHECK_STR(ranges_of("bytes=0-1,99999-", 10000), "0-1");
	CHECK_STR(ranges_of("bytes=0-99999999999999999999999", 10), "0-9");
	CHECK_STR(ranges_of("bytes=99999999999999999999999-", 10), "none");
	CHECK_STR(ranges_of("bytes=18446744073709551615-", UINT64_MAX),
	    "none");
	CHECK_STR(ranges_of("bytes=1-18446744073709551616", UINT64_MAX),
	    "1-18446744073709551614");
}

TEST(ranges_that_are_wrong_are_ignored)
{
	static const char *const	 bad[] = { "", "bytes", "bytes=",
	    "bytes=,", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=0-1;2-3",
	    "bytes=0-1 2-3", "items=0-1", "bytes 0-1", "bytes=0-1,x",
	    "bytes=0-1,5-4", "bytes=0x0-1", "bytes=+0-1", "bytes=0--1",
	    "bytes=--1", "byte=0-1", "bytes=0-1-2", "bytes=1" };
	size_t				 i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_STR(ranges_of(bad[i], 10000), "");
}

TEST(ranges_never_ask_for_more_than_the_whole)
{
	char	 header[1024] = "bytes=";
	int	 i;

	CHECK_STR(ranges_of("bytes=0-,0-,0-", 10000), "0-9999");
	CHECK_STR(ranges_of("bytes=0-,-1,0-", 10000), "0-9999");
	/* The same byte again and again, with another between. */
	CHECK_STR(ranges_of("bytes=0-5000,9000-9999,0-5000", 10000), "");
	for (i = 0; i < STATIC_RANGES; i++)
		sprintf(header + strlen(header), "%d-%d,", i * 10, i * 10 + 1);
	CHECK(strlen(ranges_of(header, 10000)) > 100);
	strcat(header, "9000-9001");
	CHECK_STR(ranges_of(header, 10000), "");
}

/* A condition's value; NULL is none. */
static struct static_text
text(const char *s)
{
	return (struct static_text){ s, s == NULL ? 0 : strlen(s) };
}

/* What comes of them, in RFC 9110 13.2.2's order. */
static enum static_verdict
verdict(const char *etag, const char *match, const char *unmodified,
    const char *none_match, const char *modified)
{
	const struct static_conditions	 conditions = {
		text(match), text(unmodified), text(none_match),
		text(modified), text(NULL) };
	const struct static_state	 state = { etag, MODIFIED,
	    MODIFIED + 100 };

	return static_condition(&conditions, &state);
}

TEST(conditions_one_by_one)
{
	CHECK_INT(verdict(TAG, NULL, NULL, NULL, NULL), STATIC_SEND);
	CHECK_INT(verdict(TAG, TAG, NULL, NULL, NULL), STATIC_SEND);
	CHECK_INT(verdict(TAG, "*", NULL, NULL, NULL), STATIC_SEND);
	CHECK_INT(verdict(TAG, "\"a\" , " TAG, NULL, NULL, NULL), STATIC_SEND);
	CHECK_INT(verdict(TAG, "\"a\"", NULL, NULL, NULL), STATIC_FAILED);
	CHECK_INT(verdict(TAG, "W/" TAG, NULL, NULL, NULL), STATIC_FAILED);
	CHECK_INT(verdict("W/" TAG, "W/" TAG, NULL, NULL, NULL),
	    STATIC_FAILED);
	CHECK_INT(verdict(TAG, "xyz", NULL, NULL, NULL), STATIC_FAILED);
	CHECK_INT(verdict(TAG, "", NULL, NULL, NULL), STATIC_FAILED);
	CHECK_INT(verdict(TAG, NULL, DATE, NULL, NULL), STATIC_SEND);
	CHECK_INT(verdict(TAG, NULL, AFTER, NULL, NULL), STATIC_SEND);
	CHECK_INT(verdict(TAG, NULL, BEFORE, NULL, NULL), STATIC_FAILED);
	CHECK_INT(verdict(TAG, NULL, "yesterday", NULL, NULL), STATIC_SEND);
	CHECK_INT(verdict(TAG, NULL, NULL, TAG, NULL), STATIC_NOT_MODIFIED);
	CHECK_INT(verdict(TAG, NULL, NULL, "*", NULL), STATIC_NOT_MODIFIED);
	CHECK_INT(verdict(TAG, NULL, NULL, "W/" TAG, NULL),
	    STATIC_NOT_MODIFIED);
	CHECK_INT(verdict("W/" TAG, NULL, NULL, TAG, NULL),
	    STATIC_NOT_MODIFIED);
	CHECK_INT(verdict(TAG, NULL, NULL, "\"a,\"," TAG, NULL),
	    STATIC_NOT_MODIFIED);
	CHECK_INT(verdict(TAG, NULL, NULL, "\"a\"", NULL), STATIC_SEND);
	CHECK_INT(verdict(TAG, NULL, NULL, "\"xyz", NULL), STATIC_SEND);
	CHECK_INT(verdict(TAG, NULL, NULL, "\"xyzz\"", NULL), STATIC_SEND);
	CHECK_INT(verdict(TAG, NULL, NULL, NULL, DATE), STATIC_NOT_MODIFIED);
	CHECK_INT(verdict(TAG, NULL, NULL, NULL, AFTER), STATIC_NOT_MODIFIED);
	CHECK_INT(verdict(TAG, NULL, NULL, NULL, BEFORE), STATIC_SEND);
	CHECK_INT(verdict(TAG, NULL, NULL, NULL, "0"), STATIC_SEND);
}

TEST(conditions_in_their_order)
{
	/* If-Match makes If-Unmodified-Since mean nothing, */
	CHECK_INT(verdict(TAG, TAG, BEFORE, NULL, NULL), STATIC_SEND);
	CHECK_INT(verdict(TAG, "\"a\"", AFTER, NULL, NULL), STATIC_FAILED);
	/* If-None-Match the same for If-Modified-Since, */
	CHECK_INT(verdict(TAG, NULL, NULL, "\"a\"", AFTER), STATIC_SEND);
	CHECK_INT(verdict(TAG, NULL, NULL, TAG, BEFORE), STATIC_NOT_MODIFIED);
	/* and the first two come before the others. */
	CHECK_INT(verdict(TAG, "\"a\"", NULL, TAG, NULL), STATIC_FAILED);
	CHECK_INT(verdict(TAG, NULL, BEFORE, NULL, AFTER), STATIC_FAILED);
	CHECK_INT(verdict(TAG, TAG, NULL, TAG, NULL), STATIC_NOT_MODIFIED);
	CHECK_INT(verdict(TAG, NULL, AFTER, NULL, AFTER),
	    STATIC_NOT_MODIFIED);
}

/* Does If-Range let a range through? */
static bool
range_is_kept(const char *if_range, const char *etag, int age)
{
	const struct static_conditions	 conditions = { text(NULL),
	    text(NULL), text(NULL), text(NULL), text(if_range) };
	const struct static_state	 state = { etag, MODIFIED,
	    MODIFIED + age };

	return static_condition_range(&conditions, &state);
}

TEST(if_range_wants_just_this)
{
	CHECK(range_is_kept(NULL, TAG, 100));
	CHECK(range_is_kept(TAG, TAG, 100));
	CHECK(!range_is_kept("\"a\"", TAG, 100));
	CHECK(!range_is_kept("W/" TAG, TAG, 100));
	CHECK(!range_is_kept("W/" TAG, "W/" TAG, 100));
	CHECK(!range_is_kept(TAG, "W/" TAG, 100));
	CHECK(!range_is_kept(TAG ", \"a\"", TAG, 100));
	CHECK(!range_is_kept("*", TAG, 100));
	CHECK(!range_is_kept("", TAG, 100));
	CHECK(range_is_kept(DATE, TAG, 100));
	CHECK(!range_is_kept(AFTER, TAG, 100));
	CHECK(!range_is_kept(BEFORE, TAG, 100));
	/* Too young a date is no strong validator. */
	CHECK(!range_is_kept(DATE, TAG, 1));
}

/* The codings that a client gets, in order. */
static const char *
codings(const char *header)
{
	static char		 out[64];
	enum static_coding	 list[STATIC_CODINGS];
	size_t			 i, n;

	n = static_encoding_choose(header, strlen(header), list);
	out[0] = '\0';
	for (i = 0; i < n; i++) {
		strcat(out, i > 0 ? " " : "");
		strcat(out, static_codings[list[i]].name);
	}
	return out;
}

TEST(codings_by_weight)
{
	CHECK_STR(codings(""), "");
	CHECK_STR(codings("gzip"), "gzip");
	CHECK_STR(codings("GZip"), "gzip");
	CHECK_STR(codings("x-gzip"), "gzip");
	CHECK_STR(codings("gzip, deflate, br"), "br gzip");
	CHECK_STR(codings("gzip;q=1.0, br;q=0.5"), "gzip br");
	CHECK_STR(codings("gzip ; q=0.5 ,br; Q=0.501"), "br gzip");
	CHECK_STR(codings("gzip;q=0"), "");
	CHECK_STR(codings("gzip;q=0.000, br"), "br");
	CHECK_STR(codings("gzip;q=0.001"), "gzip");
	CHECK_STR(codings("*"), "br gzip");
	CHECK_STR(codings("*;q=0"), "");
	CHECK_STR(codings("gzip, *;q=0"), "gzip");
	CHECK_STR(codings("br;q=0, *"), "gzip");
	CHECK_STR(codings("compress, deflate"), "");
	CHECK_STR(codings("identity"), "");
	CHECK_STR(codings("gzip;q=0.5, identity"), "");
	CHECK_STR(codings("gzip;q=0.5, identity;q=0.4"), "gzip");
	CHECK_STR(codings("identity;q=0, gzip;q=0.1"), "gzip");
}

TEST(codings_that_are_wrong_are_skipped)
{
	CHECK_STR(codings("gzip;q=2"), "");
	CHECK_STR(codings("gzip;q=1.001"), "");
	CHECK_STR(codings("gzip;q=0.1234"), "");
	CHECK_STR(codings("gzip;q="), "");
	CHECK_STR(codings("gzip;"), "");
	CHECK_STR(codings("gzip q=1"), "");
	CHECK_STR(codings("gzip;level=9, br"), "br");
	CHECK_STR(codings(",,;q=1,gzip,"), "gzip");
	CHECK_STR(codings("gzipx, xgzip"), "");
	CHECK_STR(codings("\"gzip\""), "");
}

/* A file's tag. */
static const char *
tag(long s, long ns, unsigned size, long now, long now_ns)
{
	static char		 out[2][STATIC_ETAG_TEXT];
	static int		 which;
	const struct timespec	 mtime = { s, ns }, at = { now, now_ns };

	which = !which;
	static_etag_format(out[which], &mtime, size, "", &at);
	return out[which];
}

TEST(tags_tell_files_apart)
{
	CHECK_STR(tag(16, 255, 4096, 1000, 0), "\"10-ff-1000\"");
	CHECK(strcmp(tag(1, 5, 7, 99, 0), tag(1, 6, 7, 99, 0)) != 0);
	CHECK(strcmp(tag(1, 5, 7, 99, 0), tag(1, 5, 8, 99, 0)) != 0);
	CHECK_STR(tag(1, 5, 7, 99, 0), tag(1, 5, 7, 100, 0));
	CHECK(strlen(tag(LONG_MAX, 999999999, UINT32_MAX, LONG_MAX,
	    999999999)) < STATIC_ETAG_TEXT - 1);
}

TEST(tags_of_what_was_changed_just_now_are_weak)
{
	/* Within 20 ms, or 2 s where there are no fractions. */
	CHECK_MEM(tag(100, 5, 7, 100, 1000005), 2, "W/");
	CHECK(tag(100, 5, 7, 100, 20000005)[0] == '"');
	CHECK(tag(99, 999999999, 7, 100, 20000000)[0] == '"');
	CHECK_MEM(tag(99, 999999999, 7, 100, 1000000), 2, "W/");
	CHECK_MEM(tag(100, 0, 7, 101, 999999999), 2, "W/");
	CHECK(tag(100, 0, 7, 102, 0)[0] == '"');
	CHECK_MEM(tag(101, 5, 7, 100, 0), 2, "W/");
	/* And never the same twice, so that they do not come back. */
	CHECK(strcmp(tag(100, 5, 7, 100, 6), tag(100, 5, 7, 100, 7)) != 0);
}

TEST(types_by_ending)
{
	char			 name[] = "/tmp/wm-mime-XXXXXX";
	struct strlist		 files = { NULL, 0 };
	struct static_mime	*mime;
	char			*cause = NULL;
	FILE			*file = fdopen(mkstemp(name), "w");
	int			 i;

	fprintf(file, "# text/no no\ntext/a;charset=utf-8 \tAa b # c\n\n"
	    "wrong d\n%s\ntext/html\ntext/x html\n", "bad/\x01 e");
	for (i = 0; i < 1000; i++)
		fprintf(file, "a/b%d x%d y%d\n", i, i, i);
	fclose(file);
	strlist_add(&files, name);
	mime = static_mime_new(&files, &cause);
	REQUIRE(mime != NULL);
	CHECK_STR(static_mime_type(mime, "x.aa"), "text/a;charset=utf-8");
	CHECK_STR(static_mime_type(mime, "d.x/x.B"), "text/a;charset=utf-8");
	CHECK_STR(static_mime_type(mime, "x.html"), "text/x");
	CHECK_STR(static_mime_type(mime, "x.css"), "text/css");
	CHECK_STR(static_mime_type(mime, "x.y999"), "a/b999");
	CHECK_STR(static_mime_type(mime, "x.x0"), "a/b0");
	CHECK_STR(static_mime_type(mime, "x.tar.gz"), "application/gzip");
	CHECK_STR(static_mime_type(mime, "x"), "application/octet-stream");
	CHECK_STR(static_mime_type(mime, "x."), "application/octet-stream");
	CHECK_STR(static_mime_type(mime, "a.css/x"),
	    "application/octet-stream");
	CHECK_STR(static_mime_type(mime, "x.d"), "application/octet-stream");
	CHECK_STR(static_mime_type(mime, "x.e"), "application/octet-stream");
	CHECK_STR(static_mime_type(mime, "x.c"), "application/octet-stream");
	static_mime_free(mime);
	unlink(name);
	CHECK(static_mime_new(&files, &cause) == NULL);
	CHECK(cause != NULL && strstr(cause, "\"mimefile\"") != NULL);
	free(cause);
	strlist_done(&files);
}
