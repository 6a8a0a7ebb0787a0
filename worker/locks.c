/* Taking locks in this process: who waits, in which order, and who has them. */
#include "worker/locks.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "shm/commons.h"
#include "shm/doorbell.h"
#include "shm/lock.h"
#include "shm/scoreboard.h"
#include "worker/core.h"
#include "worker/doorbell_watch.h"
#include "worker/request.h"
#include "worker/worker.h"

/* One that has a lock. */
struct locks_hold {
	TAILQ_ENTRY(locks_hold)	 link;
	struct locks_who	 who;
	bool			 is_reader;
	unsigned		 times;		/* of a reader */
	uint64_t		 serial;	/* when it was taken */
};

/* How often any was taken; under the mutex. */
static uint64_t	 locks_serial;

TAILQ_HEAD(locks_waits, locks_wait);
TAILQ_HEAD(locks_holds, locks_hold);

/* One lock, in this process. */
struct locks_here {
	struct locks_waits	 waits;
	struct locks_holds	 holds;
};

static pthread_mutex_t		 locks_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t		 locks_cond = PTHREAD_COND_INITIALIZER;
static struct locks_here	*locks_here;
static _Atomic pid_t		 locks_pid;	/* whose all this is; 0:
						   nobody's, it was forked */
static _Atomic pid_t		 locks_maker;	/* who makes it his */
static pthread_t		 locks_loop;

/* In a child, which so knows it without asking the kernel for each lock. */
static void
locks_in_child(void)
{
	atomic_store(&locks_pid, 0);
}

/* A new process: what the parent has or waits for is the parent's. */
static void
locks_begin(const struct locks *locks)
{
	static bool	 watched;
	int		 i;

	if (!watched && pthread_atfork(NULL, NULL, locks_in_child) != 0)
		fatalx("no memory");
	watched = true;
	pthread_mutex_init(&locks_mutex, NULL);
	pthread_cond_init(&locks_cond, NULL);
	/* Not freed: the parent may have been changing it. */
	locks_here = xcalloc((size_t)locks->count, sizeof(*locks_here));
	for (i = 0; i < locks->count; i++) {
		TAILQ_INIT(&locks_here[i].waits);
		TAILQ_INIT(&locks_here[i].holds);
	}
}

/*
 * The same for a child of the app's, in which several threads may find that
 * out at once: the first one does it, the others wait until it is done.
 */
static void
locks_forked(const struct locks *locks, pid_t pid)
{
	pid_t	 maker = atomic_load(&locks_maker);

	if (maker != pid && atomic_compare_exchange_strong(&locks_maker,
	    &maker, pid)) {
		locks_begin(locks);
		atomic_store(&locks_pid, pid);
	}
	while (atomic_load(&locks_pid) != pid)
		sched_yield();
}

/* The process begins. */
void
locks_init(struct worker *w)
{
	locks_loop = pthread_self();
	w->seat_pid = getpid();
	if (w->commons != NULL && w->commons->locks != NULL)
		locks_begin(w->commons->locks);
	atomic_store(&locks_maker, w->seat_pid);
	atomic_store(&locks_pid, w->seat_pid);
}

/* Who this process is; takes the mutex. */
static struct lock_me
locks_enter(struct worker *w)
{
	struct lock_me	 me = { .seat = -1 };

	me.pid = atomic_load(&locks_pid);
	if (me.pid == 0) {
		me.pid = getpid();
		locks_forked(w->commons->locks, me.pid);
	}
	if (w->seat_pid == me.pid && w->seat != -1) {
		me.seat = w->seat;
		me.life = w->life;
	}
	pthread_mutex_lock(&locks_mutex);
	return me;
}

/* Gives the mutex back. */
static void
locks_exit(void)
{
	pthread_mutex_unlock(&locks_mutex);
}

/* How a core is called in shared memory. */
static uint32_t
locks_sub(const struct locks_who *who)
{
	uint32_t	 sub;

	if (who->core == NULL)
		return LOCK_OUTSIDE;
	sub = (uint32_t)who->core->id + 1;
	return sub < LOCK_OUTSIDE ? sub : LOCK_OUTSIDE;
}

