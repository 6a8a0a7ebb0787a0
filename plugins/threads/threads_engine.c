/*
 * The suspend engine whose cores are threads, so that an app may block.
 *
 * The loop thread turns the base and never runs a request. Each core, also the
 * jobs', has one thread, made when the worker starts, which runs one request
 * after the other.
 * A request is its thread's own from start() until it is over, so an ordinary
 * one takes two hand-overs: the loop wakes the thread, and the thread's letter
 * wakes the loop. What is the worker's (the base, watches, lists of cores and
 * connections) is the loop thread's. A thread that needs it asks for it by a
 * letter; the loop thread lends it, and stands still until it has it back:
 *
 *	IDLE --- loop: start() ---------> RUNS
 *	RUNS --- attach(): letter ------> ASKS		sleeps
 *	ASKS --- loop reads the letter -> HOLDS		the loop sleeps
 *	ASKS --- loop: done() ----------> RUNS		refused
 *	HOLDS -- detach() --------------> RUNS		the loop goes on
 *	HOLDS -- park() ----------------> PARKED	the same; sleeps
 *	PARKED - loop: resume() --------> HOLDS		the loop sleeps
 *	RUNS --- request over: letter --> OVER		sleeps
 *	OVER --- loop reads the letter -> IDLE
 *	IDLE --- loop: done() ----------> LEAVES	the thread ends
 *
 * Other threads of the app's may attach and detach as well: each is a guest,
 * who knows only RUNS, ASKS and HOLDS. As long as no loop turns (the main
 * thread may be in a post_fork_hook, and wait for the guest) they are refused.
 *
 * Three things are waited for: the loop (by attach), the interpreter's lock,
 * and threads.lock, which guards the states and the letters. They are taken in
 * this order and never the other way round:
 *
 *	the loop, then the interpreter's lock, then threads.lock
 *
 * So whoever asks for the loop has given up the interpreter's lock; who holds
 * the loop may take that lock (around a fork), since its owner never waits for
 * the loop; and nothing is called under threads.lock that waits for anything
 * else. The loop thread takes the interpreter's lock for signal handlers only.
 *
 * In a child that the app has forked there is one thread, the one that forked.
 * It holds the loop meanwhile, so the lists it finds are whole; afterwards
 * attach() refuses, and the end of the request is the end of the process.
 *
 * Signals are not blocked in these threads: what the app executes would inherit
 * that, and could not be terminated. The kernel prefers the main thread.
 */
#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "plugins/plugin.h"
#include "worker/core.h"
#include "worker/runtime.h"
#include "worker/suspend.h"
#include "worker/worker.h"

enum threads_state {
	THREAD_RUNS,		/* 0: a guest begins so */
	THREAD_ASKS,
	THREAD_HOLDS,
	THREAD_PARKED,
	THREAD_OVER,
	THREAD_IDLE,
	THREAD_LEAVES
};

/* A core's thread, or a guest. All but state is set once. */
struct threads_seat {
	struct core			*core;		/* NULL: a guest */
	enum threads_state		 state;		/* threads.lock */
	pthread_t			 thread;	/* not a guest's */
	pthread_cond_t			 turn;		/* its state changed */
	TAILQ_ENTRY(threads_seat)	 letter;	/* ASKS and OVER */
};

TAILQ_HEAD(threads_letters, threads_seat);

/* The worker's threads; the process has one worker. */
static struct {
	struct worker		*worker;	/* NULL before init */
	pthread_mutex_t		 lock;
	pthread_cond_t		 back;		/* nobody holds the loop */
	bool			 lent;		/* somebody does */
	struct threads_letters	 letters;
	bool			 told;		/* eventfd written, not read */
	bool			 open;		/* the loop turns */
	int			 eventfd;
	struct event		 ev;
	struct threads_seat	*seats;		/* one for each core */
	int			 nseats;
} threads = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.back = PTHREAD_COND_INITIALIZER,
	.eventfd = -1,
};

