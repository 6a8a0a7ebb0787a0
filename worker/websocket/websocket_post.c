/* Letters to websockets, of threads that cannot touch the loop's things. */
#include "worker/websocket/websocket_post.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "worker/conn.h"
#include "worker/core.h"
#include "worker/websocket/websocket.h"
#include "worker/worker.h"

/* What a letter counts for. */
static size_t
websocket_post_size(const struct websocket_letter *l)
{
	return sizeof(*l) + l->len;
}

/* The websocket that a letter is for; NULL: it is no more. */
static struct websocket *
websocket_post_whose(struct worker *w, const struct websocket_letter *l)
{
	const struct conn	*c = w->cores[l->core].req.conn;

	return c == NULL || c->websocket == NULL ||
	    c->websocket->serial != l->serial ? NULL : c->websocket;
}

/*
 * Does what a letter says; false: there is no room for it, or for one before
 * it, and it stays.
 */
static bool
websocket_post_deliver(struct worker *w, const struct websocket_letter *l)
{
	struct websocket	*ws = websocket_post_whose(w, l);

	if (ws == NULL)
		return true;
	if (w->websockets.post.seats[l->core].stays == l->serial)
		return false;
	if (l->kind == WEBSOCKET_LETTER_CLOSE) {
		if (ws->state == WEBSOCKET_OPEN)
			ws->deaf = true;
		websocket_close(ws, l->code, (const char *)l->data, l->len);
		return true;
	}
	return websocket_send(ws, l->kind == WEBSOCKET_LETTER_TEXT, l->data,
	    l->len) != WEBSOCKET_FULL;
}

/* Those that stay go before what has come meanwhile. */
static void
websocket_post_put_back(struct websocket_post *p,
    struct websocket_letters *stay)
{
	struct websocket_letter	*l;

	STAILQ_FOREACH(l, stay, link)
		p->seats[l->core].stays = 0;
	STAILQ_CONCAT(stay, &p->letters);
	STAILQ_CONCAT(&p->letters, stay);
}

/* Reads the letters. */
void
websocket_post_read(struct worker *w)
{
	struct websocket_post		*p = &w->websockets.post;
	struct websocket_letters	 now = STAILQ_HEAD_INITIALIZER(now);
	struct websocket_letters	 stay = STAILQ_HEAD_INITIALIZER(stay);
	struct websocket_letters	 gone = STAILQ_HEAD_INITIALIZER(gone);
	struct websocket_letter		*l;

	/* A letter may end a websocket, which asks for the next ones. */
	if (p->reading)
		return;
	p->reading = true;
	pthread_mutex_lock(&p->lock);
	STAILQ_CONCAT(&now, &p->letters);
	p->asked = false;
	pthread_mutex_unlock(&p->lock);
	while ((l = STAILQ_FIRST(&now)) != NULL) {
		STAILQ_REMOVE_HEAD(&now, link);
		if (websocket_post_deliver(w, l))
			STAILQ_INSERT_TAIL(&gone, l, link);
		else {
			p->seats[l->core].stays = l->serial;
			STAILQ_INSERT_TAIL(&stay, l, link);
		}
	}
	pthread_mutex_lock(&p->lock);
	while ((l = STAILQ_FIRST(&gone)) != NULL) {
		STAILQ_REMOVE_HEAD(&gone, link);
		p->seats[l->core].posted -= websocket_post_size(l);
		free(l);
	}
	websocket_post_put_back(p, &stay);
	pthread_cond_broadcast(&p->room);
	pthread_mutex_unlock(&p->lock);
	p->reading = false;
}

/* What was posted to this one goes before what is sent to it now. */
void
websocket_post_first(struct websocket *ws, bool all)
{
	struct websocket_post	*p = &ws->worker->websockets.post;

	if (p->seats[ws->core->id].posted == 0 || p->reading)
		return;
	p->last = all ? ws : NULL;
	websocket_post_read(ws->worker);
	p->last = NULL;
}

/* Somebody has written. */
static void
websocket_post_cb(evutil_socket_t fd, short events, void *arg)
{
	struct worker	*w = arg;
	uint64_t	 count;

	(void)events;
	if (read(fd, &count, sizeof(count)) == -1 && errno != EAGAIN)
		log_error("eventfd: %s", strerror(errno));
	websocket_post_read(w);
	cores_work_off(w);
}

