/* A worker process: set-up, loop, draining, end. */
#include "worker/worker.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/log_place.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "plugins/plugin.h"
#include "shm/commons.h"
#include "shm/listener.h"
#include "shm/lives.h"
#include "shm/messages.h"
#include "shm/scoreboard.h"
#include "worker/accept.h"
#include "worker/conn.h"
#include "worker/conn_timeout.h"
#include "worker/control.h"
#include "worker/engines.h"
#include "worker/held.h"
#include "worker/job.h"
#include "worker/locks.h"
#include "worker/loop.h"
#include "worker/own_listeners.h"
#include "worker/parent_death.h"
#include "worker/runtime.h"
#include "worker/static/static.h"
#include "worker/suspend.h"
#include "worker/watchdog.h"

/* libevent's own words, for whoever debugs. */
static void
worker_libevent_cb(int severity, const char *text)
{
	(void)severity;
	log_debug("libevent: %s", text);
}

/* Spawner: from configuration to a base and chosen engines. */
struct worker *
worker_new(const struct config *cfg, struct scoreboard *sb,
    const struct listeners *listeners, int generation, char **cause)
{
	struct event_config	*ec;
	struct worker		*w;

	w = xcalloc(1, sizeof(*w));
	w->cfg = cfg;
	w->sb = sb;
	w->listeners = listeners;
	w->generation = generation;
	w->control = -1;
	w->seat = -1;
	request_ids_init(w);
	if (log_format_parse(&w->log_format, cfg->log_format, cause) == -1)
		goto fail;
	event_set_log_callback(worker_libevent_cb);
	harakiri_prepare(w);
	if (engines_choose(w, cause) == -1)
		goto fail;
	ec = event_config_new();
	if (ec != NULL) {
		event_config_set_flag(ec, EVENT_BASE_FLAG_NOLOCK);
		w->base = event_base_new_with_config(ec);
		event_config_free(ec);
	}
	if (w->base == NULL) {
		*cause = xasprintf("cannot make an event base: %s",
		    strerror(errno));
		goto fail;
	}
	if (statics_init(w, cause) == -1)
		goto fail;
	return w;

fail:
	statics_done(w);
	if (w->base != NULL)
		event_base_free(w->base);
	harakiri_paths_done(&w->harakiri.paths);
	log_format_done(&w->log_format);
	free(w->handlers);
	free(w);
	return NULL;
}

/* Sends a message to the master; it may be gone. */
static void
worker_send(struct worker *w, int type, int value, const char *text)
{
	struct message	 m = { .type = (uint32_t)type, .slot = w->slot,
	    .worker_id = w->id, .generation = w->generation,
	    .pid = (int32_t)getpid(), .value = value };

	snprintf(m.text, sizeof(m.text), "%s", text);
	if (w->control != -1)
		(void)fd_send_msg(w->control, &m, sizeof(m), -1);
}

/* The same for what may have to wait: -1 with errno if it was not sent. */
int
worker_ask_master(struct worker *w, int type, int value, const char *text)
{
	struct message	 m = { .type = (uint32_t)type,
	    .slot = w->id > 0 ? w->slot : w->seat, .worker_id = w->number,
	    .generation = w->generation, .pid = (int32_t)getpid(),
	    .value = value };

	if (w->control == -1 || w->forked) {
		errno = EPIPE;
		return -1;
	}
	snprintf(m.text, sizeof(m.text), "%s", text);
	return fd_send_msg(w->control, &m, sizeof(m), -1);
}

/* Sends a message without text to the master. */
void
worker_tell_master(struct worker *w, int type, int value)
{
	worker_send(w, type, value, "");
}

/* Does what a message says. */
static void
worker_message(struct worker *w, const struct message *m, int steal_fd)
{
	if (m->type == MSG_STACKS) {
		watchdog_ask(m, steal_fd);
		return;
	}
	if (m->type == MSG_DRAIN) {
		worker_drain(w, (enum drain)m->value);
	} else if (m->type == MSG_LEAVING) {
		w->closing = true;
	} else if (m->type == MSG_REOPEN_LOGS) {
		if (steal_fd != -1)
			log_place_take((enum log_place)m->value, steal_fd);
	} else if (m->type == MSG_LOG_LEVEL) {
		log_set_level((enum log_level)m->value);
	} else if (m->type == MSG_SIGNAL && w->runtime != NULL) {
		w->runtime->signal(w, m->value);
	} else {
		log_error("control message %u is ignored", m->type);
	}
	fd_close(&steal_fd);
}

