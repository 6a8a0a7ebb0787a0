/* A request's poll set, and the switch that waits for it. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_poll.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_fdevent.h"
#include "plugins/python/py_ngx.h"
#include "plugins/python/py_strings.h"
#include "plugins/python/py_wait.h"
#include "worker/core.h"
#include "worker/suspend.h"
#include "worker/worker.h"

/* Where a thread's set is in its state's dict. */
#define PY_POLL_THREAD	"wsgimaster.poll"
/*
 * So long a body's pieces may come before the others have their turn, and so
 * long, about, until all that take turns have had theirs.
 */
#define PY_POLL_TURN_US		1000
#define PY_POLL_ROUND_US	8000

static struct py_poll	*py_polls;	/* one for each core, and the jobs' */

/* Makes one for each core. */
void
py_polls_init(struct worker *w)
{
	py_polls = xcalloc((size_t)w->ncores + 1, sizeof(*py_polls));
}

/* Frees what the cores' sets hold. */
void
py_polls_done(struct worker *w)
{
	int	 i;

	for (i = 0; i <= w->ncores; i++) {
		Py_CLEAR(py_polls[i].timeout);
		free(py_polls[i].items);
		py_polls[i].items = NULL;
		py_polls[i].cap = 0;
		strbuf_done(&py_polls[i].chunk);
	}
}

/* A core's set. */
struct py_poll *
py_poll_of(const struct core *core)
{
	return &py_polls[core->id];
}

/* A thread ends. */
static void
py_poll_free_cb(PyObject *capsule)
{
	struct py_poll	*p = PyCapsule_GetPointer(capsule, PY_POLL_THREAD);

	free(p->items);
	free(p);
}

/* The calling thread's set, made when it is first asked for. */
struct py_poll *
py_poll_of_thread(void)
{
	PyObject	*names = PyThreadState_GetDict(), *capsule;
	struct py_poll	*p;
	int		 result;

	capsule = names == NULL ? NULL :
	    PyDict_GetItemString(names, PY_POLL_THREAD);
	if (capsule != NULL)
		return PyCapsule_GetPointer(capsule, PY_POLL_THREAD);
	p = xcalloc(1, sizeof(*p));
	p->ready_fd = -1;
	capsule = PyCapsule_New(p, PY_POLL_THREAD, py_poll_free_cb);
	if (capsule == NULL) {
		free(p);
		return NULL;
	}
	result = PyDict_SetItemString(names, PY_POLL_THREAD, capsule);
	Py_DECREF(capsule);
	return result == -1 ? NULL : p;
}

/* What a wait came to; environ and fdevent's object say it, too. */
static int
py_poll_set_result(struct py_poll *p, int fd, short ready, bool timed_out)
{
	PyObject	*value;
	int		 result;

	p->nitems = 0;
	p->until_us = 0;
	p->ready_fd = fd;
	p->ready = ready;
	p->timed_out = timed_out;
	if (p->timeout != NULL)
		py_fdevent_set(p->timeout, timed_out);
	if (p->state != NULL)
		py_ngx_set_result(p);
	if (p->env == NULL || p->shown_fd == fd)
		return 0;
	p->shown_fd = fd;
	if (fd == -1)
		return PyDict_SetItem(p->env, py_str->uwsgi_ready_fd, Py_None);
	value = PyLong_FromLong(fd);
	if (value == NULL)
		return -1;
	result = PyDict_SetItem(p->env, py_str->uwsgi_ready_fd, value);
	Py_DECREF(value);
	return result;
}

/* Nothing was waited for yet. */
static void
py_poll_clear(struct py_poll *p, const struct request *req)
{
	p->ready_fd = -1;
	p->shown_fd = -2;
	p->timed_out = false;
	p->turn_us = req->start_us;
	if (p->timeout != NULL)
		py_fdevent_set(p->timeout, false);
}

/* A request begins. */
int
py_poll_begin(struct request *req)
{
	struct py_poll	*p = py_poll_of(req->core);

	if (req->worker->suspend->can_park && (p->timeout == NULL ||
	    !py_fdevent_is_unshared(p->timeout))) {
		Py_XSETREF(p->timeout, py_fdevent_new());
		if (p->timeout == NULL)
			return -1;
	}
	py_poll_clear(p, req);
	return 0;
}

/* Its environ. While that was made a finalizer may have waited. */
void
py_poll_set_environ(struct request *req, PyObject *env)
{
	struct py_poll	*p = py_poll_of(req->core);

	if (!req->worker->suspend->can_park)
		return;
	py_poll_clear(p, req);
	Py_INCREF(env);
	Py_XSETREF(p->env, env);
}

/* A request is over. */
void
py_poll_end(struct request *req)
{
	struct py_poll	*p = py_poll_of(req->core);

	Py_CLEAR(p->env);
	p->nitems = 0;
	p->until_us = 0;
	p->disconnected = false;
	p->chunk.len = 0;
	if (p->nkept > 0 || p->state != NULL)
		py_ngx_end(p);
}

/* The next switch ends after so many seconds at the latest. */
void
py_poll_until(struct py_poll *p, double seconds)
{
	uint64_t	 until;

	if (!(seconds < 1e8))
		seconds = 1e8;
	until = clock_mono_us() + (uint64_t)(seconds * 1e6);
	if (p->until_us == 0 || until < p->until_us)
		p->until_us = until;
}

