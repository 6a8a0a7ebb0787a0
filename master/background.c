/* Mules and spoolers, as the master sees them: one per seat. */
#include "master/background.h"

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
#include "master/backoff.h"
#include "master/commons.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/process.h"
#include "master/timer.h"
#include "master/user_signals.h"
#include "master/workers.h"
#include "shm/commons.h"

#define BACKGROUND_GONE_S	5	/* from closing control to its end */
#define BACKGROUND_RETRY_S	0.5	/* when the system had no room */
#define BACKGROUND_MESSAGES	64	/* read in one go */

/* A mule's mercy. */
static double
background_mule_mercy(const struct config *cfg)
{
	return cfg->mule_reload_mercy;
}

/* A spooler's. */
static double
background_spooler_mercy(const struct config *cfg)
{
	return cfg->spooler_reload_mercy;
}

/* How many mules there are. */
static int
background_mule_count(const struct seats *seats)
{
	return seats->mules;
}

/* How many spoolers. */
static int
background_spooler_count(const struct seats *seats)
{
	return seats->spoolers;
}

static const struct background_kind background_kinds[] = {
	{ PROCESS_MULE, "mule", "mule-reload-mercy", background_mule_mercy,
	    background_mule_count },
	{ PROCESS_SPOOLER, "spooler", "spooler-reload-mercy",
	    background_spooler_mercy, background_spooler_count },
};

#define KINDS	(sizeof(background_kinds) / sizeof(background_kinds[0]))

static const char *const background_state_names[] = {
	[SB_SLOT_FREE] = "empty",
	[SB_SLOT_SPAWNING] = "spawning",
	[SB_SLOT_STARTING] = "starting",
	[SB_SLOT_READY] = "ready",
	[SB_SLOT_DRAINING] = "draining",
	[SB_SLOT_GONE] = "gone",
};

#define STATE(state)	(1u << SB_SLOT_##state)

/* Which states may follow. */
static const unsigned background_next[] = {
	[SB_SLOT_FREE] = STATE(SPAWNING),
	[SB_SLOT_SPAWNING] = STATE(STARTING) | STATE(READY) |
	    STATE(DRAINING) | STATE(GONE),
	[SB_SLOT_STARTING] = STATE(READY) | STATE(DRAINING) | STATE(GONE),
	[SB_SLOT_READY] = STATE(DRAINING) | STATE(GONE),
	[SB_SLOT_DRAINING] = STATE(GONE),
	[SB_SLOT_GONE] = STATE(FREE),
};

/* The printable name of a state. */
const char *
background_state_name(enum sb_slot_state state)
{
	return background_state_names[state];
}

/* "mule 1 (pid 4711)", for log lines. */
static const char *
background_str(const struct background_proc *bp, char *buf, size_t len)
{
	if (bp->child.pid == 0)
		snprintf(buf, len, "%s %d", bp->kind->name, bp->child.id);
	else
		snprintf(buf, len, "%s %d (pid %d)", bp->kind->name, bp->child.id,
		    (int)bp->child.pid);
	return buf;
}

/* The time of its state begins. */
static void
background_arm_state(struct background_proc *bp)
{
	evtimer_del(&bp->child.timer);
	switch (bp->child.state) {
	case SB_SLOT_SPAWNING:
	case SB_SLOT_STARTING:
		timer_arm(&bp->child.timer, bp->child.gen->cfg->start_timeout);
		break;
	case SB_SLOT_DRAINING:
		timer_arm(&bp->child.timer, bp->kind->mercy(bp->child.master->cfg));
		break;
	case SB_SLOT_GONE:
		timer_arm(&bp->child.timer, BACKGROUND_GONE_S);
		break;
	case SB_SLOT_FREE:
	case SB_SLOT_READY:
		break;
	}
}

/* The only function that changes the state. */
static void
background_set_state(struct background_proc *bp, enum sb_slot_state state)
{
	char	 who[64];

	log_debug("%s: %s -> %s", background_str(bp, who, sizeof(who)),
	    background_state_name(bp->child.state), background_state_name(state));
	if ((background_next[bp->child.state] & (1u << state)) == 0)
		fatalx("%s cannot go from %s to %s", who,
		    background_state_name(bp->child.state),
		    background_state_name(state));
	bp->child.state = state;
	background_arm_state(bp);
}

/* Sends a signal to the process that the spawner or it itself has named. */
static void
background_signal(const struct background_proc *bp, int signal)
{
	if (bp->child.pid == 0 || bp->child.reaped)
		return;
	if (process_is_theirs(bp->child.pid, bp->child.gen->cfg->app_uid))
		kill(bp->child.pid, signal);
	else
		log_error("%s %d is said to be process %d, which is none of "
		    "this server's; it gets no signal", bp->kind->name,
		    bp->child.id, (int)bp->child.pid);
}