static const char *const threads_state_names[] = {
	[THREAD_RUNS] = "running",
	[THREAD_ASKS] = "asking",
	[THREAD_HOLDS] = "holding the loop",
	[THREAD_PARKED] = "parked",
	[THREAD_OVER] = "over",
	[THREAD_IDLE] = "idle",
	[THREAD_LEAVES] = "leaving",
};

/* Which state may follow which: one bit for each. */
static const unsigned threads_next_states[] = {
	[THREAD_RUNS] = 1u << THREAD_ASKS | 1u << THREAD_OVER,
	[THREAD_ASKS] = 1u << THREAD_HOLDS | 1u << THREAD_RUNS,
	[THREAD_HOLDS] = 1u << THREAD_RUNS | 1u << THREAD_PARKED,
	[THREAD_PARKED] = 1u << THREAD_HOLDS,
	[THREAD_OVER] = 1u << THREAD_IDLE,
	[THREAD_IDLE] = 1u << THREAD_RUNS | 1u << THREAD_LEAVES,
	[THREAD_LEAVES] = 0,
};

/* The calling thread's, if it is no core; and who it is. */
static _Thread_local struct threads_seat threads_guest = {
	.state = THREAD_RUNS,
	.turn = PTHREAD_COND_INITIALIZER,
};
static _Thread_local struct threads_seat *threads_own;	/* NULL: a guest */
static _Thread_local bool threads_is_loop;

/* Makes the step, or dies. With threads.lock. */
static void
threads_set_state(struct threads_seat *seat, enum threads_state state)
{
	if ((threads_next_states[seat->state] & 1u << state) == 0)
		fatalx("thread %d: impossible step from %s to %s",
		    seat->core == NULL ? -1 : seat->core->id,
		    threads_state_names[seat->state],
		    threads_state_names[state]);
	seat->state = state;
}

/* Takes the lock. */
static void
threads_lock(void)
{
	pthread_mutex_lock(&threads.lock);
}

/* Gives it back. */
static void
threads_unlock(void)
{
	pthread_mutex_unlock(&threads.lock);
}

/* Sleeps until the seat's state is another one. With threads.lock. */
static void
threads_sleep(struct threads_seat *seat, enum threads_state state)
{
	while (seat->state == state)
		pthread_cond_wait(&seat->turn, &threads.lock);
}

/* Writes a letter; true if the loop is to be woken. With threads.lock. */
static bool
threads_write(struct threads_seat *seat)
{
	bool	 first = !threads.told;

	TAILQ_INSERT_TAIL(&threads.letters, seat, letter);
	threads.told = true;
	return first;
}

/* Wakes the loop. */
static void
threads_ring(void)
{
	const uint64_t	 one = 1;

	if (write(threads.eventfd, &one, sizeof(one)) != sizeof(one))
		log_error("cannot wake the event loop: %s", strerror(errno));
}

/*
 * Loop: lends itself to a thread that waits for it, and stands still until it
 * is given back. A guest's seat may be gone by then. With threads.lock.
 */
static void
threads_lend(struct threads_seat *seat)
{
	threads_set_state(seat, THREAD_HOLDS);
	threads.lent = true;
	pthread_cond_signal(&seat->turn);
	while (threads.lent)
		pthread_cond_wait(&threads.back, &threads.lock);
}

/* Loop: reads the letters that are there. */
static void
threads_read(void)
{
	struct threads_letters	 letters = TAILQ_HEAD_INITIALIZER(letters);
	struct threads_seat	*seat;

	threads_lock();
	threads.open = true;
	threads.told = false;
	TAILQ_CONCAT(&letters, &threads.letters, letter);
	while ((seat = TAILQ_FIRST(&letters)) != NULL) {
		TAILQ_REMOVE(&letters, seat, letter);
		if (seat->state == THREAD_OVER) {
			threads_set_state(seat, THREAD_IDLE);
			core_finish(seat->core);
		} else
			threads_lend(seat);
	}
	threads_unlock();
}

/* Loop: somebody has written, or it begins to turn. */
static void
threads_letter_cb(evutil_socket_t fd, short events, void *arg)
{
	uint64_t	 count;

	(void)events;
	if (read(fd, &count, sizeof(count)) == -1 && errno != EAGAIN)
		log_error("eventfd: %s", strerror(errno));
	threads_read();
	cores_work_off(arg);
}

