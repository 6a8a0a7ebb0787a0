/* The worker processes, as the master sees them: one per slot. */
#include "master/workers.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "master/blackbox.h"
#include "master/commons.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/process.h"
#include "master/seats.h"
#include "master/stacks.h"
#include "master/user_signals.h"
#include "shm/commons.h"
#include "shm/seats.h"

#define WORKERS_GONE_S		5	/* from closing control to its end */
#define WORKERS_MESSAGES	64	/* read in one go */

#define STATE(state)	(1u << SB_SLOT_##state)

/* Which states may follow. */
static const unsigned workers_next[] = {
	[SB_SLOT_FREE] = STATE(SPAWNING),
	[SB_SLOT_SPAWNING] = STATE(STARTING) | STATE(READY) |
	    STATE(DRAINING) | STATE(GONE),
	[SB_SLOT_STARTING] = STATE(READY) | STATE(DRAINING) | STATE(GONE),
	[SB_SLOT_READY] = STATE(DRAINING) | STATE(GONE),
	[SB_SLOT_DRAINING] = STATE(GONE),
	[SB_SLOT_GONE] = STATE(FREE),
};

/* "worker 1 (pid 4711)", for log lines. */
static const char *
workers_str(const struct worker_proc *wp, char *buf, size_t len)
{
	if (wp->pid == 0)
		snprintf(buf, len, "worker %d (slot %d)", wp->id, wp->slot);
	else
		snprintf(buf, len, "worker %d (pid %d)", wp->id,
		    (int)wp->pid);
	return buf;
}

/* How long it may stay in its state; 0: for ever. */
static double
workers_limit(const struct worker_proc *wp)
{
	switch (wp->state) {
	case SB_SLOT_SPAWNING:
	case SB_SLOT_STARTING:
		return wp->gen->cfg->start_timeout;
	case SB_SLOT_DRAINING:
		return wp->master->cfg->worker_reload_mercy;
	case SB_SLOT_GONE:
		return WORKERS_GONE_S;
	default:
		return 0;
	}
}

/* The time of its state begins. */
static void
workers_arm(struct worker_proc *wp)
{
	double		 limit = workers_limit(wp);
	struct timeval	 tv;

	evtimer_del(&wp->timer);
	if (wp->state == SB_SLOT_FREE || wp->state == SB_SLOT_READY)
		return;
	tv.tv_sec = (time_t)limit;
	tv.tv_usec = (suseconds_t)((limit - (double)tv.tv_sec) * 1e6);
	evtimer_add(&wp->timer, &tv);
}

/* The only function that changes the state. */
static void
workers_set_state(struct worker_proc *wp, enum sb_slot_state state)
{
	char	 who[64];

	log_debug("%s: %s -> %s", workers_str(wp, who, sizeof(who)),
	    sb_slot_state_name(wp->state), sb_slot_state_name(state));
	if ((workers_next[wp->state] & (1u << state)) == 0)
		fatalx("%s cannot go from %s to %s", who,
		    sb_slot_state_name(wp->state), sb_slot_state_name(state));
	wp->state = state;
	if (state != SB_SLOT_FREE)
		sb_set(&sb_slot(wp->master->sb, (uint32_t)wp->slot)->state,
		    (uint32_t)state);
	workers_arm(wp);
}

/* Sends a signal to the process that the spawner or it itself has named. */
void
workers_signal(const struct worker_proc *wp, int signal)
{
	if (wp->pid == 0 || wp->reaped)
		return;
	if (process_is_theirs(wp->pid, wp->gen->cfg->app_uid))
		kill(wp->pid, signal);
	else
		log_error("worker %d is said to be process %d, which is none "
		    "of this server's; it gets no signal", wp->id,
		    (int)wp->pid);
}

/* Notes its pid, for itself and for readers of the scoreboard. */
static void
workers_set_pid(struct worker_proc *wp, pid_t pid)
{
	wp->pid = pid;
	wp->unborn = false;
	sb_set(&sb_slot(wp->master->sb, (uint32_t)wp->slot)->pid, pid);
	if (wp->doomed)
		workers_signal(wp, SIGKILL);
}

