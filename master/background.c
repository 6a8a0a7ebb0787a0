/* Mules and spoolers, as the master sees them: one per seat. */
#include "master/background.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "master/backoff.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/process.h"
#include "master/timer.h"
#include "master/user_signals.h"
#include "master/workers.h"
#include "shm/commons.h"

#define BACKGROUND_RETRY_S	0.5	/* when the system had no room */

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

/* The mule or spooler that a child is. */
static struct background_proc *
background_of(const struct child *c)
{
	return &c->master->backgrounds[c->seat -
	    c->master->commons->seats.slots];
}

/* What no kind says but these. */
static bool
background_message(struct child *c, const struct message *msg)
{
	return user_signals_message(c->gen, NULL, false, msg);
}

/* Logs how it ended. */
static void
background_log_end(const struct child *c)
{
	char	 who[64], how[64] = "no process was made";

	child_str(c, who, sizeof(who));
	if (c->reaped)
		process_status_text(c->status, how, sizeof(how));
	if (c->before_gone == SB_SLOT_DRAINING ||
	    c->master->state == MASTER_KILLING)
		log_info("%s has left: %s", who, c->doomed ?
		    "it was killed" : how);
	else
		log_error("%s of generation %d died: %s%s%s", who,
		    c->gen->id, how, c->failure[0] != '\0' ? ": " : "",
		    c->failure);
}

/* When may the next one come? */
static void
background_pause(struct background_proc *bp)
{
	struct child	*c = &bp->child;
	double		 delay;

	bp->died = true;
	delay = backoff_died(&bp->failures, child_ready_seconds(c),
	    c->master->cfg->respawn_delay_max);
	if (delay == 0 || master_is_stopping(c->master))
		return;
	log_info("%s %d is started again in %g seconds", c->kind->name, c->id,
	    delay);
	timer_arm(&c->timer, delay);
}

/* Nobody is there any more. */
static void
background_freed(struct child *c)
{
	background_log_end(c);
	if (c->before_gone != SB_SLOT_DRAINING)
		background_pause(background_of(c));
	c->pid = 0;		/* for the statistics */
}

static const struct child_kind background_mule = {
	.kind = PROCESS_MULE,
	.name = "mule",
	.free = "empty",
	.deed = "left",
	.mercy_option = "mule-reload-mercy",
	.mercy = background_mule_mercy,
	.message = background_message,
	.freed = background_freed,
};

static const struct child_kind background_spooler = {
	.kind = PROCESS_SPOOLER,
	.name = "spooler",
	.free = "empty",
	.deed = "left",
	.mercy_option = "spooler-reload-mercy",
	.mercy = background_spooler_mercy,
	.message = background_message,
	.freed = background_freed,
};

/* Makes the seats of a kind, empty. */
static void
background_add(struct master *m, const struct child_kind *kind, int count)
{
	int	 id;

	for (id = 1; id <= count; id++)
		child_init(&m->backgrounds[m->nbackgrounds++].child, m, kind,
		    id, seats_of(&m->commons->seats, kind->kind, id));
}

/* Makes all seats. */
void
background_init(struct master *m)
{
	const struct seats	*seats = &m->commons->seats;

	m->backgrounds = xcalloc((size_t)(seats->mules + seats->spoolers) + 1,
	    sizeof(*m->backgrounds));
	background_add(m, &background_mule, seats->mules);
	background_add(m, &background_spooler, seats->spoolers);
}

/* Asks the spawner for one. */
static void
background_spawn(struct background_proc *bp, struct generation *gen)
{
	if (child_spawn(&bp->child, gen, bp->child.id) == -1) {
		timer_arm(&bp->child.timer, BACKGROUND_RETRY_S);
		return;
	}
	bp->spawned_real_us = clock_real_us();
	bp->respawns += bp->died ? 1 : 0;
	bp->died = false;
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
	struct child	*c;
	bool		 over = background_is_over(m);
	size_t		 i;

	for (i = 0; i < m->nbackgrounds; i++) {
		c = &m->backgrounds[i].child;
		if (over)
			child_drain(c, DRAIN_LAST);
		else if (c->gen != NULL && c->gen != m->serving &&
		    !master_is_stopping(m))
			child_drain(c, DRAIN_OTHERS);
		if (c->state == SB_SLOT_FREE && !over &&
		    !master_is_stopping(m) && !upgrade_is_leaving(m) &&
		    takeover_may_work(m) &&
		    !evtimer_pending(&c->timer, NULL) &&
		    generation_can_spawn(m->serving))
			background_spawn(&m->backgrounds[i], m->serving);
	}
}

/* Those of a kind leave; the turns that follow do the rest. */
void
background_reload(struct master *m, enum process_kind kind)
{
	struct child	*c;
	size_t		 i;

	for (i = 0; i < m->nbackgrounds && !master_is_stopping(m); i++) {
		c = &m->backgrounds[i].child;
		if (c->kind->kind == kind)
			child_drain(c, DRAIN_OTHERS);
	}
}

/* Tells one, or all of a kind. */
bool
background_send(struct master *m, enum process_kind kind, int id,
    const struct message *msg)
{
	struct child	*c;
	bool		 sent = false;
	size_t		 i;

	for (i = 0; i < m->nbackgrounds; i++) {
		c = &m->backgrounds[i].child;
		if (c->kind->kind == kind && (id == 0 || c->id == id))
			sent |= child_tell(c, msg, -1) == 0;
	}
	return sent;
}

/* The longest mercy. */
double
background_mercy(const struct master *m)
{
	double	 mercy, most = 0;
	size_t	 i;

	for (i = 0; i < m->nbackgrounds; i++) {
		mercy = m->backgrounds[i].child.kind->mercy(m->cfg);
		if (mercy > most)
			most = mercy;
	}
	return most;
}
