/* Tests base/json_out.c, also with jansson's parser. */
#include <jansson.h>
#include <limits.h>
#include <string.h>

#include "base/json_out.h"
#include "test/unit/unit.h"

/* What becomes of a string; its memory lasts until the next call. */
static const char *
written(const char *text, size_t len)
{
	static struct strbuf	 sb = STRBUF_INIT;
	struct json_out		 json = { .out = &sb };

	strbuf_truncate(&sb, 0);
	json_strn(&json, NULL, text, len);
	return strbuf_str(&sb);
}

/* Does jansson read these bytes back? As latin-1, if they are not UTF-8. */
static bool
reads_back(const char *text, size_t len)
{
	const char	*json = written(text, len);
	json_t		*value;
	bool		 same;

	value = json_loads(json, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	if (value == NULL)
		return false;
	same = !json_is_utf8(text, len) ||
	    (json_string_length(value) == len &&
	    memcmp(json_string_value(value), text, len) == 0);
	json_decref(value);
	return same;
}

/* An object with all kinds of values in it. */
static void
write_all(struct json_out *json)
{
	json_open(json, NULL, '{');
	json_int(json, "a", -3);
	json_open(json, "b", '[');
	json_uint(json, NULL, 1);
	json_bool(json, NULL, true);
	json_str(json, NULL, NULL);
	json_open(json, NULL, '{');
	json_open(json, "c", '{');
	json_int(json, "d", 1);
	json_int(json, "e", 2);
	json_close(json);
	json_open(json, "f", '[');
	json_close(json);
	json_close(json);
	json_close(json);
	json_raw(json, "g", "[1]", 3);
	json_close(json);
}

TEST(json_out_nests_without_space)
{
	struct strbuf	 sb = STRBUF_INIT;
	struct json_out	 json = { .out = &sb };

	write_all(&json);
	CHECK_STR(strbuf_str(&sb), "{\"a\":-3,\"b\":[1,true,null,"
	    "{\"c\":{\"d\":1,\"e\":2},\"f\":[]}],\"g\":[1]}");
	CHECK_INT(json.depth, 0);
	strbuf_done(&sb);
}

TEST(json_out_nests_with_lines)
{
	struct strbuf	 sb = STRBUF_INIT;
	struct json_out	 json = { .out = &sb, .pretty = true };

	write_all(&json);
	CHECK_STR(strbuf_str(&sb), "{\n\t\"a\": -3,\n\t\"b\": [\n\t\t1,"
	    "\n\t\ttrue,\n\t\tnull,\n\t\t{\n\t\t\t\"c\": {\"d\":1,"
	    "\"e\":2},\n\t\t\t\"f\": []\n\t\t}\n\t],\n\t\"g\": [1]\n}");
	strbuf_done(&sb);
}

TEST(json_out_goes_on_in_another_buffer)
{
	struct strbuf	 one = STRBUF_INIT, two = STRBUF_INIT;
	struct json_out	 json = { .out = &one };

	json_open(&json, NULL, '[');
	json_int(&json, NULL, 1);
	json.out = &two;
	json_int(&json, NULL, 2);
	json_close(&json);
	CHECK_STR(strbuf_str(&one), "[1");
	CHECK_STR(strbuf_str(&two), ",2]");
	strbuf_done(&one);
	strbuf_done(&two);
}

TEST(json_out_writes_any_number)
{
	struct strbuf	 sb = STRBUF_INIT;
	struct json_out	 json = { .out = &sb };

	json_open(&json, NULL, '[');
	json_int(&json, NULL, LLONG_MIN);
	json_int(&json, NULL, 0);
	json_uint(&json, NULL, ULLONG_MAX);
	json_close(&json);
	CHECK_STR(strbuf_str(&sb),
	    "[-9223372036854775808,0,9223372036854775807]");
	strbuf_done(&sb);
}

TEST(json_out_keeps_utf8_and_escapes_the_rest)
{
	CHECK_STR(written("a\"b\\c", 5), "\"a\\u0022b\\u005cc\"");
	CHECK_STR(written("\n\t\x01\x7f", 4),
	    "\"\\u000a\\u0009\\u0001\\u007f\"");
	CHECK_STR(written("\xc3\xa4\xf0\x9f\x90\x8d", 6),
	    "\"\xc3\xa4\xf0\x9f\x90\x8d\"");
	CHECK_STR(written("\xe4z", 2), "\"\\u00e4z\"");
	CHECK_STR(written("", 0), "\"\"");
	CHECK_STR(written("a\0b", 3), "\"a\\u0000b\"");
}

TEST(json_out_tells_utf8)
{
	CHECK(json_is_utf8("", 0));
	CHECK(json_is_utf8("\x7f\xc2\x80\xdf\xbf", 5));
	CHECK(json_is_utf8("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80", 9));
	CHECK(json_is_utf8("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8));
	CHECK(!json_is_utf8("\x80", 1));
	CHECK(!json_is_utf8("\xc0\x80", 2));
	CHECK(!json_is_utf8("\xc1\xbf", 2));
	CHECK(!json_is_utf8("\xe0\x9f\xbf", 3));
	CHECK(!json_is_utf8("\xed\xa0\x80", 3));
	CHECK(!json_is_utf8("\xf0\x8f\xbf\xbf", 4));
	CHECK(!json_is_utf8("\xf4\x90\x80\x80", 4));
	CHECK(!json_is_utf8("\xf5\x80\x80\x80", 4));
	CHECK(!json_is_utf8("\xc3", 1));
	CHECK(!json_is_utf8("\xe2\x82", 2));
	CHECK(!json_is_utf8("\xe2\x28\xa1", 3));
	CHECK(!json_is_utf8("\xff", 1));
}

TEST(json_out_any_bytes_can_be_read)
{
	unsigned	 seed = 1, i, j;
	size_t		 len;
	char		 text[24];

	for (i = 0; i < 20000; i++) {
		seed = seed * 1103515245 + 12345;
		len = seed >> 16 & 15;
		for (j = 0; j < len; j++) {
			seed = seed * 1103515245 + 12345;
			text[j] = (char)(seed >> 16);
		}
		if (!reads_back(text, len))
			break;
	}
	CHECK_INT(i, 20000);
}
