/* The processes that spawners fork for the master, whatever they are for. */
#ifndef WM_MASTER_CHILDREN_H
#define WM_MASTER_CHILDREN_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shm/messages.h"
#include "shm/scoreboard.h"
#include "shm/seats.h"

struct config;
struct generation;
struct master;

/*
 * Workers, mules and spoolers are supervised alike: this is how, and workers.h
 * and background.h say what each of them adds. There is one struct child per
 * seat of struct seats, and one process at most on each.
 *
 * The states are enum sb_slot_state. Who brings them on:
 *
 *	FREE --> SPAWNING	child_spawn: MSG_SPAWN is sent
 *	SPAWNING --> STARTING	MSG_SPAWNED: the pid is known
 *	SPAWNING, STARTING --> READY	MSG_READY, which may be first
 *	SPAWNING, STARTING, READY --> DRAINING	child_drain: MSG_DRAIN; who
 *				never was READY has nothing to finish and is
 *				killed, now or when its pid is known
 *	any but FREE --> GONE	its control socket is closed, or it is reaped:
 *				what it has said before is read first
 *	GONE --> FREE		it is reaped, or "unborn": there never was one,
 *				says the spawner, or nobody can say any more,
 *				as it is gone and has told no pid
 *
 * In which order the signs of a life come, over three ways (the spawner's
 * socket, its own, SIGCHLD), does not matter. Who is reaped before the spawner
 * or its own MSG_READY has told the pid waits in reaped.h for that.
 *
 * Timers: SPAWNING and STARTING start-timeout (SPAWNING: the spawner is killed,
 * too), DRAINING the kind's mercy, GONE a few seconds; then SIGKILL, and if
 * that does not help within a few seconds more, SIGKILL for the spawner, then
 * it is GONE. After FREE everything stays as it was until the seat is taken
 * again, so that a turn of the master can see what has become of it; only gen
 * is NULL, and the timer is the kind's.
 */
struct child {
	struct master		*master;
	const struct child_kind	*kind;
	int			 seat;		/* the slot of its messages;
						   and of a worker's counters */
	int			 id;		/* 1..N, of its kind */
	struct generation	*gen;		/* NULL: FREE */
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
	uint64_t		 spawned_us;
	uint64_t		 ready_us;	/* 0: never */
	uint64_t		 gone_us;
	char			 failure[sizeof(((struct message *)0)->text)];
};

/* What one kind differs in from the others. */
struct child_kind {
	enum process_kind	 kind;
	const char		*name;		/* "worker" */
	const char		*free;		/* name of the state FREE */
	const char		*deed;		/* what it did not in time */
	const char		*mercy_option;
	double			(*mercy)(const struct config *cfg);
	/* It is FREE now; gen is there for the last time. */
	void			(*freed)(struct child *c);
	/* A message that only this kind knows; false: it does not either. */
	bool			(*message)(struct child *c,
				    const struct message *msg);

	/* The others may be NULL. Its state, or its pid, is another one. */
	void			(*changed)(struct child *c);
	/* It is READY now, and says this. */
	void			(*ready)(struct child *c,
				    const struct message *msg);
	/* SIGKILL follows, since it was too long in its state. */
	void			(*late)(struct child *c);
	/* It is reaped; its last words are not read yet. */
	void			(*reaped)(struct child *c);
	/* It is GONE now. */
	void			(*gone)(struct child *c);
};

/* Before any child_init: room for all seats. */
void	 children_init(struct master *m);
/* Forgets all; whoever still runs notices by its closed control socket. */
void	 children_done(struct master *m);

/* A seat, FREE. */
void	 child_init(struct child *c, struct master *m,
	    const struct child_kind *kind, int id, int seat);
/* Has it been asked for, and neither told to leave nor ended? */
bool	 child_is_live(const struct child *c);
/* Asks gen for one with that id; -1 when that is not possible now (logged). */
int	 child_spawn(struct child *c, struct generation *gen, int id);
/* Lets it finish and leave, if it has not been told already. */
void	 child_drain(struct child *c, enum drain drain);
/* MSG_DRAIN, whatever it was told before. */
void	 child_tell_drain(struct child *c, enum drain drain);
/* SIGKILL, now or as soon as its pid is known. */
void	 child_kill(struct child *c);
/* Not to a process that only is said to be it. */
void	 child_signal(const struct child *c, int signal);
/* Sends a message, perhaps with fd: 0, or errno (EPIPE: it is gone). */
int	 child_tell(struct child *c, const struct message *what, int fd);
/* Seconds it was ready, -1: never. */
double	 child_ready_seconds(const struct child *c);
/* "worker 1 (pid 4711)", for log lines; returns buf. */
const char *child_str(const struct child *c, char *buf, size_t len);
const char *child_state_name(const struct child *c);

/* The spawner of gen has a message about a seat. */
void	 children_spawned(struct generation *gen, const struct message *msg);
/* The spawner of gen is gone: what it has not forked never will be. */
void	 children_spawner_gone(struct generation *gen);
/* Was this one of them? Then notes how it ended. */
bool	 children_reaped(struct master *m, pid_t pid, int status);
/* To all (of gen, if that is not NULL) that have a control socket. */
void	 children_tell_all(struct master *m, const struct generation *gen,
	    const struct message *msg, int fd);
void	 children_kill_all(struct master *m);
bool	 children_all_free(const struct master *m);

#endif
