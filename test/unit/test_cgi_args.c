/* Tests of queries that become arguments. */
#include <stdlib.h>
#include <string.h>

#include "plugins/cgi/cgi_args.h"
#include "test/unit/unit.h"

static char	*args[CGI_ARGS_MAX];
static char	 out[4096];

/* Splits a query, in a block that ends right behind it. */
static size_t
split(const char *query)
{
	size_t	 len = strlen(query), n;
	char	*copy = malloc(len > 0 ? len : 1);

	memcpy(copy, query, len);
	memset(out, 'x', sizeof(out));
	n = cgi_args_split(copy, len, out, args);
	CHECK(out[len + 1] == 'x');
	free(copy);
	return n;
}

TEST(words)
{
	CHECK_INT(split("a+b%20c+%2b"), 3);
	CHECK_STR(args[0], "a");
	CHECK_STR(args[1], "b c");
	CHECK_STR(args[2], "+");
	CHECK_INT(split("one"), 1);
	CHECK_STR(args[0], "one");
	CHECK_INT(split("a%3Db"), 1);	/* an encoded "=" is none */
	CHECK_STR(args[0], "a=b");
}

TEST(empty_words)
{
	CHECK_INT(split("+a+"), 3);
	CHECK_STR(args[0], "");
	CHECK_STR(args[1], "a");
	CHECK_STR(args[2], "");
}

TEST(none)
{
	CHECK_INT(split(""), 0);
	CHECK_INT(split("a=b"), 0);
	CHECK_INT(split("a+b="), 0);
}

TEST(all_or_none)
{
	CHECK_INT(split("a+%zz"), 0);
	CHECK_INT(split("a+%4"), 0);
	CHECK_INT(split("a+%"), 0);
	CHECK_INT(split("a+%00"), 0);
}

TEST(no_options)
{
	CHECK_INT(split("-s"), 0);
	CHECK_INT(split("%2ds"), 0);
	CHECK_INT(split("a+-dallow_url_include%3don"), 0);
	CHECK_INT(split("a-b"), 1);
}

TEST(too_many)
{
	char	 query[2 * CGI_ARGS_MAX + 3];
	size_t	 i;

	for (i = 0; i <= CGI_ARGS_MAX; i++)
		memcpy(query + 2 * i, "a+", 3);
	query[2 * CGI_ARGS_MAX - 1] = '\0';
	CHECK_INT(split(query), CGI_ARGS_MAX);
	query[2 * CGI_ARGS_MAX - 1] = '+';
	query[2 * CGI_ARGS_MAX + 1] = '\0';
	CHECK_INT(split(query), 0);
}
