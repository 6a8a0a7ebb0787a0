/* The worker processes, as the master sees them: one per slot. */
#include "master/workers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "master/blackbox.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/process.h"
#include "master/seats.h"
#include "master/stacks.h"
#include "master/user_signals.h"

/* The worker that a child is. */
static struct worker_proc *
workers_of(const struct child *c)
{
	return &c->master->workers[c->seat];
}

/* Readers of the scoreboard see its state and pid, too. */
static void
workers_changed(struct child *c)
{
	struct sb_slot	*slot = sb_slot(c->master->sb, (uint32_t)c->seat);

	if (c->state == SB_SLOT_FREE)
		return;
	sb_set(&slot->state, (uint32_t)c->state);
	sb_set(&slot->pid, c->pid);
}

/* Notes why it ends; that it did not end by itself is worth more. */
static void
workers_note_ending(struct worker_proc *wp, enum ending why)
{
	if (wp->ending == ENDING_DIED || why >= ENDING_HARAKIRI)
		wp->ending = why;
}

/* Kills it. */
void
workers_kill(struct worker_proc *wp, enum ending why)
{
	if (wp->child.state == SB_SLOT_FREE)
		return;
	workers_note_ending(wp, why);
	child_kill(&wp->child);
}

/* Has its seat become free? */
bool
workers_is_lost(const struct worker_proc *wp)
{
	if (wp->child.state == SB_SLOT_GONE)
		return !wp->owns_listeners;	/* its ports are still bound */
	return wp->child.state == SB_SLOT_FREE;
}

/* Logs how one that should leave did that. */
static void
workers_log_left(const struct child *c, const char *who)
{
	char	 how[64];

	if (c->doomed)
		log_info("%s was killed", who);
	else if (c->reaped && c->status != 0)
		log_warn("%s has left: %s", who,
		    process_status_text(c->status, how, sizeof(how)));
	else
		log_info("%s has left", who);
}

/* Logs how it ended and, if it was not asked to leave, what it was doing. */
static void
workers_log_end(const struct child *c)
{
	struct master	*m = c->master;
	char		 who[64], how[64] = "no process was made";

	child_str(c, who, sizeof(who));
	if (c->reaped)
		process_status_text(c->status, how, sizeof(how));
	if (c->before_gone == SB_SLOT_DRAINING || m->state == MASTER_KILLING) {
		workers_log_left(c, who);
		return;
	}
	if (c->ready_us == 0)
		log_error("%s of generation %d died before it was ready: "
		    "%s%s%s", who, c->gen->id, how,
		    c->failure[0] != '\0' ? ": " : "", c->failure);
	else
		log_error("%s of generation %d died: %s", who, c->gen->id,
		    how);
	if (!c->doomed)		/* else it was logged before */
		blackbox_log(m->sb, c->seat, LOG_LEVEL_ERROR, who);
}

/* Nobody writes to its slot any more. */
static void
workers_freed(struct child *c)
{
	struct worker_proc	*wp = workers_of(c);
	struct master		*m = c->master;

	workers_log_end(c);
	if (c->reaped && WIFSIGNALED(c->status))
		sb_total(m->sb, c->id)->signalled++;
	if (wp->ending == ENDING_DIED && m->state == MASTER_KILLING)
		wp->ending = ENDING_STOP;
	if (wp->ending == ENDING_DIED && c->ready_us == 0)
		wp->ending = ENDING_START_FAILED;
	m->endings[wp->ending]++;
	mounts_add(&m->mounts, c->gen->cfg,
	    sb_slot(m->sb, (uint32_t)c->seat));
	sb_slot_put(m->sb, c->seat, clock_mono_us());
}

/* Its answer to a question will not come any more. */
static void
workers_gone(struct child *c)
{
	stacks_gone(c->master, c->seat);
}

/* It accepts. */
static void
workers_ready(struct child *c, const struct message *msg)
{
	struct worker_proc	*wp = workers_of(c);

	wp->owns_listeners = msg->value == 1;
	snprintf(wp->listeners, sizeof(wp->listeners), "%.*s",
	    (int)sizeof(msg->text), msg->text);
	c->master->ever_ready = true;
	if (c->master->state == MASTER_LEAVING)
		child_tell(c, &(struct message){ .type = MSG_LEAVING }, -1);
}

/* What only a worker says. */
static bool
workers_message(struct child *c, const struct message *msg)
{
	switch (msg->type) {
	case MSG_STACKS_DONE:
		stacks_done(c->master, c->seat, msg->value);
		return true;
	case MSG_ASK_REPLACE:
		seats_give_up(workers_of(c), ENDING_HARAKIRI);
		return true;
	default:
		return user_signals_message(c->gen, workers_of(c), false, msg);
	}
}

/* It is killed now, since it did not become ready, or did not finish. */
static void
workers_late(struct child *c)
{
	char	 who[64];

	if (c->state == SB_SLOT_DRAINING) {
		blackbox_log(c->master->sb, c->seat, LOG_LEVEL_WARN,
		    child_str(c, who, sizeof(who)));
		workers_note_ending(workers_of(c), ENDING_MERCY);
	} else if (c->state != SB_SLOT_GONE) {
		workers_note_ending(workers_of(c), ENDING_START_FAILED);
	}
}