/* Sends it SIGKILL, now or as soon as its pid is known. */
static void
background_kill(struct background_proc *bp)
{
	static const struct timeval	 more = { BACKGROUND_GONE_S, 0 };

	if (bp->child.state == SB_SLOT_FREE)
		return;
	bp->child.doomed = true;
	background_signal(bp, SIGKILL);
	if (bp->child.state == SB_SLOT_READY)
		evtimer_add(&bp->child.timer, &more);
}

/* Notes its pid. */
static void
background_set_pid(struct background_proc *bp, pid_t pid)
{
	bp->child.pid = pid;
	bp->child.unborn = false;
	if (bp->child.doomed)
		background_signal(bp, SIGKILL);
}

/* Logs how it ended. */
static void
background_log_end(const struct background_proc *bp)
{
	char	 who[64], how[64] = "no process was made";

	background_str(bp, who, sizeof(who));
	if (bp->child.reaped)
		process_status_text(bp->child.status, how, sizeof(how));
	if (bp->child.before_gone == SB_SLOT_DRAINING ||
	    bp->child.master->state == MASTER_KILLING)
		log_info("%s has left: %s", who, bp->child.doomed ?
		    "it was killed" : how);
	else
		log_error("%s of generation %d died: %s%s%s", who,
		    bp->child.gen->id, how, bp->child.failure[0] != '\0' ? ": " : "",
		    bp->child.failure);
}

/* When may the next one come? */
static void
background_pause(struct background_proc *bp)
{
	double	 delay, ready = -1;

	if (bp->child.ready_us != 0)
		ready = (double)(clock_mono_us() - bp->child.ready_us) / 1e6;
	bp->died = true;
	delay = backoff_died(&bp->failures, ready,
	    bp->child.master->cfg->respawn_delay_max);
	if (delay == 0 || master_is_stopping(bp->child.master))
		return;
	log_info("%s %d is started again in %g seconds", bp->kind->name,
	    bp->child.id, delay);
	timer_arm(&bp->child.timer, delay);
}

/* The seat is empty when nobody can be there any more. */
static void
background_try_empty(struct background_proc *bp)
{
	if (bp->child.state != SB_SLOT_GONE || (!bp->child.reaped && !bp->child.unborn))
		return;
	background_log_end(bp);
	background_set_state(bp, SB_SLOT_FREE);
	if (bp->child.before_gone != SB_SLOT_DRAINING)
		background_pause(bp);
	bp->child.gen->workers--;
	bp->child.gen = NULL;
	bp->child.pid = 0;
}

/* Its control socket is of no more use. */
static void
background_gone(struct background_proc *bp)
{
	if (bp->child.state == SB_SLOT_GONE || bp->child.state == SB_SLOT_FREE)
		return;
	event_del(&bp->child.control_ev);
	fd_close(&bp->child.control);
	bp->child.before_gone = bp->child.state;
	background_set_state(bp, SB_SLOT_GONE);
}

/* Sends a message, perhaps with fd, to one; errno. */
static int
background_tell(struct background_proc *bp, const struct message *what,
    int fd)
{
	struct message	 msg = *what;
	int		 saved;

	if (bp->child.control == -1)
		return EPIPE;
	msg.slot = bp->child.seat;
	msg.worker_id = bp->child.id;
	if (fd_send_msg(bp->child.control, &msg, sizeof(msg), fd) == 0)
		return 0;
	saved = errno;
	log_debug("%s %d: sending: %s", bp->kind->name, bp->child.id,
	    strerror(saved));
	return saved;
}

/* It has begun its work. */
static void
background_on_ready(struct background_proc *bp, const struct message *msg)
{
	char	 who[64];

	if (bp->child.state != SB_SLOT_SPAWNING &&
	    bp->child.state != SB_SLOT_STARTING)
		return;
	if (bp->child.pid == 0 && msg->pid > 0)
		background_set_pid(bp, msg->pid);
	bp->child.ready_us = clock_mono_us();
	background_set_state(bp, SB_SLOT_READY);
	log_info("%s of generation %d is ready",
	    background_str(bp, who, sizeof(who)), bp->child.gen->id);
}

/* It says why it will not come up. */
static void
background_on_failed(struct background_proc *bp, const struct message *msg)
{
	snprintf(bp->child.failure, sizeof(bp->child.failure), "%.*s",
	    (int)sizeof(msg->text), msg->text);
}