/* The core's thread: one request. */
static void
threads_run(struct threads_seat *seat, bool first)
{
	const struct runtime	*runtime = threads.worker->runtime;
	bool			 ring;

	if (first && runtime != NULL)
		runtime->thread_start(seat->core);
	core_run(seat->core);
	if (threads.worker->forked)	/* the loop is the parent's */
		_exit(0);
	threads_lock();
	threads_set_state(seat, THREAD_OVER);
	ring = threads_write(seat);
	threads_unlock();
	if (ring)
		threads_ring();
}

/* What a core's thread does. */
static void *
threads_main(void *arg)
{
	struct threads_seat	*seat = arg;
	bool			 first = true, leave = false;

	threads_own = seat;
	while (!leave) {
		threads_lock();
		threads_sleep(seat, THREAD_OVER);
		threads_sleep(seat, THREAD_IDLE);
		leave = seat->state == THREAD_LEAVES;
		threads_unlock();
		if (!leave)
			threads_run(seat, first);
		first = false;
	}
	threads_own = NULL;
	if (threads.worker->runtime != NULL)
		threads.worker->runtime->thread_stop();
	return NULL;
}

/* Loop: begins a request on the core's thread. */
static void
threads_start(struct core *core)
{
	struct threads_seat	*seat = core->suspend_data;

	threads_lock();
	threads_set_state(seat, THREAD_RUNS);
	threads_unlock();
	pthread_cond_signal(&seat->turn);
}

/* The core's thread, which holds the loop: gives it back until resume. */
static void
threads_park(struct core *core)
{
	struct threads_seat	*seat = core->suspend_data;

	threads_lock();
	threads_set_state(seat, THREAD_PARKED);
	threads.lent = false;
	pthread_cond_signal(&threads.back);
	threads_sleep(seat, THREAD_PARKED);
	threads_unlock();
}

/* Loop: the thread goes on behind park, and detaches or parks again. */
static void
threads_resume(struct core *core)
{
	threads_lock();
	threads_lend(core->suspend_data);
	threads_unlock();
}

/* The core whose thread calls. */
static struct core *
threads_current(struct worker *w)
{
	(void)w;
	return threads_own == NULL ? NULL : threads_own->core;
}

/* Loop: raises Harakiri in what the core's thread runs. */
static void
threads_interrupt(struct core *core)
{
	const struct runtime	*runtime = threads.worker->runtime;

	if (runtime != NULL && runtime->thread_interrupt != NULL)
		runtime->thread_interrupt(core);
}

/* A core's thread, as Python numbers it. */
static void
threads_stacks(const struct core *core, struct suspend_stacks *stacks)
{
	const struct threads_seat	*seat = core->suspend_data;

	if (seat != NULL)
		stacks->thread = (unsigned long)seat->thread;
}

/* Any thread: asks for the loop and waits for it. */
static bool
threads_attach(struct worker *w)
{
	struct threads_seat	*seat;
	bool			 held = false;

	if (w->forked || threads.worker == NULL)
		return false;
	if (threads_is_loop)
		return true;
	seat = threads_own != NULL ? threads_own : &threads_guest;
	threads_lock();
	if (threads.open) {
		threads_set_state(seat, THREAD_ASKS);
		/* With the lock, so that the eventfd is still there. */
		if (threads_write(seat))
			threads_ring();
		threads_sleep(seat, THREAD_ASKS);
		held = seat->state == THREAD_HOLDS;
	}
	threads_unlock();
	return held;
}

/* Whoever has attached: gives the loop back. */
static void
threads_detach(struct worker *w)
{
	struct threads_seat	*seat;

	if (w->forked || threads_is_loop)
		return;
	seat = threads_own != NULL ? threads_own : &threads_guest;
	threads_lock();
	threads_set_state(seat, THREAD_RUNS);
	threads.lent = false;
	threads_unlock();
	pthread_cond_signal(&threads.back);
}