/* Notes why it ends; that it did not end by itself is worth more. */
static void
workers_note_ending(struct worker_proc *wp, enum ending why)
{
	if (wp->ending == ENDING_DIED || why >= ENDING_HARAKIRI)
		wp->ending = why;
}

/* Sends it SIGKILL, now or as soon as its pid is known. */
void
workers_kill(struct worker_proc *wp, enum ending why)
{
	static const struct timeval	 more = { WORKERS_GONE_S, 0 };

	if (wp->state == SB_SLOT_FREE)
		return;
	workers_note_ending(wp, why);
	wp->doomed = true;
	workers_signal(wp, SIGKILL);
	if (wp->state == SB_SLOT_READY)	/* its seat shall not wait for ever */
		evtimer_add(&wp->timer, &more);
}

/* How long it was ready. */
double
workers_ready_seconds(const struct worker_proc *wp)
{
	uint64_t	 end;

	if (wp->ready_us == 0)
		return -1;
	end = wp->gone_us != 0 ? wp->gone_us : clock_mono_us();
	return (double)(end - wp->ready_us) / 1e6;
}

/* Has its seat become free? */
bool
workers_is_lost(const struct worker_proc *wp)
{
	if (wp->state == SB_SLOT_GONE)
		return !wp->owns_listeners;	/* its ports are still bound */
	return wp->state == SB_SLOT_FREE;
}

/* Is it there, or about to be? */
bool
workers_is_live(const struct worker_proc *wp)
{
	return wp->state == SB_SLOT_SPAWNING ||
	    wp->state == SB_SLOT_STARTING || wp->state == SB_SLOT_READY;
}

/* Logs how one that should leave did that. */
static void
workers_log_left(const struct worker_proc *wp, const char *who)
{
	char	 how[64];

	if (wp->doomed)
		log_info("%s was killed", who);
	else if (wp->reaped && wp->status != 0)
		log_warn("%s has left: %s", who,
		    process_status_text(wp->status, how, sizeof(how)));
	else
		log_info("%s has left", who);
}

/* Logs how it ended and, if it was not asked to leave, what it was doing. */
static void
workers_log_end(const struct worker_proc *wp)
{
	struct master	*m = wp->master;
	char		 who[64], how[64] = "no process was made";

	workers_str(wp, who, sizeof(who));
	if (wp->reaped)
		process_status_text(wp->status, how, sizeof(how));
	if (wp->before_gone == SB_SLOT_DRAINING ||
	    m->state == MASTER_KILLING) {
		workers_log_left(wp, who);
		return;
	}
	if (wp->ready_us == 0)
		log_error("%s of generation %d died before it was ready: "
		    "%s%s%s", who, wp->gen->id, how,
		    wp->failure[0] != '\0' ? ": " : "", wp->failure);
	else
		log_error("%s of generation %d died: %s", who, wp->gen->id,
		    how);
	if (!wp->doomed)	/* else it was logged before */
		blackbox_log(m->sb, wp->slot, LOG_LEVEL_ERROR, who);
}

/* Frees the slot when nobody can write to it any more. */
static void
workers_try_free(struct worker_proc *wp)
{
	struct master	*m = wp->master;

	if (wp->state != SB_SLOT_GONE || (!wp->reaped && !wp->unborn))
		return;
	workers_log_end(wp);
	if (wp->reaped && WIFSIGNALED(wp->status))
		sb_total(m->sb, wp->id)->signalled++;
	if (wp->ending == ENDING_DIED && wp->ready_us == 0)
		wp->ending = ENDING_START_FAILED;
	m->endings[wp->ending]++;
	workers_set_state(wp, SB_SLOT_FREE);
	mounts_add(&m->mounts, wp->gen->cfg,
	    sb_slot(m->sb, (uint32_t)wp->slot));
	sb_slot_put(m->sb, wp->slot, clock_mono_us());
	wp->gen->workers--;
	wp->gen = NULL;
}

/* Its control socket is of no more use. */
static void
workers_gone(struct worker_proc *wp)
{
	if (wp->state == SB_SLOT_GONE || wp->state == SB_SLOT_FREE)
		return;
	event_del(&wp->control_ev);
	fd_close(&wp->control);
	wp->gone_us = clock_mono_us();
	wp->before_gone = wp->state;
	workers_set_state(wp, SB_SLOT_GONE);
	stacks_gone(wp->master, wp->slot);
}

