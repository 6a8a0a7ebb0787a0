/* A generation: a spawner process and the workers that it forked. */
#include "master/generation.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "master/backoff.h"
#include "master/children.h"
#include "master/commons.h"
#include "master/master.h"
#include "master/process.h"
#include "master/seats.h"
#include "master/timer.h"
#include "master/user_signals.h"
#include "shm/listener.h"
#include "shm/messages.h"
#include "worker/spawner.h"

#define GENERATION_LEAVE_S	2.0	/* from being told to SIGKILL */
#define GENERATION_CLOSE_S	1.0	/* from its end to the socket's */
#define GENERATION_MESSAGES	1024	/* read in one go; fewer can wait */

static const char *const generation_state_names[] = {
	[GENERATION_DOWN] = "down",
	[GENERATION_LOADING] = "loading",
	[GENERATION_LOADED] = "loaded",
	[GENERATION_LEAVING] = "leaving",
	[GENERATION_GONE] = "gone",
};

#define STATE(state)	(1u << GENERATION_##state)

/* Which states may follow. */
static const unsigned generation_next[] = {
	[GENERATION_DOWN] = STATE(LOADING) | STATE(GONE),
	[GENERATION_LOADING] = STATE(LOADED) | STATE(DOWN) | STATE(LEAVING),
	[GENERATION_LOADED] = STATE(DOWN) | STATE(LEAVING),
	[GENERATION_LEAVING] = STATE(GONE),
	[GENERATION_GONE] = 0,
};

/* The printable name of a state. */
const char *
generation_state_name(enum generation_state state)
{
	return generation_state_names[state];
}

/* The only function that changes the state. */
static void
generation_set_state(struct generation *gen, enum generation_state state)
{
	log_debug("generation %d: %s -> %s", gen->id,
	    generation_state_name(gen->state), generation_state_name(state));
	if ((generation_next[gen->state] & (1u << state)) == 0)
		fatalx("generation %d cannot go from %s to %s", gen->id,
		    generation_state_name(gen->state),
		    generation_state_name(state));
	gen->state = state;
	evtimer_del(&gen->timer);
}

/* The spawner has left altogether: what that means depends on the state. */
static void
generation_ended(struct generation *gen)
{
	double	 loaded = -1;

	if (gen->state == GENERATION_LEAVING) {
		generation_set_state(gen, GENERATION_GONE);
		return;
	}
	if (gen->state == GENERATION_LOADED)
		loaded = (double)(clock_mono_us() - gen->loaded_us) / 1e6;
	if (gen->failure[0] == '\0')
		snprintf(gen->failure, sizeof(gen->failure),
		    "the spawner has left");
	gen->restart_us = clock_mono_us() + (uint64_t)(1e6 *
	    backoff_died(&gen->failures, loaded,
	    gen->cfg->respawn_delay_max));
	generation_set_state(gen, GENERATION_DOWN);
}

/* One of the two signs of its end has come: wait for the other. */
static void
generation_half_ended(struct generation *gen)
{
	if (gen->pid == 0 && gen->sock == -1)
		generation_ended(gen);
	else
		timer_arm(&gen->timer, gen->pid == 0 ? GENERATION_CLOSE_S :
		    GENERATION_LEAVE_S);
}

/* No more messages. */
static void
generation_close(struct generation *gen)
{
	if (gen->sock == -1)
		return;
	event_del(&gen->sock_ev);
	fd_close(&gen->sock);
	children_spawner_gone(gen);
	generation_half_ended(gen);
}

/* The spawner can fork workers. */
static void
generation_loaded(struct generation *gen)
{
	struct master	*m = gen->master;

	if (gen->state != GENERATION_LOADING)
		return;
	generation_set_state(gen, GENERATION_LOADED);
	gen->loaded_us = clock_mono_us();
	gen->load_us = gen->loaded_us - gen->started_us;
	gen->was_loaded = true;
	gen->failure[0] = '\0';
	user_signals_loaded(gen);
	if (m->log_level != -1)
		master_tell_log_level(m, gen);
	log_info("generation %d has loaded in %.2f s", gen->id,
	    (double)gen->load_us / 1e6);
}

/* Does what one message of the spawner says. */
static void
generation_message(struct generation *gen, const struct message *msg)
{
	switch (msg->type) {
	case MSG_LOADED:
		generation_loaded(gen);
		break;
	case MSG_LOAD_FAILED:
		snprintf(gen->failure, sizeof(gen->failure), "%.*s",
		    (int)sizeof(msg->text), msg->text);
		break;
	case MSG_ASK_RELOAD:
		if (gen->state == GENERATION_LOADED)
			reload_request(gen->master, msg->text);
		break;
	case MSG_SPAWNED:
	case MSG_SPAWN_FAILED:
		children_spawned(gen, msg);
		break;
	default:
		if (user_signals_message(gen, NULL,
		    gen->state == GENERATION_LOADING, msg))
			break;
		log_warn("generation %d: ignoring a message of type %u",
		    gen->id, msg->type);
		break;
	}
}

