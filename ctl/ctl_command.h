/* The command line of wsgimaster ctl: a table of commands, one of options. */
#ifndef WM_CTL_CTL_COMMAND_H
#define WM_CTL_CTL_COMMAND_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "base/strlist.h"

/* The options there are; each is a bit in a command's options. */
enum ctl_option {
	CTL_OPTION_SOCKET = 1 << 0,
	CTL_OPTION_CONFIG = 1 << 1,
	CTL_OPTION_JSON = 1 << 2,
	CTL_OPTION_TIMEOUT = 1 << 3,
	CTL_OPTION_HELP = 1 << 4,
	CTL_OPTION_NO_WAIT = 1 << 5,
	CTL_OPTION_NOW = 1 << 6,
	CTL_OPTION_ALL = 1 << 7,
	CTL_OPTION_WORKER = 1 << 8,
	CTL_OPTION_CORE = 1 << 9,
	CTL_OPTION_REQUEST = 1 << 10,
	CTL_OPTION_OLDEST = 1 << 11,
	CTL_OPTION_FRAMES = 1 << 12,
	CTL_OPTION_DELAY = 1 << 13,
	CTL_OPTION_SORT = 1 << 14
};

/* Every command takes these. */
#define CTL_OPTIONS_COMMON	(CTL_OPTION_SOCKET | CTL_OPTION_CONFIG | \
	CTL_OPTION_JSON | CTL_OPTION_TIMEOUT | CTL_OPTION_HELP)

struct ctl;

struct ctl_command {
	const char	*name;
	const char	*arg;		/* "LEVEL", NULL: it takes none */
	unsigned	 options;	/* beside the common ones */
	double		 timeout;	/* seconds, if none is given */
	const char	*help;
	int		 (*run)(struct ctl *ctl);	/* the exit status */
};

/* What the command line said. */
struct ctl {
	const struct ctl_command *command;
	unsigned	 given;		/* options */
	char		*socket;	/* -s, or what was found */
	struct strlist	 config;
	const char	*arg;		/* NULL: none */
	double		 timeout;	/* seconds */
	const char	*request;
	int		 worker;
	int		 core;
	int		 oldest;
	int		 frames;
	double		 delay;
	const char	*sort;
};

/* Is the option given? */
bool	 ctl_has(const struct ctl *ctl, enum ctl_option option);
/* Reads the command line; 0, or -1 after complaining on standard error. */
int	 ctl_parse(struct ctl *ctl, const struct ctl_command *commands,
	    int argc, char **argv);
/* Adds the help, of one command or (NULL) of all. */
void	 ctl_help(struct strbuf *sb, const struct ctl_command *commands,
	    const struct ctl_command *command);

#endif
