/*
 * The signals of the apps (uwsgi.register_signal, signal, add_timer, ...): who
 * has registered what, and to whom a signal that was raised goes.
 *
 * Each generation has a table of its own, made by what its processes say: the
 * spawner while the app is imported, workers and mules later.
 *
 *	LOADING		the spawner registers; nothing is raised
 *	SERVES		(gen == m->serving) its timers, crons and monitors run
 *	REPLACED	they have stopped; what its workers still raise is
 *			routed by its own table
 *
 * So a reload puts the new code's in the place of the old code's in one step,
 * when its first worker is ready, and a reload that fails changes nothing. If
 * the spawner dies and loads again, what it does not register again goes
 * (stale); what workers and mules have registered stays. Of a source that is
 * registered more than once with the same numbers (by each worker, with
 * lazy-apps) there is one.
 *
 * A signal is a number. It is sent to one that can take it: a process of the
 * table's generation which has the handler, or waits in signal_wait(). Not more
 * than USER_SIGNALS_FLIGHT are with a worker, queued there or running: so no
 * flood fills its control socket. What nobody can take now waits as a count
 * beside its number, for USER_SIGNALS_PENDING in all; more are lost, counted,
 * and logged now and then. A timer does not raise a signal that waits already.
 * What is for all workers waits for each that cannot take it (user_kept.h).
 */
#ifndef WM_MASTER_USER_SIGNALS_H
#define WM_MASTER_USER_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/signal_target.h"

struct background_proc;
struct generation;
struct json;
struct master;
struct message;
struct user_kept;
struct user_sources;
struct worker_proc;

#define USER_SIGNALS		256
#define USER_SIGNALS_PENDING	1024
#define USER_SIGNALS_FLIGHT	32

struct user_signal {
	bool			 registered;
	bool			 everywhere;	/* at import: all have it */
	bool			 stale;		/* not again so far */
	uint16_t		 pending;
	struct signal_target	 target;
};

/* A generation's. */
struct user_signals {
	struct generation	*gen;
	struct user_signal	 rows[USER_SIGNALS];
	uint32_t		 pending;	/* of all rows */
	struct user_kept	*kept;
	struct user_sources	*sources;
};

/* Numbers for the statistics; of the whole run. */
struct user_signals_counts {
	uint64_t	 raised;
	uint64_t	 routed;
	uint64_t	 lost;
	uint32_t	 pending;	/* now */
};

struct user_signals *user_signals_new(struct generation *gen);
void	 user_signals_free(struct user_signals *us);

void	 user_signals_init(struct master *m);
void	 user_signals_done(struct master *m);
/* The spawner begins to load, again perhaps; it has loaded. */
void	 user_signals_loading(struct generation *gen);
void	 user_signals_loaded(struct generation *gen);
/*
 * A message of a process of gen's (wp: if that is a worker; imported: the
 * spawner, which loads); false: it is about something else.
 */
bool	 user_signals_message(struct generation *gen, struct worker_proc *wp,
	    bool imported, const struct message *msg);
/* Per turn: whose sources run; what waits is sent. */
void	 user_signals_turn(struct master *m);
/* A source of this table's has something: raised, false: it waits already. */
bool	 user_signals_source(struct user_signals *us, int number);
/* Counts one that somebody does not get, and says so now and then. */
void	 user_signals_lose(struct master *m, int number, const char *why);
struct user_signals_counts user_signals_counts(const struct master *m);
/* What a worker has that it was sent and has not done. */
uint32_t user_signals_flight(const struct worker_proc *wp);

#endif