/* Reads all there is, but not for ever. */
void
generation_read(struct generation *gen)
{
	struct message	 msg;
	ssize_t		 n;
	int		 i, fd;

	for (i = 0; i < GENERATION_MESSAGES && gen->sock != -1; i++) {
		n = fd_recv_msg(gen->sock, &msg, sizeof(msg), &fd);
		fd_close(&fd);
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		msg.text[sizeof(msg.text) - 1] = '\0';
		if (n <= 0)
			generation_close(gen);
		else if (n == (ssize_t)sizeof(msg))
			generation_message(gen, &msg);
		else
			log_warn("generation %d: ignoring a message of %zd "
			    "bytes", gen->id, n);
	}
}

/* The spawner has something to say. */
static void
generation_sock_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	generation_read(arg);
}

/* A time is over: which one, the state says. */
static void
generation_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct generation	*gen = arg;
	char			 why[64];

	(void)fd, (void)what;
	if (gen->state == GENERATION_DOWN || gen->state == GENERATION_GONE)
		return;		/* generations_turn looks at the clock */
	if (gen->pid == 0) {
		generation_close(gen);
		return;
	}
	if (gen->state == GENERATION_LOADING && gen->sock != -1)
		snprintf(why, sizeof(why), "not loaded within %g seconds "
		    "(start-timeout)", gen->cfg->start_timeout);
	else
		snprintf(why, sizeof(why), "it does not leave");
	generation_kill(gen, why);
}

/* Makes one. */
struct generation *
generation_new(struct master *m, struct config *cfg, bool owns_cfg)
{
	struct generation	*gen = xcalloc(1, sizeof(*gen));

	gen->master = m;
	gen->id = ++m->last_generation;
	gen->cfg = cfg;
	gen->owns_cfg = owns_cfg;
	gen->state = GENERATION_DOWN;
	gen->sock = -1;
	evtimer_assign(&gen->timer, m->base, generation_timer_cb, gen);
	gen->user_signals = user_signals_new(gen);
	TAILQ_INSERT_TAIL(&m->generations, gen, link);
	return gen;
}

/* Forgets one that nobody refers to. */
static void
generation_free(struct generation *gen)
{
	TAILQ_REMOVE(&gen->master->generations, gen, link);
	user_signals_free(gen->user_signals);
	evtimer_del(&gen->timer);
	if (gen->sock != -1) {
		event_del(&gen->sock_ev);
		fd_close(&gen->sock);
	}
	if (gen->owns_cfg) {
		config_done(gen->cfg);
		free(gen->cfg);
	}
	free(gen);
}

/* Forks a spawner that has sock; -1 with errno. */
static pid_t
generation_fork(struct generation *gen, int sock)
{
	struct master		*m = gen->master;
	struct spawner_args	 args = { .cfg = gen->cfg, .sb = m->sb,
	    .commons = m->commons, .listeners = m->listeners,
	    .generation = gen->id, .sock = sock, .master_pid = getpid() };
	size_t			 i, n = m->listeners->count, ncommon;
	int			*keep, *common;
	pid_t			 pid;

	ncommon = commons_descriptors(m->commons, &common);
	keep = xcalloc(n + ncommon + 1, sizeof(*keep));
	for (i = 0; i < n; i++)
		keep[i] = m->listeners->items[i].fd;
	for (i = 0; i < ncommon; i++)
		keep[n++] = common[i];
	keep[n++] = sock;
	free(common);
	pid = process_start(m->base, keep, n, spawner_main, &args);
	free(keep);
	return pid;
}

/* Starts the spawner. */
void
generation_start(struct generation *gen)
{
	int	 pair[2] = { -1, -1 };
	pid_t	 pid = -1;

	gen->restart_us = 0;
	gen->started_us = clock_mono_us();
	gen->failure[0] = '\0';
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    pair) == 0 && fd_set_nonblock(pair[0]) == 0)
		pid = generation_fork(gen, pair[1]);
	if (pid == -1) {
		snprintf(gen->failure, sizeof(gen->failure),
		    "cannot start a spawner: %s", strerror(errno));
		gen->failures = backoff_count(gen->failures, -1);
		gen->restart_us = clock_mono_us() + 1000000;
		fd_close(&pair[0]);
		fd_close(&pair[1]);
		return;
	}
	fd_close(&pair[1]);
	user_signals_loading(gen);
	gen->pid = pid;
	gen->sock = pair[0];
	event_assign(&gen->sock_ev, gen->master->base, gen->sock,
	    EV_READ | EV_PERSIST, generation_sock_cb, gen);
	event_add(&gen->sock_ev, NULL);
	generation_set_state(gen, GENERATION_LOADING);
	timer_arm(&gen->timer, gen->cfg->start_timeout);
	log_debug("generation %d: spawner has pid %d", gen->id, (int)pid);
}

/* Can it fork workers? */
bool
generation_can_spawn(const struct generation *gen)
{
	return gen->state == GENERATION_LOADED && gen->sock != -1 &&
	    gen->pid != 0;
}