/* Sends a message, perhaps with fd, to one that has a control socket; errno. */
int
workers_tell(struct worker_proc *wp, const struct message *what, int fd)
{
	struct message	 msg = *what;
	int		 saved;

	msg.slot = wp->slot;
	msg.worker_id = wp->id;
	if (wp->control == -1 ||
	    fd_send_msg(wp->control, &msg, sizeof(msg), fd) == 0)
		return 0;
	saved = errno;
	log_debug("worker %d: sending: %s", wp->id, strerror(saved));
	return saved;
}

/* It accepts. */
static void
workers_ready(struct worker_proc *wp, const struct message *msg)
{
	char	 who[64];

	if (wp->state != SB_SLOT_SPAWNING && wp->state != SB_SLOT_STARTING)
		return;		/* told to drain meanwhile */
	if (wp->pid == 0 && msg->pid > 0)
		workers_set_pid(wp, msg->pid);
	wp->owns_listeners = msg->value == 1;
	snprintf(wp->listeners, sizeof(wp->listeners), "%.*s",
	    (int)sizeof(msg->text), msg->text);
	wp->ready_us = clock_mono_us();
	wp->master->ever_ready = true;
	workers_set_state(wp, SB_SLOT_READY);
	if (wp->master->state == MASTER_LEAVING)
		workers_tell(wp, &(struct message){
		    .type = MSG_LEAVING }, -1);
	log_info("%s of generation %d is ready",
	    workers_str(wp, who, sizeof(who)), wp->gen->id);
}

/* Does what one message of a worker says. */
static void
workers_message(struct worker_proc *wp, const struct message *msg)
{
	char	 who[64];

	workers_str(wp, who, sizeof(who));
	switch (msg->type) {
	case MSG_READY:
		workers_ready(wp, msg);
		break;
	case MSG_START_FAILED:
		snprintf(wp->failure, sizeof(wp->failure), "%.*s",
		    (int)sizeof(msg->text), msg->text);
		break;
	case MSG_ASK_RELOAD:
		reload_request(wp->master, msg->text[0] != '\0' ? msg->text :
		    who);
		break;
	case MSG_STACKS_DONE:
		stacks_done(wp->master, wp->slot, msg->value);
		break;
	case MSG_ASK_REPLACE:
		seats_give_up(wp, ENDING_HARAKIRI);
		break;
	case MSG_ASK_STOP:
		if (wp->master->state < MASTER_LEAVING)
			master_ask_stop(wp->master, who);
		break;
	default:
		if (user_signals_message(wp->gen, wp, false, msg))
			break;
		log_warn("%s: ignoring a message of type %u", who, msg->type);
		break;
	}
}

/* Reads what is there; false at the end, when it has no more to say. */
static bool
workers_read(struct worker_proc *wp)
{
	struct message	 msg;
	ssize_t		 n;
	int		 i, fd;

	for (i = 0; i < WORKERS_MESSAGES && wp->control != -1; i++) {
		n = fd_recv_msg(wp->control, &msg, sizeof(msg), &fd);
		fd_close(&fd);
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return true;
		if (n <= 0)
			return false;
		msg.text[sizeof(msg.text) - 1] = '\0';
		if (n == (ssize_t)sizeof(msg))
			workers_message(wp, &msg);
		else
			log_warn("worker %d: ignoring a message of %zd bytes",
			    wp->id, n);
	}
	return wp->control != -1;
}

/*
 * A worker has something to say, or its end is closed. Nobody closes that end
 * before the spawner knows the pid: if it is not known here either, the
 * message about it is there, or whoever should have sent it was killed.
 */
static void
workers_control_cb(evutil_socket_t fd, short what, void *arg)
{
	struct worker_proc	*wp = arg;

	(void)fd, (void)what;
	if (workers_read(wp))
		return;
	if (wp->pid == 0 && !wp->unborn)
		generation_read(wp->gen);
	if (wp->pid == 0)
		wp->unborn = true;
	workers_gone(wp);
	workers_try_free(wp);
}