/* Makes a core's thread; -1 with *cause. */
static int
threads_seat_init(struct threads_seat *seat, struct core *core,
    const pthread_attr_t *attr, char **cause)
{
	char	 name[16];
	int	 error;

	seat->core = core;
	seat->state = THREAD_IDLE;
	pthread_cond_init(&seat->turn, NULL);
	error = pthread_create(&seat->thread, attr, threads_main, seat);
	if (error != 0) {
		*cause = xasprintf("cannot make thread %d of %d: %s",
		    core->id + 1, threads.nseats, strerror(error));
		return -1;
	}
	core->suspend_data = seat;
	snprintf(name, sizeof(name), "wm-core-%d", core->id);
	pthread_setname_np(seat->thread, name);
	return 0;
}

/* Makes the cores' threads; -1 with *cause. */
static int
threads_make(struct worker *w, char **cause)
{
	pthread_attr_t	 attr;
	int		 error, i, result = 0;

	threads.nseats = w->ncores + 1;
	threads.seats = xcalloc((size_t)threads.nseats,
	    sizeof(*threads.seats));
	pthread_attr_init(&attr);
	if (w->cfg->thread_stacksize > 0) {
		error = pthread_attr_setstacksize(&attr,
		    (size_t)w->cfg->thread_stacksize * 1024);
		if (error != 0) {
			*cause = xasprintf("\"thread-stacksize\": %s",
			    strerror(error));
			result = -1;
		}
	}
	for (i = 0; result == 0 && i < threads.nseats; i++)
		result = threads_seat_init(&threads.seats[i], &w->cores[i],
		    &attr, cause);
	pthread_attr_destroy(&attr);
	return result;
}

/* In the worker: this thread turns the loop. */
static int
threads_init(struct worker *w, char **cause)
{
	threads_is_loop = true;
	threads.open = threads.told = false;
	TAILQ_INIT(&threads.letters);
	threads.eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (threads.eventfd == -1) {
		*cause = xasprintf("eventfd: %s", strerror(errno));
		return -1;
	}
	event_assign(&threads.ev, w->base, threads.eventfd,
	    EV_READ | EV_PERSIST, threads_letter_cb, w);
	if (event_add(&threads.ev, NULL) == -1) {
		*cause = xstrdup("cannot watch an eventfd");
		return -1;
	}
	event_active(&threads.ev, EV_READ, 1);
	threads.worker = w;
	return threads_make(w, cause);
}

/* Nobody gets the loop any more; idle threads shall end. */
static void
threads_close(void)
{
	struct threads_seat	*seat;
	int			 i;

	threads_lock();
	threads.open = false;
	while ((seat = TAILQ_FIRST(&threads.letters)) != NULL) {
		TAILQ_REMOVE(&threads.letters, seat, letter);
		threads_set_state(seat, THREAD_RUNS);
		pthread_cond_signal(&seat->turn);
	}
	for (i = 0; i < threads.nseats; i++) {
		threads_set_state(&threads.seats[i], THREAD_LEAVES);
		pthread_cond_signal(&threads.seats[i].turn);
	}
	threads_unlock();
}

/*
 * In the worker, at its end: the threads end. What stays is what a guest may
 * still look at.
 */
static void
threads_done(struct worker *w)
{
	int	 i;

	threads_close();
	for (i = 0; i < threads.nseats; i++) {
		pthread_join(threads.seats[i].thread, NULL);
		pthread_cond_destroy(&threads.seats[i].turn);
		w->cores[i].suspend_data = NULL;
	}
	free(threads.seats);
	threads.seats = NULL;
	threads.nseats = 0;
	event_del(&threads.ev);
	fd_close(&threads.eventfd);
}

static const struct suspend_engine	 threads_engine = {
	.name = "threads",
	.can_park = true,
	.init = threads_init,
	.start = threads_start,
	.park = threads_park,
	.resume = threads_resume,
	.done = threads_done,
	.current = threads_current,
	.attach = threads_attach,
	.detach = threads_detach,
	.interrupt = threads_interrupt,
	.stacks = threads_stacks,
};

const struct plugin			 threads_plugin = {
	.abi = PLUGIN_ABI,
	.name = "threads",
	.suspend = &threads_engine,
};
