/* The value of one option: default, copy, compare, show. */
#ifndef WM_CONFIG_OPTION_VALUE_H
#define WM_CONFIG_OPTION_VALUE_H

#include <jansson.h>
#include <stdbool.h>

#include "config/config.h"
#include "config/option_table.h"

/* Where the option's value lies in cfg; row->type says what it is. */
void	*option_member(const struct option_row *row, const struct config *cfg);
/* Sets the default; the member must hold nothing to free. */
void	 option_set_default(const struct option_row *row, struct config *cfg);
/* Frees what the option's value owns. */
void	 option_clear(const struct option_row *row, struct config *cfg);
/* Puts a copy of one configuration's value into another. */
void	 option_copy(const struct option_row *row, struct config *to,
	    const struct config *from);
bool	 option_equal(const struct option_row *row, const struct config *a,
	    const struct config *b);
/* The value as JSON (new reference). Not for actions. */
json_t	*option_to_json(const struct option_row *row,
	    const struct config *cfg);
/* A number as JSON, whole ones without a fraction (new reference). */
json_t	*option_number_to_json(double number);

#endif