/* The same one? */
static bool
locks_is(const struct locks_who *a, const struct locks_who *b)
{
	return a->core == b->core && (a->core != NULL ||
	    pthread_equal(a->thread, b->thread));
}

/* What he has of a lock. */
static struct locks_hold *
locks_find(const struct lock *l, const struct locks_who *who)
{
	struct locks_hold	*hold;

	TAILQ_FOREACH(hold, &locks_here[l->number].holds, link)
		if (locks_is(&hold->who, who))
			return hold;
	return NULL;
}

/* Notes that he has it. */
static void
locks_note(struct lock *l, const struct locks_who *who, bool is_reader)
{
	struct locks_hold	*hold = xcalloc(1, sizeof(*hold));

	hold->who = *who;
	hold->is_reader = is_reader;
	hold->times = 1;
	hold->serial = ++locks_serial;
	TAILQ_INSERT_TAIL(&locks_here[l->number].holds, hold, link);
	if (who->core != NULL)
		atomic_fetch_add(&who->core->locks, 1);
}

/* A process without a seat is never one of several readers. */
static bool
locks_shares(const struct lock_me *me, bool is_reader)
{
	return is_reader && me->seat != -1;
}

/* Tells one who waits that he has it. */
static void
locks_grant(struct worker *w, struct locks_wait *wait)
{
	struct locks_here	*here = &locks_here[wait->lock->number];

	TAILQ_REMOVE(&here->waits, wait, link);
	wait->state = LOCKS_HAS;
	locks_note(wait->lock, &wait->who, wait->is_reader);
	if (wait->who.core == NULL)
		pthread_cond_broadcast(&locks_cond);
	else if (pthread_equal(pthread_self(), locks_loop))
		core_wake(wait->who.core, WAIT_READY);
	else
		doorbell_ring(w->commons->doorbells, w->seat);
}

/* One step with the first in line; false: he waits on. */
static bool
locks_step(struct worker *w, struct lock *l, const struct lock_me *me,
    struct locks_wait *wait)
{
	if (wait->state == LOCKS_QUEUED && locks_shares(me, wait->is_reader)) {
		if (!lock_join(l, me, false))
			return false;
		locks_grant(w, wait);
		return true;
	}
	if (wait->state == LOCKS_QUEUED &&
	    !lock_claim(l, me, locks_sub(&wait->who)))
		return false;
	wait->state = LOCKS_DRAINS;
	if (!lock_is_clear(l))
		return false;
	locks_grant(w, wait);
	return false;	/* nobody else can have it now */
}

/* Writes down who waits here for longest, but for who has the word. */
static void
locks_want(struct lock *l, const struct lock_me *me)
{
	struct locks_wait	*wait;

	wait = TAILQ_FIRST(&locks_here[l->number].waits);
	if (wait != NULL && wait->state == LOCKS_DRAINS)
		wait = TAILQ_NEXT(wait, link);
	lock_want(l, me, wait == NULL ? 0 : wait->ticket);
}

/* Looks for all who wait for one lock here. */
static void
locks_serve(struct worker *w, struct lock *l, const struct lock_me *me)
{
	struct locks_waits	*waits = &locks_here[l->number].waits;
	bool			 goes_on = !TAILQ_EMPTY(waits);

	while (goes_on && !TAILQ_EMPTY(waits)) {
		locks_want(l, me);	/* before the word is looked at */
		goes_on = locks_step(w, l, me, TAILQ_FIRST(waits));
	}
	locks_want(l, me);
	if (TAILQ_EMPTY(waits))
		lock_pass(l, me);
}

/* Takes it if nobody stands in line. */
static bool
locks_take(struct lock *l, const struct lock_me *me,
    const struct locks_who *who, bool is_reader)
{
	if (!TAILQ_EMPTY(&locks_here[l->number].waits))
		return false;
	if (locks_shares(me, is_reader)) {
		if (!lock_join(l, me, false))
			return false;
	} else {
		if (!lock_claim(l, me, locks_sub(who)))
			return false;
		if (!lock_is_clear(l)) {
			(void)lock_release(l, me, locks_sub(who));
			return false;
		}
	}
	locks_note(l, who, is_reader);
	return true;
}

