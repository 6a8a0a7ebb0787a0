/* Prints values as JSON, and the help, the manual and the version. */
#include "config/config_print.h"

#include "build_config.h"

#include <event2/event.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "config/option_set.h"
#include "config/option_table.h"
#include "config/option_value.h"

#define HELP_WIDTH	79
#define HELP_INDENT	8

#ifdef WM_PYTHON_VERSION
#define PYTHON_TEXT	"CPython " WM_PYTHON_VERSION " " WM_PYTHON_KIND ", "
#else
#define PYTHON_TEXT	""
#endif
#if defined(WM_GREENLET_VERSION)
#define GREENLET_TEXT	", greenlet " WM_GREENLET_VERSION
#elif defined(WM_HAVE_GREENLET)
#define GREENLET_TEXT	", greenlet"
#else
#define GREENLET_TEXT	""
#endif

/* Adds a JSON value, indented, and frees it. */
static void
print_json(struct strbuf *sb, json_t *value)
{
	char *text;

	text = json_dumps(value, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
	strbuf_addf(sb, "%s\n", text);
	free(text);
	json_decref(value);
}

/* Every option with its value. */
void
config_print_json(const struct config *cfg, struct strbuf *sb)
{
	json_t *root = json_object();
	const struct option_row *row;
	size_t i;

	for (i = 0; i < option_count; i++) {
		row = &option_table[i];
		if (option_in_files(row))
			json_object_set_new(root, row->name,
			    option_to_json(row, cfg));
	}
	print_json(sb, root);
}

/* What takes the place of a secret text (new reference). */
static json_t *
print_hide_text(const json_t *value)
{
	const char *text = json_string_value(value);
	size_t len = text == NULL ? 0 : strcspn(text, "=");
	json_t *hidden;
	char *shown;

	if (text == NULL || text[len] == '\0')
		return json_string("***");
	shown = xasprintf("%.*s=***", (int)len, text);
	hidden = json_string(shown);
	free(shown);
	return hidden != NULL ? hidden : json_string("***");
}

/* A value of which the secrets are hidden; takes the reference, gives one. */
static json_t *
print_hide(json_t *value)
{
	json_t *hidden, *item;
	size_t i;

	if (json_is_null(value))
		return value;
	if (json_is_array(value)) {
		hidden = json_array();
		json_array_foreach(value, i, item)
			json_array_append_new(hidden, print_hide_text(item));
	} else
		hidden = json_string("***");
	json_decref(value);
	return hidden;
}

/* What is in force, and who says so. */
json_t *
config_to_json(const struct config *cfg)
{
	json_t *values = json_object(), *origins = json_object(), *value;
	const struct option_row *row;
	size_t i;

	for (i = 0; i < option_count; i++) {
		row = &option_table[i];
		if (!option_in_files(row))
			continue;
		value = option_to_json(row, cfg);
		if (row->flags & OPT_SECRET)
			value = print_hide(value);
		json_object_set_new(values, row->name, value);
		if (cfg->origin[i] != NULL)
			json_object_set_new(origins, row->name,
			    json_string(cfg->origin[i]));
	}
	return json_pack("{s:o, s:o}", "config", values, "set_by", origins);
}

/* What the value of an option is called, NULL when it takes none. */
static const char *
print_arg(const struct option_row *row)
{
	if (row->arg != NULL)
		return row->arg;
	if (row->type == OPT_SIZE)
		return "BYTES";
	return row->type == OPT_SECONDS ? "SECONDS" : NULL;
}

/* Adds --name ARG. */
static void
print_name(const struct option_row *row, const char *name, struct strbuf *sb)
{
	const char *arg = print_arg(row);

	strbuf_addf(sb, "--%s", name);
	if (row->bare != NULL)
		strbuf_addf(sb, "[=%s]", arg);
	else if (arg != NULL)
		strbuf_addf(sb, " %s", arg);
}

/* Adds all the ways to write an option. */
static void
print_names(const struct option_row *row, struct strbuf *sb)
{
	int i;

	if (row->letter != '\0')
		strbuf_addf(sb, "-%c, ", row->letter);
	print_name(row, row->name, sb);
	for (i = 0; i < OPTION_ALIASES && row->alias[i] != NULL; i++) {
		strbuf_adds(sb, ", ");
		print_name(row, row->alias[i], sb);
	}
	if (row->type == OPT_BOOL && row->initial != 0 &&
	    !(row->flags & OPT_NO_EFFECT))
		strbuf_addf(sb, ", --no-%s", row->name);
}

/* Adds what a value may be: 1 to 1024, or the choices. */
static void
print_limits(const struct option_row *row, struct strbuf *sb)
{
	if (row->type == OPT_BOOL && row->min == row->max)
		strbuf_adds(sb, row->min != 0 ? "true" : "false");
	else if (row->type == OPT_CHOICE || row->type == OPT_BOOL)
		option_expect(row, sb);
	else if (row->type != OPT_INT && row->type != OPT_SIZE &&
	    row->type != OPT_SECONDS)
		strbuf_adds(sb, "text");
	else if (isinf(row->max))
		strbuf_addf(sb, "%.15g or more", row->min);
	else if (row->min == row->max)
		strbuf_addf(sb, "%.15g", row->min);
	else
		strbuf_addf(sb, "%.15g to %.15g", row->min, row->max);
}

/* Adds the default; nothing when there is none. */
static void
print_default(const struct option_row *row, struct strbuf *sb)
{
	switch (row->type) {
	case OPT_BOOL:
		strbuf_adds(sb, row->initial != 0 ? "true" : "false");
		break;
	case OPT_INT:
	case OPT_SIZE:
	case OPT_SECONDS:
		strbuf_addf(sb, "%.15g", row->initial);
		break;
	case OPT_CHOICE:
		strbuf_adds(sb, name_of(row->choices, (int)row->initial));
		break;
	case OPT_TEXT:
		if (row->initial_text != NULL)
			strbuf_adds(sb, row->initial_text);
		break;
	case OPT_LIST:
	case OPT_FILES:
	case OPT_ACTION:
		break;
	}
}

/* Adds words, broken into indented lines. */
static void
print_wrapped(const char *text, struct strbuf *sb)
{
	size_t column = 0, len;

	while (*text != '\0') {
		len = strcspn(text, " ");
		if (column == 0 || column + 1 + len > HELP_WIDTH) {
			strbuf_addf(sb, "%s%*s", column == 0 ? "" : "\n",
			    HELP_INDENT, "");
			column = HELP_INDENT;
		} else {
			strbuf_addc(sb, ' ');
			column++;
		}
		strbuf_add(sb, text, len);
		column += len;
		text += len;
		text += strspn(text, " ");
	}
	strbuf_addc(sb, '\n');
}

/* Adds what stands in brackets after an option's help. */
static void
print_help_notes(const struct option_row *row, struct strbuf *sb)
{
	bool number = row->type == OPT_INT || row->type == OPT_SIZE ||
	    row->type == OPT_SECONDS;

	if ((row->flags & OPT_NO_EFFECT) || (number && row->reason != NULL))
		return;
	if (number || row->type == OPT_CHOICE) {
		strbuf_adds(sb, " (");
		print_limits(row, sb);
		strbuf_adds(sb, "; default ");
		print_default(row, sb);
		strbuf_addc(sb, ')');
	} else if (row->initial_text != NULL)
		strbuf_addf(sb, " (default %s)", row->initial_text);
	else if (row->type == OPT_BOOL && row->initial != 0)
		strbuf_adds(sb, " (on by default)");
	else if (row->type == OPT_LIST)
		strbuf_adds(sb, " (may be given several times)");
}

/* Adds what --help says about one option. */
static void
print_help_option(const struct option_row *row, struct strbuf *sb)
{
	struct strbuf text = STRBUF_INIT;

	strbuf_adds(sb, row->letter == '\0' ? "      " : "  ");
	print_names(row, sb);
	strbuf_addc(sb, '\n');
	strbuf_adds(&text, row->help);
	print_help_notes(row, &text);
	print_wrapped(text.buf, sb);
	strbuf_done(&text);
}

/* What --help says. */
void
config_print_help(struct strbuf *sb)
{
	size_t group, i;

	strbuf_adds(sb,
	    "Usage: wsgimaster [-c] FILE.json [OPTION]...\n"
	    "       wsgimaster --http-socket :8080 --module app:application "
	    "[OPTION]...\n"
	    "       wsgimaster ctl --help    looks into a running server\n"
	    "\n"
	    "Serves Python web apps. Every option may stand on the command "
	    "line or, without\n"
	    "its dashes, as a key in the JSON file; the command line wins, "
	    "lists are joined.\n"
	    "A switch is turned off by --no- before its name.\n");
	for (group = 0; group < GROUP_COUNT; group++) {
		strbuf_addf(sb, "\n%s:\n", option_group_titles[group]);
		for (i = 0; i < option_count; i++) {
			if (option_table[i].group == group)
				print_help_option(&option_table[i], sb);
		}
	}
}

/* Adds text as the cell of a Markdown table. */
static void
print_cell(const char *text, struct strbuf *sb)
{
	strbuf_adds(sb, " ");
	for (; *text != '\0'; text++) {
		if (*text == '|')
			strbuf_addc(sb, '\\');
		strbuf_addc(sb, *text);
	}
	strbuf_adds(sb, " |");
}

/* Adds the names of an option in one cell. */
static void
print_cell_names(const struct option_row *row, struct strbuf *sb)
{
	int i;

	strbuf_addf(sb, "| `%s`", row->name);
	for (i = 0; i < OPTION_ALIASES && row->alias[i] != NULL; i++)
		strbuf_addf(sb, ", `%s`", row->alias[i]);
	if (row->letter != '\0')
		strbuf_addf(sb, ", `-%c`", row->letter);
	strbuf_adds(sb, " |");
}

/* Adds the kind of value in one cell. */
static void
print_cell_value(const struct option_row *row, struct strbuf *sb)
{
	struct strbuf cell = STRBUF_INIT;

	if (row->type == OPT_LIST)
		strbuf_addf(&cell, "list of %s", row->arg);
	else if (row->type == OPT_ACTION)
		strbuf_adds(&cell, "none");
	else if (row->type == OPT_TEXT || row->type == OPT_FILES)
		strbuf_adds(&cell, row->arg);
	else
		print_limits(row, &cell);
	if (row->type == OPT_SECONDS)
		strbuf_adds(&cell, " seconds");
	if (row->type == OPT_SIZE)
		strbuf_adds(&cell, " bytes");
	print_cell(strbuf_str(&cell), sb);
	strbuf_done(&cell);
}

/* Adds the row of one option. */
static void
print_markdown_option(const struct option_row *row, struct strbuf *sb)
{
	struct strbuf cell = STRBUF_INIT;

	print_cell_names(row, sb);
	print_cell_value(row, sb);
	print_default(row, &cell);
	print_cell(strbuf_str(&cell), sb);
	strbuf_truncate(&cell, 0);
	strbuf_adds(&cell, row->help);
	if (row->flags & OPT_NO_RELOAD)
		strbuf_adds(&cell, " Fixed at start: a reload does not change "
		    "it.");
	print_cell(cell.buf, sb);
	strbuf_addc(sb, '\n');
	strbuf_done(&cell);
}

/* The manual of all options. */
void
config_print_markdown(struct strbuf *sb)
{
	size_t group, i;

	strbuf_adds(sb,
	    "# Options\n"
	    "\n"
	    "<!-- Made by wsgimaster --options-markdown from "
	    "config/option_table.c: change that. -->\n"
	    "\n"
	    "Every option can be given on the command line (`--processes 4`, "
	    "`--processes=4`)\n"
	    "and as a key of a JSON file (`{\"processes\": 4}`), whose object "
	    "may also stand\n"
	    "under a top key `wsgimaster` or `uwsgi`. The command line wins "
	    "over the file, a\n"
	    "later file over an earlier one; lists are joined, files first. "
	    "In a file a list\n"
	    "is one text or an array of texts; `env`, `mount` and "
	    "`harakiri-path` may also be\n"
	    "objects. Sizes are bytes and may be written as text with k, m or "
	    "g (`\"64k\"`). A\n"
	    "switch is turned off by `--no-` before its name. Under `uwsgi` "
	    "numbers and booleans\n"
	    "may be strings, as in uWSGI's own files.\n");
	for (group = 0; group < GROUP_COUNT; group++) {
		strbuf_addf(sb, "\n## %s\n\n"
		    "| option | value | default | meaning |\n"
		    "| --- | --- | --- | --- |\n", option_group_titles[group]);
		for (i = 0; i < option_count; i++) {
			if (option_table[i].group == group)
				print_markdown_option(&option_table[i], sb);
		}
	}
}

/* The version of the server and of what it is made of. */
void
config_print_version(struct strbuf *sb)
{
	strbuf_addf(sb, "wsgimaster " PACKAGE_VERSION " (" PYTHON_TEXT
	    "libevent %s, jansson %s" GREENLET_TEXT ")\n",
	    event_get_version(), jansson_version_str());
}
