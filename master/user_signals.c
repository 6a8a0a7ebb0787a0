/* The signals of the apps: registered by whom, and sent to whom. */
#include "master/user_signals.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "master/background.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/user_kept.h"
#include "master/user_route.h"
#include "master/user_sources.h"
#include "master/workers.h"
#include "shm/messages.h"
#include "shm/scoreboard.h"

#define USER_RETRY_US	20000
#define USER_WARN_US	10000000

/* The master's own part. */
struct user_master {
	struct event		 retry;		/* something waits */
	struct user_signals	*running;	/* whose sources run */
	uint64_t		 raised;
	uint64_t		 routed;
	uint64_t		 lost;
	uint64_t		 warned_us;
};

/* A table of a new generation. */
struct user_signals *
user_signals_new(struct generation *gen)
{
	struct user_signals	*us = xcalloc(1, sizeof(*us));

	us->gen = gen;
	us->kept = user_kept_new(us);
	us->sources = user_sources_new(us, gen->master);
	return us;
}

/* Frees one. */
void
user_signals_free(struct user_signals *us)
{
	struct user_master	*um = us->gen->master->user;

	if (um != NULL && um->running == us)
		um->running = NULL;
	user_sources_free(us->sources);
	user_kept_free(us->kept);
	free(us);
}

/* Something that waits may be sent now. */
static void
user_retry_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;	/* the turn does it */
}

/* Makes the master's part. */
void
user_signals_init(struct master *m)
{
	m->user = xcalloc(1, sizeof(*m->user));
	evtimer_assign(&m->user->retry, m->base, user_retry_cb, m);
}

/* Frees it; the generations are gone. */
void
user_signals_done(struct master *m)
{
	evtimer_del(&m->user->retry);
	free(m->user);
	m->user = NULL;
}

/* What was registered at import may not be registered again. */
void
user_signals_loading(struct generation *gen)
{
	struct user_signals	*us = gen->user_signals;
	int			 i;

	for (i = 0; i < USER_SIGNALS; i++)
		us->rows[i].stale = us->rows[i].everywhere;
	user_sources_stale(us->sources);
}

/* It was not. */
void
user_signals_loaded(struct generation *gen)
{
	struct user_signals	*us = gen->user_signals;
	int			 i;

	for (i = 0; i < USER_SIGNALS; i++) {
		if (us->rows[i].stale)
			us->rows[i].registered = us->rows[i].everywhere =
			    us->rows[i].stale = false;
	}
	user_sources_fresh(us->sources);
}

/* Counts what is lost, and says so now and then. */
void
user_signals_lose(struct master *m, int number, const char *why)
{
	struct user_master	*um = m->user;
	uint64_t		 now = clock_mono_us();

	um->lost++;
	if (um->warned_us != 0 && now - um->warned_us < USER_WARN_US)
		return;
	um->warned_us = now;
	log_warn("signal %d is lost: %s (%llu so far)", number, why,
	    (unsigned long long)um->lost);
}

/* One more of a number waits. */
static void
user_wait(struct user_signals *us, int number)
{
	if (us->pending >= USER_SIGNALS_PENDING) {
		user_signals_lose(us->gen->master, number, "too many wait");
		return;
	}
	us->rows[number].pending++;
	us->pending++;
}

/*
 * A table whose generation is replaced and has nobody for it: the one that
 * serves has.
 */
static struct user_signals *
user_table(struct user_signals *us)
{
	struct master	*m = us->gen->master;

	if (us->gen == m->serving || user_route_has(us))
		return us;
	return m->serving->user_signals;
}

/* A signal is raised, in a process that goes by this table, or a source. */
static void
user_raise(struct user_signals *from, int number, bool source)
{
	struct user_signals	*us = user_table(from);
	struct master		*m = us->gen->master;

	m->user->raised++;
	switch (us->rows[number].pending > 0 ? USER_LATER :
	    user_route(us, number, source)) {
	case USER_SENT:
		m->user->routed++;
		break;
	case USER_LATER:
		user_wait(us, number);
		break;
	case USER_NEVER:
		user_signals_lose(m, number, "nobody has a handler for it, or "
		    "waits for it");
		break;
	}
}

