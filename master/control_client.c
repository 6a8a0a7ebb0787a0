/* A client of the control socket: one request, one answer. */
#include "master/control_client.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json_out.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "base/xmalloc.h"
#include "master/control_commands.h"
#include "master/master.h"
#include "shm/control.h"

#define CONTROL_REQUEST_S	5	/* for the whole request */
#define CONTROL_TAKE_S		10	/* without a byte taken */
#define CONTROL_CLOSE_S		5	/* from the answer to the close */
#define CONTROL_WAITING_MAX	32	/* clients that wait at once */
#define CONTROL_FULL		65536	/* no more rows above this */
#define CONTROL_LOW		16384	/* the next ones below this */

struct control_client {
	TAILQ_ENTRY(control_client)	 link;
	struct control_clients		*clients;
	struct master			*master;
	struct bufferevent		*bev;
	struct event			*timer;	/* what for: by the state */
	enum control_client_state	 state;
	const struct control_rows	*rows;	/* ROWS */
	void				*job;	/* WAITING, ROWS */
	void				 (*cancel)(void *job);	/* WAITING */
	bool				 hold;
	bool				 first;	/* no row was sent yet */
	char				 who[64];
};

#define STATE(state)	(1u << CONTROL_CLIENT_##state)

/* Which states may follow. */
static const unsigned control_client_next[] = {
	[CONTROL_CLIENT_REQUEST] = STATE(WAITING) | STATE(ROWS) |
	    STATE(SENDING),
	[CONTROL_CLIENT_WAITING] = STATE(ROWS) | STATE(SENDING),
	[CONTROL_CLIENT_ROWS] = STATE(SENDING),
	[CONTROL_CLIENT_SENDING] = STATE(SENT),
	[CONTROL_CLIENT_SENT] = 0,
};

/* The only function that changes the state. */
static void
control_client_set_state(struct control_client *c,
    enum control_client_state state)
{
	if ((control_client_next[c->state] & (1u << state)) == 0)
		fatalx("a control client cannot go from %d to %d",
		    (int)c->state, (int)state);
	if (c->state == CONTROL_CLIENT_WAITING)
		c->clients->waiting--;
	if (state == CONTROL_CLIENT_WAITING)
		c->clients->waiting++;
	c->state = state;
	evtimer_del(c->timer);
}

/* Its time begins. */
static void
control_client_arm(struct control_client *c, int seconds)
{
	struct timeval	 tv = { .tv_sec = seconds };

	evtimer_add(c->timer, &tv);
}

/* Lets go of it, and of what it waits for. */
static void
control_client_free(struct control_client *c)
{
	struct control_clients	*clients = c->clients;

	if (c->state == CONTROL_CLIENT_WAITING) {
		c->cancel(c->job);
		clients->waiting--;
	} else if (c->state == CONTROL_CLIENT_ROWS) {
		c->rows->done(c->job);
	}
	TAILQ_REMOVE(&clients->list, c, link);
	clients->count--;
	event_free(c->timer);
	bufferevent_free(c->bev);
	free(c);
	clients->left(clients->arg);
}

/* Prepares an empty list. */
void
control_clients_init(struct control_clients *clients, void (*left)(void *arg),
    void *arg)
{
	TAILQ_INIT(&clients->list);
	clients->count = clients->waiting = 0;
	clients->left = left;
	clients->arg = arg;
}

/*
 * Lets go of all. A held one's descriptor is left open: the kernel closes it
 * when the process is gone, which is what its client waits for.
 */
void
control_clients_done(struct control_clients *clients)
{
	struct control_client	*c;
	struct evbuffer		*out;
	int			 fd;

	while ((c = TAILQ_FIRST(&clients->list)) != NULL) {
		if (c->hold) {
			fd = bufferevent_getfd(c->bev);
			out = bufferevent_get_output(c->bev);
			evbuffer_write(out, fd);
			bufferevent_setfd(c->bev, -1);
		}
		control_client_free(c);
	}
}

