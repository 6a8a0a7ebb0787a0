/* Replacing the server by a new binary: the old master's part. */
#include "master/upgrade.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "master/children.h"
#include "master/daemons.h"
#include "master/handover.h"
#include "master/master.h"
#include "master/process.h"
#include "master/seats.h"
#include "master/self.h"
#include "master/socket.h"
#include "master/timer.h"
#include "master/workers.h"
#include "shm/commons.h"
#include "shm/queue.h"
#include "shm/secret.h"

#define UPGRADE_HELLO_S	2.0	/* beyond start-timeout */
#define UPGRADE_SLACK_S	10.0	/* beyond worker-reload-mercy */
#define UPGRADE_LIMIT_S	86400.0	/* more than that is not believed */

static const char *const upgrade_state_names[] = {
	[UPGRADE_NONE] = "none",
	[UPGRADE_TRYING] = "trying",
	[UPGRADE_FAILED] = "failed",
	[UPGRADE_LEAVING] = "leaving",
};

/* The only function that changes the state. */
static void
upgrade_set_state(struct upgrade *u, enum upgrade_state state)
{
	log_debug("upgrade: %s -> %s", upgrade_state_names[u->state],
	    upgrade_state_names[state]);
	u->state = state;
	evtimer_del(&u->timer);
}

static void upgrade_note(struct upgrade *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* Notes why nothing comes of it; the first reason is the one that counts. */
static void
upgrade_note(struct upgrade *u, const char *fmt, ...)
{
	va_list	 ap;

	if (u->failure[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(u->failure, sizeof(u->failure), fmt, ap);
	va_end(ap);
}

/* The time is over. */
static void
upgrade_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct upgrade	*u = arg;

	(void)fd, (void)what;
	if (u->state == UPGRADE_TRYING)
		upgrade_note(u, "the new master (pid %d) was not ready in "
		    "time", (int)u->pid);
	if (u->pid != 0) {
		log_warn("killing the new master (pid %d)", (int)u->pid);
		kill(u->pid, SIGKILL);
	}
}

/* Nothing is under way. */
void
upgrade_init(struct master *m)
{
	m->upgrade.master = m;
	m->upgrade.sock = -1;
	evtimer_assign(&m->upgrade.timer, m->base, upgrade_timer_cb,
	    &m->upgrade);
}

/* No more is heard. */
static void
upgrade_close(struct upgrade *u)
{
	if (u->sock == -1)
		return;
	event_del(&u->sock_ev);
	fd_close(&u->sock);
}

/* The master leaves. */
void
upgrade_done(struct master *m)
{
	struct upgrade	*u = &m->upgrade;

	evtimer_del(&u->timer);
	if (u->pid != 0 && u->state != UPGRADE_LEAVING)
		kill(u->pid, SIGKILL);
	upgrade_close(u);
}

/* The new master, which serves, was told to stop: so this one stops, too. */
static void
upgrade_hear_stop(struct upgrade *u, const char *line)
{
	if (u->state == UPGRADE_LEAVING)
		master_told_stop(u->master, strcmp(line, "quit") == 0);
}

/* Does what one line of the new master says. */
static void
upgrade_hear(struct upgrade *u, const char *line)
{
	double	 limit;

	if (sscanf(line, "hello %lf", &limit) == 1) {
		u->hello = true;
		if (u->state == UPGRADE_TRYING && limit > 0 &&
		    limit <= UPGRADE_LIMIT_S)
			timer_arm(&u->timer, limit);
	} else if (strcmp(line, "ready") == 0) {
		u->ready = true;
	} else if (strcmp(line, "stop") == 0 || strcmp(line, "quit") == 0) {
		upgrade_hear_stop(u, line);
	} else if (strncmp(line, "failed ", 7) == 0) {
		upgrade_note(u, "%s", line + 7);
	} else {
		log_debug("the new master says \"%s\"", line);
	}
}

/* Reads what is there; at the end it is dead or about to be. */
static void
upgrade_read(struct upgrade *u)
{
	char	 line[512];
	ssize_t	 n;
	int	 extra;

	while (u->sock != -1) {
		n = fd_recv_msg(u->sock, line, sizeof(line) - 1, &extra);
		fd_close(&extra);
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n <= 0) {
			upgrade_close(u);
			if (u->pid != 0)
				kill(u->pid, SIGKILL);
			return;
		}
		line[n] = '\0';
		upgrade_hear(u, line);
	}
}

/* The new master has something to say. */
static void
upgrade_sock_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	upgrade_read(arg);
}

/* Tells the new master something. */
static void
upgrade_tell(const struct upgrade *u, const char *line)
{
	if (u->sock != -1)
		(void)fd_send_msg(u->sock, line, strlen(line), -1);
}

