/* Reads options from the command line. */
#ifndef WM_CONFIG_CONFIG_CLI_H
#define WM_CONFIG_CONFIG_CLI_H

#include "config/config.h"
#include "config/option_table.h"

/* One option as it was given; all pointers are into argv or constant. */
struct cli_item {
	const struct option_row	*row;
	const char		*name;	/* after the dashes, to the end */
	const char		*value;
	bool			 letter;	/* written as one letter */
};

/* The command line: what to do, and the options in their order. */
struct cli {
	enum config_action	 action;
	struct cli_item		*items;
	size_t			 count;
};

/*
 * Splits the command line into options and values, without looking at the
 * values; an argument that ends in .json is a file to read. The first action
 * wins, but help wins always. Everything wrong is added to problems.
 */
void	 config_cli_parse(struct cli *cli, int argc, char **argv,
	    struct strlist *problems);
/* Sets the options that name files (files) or all the others. */
void	 config_cli_apply(const struct cli *cli, struct config *cfg,
	    bool files, struct strlist *problems);
void	 config_cli_done(struct cli *cli);

#endif
