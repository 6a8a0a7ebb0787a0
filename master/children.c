/* The processes that spawners fork for the master, whatever they are for. */
#include "master/children.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "master/commons.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/process.h"
#include "master/timer.h"
#include "shm/commons.h"

#define CHILD_GONE_S	5	/* from closing control to its end */
#define CHILD_MESSAGES	64	/* read in one go */

#define STATE(state)	(1u << SB_SLOT_##state)

/* Which states may follow. */
static const unsigned child_next[] = {
	[SB_SLOT_FREE] = STATE(SPAWNING),
	[SB_SLOT_SPAWNING] = STATE(STARTING) | STATE(READY) |
	    STATE(DRAINING) | STATE(GONE),
	[SB_SLOT_STARTING] = STATE(READY) | STATE(DRAINING) | STATE(GONE),
	[SB_SLOT_READY] = STATE(DRAINING) | STATE(GONE),
	[SB_SLOT_DRAINING] = STATE(GONE),
	[SB_SLOT_GONE] = STATE(FREE),
};

/* Its name; of one without a pid, two workers may have the same id. */
const char *
child_str(const struct child *c, char *buf, size_t len)
{
	if (c->pid != 0)
		snprintf(buf, len, "%s %d (pid %d)", c->kind->name, c->id,
		    (int)c->pid);
	else if (c->kind->kind == PROCESS_WORKER)
		snprintf(buf, len, "%s %d (slot %d)", c->kind->name, c->id,
		    c->seat);
	else
		snprintf(buf, len, "%s %d", c->kind->name, c->id);
	return buf;
}

/* As its kind calls it. */
static const char *
child_name_of(const struct child *c, enum sb_slot_state state)
{
	return state == SB_SLOT_FREE ? c->kind->free :
	    sb_slot_state_name(state);
}

/* The printable name of its state. */
const char *
child_state_name(const struct child *c)
{
	return child_name_of(c, c->state);
}

/* The time of its state begins. */
static void
child_arm(struct child *c)
{
	evtimer_del(&c->timer);
	switch (c->state) {
	case SB_SLOT_SPAWNING:
	case SB_SLOT_STARTING:
		timer_arm(&c->timer, c->gen->cfg->start_timeout);
		break;
	case SB_SLOT_DRAINING:
		timer_arm(&c->timer, c->kind->mercy(c->master->cfg));
		break;
	case SB_SLOT_GONE:
		timer_arm(&c->timer, CHILD_GONE_S);
		break;
	case SB_SLOT_FREE:
	case SB_SLOT_READY:
		break;
	}
}

/* Is it there, or about to be? */
bool
child_is_live(const struct child *c)
{
	return c->state == SB_SLOT_SPAWNING || c->state == SB_SLOT_STARTING ||
	    c->state == SB_SLOT_READY;
}

/* The kind hears of a new state or pid. */
static void
child_changed(struct child *c)
{
	if (c->kind->changed != NULL)
		c->kind->changed(c);
}

/* The only function that changes the state. */
static void
child_set_state(struct child *c, enum sb_slot_state state)
{
	char	 who[64];

	log_debug("%s: %s -> %s", child_str(c, who, sizeof(who)),
	    child_state_name(c), child_name_of(c, state));
	if ((child_next[c->state] & (1u << state)) == 0)
		fatalx("%s cannot go from %s to %s", who,
		    child_state_name(c), child_name_of(c, state));
	c->state = state;
	child_changed(c);
	child_arm(c);
}

/* Sends a signal to the process that the spawner or it itself has named. */
void
child_signal(const struct child *c, int signal)
{
	if (c->pid == 0 || c->reaped)
		return;
	if (process_is_theirs(c->pid, c->gen->cfg->app_uid))
		kill(c->pid, signal);
	else
		log_error("%s %d is said to be process %d, which is none of "
		    "this server's; it gets no signal", c->kind->name, c->id,
		    (int)c->pid);
}

/* Sends it SIGKILL; its seat shall not wait for that for ever. */
void
child_kill(struct child *c)
{
	if (c->state == SB_SLOT_FREE)
		return;
	c->doomed = true;
	child_signal(c, SIGKILL);
	if (c->state == SB_SLOT_READY)
		timer_arm(&c->timer, CHILD_GONE_S);
}

/* Notes its pid, the first time; it may have been reaped before that. */
static void
child_set_pid(struct child *c, pid_t pid)
{
	if (c->pid != 0 || pid <= 0)
		return;
	c->pid = pid;
	c->unborn = false;
	c->reaped = reaped_take(&c->master->reaped, pid, c->spawned_us,
	    &c->status);
	child_changed(c);
	if (c->doomed)
		child_signal(c, SIGKILL);
}