/* Stands in line. */
static struct locks_wait *
locks_queue(struct worker *w, struct lock *l, const struct lock_me *me,
    const struct locks_who *who, bool is_reader)
{
	struct locks_wait	*wait = xcalloc(1, sizeof(*wait));

	wait->lock = l;
	wait->pid = me->pid;
	wait->who = *who;
	wait->is_reader = is_reader;
	wait->ticket = lock_ticket(l);
	TAILQ_INSERT_TAIL(&locks_here[l->number].waits, wait, link);
	locks_serve(w, l, me);
	return wait;
}

/* Takes it, or stands in line. */
enum locks_result
locks_ask(struct worker *w, struct lock *l, const struct locks_who *who,
    bool is_reader, struct locks_wait **wait)
{
	struct lock_me		 me = locks_enter(w);
	struct locks_hold	*hold = locks_find(l, who);
	enum locks_result	 result = LOCKS_TAKEN;

	*wait = NULL;
	if (hold != NULL) {
		if (hold->is_reader && is_reader)
			hold->times++;
		else
			result = LOCKS_OWN;
	} else if (!locks_take(l, &me, who, is_reader)) {
		*wait = locks_queue(w, l, &me, who, is_reader);
		result = LOCKS_WAIT;
	}
	locks_exit();
	return result;
}

/* The same, but he does not wait. */
bool
locks_try(struct worker *w, struct lock *l, const struct locks_who *who,
    bool is_reader)
{
	struct lock_me	 me = locks_enter(w);
	bool		 taken = locks_take(l, &me, who, is_reader);

	locks_exit();
	return taken;
}

/* Does it give back; the lock's next ones are served. */
static void
locks_drop(struct worker *w, struct lock *l, const struct lock_me *me,
    struct locks_hold *hold)
{
	if (--hold->times > 0)
		return;
	TAILQ_REMOVE(&locks_here[l->number].holds, hold, link);
	if (hold->who.core != NULL)
		atomic_fetch_sub(&hold->who.core->locks, 1);
	if (locks_shares(me, hold->is_reader))
		lock_leave(l, me);
	else
		(void)lock_release(l, me, locks_sub(&hold->who));
	free(hold);
	locks_serve(w, l, me);
}

/* Has it; looks first. */
bool
locks_has(struct worker *w, struct locks_wait *wait)
{
	struct lock_me	 me = locks_enter(w);
	bool		 has;

	if (wait->state != LOCKS_HAS)
		locks_serve(w, wait->lock, &me);
	has = wait->state == LOCKS_HAS;
	locks_exit();
	return has;
}

/* Has it, or does not want it any more. */
void
locks_end(struct worker *w, struct locks_wait *wait, bool give_up)
{
	struct lock_me		 me = locks_enter(w);
	struct lock		*l = wait->lock;
	struct locks_hold	*hold;
	/* In a child of the app's, a parked core of the parent's may end. */
	bool			 mine = wait->pid == me.pid;

	if (mine && wait->state != LOCKS_HAS) {
		TAILQ_REMOVE(&locks_here[l->number].waits, wait, link);
		if (wait->state == LOCKS_DRAINS)
			(void)lock_release(l, &me, locks_sub(&wait->who));
		locks_serve(w, l, &me);
	} else if (mine && give_up) {
		hold = locks_find(l, &wait->who);
		if (hold != NULL)
			locks_drop(w, l, &me, hold);
	}
	locks_exit();
	free(wait);
}

/* For doorbell_wait. */
static bool
locks_core_has(struct core *core)
{
	return locks_has(core->worker, core->lock_wait);
}

/* Parks the core. */
enum wait_reason
locks_wait(struct core *core, struct locks_wait *wait, double timeout)
{
	enum wait_reason	 reason;

	core->lock_wait = wait;
	reason = doorbell_wait(core, locks_core_has, timeout, SB_CORE_LOCK);
	core->lock_wait = NULL;
	return reason;
}

