/* Tests worker/http_date.c with RFC 9110's dates. */
#include <string.h>

#include "test/unit/unit.h"
#include "worker/http_date.h"

#define NOW	1795257600		/* 2026-11-21 12:00:00 */
#define BAD	(-999999999)

/* What a text means, or BAD. */
static long long
date(const char *text)
{
	int64_t	 seconds;

	return http_date_parse(text, strlen(text), NOW, &seconds) ?
	    (long long)seconds : BAD;
}

TEST(the_three_forms_mean_the_same)
{
	CHECK_INT(date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
	CHECK_INT(date("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777);
	CHECK_INT(date("Sun Nov  6 08:49:37 1994"), 784111777);
	CHECK_INT(date("Sun Nov 16 08:49:37 1994"), 784111777 + 864000);
}

TEST(two_digits_of_a_year_are_at_most_fifty_ahead)
{
	CHECK_INT(date("Tuesday, 21-Nov-76 00:00:00 GMT"), 3373142400);
	CHECK_INT(date("Monday, 21-Nov-77 00:00:00 GMT"), 248918400);
}

TEST(leap_years)
{
	CHECK_INT(date("Thu, 29 Feb 2024 00:00:00 GMT"), 1709164800);
	CHECK_INT(date("Tue, 29 Feb 2000 00:00:00 GMT"), 951782400);
	CHECK_INT(date("Wed, 29 Feb 2023 00:00:00 GMT"), BAD);
	CHECK_INT(date("Mon, 29 Feb 2100 00:00:00 GMT"), BAD);
	CHECK_INT(date("Sat, 31 Dec 2016 23:59:60 GMT"), 1483228800);
}

TEST(far_dates)
{
	CHECK_INT(date("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
	CHECK_INT(date("Wed, 31 Dec 1969 23:59:59 GMT"), -1);
	CHECK_INT(date("Fri, 31 Dec 9999 23:59:59 GMT"), 253402300799);
	CHECK_INT(date("Sat, 01 Jan 0000 00:00:00 GMT"), -62167219200);
}

TEST(what_is_no_date)
{
	static const char *const	 bad[] = { "", "0", "GMT",
	    "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
	    "Sun, 06 Nov 1994 08:49:37 GMT ", " Sun, 06 Nov 1994 08:49:37 GMT",
	    "Sun, 6 Nov 1994 08:49:37 GMT", "sun, 06 nov 1994 08:49:37 gmt",
	    "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
	    "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
	    "Sun, 06 Nov 1994 23:60:00 GMT", "Sun, 06 Nov 1994 23:59:61 GMT",
	    "Sun, 06 Nov 94 08:49:37 GMT", "Sun Nov 6 08:49:37 1994",
	    "Sunday, 06-Nov-1994 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT",
	    "Sun, 06 Nov -994 08:49:37 GMT", "Son, 06 Nov 1994 08:49:37 GMT" };
	size_t				 i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(date(bad[i]), BAD);
}

TEST(no_prefix_of_a_date_is_one)
{
	const char	 text[] = "Sun, 06 Nov 1994 08:49:37 GMT";
	int64_t		 seconds;
	size_t		 i;

	for (i = 0; i < sizeof(text) - 1; i++)
		CHECK(!http_date_parse(text, i, NOW, &seconds));
}

TEST(what_is_written_is_read_again)
{
	char	 text[HTTP_DATE_TEXT + 1];
	int64_t	 at;

	http_date_format(784111777, text);
	CHECK_STR(text, "Sun, 06 Nov 1994 08:49:37 GMT");
	http_date_format(-5, text);
	CHECK_STR(text, "Thu, 01 Jan 1970 00:00:00 GMT");
	for (at = 0; at < 8000000000; at += 86400 * 13 + 4567) {
		http_date_format(at, text);
		CHECK_INT(date(text), at);
	}
}
