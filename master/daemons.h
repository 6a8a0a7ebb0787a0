/* Attached daemons: programs that run as long as the server. */
#ifndef WM_MASTER_DAEMONS_H
#define WM_MASTER_DAEMONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct json_out;
struct master;

/*
 * Each is a command (config/daemon_rule.h), in a session and so a process group
 * of its own, as the app's user (or the one that it names), with the log as its
 * output. Two kinds:
 *
 *	without pidfile		the process that was started is the daemon
 *	with one ("smart")	whoever that names is; it may have been there
 *				before this server, and outlives it
 *
 *	DOWN	nobody is there; started when the pause is over (backoff.h)
 *	STARTED	smart: the command runs, or has ended; the pidfile is looked at
 *		each second, for freq seconds
 *	RUNS	smart: the pidfile is looked at all freq seconds
 *	STOPS	got its signal; SIGKILL after its mercy
 *	OVER	will not be started again
 *
 *	DOWN -> RUNS, STARTED	daemons_turn
 *	STARTED -> RUNS		the pidfile names a process of the daemon's user
 *	STARTED, RUNS -> DOWN	it has ended, or never came; with "control" the
 *				server stops
 *	RUNS -> STOPS		a reload, a file was touched, it is over; smart
 *				ones only hear of that (notifypid)
 *	STOPS -> DOWN, OVER	it is reaped, and nobody of its group is left
 *				(where it ends by itself, those are killed)
 *	any -> OVER		it is not in the configuration any more; the
 *				server stops, and mules and workers are gone
 *
 * A pid that a file names is never signalled by a privileged master: it has a
 * child do it which is the daemon's user. The master reads pidfiles that are
 * regular files only, so that it never waits for one.
 */
enum daemon_state {
	DAEMON_DOWN,
	DAEMON_STARTED,
	DAEMON_RUNS,
	DAEMON_STOPS,
	DAEMON_OVER
};

struct daemons;

struct daemons *daemons_new(struct master *m);
/* The master leaves; who is still there has been told. */
void	 daemons_free(struct daemons *d);
/* Per turn: starts and ends whom it is time for. */
void	 daemons_turn(struct daemons *d);
/* The configuration that serves is another one: restarts, adds, removes. */
void	 daemons_reload(struct daemons *d);
/* SIGKILL for all that are the master's children. */
void	 daemons_kill_all(struct daemons *d);
bool	 daemons_all_over(const struct daemons *d);
/* Was this one of them? */
bool	 daemons_reaped(struct daemons *d, pid_t pid, int status);
/* The longest that one may take to end. */
double	 daemons_mercy(const struct daemons *d);
/* Each as an object of a list: uWSGI's cmd, pid, respawns, and state. */
void	 daemons_show(const struct daemons *d, struct json_out *json);

#endif