/* The next message, or the master is dead. */
void
worker_control_read(struct worker *w)
{
	struct message	 m;
	int		 fd;
	ssize_t		 n;

	n = control_next(w, &m, &fd);
	if (n == sizeof(m)) {
		worker_message(w, &m, fd);
		return;
	}
	fd_close(&fd);
	if (n == -1 && errno == EAGAIN)
		return;
	if (n <= 0) {
		log_warn("the master is gone: this worker finishes and leaves");
		event_del(&w->control_ev);
		worker_drain(w, DRAIN_ORPHAN);
	} else
		log_error("a control message of %zd bytes is ignored", n);
}

/* The master speaks. */
static void
worker_control_cb(evutil_socket_t fd, short events, void *arg)
{
	struct worker	*w = arg;

	(void)fd, (void)events;
	worker_control_read(w);
	cores_work_off(w);
}

/* Once a second: the loop turns, and says so. */
static void
worker_tick_cb(evutil_socket_t fd, short events, void *arg)
{
	struct worker	*w = arg;

	(void)fd, (void)events;
	sb_set(&w->stats->tick_us, clock_mono_us());
	request_ids_tick(w);
	watch_check(w);
	cores_work_off(w);
}

/* py-autoreload: has something been edited that was loaded here? */
static void
worker_autoreload_cb(evutil_socket_t fd, short events, void *arg)
{
	struct strbuf	 why = STRBUF_INIT;
	struct worker	*w = arg;

	(void)fd, (void)events;
	strbuf_addf(&why, "py-autoreload: ");
	if (!w->draining && w->runtime->changed(w, &why))
		worker_send(w, MSG_ASK_RELOAD, 0, strbuf_str(&why));
	strbuf_done(&why);
	cores_work_off(w);
}

/* One worker looks at what the app loads in requests. */
static void
worker_autoreload(struct worker *w)
{
	double		 pause = w->cfg->py_autoreload;
	struct timeval	 tv = { .tv_sec = (time_t)pause };

	event_assign(&w->autoreload_ev, w->base, -1, EV_PERSIST,
	    worker_autoreload_cb, w);
	if (w->id != 1 || pause <= 0 || w->runtime == NULL ||
	    w->runtime->changed == NULL)
		return;
	tv.tv_usec = (suseconds_t)((pause - (double)tv.tv_sec) * 1e6);
	event_add(&w->autoreload_ev, &tv);
}

/* It drains already, and learns that it is one of the last. */
static void
worker_drain_last(struct worker *w)
{
	if (w->stopped || w->farewell.state != FAREWELL_NONE)
		return;
	farewell_begin(w, true);
	accept_adjust(w);
}

/* Takes nothing new; the loop ends when the last request is finished. */
void
worker_drain(struct worker *w, enum drain drain)
{
	if (w->draining) {
		if (drain == DRAIN_LAST)
			worker_drain_last(w);
		return;
	}
	w->draining = w->closing = true;
	w->drain_us = clock_coarse_us();
	log_info("draining: %u connections, %d requests", w->nconns, w->busy);
	if (drain != DRAIN_OTHERS)
		farewell_begin(w, drain == DRAIN_LAST);
	accept_adjust(w);
	conn_timeouts_drain(w);
	websockets_drain(w, drain);
	wait_look(w);
	event_active(&w->work_ev, EV_TIMEOUT, 1);
}

/* The loop ends if there is nothing left to finish. */
void
worker_check_done(struct worker *w)
{
	if (!w->draining || w->nconns > 0 || w->busy > 0 || w->stopped ||
	    !jobs_are_over(w) || w->farewell.state == FAREWELL_TAKES)
		return;
	w->stopped = true;
	w->loop->stop(w);
}

/*
 * Puts /dev/null in a descriptor's place: closed, its number would soon be
 * that of something else, which the server would then take for its own.
 */
static void
worker_blind(int fd, int null)
{
	if (fd != -1)
		(void)dup3(null, fd, O_CLOEXEC);
}

/* The app has forked: the child keeps nothing of the server's. */
void
worker_forked(struct worker *w, bool on_loop_thread)
{
	struct conn	*c;
	size_t		 j;
	int		 i, null;

	if (w->number == 0 || w->forked)
		return;
	w->forked = true;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null == -1)
		_exit(1);
	worker_blind(w->control, null);
	for (j = 0; j < w->listeners->count; j++)
		worker_blind(w->listeners->items[j].fd, null);
	for (i = 0; i < CONN_STATES; i++)
		TAILQ_FOREACH(c, &w->conns[i].list, link)
			worker_blind(c->fd, null);
	watchdog_forked(null);
	doorbell_watch_forked(w, null);
	close(null);
	held_forked();
	for (i = 0; i < w->ncores; i++)
		held_forget(&w->cores[i].req.resp.held);
	/*
	 * The epoll is the parent's, too: what is taken off the base here, when
	 * a parked core unwinds, must not be taken off there. What is blind
	 * cannot be watched any more, and that is no error.
	 */
	if (on_loop_thread)
		(void)event_reinit(w->base);
}

