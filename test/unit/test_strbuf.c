/* Tests base/strbuf.c: a growing byte string. */
#include "base/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/unit/unit.h"

TEST(strbuf_is_an_empty_string_at_first)
{
	struct strbuf	 sb = STRBUF_INIT;
	char		*s;

	CHECK_STR(strbuf_str(&sb), "");
	s = strbuf_detach(&sb);
	CHECK_STR(s, "");
	free(s);
	strbuf_done(&sb);
}

TEST(strbuf_grows_past_every_size)
{
	struct strbuf	 sb = STRBUF_INIT;
	int		 i;

	for (i = 0; i < 5000; i++)
		strbuf_addc(&sb, (char)('a' + i % 26));
	CHECK_INT(sb.len, 5000);
	CHECK_INT(strlen(sb.buf), 5000);
	CHECK_INT(sb.buf[4999], 'a' + 4999 % 26);
	strbuf_done(&sb);
}

TEST(strbuf_adds_numbers)
{
	static const unsigned long long	 numbers[] = { 0, 7, 10, 4096,
	    18446744073709551615ULL };
	struct strbuf			 sb = STRBUF_INIT;
	char				 want[32];
	size_t				 i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		strbuf_addu(&sb, numbers[i]);
		snprintf(want, sizeof(want), "%llu", numbers[i]);
		CHECK_STR(sb.buf, want);
		strbuf_truncate(&sb, 0);
	}
	strbuf_done(&sb);
}

TEST(strbuf_formats_text_longer_than_its_room)
{
	struct strbuf	 sb = STRBUF_INIT;

	strbuf_addf(&sb, "%d-", 7);
	strbuf_addf(&sb, "%0300d", 1);
	CHECK_INT(sb.len, 302);
	CHECK_INT(sb.buf[301], '1');
	strbuf_truncate(&sb, 2);
	CHECK_STR(sb.buf, "7-");
	strbuf_done(&sb);
}

TEST(strbuf_holds_zero_bytes)
{
	struct strbuf	 sb = STRBUF_INIT;

	strbuf_add(&sb, "a\0b", 3);
	CHECK_INT(sb.len, 3);
	CHECK_INT(sb.buf[2], 'b');
	strbuf_done(&sb);
}

TEST(strbuf_json_escapes_what_json_cannot_hold)
{
	struct strbuf	 sb = STRBUF_INIT;

	strbuf_add_json(&sb, "a\"\\\n\t\x01\xe4\x7f", 8);
	CHECK_STR(sb.buf, "\"a\\\"\\\\\\n\\u0009\\u0001\\u00e4\\u007f\"");
	strbuf_done(&sb);
}

/* What a JSON string of these bytes is without its quotes. */
static const char *
json_of(const char *s)
{
	static char	 out[200];
	struct strbuf	 sb = STRBUF_INIT;

	strbuf_add_json_text(&sb, s, strlen(s));
	snprintf(out, sizeof(out), "%s", strbuf_str(&sb));
	strbuf_done(&sb);
	return out;
}

TEST(strbuf_json_keeps_utf8_and_nothing_like_it)
{
	CHECK_STR(json_of("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"),
	    "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80");
	CHECK_STR(json_of("\xed\x9f\xbf\xf4\x8f\xbf\xbf"),
	    "\xed\x9f\xbf\xf4\x8f\xbf\xbf");
	/* Cut, overlong, a surrogate, too large, a byte of the middle. */
	CHECK_STR(json_of("\xe2\x82"), "\\u00e2\\u0082");
	CHECK_STR(json_of("\xc0\xaf"), "\\u00c0\\u00af");
	CHECK_STR(json_of("\xe0\x80\xaf"), "\\u00e0\\u0080\\u00af");
	CHECK_STR(json_of("\xf0\x80\x80\xaf"),
	    "\\u00f0\\u0080\\u0080\\u00af");
	CHECK_STR(json_of("\xed\xa0\x80"), "\\u00ed\\u00a0\\u0080");
	CHECK_STR(json_of("\xf4\x90\x80\x80"),
	    "\\u00f4\\u0090\\u0080\\u0080");
	CHECK_STR(json_of("\xbf\xff"), "\\u00bf\\u00ff");
}
