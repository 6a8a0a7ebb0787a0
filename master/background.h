/* Mules and spoolers, as the master sees them: one per seat. */
#ifndef WM_MASTER_BACKGROUND_H
#define WM_MASTER_BACKGROUND_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shm/messages.h"
#include "shm/seats.h"

struct config;
struct generation;
struct master;

/*
 *	EMPTY		nobody is there; one is started when it may be
 *	SPAWNING	MSG_SPAWN is sent
 *	STARTING	its pid is known
 *	READY		MSG_READY: what is its own work has begun
 *	DRAINING	told to leave (MSG_DRAIN)
 *	GONE		its control socket is closed, or it is reaped
 *
 *	EMPTY -> SPAWNING	background_turn
 *	SPAWNING -> STARTING, READY	two messages over two sockets
 *	STARTING -> READY
 *	not EMPTY or GONE -> DRAINING	who never was READY is killed
 *	any but EMPTY -> GONE -> EMPTY	it is reaped (or never was), too
 *
 * Timers: SPAWNING and STARTING start-timeout, DRAINING the kind's mercy, GONE
 * a few seconds; then SIGKILL, and if that does not help, SIGKILL for the
 * spawner. EMPTY: a pause for one that keeps dying (backoff.h).
 *
 * Each is alone: in a reload the old one is told to leave when the first
 * worker of the new generation is READY (so that a reload that fails leaves
 * it), and the new one is started when it is gone, by the generation that
 * serves. So the spawner of an older one is not needed for them. When the
 * server stops, and in an upgrade, they leave when the workers are gone: those
 * still send them messages. A new master starts its own when the old one has
 * none any more (takeover_may_work).
 */
enum background_state {
	BACKGROUND_EMPTY,
	BACKGROUND_SPAWNING,
	BACKGROUND_STARTING,
	BACKGROUND_READY,
	BACKGROUND_DRAINING,
	BACKGROUND_GONE
};

/* What one kind differs in from the others. */
struct background_kind {
	enum process_kind	 kind;
	const char		*name;		/* "mule" */
	const char		*mercy_option;
	double			(*mercy)(const struct config *cfg);
	int			(*count)(const struct seats *seats);
};

struct background_proc {
	struct master			*master;
	const struct background_kind	*kind;
	int				 id;	/* 1..N */
	int				 seat;	/* of struct seats; the slot
						   of its messages */
	enum background_state		 state;
	enum background_state		 before_gone;
	struct generation		*gen;	/* NULL: EMPTY */
	pid_t				 pid;	/* 0: not known */
	int				 control;	/* -1: closed */
	struct event			 control_ev;
	struct event			 timer;
	bool				 reaped;
	int				 status;	/* if reaped */
	bool				 unborn;	/* nobody to reap */
	bool				 doomed;	/* SIGKILL sent */
	int				 overdue;
	bool				 died;		/* the last one did */
	unsigned			 failures;	/* see backoff.h */
	unsigned			 respawns;
	uint64_t			 spawned_us;
	uint64_t			 spawned_real_us;
	uint64_t			 ready_us;	/* 0: never */
	char		 failure[sizeof(((struct message *)0)->text)];
};

void	 background_init(struct master *m);
void	 background_done(struct master *m);
/* Per turn: starts and ends whom it is time for. */
void	 background_turn(struct master *m);
/* Those of a kind leave, and others come in their places. */
void	 background_reload(struct master *m, enum process_kind kind);
/* SIGKILL for all. */
void	 background_kill_all(struct master *m);
bool	 background_all_empty(const struct master *m);

/* The spawner of gen has a message about a seat. */
void	 background_spawned(struct generation *gen, const struct message *msg);
/* The spawner of gen is gone: what it has not forked never will be. */
void	 background_spawner_gone(struct generation *gen);
/* Was this one of them? Then notes how it ended. */
bool	 background_reaped(struct master *m, pid_t pid, int status);

/* One of a kind, by its number (1..N); NULL: there is none. */
struct background_proc *background_find(struct master *m,
	    enum process_kind kind, int id);
/*
 * To one, or (id 0) to all of a kind. It is lost where nobody is there, or
 * nobody reads; false then (all: if it reached none).
 */
bool	 background_send(struct master *m, enum process_kind kind, int id,
	    const struct message *msg);
/* To all (of gen, if that is not NULL), perhaps with a descriptor. */
void	 background_tell_all(struct master *m, const struct generation *gen,
	    const struct message *msg, int fd);
/* The longest that one of them may take to leave. */
double	 background_mercy(const struct master *m);
const char *background_state_name(enum background_state state);

#endif
