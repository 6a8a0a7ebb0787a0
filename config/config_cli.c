/* Reads options from the command line. */
#include "config/config_cli.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "config/option_set.h"

#define CLI_ORIGIN	"command line"

/* The arguments that are still to be read. */
struct cli_args {
	char		**next;
	char		**end;
	struct strlist	 *problems;
};

/* Does text end in tail? */
static bool
cli_ends_in(const char *text, const char *tail)
{
	size_t len = strlen(text), tlen = strlen(tail);

	return len > tlen && strcmp(text + len - tlen, tail) == 0;
}

/* Adds an option to the list, or notes the action it stands for. */
static void
cli_add(struct cli *cli, const struct option_row *row, const char *name,
    const char *value, bool letter)
{
	if (row->type == OPT_ACTION) {
		if (cli->action == CONFIG_RUN || row->initial == CONFIG_HELP)
			cli->action = (enum config_action)row->initial;
		return;
	}
	cli->items = xrealloc(cli->items,
	    (cli->count + 1) * sizeof *cli->items);
	cli->items[cli->count++] = (struct cli_item){
		.row = row, .name = name, .value = value, .letter = letter
	};
}

/* Complains about a long option that does not exist. */
static void
cli_unknown(struct cli_args *args, const char *name)
{
	const char *near = option_suggest(name, false);

	strlist_add_steal(args->problems, near == NULL ?
	    xasprintf(CLI_ORIGIN ": unknown option --%s", name) :
	    xasprintf(CLI_ORIGIN ": unknown option --%s; did you mean --%s?",
	    name, near));
}

/*
 * The value of an option that was written without one: the next argument, if
 * there is one that can be it. NULL after a complaint.
 */
static const char *
cli_next_value(struct cli_args *args, const struct option_row *row,
    const char *dashes, const char *name)
{
	const char *next = args->next < args->end ? *args->next : NULL;
	struct strbuf expect = STRBUF_INIT;

	if (row->type == OPT_BOOL)
		return "true";
	if (row->type == OPT_ACTION)
		return "";
	/* uWSGI takes no next argument here: only what must be a value. */
	if (row->bare != NULL &&
	    (next == NULL || next[strspn(next, "01234567")] != '\0'))
		return row->bare;
	if (next != NULL &&
	    (strncmp(next, "--", 2) != 0 || row->form == FORM_ANY)) {
		args->next++;
		return next;
	}
	option_expect(row, &expect);
	strlist_add_steal(args->problems, xasprintf(CLI_ORIGIN ": %s%s needs a "
	    "value: %s", dashes, name, strbuf_str(&expect)));
	strbuf_done(&expect);
	return NULL;
}

/* The row of --no-name, if name is a bool. */
static const struct option_row *
cli_find_negative(const char *name)
{
	const struct option_row *row;

	if (strncmp(name, "no-", 3) != 0)
		return NULL;
	row = option_find(name + 3);
	return row != NULL && row->type == OPT_BOOL ? row : NULL;
}

/* Reads --name, --name=value or --no-name. */
static void
cli_parse_long(struct cli *cli, struct cli_args *args, char *arg)
{
	const struct option_row *row;
	const char *value = strchr(arg, '=');
	size_t len = value == NULL ? strlen(arg) : (size_t)(value - arg);
	char *name = xstrndup(arg, len);

	row = option_find(name);
	if (row != NULL && row->type == OPT_ACTION && value != NULL)
		strlist_add_steal(args->problems, xasprintf(CLI_ORIGIN
		    ": --%s takes no value", name));
	else if (row != NULL) {
		value = value != NULL ? value + 1 :
		    cli_next_value(args, row, "--", name);
		if (value != NULL)
			cli_add(cli, row, arg, value, false);
	} else if (value == NULL && cli_find_negative(name) != NULL)
		cli_add(cli, cli_find_negative(name), arg, "false", false);
	else
		cli_unknown(args, name);
	free(name);
}

/* Reads -p4, -p 4, -h, or flags and one more in a row: -MLp4. */
static void
cli_parse_letter(struct cli *cli, struct cli_args *args, const char *arg)
{
	const struct option_row *row = option_find_letter(arg[0]);
	char letter[] = { arg[0], '\0' };
	const char *value;

	if (row != NULL && row->type == OPT_BOOL && arg[1] != '\0') {
		cli_add(cli, row, arg, "true", true);
		cli_parse_letter(cli, args, arg + 1);
		return;
	}
	if (row == NULL || (row->type == OPT_ACTION && arg[1] != '\0')) {
		strlist_add_steal(args->problems, xasprintf(CLI_ORIGIN
		    ": unknown option -%s", arg));
		return;
	}
	value = arg[1] != '\0' ? arg + 1 :
	    cli_next_value(args, row, "-", letter);
	if (value != NULL)
		cli_add(cli, row, arg, value, true);
}

/* Reads an argument without dashes: the name of a JSON file. */
static void
cli_parse_argument(struct cli *cli, struct cli_args *args, const char *arg)
{
	const char *hint = "";

	if (cli_ends_in(arg, ".json")) {
		cli_add(cli, option_find("config"), "config", arg, false);
		return;
	}
	if (cli_ends_in(arg, ".py"))
		hint = "; did you mean --wsgi-file?";
	strlist_add_steal(args->problems, xasprintf(CLI_ORIGIN
	    ": unexpected argument \"%s\"%s", arg, hint));
}

/* Splits the command line into options and values. */
void
config_cli_parse(struct cli *cli, int argc, char **argv,
    struct strlist *problems)
{
	struct cli_args args = {
		.next = argv + (argc > 0), .end = argv + argc,
		.problems = problems
	};
	char *arg;

	*cli = (struct cli){ .action = CONFIG_RUN };
	while (args.next < args.end) {
		arg = *args.next++;
		if (arg[0] == '-' && arg[1] == '-' && arg[2] != '\0')
			cli_parse_long(cli, &args, arg + 2);
		else if (arg[0] == '-' && arg[1] != '-' && arg[1] != '\0')
			cli_parse_letter(cli, &args, arg + 1);
		else
			cli_parse_argument(cli, &args, arg);
	}
}

/* Sets one option. */
static void
cli_apply_item(const struct cli_item *item, struct config *cfg,
    struct strlist *problems)
{
	size_t i = option_index(item->row);
	char *why = option_set_text(item->row, cfg, item->value);
	int len = item->letter ? 1 : (int)strcspn(item->name, "=");

	if (why != NULL) {
		strlist_add_steal(problems, xasprintf(CLI_ORIGIN ": %s%.*s %s",
		    item->letter ? "-" : "--", len, item->name, why));
		free(why);
		return;
	}
	free(cfg->origin[i]);
	cfg->origin[i] = xstrdup(CLI_ORIGIN);
}

/* Sets the options that name files, or all the others. */
void
config_cli_apply(const struct cli *cli, struct config *cfg, bool files,
    struct strlist *problems)
{
	size_t i;

	for (i = 0; i < cli->count; i++) {
		if ((cli->items[i].row->type == OPT_FILES) == files)
			cli_apply_item(&cli->items[i], cfg, problems);
	}
}

/* Frees the list. */
void
config_cli_done(struct cli *cli)
{
	free(cli->items);
	*cli = (struct cli){ .action = CONFIG_RUN };
}
