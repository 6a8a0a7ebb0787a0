/* Reads the value of one option from text or JSON, or says what is wrong. */
#include "config/option_set.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/xmalloc.h"
#include "config/option_value.h"
#include "config/static_rule.h"

/* The longest time that a limit can have. */
#define OPTION_LIMIT_MAX	86400

/* What stands for a bool in text. */
static const struct name_value bool_words[] = {
	{ "true",	1 },
	{ "1",		1 },
	{ "yes",	1 },
	{ "false",	0 },
	{ "0",		0 },
	{ "no",		0 },
	{ NULL,		0 }
};

/* Adds the limits of a number. */
static void
option_expect_limits(const struct option_row *row, struct strbuf *sb)
{
	if (isinf(row->max))
		strbuf_addf(sb, " of at least %.15g", row->min);
	else if (row->min == row->max)
		strbuf_addf(sb, " that is %.15g", row->min);
	else
		strbuf_addf(sb, " from %.15g to %.15g", row->min, row->max);
}

/* Adds the names of a choice: one of "a", "b" or "c". */
static void
option_expect_choices(const struct option_row *row, struct strbuf *sb)
{
	const struct name_value *choice;

	for (choice = row->choices; choice->name != NULL; choice++) {
		if (choice != row->choices)
			strbuf_adds(sb, choice[1].name == NULL ? " or " : ", ");
		strbuf_addf(sb, "\"%s\"", choice->name);
	}
}

/* What an option's text, or one item of its list, must look like. */
static const char *
option_form_text(enum option_form form)
{
	switch (form) {
	case FORM_ANY:
		return "text";
	case FORM_OCTAL:
		return "an octal mode up to \"777\", like \"660\"";
	case FORM_OWNER:
		return "\"user\" or \"user:group\"";
	case FORM_ID:
		return "a name or a number";
	case FORM_PAIR:
		return "\"NAME=value\"";
	case FORM_MOUNT:
		return "\"/prefix=module:callable\" or \"/prefix=file.py\"";
	case FORM_LIMIT:
		return "\"/prefix=seconds\", like \"/reports=120\"";
	case FORM_FOLDER:
		return "\"/prefix=folder\" or \"/path=file\"";
	case FORM_EXPIRES:
		return "\"what seconds\", like \"\\.css$ 3600\"";
	case FORM_NOT_EMPTY:
		break;
	}
	return "text that is not empty";
}

/* Adds what kind of value is expected. */
void
option_expect(const struct option_row *row, struct strbuf *sb)
{
	switch (row->type) {
	case OPT_BOOL:
		strbuf_adds(sb, "true or false");
		break;
	case OPT_INT:
		strbuf_adds(sb, "an integer");
		option_expect_limits(row, sb);
		break;
	case OPT_SIZE:
		strbuf_adds(sb, "a number of bytes");
		option_expect_limits(row, sb);
		break;
	case OPT_SECONDS:
		strbuf_adds(sb, "a number of seconds");
		option_expect_limits(row, sb);
		break;
	case OPT_CHOICE:
		option_expect_choices(row, sb);
		break;
	case OPT_TEXT:
	case OPT_LIST:
	case OPT_FILES:
		strbuf_adds(sb, option_form_text(row->form));
		break;
	case OPT_ACTION:
		strbuf_adds(sb, "alone");
		break;
	}
}

/* The complaint about a value of the wrong kind; frees found. */
static char *
option_wrong(const struct option_row *row, char *found)
{
	struct strbuf sb = STRBUF_INIT;

	strbuf_adds(&sb, "must be ");
	option_expect(row, &sb);
	strbuf_addf(&sb, ", not %s", found);
	free(found);
	return strbuf_detach(&sb);
}

/* The complaint about a number outside the limits; frees found. */
static char *
option_outside(const struct option_row *row, double number, char *found)
{
	char *why;

	if (row->reason == NULL)
		return option_wrong(row, found);
	if (row->type == OPT_BOOL)
		why = xasprintf("cannot be %s: %s",
		    number != 0 ? "true" : "false", row->reason);
	else
		why = xasprintf("cannot be %.15g: %s", number, row->reason);
	free(found);
	return why;
}

