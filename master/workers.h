/* The worker processes, as the master sees them: one per slot. */
#ifndef WM_MASTER_WORKERS_H
#define WM_MASTER_WORKERS_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "master/ending.h"
#include "shm/messages.h"
#include "shm/scoreboard.h"

struct generation;
struct master;

/*
 * The states are enum sb_slot_state. Who brings them on:
 *
 *	FREE --> SPAWNING	workers_spawn: MSG_SPAWN is sent
 *	SPAWNING --> STARTING	MSG_SPAWNED: the pid is known
 *	SPAWNING, STARTING --> READY	MSG_READY, which may be first
 *	not FREE or GONE --> DRAINING	workers_drain; who never was READY
 *				has nothing to finish and is killed
 *	any but FREE --> GONE	its control socket is closed, or it is reaped
 *	GONE --> FREE		it is reaped (or never was)
 *
 * Timers: SPAWNING and STARTING start-timeout, DRAINING worker-reload-mercy,
 * GONE a few seconds; then SIGKILL, and if that does not help within a few
 * seconds more, SIGKILL for the spawner, then it is GONE. After FREE everything
 * below stays as it was until the slot is taken again, so that a turn of the
 * master can see what has become of it.
 */
struct worker_proc {
	struct master		*master;
	int			 slot;
	int			 id;		/* 1..N */
	struct generation	*gen;
	enum sb_slot_state	 state;
	enum sb_slot_state	 before_gone;
	pid_t			 pid;		/* 0: not known */
	int			 control;	/* -1: closed */
	struct event		 control_ev;
	struct event		 timer;
	bool			 reaped;
	int			 status;	/* if reaped */
	bool			 unborn;	/* nobody to be reaped */
	bool			 doomed;	/* SIGKILL sent, or due */
	int			 overdue;	/* times it outlived that */
	enum ending		 ending;	/* why; DIED: not decided */
	enum ending		 gives_up;	/* asked to; DIED: has not */
	bool			 owns_listeners;
	char			 listeners[sizeof(
				    ((struct message *)0)->text)];
	uint64_t		 spawned_us;
	uint64_t		 ready_us;	/* 0: never */
	uint64_t		 gone_us;
	char			 failure[sizeof(((struct message *)0)->text)];
	/* user_route.c's: who has a handler of its own, signals sent. */
	unsigned char		 user_signals[32];
	uint64_t		 user_sent;
};

void	 workers_init(struct master *m);
void	 workers_done(struct master *m);

/* Asks the generation for a worker; NULL when that is not possible now. */
struct worker_proc *workers_spawn(struct master *m, int id,
	    struct generation *gen, bool respawn);
/*
 * Lets it finish and leave; who never was ready is killed. workers_drain_all
 * also says whether other servers have the queued clients (enum drain).
 */
void	 workers_drain(struct worker_proc *wp, enum ending why);
void	 workers_kill(struct worker_proc *wp, enum ending why);
/* Not to a process that only is said to be it. */
void	 workers_signal(const struct worker_proc *wp, int signal);
/* Is its seat free again (also while it waits to be reaped)? */
bool	 workers_is_lost(const struct worker_proc *wp);
/* Has it been asked for, and neither told to leave nor ended? */
bool	 workers_is_live(const struct worker_proc *wp);
/* Has one of that id that leaves ports of its own, so that no other can? */
bool	 workers_ports_taken(const struct master *m, int id);
/* Is there a slot for one more? */
bool	 workers_have_room(const struct master *m);
/* Sends one a message, perhaps with fd: 0, or errno. */
int	 workers_tell(struct worker_proc *wp, const struct message *what,
	    int fd);
/* Seconds it was ready, -1: never. */
double	 workers_ready_seconds(const struct worker_proc *wp);

/* The spawner of gen has a message about a slot. */
void	 workers_spawned(struct generation *gen, const struct message *msg);
/* The spawner of gen is gone: what it has not forked never will be. */
void	 workers_spawner_gone(struct generation *gen);
/* Was this a worker? Then notes how it ended. */
bool	 workers_reaped(struct master *m, pid_t pid, int status);

void	 workers_drain_all(struct master *m, enum ending why, enum drain drain);
void	 workers_kill_all(struct master *m, enum ending why);
/* To all (of gen, if that is not NULL) that have a control socket. */
void	 workers_tell_all(struct master *m, const struct generation *gen,
	    const struct message *msg, int fd);
bool	 workers_all_free(const struct master *m);

#endif
