/* Tests config/keyvals.c. */
#include "config/keyvals.h"

#include <stdlib.h>
#include <string.h>

#include "test/unit/unit.h"

static const char *const	 known[] = { "name", "items", "lru", "cmd",
    NULL };

/* What is said of a value; "" if it is a good one. */
static const char *
refused(const char *text)
{
	static char	 said[256];
	struct keyvals	 kv;
	char		*cause;

	said[0] = '\0';
	if (keyvals_parse(&kv, text, known, "name", &cause) == -1) {
		strncat(said, cause, sizeof(said) - 1);
		free(cause);
	}
	keyvals_done(&kv);
	return said;
}

TEST(values_are_taken_apart)
{
	struct keyvals	 kv;
	char		*cause;

	REQUIRE(keyvals_parse(&kv, "name=a=b,items=,lru,cmd=x\\,y\\\\z\\n",
	    known, NULL, &cause) == 0);
	CHECK_STR(keyvals_text(&kv, "name"), "a=b");
	CHECK_STR(keyvals_text(&kv, "items"), "");
	CHECK(keyvals_has(&kv, "lru"));
	CHECK_STR(keyvals_text(&kv, "lru"), NULL);
	CHECK_STR(keyvals_text(&kv, "cmd"), "x,y\\z\\n");
	CHECK(!keyvals_has(&kv, "nothing"));
	keyvals_done(&kv);
	REQUIRE(keyvals_parse(&kv, "/var/spool,items=4", known, "name",
	    &cause) == 0);
	CHECK_STR(keyvals_text(&kv, "name"), "/var/spool");
	CHECK_STR(keyvals_text(&kv, "items"), "4");
	keyvals_done(&kv);
}

TEST(bad_values_are_named)
{
	CHECK_STR(refused("a,nmae=b"),
	    "there is no \"nmae\"; did you mean \"name\"?");
	CHECK_STR(refused("a,quite=b"), "there is no \"quite\"");
	CHECK_STR(refused("a,name=b"), "\"name\" is given twice");
	CHECK_STR(refused(""), "there is no \"\"");
	CHECK_STR(refused("name=a,"), "there is no \"\"");
	CHECK_STR(refused("name=a"), "");
}

/* The number that items has in the text; -1: it is refused. */
static long long
items(const char *text)
{
	struct keyvals	 kv;
	char		*cause;
	size_t		 n = 7;
	int		 result = -1;

	if (keyvals_parse(&kv, text, known, NULL, &cause) == 0)
		result = keyvals_size(&kv, "items", 1, 1 << 30, &n, &cause);
	if (result == -1)
		free(cause);
	keyvals_done(&kv);
	return result == -1 ? -1 : (long long)n;
}

TEST(numbers_have_units_and_limits)
{
	CHECK_INT(items("name=a"), 7);
	CHECK_INT(items("items=1"), 1);
	CHECK_INT(items("items=2k"), 2048);
	CHECK_INT(items("items=3M"), 3 << 20);
	CHECK_INT(items("items=1g"), 1 << 30);
	CHECK_INT(items("items=2g"), -1);
	CHECK_INT(items("items=0"), -1);
	CHECK_INT(items("items=-1"), -1);
	CHECK_INT(items("items"), -1);
	CHECK_INT(items("items="), -1);
	CHECK_INT(items("items=1x"), -1);
	CHECK_INT(items("items=1kk"), -1);
	CHECK_INT(items("items=999999999999999999g"), -1);
	CHECK_INT(items("items=9999999999999999999"), -1);
}

/* 1 or 0, -1: it is refused, 2: not given. */
static int
lru(const char *text)
{
	struct keyvals	 kv;
	char		*cause;
	bool		 yes = true;
	int		 result = -1;

	if (keyvals_parse(&kv, text, known, NULL, &cause) == 0)
		result = keyvals_bool(&kv, "lru", &yes, &cause);
	if (result == -1)
		free(cause);
	keyvals_done(&kv);
	return result == -1 ? -1 : yes;
}

TEST(yes_and_no)
{
	CHECK_INT(lru("lru"), 1);
	CHECK_INT(lru("lru=1"), 1);
	CHECK_INT(lru("lru=Yes"), 1);
	CHECK_INT(lru("lru=0"), 0);
	CHECK_INT(lru("lru=off"), 0);
	CHECK_INT(lru("lru=perhaps"), -1);
	CHECK_INT(lru("lru="), -1);
	CHECK_INT(lru("name=a"), 1);
}
