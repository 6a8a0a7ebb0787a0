/* Loads the configuration from its sources, and again on reload. */
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/xmalloc.h"
#include "config/config_check.h"
#include "config/config_cli.h"
#include "config/config_json.h"
#include "config/config_print.h"
#include "config/identity.h"
#include "config/option_set.h"
#include "config/option_table.h"
#include "config/option_value.h"

/* Fills in the defaults. */
static void
config_init(struct config *cfg)
{
	size_t i;

	memset(cfg, 0, sizeof *cfg);
	cfg->origin = xcalloc(option_count, sizeof *cfg->origin);
	for (i = 0; i < option_count; i++)
		option_set_default(&option_table[i], cfg);
	cfg->processes_at_start = cfg->processes;
}

/* Frees what the configuration owns. */
void
config_done(struct config *cfg)
{
	size_t i;

	if (cfg->origin == NULL)
		return;
	for (i = 0; i < option_count; i++) {
		option_clear(&option_table[i], cfg);
		free(cfg->origin[i]);
	}
	free(cfg->origin);
	free(cfg->socket_owner);
	free(cfg->app_groups);
	strlist_done(&cfg->warnings);
	memset(cfg, 0, sizeof *cfg);
}

/* Does the action look at the options' values? */
static bool
config_is_needed(enum config_action action)
{
	return action == CONFIG_RUN || action == CONFIG_CHECK ||
	    action == CONFIG_PRINT;
}

/* Makes socket-timeout the default of those that are not given. */
static void
config_spread_timeout(struct config *cfg)
{
	struct {
		const char	*name;
		double		*value;
	} timeouts[] = {
		{ "header-timeout",	&cfg->header_timeout },
		{ "body-timeout",	&cfg->body_timeout },
		{ "write-timeout",	&cfg->write_timeout }
	};
	const struct option_row *row;
	size_t i;

	if (cfg->socket_timeout == 0)
		return;
	for (i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
		row = option_find(timeouts[i].name);
		if (cfg->origin[option_index(row)] == NULL)
			*timeouts[i].value = cfg->socket_timeout < row->min ?
			    row->min : cfg->socket_timeout;
	}
}

/* What the environment says is less than what files say. */
static void
config_read_environment(struct config *cfg, struct strlist *problems)
{
	static const struct {
		const char *variable;
		const char *option;
	} defaults[] = {
		{ "WSGIMASTER_ALLOW_ROOT", "allow-root" },
	};
	const char *value;
	char *why;
	size_t i;

	for (i = 0; i < sizeof(defaults) / sizeof(*defaults); i++) {
		value = getenv(defaults[i].variable);
		if (value == NULL || value[0] == '\0')
			continue;
		why = option_set_text(option_find(defaults[i].option), cfg,
		    value);
		if (why != NULL)
			strlist_add_steal(problems, xasprintf("environment: "
			    "%s %s", defaults[i].variable, why));
		free(why);
	}
}

/* Reads all sources, least important first, and checks the outcome. */
static void
config_read(struct config *cfg, const struct cli *cli,
    struct strlist *problems)
{
	size_t i;

	config_read_environment(cfg, problems);
	config_cli_apply(cli, cfg, true, problems);
	for (i = 0; i < cfg->config.count; i++)
		config_json_read(cfg, cfg->config.items[i], problems);
	config_cli_apply(cli, cfg, false, problems);
	/* What was refused kept its default: say no more about it. */
	if (problems->count > 0)
		return;
	config_spread_timeout(cfg);
	config_check(cfg, problems);
	if (cli->action != CONFIG_PRINT)
		config_check_app(cfg, problems);
	if (cli->action != CONFIG_PRINT)
		identity_check(cfg, problems, cli->action == CONFIG_CHECK ?
		    &cfg->warnings : problems);
	if (cli->action == CONFIG_CHECK)
		config_check_files(cfg);
	cfg->processes_at_start = cfg->processes;
}

