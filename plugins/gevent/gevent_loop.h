/* gevent's loop on an event base: what the files of this folder share. */
#ifndef WM_PLUGINS_GEVENT_GEVENT_LOOP_H
#define WM_PLUGINS_GEVENT_GEVENT_LOOP_H

#include <Python.h>

#include <event2/event_struct.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "plugins/python/py_turn.h"
#include "worker/watch.h"

struct gevent_callback;
struct worker;

/*
 * Watchers, and what is asked of them, are gevent's (its ILoop and IWatcher,
 * whose reference is libev). Their life:
 *
 *	start	active: it holds a reference to itself, and counts for the loop
 *		unless ref is false: run() ends when nothing counts
 *	fed	it is in one of the loop's queues: its callback is to be called
 *	stop	neither; callback and arguments are forgotten
 *
 * libevent's callbacks only queue. Nothing of Python's happens in them: they
 * run without the interpreter's lock. Each turn of run() is: fork and prepare
 * watchers; callbacks; the poll, in which the worker serves its clients;
 * then check and idle watchers, timers, and what else was fed, by priority.
 *
 * All of a loop belongs to one thread, except run_callback, run_callback_
 * threadsafe and an async_ watcher's send. All functions: with the lock.
 */
enum gevent_kind {
	GEVENT_IO,
	GEVENT_TIMER,
	GEVENT_SIGNAL,
	GEVENT_IDLE,
	GEVENT_PREPARE,
	GEVENT_CHECK,
	GEVENT_FORK,
	GEVENT_ASYNC,
	GEVENT_PLAIN,		/* fed by hand: child and stat, in Python */
	GEVENT_KINDS
};

/* libev's numbers. */
#define GEVENT_EV_READ		0x1
#define GEVENT_EV_WRITE		0x2
#define GEVENT_EV_IOFDSET	0x80
#define GEVENT_EV_TIMER		0x100
#define GEVENT_EV_SIGNAL	0x400
#define GEVENT_EV_IDLE		0x2000
#define GEVENT_EV_PREPARE	0x4000
#define GEVENT_EV_CHECK		0x8000
#define GEVENT_EV_FORK		0x20000
#define GEVENT_EV_ASYNC		0x80000
#define GEVENT_EV_ERROR		INT_MIN

#define GEVENT_MINPRI		(-2)
#define GEVENT_MAXPRI		2
#define GEVENT_PRIORITIES	(GEVENT_MAXPRI - GEVENT_MINPRI + 1)

struct gevent_watcher {
	PyObject_HEAD
	struct gevent_loop		*loop;		/* a reference */
	PyObject			*callback;	/* or NULL */
	PyObject			*args;		/* a tuple, or NULL */
	enum gevent_kind		 kind;
	int				 priority;
	bool				 ref;		/* counts if active */
	bool				 active;
	bool				 owned;		/* by itself */
	int				 revents;	/* fed */
	struct gevent_queue		*queue;		/* or NULL */
	TAILQ_ENTRY(gevent_watcher)	 fed_link;
	TAILQ_ENTRY(gevent_watcher)	 active_link;
};

TAILQ_HEAD(gevent_queue, gevent_watcher);

struct gevent_io {
	struct gevent_watcher	 w;
	struct watch		 watch;
	int			 fd;
	int			 events;
	bool			 always;	/* a file: always ready */
};

struct gevent_timer {
	struct gevent_watcher	 w;
	double			 after;
	double			 repeat;	/* 0: once */
	double			 due;		/* if active */
	uint64_t		 order;		/* among the equally due */
	size_t			 place;		/* in the heap */
};

struct gevent_signal {
	struct gevent_watcher	 w;
	int			 number;
};

struct gevent_async {
	struct gevent_watcher	 w;
	bool			 sent;
};

struct gevent_loop {
	PyObject_HEAD
	PyObject		*error_handler;	/* or NULL */
	/* The base and its watched descriptors; NULL: destroyed. */
	struct worker		*worker;
	bool			 is_own;	/* not the server's, but made
						   for this loop: a base */
	bool			 is_default;
	bool			 is_turning;
	bool			 in_callbacks;
	bool			 broken;	/* run() shall end */
	bool			 forked;	/* fork watchers are due */
	unsigned		 forks;		/* gevent_forks, seen */
	int			 refs;
	int			 depth;
	unsigned long		 iteration;
	double			 now;
	struct py_turn		 turn;
	jmp_buf			 away;		/* out of the turn */