/* It was not ready in time. */
static void
workers_start_timeout(struct worker_proc *wp, const char *who)
{
	snprintf(wp->failure, sizeof(wp->failure),
	    "not ready within %g seconds (start-timeout)",
	    wp->gen->cfg->start_timeout);
	log_error("%s: %s; killing it", who, wp->failure);
	if (wp->state == SB_SLOT_SPAWNING)
		generation_kill(wp->gen, "it does not fork workers");
	workers_kill(wp, ENDING_START_FAILED);
}

/* It has not finished in time. */
static void
workers_drain_timeout(struct worker_proc *wp, const char *who)
{
	log_warn("%s has not finished within %g seconds "
	    "(worker-reload-mercy); killing it", who,
	    wp->master->cfg->worker_reload_mercy);
	blackbox_log(wp->master->sb, wp->slot, LOG_LEVEL_WARN, who);
	workers_kill(wp, ENDING_MERCY);
}

/*
 * It was killed, but is still there: perhaps the process between it and the
 * spawner hangs, which dies with the spawner. If that does not help either,
 * its seat shall not wait for it.
 */
static void
workers_overdue(struct worker_proc *wp, const char *who)
{
	wp->overdue++;
	workers_kill(wp, wp->ending);
	if (wp->overdue == 1 && wp->ready_us == 0 && !wp->unborn) {
		generation_kill(wp->gen, "what it forked does not end");
	} else {
		log_error("%s was killed but does not end", who);
		workers_gone(wp);
		workers_try_free(wp);
	}
}

/* It was too long in its state. */
static void
workers_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval	 more = { WORKERS_GONE_S, 0 };
	struct worker_proc		*wp = arg;
	char				 who[64];

	(void)fd, (void)what;
	workers_str(wp, who, sizeof(who));
	evtimer_add(&wp->timer, &more);
	if (wp->state == SB_SLOT_GONE) {
		if (!wp->doomed)
			log_warn("%s has closed its control socket but does "
			    "not end; killing it", who);
		workers_kill(wp, wp->ending);
	} else if (wp->doomed) {
		workers_overdue(wp, who);
	} else if (wp->state == SB_SLOT_DRAINING) {
		workers_drain_timeout(wp, who);
	} else {
		workers_start_timeout(wp, who);
	}
}

/* Prepares all slots. */
void
workers_init(struct master *m)
{
	struct worker_proc	*wp;
	uint32_t		 i;

	m->workers = xcalloc(m->sb->slots, sizeof(*m->workers));
	for (i = 0; i < m->sb->slots; i++) {
		wp = &m->workers[i];
		wp->master = m;
		wp->slot = (int)i;
		wp->control = -1;
		evtimer_assign(&wp->timer, m->base, workers_timer_cb, wp);
	}
}

/* Forgets all; whoever still runs notices by its closed control socket. */
void
workers_done(struct master *m)
{
	uint32_t	 i;

	for (i = 0; i < m->sb->slots; i++) {
		evtimer_del(&m->workers[i].timer);
		if (m->workers[i].control == -1)
			continue;
		event_del(&m->workers[i].control_ev);
		fd_close(&m->workers[i].control);
	}
}

/* Makes a slot's last owner be forgotten. */
static struct worker_proc *
workers_reset(struct master *m, int slot, int id, struct generation *gen,
    int control)
{
	struct worker_proc	*wp = &m->workers[slot];

	wp->id = id;
	wp->gen = gen;
	wp->pid = 0;
	wp->control = control;
	wp->reaped = wp->unborn = wp->doomed = wp->owns_listeners = false;
	wp->listeners[0] = '\0';
	wp->status = wp->overdue = 0;
	wp->ending = wp->gives_up = ENDING_DIED;
	wp->spawned_us = clock_mono_us();
	wp->ready_us = wp->gone_us = 0;
	wp->failure[0] = '\0';
	wp->user_sent = 0;
	memset(wp->user_signals, 0, sizeof(wp->user_signals));
	event_assign(&wp->control_ev, m->base, control, EV_READ | EV_PERSIST,
	    workers_control_cb, wp);
	return wp;
}

