/* A thread that looks at what Python does, for who must not wait for it. */
#include "worker/witness.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "worker/runtime.h"
#include "worker/worker.h"

#define WITNESS_STACK	524288

enum witness_state {
	WITNESS_NONE,
	WITNESS_WAITS,
	WITNESS_LOOKS,
	WITNESS_OVER,
	WITNESS_LEFT
};

/* All under the lock, but what the witness is to do: set before it begins. */
static struct {
	pthread_mutex_t			 lock;
	pthread_cond_t			 changed;	/* for the watchdog */
	bool				 has_cond;
	enum witness_state		 state;
	bool				 stopped;

	const struct runtime		*runtime;
	struct worker			*worker;	/* not looked at */
	bool				 all;
	const struct runtime_look	*look;
	void				*arg;
} witness = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const char *const witness_state_names[] = {
	[WITNESS_NONE] = "none",
	[WITNESS_WAITS] = "waiting",
	[WITNESS_LOOKS] = "looking",
	[WITNESS_OVER] = "over",
	[WITNESS_LEFT] = "left",
};

/* Which state may follow which: one bit for each. */
static const unsigned witness_next_states[] = {
	[WITNESS_NONE] = 1u << WITNESS_WAITS,
	[WITNESS_WAITS] = 1u << WITNESS_LOOKS | 1u << WITNESS_OVER |
	    1u << WITNESS_LEFT | 1u << WITNESS_NONE,
	[WITNESS_LOOKS] = 1u << WITNESS_WAITS,
	[WITNESS_OVER] = 1u << WITNESS_NONE,
	[WITNESS_LEFT] = 1u << WITNESS_NONE,
};

/* Makes the step, or dies. With the lock. */
static void
witness_set_state(enum witness_state state)
{
	if ((witness_next_states[witness.state] & 1u << state) == 0)
		fatalx("witness: impossible step from %s to %s",
		    witness_state_names[witness.state],
		    witness_state_names[state]);
	witness.state = state;
	pthread_cond_broadcast(&witness.changed);
}

/* It has the interpreter's lock: is it still wanted? */
static bool
witness_enter(void *arg)
{
	bool	 wanted;

	(void)arg;
	pthread_mutex_lock(&witness.lock);
	wanted = witness.state == WITNESS_WAITS;
	if (wanted)
		witness_set_state(WITNESS_LOOKS);
	pthread_mutex_unlock(&witness.lock);
	return wanted;
}

/* It gives way, or has seen everything. */
static void
witness_leave(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&witness.lock);
	witness_set_state(WITNESS_WAITS);
	pthread_mutex_unlock(&witness.lock);
}

/* What was found, for who has asked; while LOOKS. */
static bool
witness_core(void *arg, struct core *core, const char *stack)
{
	(void)arg;
	return witness.look->core(witness.arg, core, stack);
}

/* The same of a thread. */
static bool
witness_thread(void *arg, const char *name, const char *stack)
{
	(void)arg;
	return witness.look->thread(witness.arg, name, stack);
}

/* The witness. */
static void *
witness_main(void *unused)
{
	static const struct runtime_look	 own = {
		.enter = witness_enter,
		.leave = witness_leave,
		.core = witness_core,
		.thread = witness_thread,
	};

	(void)unused;
	/* The worker may be gone by now: enter says so. */
	witness.runtime->look(witness.worker, witness.all, &own, NULL);
	pthread_mutex_lock(&witness.lock);
	witness_set_state(witness.state == WITNESS_LEFT ? WITNESS_NONE :
	    WITNESS_OVER);
	pthread_mutex_unlock(&witness.lock);
	return NULL;
}

/* Makes the thread, which gets no signals; with the lock. */
static bool
witness_start(void)
{
	pthread_attr_t	 attr;
	pthread_t	 thread;
	sigset_t	 all, old;
	bool		 done;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, WITNESS_STACK);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	done = pthread_create(&thread, &attr, witness_main, NULL) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (done)
		pthread_setname_np(thread, "wm-witness");
	return done;
}

/* Once, or once more: the condition goes by the clock that does not jump. */
void
witness_init(void)
{
	pthread_condattr_t	 mono;

	pthread_mutex_lock(&witness.lock);
	witness.stopped = false;
	pthread_mutex_unlock(&witness.lock);
	if (witness.has_cond)
		return;
	pthread_condattr_init(&mono);
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	pthread_cond_init(&witness.changed, &mono);
	pthread_condattr_destroy(&mono);
	witness.has_cond = true;
}

/* Waits until it is over, or late. With the lock. */
static bool
witness_wait(double limit)
{
	const uint64_t	 until = clock_mono_us() + (uint64_t)(limit * 1e6);
	struct timespec	 ts = { .tv_sec = (time_t)(until / 1000000),
	    .tv_nsec = (long)(until % 1000000) * 1000 };
	bool		 late = false;

	while (witness.state == WITNESS_LOOKS ||
	    (witness.state == WITNESS_WAITS && !late && !witness.stopped))
		if (late || witness.stopped)
			pthread_cond_wait(&witness.changed, &witness.lock);
		else
			late = pthread_cond_timedwait(&witness.changed,
			    &witness.lock, &ts) == ETIMEDOUT;
	if (witness.state == WITNESS_OVER) {
		witness_set_state(WITNESS_NONE);
		return true;
	}
	witness_set_state(WITNESS_LEFT);
	return false;
}

/* Sends a witness. */
bool
witness_look(struct worker *w, bool all, const struct runtime_look *look,
    void *arg, double limit)
{
	bool	 seen = false;

	if (w->runtime == NULL || w->runtime->look == NULL)
		return true;
	pthread_mutex_lock(&witness.lock);
	if (witness.state == WITNESS_NONE && !witness.stopped) {
		witness.runtime = w->runtime;
		witness.worker = w;
		witness.all = all;
		witness.look = look;
		witness.arg = arg;
		witness_set_state(WITNESS_WAITS);
		if (witness_start())
			seen = witness_wait(limit);
		else
			witness_set_state(WITNESS_NONE);
	}
	pthread_mutex_unlock(&witness.lock);
	return seen;
}

/* The worker leaves. */
void
witness_stop(void)
{
	pthread_mutex_lock(&witness.lock);
	witness.stopped = true;
	if (witness.has_cond)
		pthread_cond_broadcast(&witness.changed);
	pthread_mutex_unlock(&witness.lock);
}

/* The thread is not in this process. */
void
witness_forked(void)
{
	pthread_mutex_init(&witness.lock, NULL);
	witness.has_cond = false;
	witness.state = WITNESS_NONE;
	witness.stopped = true;
}
