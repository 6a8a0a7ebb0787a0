/* Texts of the outside world as JSON. */
#ifndef WM_MASTER_CONTROL_TEXT_H
#define WM_MASTER_CONTROL_TEXT_H

#include <jansson.h>

struct strbuf;

/* A string, as UTF-8 if it is that, else as latin-1. New reference. */
json_t	*control_string(const char *text);
/* Adds the same, in quotes. */
void	 control_add_string(struct strbuf *sb, const char *text);

#endif