/* Blocks the thread for a moment. */
bool
locks_wait_thread(struct worker *w, struct locks_wait *wait, double seconds)
{
	struct lock_me	 me;
	struct timespec	 until;
	bool		 has;

	if (seconds > 2 * DOORBELL_LOOK_DEAF)
		seconds = 2 * DOORBELL_LOOK_DEAF;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += (long)(seconds * 1e9);
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	me = locks_enter(w);
	if (wait->state != LOCKS_HAS)
		locks_serve(w, wait->lock, &me);
	if (wait->state != LOCKS_HAS)
		(void)pthread_cond_timedwait(&locks_cond, &locks_mutex,
		    &until);
	if (wait->state != LOCKS_HAS)
		locks_serve(w, wait->lock, &me);
	has = wait->state == LOCKS_HAS;
	locks_exit();
	return has;
}

/* Gives it back. */
bool
locks_give(struct worker *w, struct lock *l, const struct locks_who *who)
{
	struct lock_me		 me = locks_enter(w);
	struct locks_hold	*hold = locks_find(l, who);

	if (hold == NULL)	/* a thread's: of nobody in particular */
		TAILQ_FOREACH(hold, &locks_here[l->number].holds, link)
			if (hold->who.core == NULL)
				break;
	if (hold != NULL)
		locks_drop(w, l, &me, hold);
	locks_exit();
	return hold != NULL;
}

/* Has he it? */
int
locks_mine(struct worker *w, const struct lock *l,
    const struct locks_who *who)
{
	struct locks_hold	*hold;
	int			 result = 0;

	(void)locks_enter(w);
	hold = locks_find(l, who);
	if (hold != NULL)
		result = hold->is_reader ? 1 : 2;
	locks_exit();
	return result;
}

/* The bell has rung. */
void
locks_look(struct worker *w)
{
	struct locks	*locks = w->commons->locks;
	struct lock_me	 me;
	int		 i;

	if (locks == NULL || w->forked)
		return;
	me = locks_enter(w);
	for (i = 0; i < locks->count; i++)
		locks_serve(w, &locks->items[i], &me);
	locks_exit();
}

/* Says who has not unlocked it. */
static void
locks_say_kept(const struct core *core, const struct lock *l)
{
	struct sb_core_view	 view = { .path = "" };

	if (core->job != NULL)
		sb_core_read(core->sb, &view);
	request_log(&core->req, LOG_LEVEL_WARN, "the %s%s%s has ended with "
	    "lock \"%s\": it is unlocked", core->job != NULL ? "job (" :
	    "request", view.path, core->job != NULL ? ")" : "", l->name);
}

/* The request is over. */
void
locks_request_over(struct core *core)
{
	struct worker		*w = core->worker;
	struct locks		*locks = w->commons->locks;
	struct locks_who	 who = { .core = core };
	struct locks_hold	*hold;
	struct lock_me		 me = locks_enter(w);
	int			 i;

	for (i = 0; i < locks->count; i++) {
		hold = locks_find(&locks->items[i], &who);
		if (hold == NULL)
			continue;
		locks_say_kept(core, &locks->items[i]);
		hold->times = 1;
		locks_drop(w, &locks->items[i], &me, hold);
	}
	locks_exit();
}

/* What is taken from here on. */
uint64_t
locks_mark(struct worker *w)
{
	uint64_t	 mark;

	(void)locks_enter(w);
	mark = locks_serial;
	locks_exit();
	return mark;
}

/* It is over. */
void
locks_work_over(struct worker *w, uint64_t mark, const char *what)
{
	struct locks		*locks = w->commons->locks;
	struct locks_who	 who = { .thread = pthread_self() };
	struct locks_hold	*hold;
	struct lock_me		 me = locks_enter(w);
	int			 i;

	for (i = 0; locks_serial != mark && i < locks->count; i++) {
		hold = locks_find(&locks->items[i], &who);
		if (hold == NULL || hold->serial <= mark)
			continue;
		log_warn("%s has ended with lock \"%s\": it is unlocked",
		    what, locks->items[i].name);
		hold->times = 1;
		locks_drop(w, &locks->items[i], &me, hold);
	}
	locks_exit();
}