/* The app asks for a reload there. */
static void
background_on_reload(struct background_proc *bp, const struct message *msg)
{
	char	 who[64];

	reload_request(bp->child.master, msg->text[0] != '\0' ? msg->text :
	    background_str(bp, who, sizeof(who)));
}

/* Or for the end. */
static void
background_on_stop(struct background_proc *bp, const struct message *msg)
{
	char	 who[64];

	(void)msg;
	if (bp->child.master->state < MASTER_LEAVING)
		master_ask_stop(bp->child.master,
		    background_str(bp, who, sizeof(who)));
}

/* What its messages mean. */
static const struct {
	enum message_type	 type;
	void			(*act)(struct background_proc *bp,
				    const struct message *msg);
} background_messages[] = {
	{ MSG_READY,		background_on_ready },
	{ MSG_START_FAILED,	background_on_failed },
	{ MSG_ASK_RELOAD,	background_on_reload },
	{ MSG_ASK_STOP,		background_on_stop },
};

/* Does what one message says. */
static void
background_message(struct background_proc *bp, const struct message *msg)
{
	size_t	 i;

	for (i = 0; i < sizeof(background_messages) /
	    sizeof(background_messages[0]); i++) {
		if (msg->type == background_messages[i].type) {
			background_messages[i].act(bp, msg);
			return;
		}
	}
	if (bp->child.gen != NULL && user_signals_message(bp->child.gen, NULL, false,
	    msg))
		return;
	log_warn("%s %d: ignoring a message of type %u", bp->kind->name,
	    bp->child.id, msg->type);
}

/* Reads what is there; false at the end, when it has no more to say. */
static bool
background_read(struct background_proc *bp)
{
	struct message	 msg;
	ssize_t		 n;
	int		 i, fd;

	for (i = 0; i < BACKGROUND_MESSAGES && bp->child.control != -1; i++) {
		n = fd_recv_msg(bp->child.control, &msg, sizeof(msg), &fd);
		fd_close(&fd);
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return true;
		if (n <= 0)
			return false;
		msg.text[sizeof(msg.text) - 1] = '\0';
		if (n == (ssize_t)sizeof(msg))
			background_message(bp, &msg);
		else
			log_warn("%s %d: ignoring a message of %zd bytes",
			    bp->kind->name, bp->child.id, n);
	}
	return bp->child.control != -1;
}

/* It has something to say, or its end is closed; see workers_control_cb. */
static void
background_control_cb(evutil_socket_t fd, short what, void *arg)
{
	struct background_proc	*bp = arg;

	(void)fd, (void)what;
	if (background_read(bp))
		return;
	if (bp->child.pid == 0 && !bp->child.unborn)
		generation_read(bp->child.gen);
	if (bp->child.pid == 0)
		bp->child.unborn = true;
	background_gone(bp);
	background_try_empty(bp);
}

/* It was killed, but is still there; see workers_overdue. */
static void
background_is_overdue(struct background_proc *bp, const char *who)
{
	bp->child.overdue++;
	background_kill(bp);
	if (bp->child.overdue == 1 && bp->child.ready_us == 0 && !bp->child.unborn) {
		generation_kill(bp->child.gen, "what it forked does not end");
	} else {
		log_error("%s was killed but does not end", who);
		background_gone(bp);
		background_try_empty(bp);
	}
}

/* It was too long in its state. */
static void
background_late(struct background_proc *bp, const char *who)
{
	if (bp->child.state == SB_SLOT_GONE) {
		if (!bp->child.doomed)
			log_warn("%s has closed its control socket but does "
			    "not end; killing it", who);
	} else if (bp->child.state == SB_SLOT_DRAINING) {
		log_warn("%s has not left within %g seconds (%s); killing it",
		    who, bp->kind->mercy(bp->child.master->cfg),
		    bp->kind->mercy_option);
	} else {
		log_error("%s: not ready within %g seconds (start-timeout); "
		    "killing it", who, bp->child.gen->cfg->start_timeout);
		if (bp->child.state == SB_SLOT_SPAWNING)
			generation_kill(bp->child.gen, "it does not fork");
	}
	background_kill(bp);
}

/* A time is over: which one, the state says. */
static void
background_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct background_proc	*bp = arg;
	char			 who[64];

	(void)fd, (void)what;
	if (bp->child.state == SB_SLOT_FREE)
		return;		/* background_turn does the rest */
	background_str(bp, who, sizeof(who));
	timer_arm(&bp->child.timer, BACKGROUND_GONE_S);
	if (bp->child.doomed && bp->child.state != SB_SLOT_GONE)
		background_is_overdue(bp, who);
	else
		background_late(bp, who);
}

