/* Replacing the server by a new binary: the new master's part. */
#include "master/takeover.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "build_config.h"
#include "config/config.h"
#include "master/master.h"

#define TAKEOVER_SLACK_S	5.0	/* beyond what the parts may take */

/* The old master, before there is a struct master for this one. */
static struct {
	int	 sock;
	int	 pid;
} takeover_old = { .sock = -1 };

/* Was this process started for an upgrade? */
void
takeover_init(void)
{
	const char	*text = getenv("WSGIMASTER_UPGRADE");
	int		 me, old, fd;

	/* It names who is meant, so that no other process believes it. */
	if (text != NULL && sscanf(text, "%d:%d:%d", &me, &old, &fd) == 3 &&
	    me == getpid() && fd_set_cloexec(fd) == 0 &&
	    fd_set_nonblock(fd) == 0) {
		takeover_old.pid = old;
		takeover_old.sock = fd;
	}
	unsetenv("WSGIMASTER_UPGRADE");
}

/* Was it? */
bool
takeover_is_upgrade(void)
{
	return takeover_old.sock != -1;
}

/* Who is to be replaced. */
int
takeover_old_pid(void)
{
	return takeover_old.pid;
}

/* Tells the old master something. */
static void
takeover_tell(const char *line)
{
	if (takeover_old.sock != -1)
		(void)fd_send_msg(takeover_old.sock, line, strlen(line), -1);
}

/* Says how long the start may take. */
void
takeover_hello(const struct config *cfg)
{
	char	 line[64];

	if (takeover_old.sock == -1)
		return;
	log_info("wsgimaster " PACKAGE_VERSION " is to take over from the "
	    "master with pid %d", takeover_old.pid);
	snprintf(line, sizeof(line), "hello %.1f",
	    2 * cfg->start_timeout + TAKEOVER_SLACK_S);
	takeover_tell(line);
}

/* Gives up. */
void
takeover_failed(const char *why)
{
	struct strbuf	 sb = STRBUF_INIT;

	strbuf_addf(&sb, "failed %.300s", why);
	takeover_tell(strbuf_str(&sb));
	strbuf_done(&sb);
}

/* Does what the old master says. */
static void
takeover_hear(struct takeover *t, const char *line)
{
	if (strcmp(line, "go") == 0)
		t->go = true;
	else if (strcmp(line, "reload") == 0)
		t->reload = true;
	else if (strcmp(line, "stop") == 0)
		t->stop = true;
	else if (strcmp(line, "quit") == 0)
		t->quit = true;
	else
		log_debug("the old master says \"%s\"", line);
}

/* The old master says something, or is dead: takeover_turn does the rest. */
static void
takeover_cb(evutil_socket_t fd, short what, void *arg)
{
	struct master	*m = arg;
	char		 line[512];
	ssize_t		 n;
	int		 extra;

	(void)what;
	while ((n = fd_recv_msg(fd, line, sizeof(line) - 1, &extra)) > 0) {
		fd_close(&extra);
		line[n] = '\0';
		takeover_hear(&m->takeover, line);
	}
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	event_del(&m->takeover.sock_ev);
	m->takeover.watching = false;
	fd_close(&takeover_old.sock);
}

/* The master begins. */
void
takeover_start(struct master *m)
{
	struct takeover	*t = &m->takeover;

	if (takeover_old.sock == -1)
		return;
	t->state = TAKEOVER_TRIAL;
	t->watching = true;
	event_assign(&t->sock_ev, m->base, takeover_old.sock,
	    EV_READ | EV_PERSIST, takeover_cb, m);
	if (event_add(&t->sock_ev, NULL) == -1)
		fatal("cannot watch the socket to the old master");
}

/* It stops. */
void
takeover_done(struct master *m)
{
	if (m->takeover.watching)
		event_del(&m->takeover.sock_ev);
	m->takeover.watching = false;
	fd_close(&takeover_old.sock);
}

/* Serves alone from here on. */
static void
takeover_happens(struct master *m, enum takeover_state state)
{
	m->takeover.state = state;
	master_opens(m);
}

/* The old master is gone. */
static void
takeover_alone(struct master *m)
{
	enum takeover_state	 before = m->takeover.state;

	if (before == TAKEOVER_SHARED) {
		log_info("the old master (pid %d) has left",
		    takeover_old.pid);
		m->takeover.state = TAKEOVER_NONE;
	} else {
		log_warn("the old master (pid %d) has died: this one goes on "
		    "without it", takeover_old.pid);
		takeover_happens(m, TAKEOVER_NONE);
	}
	takeover_old.pid = 0;
}

/* Takes the steps that are possible. */
void
takeover_turn(struct master *m)
{
	struct takeover	*t = &m->takeover;

	if (takeover_is_trial(m) && (t->stop || t->quit))
		master_told_stop(m, t->quit);
	if (t->state == TAKEOVER_NONE || master_is_stopping(m))
		return;
	if (t->state == TAKEOVER_TRIAL && m->state == MASTER_RUNNING) {
		t->state = TAKEOVER_READY;
		takeover_tell("ready");
	}
	if (t->state == TAKEOVER_READY && t->go) {
		log_info("taking over from the master with pid %d",
		    takeover_old.pid);
		takeover_happens(m, TAKEOVER_SHARED);
	}
	if (!t->watching)
		takeover_alone(m);
	if (t->reload && !takeover_is_trial(m)) {
		t->reload = false;
		reload_request(m, "asked of the old master");
	}
}

/* The server stops: the old master must not come back. */
void
takeover_stop(const struct master *m, bool at_once)
{
	if (m->takeover.state == TAKEOVER_SHARED)
		takeover_tell(at_once ? "quit" : "stop");
}

/* Do the old master's workers finish? */
bool
takeover_is_shared(const struct master *m)
{
	return m->takeover.state == TAKEOVER_SHARED && m->takeover.watching;
}

/* May processes run of which there shall be one only? */
bool
takeover_may_work(const struct master *m)
{
	return m->takeover.state == TAKEOVER_NONE;
}

/* Does the old master still serve? */
bool
takeover_is_trial(const struct master *m)
{
	return m->takeover.state == TAKEOVER_TRIAL ||
	    m->takeover.state == TAKEOVER_READY;
}