/* A text in quotes, cut when it is long. */
static char *
option_quote(const char *text)
{
	struct strbuf sb = STRBUF_INIT;
	size_t i;

	strbuf_addc(&sb, '"');
	for (i = 0; text[i] != '\0' && i < 60; i++)
		strbuf_addc(&sb, text[i] >= 0 && text[i] < ' ' ? '?' : text[i]);
	strbuf_adds(&sb, text[i] == '\0' ? "\"" : "...\"");
	return strbuf_detach(&sb);
}

/* What a JSON value is, in words. */
static char *
option_describe(const json_t *value)
{
	char *quoted, *found;

	switch (json_typeof(value)) {
	case JSON_STRING:
		quoted = option_quote(json_string_value(value));
		found = xasprintf("the string %s", quoted);
		free(quoted);
		return found;
	case JSON_INTEGER:
		return xasprintf("the number %lld",
		    (long long)json_integer_value(value));
	case JSON_REAL:
		return xasprintf("the number %.15g", json_real_value(value));
	case JSON_TRUE:
		return xstrdup("true");
	case JSON_FALSE:
		return xstrdup("false");
	case JSON_NULL:
		return xstrdup("null");
	case JSON_ARRAY:
		return xstrdup("a list");
	case JSON_OBJECT:
		break;
	}
	return xstrdup("an object");
}

/* Stores a whole number; text and JSON meet here. Takes found. */
static char *
option_set_integer(const struct option_row *row, struct config *cfg,
    long long number, char *found)
{
	if ((double)number < row->min || (double)number > row->max)
		return option_outside(row, number, found);
	free(found);
	if (row->type == OPT_SIZE)
		*(size_t *)option_member(row, cfg) = (size_t)number;
	else if (row->type == OPT_SECONDS)
		*(double *)option_member(row, cfg) = (double)number;
	else if (row->type == OPT_BOOL)
		*(bool *)option_member(row, cfg) = number != 0;
	else
		*(int *)option_member(row, cfg) = (int)number;
	return NULL;
}

/* Stores a number of seconds. Takes found. */
static char *
option_set_seconds(const struct option_row *row, struct config *cfg,
    double number, char *found)
{
	if (!(number >= row->min && number <= row->max))
		return option_outside(row, number, found);
	free(found);
	*(double *)option_member(row, cfg) = number;
	return NULL;
}

/* Is this a file mode, three octal digits at most after leading zeros? */
static bool
option_is_mode(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len > 5 || strspn(text, "01234567") != len)
		return false;
	return strtol(text, NULL, 8) <= 0777;
}

/* Is this user, user:group or :group? */
static bool
option_is_owner(const char *text)
{
	const char *colon = strchr(text, ':');

	if (colon == NULL)
		return text[0] != '\0';
	return colon[1] != '\0' && strchr(colon + 1, ':') == NULL;
}

/* Reads a number of seconds; no hexadecimal, no "inf". */
static bool
option_parse_seconds(const char *text, double *number)
{
	char *end;

	if (text[0] == '\0' || text[strspn(text, "-+.0123456789eE")] != '\0')
		return false;
	*number = strtod(text, &end);
	return *end == '\0' && end != text;
}

/* Is this a number of seconds, a day at most? */
static bool
option_is_limit(const char *text)
{
	double seconds;

	return option_parse_seconds(text, &seconds) && seconds >= 0 &&
	    seconds <= OPTION_LIMIT_MAX;
}

/* Does a text look as the option wants it? */
static bool
option_has_form(enum option_form form, const char *text)
{
	const char *equals = strchr(text, '=');
	int64_t seconds;
	size_t len;

	switch (form) {
	case FORM_ANY:
		return true;
	case FORM_OCTAL:
		return option_is_mode(text);
	case FORM_OWNER:
		return option_is_owner(text);
	case FORM_ID:
		return text[0] != '\0' && text[0] != '-';
	case FORM_PAIR:
		return equals != NULL && equals != text;
	case FORM_MOUNT:
	case FORM_FOLDER:
		return text[0] == '/' && equals != NULL && equals[1] != '\0';
	case FORM_LIMIT:
		return text[0] == '/' && equals != NULL &&
		    option_is_limit(equals + 1);
	case FORM_EXPIRES:
		return static_rule_split(text, &len, &seconds);
	case FORM_NOT_EMPTY:
		break;
	}
	return text[0] != '\0';
}

