/* Prints what is known about options: values, help, manual, schema, version. */
#ifndef WM_CONFIG_CONFIG_PRINT_H
#define WM_CONFIG_CONFIG_PRINT_H

#include <jansson.h>

#include "base/strbuf.h"
#include "config/config.h"

/* Every option with its value, as JSON that reads back the same. */
void	 config_print_json(const struct config *cfg, struct strbuf *sb);
/*
 * What is in force: {"config": {name: value}, "set_by": {name: "app.json"}},
 * the latter for what is not left at its default. What may hold passwords is
 * "***", of NAME=value the value. New reference.
 */
json_t	*config_to_json(const struct config *cfg);
/* For people at a terminal, 80 columns. */
void	 config_print_help(struct strbuf *sb);
/* doc/options.md. */
void	 config_print_markdown(struct strbuf *sb);
/* The version of the server and of what it is made of, one line. */
void	 config_print_version(struct strbuf *sb);
/* The JSON Schema (draft 2020-12) of configuration files. */
void	 config_print_schema(struct strbuf *sb);

#endif
