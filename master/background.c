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
	[BACKGROUND_EMPTY] = "empty",
	[BACKGROUND_SPAWNING] = "spawning",
	[BACKGROUND_STARTING] = "starting",
	[BACKGROUND_READY] = "ready",
	[BACKGROUND_DRAINING] = "draining",
	[BACKGROUND_GONE] = "gone",
};

#define STATE(state)	(1u << BACKGROUND_##state)

/* Which states may follow. */
static const unsigned background_next[] = {
	[BACKGROUND_EMPTY] = STATE(SPAWNING),
	[BACKGROUND_SPAWNING] = STATE(STARTING) | STATE(READY) |
	    STATE(DRAINING) | STATE(GONE),
	[BACKGROUND_STARTING] = STATE(READY) | STATE(DRAINING) | STATE(GONE),
	[BACKGROUND_READY] = STATE(DRAINING) | STATE(GONE),
	[BACKGROUND_DRAINING] = STATE(GONE),
	[BACKGROUND_GONE] = STATE(EMPTY),
};

/* The printable name of a state. */
const char *
background_state_name(enum background_state state)
{
	return background_state_names[state];
}

/* "mule 1 (pid 4711)", for log lines. */
static const char *
background_str(const struct background_proc *bp, char *buf, size_t len)
{
	if (bp->pid == 0)
		snprintf(buf, len, "%s %d", bp->kind->name, bp->id);
	else
		snprintf(buf, len, "%s %d (pid %d)", bp->kind->name, bp->id,
		    (int)bp->pid);
	return buf;
}

/* Something shall happen after a while. */
static void
background_arm(struct background_proc *bp, double seconds)
{
	struct timeval	 tv = { .tv_sec = (time_t)seconds };

	tv.tv_usec = (suseconds_t)((seconds - (double)tv.tv_sec) * 1e6);
	evtimer_add(&bp->timer, &tv);
}

/* The time of its state begins. */
static void
background_arm_state(struct background_proc *bp)
{
	evtimer_del(&bp->timer);
	switch (bp->state) {
	case BACKGROUND_SPAWNING:
	case BACKGROUND_STARTING:
		background_arm(bp, bp->gen->cfg->start_timeout);
		break;
	case BACKGROUND_DRAINING:
		background_arm(bp, bp->kind->mercy(bp->master->cfg));
		break;
	case BACKGROUND_GONE:
		background_arm(bp, BACKGROUND_GONE_S);
		break;
	case BACKGROUND_EMPTY:
	case BACKGROUND_READY:
		break;
	}
}

/* The only function that changes the state. */
static void
background_set_state(struct background_proc *bp, enum background_state state)
{
	char	 who[64];

	log_debug("%s: %s -> %s", background_str(bp, who, sizeof(who)),
	    background_state_name(bp->state), background_state_name(state));
	if ((background_next[bp->state] & (1u << state)) == 0)
		fatalx("%s cannot go from %s to %s", who,
		    background_state_name(bp->state),
		    background_state_name(state));
	bp->state = state;
	background_arm_state(bp);
}

/* Sends a signal to the process that the spawner or it itself has named. */
static void
background_signal(const struct background_proc *bp, int signal)
{
	if (bp->pid == 0 || bp->reaped)
		return;
	if (process_is_theirs(bp->pid, bp->gen->cfg->app_uid))
		kill(bp->pid, signal);
	else
		log_error("%s %d is said to be process %d, which is none of "
		    "this server's; it gets no signal", bp->kind->name,
		    bp->id, (int)bp->pid);
}

/* Sends it SIGKILL, now or as soon as its pid is known. */
static void
background_kill(struct background_proc *bp)
{
	static const struct timeval	 more = { BACKGROUND_GONE_S, 0 };

	if (bp->state == BACKGROUND_EMPTY)
		return;
	bp->doomed = true;
	background_signal(bp, SIGKILL);
	if (bp->state == BACKGROUND_READY)
		evtimer_add(&bp->timer, &more);
}

