/* The master process: what it knows, and its life. */
#ifndef WM_MASTER_MASTER_H
#define WM_MASTER_MASTER_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "master/ending.h"
#include "master/generation.h"
#include "master/mounts.h"
#include "master/reaped.h"
#include "master/recycle.h"
#include "master/reload.h"
#include "master/service.h"
#include "master/takeover.h"
#include "master/upgrade.h"

struct autoscale;
struct background_proc;
struct checks;
struct child;
struct control;
struct cron_commands;
struct daemons;
struct commons;
struct config;
struct event_base;
struct handover;
struct inherited;
struct listeners;
struct scoreboard;
struct seat;
struct signals;
struct socket;
struct stacks;
struct stats;
struct stuck;
struct touches;
struct user_master;
struct worker_proc;

/*
 *	STARTING --> RUNNING	every worker was ready once
 *	STARTING --> KILLING	the app could not be loaded
 *	RUNNING --> LEAVING	TERM, INT, with drain-delay
 *	STARTING, RUNNING --> STOPPING	TERM, INT, or the app asks for it
 *	LEAVING --> STOPPING	drain-delay is over, or TERM, INT once more
 *	any --> KILLING		QUIT, TERM while STOPPING, or no worker would
 *				leave
 *
 * The loop ends when, STOPPING or KILLING, no child is left (or, KILLING, a
 * few seconds later all the same). What an upgrade adds is in upgrade.h and
 * takeover.h: it takes place in RUNNING (of the new master: from STARTING on).
 */
enum master_state {
	MASTER_STARTING,
	MASTER_RUNNING,
	MASTER_LEAVING,		/* serves on, but says that it will not */
	MASTER_STOPPING,	/* workers finish their requests */
	MASTER_KILLING		/* everything was sent SIGKILL */
};

/*
 * Callbacks only note what has happened, in the state of a worker_proc or a
 * generation. What follows from it is decided once per turn of the loop
 * (master_turn), which compares what is with what shall be: so it does not
 * matter in which order things happened.
 */
struct master {
	int			  argc;		/* to read them again */
	char			**argv;
	struct config		 *cfg;		/* of the one that serves */
	struct listeners	 *listeners;
	struct scoreboard	 *sb;
	struct commons		 *commons;
	struct socket		 *stats_socket;	/* NULL: none */
	struct socket		 *control_socket;	/* NULL: none */
	struct handover		 *handover;	/* all listening sockets */
	struct inherited	 *inherited;	/* what is of no use now */
	struct event_base	 *base;
	struct signals		 *signals;
	struct stats		 *stats;
	struct checks		 *checks;
	struct control		 *control;
	struct mounts		  mounts;	/* what the dead have done */
	struct stacks		 *stacks;
	struct stuck		 *stuck;
	struct autoscale	 *autoscale;

	enum master_state	  state;
	int			  status;	/* to exit with */
	bool			  expired;	/* waited long enough */
	bool			  told;		/* to stop, by a master */
	bool			  ever_ready;	/* some worker was */
	struct event		  stop_timer;
	int			  log_level;	/* -1: the configuration's */

	int			  max;		/* workers at most */
	int			  target;	/* workers that shall be */
	struct seat		 *seats;	/* max of them; id - 1 */
	struct child		**children;	/* one per seat: all of ... */
	size_t			  nchildren;
	struct worker_proc	 *workers;	/* one per slot */
	struct background_proc	 *backgrounds;	/* mules, spoolers */
	size_t			  nbackgrounds;
	struct daemons		 *daemons;
	struct generations	  generations;	/* oldest first */
	struct generation	 *serving;
	int			  last_generation;	/* number given out */
	struct reload		  reload;
	struct recycle		  recycle;
	struct touches		 *touches;	/* NULL: not looked yet */
	struct upgrade		  upgrade;	/* to a newer master */
	struct takeover		  takeover;	/* from an older one */
	struct service		  service;
	struct reaped		  reaped;
	struct cron_commands	 *crons;
	struct user_master	 *user;		/* user_signals.c's */
	uint32_t		  user_turn;	/* user_route.c's */
	uint64_t		  endings[ENDING_COUNT]; /* of workers */
};

/* What main has prepared; all of it stays main's. */
struct master_args {
	int			  argc;
	char			**argv;
	struct config		 *cfg;
	struct listeners	 *listeners;
	struct scoreboard	 *sb;
	struct commons		 *commons;
	struct socket		 *stats_socket;	/* NULL: none */
	struct socket		 *control_socket;	/* NULL: none */
	struct handover		 *handover;
	struct inherited	 *inherited;
};

/* Serves until told to stop; returns the exit status. */
int	 master_run(const struct master_args *args);

/*
 * The other master of an upgrade stops, so this one does. Where everybody has
 * got the same TERM, this one's own may come after that: it is no second one.
 */
void	 master_told_stop(struct master *m, bool at_once);
/* Its parts: leave, with grace; leave now; give up, with status 1. */
void	 master_stop(struct master *m, const char *why);
void	 master_kill(struct master *m, const char *why);
void	 master_fail(struct master *m, const char *why);

/*
 * What signals and the control socket ask for; who is for the log. Those that
 * can be refused give -1 and *cause.
 */
/* To leave: after drain-delay, if there is one; a second time: before. */
void	 master_ask_stop(struct master *m, const char *who);
/* The binary upgrade: NULL, or why it is refused (also logged). */
const char *master_upgrade(struct master *m, const char *who);
/* The log's files, after they were moved away; all processes get them. */
int	 master_reopen_logs(struct master *m, const char *who, char **cause);
/* How many workers there shall be. */
int	 master_change_target(struct master *m, int target, const char *who,
	    char **cause);
/* In every process there is and will be; -1: as each one's configuration. */
void	 master_set_log_level(struct master *m, int level, const char *who);
/* Tells the level to the spawner and the workers of one generation. */
void	 master_tell_log_level(struct master *m, struct generation *gen);

/*
 * What only one master of an upgrade may do: answer on the stats and control
 * sockets, name itself in the pidfile and to the service manager. closes: the
 * new one, next, does it.
 */
void	 master_opens(struct master *m);
void	 master_closes(struct master *m, pid_t next);
/* The last step of an upgrade: the old master's workers are gone. */
void	 master_hand_over(struct master *m);
bool	 master_is_stopping(const struct master *m);
const char *master_state_name(enum master_state state);

#endif