/* Nothing yet. */
void
websocket_post_init(struct worker *w)
{
	struct websocket_post	*p = &w->websockets.post;
	pthread_condattr_t	 attr;

	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->room, &attr);
	pthread_condattr_destroy(&attr);
	STAILQ_INIT(&p->letters);
	p->seats = xcalloc((size_t)w->ncores, sizeof(*p->seats));
	p->eventfd = -1;
}

/*
 * Nobody's letters are read any more. What stays is what a thread of the app's
 * may still look at.
 */
void
websocket_post_done(struct worker *w)
{
	struct websocket_post	*p = &w->websockets.post;
	struct websocket_letter	*l;
	int			 fd;

	pthread_mutex_lock(&p->lock);
	p->closed = true;
	fd = p->eventfd;
	p->eventfd = -1;
	while ((l = STAILQ_FIRST(&p->letters)) != NULL) {
		STAILQ_REMOVE_HEAD(&p->letters, link);
		free(l);
	}
	pthread_cond_broadcast(&p->room);
	pthread_mutex_unlock(&p->lock);
	if (fd != -1) {
		event_del(&p->ev);
		close(fd);
	}
}

/* One begins. */
void
websocket_post_open(struct websocket *ws)
{
	struct worker		*w = ws->worker;
	struct websocket_post	*p = &w->websockets.post;
	int			 fd;

	p->seats[ws->core->id].open = ws->serial;
	if (p->eventfd != -1)
		return;
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd == -1) {
		log_error("eventfd: %s", strerror(errno));
		return;
	}
	event_assign(&p->ev, w->base, fd, EV_READ | EV_PERSIST,
	    websocket_post_cb, w);
	event_add(&p->ev, NULL);
	p->eventfd = fd;
}

/* One is over: nothing is posted to it any more. */
void
websocket_post_shut(struct websocket *ws)
{
	struct websocket_post	*p = &ws->worker->websockets.post;

	pthread_mutex_lock(&p->lock);
	p->seats[ws->core->id].open = 0;
	pthread_cond_broadcast(&p->room);
	pthread_mutex_unlock(&p->lock);
}

/* May it be posted? Under the lock. */
static enum websocket_posted
websocket_post_check(const struct worker *w, int core, uint64_t serial)
{
	const struct websocket_post	*p = &w->websockets.post;

	if (p->closed || p->eventfd == -1 || p->seats[core].open != serial)
		return WEBSOCKET_POST_OVER;
	return p->seats[core].posted > w->cfg->websockets_send_queue ?
	    WEBSOCKET_POST_FULL : WEBSOCKET_POSTED;
}

/* Writes a letter. */
enum websocket_posted
websocket_post(struct worker *w, enum websocket_letter_kind kind, int core,
    uint64_t serial, int code, const void *data, size_t len)
{
	const uint64_t		 one = 1;
	struct websocket_post	*p = &w->websockets.post;
	struct websocket_letter	*l;
	enum websocket_posted	 result;

	l = xmalloc(sizeof(*l) + len);
	l->kind = kind;
	l->core = core;
	l->serial = serial;
	l->code = code;
	l->len = len;
	if (len > 0)
		memcpy(l->data, data, len);
	pthread_mutex_lock(&p->lock);
	result = websocket_post_check(w, core, serial);
	if (result == WEBSOCKET_POSTED) {
		p->seats[core].posted += websocket_post_size(l);
		STAILQ_INSERT_TAIL(&p->letters, l, link);
		l = NULL;
		/* With the lock, so that the eventfd is still there. */
		if (!p->asked && write(p->eventfd, &one, sizeof(one)) == -1)
			log_error("eventfd: %s", strerror(errno));
		p->asked = true;
	}
	pthread_mutex_unlock(&p->lock);
	free(l);
	return result;
}

/* Until one can be posted, or it is over. */
void
websocket_post_wait(struct worker *w, int core, uint64_t serial,
    double seconds)
{
	struct websocket_post	*p = &w->websockets.post;
	struct timespec		 until;
	int			 error = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)seconds;
	until.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&p->lock);
	while (error == 0 && websocket_post_check(w, core, serial) ==
	    WEBSOCKET_POST_FULL)
		error = pthread_cond_timedwait(&p->room, &p->lock, &until);
	pthread_mutex_unlock(&p->lock);
}