	struct gevent_queue	 active[GEVENT_KINDS];
	struct gevent_queue	 ready;		/* fed in the poll */
	struct gevent_queue	 fed[GEVENT_PRIORITIES];
	int			 always;	/* active io like that */

	struct gevent_timer	**heap;
	size_t			 nheap;
	size_t			 heap_size;
	uint64_t		 order;

	struct gevent_callback	*first;		/* references */
	struct gevent_callback	*last;

	int			 wake[2];	/* a pipe, or -1 */
	struct event		 wake_ev;
	bool			 sent;		/* by any async_ watcher */
};

/* gevent_loop.c */
/* What a loop is made of, and loop itself in Python a subclass of. Borrowed. */
PyTypeObject *gevent_loop_type(void);
/* Is it usable here? If not, ValueError; in a forked child it is renewed. */
bool	 gevent_loop_check(struct gevent_loop *loop);
/* Hands the exception that is set to handle_error. Context may be NULL. */
void	 gevent_loop_error(struct gevent_loop *loop, PyObject *context);
void	 gevent_loop_update(struct gevent_loop *loop);
void	 gevent_loop_wake(struct gevent_loop *loop);
/* In a new worker, whose base is renewed already: the rest. -1: exception. */
int	 gevent_loop_fork(PyObject *loop);
/* In every child: loops renew themselves when they are next used. */
void	 gevent_loop_note_fork(void);
/* In an app's child on the hub: out of the turn; returns if it is in none. */
void	 gevent_loop_leave_turn(PyObject *loop);
/* The type, once; -1 with an exception. */
int	 gevent_loop_add_type(PyObject *module);

/* gevent_run.c */
PyObject *gevent_run(PyObject *self, PyObject *args, PyObject *kwargs);

/* gevent_callback.c */
int	 gevent_callback_add_type(PyObject *module);
/* run_callback(function, *args). New. */
PyObject *gevent_callback_queue(struct gevent_loop *loop,
	    PyObject *const *args, Py_ssize_t n);
void	 gevent_callback_run_all(struct gevent_loop *loop);
void	 gevent_callback_drop_all(struct gevent_loop *loop);

/* gevent_types.c */
int	 gevent_types_add(PyObject *module);
/* A watcher of the loop's, made with the arguments of its method. New. */
PyObject *gevent_types_make(PyObject *loop, enum gevent_kind kind,
	    PyObject *args, PyObject *kwargs);

/* gevent_watcher.c */
void	 gevent_watcher_activate(struct gevent_watcher *w);
void	 gevent_watcher_deactivate(struct gevent_watcher *w);
/* Without the lock too, in the poll. */
void	 gevent_watcher_feed(struct gevent_watcher *w, int revents);
int	 gevent_watcher_count(const struct gevent_loop *loop);
/* Feeds what is ready, and calls back all that is fed. */
void	 gevent_watcher_take_ready(struct gevent_loop *loop);
void	 gevent_watcher_call_all(struct gevent_loop *loop);
/* Feeds all active ones of a kind. */
void	 gevent_watcher_feed_kind(struct gevent_loop *loop,
	    enum gevent_kind kind, int revents);
/* Is one fed that has this priority or a higher one? */
bool	 gevent_watcher_is_fed(const struct gevent_loop *loop, int priority);
/*
 * Takes them off the base. In an app's child (drop) they are not wanted any
 * more, but for those kinds that are asked of nobody else.
 */
void	 gevent_watcher_leave_all(struct gevent_loop *loop, bool drop);
/* Before the loop's end. */
void	 gevent_watcher_stop_all(struct gevent_loop *loop);

/* gevent_io.c */
int	 gevent_io_start(struct gevent_watcher *w);
void	 gevent_io_stop(struct gevent_watcher *w);
void	 gevent_io_feed_always(struct gevent_loop *loop);
/* Feeds whoever watches a descriptor that is to be closed; were there any? */
bool	 gevent_io_closing(struct gevent_loop *loop, int fd);

/* gevent_timer.c */
int	 gevent_timer_start(struct gevent_watcher *w);
void	 gevent_timer_stop(struct gevent_watcher *w);
void	 gevent_timer_feed_due(struct gevent_loop *loop);
/* Seconds until the first, -1 when there is none. */
double	 gevent_timer_next(const struct gevent_loop *loop);

/* gevent_signal.c */
int	 gevent_signal_start(struct gevent_watcher *w);
void	 gevent_signal_stop(struct gevent_watcher *w);
void	 gevent_signal_feed_caught(struct gevent_loop *loop);

#endif
