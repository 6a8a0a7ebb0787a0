/* Locks that processes share, whose owner may die at any line. */
#ifndef WM_SHM_LOCK_H
#define WM_SHM_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct doorbells;
struct lives;

/*
 * What is shared of one lock is a word, and for each seat how many readers it
 * has in and whether somebody there waits:
 *
 *	FREE ------- lock_claim -----------> OWNED	by one: it waits until
 *							no reader is in
 *	OWNED ------ lock_release, nobody -> FREE
 *		     waits
 *	OWNED ------ lock_release ---------> RESERVED	for the seat that waits
 *							for longest, and rung
 *	RESERVED --- lock_claim by it -----> OWNED
 *	RESERVED --- lock_pass by it ------> FREE or RESERVED
 *	any -------- its process is dead --> OWNED, by whoever claims it
 *
 * A reader counts itself in, then looks at the word, and goes out again unless
 * it is FREE or its own; the owner of the word looks at the readers after it
 * has the word. So one of both sees the other. A reader that comes while the
 * word is owned waits, so writers do not starve.
 *
 * Who waits writes down his seat's oldest ticket before he looks at the word;
 * who frees the word looks for tickets afterwards: no ring is lost, unless its
 * ringer dies, and then the master rings everybody, and who waits looks again
 * by himself. A reservation is a hint: it is good while its process lives and
 * has a ticket there, and not for longer than LOCK_RESERVED seconds.
 *
 * All of it is numbers that are checked when they are used. A process that
 * writes nonsense here can keep locks, take others' away and ring bells; it
 * cannot make anybody loop or reach out of these arrays.
 *
 * Nothing here waits. Processes without a seat (a child of the app's, the
 * import) have their process id in the word, and cannot be readers.
 */
#define LOCK_RESERVED	1.0
#define LOCK_OUTSIDE	0xffffffu	/* sub: of no core */

/* Who asks. */
struct lock_me {
	int	 seat;		/* -1: none */
	uint32_t life;
	pid_t	 pid;
};

struct lock_shared {
	_Atomic uint64_t	 word;	/* 0: FREE */
	_Atomic uint64_t	 tickets;
	_Atomic uint64_t	 deaths; /* owners that died */
	_Atomic int32_t		 pid;	/* the owner's, for who looks on */
};

/* A process's own; all have the same pointers. */
struct lock {
	char			 name[24];
	int			 number;	/* among all */
	struct lock_shared	*shared;
	_Atomic uint64_t	*wants;		/* life and ticket, or 0 */
	_Atomic uint64_t	*readers;	/* life and count, or 0 */
	struct locks		*all;

	/* Of another's reservation: which it is, and since when. */
	uint64_t		 seen_word;
	uint64_t		 seen_us;
};

struct locks {
	int			 count;
	int			 user;	/* the first so many are lock()'s */
	int			 seats;
	struct lock		*items;
	const struct lives	*lives;
	const struct doorbells	*bells;
	void			*map;
	size_t			 size;
};

/* "user 0" to "user N-1", then "sharedarea0" ...; NULL with *cause. */
struct locks *locks_new(int user, int areas, int seats,
	    const struct lives *lives, const struct doorbells *bells,
	    char **cause);
void	 locks_free(struct locks *locks);

/* The word is me now. sub: a core's id + 1, or LOCK_OUTSIDE. */
bool	 lock_claim(struct lock *l, const struct lock_me *me, uint32_t sub);
/* Is no reader in that lives? For the word's owner. */
bool	 lock_is_clear(const struct lock *l);
/* Gives the word up; false: it was not me. */
bool	 lock_release(struct lock *l, const struct lock_me *me, uint32_t sub);
/* If it is reserved for my seat, and nobody here takes it: on to the next. */
void	 lock_pass(struct lock *l, const struct lock_me *me);
/* One more reader of my seat is in; anyhow: who is in already may again. */
bool	 lock_join(struct lock *l, const struct lock_me *me, bool anyhow);
/* One is out. */
void	 lock_leave(struct lock *l, const struct lock_me *me);
/* For who waits: in which order. */
uint64_t lock_ticket(struct lock *l);
/* The oldest ticket of my seat; 0: nobody waits here. */
void	 lock_want(struct lock *l, const struct lock_me *me,
	    uint64_t ticket);
/* Is it owned or read by one that lives? */
bool	 lock_is_held(const struct lock *l);
/* The owner's process id for display; 0: none that lives. */
pid_t	 lock_owner(const struct lock *l);

#endif
