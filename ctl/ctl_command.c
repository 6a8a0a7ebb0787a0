/* The command line of wsgimaster ctl: a table of commands, one of options. */
#include "ctl/ctl_command.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/xmalloc.h"

#define CTL_SECONDS_MAX	86400.0

/* How an option's value is read, and where it goes. */
enum ctl_value {
	CTL_VALUE_NONE,
	CTL_VALUE_TEXT,		/* const char * */
	CTL_VALUE_OWN_TEXT,	/* char *, a copy */
	CTL_VALUE_LIST,		/* struct strlist */
	CTL_VALUE_NUMBER,	/* int, not negative */
	CTL_VALUE_SECONDS	/* double, above 0 */
};

#define AT(member)	offsetof(struct ctl, member)

static const struct ctl_option_row {
	enum ctl_option	 option;
	char		 letter;
	const char	*name;
	const char	*arg;
	enum ctl_value	 value;
	size_t		 offset;
	const char	*help;
} ctl_options[] = {
	{ CTL_OPTION_SOCKET, 's', "socket", "PATH", CTL_VALUE_OWN_TEXT,
	    AT(socket), "the server's control-socket; else "
	    "$WSGIMASTER_CONTROL" },
	{ CTL_OPTION_CONFIG, 'c', "config", "FILE", CTL_VALUE_LIST,
	    AT(config), "or the server's configuration, which names it" },
	{ CTL_OPTION_JSON, '\0', "json", NULL, CTL_VALUE_NONE, 0,
	    "print the result as JSON" },
	{ CTL_OPTION_TIMEOUT, '\0', "timeout", "SECONDS", CTL_VALUE_SECONDS,
	    AT(timeout), "how long to wait for the server" },
	{ CTL_OPTION_NO_WAIT, '\0', "no-wait", NULL, CTL_VALUE_NONE, 0,
	    "only ask for it, do not wait until it is done" },
	{ CTL_OPTION_NOW, '\0', "now", NULL, CTL_VALUE_NONE, 0,
	    "kill what runs" },
	{ CTL_OPTION_ALL, '\0', "all", NULL, CTL_VALUE_NONE, 0,
	    "also what is idle, or left at its default" },
	{ CTL_OPTION_WORKER, '\0', "worker", "ID", CTL_VALUE_NUMBER,
	    AT(worker), "only of this worker" },
	{ CTL_OPTION_CORE, '\0', "core", "N", CTL_VALUE_NUMBER,
	    AT(core), "only of this core" },
	{ CTL_OPTION_REQUEST, '\0', "request", "ID", CTL_VALUE_TEXT,
	    AT(request), "only of this request, by its id in the log" },
	{ CTL_OPTION_OLDEST, '\0', "oldest", "N", CTL_VALUE_NUMBER,
	    AT(oldest), "only of the N oldest requests (at most 200)" },
	{ CTL_OPTION_FRAMES, 'n', "frames", "N", CTL_VALUE_NUMBER,
	    AT(frames), "print N frames one below the other and leave" },
	{ CTL_OPTION_DELAY, 'd', "delay", "SECONDS", CTL_VALUE_SECONDS,
	    AT(delay), "from one frame to the next (1)" },
	{ CTL_OPTION_SORT, '\0', "sort", "KEY", CTL_VALUE_TEXT,
	    AT(sort), "order of workers: id, rate, busy, memory, lag" },
	{ CTL_OPTION_HELP, 'h', "help", NULL, CTL_VALUE_NONE, 0,
	    "print this" },
};

#define OPTIONS	(sizeof(ctl_options) / sizeof(ctl_options[0]))

/* Is the option given? */
bool
ctl_has(const struct ctl *ctl, enum ctl_option option)
{
	return (ctl->given & (unsigned)option) != 0;
}