/* Takes its seat. */
void
worker_sit(struct worker *w, enum process_kind kind, int number)
{
	if (w->commons != NULL) {
		w->seat = seats_of(&w->commons->seats, kind, number);
		w->life = life_begin(w->commons->lives, w->seat);
	}
	locks_init(w);
}

/* Who this process is now. */
static void
worker_identity(struct worker *w, int id, int slot, int control)
{
	char	 name[16];

	w->kind = PROCESS_WORKER;
	w->id = w->number = id;
	w->slot = slot;
	worker_sit(w, PROCESS_WORKER, slot);
	w->stats = sb_slot(w->sb, (uint32_t)slot);
	w->control = control;
	log_set_role("worker", id);
	snprintf(name, sizeof(name), "wm-worker-%d", id);
	prctl(PR_SET_NAME, name);
	signal(SIGPIPE, SIG_IGN);
}

/* The base and everything on it; -1 with *cause. */
static int
worker_events(struct worker *w, char **cause)
{
	static const struct timeval	 second = { 1, 0 };

	if (event_reinit(w->base) == -1) {
		*cause = xasprintf("cannot renew the event base: %s",
		    strerror(errno));
		return -1;
	}
	if (w->loop->init != NULL && w->loop->init(w, cause) == -1)
		return -1;
	cores_init(w, config_cores(w->cfg));
	conns_init(w);
	accept_init(w);
	doorbell_watch_init(w);
	fd_set_nonblock(w->control);
	event_assign(&w->control_ev, w->base, w->control, EV_READ |
	    EV_PERSIST, worker_control_cb, w);
	event_assign(&w->tick_ev, w->base, -1, EV_PERSIST, worker_tick_cb, w);
	event_add(&w->control_ev, NULL);
	event_add(&w->tick_ev, &second);
	worker_tick_cb(-1, 0, w);
	return 0;
}

/* The interpreter, the app and the engines in this process; -1 with *cause. */
static int
worker_app(struct worker *w, struct strbuf *listeners, char **cause)
{
	own_listeners_note(listeners);
	if (w->suspend->init != NULL && w->suspend->init(w, cause) == -1)
		return -1;
	if (w->runtime == NULL)
		return 0;
	if (w->cfg->lazy_apps && w->runtime->load(w, cause) == -1)
		return -1;
	return w->runtime->worker_start(w, cause);
}

/* Tells the master why this worker does not come up. */
static int
worker_start_failed(struct worker *w, char *cause)
{
	log_error("this worker cannot start: %s", cause);
	worker_send(w, MSG_START_FAILED, 0, cause);
	free(cause);
	return 1;
}

/* Tells the master that this worker serves, and on what else it listens. */
static void
worker_ready(struct worker *w, struct strbuf *before)
{
	struct strbuf	 own = STRBUF_INIT;
	size_t		 n;

	n = own_listeners_find(before, &own, sizeof(((struct message *)
	    NULL)->text));
	worker_send(w, MSG_READY, n > 0, strbuf_str(&own));
	strbuf_done(&own);
	strbuf_done(before);
}

/* Serves until told to leave. */
int
worker_main(struct worker *w, int id, int slot, int control)
{
	struct strbuf	 listeners = STRBUF_INIT;
	char		*cause = NULL;

	worker_identity(w, id, slot, control);
	if (parent_death_watch(w->cfg->worker_reload_mercy) == -1)
		log_warn("cannot watch for the master's death: %s",
		    strerror(errno));
	if (worker_events(w, &cause) == -1 ||
	    worker_app(w, &listeners, &cause) == -1)
		return worker_start_failed(w, cause);
	if (getppid() != w->sb->master_pid)
		worker_drain(w, DRAIN_ORPHAN);
	accept_adjust(w);
	worker_autoreload(w);
	worker_ready(w, &listeners);
	watchdog_start(w);
	w->loop->run(w);
	watchdog_stop(w);

	log_info("leaves after %llu requests",
	    (unsigned long long)sb_get(&w->stats->requests));
	accept_done(w);
	doorbell_watch_done(w);
	/* What the cores keep for themselves ends before the app's atexit. */
	if (w->suspend->done != NULL)
		w->suspend->done(w);
	if (w->runtime != NULL)
		w->runtime->worker_stop(w);
	engines_done(w);
	conns_done(w);
	cores_done(w);
	watch_done(w);
	return w->status;
}