/* What the child that becomes the new master needs. */
struct upgrade_args {
	const struct handover	*handover;
	const struct queue	*queue;	/* NULL: there is none */
	int			 sock;
	pid_t			 old;
};

/* In the child: becomes the new program; the sockets stay open. */
static int
upgrade_exec(const void *arg)
{
	const struct upgrade_args	*args = arg;
	char				*extra[5] = { NULL }, *why;
	size_t				 i, n = 2;
	int				 secret = secret_hand_on();

	for (i = 0; i < args->handover->count; i++)
		fcntl(args->handover->items[i].socket->fd, F_SETFD, 0);
	fcntl(args->sock, F_SETFD, 0);
	extra[0] = handover_print(args->handover);
	extra[1] = xasprintf("WSGIMASTER_UPGRADE=%d:%d:%d", (int)getpid(),
	    (int)args->old, args->sock);
	if (secret != -1)
		extra[n++] = xasprintf("WSGIMASTER_SECRET=%d", secret);
	if (args->queue != NULL && args->queue->id[0] != '\0')
		extra[n++] = xasprintf("WSGIMASTER_QUEUE=%s",
		    args->queue->id);
	self_exec(extra);
	why = xasprintf("failed cannot execute %s: %s", self_path(),
	    strerror(errno));
	(void)fd_send_msg(args->sock, why, strlen(why), -1);
	return 127;
}

/* Forks the child; -1 with errno. */
static pid_t
upgrade_fork(struct master *m, int sock)
{
	struct upgrade_args	 args = { .handover = m->handover,
	    .queue = m->commons->queue, .sock = sock, .old = getpid() };
	size_t			 i, n = m->handover->count;
	int			*keep;
	pid_t			 pid;

	keep = xcalloc(n + 1, sizeof(*keep));
	for (i = 0; i < n; i++)
		keep[i] = m->handover->items[i].socket->fd;
	keep[n] = sock;
	pid = process_start_program(keep, n + 1, upgrade_exec, &args);
	free(keep);
	return pid;
}

/* The state after which nothing has changed: this master serves on. */
static void
upgrade_fail(struct master *m)
{
	struct upgrade	*u = &m->upgrade;
	bool		 left = u->state == UPGRADE_LEAVING;

	upgrade_note(u, "the new master has ended");
	log_error("upgrade failed: %s; this master serves on", u->failure);
	u->tried = true;
	snprintf(u->last_failure, sizeof(u->last_failure), "%s", u->failure);
	upgrade_set_state(u, UPGRADE_FAILED);
	timer_arm(&u->timer, m->cfg->worker_reload_mercy + UPGRADE_SLACK_S);
	if (left)
		master_opens(m);
}

/* Starts the new master. */
static void
upgrade_begin(struct master *m)
{
	struct upgrade	*u = &m->upgrade;
	int		 pair[2] = { -1, -1 };

	u->wanted = u->hello = u->ready = false;
	u->failure[0] = '\0';
	upgrade_set_state(u, UPGRADE_TRYING);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    pair) == 0 && fd_set_nonblock(pair[0]) == 0)
		u->pid = upgrade_fork(m, pair[1]);
	else
		u->pid = -1;
	if (u->pid == -1) {
		u->pid = 0;
		upgrade_note(u, "cannot start a process: %s",
		    strerror(errno));
		fd_close(&pair[0]);
		fd_close(&pair[1]);
		return;
	}
	fd_close(&pair[1]);
	u->sock = pair[0];
	event_assign(&u->sock_ev, m->base, u->sock, EV_READ | EV_PERSIST,
	    upgrade_sock_cb, u);
	event_add(&u->sock_ev, NULL);
	timer_arm(&u->timer, m->cfg->start_timeout + UPGRADE_HELLO_S);
	log_info("upgrade: %s starts as the new master, with pid %d",
	    self_path(), (int)u->pid);
}

/* The new master serves: this one's workers may go. */
static void
upgrade_leave(struct master *m)
{
	struct upgrade	*u = &m->upgrade;
	int		 id;

	log_info("the new master (pid %d) serves: this one lets its workers "
	    "finish, and leaves", (int)u->pid);
	upgrade_set_state(u, UPGRADE_LEAVING);
	master_closes(m, u->pid);
	upgrade_tell(u, "go");
	if (m->reload.again)
		upgrade_tell(u, "reload");
	for (id = 1; id <= m->max; id++)
		seats_vacate(m, id, ENDING_RELOAD);
}

/* Is this the time to start the new master? */
static bool
upgrade_may_begin(const struct master *m)
{
	return m->upgrade.wanted && m->upgrade.state == UPGRADE_NONE &&
	    m->state == MASTER_RUNNING && m->reload.fresh == NULL &&
	    !m->reload.again;
}

