/* Scripts whose requests are over. */
#include "plugins/cgi/cgi_reap.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "worker/loan.h"
#include "worker/request.h"
#include "worker/worker.h"

#define CGI_MERCY	1	/* seconds from SIGTERM to SIGKILL */
#define CGI_KILLED_MS	2000	/* at the worker's end */

enum cgi_step {
	CGI_STEP_RUNS,
	CGI_STEP_TERM,
	CGI_STEP_KILL
};

struct cgi_leaver {
	struct cgi_child		 child;
	enum cgi_step			 step;
	struct event			 ended;
	struct event			 timer;
	TAILQ_ENTRY(cgi_leaver)		 link;
};

/* The worker's; loop thread, or with the loop lent. */
static TAILQ_HEAD(, cgi_leaver) cgi_leavers =
    TAILQ_HEAD_INITIALIZER(cgi_leavers);

/* It is gone. */
static void
cgi_reap_free(struct cgi_leaver *leaver)
{
	TAILQ_REMOVE(&cgi_leavers, leaver, link);
	event_del(&leaver->ended);
	event_del(&leaver->timer);
	cgi_spawn_close(&leaver->child);
	free(leaver);
}

/* It has ended. */
static void
cgi_reap_ended_cb(evutil_socket_t fd, short events, void *arg)
{
	struct cgi_leaver	*leaver = arg;
	int			 status;

	(void)fd, (void)events;
	/* The base forgets the descriptor before it is closed. */
	event_del(&leaver->ended);
	if (cgi_spawn_reap(&leaver->child, &status))
		cgi_reap_free(leaver);
	else
		event_add(&leaver->ended, NULL);
}

/* The next step, and how long until the one after it. */
static void
cgi_reap_step(struct cgi_leaver *leaver, enum cgi_step step, int seconds)
{
	struct timeval	 tv = { .tv_sec = seconds };

	leaver->step = step;
	if (step == CGI_STEP_TERM)
		cgi_spawn_signal(&leaver->child, SIGTERM);
	else if (step == CGI_STEP_KILL)
		cgi_spawn_signal(&leaver->child, SIGKILL);
	if (seconds > 0)
		event_add(&leaver->timer, &tv);
}

/* Its time is over. */
static void
cgi_reap_timer_cb(evutil_socket_t fd, short events, void *arg)
{
	struct cgi_leaver	*leaver = arg;

	(void)fd, (void)events;
	if (leaver->step == CGI_STEP_RUNS)
		cgi_reap_step(leaver, CGI_STEP_TERM, CGI_MERCY);
	else
		cgi_reap_step(leaver, CGI_STEP_KILL, 0);
}

/* With the loop: watches a script from now on. */
static void
cgi_reap_watch(struct worker *w, struct cgi_child *child, enum cgi_leave how)
{
	struct cgi_leaver	*leaver = xcalloc(1, sizeof(*leaver));
	int			 limit = w->cfg->cgi_async_max_attempts;

	leaver->child = *child;
	event_assign(&leaver->ended, w->base, child->pidfd,
	    EV_READ | EV_PERSIST, cgi_reap_ended_cb, leaver);
	event_assign(&leaver->timer, w->base, -1, 0, cgi_reap_timer_cb,
	    leaver);
	TAILQ_INSERT_TAIL(&cgi_leavers, leaver, link);
	event_add(&leaver->ended, NULL);
	if (how == CGI_LEAVE_NOW || (how == CGI_LEAVE_SOON && limit == 0))
		cgi_reap_step(leaver, CGI_STEP_TERM, CGI_MERCY);
	else
		cgi_reap_step(leaver, CGI_STEP_RUNS,
		    how == CGI_LEAVE_EVER ? 0 : limit);
}

/* Takes a script over from its request. */
void
cgi_reap_give(struct request *req, struct cgi_child *child,
    enum cgi_leave how)
{
	int	 held;

	if (!loan_take(req->worker, &held)) {
		cgi_spawn_signal(child, SIGKILL);	/* no loop turns */
		cgi_spawn_close(child);
		return;
	}
	cgi_reap_watch(req->worker, child, how);
	loan_give(req->worker, held);
}

/* Kills all, and reaps those that die at once. */
void
cgi_reap_done(struct worker *w)
{
	struct cgi_leaver	*leaver;
	struct pollfd		 pfd = { .events = POLLIN };
	int			 status;

	(void)w;
	TAILQ_FOREACH(leaver, &cgi_leavers, link)
		cgi_spawn_signal(&leaver->child, SIGKILL);
	while ((leaver = TAILQ_FIRST(&cgi_leavers)) != NULL) {
		pfd.fd = leaver->child.pidfd;
		(void)poll(&pfd, 1, CGI_KILLED_MS);
		event_del(&leaver->ended);
		(void)cgi_spawn_reap(&leaver->child, &status);
		cgi_reap_free(leaver);
	}
}