/* One more descriptor for the next wait; one number is one item. */
static void
py_poll_item(struct py_poll *p, int fd, short events)
{
	size_t	 i;

	for (i = 0; i < p->nitems; i++) {
		if (p->items[i].fd == fd) {
			p->items[i].events |= events;
			return;
		}
	}
	if (p->nitems == p->cap) {
		p->cap = p->cap == 0 ? 4 : p->cap * 2;
		p->items = xrealloc(p->items, p->cap * sizeof(*p->items));
	}
	p->items[p->nitems].fd = fd;
	p->items[p->nitems].events = events;
	p->items[p->nitems].ready = 0;
	p->nitems++;
}

/* Notes a descriptor. */
int
py_poll_add(struct py_poll *p, int fd, short events, double seconds)
{
	if (fcntl(fd, F_GETFD) == -1) {
		PyErr_SetFromErrno(PyExc_OSError);
		return -1;
	}
	py_poll_item(p, fd, events);
	if (seconds > 0)
		py_poll_until(p, seconds);
	return 0;
}

/* Will the next switch wait for something? */
bool
py_poll_is_pending(const struct core *core)
{
	const struct py_poll	*p = py_poll_of(core);

	return p->nitems > 0 || p->until_us != 0 || p->poll_kept;
}

/* How long the next wait may take: -1 is for ever. */
static double
py_poll_left(const struct py_poll *p)
{
	uint64_t	 now;

	if (p->until_us == 0)
		return -1;
	/* Others have a turn also when the time is over already. */
	now = clock_mono_us();
	return now < p->until_us ? (double)(p->until_us - now) / 1e6 : 1e-6;
}

/* Waits for the set. */
static enum wait_reason
py_poll_wait(struct core *core, struct py_poll *p)
{
	size_t	 i;

	for (i = 0; p->poll_kept && i < p->nkept; i++)
		py_poll_item(p, p->kept[i].fd, p->kept[i].events);
	p->poll_kept = false;
	if (p->nitems == 0 && p->until_us == 0)
		return wait_turn(core);
	return wait_set(core, p->items, p->nitems, py_poll_left(p));
}

/* Waits for what was noted, or lets the others run once. */
int
py_poll_switch(struct core *core)
{
	struct py_poll		*p = py_poll_of(core);
	enum wait_reason	 reason;
	size_t			 i;
	short			 ready = 0;
	int			 fd = -1, saved;

	reason = py_poll_wait(core, p);
	saved = errno;
	p->turn_us = clock_mono_us();
	for (i = 0; fd == -1 && reason == WAIT_READY && i < p->nitems; i++) {
		ready = p->items[i].ready;
		if (ready != 0)
			fd = p->items[i].fd;
	}
	if (PyErr_Occurred() != NULL) {
		p->nitems = 0;
		p->until_us = 0;
		return -1;
	}
	if (py_poll_set_result(p, fd, ready, reason == WAIT_TIMEOUT) == -1)
		return -1;
	if (reason == WAIT_READY || reason == WAIT_TIMEOUT)
		return 0;
	errno = saved;
	py_wait_raise(reason);
	return -1;
}

/* The thread's set as poll(2) wants it; the caller frees it. */
static struct pollfd *
py_poll_pollfds(const struct py_poll *p)
{
	struct pollfd	*pfd = xcalloc(p->nitems + 1, sizeof(*pfd));
	size_t		 i;

	for (i = 0; i < p->nitems; i++) {
		pfd[i].fd = p->items[i].fd;
		pfd[i].events = (short)
		    ((p->items[i].events & WAIT_READ ? POLLIN : 0) |
		    (p->items[i].events & WAIT_WRITE ? POLLOUT : 0));
	}
	return pfd;
}

/* Blocks the thread until something of its set happens. */
int
py_poll_block(struct py_poll *p)
{
	struct pollfd	*pfd = py_poll_pollfds(p);
	double		 left = py_poll_left(p);
	bool		 bad = false;
	size_t		 i, n = p->nitems;
	int		 got, fd = -1;

	if (n == 0 && left < 0)
		left = 0;
	/* Nobody else uses this thread's set meanwhile. */
	got = py_wait_block(pfd, (nfds_t)n, left);
	for (i = 0; got > 0 && fd == -1 && i < n; i++) {
		if (pfd[i].revents != 0)
			fd = pfd[i].fd;
		bad = (pfd[i].revents & POLLNVAL) != 0;
	}
	free(pfd);
	if (got != -1 && bad) {
		errno = EBADF;
		PyErr_SetFromErrno(PyExc_OSError);
		got = -1;
	}
	(void)py_poll_set_result(p, bad ? -1 : fd, 0, got == 0);
	return got == -1 ? -1 : 0;
}

/*
 * Have the others waited long enough? Threads take turns by themselves.
 */
static bool
py_poll_is_due(const struct core *core, const struct py_poll *p, bool now)
{
	const struct worker	*w = core->worker;
	uint64_t		 limit;

	if (!w->suspend->can_park || w->suspend->attach != NULL)
		return false;
	limit = PY_POLL_ROUND_US / (w->turning + 1);
	if (limit > PY_POLL_TURN_US)
		limit = PY_POLL_TURN_US;
	return now || clock_mono_us() - p->turn_us >= limit;
}

/* After a piece of a body. */
int
py_poll_yield(struct core *core, bool now)
{
	struct py_poll	*p = py_poll_of(core);

	if (!py_poll_is_pending(core) && !py_poll_is_due(core, p, now))
		return py_poll_set_result(p, -1, 0, false);
	return py_poll_switch(core);
}