/* Sends the spawner a message. */
int
generation_send(struct generation *gen, const struct message *msg, int fd)
{
	if (gen->sock == -1) {
		errno = EPIPE;
		return -1;
	}
	return fd_send_msg(gen->sock, msg, sizeof(*msg), fd);
}

/*
 * Lets the spawner leave. Only the writing half is closed, so that what it
 * still has to say about workers it was asked for arrives.
 */
void
generation_stop(struct generation *gen)
{
	bool	 loaded = gen->state == GENERATION_LOADED;

	if (gen->state == GENERATION_LEAVING || gen->state == GENERATION_GONE)
		return;
	if (gen->state == GENERATION_DOWN) {
		generation_set_state(gen, GENERATION_GONE);
		return;
	}
	generation_set_state(gen, GENERATION_LEAVING);
	if (gen->sock != -1)
		shutdown(gen->sock, SHUT_WR);
	timer_arm(&gen->timer, GENERATION_LEAVE_S);
	if (!loaded && gen->pid != 0)
		kill(gen->pid, SIGKILL);	/* it does not listen */
}

/* Kills the spawner. */
void
generation_kill(struct generation *gen, const char *why)
{
	if (gen->pid == 0)
		return;
	log_warn("killing the spawner (pid %d) of generation %d: %s",
	    (int)gen->pid, gen->id, why);
	snprintf(gen->failure, sizeof(gen->failure), "%s", why);
	kill(gen->pid, SIGKILL);
}

/* A spawner has ended: note how. */
static void
generation_reaped(struct generation *gen, int status)
{
	char	 how[64];

	process_status_text(status, how, sizeof(how));
	log_write(gen->state == GENERATION_LEAVING ? LOG_LEVEL_DEBUG :
	    LOG_LEVEL_ERROR, NULL, "the spawner (pid %d) of generation %d "
	    "has ended: %s", (int)gen->pid, gen->id, how);
	gen->pid = 0;
	if (gen->failure[0] == '\0')
		snprintf(gen->failure, sizeof(gen->failure),
		    "the spawner has ended: %s", how);
	generation_read(gen);
	if (gen->state != GENERATION_DOWN && gen->state != GENERATION_GONE)
		generation_half_ended(gen);
}

/* Looks whose pid it was. */
bool
generations_reaped(struct master *m, pid_t pid, int status)
{
	struct generation	*gen;

	TAILQ_FOREACH(gen, &m->generations, link) {
		if (gen->pid == pid) {
			generation_reaped(gen, status);
			return true;
		}
	}
	return false;
}

/* Is it of use to anybody? */
static bool
generation_is_needed(const struct generation *gen)
{
	const struct master	*m = gen->master;

	return gen == m->serving || gen == m->reload.fresh ||
	    seats_use(m, gen);
}

/* One that has died is started again, after a pause. */
static void
generation_restart(struct generation *gen)
{
	struct master	*m = gen->master;
	uint64_t	 now = clock_mono_us();

	if (!gen->was_loaded && !m->ever_ready) {
		master_fail(m, gen->failure);
		return;
	}
	if (gen == m->reload.fresh && !m->reload.committed)
		return;		/* reload_turn gives it up */
	if (now >= gen->restart_us)
		generation_start(gen);
	else if (!evtimer_pending(&gen->timer, NULL))
		timer_arm(&gen->timer, (double)(gen->restart_us - now) / 1e6);
}

/* What follows from the states. */
void
generations_turn(struct master *m)
{
	struct generation	*gen, *next;

	for (gen = TAILQ_FIRST(&m->generations); gen != NULL; gen = next) {
		next = TAILQ_NEXT(gen, link);
		if (!master_is_stopping(m) && !generation_is_needed(gen))
			generation_stop(gen);
		if (gen->state == GENERATION_DOWN && !master_is_stopping(m))
			generation_restart(gen);
		if (gen->state == GENERATION_GONE && gen->workers == 0 &&
		    gen != m->serving)
			generation_free(gen);
	}
}

/* All leave. */
void
generations_stop_all(struct master *m)
{
	struct generation	*gen;

	TAILQ_FOREACH(gen, &m->generations, link)
		generation_stop(gen);
}

/* All are killed. */
void
generations_kill_all(struct master *m)
{
	struct generation	*gen;

	TAILQ_FOREACH(gen, &m->generations, link) {
		if (gen->pid != 0)
			kill(gen->pid, SIGKILL);
	}
}

/* Has every spawner left? */
bool
generations_all_gone(const struct master *m)
{
	struct generation	*gen;

	TAILQ_FOREACH(gen, &m->generations, link) {
		if (gen->state != GENERATION_GONE)
			return false;
	}
	return true;
}

/* The master leaves: forgets all. */
void
generations_done(struct master *m)
{
	while (!TAILQ_EMPTY(&m->generations))
		generation_free(TAILQ_FIRST(&m->generations));
}
