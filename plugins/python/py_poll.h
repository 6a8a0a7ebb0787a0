/*
 * A request's poll set: what it has asked to be woken by, and the switch that
 * waits for it.
 *
 * uWSGI's calls (wait_fd_read, async_sleep, x-wsgiorg.fdevent) only note what
 * is wanted; the wait comes with the next suspend() or yield, ends with the
 * first thing that happens, and empties the set. Perillo's ngx.poll_register
 * (py_ngx.c) notes connections for the whole request; they count in the one
 * wait that ngx.poll() asks for.
 */
#ifndef WM_PLUGINS_PYTHON_PY_POLL_H
#define WM_PLUGINS_PYTHON_PY_POLL_H

#include <Python.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "worker/wait.h"

struct core;
struct request;
struct worker;

/* A connection of ngx.poll_register. */
struct py_poll_kept {
	PyObject	*conn;		/* a reference */
	int		 fd;
	short		 events;
};

/* One for each core; all but the memory is the request's. */
struct py_poll {
	struct wait_item	*items;
	size_t			 nitems;
	size_t			 cap;
	uint64_t		 until_us;	/* mono clock; 0: for ever */
	uint64_t		 turn_us;	/* the loop last ran then */
	PyObject		*env;		/* a reference, or NULL */
	PyObject		*timeout;	/* fdevent's object, or NULL */
	/* What the last wait came to. */
	int			 ready_fd;	/* -1: none */
	short			 ready;
	bool			 timed_out;
	int			 shown_fd;	/* in environ; -2: nothing */
	/* py_ngx.c's. */
	struct py_poll_kept	*kept;
	size_t			 nkept;
	PyObject		*state;		/* of the last ngx.poll() */
	bool			 poll_kept;
	/* py_client.c's. */
	struct strbuf		 chunk;		/* of the body, not whole yet */
	bool			 disconnected;
};

/* All with the lock. In the worker, at its start and end. */
void	 py_polls_init(struct worker *w);
void	 py_polls_done(struct worker *w);

struct py_poll *py_poll_of(const struct core *core);
/* The calling thread's, for those that are not the loop's; NULL: exception. */
struct py_poll *py_poll_of_thread(void);
/*
 * A request begins, and has its timeout object; 0, or -1 with a Python
 * exception. Then it gets an environ, for which that object is.
 */
int	 py_poll_begin(struct request *req);
void	 py_poll_set_environ(struct request *req, PyObject *env);
/* It is over: everything noted is dropped. */
void	 py_poll_end(struct request *req);

/*
 * Notes that the next switch shall wait for events on fd, at most for seconds
 * (0 and less: for ever). 0, or -1 with OSError.
 */
int	 py_poll_add(struct py_poll *p, int fd, short events, double seconds);
/* The next switch ends after so many seconds at the latest. */
void	 py_poll_until(struct py_poll *p, double seconds);
/* Will the next switch wait for something? */
bool	 py_poll_is_pending(const struct core *core);

/*
 * Waits for what was noted; with nothing noted lets the others run once. The
 * caller may wait (py_core_may_wait). 0, or -1 with a Python exception.
 */
int	 py_poll_switch(struct core *core);
/* The same for a thread's set: blocks the thread. */
int	 py_poll_block(struct py_poll *p);
/*
 * The same after a piece of a body. With nothing noted the others have their
 * turn now, or else after the first piece that comes a millisecond after
 * their last; sooner when more than a few cores take turns.
 */
int	 py_poll_yield(struct core *core, bool now);

#endif