/* Notes its pid. */
static void
background_set_pid(struct background_proc *bp, pid_t pid)
{
	bp->pid = pid;
	bp->unborn = false;
	if (bp->doomed)
		background_signal(bp, SIGKILL);
}

/* Logs how it ended. */
static void
background_log_end(const struct background_proc *bp)
{
	char	 who[64], how[64] = "no process was made";

	background_str(bp, who, sizeof(who));
	if (bp->reaped)
		process_status_text(bp->status, how, sizeof(how));
	if (bp->before_gone == BACKGROUND_DRAINING ||
	    bp->master->state == MASTER_KILLING)
		log_info("%s has left: %s", who, bp->doomed ?
		    "it was killed" : how);
	else
		log_error("%s of generation %d died: %s%s%s", who,
		    bp->gen->id, how, bp->failure[0] != '\0' ? ": " : "",
		    bp->failure);
}

/* When may the next one come? */
static void
background_pause(struct background_proc *bp)
{
	double	 delay, ready = -1;

	if (bp->ready_us != 0)
		ready = (double)(clock_mono_us() - bp->ready_us) / 1e6;
	bp->died = true;
	bp->failures = backoff_count(bp->failures, ready);
	delay = backoff_delay(bp->failures, ready,
	    bp->master->cfg->respawn_delay_max);
	if (delay == 0 || master_is_stopping(bp->master))
		return;
	log_info("%s %d is started again in %g seconds", bp->kind->name,
	    bp->id, delay);
	background_arm(bp, delay);
}

/* The seat is empty when nobody can be there any more. */
static void
background_try_empty(struct background_proc *bp)
{
	if (bp->state != BACKGROUND_GONE || (!bp->reaped && !bp->unborn))
		return;
	background_log_end(bp);
	background_set_state(bp, BACKGROUND_EMPTY);
	if (bp->before_gone != BACKGROUND_DRAINING)
		background_pause(bp);
	bp->gen->workers--;
	bp->gen = NULL;
	bp->pid = 0;
}

/* Its control socket is of no more use. */
static void
background_gone(struct background_proc *bp)
{
	if (bp->state == BACKGROUND_GONE || bp->state == BACKGROUND_EMPTY)
		return;
	event_del(&bp->control_ev);
	fd_close(&bp->control);
	bp->before_gone = bp->state;
	background_set_state(bp, BACKGROUND_GONE);
}

/* Sends a message, perhaps with fd, to one; errno. */
static int
background_tell(struct background_proc *bp, const struct message *what,
    int fd)
{
	struct message	 msg = *what;
	int		 saved;

	if (bp->control == -1)
		return EPIPE;
	msg.slot = bp->seat;
	msg.worker_id = bp->id;
	if (fd_send_msg(bp->control, &msg, sizeof(msg), fd) == 0)
		return 0;
	saved = errno;
	log_debug("%s %d: sending: %s", bp->kind->name, bp->id,
	    strerror(saved));
	return saved;
}

/* It has begun its work. */
static void
background_on_ready(struct background_proc *bp, const struct message *msg)
{
	char	 who[64];

	if (bp->state != BACKGROUND_SPAWNING &&
	    bp->state != BACKGROUND_STARTING)
		return;
	if (bp->pid == 0 && msg->pid > 0)
		background_set_pid(bp, msg->pid);
	bp->ready_us = clock_mono_us();
	background_set_state(bp, BACKGROUND_READY);
	log_info("%s of generation %d is ready",
	    background_str(bp, who, sizeof(who)), bp->gen->id);
}

/* It says why it will not come up. */
static void
background_on_failed(struct background_proc *bp, const struct message *msg)
{
	snprintf(bp->failure, sizeof(bp->failure), "%.*s",
	    (int)sizeof(msg->text), msg->text);
}

