/* The table of options: each exists once, everything is printed from it. */
#ifndef WM_CONFIG_OPTION_TABLE_H
#define WM_CONFIG_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/names.h"

enum option_type {
	OPT_BOOL,	/* bool */
	OPT_INT,	/* int */
	OPT_SIZE,	/* size_t, bytes; text may end in k, m or g */
	OPT_SECONDS,	/* double */
	OPT_TEXT,	/* char *, NULL when not given */
	OPT_CHOICE,	/* int, one of choices */
	OPT_LIST,	/* struct strlist, grows with every mention */
	OPT_FILES,	/* struct strlist, command line only: files to read */
	OPT_ACTION	/* command line only: initial is a config_action */
};

enum option_group {
	GROUP_PROCESSES,
	GROUP_AUTOSCALE,
	GROUP_SOCKETS,
	GROUP_TLS,
	GROUP_PROXIES,
	GROUP_PRIVILEGES,
	GROUP_CORES,
	GROUP_HTTP,
	GROUP_STATIC,
	GROUP_CGI,
	GROUP_WEBSOCKETS,
	GROUP_CACHE,
	GROUP_SHARED,
	GROUP_SIGNALS,
	GROUP_BACKGROUND,
	GROUP_RPC,
	GROUP_PYTHON,
	GROUP_LOGGING,
	GROUP_STATS,
	GROUP_COMPATIBILITY,
	GROUP_COMMAND,
	GROUP_COUNT
};

/* What an option's text (each item's, for a list) must look like. */
enum option_form {
	FORM_NOT_EMPTY,
	FORM_ANY,
	FORM_OCTAL,	/* a file mode */
	FORM_OWNER,	/* user[:group] */
	FORM_ID,	/* of a user or group; JSON may give a number */
	FORM_PAIR,	/* NAME=value; JSON may give an object */
	FORM_MOUNT,	/* /prefix=what; JSON may give an object */
	FORM_LIMIT,	/* /prefix=seconds, the same; also of numbers */
	FORM_FOLDER,	/* /prefix=folder, as FORM_MOUNT */
	FORM_EXPIRES	/* "what seconds" */
};

/* Flags. */
#define OPT_NO_RELOAD	0x1	/* keeps its value while the server runs */
#define OPT_NO_EFFECT	0x2	/* accepted, and nothing comes of it */
#define OPT_HIDDEN	0x4	/* not in --help */
#define OPT_SECRET	0x8	/* may hold passwords: not shown to others */

#define OPTION_ALIASES	3

/*
 * One option. A bool is 0 or 1 in initial, min and max. reason, if set, is
 * what a value outside min and max is answered with.
 */
struct option_row {
	const char		*name;
	const char		*alias[OPTION_ALIASES];
	char			 letter;
	enum option_group	 group;
	enum option_type	 type;
	enum option_form	 form;
	int			 flags;
	size_t			 offset;	/* in struct config */
	double			 initial;
	const char		*initial_text;
	double			 min;
	double			 max;		/* HUGE_VAL: no limit */
	const struct name_value	*choices;
	const char		*bare;	/* text when given without a value */
	const char		*arg;	/* what --help calls the value */
	const char		*reason;
	const char		*help;
};

extern const struct option_row	 option_table[];
extern const size_t		 option_count;
extern const char *const	 option_group_titles[GROUP_COUNT];

/* The row of a long name or alias, NULL when there is none. */
const struct option_row *option_find(const char *name);
const struct option_row *option_find_letter(char letter);
/* A row's place in the table. */
size_t	 option_index(const struct option_row *row);
/* May the option stand in a JSON file? */
bool	 option_in_files(const struct option_row *row);
/*
 * The known name nearest to an unknown one, NULL when none is near; with
 * files only names that may stand in a JSON file.
 */
const char *option_suggest(const char *name, bool files);

#endif
