/* Commands that are executed at times: cron, unique-cron, cron2. */
#ifndef WM_MASTER_CRON_COMMANDS_H
#define WM_MASTER_CRON_COMMANDS_H

#include <stdbool.h>
#include <sys/types.h>

struct cron_commands;
struct json_out;
struct master;

/*
 * Each is executed as the app's user, in a session of its own, with the log as
 * its output; it ends with the server. The entries are those of the
 * configuration that serves; a process whose entry a reload removes goes on.
 *
 *	IDLE --- the minute has come -----------> RUNS	a process is started
 *	RUNS --- reaped ------------------------> IDLE
 *	RUNS --- the minute has come -----------> RUNS	unique: nothing; else
 *				one more, and the one before is only reaped
 *	RUNS --- its harakiri is over ----------> RUNS	its group gets SIGKILL
 */
struct cron_commands *cron_commands_new(struct master *m);
void	 cron_commands_free(struct cron_commands *cc);
/* Per turn: whose entries count. */
void	 cron_commands_turn(struct cron_commands *cc);
/* Was this one of them? */
bool	 cron_commands_reaped(struct cron_commands *cc, pid_t pid, int status);
/* uWSGI's list "crons". */
void	 cron_commands_show(const struct cron_commands *cc,
	    struct json_out *json);

#endif
