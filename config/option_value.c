/* The value of one option: default, copy, compare, show. */
#include "config/option_value.h"

#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/xmalloc.h"

/* Where the option's value lies. */
void *
option_member(const struct option_row *row, const struct config *cfg)
{
	return (char *)cfg + row->offset;
}

/* Sets the default. */
void
option_set_default(const struct option_row *row, struct config *cfg)
{
	void *member = option_member(row, cfg);

	switch (row->type) {
	case OPT_BOOL:
		*(bool *)member = row->initial != 0;
		break;
	case OPT_INT:
	case OPT_CHOICE:
		*(int *)member = (int)row->initial;
		break;
	case OPT_SIZE:
		*(size_t *)member = (size_t)row->initial;
		break;
	case OPT_SECONDS:
		*(double *)member = row->initial;
		break;
	case OPT_TEXT:
		*(char **)member = row->initial_text == NULL ? NULL :
		    xstrdup(row->initial_text);
		break;
	case OPT_LIST:
	case OPT_FILES:
		*(struct strlist *)member = (struct strlist){ NULL, 0 };
		break;
	case OPT_ACTION:
		break;
	}
}

/* Frees what the option's value owns. */
void
option_clear(const struct option_row *row, struct config *cfg)
{
	char **text;

	if (row->type == OPT_LIST || row->type == OPT_FILES)
		strlist_done(option_member(row, cfg));
	if (row->type == OPT_TEXT) {
		text = option_member(row, cfg);
		free(*text);
		*text = NULL;
	}
}

/* Puts a copy of one configuration's value into another. */
void
option_copy(const struct option_row *row, struct config *to,
    const struct config *from)
{
	void *in = option_member(row, to);
	const void *out = option_member(row, from);
	const char *text;

	option_clear(row, to);
	switch (row->type) {
	case OPT_BOOL:
		*(bool *)in = *(const bool *)out;
		break;
	case OPT_INT:
	case OPT_CHOICE:
		*(int *)in = *(const int *)out;
		break;
	case OPT_SIZE:
		*(size_t *)in = *(const size_t *)out;
		break;
	case OPT_SECONDS:
		*(double *)in = *(const double *)out;
		break;
	case OPT_TEXT:
		text = *(char *const *)out;
		*(char **)in = text == NULL ? NULL : xstrdup(text);
		break;
	case OPT_LIST:
	case OPT_FILES:
		strlist_add_all(in, out);
		break;
	case OPT_ACTION:
		break;
	}
}

/* Are both texts the same, or both missing? */
static bool
option_text_equal(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

/* Compares the values of two configurations. */
bool
option_equal(const struct option_row *row, const struct config *a,
    const struct config *b)
{
	const void *x = option_member(row, a), *y = option_member(row, b);

	switch (row->type) {
	case OPT_BOOL:
		return *(const bool *)x == *(const bool *)y;
	case OPT_INT:
	case OPT_CHOICE:
		return *(const int *)x == *(const int *)y;
	case OPT_SIZE:
		return *(const size_t *)x == *(const size_t *)y;
	case OPT_SECONDS:
		return *(const double *)x == *(const double *)y;
	case OPT_TEXT:
		return option_text_equal(*(char *const *)x, *(char *const *)y);
	case OPT_LIST:
	case OPT_FILES:
		return strlist_equal(x, y);
	case OPT_ACTION:
		break;
	}
	return true;
}

/* A number as JSON, whole ones without a fraction (new reference). */
json_t *
option_number_to_json(double number)
{
	if (number > -1e15 && number < 1e15 && number == (json_int_t)number)
		return json_integer((json_int_t)number);
	return json_real(number);
}

/* A list as JSON (new reference); bytes that are no UTF-8 become null. */
static json_t *
option_list_to_json(const struct strlist *list)
{
	json_t *array = json_array(), *item;
	size_t i;

	for (i = 0; i < list->count; i++) {
		item = json_string(list->items[i]);
		json_array_append_new(array, item != NULL ? item : json_null());
	}
	return array;
}

/* The value as JSON (new reference). */
json_t *
option_to_json(const struct option_row *row, const struct config *cfg)
{
	const void *member = option_member(row, cfg);
	json_t *text;

	switch (row->type) {
	case OPT_BOOL:
		return json_boolean(*(const bool *)member);
	case OPT_INT:
		return json_integer(*(const int *)member);
	case OPT_SIZE:
		return json_integer(*(const size_t *)member);
	case OPT_SECONDS:
		return option_number_to_json(*(const double *)member);
	case OPT_CHOICE:
		return json_string(name_of(row->choices, *(const int *)member));
	case OPT_TEXT:
		/* json_string(NULL) is NULL, as it is for broken UTF-8. */
		text = json_string(*(char *const *)member);
		return text != NULL ? text : json_null();
	case OPT_LIST:
	case OPT_FILES:
		return option_list_to_json(member);
	case OPT_ACTION:
		break;
	}
	return json_null();
}