/* Makes all seats, empty. */
void
background_init(struct master *m)
{
	const struct seats	*seats = &m->commons->seats;
	struct background_proc	*bp;
	size_t			 k;
	int			 id;

	m->backgrounds = xcalloc((size_t)(seats->mules + seats->spoolers) + 1,
	    sizeof(*m->backgrounds));
	for (k = 0; k < KINDS; k++) {
		for (id = 1; id <= background_kinds[k].count(seats); id++) {
			bp = &m->backgrounds[m->nbackgrounds++];
			bp->child.master = m;
			bp->kind = &background_kinds[k];
			bp->child.id = id;
			bp->child.seat = seats_of(seats, bp->kind->kind, id);
			bp->child.control = -1;
			evtimer_assign(&bp->child.timer, m->base,
			    background_timer_cb, bp);
		}
	}
}

/* Forgets all; whoever still runs notices by its closed control socket. */
void
background_done(struct master *m)
{
	struct background_proc	*bp;
	size_t			 i;

	for (i = 0; i < m->nbackgrounds; i++) {
		bp = &m->backgrounds[i];
		evtimer_del(&bp->child.timer);
		if (bp->child.control == -1)
			continue;
		event_del(&bp->child.control_ev);
		fd_close(&bp->child.control);
	}
	free(m->backgrounds);
	m->backgrounds = NULL;
	m->nbackgrounds = 0;
}

/* Forgets the last one. */
static void
background_reset(struct background_proc *bp, struct generation *gen,
    int control)
{
	bp->child.gen = gen;
	bp->child.pid = 0;
	bp->child.control = control;
	bp->child.reaped = bp->child.unborn = bp->child.doomed = false;
	bp->child.status = bp->child.overdue = 0;
	bp->child.spawned_us = clock_mono_us();
	bp->spawned_real_us = clock_real_us();
	bp->child.ready_us = 0;
	bp->child.failure[0] = '\0';
	event_assign(&bp->child.control_ev, bp->child.master->base, control,
	    EV_READ | EV_PERSIST, background_control_cb, bp);
}

/* Asks the spawner for one. */
static void
background_spawn(struct background_proc *bp, struct generation *gen)
{
	struct message	 msg = { .type = MSG_SPAWN, .slot = bp->child.seat,
	    .worker_id = bp->child.id, .generation = gen->id,
	    .value = (int32_t)bp->kind->kind };
	int		 pair[2] = { -1, -1 };

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    pair) == -1 || fd_set_nonblock(pair[0]) == -1 ||
	    generation_send(gen, &msg, pair[1]) == -1) {
		log_warn("cannot ask for %s %d: %s", bp->kind->name, bp->child.id,
		    strerror(errno));
		fd_close(&pair[0]);
		fd_close(&pair[1]);
		timer_arm(&bp->child.timer, BACKGROUND_RETRY_S);
		return;
	}
	fd_close(&pair[1]);
	bp->respawns += bp->died ? 1 : 0;
	bp->died = false;
	gen->workers++;
	background_reset(bp, gen, pair[0]);
	background_set_state(bp, SB_SLOT_SPAWNING);
	event_add(&bp->child.control_ev, NULL);
}

/* It shall finish and leave; who never was ready has nothing to finish. */
static void
background_drain(struct background_proc *bp, enum drain drain)
{
	struct message	 msg = { .type = MSG_DRAIN, .value = (int)drain };
	bool		 ready = bp->child.state == SB_SLOT_READY;

	if (!ready && bp->child.state != SB_SLOT_SPAWNING &&
	    bp->child.state != SB_SLOT_STARTING)
		return;
	if (ready && background_tell(bp, &msg, -1) == EAGAIN) {
		log_warn("%s %d does not read what it is told",
		    bp->kind->name, bp->child.id);
		shutdown(bp->child.control, SHUT_WR);
	}
	background_set_state(bp, SB_SLOT_DRAINING);
	if (!ready)
		background_kill(bp);
}

/* Is this the time at which all leave? */
static bool
background_is_over(struct master *m)
{
	return (master_is_stopping(m) || upgrade_is_leaving(m)) &&
	    workers_all_free(m);
}

/* What follows from the states. */
void
background_turn(struct master *m)
{
	struct background_proc	*bp;
	bool			 over = background_is_over(m);
	size_t			 i;

	for (i = 0; i < m->nbackgrounds; i++) {
		bp = &m->backgrounds[i];
		if (over)
			background_drain(bp, DRAIN_LAST);
		else if (bp->child.gen != NULL && bp->child.gen != m->serving &&
		    !master_is_stopping(m))
			background_drain(bp, DRAIN_OTHERS);
		if (bp->child.state == SB_SLOT_FREE && !over &&
		    !master_is_stopping(m) && !upgrade_is_leaving(m) &&
		    takeover_may_work(m) &&
		    !evtimer_pending(&bp->child.timer, NULL) &&
		    generation_can_spawn(m->serving))
			background_spawn(bp, m->serving);
	}
}

