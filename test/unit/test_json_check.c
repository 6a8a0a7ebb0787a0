/* Tests base/json_check.c: what is JSON, and what is not. */
#include <stdio.h>
#include <string.h>

#include "base/json_check.h"
#include "test/unit/unit.h"

/* Is it? */
static bool
good(const char *text)
{
	return json_check(text, strlen(text));
}

TEST(json_check_takes_json)
{
	CHECK(good("{}"));
	CHECK(good(" [ ] "));
	CHECK(good("{\"a\":[1,-2,0.5,true,false,null,\"\"],\"b\":{}}"));
	CHECK(good("{ \"a\" : [ 1 , 2 ] , \"b\" : \"c\" }\n"));
	CHECK(good("\"\\\"\\\\\\/\\n\\u0001\\ud83d\\udc0d\xc3\xa4\""));
	CHECK(good("[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]"));
	CHECK(good("999999999999999999"));
}

TEST(json_check_refuses_what_is_none)
{
	static const char *const	 texts[] = { "", " ", "{", "}", "[",
	    "[1", "[1,", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
	    "{a:1}", "{1:1}", "\"", "\"a", "\"\\", "\"\\x\"", "\"\\u12\"",
	    "\"\n\"", "[1]x", "{}{}", "01", "-", "1.", ".5", "1e5", "truex",
	    "nul", "NaN", "[1 2]", "{\"a\":1 \"b\":2}", "{\"a\"1}" };
	size_t				 i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (good(texts[i]))
			printf("# taken: %s\n", texts[i]);
		CHECK(!good(texts[i]));
	}
}

TEST(json_check_refuses_what_some_readers_do)
{
	CHECK(!good("1000000000000000000"));
	CHECK(!good("\"\\u0000\""));
	CHECK(!good("\"\\ud83d\""));
	CHECK(!good("\"\\ud83dx\""));
	CHECK(!good("\"\\ud83d\\u0041\""));
	CHECK(!good("\"\\udc0d\""));
	CHECK(!good("\"\xff\""));
	CHECK(!good("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]"));
	CHECK(!json_check("[1]\0[2]", 7));
	CHECK(!json_check("\"a\0b\"", 5));
}