/* Sends the request to fork, with the worker's end of its control socket. */
static int
workers_ask(struct generation *gen, int slot, int id, int fd)
{
	struct message	 msg = { .type = MSG_SPAWN, .slot = slot,
	    .worker_id = id, .generation = gen->id,
	    .value = PROCESS_WORKER };

	return generation_send(gen, &msg, fd);
}

/* Asks for a worker. */
struct worker_proc *
workers_spawn(struct master *m, int id, struct generation *gen, bool respawn)
{
	struct worker_proc	*wp;
	struct sb_slot		*sb;
	int			 slot, pair[2] = { -1, -1 };

	slot = sb_slot_take(m->sb, id, gen->id);
	if (slot == -1)
		return NULL;
	sb = sb_slot(m->sb, (uint32_t)slot);
	sb->spawned_us = clock_real_us();
	sb->respawns += respawn ? 1 : 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    pair) == -1 || fd_set_nonblock(pair[0]) == -1 ||
	    workers_ask(gen, slot, id, pair[1]) == -1) {
		log_warn("cannot ask for worker %d: %s", id, strerror(errno));
		fd_close(&pair[0]);
		fd_close(&pair[1]);
		sb_slot_put(m->sb, slot, clock_mono_us());
		return NULL;
	}
	fd_close(&pair[1]);
	sb_total(m->sb, id)->respawns = sb->respawns;
	gen->workers++;
	wp = workers_reset(m, slot, id, gen, pair[0]);
	workers_set_state(wp, SB_SLOT_SPAWNING);
	event_add(&wp->control_ev, NULL);
	return wp;
}

/* Tells it to drain. One that does not read learns it from the end. */
static void
workers_tell_drain(struct worker_proc *wp, enum drain drain)
{
	struct message	 msg = { .type = MSG_DRAIN, .value = (int)drain };

	if (workers_tell(wp, &msg, -1) != EAGAIN)
		return;
	log_warn("worker %d (pid %d) does not read what it is told", wp->id,
	    (int)wp->pid);
	shutdown(wp->control, SHUT_WR);
}

/* Lets it finish; one that never served has nothing to finish. */
static void
workers_drain_as(struct worker_proc *wp, enum ending why, enum drain drain)
{
	switch (wp->state) {
	case SB_SLOT_READY:
		workers_note_ending(wp, why);
		workers_tell_drain(wp, drain);
		workers_set_state(wp, SB_SLOT_DRAINING);
		break;
	case SB_SLOT_SPAWNING:
	case SB_SLOT_STARTING:
		workers_set_state(wp, SB_SLOT_DRAINING);
		workers_kill(wp, why);
		break;
	case SB_SLOT_DRAINING:
		if (drain == DRAIN_LAST && !wp->doomed)
			workers_tell_drain(wp, drain);
		break;
	default:
		break;
	}
}

/* Lets it finish; others have its clients. */
void
workers_drain(struct worker_proc *wp, enum ending why)
{
	workers_drain_as(wp, why, DRAIN_OTHERS);
}

/* The spawner's answer: here is the pid, or there will be none. */
void
workers_spawned(struct generation *gen, const struct message *msg)
{
	struct master		*m = gen->master;
	struct worker_proc	*wp;
	int			 status;

	if (msg->slot < 0 || (uint32_t)msg->slot >= m->sb->slots)
		return;
	wp = &m->workers[msg->slot];
	if (wp->gen != gen || wp->state == SB_SLOT_FREE || wp->unborn)
		return;
	if (msg->type == MSG_SPAWN_FAILED) {
		snprintf(wp->failure, sizeof(wp->failure), "%.*s",
		    (int)sizeof(msg->text), msg->text);
		wp->unborn = wp->pid == 0;
		workers_try_free(wp);
		return;
	}
	if (wp->pid == 0)
		workers_set_pid(wp, msg->pid);
	if (wp->state == SB_SLOT_SPAWNING)
		workers_set_state(wp, SB_SLOT_STARTING);
	if (reaped_take(&m->reaped, wp->pid, wp->spawned_us, &status))
		workers_reaped(m, wp->pid, status);
}