/* Whose client it is. */
struct master *
control_master(const struct control_client *c)
{
	return c->master;
}

/* Who it is, for the log. */
const char *
control_who(const struct control_client *c)
{
	return c->who;
}

/* The end of the answer is in the buffer. */
static void
control_client_finish(struct control_client *c)
{
	control_client_set_state(c, CONTROL_CLIENT_SENDING);
	bufferevent_setwatermark(c->bev, EV_WRITE, 0, 0);
}

/* It has worked; the result is JSON text. */
void
control_answer_text(struct control_client *c, const char *result)
{
	evbuffer_add_printf(bufferevent_get_output(c->bev),
	    "{\"ok\":true,\"result\":%s}\n", result);
	control_client_finish(c);
}

/* It has worked. */
void
control_answer(struct control_client *c, json_t *result)
{
	char	*text = json_dumps(result, JSON_COMPACT |
	    JSON_REAL_PRECISION(9));

	json_decref(result);
	control_answer_text(c, text != NULL ? text : "null");
	free(text);
}

/* It has not. */
void
control_refuse(struct control_client *c, const char *fmt, ...)
{
	struct strbuf	 sb = STRBUF_INIT;
	struct json_out	 json = { .out = &sb };
	char		*why;
	va_list		 ap;

	va_start(ap, fmt);
	why = xvasprintf(fmt, ap);
	va_end(ap);
	json_open(&json, NULL, '{');
	json_bool(&json, "ok", false);
	json_str(&json, "error", why);
	json_close(&json);
	strbuf_addc(&sb, '\n');
	bufferevent_write(c->bev, sb.buf, sb.len);
	control_client_finish(c);
	strbuf_done(&sb);
	free(why);
}

/* It waits. */
bool
control_wait(struct control_client *c, void (*cancel)(void *job), void *job)
{
	if (c->clients->waiting >= CONTROL_WAITING_MAX)
		return false;
	control_client_set_state(c, CONTROL_CLIENT_WAITING);
	c->cancel = cancel;
	c->job = job;
	return true;
}

/* It is to see the process end. */
void
control_hold(struct control_client *c)
{
	c->hold = true;
}

/* Adds rows until the client has enough for now, or all. */
static void
control_client_step(struct control_client *c)
{
	static const struct timeval	 soon = { 0, 0 };
	struct evbuffer			*out = bufferevent_get_output(c->bev);
	struct strbuf			 rows = STRBUF_INIT;
	bool				 more;

	if (evbuffer_get_length(out) >= CONTROL_FULL)
		return;		/* goes on when it is written */
	more = c->rows->more(c->job, &rows);
	if (rows.len > 0) {
		if (!c->first)
			evbuffer_add(out, ",", 1);
		c->first = false;
		evbuffer_add(out, rows.buf, rows.len - 1);
	}
	strbuf_done(&rows);
	if (more) {
		evtimer_add(c->timer, &soon);
		return;
	}
	c->rows->done(c->job);
	evbuffer_add(out, "]}}\n", 4);
	control_client_finish(c);
}

/* The answer is a list. */
void
control_answer_rows(struct control_client *c, const struct control_rows *rows,
    void *job)
{
	control_client_set_state(c, CONTROL_CLIENT_ROWS);
	c->rows = rows;
	c->job = job;
	c->first = true;
	bufferevent_setwatermark(c->bev, EV_WRITE, CONTROL_LOW, 0);
	evbuffer_add_printf(bufferevent_get_output(c->bev),
	    "{\"ok\":true,\"result\":{\"%s\":[", rows->key);
	control_client_step(c);
}

/* Does what the line asks for. */
static void
control_client_run(struct control_client *c, const char *line, size_t len)
{
	json_error_t	 error;
	json_t		*request;

	request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	if (request == NULL)
		control_refuse(c, "the request is no JSON: %s", error.text);
	else if (!json_is_object(request))
		control_refuse(c, "the request is no JSON object");
	else
		control_command(c, request);
	json_decref(request);
}