/* The app asks for a reload there. */
static void
background_on_reload(struct background_proc *bp, const struct message *msg)
{
	char	 who[64];

	reload_request(bp->master, msg->text[0] != '\0' ? msg->text :
	    background_str(bp, who, sizeof(who)));
}

/* Or for the end. */
static void
background_on_stop(struct background_proc *bp, const struct message *msg)
{
	char	 who[64];

	(void)msg;
	if (bp->master->state < MASTER_LEAVING)
		master_ask_stop(bp->master,
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
	if (bp->gen != NULL && user_signals_message(bp->gen, NULL, false,
	    msg))
		return;
	log_warn("%s %d: ignoring a message of type %u", bp->kind->name,
	    bp->id, msg->type);
}

/* Reads what is there; false at the end, when it has no more to say. */
static bool
background_read(struct background_proc *bp)
{
	struct message	 msg;
	ssize_t		 n;
	int		 i, fd;

	for (i = 0; i < BACKGROUND_MESSAGES && bp->control != -1; i++) {
		n = fd_recv_msg(bp->control, &msg, sizeof(msg), &fd);
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
			    bp->kind->name, bp->id, n);
	}
	return bp->control != -1;
}

/* It has something to say, or its end is closed; see workers_control_cb. */
static void
background_control_cb(evutil_socket_t fd, short what, void *arg)
{
	struct background_proc	*bp = arg;

	(void)fd, (void)what;
	if (background_read(bp))
		return;
	if (bp->pid == 0 && !bp->unborn)
		generation_read(bp->gen);
	if (bp->pid == 0)
		bp->unborn = true;
	background_gone(bp);
	background_try_empty(bp);
}

/* It was killed, but is still there; see workers_overdue. */
static void
background_is_overdue(struct background_proc *bp, const char *who)
{
	bp->overdue++;
	background_kill(bp);
	if (bp->overdue == 1 && bp->ready_us == 0 && !bp->unborn) {
		generation_kill(bp->gen, "what it forked does not end");
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
	if (bp->state == BACKGROUND_GONE) {
		if (!bp->doomed)
			log_warn("%s has closed its control socket but does "
			    "not end; killing it", who);
	} else if (bp->state == BACKGROUND_DRAINING) {
		log_warn("%s has not left within %g seconds (%s); killing it",
		    who, bp->kind->mercy(bp->master->cfg),
		    bp->kind->mercy_option);
	} else {
		log_error("%s: not ready within %g seconds (start-timeout); "
		    "killing it", who, bp->gen->cfg->start_timeout);
		if (bp->state == BACKGROUND_SPAWNING)
			generation_kill(bp->gen, "it does not fork");
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
	if (bp->state == BACKGROUND_EMPTY)
		return;		/* background_turn does the rest */
	background_str(bp, who, sizeof(who));
	background_arm(bp, BACKGROUND_GONE_S);
	if (bp->doomed && bp->state != BACKGROUND_GONE)
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
			bp->master = m;
			bp->kind = &background_kinds[k];
			bp->id = id;
			bp->seat = seats_of(seats, bp->kind->kind, id);
			bp->control = -1;
			evtimer_assign(&bp->timer, m->base,
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
		evtimer_del(&bp->timer);
		if (bp->control == -1)
			continue;
		event_del(&bp->control_ev);
		fd_close(&bp->control);
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
	bp->gen = gen;
	bp->pid = 0;
	bp->control = control;
	bp->reaped = bp->unborn = bp->doomed = false;
	bp->status = bp->overdue = 0;
	bp->spawned_us = clock_mono_us();
	bp->spawned_real_us = clock_real_us();
	bp->ready_us = 0;
	bp->failure[0] = '\0';
	event_assign(&bp->control_ev, bp->master->base, control,
	    EV_READ | EV_PERSIST, background_control_cb, bp);
}

/* Asks the spawner for one. */
static void
background_spawn(struct background_proc *bp, struct generation *gen)
{
	struct message	 msg = { .type = MSG_SPAWN, .slot = bp->seat,
	    .worker_id = bp->id, .generation = gen->id,
	    .value = (int32_t)bp->kind->kind };
	int		 pair[2] = { -1, -1 };

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    pair) == -1 || fd_set_nonblock(pair[0]) == -1 ||
	    generation_send(gen, &msg, pair[1]) == -1) {
		log_warn("cannot ask for %s %d: %s", bp->kind->name, bp->id,
		    strerror(errno));
		fd_close(&pair[0]);
		fd_close(&pair[1]);
		background_arm(bp, BACKGROUND_RETRY_S);
		return;
	}
	fd_close(&pair[1]);
	bp->respawns += bp->died ? 1 : 0;
	bp->died = false;
	gen->workers++;
	background_reset(bp, gen, pair[0]);
	background_set_state(bp, BACKGROUND_SPAWNING);
	event_add(&bp->control_ev, NULL);
}

/* It shall finish and leave; who never was ready has nothing to finish. */
static void
background_drain(struct background_proc *bp, enum drain drain)
{
	struct message	 msg = { .type = MSG_DRAIN, .value = (int)drain };
	bool		 ready = bp->state == BACKGROUND_READY;

	if (!ready && bp->state != BACKGROUND_SPAWNING &&
	    bp->state != BACKGROUND_STARTING)
		return;
	if (ready && background_tell(bp, &msg, -1) == EAGAIN) {
		log_warn("%s %d does not read what it is told",
		    bp->kind->name, bp->id);
		shutdown(bp->control, SHUT_WR);
	}
	background_set_state(bp, BACKGROUND_DRAINING);
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
		else if (bp->gen != NULL && bp->gen != m->serving &&
		    !master_is_stopping(m))
			background_drain(bp, DRAIN_OTHERS);
		if (bp->state == BACKGROUND_EMPTY && !over &&
		    !master_is_stopping(m) && !upgrade_is_leaving(m) &&
		    takeover_may_work(m) &&
		    !evtimer_pending(&bp->timer, NULL) &&
		    generation_can_spawn(m->serving))
			background_spawn(bp, m->serving);
	}
}