/* No spawner, no more pids: who has none, is none or ends by itself. */
void
workers_spawner_gone(struct generation *gen)
{
	struct master		*m = gen->master;
	struct worker_proc	*wp;
	uint32_t		 i;

	for (i = 0; i < m->sb->slots; i++) {
		wp = &m->workers[i];
		if (wp->gen != gen || wp->state == SB_SLOT_FREE ||
		    wp->pid != 0)
			continue;
		wp->unborn = true;
		workers_try_free(wp);
	}
}

/*
 * The scripts (CGI) of a worker that was killed. They die with it themselves,
 * but what they have started would not.
 */
static void
workers_kill_scripts(const struct worker_proc *wp)
{
	struct scoreboard	*sb = wp->master->sb;
	_Atomic int32_t		*script;
	pid_t			*groups;
	size_t			 n = 0;
	uint32_t		 i;

	groups = xcalloc(sb->cores, sizeof(*groups));
	for (i = 0; i < sb->cores; i++) {
		script = &sb_core(sb, (uint32_t)wp->slot, i)->script;
		groups[n] = sb_get(script);
		if (groups[n] != 0)
			n++;
		sb_set(script, 0);
	}
	/* The worker has written these numbers: whoever it is by now. */
	process_kill_groups(groups, n, wp->gen->cfg->app_uid);
	free(groups);
}

/* Notes how a worker ended; its last words are read first. */
bool
workers_reaped(struct master *m, pid_t pid, int status)
{
	struct worker_proc	*wp;
	uint32_t		 i;

	for (i = 0; i < m->sb->slots; i++) {
		wp = &m->workers[i];
		if (wp->state == SB_SLOT_FREE || wp->pid != pid || wp->reaped)
			continue;
		wp->reaped = true;
		wp->status = status;
		commons_seat_left(m->commons, seats_of(&m->commons->seats,
		    PROCESS_WORKER, wp->slot));
		workers_kill_scripts(wp);
		workers_read(wp);
		workers_gone(wp);
		workers_try_free(wp);
		return true;
	}
	return false;
}

/* Is somebody there who accepts? */
static bool
workers_any_ready(const struct master *m)
{
	uint32_t	 i;

	for (i = 0; i < m->sb->slots; i++) {
		if (m->workers[i].state == SB_SLOT_READY)
			return true;
	}
	return false;
}

/* Everybody leaves. Those who do already take the last, if nobody else can. */
void
workers_drain_all(struct master *m, enum ending why, enum drain drain)
{
	bool	 others = workers_any_ready(m);
	uint32_t i;

	for (i = 0; i < m->sb->slots; i++) {
		if (!others || m->workers[i].state != SB_SLOT_DRAINING)
			workers_drain_as(&m->workers[i], why, drain);
	}
}

/* Everybody is killed. */
void
workers_kill_all(struct master *m, enum ending why)
{
	uint32_t	 i;

	for (i = 0; i < m->sb->slots; i++)
		workers_kill(&m->workers[i], why);
}

/* Tells everybody. */
void
workers_tell_all(struct master *m, const struct generation *gen,
    const struct message *msg, int fd)
{
	uint32_t	 i;

	for (i = 0; i < m->sb->slots; i++) {
		if (gen == NULL || m->workers[i].gen == gen)
			workers_tell(&m->workers[i], msg, fd);
	}
}

/* Are ports that the next one of an id may want still bound? */
bool
workers_ports_taken(const struct master *m, int id)
{
	const struct worker_proc	*wp;
	uint32_t			 i;

	for (i = 0; i < m->sb->slots; i++) {
		wp = &m->workers[i];
		if (wp->id == id && wp->owns_listeners &&
		    (wp->state == SB_SLOT_DRAINING ||
		    wp->state == SB_SLOT_GONE))
			return true;
	}
	return false;
}

/* Could one more be asked for? */
bool
workers_have_room(const struct master *m)
{
	uint32_t	 i;

	for (i = 0; i < m->sb->slots; i++) {
		if (m->workers[i].state == SB_SLOT_FREE)
			return true;
	}
	return false;
}

/* Is nobody left? */
bool
workers_all_free(const struct master *m)
{
	uint32_t	 i;

	for (i = 0; i < m->sb->slots; i++) {
		if (m->workers[i].state != SB_SLOT_FREE)
			return false;
	}
	return true;
}
