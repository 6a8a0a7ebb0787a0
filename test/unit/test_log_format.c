/* Tests config/log_format.c: log-format as a list of fields. */
#include <stdlib.h>
#include <string.h>

#include "config/log_format.h"
#include "test/unit/unit.h"

/* What is wrong with a format, "" if nothing is. */
static const char *
cause_of(const char *text)
{
	static char		 why[200];
	struct log_format	 format;
	char			*cause;

	why[0] = '\0';
	if (log_format_parse(&format, text, &cause) == -1) {
		strncpy(why, cause, sizeof(why) - 1);
		free(cause);
	}
	log_format_done(&format);
	return why;
}

TEST(log_format_is_text_and_variables)
{
	struct log_format	 format;
	char			*cause;

	REQUIRE(log_format_parse(&format, "a 100% %(method)%(var.HTTP_X_AB)z",
	    &cause) == 0);
	REQUIRE(format.count == 4);
	CHECK(!format.json);
	CHECK_INT(format.fields[0].variable, LOG_VAR_TEXT);
	CHECK_STR(format.fields[0].text, "a 100% ");
	CHECK_INT(format.fields[0].len, 7);
	CHECK_INT(format.fields[1].variable, LOG_VAR_METHOD);
	CHECK_INT(format.fields[2].variable, LOG_VAR_HEADER);
	CHECK_STR(format.fields[2].text, "x-ab");
	CHECK_STR(format.fields[3].text, "z");
	log_format_done(&format);
}

TEST(log_format_that_begins_with_a_brace_is_json)
{
	struct log_format	 format;
	char			*cause;

	REQUIRE(log_format_parse(&format, "{\"a\":\"%(uri)\"}", &cause) == 0);
	CHECK(format.json);
	CHECK_INT(format.count, 3);
	log_format_done(&format);
	REQUIRE(log_format_parse(&format, NULL, &cause) == 0);
	CHECK_INT(format.count, 0);
	log_format_done(&format);
}

TEST(log_format_takes_what_the_app_will_note)
{
	struct log_format	 format;
	char			*cause;

	REQUIRE(log_format_parse(&format, "%(user_x)%(var.A_B)%(uri)",
	    &cause) == 0);
	REQUIRE(format.count == 3);
	CHECK_INT(format.fields[0].variable, LOG_VAR_APPS);
	CHECK_STR(format.fields[0].text, "user_x");
	CHECK_INT(format.fields[0].len, 6);
	CHECK_INT(format.fields[1].variable, LOG_VAR_CGI);
	CHECK_STR(format.fields[1].text, "A_B");
	CHECK_INT(format.fields[1].len, 3);
	CHECK_INT(format.fields[2].variable, LOG_VAR_URI);
	log_format_done(&format);
}

TEST(log_format_names_what_is_wrong)
{
	CHECK_STR(cause_of("%(method) %(user x)"), "%(user x) is not known");
	CHECK_STR(cause_of("%(rssM)"), "%(rssM) is not known");
	CHECK_STR(cause_of("%(metric.x)"), "%(metric.x) is not known");
	CHECK_STR(cause_of("%()"), "%() is not known");
	CHECK_STR(cause_of("a %(uri"), "\"%(uri\" has no closing parenthesis");
	CHECK_STR(cause_of("100%"), "");
}