/* How long it was ready. */
double
child_ready_seconds(const struct child *c)
{
	uint64_t	 end;

	if (c->ready_us == 0)
		return -1;
	end = c->gone_us != 0 ? c->gone_us : clock_mono_us();
	return (double)(end - c->ready_us) / 1e6;
}

/* Frees the seat when nobody can be there any more. */
static void
child_try_free(struct child *c)
{
	if (c->state != SB_SLOT_GONE || (!c->reaped && !c->unborn))
		return;
	child_set_state(c, SB_SLOT_FREE);
	c->kind->freed(c);
	c->gen->workers--;
	c->gen = NULL;
}

/* Its control socket is of no more use. */
static void
child_gone(struct child *c)
{
	if (c->state == SB_SLOT_GONE || c->state == SB_SLOT_FREE)
		return;
	event_del(&c->control_ev);
	fd_close(&c->control);
	c->gone_us = clock_mono_us();
	c->before_gone = c->state;
	child_set_state(c, SB_SLOT_GONE);
	if (c->kind->gone != NULL)
		c->kind->gone(c);
}

/* Sends a message, perhaps with fd. */
int
child_tell(struct child *c, const struct message *what, int fd)
{
	struct message	 msg = *what;
	int		 saved;

	if (c->control == -1)
		return EPIPE;
	msg.slot = c->seat;
	msg.worker_id = c->id;
	if (fd_send_msg(c->control, &msg, sizeof(msg), fd) == 0)
		return 0;
	saved = errno;
	log_debug("%s %d: sending: %s", c->kind->name, c->id,
	    strerror(saved));
	return saved;
}

/* It has begun its work; or was told to leave before it had. */
static void
child_on_ready(struct child *c, const struct message *msg)
{
	char	 who[64];

	child_set_pid(c, msg->pid);
	if (c->state != SB_SLOT_SPAWNING && c->state != SB_SLOT_STARTING)
		return;
	c->ready_us = clock_mono_us();
	child_set_state(c, SB_SLOT_READY);
	if (c->kind->ready != NULL)
		c->kind->ready(c, msg);
	log_info("%s of generation %d is ready",
	    child_str(c, who, sizeof(who)), c->gen->id);
}

/* It says why it will not come up; or the spawner does. */
static void
child_on_failed(struct child *c, const struct message *msg)
{
	snprintf(c->failure, sizeof(c->failure), "%.*s",
	    (int)sizeof(msg->text), msg->text);
}

/* The app asks for a reload there. */
static void
child_on_reload(struct child *c, const struct message *msg)
{
	char	 who[64];

	reload_request(c->master, msg->text[0] != '\0' ? msg->text :
	    child_str(c, who, sizeof(who)));
}

/* Or for the end. */
static void
child_on_stop(struct child *c, const struct message *msg)
{
	char	 who[64];

	(void)msg;
	if (c->master->state < MASTER_LEAVING)
		master_ask_stop(c->master, child_str(c, who, sizeof(who)));
}

/* What messages mean, whoever sends them. */
static const struct {
	enum message_type	 type;
	void			(*act)(struct child *c,
				    const struct message *msg);
} child_messages[] = {
	{ MSG_READY,		child_on_ready },
	{ MSG_START_FAILED,	child_on_failed },
	{ MSG_ASK_RELOAD,	child_on_reload },
	{ MSG_ASK_STOP,		child_on_stop },
};

/* Does what one message says. */
static void
child_message(struct child *c, const struct message *msg)
{
	char	 who[64];
	size_t	 i;

	for (i = 0; i < sizeof(child_messages) / sizeof(child_messages[0]);
	    i++) {
		if (msg->type == child_messages[i].type) {
			child_messages[i].act(c, msg);
			return;
		}
	}
	if (!c->kind->message(c, msg))
		log_warn("%s: ignoring a message of type %u",
		    child_str(c, who, sizeof(who)), msg->type);
}

/* Reads what is there; false at the end, when it has no more to say. */
static bool
child_read(struct child *c)
{
	struct message	 msg;
	ssize_t		 n;
	int		 i, fd;

	for (i = 0; i < CHILD_MESSAGES && c->control != -1; i++) {
		n = fd_recv_msg(c->control, &msg, sizeof(msg), &fd);
		fd_close(&fd);
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return true;
		if (n <= 0)
			return false;
		msg.text[sizeof(msg.text) - 1] = '\0';
		if (n == (ssize_t)sizeof(msg))
			child_message(c, &msg);
		else
			log_warn("%s %d: ignoring a message of %zd bytes",
			    c->kind->name, c->id, n);
	}
	return c->control != -1;
}

