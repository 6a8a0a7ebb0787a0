/* Reads the value of one option from text or JSON, or says what is wrong. */
#ifndef WM_CONFIG_OPTION_SET_H
#define WM_CONFIG_OPTION_SET_H

#include <jansson.h>
#include <stdbool.h>

#include "base/strbuf.h"
#include "config/config.h"
#include "config/option_table.h"

/*
 * Set a value, or add to a list. A value that is not good is not stored (of a
 * list's items those before it are), and the rest of a sentence that begins
 * with the option's name comes back (the caller frees it), like: must be true
 * or false, not "maybe". lenient takes what uWSGI's files may hold: numbers as
 * strings, strings as numbers, "true" and 1 for true.
 */
char	*option_set_text(const struct option_row *row, struct config *cfg,
	    const char *text);
char	*option_set_json(const struct option_row *row, struct config *cfg,
	    const json_t *value, bool lenient);

/* Adds what kind of value is expected, like: an integer from 1 to 1024. */
void	 option_expect(const struct option_row *row, struct strbuf *sb);

#endif