/* Stores a text or adds it to the list. Takes found. */
static char *
option_set_string(const struct option_row *row, struct config *cfg,
    const char *text, char *found)
{
	char **member;

	if (!option_has_form(row->form, text))
		return option_wrong(row, found);
	free(found);
	if (row->type != OPT_TEXT) {
		strlist_add(option_member(row, cfg), text);
		return NULL;
	}
	member = option_member(row, cfg);
	free(*member);
	*member = xstrdup(text);
	return NULL;
}

/* Stores a choice by its name. Takes found. */
static char *
option_set_choice(const struct option_row *row, struct config *cfg,
    const char *text, char *found)
{
	int value = value_of(row->choices, text, -1);

	if (value == -1)
		return option_wrong(row, found);
	free(found);
	*(int *)option_member(row, cfg) = value;
	return NULL;
}

/* Reads a whole number and, for sizes, the letter after it. */
static bool
option_parse_integer(const struct option_row *row, const char *text,
    long long *number)
{
	static const char letters[] = "kmg";
	const char *letter;
	char *end;
	int shift;

	if (strchr("-0123456789", text[0]) == NULL || text[0] == '\0')
		return false;
	errno = 0;
	*number = strtoll(text, &end, 10);
	if (errno != 0 || end == text)
		return false;
	if (*end == '\0')
		return true;
	/* | ' ' makes a letter small. */
	letter = strchr(letters, *end | ' ');
	if (row->type != OPT_SIZE || letter == NULL || end[1] != '\0')
		return false;
	shift = 10 * (int)(letter - letters + 1);
	if (*number < 0 || *number > LLONG_MAX >> shift)
		return false;
	*number <<= shift;
	return true;
}

/* Reads a value from text; found says what it is in a complaint. */
static char *
option_set_parsed(const struct option_row *row, struct config *cfg,
    const char *text, char *found)
{
	long long number;
	double seconds;

	switch (row->type) {
	case OPT_BOOL:
		number = value_of(bool_words, text, -1);
		if (number == -1)
			return option_wrong(row, found);
		return option_set_integer(row, cfg, number, found);
	case OPT_INT:
	case OPT_SIZE:
		if (!option_parse_integer(row, text, &number))
			return option_wrong(row, found);
		return option_set_integer(row, cfg, number, found);
	case OPT_SECONDS:
		if (!option_parse_seconds(text, &seconds))
			return option_wrong(row, found);
		return option_set_seconds(row, cfg, seconds, found);
	case OPT_CHOICE:
		return option_set_choice(row, cfg, text, found);
	case OPT_TEXT:
	case OPT_LIST:
	case OPT_FILES:
		return option_set_string(row, cfg, text, found);
	case OPT_ACTION:
		break;
	}
	return option_wrong(row, found);
}

/* Reads a value from a text of the command line. */
char *
option_set_text(const struct option_row *row, struct config *cfg,
    const char *text)
{
	return option_set_parsed(row, cfg, text, option_quote(text));
}

/* A number or truth of a lenient file as text, NULL for anything else. */
static char *
option_scalar_text(const struct option_row *row, const json_t *value)
{
	if (json_is_true(value) && row->bare != NULL)
		return xstrdup(row->bare);
	if (json_is_integer(value))
		return xasprintf("%lld", (long long)json_integer_value(value));
	if (json_is_real(value))
		return xasprintf("%.15g", json_real_value(value));
	return NULL;
}