/* It is reaped: its last words are read, and then nobody is there. */
static void
child_dead(struct child *c)
{
	commons_seat_left(c->master->commons, c->seat);
	if (c->kind->reaped != NULL)
		c->kind->reaped(c);
	child_read(c);
	child_gone(c);
	child_try_free(c);
}

/*
 * It has something to say, or its end is closed. Nobody closes that end before
 * the spawner knows the pid: if it is not known here either, the message about
 * it is there, or whoever should have sent it was killed.
 */
static void
child_control_cb(evutil_socket_t fd, short what, void *arg)
{
	struct child	*c = arg;
	bool		 more = child_read(c);

	(void)fd, (void)what;
	if (c->reaped) {
		child_dead(c);
		return;
	}
	if (more)
		return;
	if (c->pid == 0 && !c->unborn)
		generation_read(c->gen);
	if (c->pid == 0)
		c->unborn = true;
	child_gone(c);
	child_try_free(c);
}

/*
 * It was killed, but is still there: perhaps the process between it and the
 * spawner hangs, which dies with the spawner. If that does not help either,
 * its seat shall not wait for it.
 */
static void
child_is_overdue(struct child *c, const char *who)
{
	c->overdue++;
	child_kill(c);
	if (c->overdue == 1 && c->ready_us == 0 && !c->unborn) {
		generation_kill(c->gen, "what it forked does not end");
	} else {
		log_error("%s was killed but does not end", who);
		child_gone(c);
		child_try_free(c);
	}
}

/* It was not ready in time. */
static void
child_start_timeout(struct child *c, const char *who)
{
	char	 why[64];

	snprintf(c->failure, sizeof(c->failure),
	    "not ready within %g seconds (start-timeout)",
	    c->gen->cfg->start_timeout);
	log_error("%s: %s; killing it", who, c->failure);
	snprintf(why, sizeof(why), "it does not fork %ss", c->kind->name);
	if (c->state == SB_SLOT_SPAWNING)
		generation_kill(c->gen, why);
}

/* It was too long in its state. */
static void
child_late(struct child *c, const char *who)
{
	if (c->state == SB_SLOT_GONE && !c->doomed)
		log_warn("%s has closed its control socket but does not end; "
		    "killing it", who);
	else if (c->state == SB_SLOT_DRAINING)
		log_warn("%s has not %s within %g seconds (%s); killing it",
		    who, c->kind->deed, c->kind->mercy(c->master->cfg),
		    c->kind->mercy_option);
	else if (c->state != SB_SLOT_GONE)
		child_start_timeout(c, who);
	if (c->kind->late != NULL)
		c->kind->late(c);
	child_kill(c);
}

/* A time is over: which one, the state says. */
static void
child_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct child	*c = arg;
	char		 who[64];

	(void)fd, (void)what;
	if (c->state == SB_SLOT_FREE)
		return;		/* the master's turn does the rest */
	child_str(c, who, sizeof(who));
	timer_arm(&c->timer, CHILD_GONE_S);
	if (c->doomed && c->state != SB_SLOT_GONE)
		child_is_overdue(c, who);
	else
		child_late(c, who);
}

/* Makes room. */
void
children_init(struct master *m)
{
	m->nchildren = (size_t)seats_count(&m->commons->seats);
	m->children = xcalloc(m->nchildren, sizeof(struct child *));
}

/* Forgets all. */
void
children_done(struct master *m)
{
	struct child	*c;
	size_t		 i;

	for (i = 0; i < m->nchildren; i++) {
		c = m->children[i];
		evtimer_del(&c->timer);
		if (c->control == -1)
			continue;
		event_del(&c->control_ev);
		fd_close(&c->control);
	}
	free(m->children);
}

/* Prepares a seat. */
void
child_init(struct child *c, struct master *m, const struct child_kind *kind,
    int id, int seat)
{
	c->master = m;
	c->kind = kind;
	c->id = id;
	c->seat = seat;
	c->control = -1;
	evtimer_assign(&c->timer, m->base, child_timer_cb, c);
	m->children[seat] = c;
}