/*
 * The scripts (CGI) of a worker that was killed. They die with it themselves,
 * but what they have started would not.
 */
static void
workers_kill_scripts(struct child *c)
{
	struct scoreboard	*sb = c->master->sb;
	_Atomic int32_t		*script;
	pid_t			*groups;
	size_t			 n = 0;
	uint32_t		 i;

	groups = xcalloc(sb->cores, sizeof(*groups));
	for (i = 0; i < sb->cores; i++) {
		script = &sb_core(sb, (uint32_t)c->seat, i)->script;
		groups[n] = sb_get(script);
		if (groups[n] != 0)
			n++;
		sb_set(script, 0);
	}
	/* The worker has written these numbers: whoever it is by now. */
	process_kill_groups(groups, n, c->gen->cfg->app_uid);
	free(groups);
}

/* The time that one has for its requests. */
static double
workers_mercy(const struct config *cfg)
{
	return cfg->worker_reload_mercy;
}

static const struct child_kind workers_kind = {
	.kind = PROCESS_WORKER,
	.name = "worker",
	.free = "free",
	.deed = "finished",
	.mercy_option = "worker-reload-mercy",
	.mercy = workers_mercy,
	.changed = workers_changed,
	.ready = workers_ready,
	.message = workers_message,
	.late = workers_late,
	.reaped = workers_kill_scripts,
	.gone = workers_gone,
	.freed = workers_freed,
};

/* Prepares all slots. */
void
workers_init(struct master *m)
{
	int	 i;

	m->workers = xcalloc(m->sb->slots, sizeof(*m->workers));
	for (i = 0; i < (int)m->sb->slots; i++)
		child_init(&m->workers[i].child, m, &workers_kind, 0, i);
}

/* Asks for a worker. */
struct worker_proc *
workers_spawn(struct master *m, int id, struct generation *gen, bool respawn)
{
	struct worker_proc	*wp;
	struct sb_slot		*sb;
	int			 slot;

	slot = sb_slot_take(m->sb, id, gen->id);
	if (slot == -1)
		return NULL;
	wp = &m->workers[slot];
	sb = sb_slot(m->sb, (uint32_t)slot);
	sb->spawned_us = clock_real_us();
	sb->respawns += respawn ? 1 : 0;
	if (child_spawn(&wp->child, gen, id) == -1) {
		sb_slot_put(m->sb, slot, clock_mono_us());
		return NULL;
	}
	sb_total(m->sb, id)->respawns = sb->respawns;
	wp->owns_listeners = false;
	wp->listeners[0] = '\0';
	wp->ending = wp->gives_up = ENDING_DIED;
	wp->user_sent = 0;
	memset(wp->user_signals, 0, sizeof(wp->user_signals));
	return wp;
}

/* Lets it finish. One that does already hears that it is the last. */
static void
workers_drain_as(struct worker_proc *wp, enum ending why, enum drain drain)
{
	switch (wp->child.state) {
	case SB_SLOT_READY:
	case SB_SLOT_SPAWNING:
	case SB_SLOT_STARTING:
		workers_note_ending(wp, why);
		child_drain(&wp->child, drain);
		break;
	case SB_SLOT_DRAINING:
		if (drain == DRAIN_LAST && !wp->child.doomed)
			child_tell_drain(&wp->child, drain);
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

/* Tells everybody. */
void
workers_tell_all(struct master *m, const struct message *msg)
{
	uint32_t	 i;

	for (i = 0; i < m->sb->slots; i++)
		child_tell(&m->workers[i].child, msg, -1);
}

/* Is one in that state? */
static bool
workers_any(const struct master *m, enum sb_slot_state state)
{
	uint32_t	 i;

	for (i = 0; i < m->sb->slots; i++) {
		if (m->workers[i].child.state == state)
			return true;
	}
	return false;
}

/* Everybody leaves. Those who do already take the last, if nobody else can. */
void
workers_drain_all(struct master *m, enum ending why, enum drain drain)
{
	bool	 others = workers_any(m, SB_SLOT_READY);
	uint32_t i;

	for (i = 0; i < m->sb->slots; i++) {
		if (!others || m->workers[i].child.state != SB_SLOT_DRAINING)
			workers_drain_as(&m->workers[i], why, drain);
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
		if (wp->child.id == id && wp->owns_listeners &&
		    (wp->child.state == SB_SLOT_DRAINING ||
		    wp->child.state == SB_SLOT_GONE))
			return true;
	}
	return false;
}

/* Could one more be asked for? */
bool
workers_have_room(const struct master *m)
{
	return workers_any(m, SB_SLOT_FREE);
}

/* Is nobody left? */
bool
workers_all_free(const struct master *m)
{
	uint32_t	 i;

	for (i = 0; i < m->sb->slots; i++) {
		if (m->workers[i].child.state != SB_SLOT_FREE)
			return false;
	}
	return true;
}