/* Takes the steps that are possible. */
void
upgrade_turn(struct master *m)
{
	struct upgrade	*u = &m->upgrade;

	if (u->state == UPGRADE_FAILED && u->pid == 0) {
		upgrade_close(u);
		upgrade_set_state(u, UPGRADE_NONE);
	}
	if (master_is_stopping(m))
		return;
	if (upgrade_may_begin(m))
		upgrade_begin(m);
	if (u->state == UPGRADE_NONE || u->state == UPGRADE_FAILED)
		return;
	if (u->failure[0] != '\0' ||
	    (u->state == UPGRADE_LEAVING && u->sock == -1))
		upgrade_fail(m);
	else if (u->state == UPGRADE_TRYING && u->ready)
		upgrade_leave(m);
	else if (u->state == UPGRADE_LEAVING && children_all_free(m) &&
	    daemons_all_over(m->daemons))
		master_hand_over(m);
}

/* A child of the master's has ended. */
bool
upgrade_reaped(struct master *m, pid_t pid, int status)
{
	struct upgrade	*u = &m->upgrade;
	char		 how[64];

	if (pid != u->pid)
		return false;
	process_status_text(status, how, sizeof(how));
	upgrade_read(u);
	log_debug("the new master (pid %d) has ended: %s", (int)pid, how);
	upgrade_note(u, "the new master (pid %d) has ended: %s", (int)pid,
	    how);
	u->pid = 0;
	upgrade_close(u);
	return true;
}

/* Why there can be no upgrade at all, or not now; NULL: there can. */
static const char *
upgrade_refusal(const struct master *m)
{
	static char	 text[128];
	uint32_t	 i;

	if (getpid() == 1)
		return "this is process 1 of a container, which cannot be "
		    "replaced";
	if (master_is_stopping(m))
		return "the server stops";
	if (m->state == MASTER_LEAVING)
		return "the server is about to stop";
	if (takeover_is_trial(m))
		return "this master has not taken over from the old one yet";
	if (m->upgrade.pid != 0) {
		snprintf(text, sizeof(text), "one is under way, the new "
		    "master has pid %d", (int)m->upgrade.pid);
		return text;
	}
	for (i = 0; i < m->sb->slots; i++) {
		if ((m->workers[i].child.state == SB_SLOT_READY ||
		    m->workers[i].child.state == SB_SLOT_DRAINING) &&
		    m->workers[i].owns_listeners)
			return "workers listen on sockets of their own, "
			    "which a new master's could not bind";
	}
	return NULL;
}

/* Somebody wants one. */
const char *
upgrade_request(struct master *m, const char *why)
{
	const char	*refusal = upgrade_refusal(m);

	if (refusal != NULL) {
		log_warn("upgrade (%s) refused: %s", why, refusal);
		return refusal;
	}
	log_info("upgrade (%s)%s", why, m->state == MASTER_STARTING ?
	    ": when the server has started" : m->reload.fresh != NULL ||
	    m->reload.again ? ": after the reload" : "");
	m->upgrade.wanted = true;
	return NULL;
}

/*
 * The server stops. The new master is told with words if it listens to them: a
 * signal may be the second one there.
 */
void
upgrade_abandon(struct master *m, bool at_once)
{
	struct upgrade	*u = &m->upgrade;

	u->wanted = false;
	if (u->state == UPGRADE_LEAVING || u->pid == 0)
		return;
	upgrade_note(u, "the server stops");
	if (u->hello && u->sock != -1)
		upgrade_tell(u, at_once ? "quit" : "stop");
	else
		kill(u->pid, at_once ? SIGQUIT : SIGTERM);
	if (u->state == UPGRADE_TRYING)
		upgrade_set_state(u, UPGRADE_FAILED);
	timer_arm(&u->timer, m->cfg->worker_reload_mercy + UPGRADE_SLACK_S);
}

/* Passes a signal on. */
void
upgrade_signal(struct master *m, int signal)
{
	if (m->upgrade.pid != 0 && m->upgrade.state == UPGRADE_TRYING)
		kill(m->upgrade.pid, signal);
}

/* May a new master take over? */
bool
upgrade_is_trying(const struct master *m)
{
	return m->upgrade.state == UPGRADE_TRYING;
}

/* Does it serve? */
bool
upgrade_is_leaving(const struct master *m)
{
	return m->upgrade.state == UPGRADE_LEAVING;
}

/* Is there a child that must not be left alone? */
bool
upgrade_is_pending(const struct master *m)
{
	return m->upgrade.pid != 0 && m->upgrade.state != UPGRADE_LEAVING;
}

/* A reload is wanted when the new master serves. */
bool
upgrade_takes_reload(struct master *m)
{
	if (m->upgrade.state != UPGRADE_LEAVING)
		return false;
	upgrade_tell(&m->upgrade, "reload");
	return true;
}