/* Adds one item of a list, or stores a text. */
static char *
option_set_item(const struct option_row *row, struct config *cfg,
    const json_t *value, bool lenient)
{
	char *text, *why;

	if (json_is_string(value))
		return option_set_string(row, cfg, json_string_value(value),
		    option_describe(value));
	text = lenient || (row->form == FORM_ID && json_is_integer(value)) ?
	    option_scalar_text(row, value) : NULL;
	if (text == NULL)
		return option_wrong(row, option_describe(value));
	why = option_set_string(row, cfg, text, option_describe(value));
	free(text);
	return why;
}

/* Adds an object's members as key=value. */
static char *
option_set_object(const struct option_row *row, struct config *cfg,
    const json_t *object, bool lenient)
{
	const char *key;
	json_t *value;
	char *text, *pair, *why = NULL;

	json_object_foreach((json_t *)object, key, value) {
		text = lenient || row->form == FORM_LIMIT ?
		    option_scalar_text(row, value) : NULL;
		if (text == NULL && json_is_string(value))
			text = xstrdup(json_string_value(value));
		if (text == NULL) {
			why = option_describe(value);
			pair = xasprintf("must map \"%s\" to text, not to %s",
			    key, why);
			free(why);
			return pair;
		}
		pair = xasprintf("%s=%s", key, text);
		/* A '=' in the name would cut it short. */
		if (strchr(key, '=') != NULL)
			why = option_wrong(row, option_quote(pair));
		else
			why = option_set_string(row, cfg, pair,
			    option_quote(pair));
		free(pair);
		free(text);
		if (why != NULL)
			return why;
	}
	return NULL;
}

/* Adds to a list: one text, an array of texts, or an object for pairs. */
static char *
option_set_list(const struct option_row *row, struct config *cfg,
    const json_t *value, bool lenient)
{
	bool pairs = row->form == FORM_PAIR || row->form == FORM_MOUNT ||
	    row->form == FORM_LIMIT || row->form == FORM_FOLDER;
	size_t i;
	json_t *item;
	char *why;

	if (json_is_object(value) && pairs)
		return option_set_object(row, cfg, value, lenient);
	if (!json_is_array(value))
		return option_set_item(row, cfg, value, lenient);
	json_array_foreach(value, i, item) {
		why = option_set_item(row, cfg, item, lenient);
		if (why != NULL)
			return why;
	}
	return NULL;
}

/* May a string stand for this option's value in a file? */
static bool
option_takes_string(const struct option_row *row, bool lenient)
{
	return lenient || row->type == OPT_SIZE || row->type == OPT_CHOICE;
}

/* Is this a number without a fraction, like 4 or 4.0? */
static bool
option_is_whole(const json_t *value)
{
	double number = json_number_value(value);

	if (!json_is_real(value))
		return json_is_integer(value);
	return number > -1e15 && number < 1e15 &&
	    number == (double)(long long)number;
}

/* A whole number of a JSON file. */
static long long
option_whole(const json_t *value)
{
	return json_is_real(value) ? (long long)json_real_value(value) :
	    (long long)json_integer_value(value);
}

/* Reads a value from a JSON file. */
char *
option_set_json(const struct option_row *row, struct config *cfg,
    const json_t *value, bool lenient)
{
	char *found;

	if (row->type == OPT_LIST)
		return option_set_list(row, cfg, value, lenient);
	if (row->type == OPT_TEXT && json_is_null(value)) {
		option_clear(row, cfg);
		option_set_default(row, cfg);
		return NULL;
	}
	if (row->type == OPT_TEXT)
		return option_set_item(row, cfg, value, lenient);

	found = option_describe(value);
	if (json_is_string(value) && option_takes_string(row, lenient))
		return option_set_parsed(row, cfg, json_string_value(value),
		    found);
	if (row->type == OPT_BOOL && json_is_boolean(value))
		return option_set_integer(row, cfg, json_is_true(value), found);
	if (option_is_whole(value) && row->type != OPT_CHOICE &&
	    (row->type != OPT_BOOL || lenient))
		return option_set_integer(row, cfg, option_whole(value), found);
	if (row->type == OPT_SECONDS && json_is_real(value))
		return option_set_seconds(row, cfg, json_real_value(value),
		    found);
	return option_wrong(row, found);
}