/* The client speaks; after its line, whatever it says does not matter. */
static void
control_client_read_cb(struct bufferevent *bev, void *arg)
{
	struct control_client	*c = arg;
	struct evbuffer		*in = bufferevent_get_input(bev);
	size_t			 len;
	char			*line;

	if (c->state == CONTROL_CLIENT_REQUEST) {
		line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);
		if (line != NULL)
			control_client_run(c, line, len);
		else if (evbuffer_get_length(in) >= CONTROL_REQUEST_MAX)
			control_refuse(c, "the request is too long: at most "
			    "%d bytes", CONTROL_REQUEST_MAX);
		free(line);
	}
	if (c->state != CONTROL_CLIENT_REQUEST)
		evbuffer_drain(in, evbuffer_get_length(in));
}

/* The client has taken what there was, or enough of it. */
static void
control_client_write_cb(struct bufferevent *bev, void *arg)
{
	struct control_client	*c = arg;

	if (c->state == CONTROL_CLIENT_ROWS) {
		control_client_step(c);
	} else if (c->state == CONTROL_CLIENT_SENDING && !c->hold) {
		control_client_set_state(c, CONTROL_CLIENT_SENT);
		shutdown(bufferevent_getfd(bev), SHUT_WR);
		control_client_arm(c, CONTROL_CLOSE_S);
	}
}

/* Has it left, or only said all it has to say? */
static bool
control_client_is_gone(const struct control_client *c)
{
	struct pollfd	 pfd = { .fd = bufferevent_getfd(c->bev) };

	return c->state == CONTROL_CLIENT_SENT || poll(&pfd, 1, 0) == -1 ||
	    (pfd.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

/* The client has left, or does not take what it asked for. */
static void
control_client_event_cb(struct bufferevent *bev, short what, void *arg)
{
	struct control_client	*c = arg;

	(void)bev;
	if ((what & BEV_EVENT_EOF) == 0 || control_client_is_gone(c))
		control_client_free(c);
	else if (c->state == CONTROL_CLIENT_REQUEST)
		control_refuse(c, "the request has no newline at its end");
}

/* A time is over, or the next rows are due. */
static void
control_client_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct control_client	*c = arg;

	(void)fd, (void)what;
	if (c->state == CONTROL_CLIENT_ROWS)
		control_client_step(c);
	else if (c->state == CONTROL_CLIENT_REQUEST)
		control_refuse(c, "no request came within %d seconds",
		    CONTROL_REQUEST_S);
	else
		control_client_free(c);
}

/* Waits for its request. */
struct control_client *
control_client_new(struct master *m, struct control_clients *clients, int fd,
    const struct ucred *peer)
{
	static const struct timeval	 limit = { CONTROL_TAKE_S, 0 };
	struct control_client		*c = xcalloc(1, sizeof(*c));

	c->clients = clients;
	c->master = m;
	c->bev = bufferevent_socket_new(m->base, fd, BEV_OPT_CLOSE_ON_FREE);
	c->timer = evtimer_new(m->base, control_client_timer_cb, c);
	if (c->bev == NULL || c->timer == NULL) {
		if (c->bev != NULL)
			bufferevent_free(c->bev);
		else
			close(fd);
		free(c);
		return NULL;
	}
	snprintf(c->who, sizeof(c->who), "control socket: user %d, pid %d",
	    (int)peer->uid, (int)peer->pid);
	TAILQ_INSERT_TAIL(&clients->list, c, link);
	clients->count++;
	bufferevent_setcb(c->bev, control_client_read_cb,
	    control_client_write_cb, control_client_event_cb, c);
	bufferevent_set_timeouts(c->bev, NULL, &limit);
	bufferevent_setwatermark(c->bev, EV_READ, 0, CONTROL_REQUEST_MAX);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
	control_client_arm(c, CONTROL_REQUEST_S);
	return c;
}
