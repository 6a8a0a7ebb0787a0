/* Locks that processes share, whose owner may die at any line. */
#include "shm/lock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "shm/doorbell.h"
#include "shm/lives.h"

/* Others' progress that is borne in one go. */
#define LOCK_TRIES	64
#define LOCK_SUB_BITS	24
#define LOCK_SUB_MASK	((1u << LOCK_SUB_BITS) - 1)
#define LOCK_SEATLESS	0xffffu
#define LOCK_COUNT_BITS	40
#define LOCK_COUNT_MASK	(((uint64_t)1 << LOCK_COUNT_BITS) - 1)

/* A word: seat, life, sub (0: reserved); or no seat, and a process id. */
static uint64_t
lock_word(const struct lock_me *me, uint32_t sub)
{
	if (me->seat == -1)
		return (uint64_t)LOCK_SEATLESS << 48 | (uint32_t)me->pid;
	return (uint64_t)me->seat << 48 |
	    (uint64_t)me->life << LOCK_SUB_BITS | (sub & LOCK_SUB_MASK);
}

/* Its seat, which need not exist. */
static int
lock_word_seat(uint64_t word)
{
	return (int)(word >> 48);
}

/* Does it live? Not if it has ended and its parent has not reaped it. */
static bool
lock_pid_lives(pid_t pid)
{
	struct pollfd	 pfd = { .events = POLLIN };
	bool		 ended;

	if (pid <= 0)
		return false;
	pfd.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pfd.fd == -1)
		return kill(pid, 0) == 0 || errno == EPERM;
	ended = poll(&pfd, 1, 0) == 1;
	close(pfd.fd);
	return !ended;
}

/* Does the process live that it names? */
static bool
lock_word_lives(const struct lock *l, uint64_t word)
{
	pid_t	 pid = (pid_t)(word & 0x7fffffff);

	if (lock_word_seat(word) == LOCK_SEATLESS)
		return lock_pid_lives(pid);
	return life_lasts(l->all->lives, lock_word_seat(word),
	    (uint32_t)(word >> LOCK_SUB_BITS) & LIFE_MASK);
}

/* Is it only reserved? */
static bool
lock_word_is_reserved(uint64_t word)
{
	return lock_word_seat(word) != LOCK_SEATLESS &&
	    (word & LOCK_SUB_MASK) == 0;
}

/* What a living process has written for its seat; 0: nothing. */
static uint64_t
lock_count(const struct lock *l, const _Atomic uint64_t *list, int seat)
{
	uint64_t	 value = atomic_load(&list[seat]);

	if (value == 0 || !life_lasts(l->all->lives, seat,
	    (uint32_t)(value >> LOCK_COUNT_BITS)))
		return 0;
	return value & LOCK_COUNT_MASK;
}

/* Writes it for my own seat. */
static void
lock_count_set(_Atomic uint64_t *list, const struct lock_me *me,
    uint64_t count)
{
	atomic_store(&list[me->seat], count == 0 ? 0 :
	    (uint64_t)me->life << LOCK_COUNT_BITS |
	    (count & LOCK_COUNT_MASK));
}

/* The word that reserves it for the seat which waits for longest; or 0. */
static uint64_t
lock_next(const struct lock *l)
{
	uint64_t	 ticket, best = 0;
	struct lock_me	 next = { .seat = -1 };
	int		 i;

	for (i = 0; i < l->all->seats; i++) {
		ticket = lock_count(l, l->wants, i);
		if (ticket == 0 || (best != 0 && ticket >= best))
			continue;
		best = ticket;
		next.seat = i;
	}
	if (best == 0)
		return 0;
	next.life = atomic_load(&l->all->lives->now[next.seat]) & LIFE_MASK;
	return lock_word(&next, 0);
}

/* A free one is reserved for who waits, if somebody does. */
static void
lock_nudge(struct lock *l)
{
	uint64_t	 next = lock_next(l), word = 0;

	if (next != 0 && atomic_compare_exchange_strong(&l->shared->word,
	    &word, next))
		doorbell_ring(l->all->bells, lock_word_seat(next));
}

/* From this word to the next one; false: it was another. */
static bool
lock_hand_on(struct lock *l, uint64_t word)
{
	uint64_t	 next = lock_next(l);

	if (!atomic_compare_exchange_strong(&l->shared->word, &word, next))
		return false;
	if (next != 0)
		doorbell_ring(l->all->bells, lock_word_seat(next));
	else
		lock_nudge(l);
	return true;
}

/* Is a reservation for another so old that he will not come? */
static bool
lock_is_stale(struct lock *l, uint64_t word)
{
	uint64_t	 now = clock_mono_us();

	if (l->seen_word != word) {
		l->seen_word = word;
		l->seen_us = now;
	}
	return now - l->seen_us > (uint64_t)(LOCK_RESERVED * 1e6);
}

/* May I take what has this word, which lives? */
static bool
lock_may_take(struct lock *l, const struct lock_me *me, uint64_t word)
{
	int	 seat = lock_word_seat(word);

	if (!lock_word_is_reserved(word))
		return false;
	return seat == me->seat || lock_count(l, l->wants, seat) == 0 ||
	    lock_is_stale(l, word);
}

/* Somebody died with it. */
static void
lock_bury(struct lock *l, uint64_t word)
{
	if (lock_word_is_reserved(word))
		return;
	atomic_fetch_add(&l->shared->deaths, 1);
	log_warn("lock \"%s\": its owner (process %d) died with it", l->name,
	    (int)atomic_load(&l->shared->pid));
}