/* Everybody is killed. */
void
background_kill_all(struct master *m)
{
	size_t	 i;

	for (i = 0; i < m->nbackgrounds; i++)
		background_kill(&m->backgrounds[i]);
}

/* Is nobody left? */
bool
background_all_empty(const struct master *m)
{
	size_t	 i;

	for (i = 0; i < m->nbackgrounds; i++) {
		if (m->backgrounds[i].child.state != SB_SLOT_FREE)
			return false;
	}
	return true;
}

/* The spawner's answer: here is the pid, or there will be none. */
void
background_spawned(struct generation *gen, const struct message *msg)
{
	struct master		*m = gen->master;
	struct background_proc	*bp = NULL;
	int			 status;
	size_t			 i;

	for (i = 0; i < m->nbackgrounds; i++) {
		if (m->backgrounds[i].child.seat == msg->slot)
			bp = &m->backgrounds[i];
	}
	if (bp == NULL || bp->child.gen != gen || bp->child.unborn)
		return;
	if (msg->type == MSG_SPAWN_FAILED) {
		background_on_failed(bp, msg);
		bp->child.unborn = bp->child.pid == 0;
		background_try_empty(bp);
		return;
	}
	if (bp->child.pid == 0)
		background_set_pid(bp, msg->pid);
	if (bp->child.state == SB_SLOT_SPAWNING)
		background_set_state(bp, SB_SLOT_STARTING);
	if (reaped_take(&m->reaped, bp->child.pid, bp->child.spawned_us, &status))
		background_reaped(m, bp->child.pid, status);
}

/* No spawner, no more pids. */
void
background_spawner_gone(struct generation *gen)
{
	struct master		*m = gen->master;
	struct background_proc	*bp;
	size_t			 i;

	for (i = 0; i < m->nbackgrounds; i++) {
		bp = &m->backgrounds[i];
		if (bp->child.gen != gen || bp->child.pid != 0)
			continue;
		bp->child.unborn = true;
		background_try_empty(bp);
	}
}

/* Notes how one ended; its last words are read first. */
bool
background_reaped(struct master *m, pid_t pid, int status)
{
	struct background_proc	*bp;
	size_t			 i;

	for (i = 0; i < m->nbackgrounds; i++) {
		bp = &m->backgrounds[i];
		if (bp->child.state == SB_SLOT_FREE || bp->child.pid != pid ||
		    bp->child.reaped)
			continue;
		bp->child.reaped = true;
		bp->child.status = status;
		commons_seat_left(m->commons, bp->child.seat);
		background_read(bp);
		background_gone(bp);
		background_try_empty(bp);
		return true;
	}
	return false;
}

/* One of a kind. */
struct background_proc *
background_find(struct master *m, enum process_kind kind, int id)
{
	size_t	 i;

	for (i = 0; i < m->nbackgrounds; i++) {
		if (m->backgrounds[i].kind->kind == kind &&
		    m->backgrounds[i].child.id == id)
			return &m->backgrounds[i];
	}
	return NULL;
}

/* Tells one, or all of a kind. */
bool
background_send(struct master *m, enum process_kind kind, int id,
    const struct message *msg)
{
	struct background_proc	*bp;
	bool			 sent = false;
	size_t			 i;

	for (i = 0; i < m->nbackgrounds; i++) {
		bp = &m->backgrounds[i];
		if (bp->kind->kind == kind && (id == 0 || bp->child.id == id))
			sent |= background_tell(bp, msg, -1) == 0;
	}
	return sent;
}

/* Tells everybody. */
void
background_tell_all(struct master *m, const struct generation *gen,
    const struct message *msg, int fd)
{
	size_t	 i;

	for (i = 0; i < m->nbackgrounds; i++) {
		if (gen == NULL || m->backgrounds[i].child.gen == gen)
			background_tell(&m->backgrounds[i], msg, fd);
	}
}

/* The longest mercy. */
double
background_mercy(const struct master *m)
{
	double	 mercy, most = 0;
	size_t	 i;

	for (i = 0; i < m->nbackgrounds; i++) {
		mercy = m->backgrounds[i].kind->mercy(m->cfg);
		if (mercy > most)
			most = mercy;
	}
	return most;
}