/* Of a source: one that waits already is enough. */
bool
user_signals_source(struct user_signals *us, int number)
{
	if (us->rows[number].pending > 0)
		return false;
	user_raise(us, number, true);
	return true;
}

/* A process has a handler. */
static void
user_register(struct user_signals *us, struct worker_proc *wp, bool imported,
    int number, const char *text)
{
	struct user_signal	*row = &us->rows[number];
	struct signal_target	 target;
	const char		*bad;

	bad = signal_target_parse(&target, text, us->gen->cfg);
	if (bad == NULL)	/* what waits for it would do so for ever */
		bad = signal_target_missing(&target, us->gen->cfg);
	if (bad != NULL) {
		log_error("signal %d: target \"%s\": %s", number, text, bad);
		return;
	}
	if (wp != NULL)
		user_route_learn(wp, number, true);
	if (imported) {
		row->everywhere = true;
		row->stale = false;
	} else if (row->everywhere)
		return;		/* its own handler, for the same target */
	row->registered = true;
	row->target = target;
}

/* It has none any more. */
static void
user_forget(struct user_signals *us, struct worker_proc *wp, bool imported,
    int number)
{
	if (wp != NULL) {
		user_route_learn(wp, number, false);
		return;
	}
	if (imported)
		us->rows[number].registered = us->rows[number].everywhere =
		    false;
}

/* The message of a process. */
bool
user_signals_message(struct generation *gen, struct worker_proc *wp,
    bool imported, const struct message *msg)
{
	struct user_signals	*us = gen->user_signals;
	int			 number = msg->value;

	if (msg->type < MSG_SIGNAL_REGISTER || msg->type > MSG_SIGNAL_REMOVE)
		return false;
	if (number < 0 || number >= USER_SIGNALS)
		return true;		/* nobody of ours says that */
	if (msg->type == MSG_SIGNAL_REGISTER)
		user_register(us, wp, imported, number, msg->text);
	else if (msg->type == MSG_SIGNAL_RAISE)
		user_raise(us, number, false);
	else if (msg->type == MSG_SIGNAL_REMOVE &&
	    strcmp(msg->text, "handler") == 0)
		user_forget(us, wp, imported, number);
	else
		user_sources_message(us->sources, msg, imported);
	return true;
}

/* Sends what waits, as far as it can be taken. */
static void
user_send(struct user_signals *us)
{
	struct user_signal	*row;
	enum user_routed	 routed;
	int			 i;

	for (i = 0; i < USER_SIGNALS && us->pending > 0; i++) {
		row = &us->rows[i];
		while (row->pending > 0) {
			routed = user_route(us, i, false);
			if (routed == USER_LATER)
				break;
			row->pending--;
			us->pending--;
			if (routed == USER_SENT)
				us->gen->master->user->routed++;
			else
				user_signals_lose(us->gen->master, i,
				    "nobody has its handler any more");
		}
	}
}

/* What follows from the states. */
void
user_signals_turn(struct master *m)
{
	static const struct timeval	 soon = { 0, USER_RETRY_US };
	struct user_master		*um = m->user;
	struct user_signals		*wanted = NULL;
	struct generation		*gen;
	uint32_t			 pending = 0;

	if (!master_is_stopping(m) && user_route_may_run(m))
		wanted = m->serving->user_signals;
	if (um->running != wanted) {
		if (um->running != NULL)
			user_sources_stop(um->running->sources);
		if (wanted != NULL)
			user_sources_start(wanted->sources);
		um->running = wanted;
	}
	TAILQ_FOREACH(gen, &m->generations, link) {
		if (gen->user_signals->pending > 0)
			user_send(gen->user_signals);
		user_kept_turn(gen->user_signals->kept);
		pending += gen->user_signals->pending +
		    user_kept_total(gen->user_signals->kept);
	}
	if (pending > 0 && !evtimer_pending(&um->retry, NULL))
		evtimer_add(&um->retry, &soon);
}

/* The numbers. */
struct user_signals_counts
user_signals_counts(const struct master *m)
{
	struct user_signals_counts	 counts = {
	    .raised = m->user->raised, .routed = m->user->routed,
	    .lost = m->user->lost };
	const struct generation		*gen;

	TAILQ_FOREACH(gen, &m->generations, link)
		counts.pending += gen->user_signals->pending +
		    user_kept_total(gen->user_signals->kept);
	return counts;
}