/* Takes the word. */
bool
lock_claim(struct lock *l, const struct lock_me *me, uint32_t sub)
{
	uint64_t	 word;
	bool		 lives;
	int		 i;

	for (i = 0; i < LOCK_TRIES; i++) {
		word = atomic_load(&l->shared->word);
		lives = word != 0 && lock_word_lives(l, word);
		if (lives && !lock_may_take(l, me, word))
			return false;
		if (!atomic_compare_exchange_strong(&l->shared->word, &word,
		    lock_word(me, sub)))
			continue;
		if (word != 0 && !lives)
			lock_bury(l, word);
		atomic_store(&l->shared->pid, (int32_t)me->pid);
		return true;
	}
	return false;
}

/* Is no reader in? */
bool
lock_is_clear(const struct lock *l)
{
	int	 i;

	for (i = 0; i < l->all->seats; i++)
		if (lock_count(l, l->readers, i) != 0)
			return false;
	return true;
}

/* Gives it up. */
bool
lock_release(struct lock *l, const struct lock_me *me, uint32_t sub)
{
	return lock_hand_on(l, lock_word(me, sub));
}

/* Does not take what is reserved. */
void
lock_pass(struct lock *l, const struct lock_me *me)
{
	uint64_t	 word = lock_word(me, 0);

	if (me->seat != -1 && atomic_load(&l->shared->word) == word)
		(void)lock_hand_on(l, word);
}

/* May a reader of mine be in, the word being this? */
static bool
lock_lets_in(struct lock *l, const struct lock_me *me, uint64_t word)
{
	if (word == 0)
		return true;
	if (lock_word_lives(l, word))
		return lock_may_take(l, me, word);
	if (atomic_compare_exchange_strong(&l->shared->word, &word, 0)) {
		lock_bury(l, word);
		lock_nudge(l);
	}
	return false;	/* it is looked at again */
}

/* Counts itself in. */
bool
lock_join(struct lock *l, const struct lock_me *me, bool anyhow)
{
	uint64_t	 count = lock_count(l, l->readers, me->seat);
	int		 i;

	lock_count_set(l->readers, me, count + 1);
	if (anyhow)
		return true;
	for (i = 0; i < 2; i++)
		if (lock_lets_in(l, me, atomic_load(&l->shared->word)))
			return true;
	lock_leave(l, me);
	return false;
}

/* Goes out; the word's owner may wait for that. */
void
lock_leave(struct lock *l, const struct lock_me *me)
{
	uint64_t	 count = lock_count(l, l->readers, me->seat), word;

	lock_count_set(l->readers, me, count == 0 ? 0 : count - 1);
	if (count > 1)
		return;
	word = atomic_load(&l->shared->word);
	if (word != 0 && lock_word_seat(word) != me->seat)
		doorbell_ring(l->all->bells, lock_word_seat(word));
}

/* The next ticket. */
uint64_t
lock_ticket(struct lock *l)
{
	return (atomic_fetch_add(&l->shared->tickets, 1) + 1) &
	    LOCK_COUNT_MASK;
}

/* Who waits here. */
void
lock_want(struct lock *l, const struct lock_me *me, uint64_t ticket)
{
	if (me->seat != -1)
		lock_count_set(l->wants, me, ticket);
}

/* Has somebody it? */
bool
lock_is_held(const struct lock *l)
{
	uint64_t	 word = atomic_load(&l->shared->word);

	return (word != 0 && lock_word_lives(l, word)) || !lock_is_clear(l);
}

/* Who has it. */
pid_t
lock_owner(const struct lock *l)
{
	uint64_t	 word = atomic_load(&l->shared->word);
	pid_t		 pid = atomic_load(&l->shared->pid);

	if (word == 0 || lock_word_is_reserved(word) ||
	    !lock_word_lives(l, word))
		return 0;
	return pid > 0 ? pid : 0;
}

/* What is shared of one lock, in bytes: whole cache lines. */
static size_t
locks_size(int seats)
{
	size_t	 size = sizeof(struct lock_shared) +
	    2 * (size_t)seats * sizeof(uint64_t);

	return (size + 63) / 64 * 64;
}

/* Gives one its place and its name. */
static void
locks_place(struct locks *locks, int i)
{
	struct lock	*l = &locks->items[i];
	char		*at = (char *)locks->map +
	    (size_t)i * locks_size(locks->seats);

	l->number = i;
	l->all = locks;
	l->shared = (void *)at;
	l->wants = (void *)(at + sizeof(struct lock_shared));
	l->readers = l->wants + locks->seats;
	if (i < locks->user)
		snprintf(l->name, sizeof(l->name), "user %d", i);
	else
		snprintf(l->name, sizeof(l->name), "sharedarea%d",
		    i - locks->user);
}

/* Makes them. */
struct locks *
locks_new(int user, int areas, int seats, const struct lives *lives,
    const struct doorbells *bells, char **cause)
{
	struct locks	*locks = xcalloc(1, sizeof(*locks));
	int		 i;

	locks->user = user;
	locks->count = user + areas;
	locks->seats = seats;
	locks->lives = lives;
	locks->bells = bells;
	locks->size = (size_t)locks->count * locks_size(seats);
	locks->map = mmap(NULL, locks->size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (locks->map == MAP_FAILED) {
		*cause = xasprintf("\"locks\": cannot map %zu bytes: %s",
		    locks->size, strerror(errno));
		free(locks);
		return NULL;
	}
	locks->items = xcalloc((size_t)locks->count, sizeof(*locks->items));
	for (i = 0; i < locks->count; i++)
		locks_place(locks, i);
	return locks;
}

/* Unmaps them. */
void
locks_free(struct locks *locks)
{
	if (locks == NULL)
		return;
	munmap(locks->map, locks->size);
	free(locks->items);
	free(locks);
}