/* Says what is wrong with the command line. */
static int
ctl_complain(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
static int
ctl_complain(const char *fmt, ...)
{
	va_list	 ap;

	fputs("wsgimaster ctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("\n(wsgimaster ctl --help shows what there is)\n", stderr);
	return -1;
}

/* Puts an option's value where it belongs; -1 if it is none. */
static int
ctl_set(struct ctl *ctl, const struct ctl_option_row *row, const char *text)
{
	char	*member = (char *)ctl + row->offset, *end = NULL;
	double	 seconds;
	long	 n;

	switch (row->value) {
	case CTL_VALUE_NONE:
		break;
	case CTL_VALUE_TEXT:
		*(const char **)member = text;
		break;
	case CTL_VALUE_OWN_TEXT:
		free(*(char **)member);
		*(char **)member = xstrdup(text);
		break;
	case CTL_VALUE_LIST:
		strlist_add((struct strlist *)member, text);
		break;
	case CTL_VALUE_NUMBER:
		n = strtol(text, &end, 10);
		if (!isdigit((unsigned char)text[0]) || *end != '\0' ||
		    n > INT_MAX)
			return -1;
		*(int *)member = (int)n;
		break;
	case CTL_VALUE_SECONDS:
		seconds = strtod(text, &end);
		if (*end != '\0' || !(seconds > 0) ||
		    seconds > CTL_SECONDS_MAX)
			return -1;
		*(double *)member = seconds;
		break;
	}
	ctl->given |= (unsigned)row->option;
	return 0;
}

/* The option that an argument begins with; *value is what follows a "=". */
static const struct ctl_option_row *
ctl_find_option(const char *arg, const char **value)
{
	const struct ctl_option_row	*row;
	size_t				 len, i;

	*value = NULL;
	for (i = 0; i < OPTIONS; i++) {
		row = &ctl_options[i];
		if (arg[1] != '-') {
			if (row->letter != arg[1] || row->letter == '\0')
				continue;
			if (arg[2] != '\0')
				*value = arg + 2;
			return row;
		}
		len = strlen(row->name);
		if (strncmp(arg + 2, row->name, len) != 0 ||
		    (arg[2 + len] != '\0' && arg[2 + len] != '='))
			continue;
		if (arg[2 + len] == '=')
			*value = arg + 2 + len + 1;
		return row;
	}
	return NULL;
}

/* Reads an option; *i is the argument's place, and moves over its value. */
static int
ctl_parse_option(struct ctl *ctl, int argc, char **argv, int *i)
{
	const struct ctl_option_row	*row;
	const char			*value;

	row = ctl_find_option(argv[*i], &value);
	if (row == NULL)
		return ctl_complain("unknown option %s", argv[*i]);
	if (row->value == CTL_VALUE_NONE) {
		if (value != NULL)
			return ctl_complain("--%s takes no value", row->name);
		return ctl_set(ctl, row, NULL);
	}
	if (value == NULL && *i + 1 < argc)
		value = argv[++*i];
	if (value == NULL)
		return ctl_complain("--%s needs %s", row->name, row->arg);
	if (ctl_set(ctl, row, value) == -1)
		return ctl_complain("--%s: \"%s\" is no %s", row->name, value,
		    row->value == CTL_VALUE_NUMBER ? "number" :
		    "number of seconds");
	return 0;
}

/* Finds the command. */
static int
ctl_find_command(struct ctl *ctl, const struct ctl_command *commands,
    const char *name)
{
	const struct ctl_command	*row;
	struct nearest			 near;
	bool				 search = nearest_begin(&near, name);

	for (row = commands; row->name != NULL; row++) {
		if (strcmp(row->name, name) == 0) {
			ctl->command = row;
			return 0;
		}
		if (search)
			nearest_try(&near, row->name);
	}
	if (near.best != NULL)
		return ctl_complain("unknown command \"%s\"; did you mean "
		    "\"%s\"?", name, near.best);
	return ctl_complain("unknown command \"%s\"", name);
}

/* A number may begin with a dash; every other such argument is an option. */
static bool
ctl_is_option(const char *arg)
{
	return arg[0] == '-' && arg[1] != '\0' &&
	    !isdigit((unsigned char)arg[1]);
}

/* Do command, argument and options go together? */
static int
ctl_check(const struct ctl *ctl)
{
	const struct ctl_command	*command = ctl->command;
	size_t				 i;

	if (command == NULL)
		return ctl_complain("say what to do, like \"status\"");
	for (i = 0; i < OPTIONS; i++) {
		if (ctl_has(ctl, ctl_options[i].option) &&
		    ((command->options | CTL_OPTIONS_COMMON) &
		    ctl_options[i].option) == 0)
			return ctl_complain("%s has no --%s", command->name,
			    ctl_options[i].name);
	}
	if (ctl->arg != NULL && command->arg == NULL)
		return ctl_complain("%s takes no \"%s\"", command->name,
		    ctl->arg);
	return 0;
}

/* Reads the command line. */
int
ctl_parse(struct ctl *ctl, const struct ctl_command *commands, int argc,
    char **argv)
{
	int	 i;

	for (i = 1; i < argc; i++) {
		if (ctl_is_option(argv[i])) {
			if (ctl_parse_option(ctl, argc, argv, &i) == -1)
				return -1;
		} else if (ctl->command == NULL) {
			if (ctl_find_command(ctl, commands, argv[i]) == -1)
				return -1;
		} else if (ctl->arg == NULL) {
			ctl->arg = argv[i];
		} else {
			return ctl_complain("what is \"%s\"?", argv[i]);
		}
	}
	if (ctl_has(ctl, CTL_OPTION_HELP))
		return 0;
	if (ctl_check(ctl) == -1)
		return -1;
	if (!ctl_has(ctl, CTL_OPTION_TIMEOUT))
		ctl->timeout = ctl->command->timeout;
	return 0;
}

/* Adds those of the options that are in the set. */
static void
ctl_help_options(struct strbuf *sb, unsigned set)
{
	const struct ctl_option_row	*row;
	char				 name[40], letter[8];
	size_t				 i;

	for (i = 0; i < OPTIONS; i++) {
		row = &ctl_options[i];
		if ((set & (unsigned)row->option) == 0)
			continue;
		snprintf(letter, sizeof(letter), row->letter != '\0' ?
		    "-%c, " : "    ", row->letter);
		snprintf(name, sizeof(name), "--%s%s%s", row->name,
		    row->arg != NULL ? " " : "",
		    row->arg != NULL ? row->arg : "");
		strbuf_addf(sb, "  %s%-19s %s\n", letter, name, row->help);
	}
}

/* Adds what the commands are. */
static void
ctl_help_commands(struct strbuf *sb, const struct ctl_command *row)
{
	char	 name[40];

	for (; row->name != NULL; row++) {
		snprintf(name, sizeof(name), "%s%s%s%s", row->name,
		    row->arg != NULL ? " [" : "",
		    row->arg != NULL ? row->arg : "",
		    row->arg != NULL ? "]" : "");
		strbuf_addf(sb, "  %-19s %s\n", name, row->help);
	}
}

/* Adds the help. */
void
ctl_help(struct strbuf *sb, const struct ctl_command *commands,
    const struct ctl_command *command)
{
	if (command != NULL) {
		strbuf_addf(sb, "usage: wsgimaster ctl [OPTION...] %s%s%s%s\n"
		    "\n%s\n\n", command->name,
		    command->arg != NULL ? " [" : "",
		    command->arg != NULL ? command->arg : "",
		    command->arg != NULL ? "]" : "", command->help);
		ctl_help_options(sb, command->options | CTL_OPTIONS_COMMON);
		return;
	}
	strbuf_adds(sb, "usage: wsgimaster ctl [OPTION...] COMMAND\n\n"
	    "Asks a running server, or tells it to do something.\n\n");
	ctl_help_commands(sb, commands);
	strbuf_adds(sb, "\n");
	ctl_help_options(sb, CTL_OPTIONS_COMMON);
	strbuf_adds(sb, "\nwsgimaster ctl COMMAND --help shows a command's "
	    "options.\nExit status: 0 done, 1 refused or failed, 2 bad "
	    "command line, 3 no server.\n");
}
