/* Prints the JSON Schema (draft 2020-12) of configuration files. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "base/xmalloc.h"
#include "config/config_print.h"
#include "config/option_table.h"
#include "config/option_value.h"

/* Adds the limits of a number. */
static void
schema_add_limits(json_t *schema, const struct option_row *row)
{
	json_object_set_new(schema, "minimum", option_number_to_json(row->min));
	if (!isinf(row->max))
		json_object_set_new(schema, "maximum",
		    option_number_to_json(row->max));
}

/* The names of a choice (new reference). */
static json_t *
schema_choices(const struct option_row *row)
{
	const struct name_value *choice;
	json_t *names = json_array();

	for (choice = row->choices; choice->name != NULL; choice++)
		json_array_append_new(names, json_string(choice->name));
	return names;
}

/* The pattern a text of this form matches, NULL for any text. */
static const char *
schema_pattern(enum option_form form)
{
	switch (form) {
	case FORM_ANY:
		return NULL;
	case FORM_OCTAL:
		return "^0{0,2}[0-7]{1,3}$";
	case FORM_OWNER:
		return "^([^:]+|[^:]*:[^:]+)$";
	case FORM_ID:
		return "^[^-]";
	case FORM_PAIR:
		return "^[^=]+=";
	case FORM_MOUNT:
	case FORM_FOLDER:
		return "^/[^=]*=.";
	case FORM_LIMIT:
		return "^/[^=]*=[0-9.]+$";
	case FORM_EXPIRES:
		return "^.+[ =][0-9]{1,10}$";
	case FORM_NOT_EMPTY:
		break;
	}
	return "^.";
}

/* The types of a text (new reference); extra is one more, or NULL. */
static json_t *
schema_types(const struct option_row *row, const char *extra)
{
	json_t *types;

	if (extra == NULL && row->form != FORM_ID)
		return json_string("string");
	types = json_pack("[s]", "string");
	if (row->form == FORM_ID)
		json_array_append_new(types, json_string("integer"));
	if (extra != NULL)
		json_array_append_new(types, json_string(extra));
	return types;
}

/* The schema of one text (new reference); extra is one more type it may be. */
static json_t *
schema_text(const struct option_row *row, const char *extra)
{
	const char *pattern = schema_pattern(row->form);
	json_t *schema = json_object();

	json_object_set_new(schema, "type", schema_types(row, extra));
	if (pattern != NULL)
		json_object_set_new(schema, "pattern", json_string(pattern));
	return schema;
}

/* The schema of what stands behind a pair's name (new reference). */
static json_t *
schema_pair_value(enum option_form form)
{
	if (form == FORM_LIMIT)
		return json_pack("{s[ss]ss}", "type", "number", "string",
		    "pattern", "^[0-9.]+$");
	return json_pack("{ssss}", "type", "string", "pattern",
	    form == FORM_PAIR ? "" : ".");
}

/* The schema of a list (new reference): a text, texts, or pairs. */
static json_t *
schema_list(const struct option_row *row)
{
	json_t *schema = schema_text(row, "array");

	json_object_set_new(schema, "items", schema_text(row, NULL));
	if (row->form != FORM_PAIR && row->form != FORM_MOUNT &&
	    row->form != FORM_LIMIT && row->form != FORM_FOLDER)
		return schema;
	json_array_append_new(json_object_get(schema, "type"),
	    json_string("object"));
	json_object_set_new(schema, "propertyNames", json_pack("{ss}",
	    "pattern", row->form == FORM_PAIR ? "^[^=]+$" : "^/[^=]*$"));
	json_object_set_new(schema, "additionalProperties",
	    schema_pair_value(row->form));
	return schema;
}

/* The schema of a switch (new reference). */
static json_t *
schema_bool(const struct option_row *row)
{
	json_t *schema = json_pack("{ss}", "type", "boolean");

	if (row->min == row->max)
		json_object_set_new(schema, "const",
		    json_boolean(row->min != 0));
	return schema;
}

/* The schema of a number (new reference). */
static json_t *
schema_number(const struct option_row *row)
{
	json_t *schema;

	if (row->type == OPT_SIZE)
		schema = json_pack("{s[ss]ss}", "type", "integer", "string",
		    "pattern", "^[0-9]+[kKmMgG]?$");
	else
		schema = json_pack("{ss}", "type",
		    row->type == OPT_INT ? "integer" : "number");
	schema_add_limits(schema, row);
	return schema;
}

/* The schema of an option's value alone (new reference). */
static json_t *
schema_value(const struct option_row *row)
{
	switch (row->type) {
	case OPT_BOOL:
		return schema_bool(row);
	case OPT_INT:
	case OPT_SIZE:
	case OPT_SECONDS:
		return schema_number(row);
	case OPT_CHOICE:
		return json_pack("{so}", "enum", schema_choices(row));
	case OPT_TEXT:
		return schema_text(row, "null");
	case OPT_LIST:
	case OPT_FILES:
	case OPT_ACTION:
		break;
	}
	return schema_list(row);
}

/* Adds an option under its name, and its aliases as references to it. */
static void
schema_add_option(json_t *properties, const struct option_row *row,
    const struct config *defaults)
{
	json_t *schema = schema_value(row);
	char *reference = xasprintf("#/properties/%s", row->name);
	int i;

	json_object_set_new(schema, "description", json_string(row->help));
	json_object_set_new(schema, "default", option_to_json(row, defaults));
	json_object_set_new(properties, row->name, schema);
	for (i = 0; i < OPTION_ALIASES && row->alias[i] != NULL; i++)
		json_object_set_new(properties, row->alias[i],
		    json_pack("{ss}", "$ref", reference));
	free(reference);
}

/* All options (new reference). */
static json_t *
schema_properties(void)
{
	json_t *properties = json_object();
	struct config defaults;
	size_t i;

	json_object_set_new(properties, "$schema",
	    json_pack("{ss}", "type", "string"));
	json_object_set_new(properties, "wsgimaster",
	    json_pack("{ssss}", "$ref", "#", "description",
	    "All options may stand in here instead."));
	for (i = 0; i < option_count; i++) {
		if (!option_in_files(&option_table[i]))
			continue;
		option_set_default(&option_table[i], &defaults);
		schema_add_option(properties, &option_table[i], &defaults);
		option_clear(&option_table[i], &defaults);
	}
	return properties;
}

/* The schema of configuration files. */
void
config_print_schema(struct strbuf *sb)
{
	json_t *root;
	char *text;

	/* Beside "wsgimaster" no option may stand. */
	root = json_pack("{ss ss ss so sb s{s{s{sb sb} sb}}}",
	    "$schema", "https://json-schema.org/draft/2020-12/schema",
	    "title", "wsgimaster configuration",
	    "type", "object",
	    "properties", schema_properties(),
	    "additionalProperties", 0,
	    "dependentSchemas", "wsgimaster",
	    "properties", "wsgimaster", 1, "$schema", 1,
	    "additionalProperties", 0);
	text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
	strbuf_addf(sb, "%s\n", text);
	free(text);
	json_decref(root);
}