/* All problems as one text, one a line. */
static char *
config_cause(const struct strlist *problems)
{
	struct strbuf sb = STRBUF_INIT;
	size_t i;

	for (i = 0; i < problems->count; i++) {
		if (i > 0)
			strbuf_addc(&sb, '\n');
		strbuf_adds(&sb, problems->items[i]);
	}
	return strbuf_detach(&sb);
}

/* Loads the configuration the command line asks for. */
int
config_load(struct config *cfg, int argc, char **argv,
    enum config_action *action, char **cause)
{
	struct strlist problems = { NULL, 0 };
	struct cli cli;
	int result = 0;

	*cause = NULL;
	config_init(cfg);
	config_cli_parse(&cli, argc, argv, &problems);
	*action = cli.action;
	if (config_is_needed(cli.action)) {
		config_read(cfg, &cli, &problems);
		if (problems.count > 0) {
			*cause = config_cause(&problems);
			result = -1;
		}
	}
	config_cli_done(&cli);
	strlist_done(&problems);
	return result;
}

/* Takes over what may not change while the server runs. */
static void
config_keep(struct config *fresh, const struct config *old)
{
	const struct option_row *row;
	size_t i;

	for (i = 0; i < option_count; i++) {
		row = &option_table[i];
		if (!(row->flags & OPT_NO_RELOAD) ||
		    option_equal(row, fresh, old))
			continue;
		option_copy(row, fresh, old);
		strlist_add_steal(&fresh->warnings, xasprintf("\"%s\" changed; "
		    "that takes a restart, the old value stays", row->name));
	}
	fresh->processes_at_start = old->processes_at_start;
	if (fresh->processes <= fresh->processes_at_start)
		return;
	strlist_add_steal(&fresh->warnings, xasprintf("\"processes\": %d is "
	    "above %d, the number at start; that takes a restart, %d are run",
	    fresh->processes, fresh->processes_at_start,
	    fresh->processes_at_start));
	fresh->processes = fresh->processes_at_start;
}

/* Reads the same sources again. */
int
config_reload(struct config *fresh, const struct config *old, int argc,
    char **argv, char **cause)
{
	enum config_action action;

	if (config_load(fresh, argc, argv, &action, cause) == -1)
		return -1;
	config_keep(fresh, old);
	return 0;
}

/* Carries out an action that only prints. */
int
config_run_action(const struct config *cfg, enum config_action action)
{
	struct strbuf sb = STRBUF_INIT;
	size_t i;
	int bad;

	switch (action) {
	case CONFIG_RUN:
		return 0;
	case CONFIG_CHECK:
		strbuf_adds(&sb, "configuration ok\n");
		for (i = 0; i < cfg->warnings.count; i++)
			strbuf_addf(&sb, "warning: %s\n",
			    cfg->warnings.items[i]);
		break;
	case CONFIG_PRINT:
		config_print_json(cfg, &sb);
		break;
	case CONFIG_HELP:
		config_print_help(&sb);
		break;
	case CONFIG_VERSION:
		config_print_version(&sb);
		break;
	case CONFIG_SCHEMA:
		config_print_schema(&sb);
		break;
	case CONFIG_MARKDOWN:
		config_print_markdown(&sb);
		break;
	}
	bad = fwrite(sb.buf, 1, sb.len, stdout) != sb.len;
	if (fflush(stdout) != 0 || bad) {
		perror("standard output");
		bad = 1;
	}
	strbuf_done(&sb);
	return bad;
}

/* How many requests a worker handles at the same time. */
int
config_cores(const struct config *cfg)
{
	if (cfg->threads > 1)
		return cfg->threads;
	if (cfg->asyncio > 0)
		return cfg->asyncio;
	if (cfg->tornado > 0)
		return cfg->tornado;
	if (cfg->gevent > 0)
		return cfg->gevent;
	return cfg->async > 1 ? cfg->async : 1;
}

/* How many requests of a worker may wait for a core. */
int
config_queue_size(const struct config *cfg)
{
	return cfg->queue_size > 0 ? cfg->queue_size : config_cores(cfg);
}