/* Makes the last one there be forgotten. */
static void
child_reset(struct child *c, struct generation *gen, int id, int control)
{
	c->id = id;
	c->gen = gen;
	c->pid = 0;
	c->control = control;
	c->reaped = c->unborn = c->doomed = false;
	c->status = c->overdue = 0;
	c->spawned_us = clock_mono_us();
	c->ready_us = c->gone_us = 0;
	c->failure[0] = '\0';
	event_assign(&c->control_ev, c->master->base, control,
	    EV_READ | EV_PERSIST, child_control_cb, c);
}

/* Sends the request to fork, with its end of the control socket. */
int
child_spawn(struct child *c, struct generation *gen, int id)
{
	struct message	 msg = { .type = MSG_SPAWN, .slot = c->seat,
	    .worker_id = id, .generation = gen->id,
	    .value = (int32_t)c->kind->kind };
	int		 pair[2] = { -1, -1 };

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    pair) == -1 || fd_set_nonblock(pair[0]) == -1 ||
	    generation_send(gen, &msg, pair[1]) == -1) {
		log_warn("cannot ask for %s %d: %s", c->kind->name, id,
		    strerror(errno));
		fd_close(&pair[0]);
		fd_close(&pair[1]);
		return -1;
	}
	fd_close(&pair[1]);
	gen->workers++;
	child_reset(c, gen, id, pair[0]);
	child_set_state(c, SB_SLOT_SPAWNING);
	event_add(&c->control_ev, NULL);
	return 0;
}

/* Tells it to leave. One that does not read learns it from the end. */
void
child_tell_drain(struct child *c, enum drain drain)
{
	struct message	 msg = { .type = MSG_DRAIN, .value = (int)drain };
	char		 who[64];

	if (child_tell(c, &msg, -1) != EAGAIN)
		return;
	log_warn("%s does not read what it is told",
	    child_str(c, who, sizeof(who)));
	shutdown(c->control, SHUT_WR);
}

/* Lets it finish; one that never was ready has nothing to finish. */
void
child_drain(struct child *c, enum drain drain)
{
	bool	 ready = c->state == SB_SLOT_READY;

	if (!child_is_live(c))
		return;
	if (ready)
		child_tell_drain(c, drain);
	child_set_state(c, SB_SLOT_DRAINING);
	if (!ready)
		child_kill(c);
}

/* The spawner's answer: here is the pid, or there will be none. */
void
children_spawned(struct generation *gen, const struct message *msg)
{
	struct master	*m = gen->master;
	struct child	*c;

	if (msg->slot < 0 || (size_t)msg->slot >= m->nchildren)
		return;
	c = m->children[msg->slot];
	if (c->gen != gen || c->unborn)
		return;
	if (msg->type == MSG_SPAWN_FAILED) {
		child_on_failed(c, msg);
		c->unborn = c->pid == 0;
		child_try_free(c);
		return;
	}
	child_set_pid(c, msg->pid);
	if (c->state == SB_SLOT_SPAWNING)
		child_set_state(c, SB_SLOT_STARTING);
	if (c->reaped)
		child_dead(c);
}

/* No spawner, no more pids: who has none, is none or ends by itself. */
void
children_spawner_gone(struct generation *gen)
{
	struct master	*m = gen->master;
	struct child	*c;
	size_t		 i;

	for (i = 0; i < m->nchildren; i++) {
		c = m->children[i];
		if (c->gen != gen || c->pid != 0)
			continue;
		c->unborn = true;
		child_try_free(c);
	}
}

/* Looks whose pid it was. */
bool
children_reaped(struct master *m, pid_t pid, int status)
{
	struct child	*c;
	size_t		 i;

	for (i = 0; i < m->nchildren; i++) {
		c = m->children[i];
		if (c->state == SB_SLOT_FREE || c->pid != pid || c->reaped)
			continue;
		c->reaped = true;
		c->status = status;
		child_dead(c);
		return true;
	}
	return false;
}

/* Tells everybody. */
void
children_tell_all(struct master *m, const struct generation *gen,
    const struct message *msg, int fd)
{
	size_t	 i;

	for (i = 0; i < m->nchildren; i++) {
		if (gen == NULL || m->children[i]->gen == gen)
			child_tell(m->children[i], msg, fd);
	}
}

/* Everybody is killed. */
void
children_kill_all(struct master *m)
{
	size_t	 i;

	for (i = 0; i < m->nchildren; i++)
		child_kill(m->children[i]);
}

/* Is nobody left? */
bool
children_all_free(const struct master *m)
{
	size_t	 i;

	for (i = 0; i < m->nchildren; i++) {
		if (m->children[i]->state != SB_SLOT_FREE)
			return false;
	}
	return true;
}