/* Those of a kind leave; the turns that follow do the rest. */
void
background_reload(struct master *m, enum process_kind kind)
{
	size_t	 i;

	for (i = 0; i < m->nbackgrounds && !master_is_stopping(m); i++) {
		if (m->backgrounds[i].kind->kind == kind)
			background_drain(&m->backgrounds[i], DRAIN_OTHERS);
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
		if (m->backgrounds[i].state != BACKGROUND_EMPTY)
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
		if (m->backgrounds[i].seat == msg->slot)
			bp = &m->backgrounds[i];
	}
	if (bp == NULL || bp->gen != gen || bp->unborn)
		return;
	if (msg->type == MSG_SPAWN_FAILED) {
		background_on_failed(bp, msg);
		bp->unborn = bp->pid == 0;
		background_try_empty(bp);
		return;
	}
	if (bp->pid == 0)
		background_set_pid(bp, msg->pid);
	if (bp->state == BACKGROUND_SPAWNING)
		background_set_state(bp, BACKGROUND_STARTING);
	if (reaped_take(&m->reaped, bp->pid, bp->spawned_us, &status))
		background_reaped(m, bp->pid, status);
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
		if (bp->gen != gen || bp->pid != 0)
			continue;
		bp->unborn = true;
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
		if (bp->state == BACKGROUND_EMPTY || bp->pid != pid ||
		    bp->reaped)
			continue;
		bp->reaped = true;
		bp->status = status;
		commons_seat_left(m->commons, bp->seat);
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
		    m->backgrounds[i].id == id)
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
		if (bp->kind->kind == kind && (id == 0 || bp->id == id))
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
		if (gen == NULL || m->backgrounds[i].gen == gen)
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
