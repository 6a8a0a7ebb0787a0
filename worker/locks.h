/* Taking locks in this process: who waits, in which order, and who has them. */
#ifndef WM_WORKER_LOCKS_H
#define WM_WORKER_LOCKS_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "worker/wait.h"

struct core;
struct lock;
struct worker;

/*
 * shm/lock.h knows processes; here are the cores and threads of this one, and
 * each lock has two lists of them: who waits (first come, first served) and
 * who has it. One process-private mutex is around it all; it is held for
 * moments, never while anything blocks, and never while the interpreter's
 * lock is asked for.
 *
 *	QUEUED ---- locks_look: the word is ours --> DRAINS	readers are in
 *	QUEUED ---- locks_look: as a reader -------> HAS
 *	DRAINS ---- locks_look: nobody is in ------> HAS	it is told
 *	QUEUED, DRAINS, HAS -- the wait fails -----> (gone)	and passed on
 *
 * Everybody who waits looks for all who wait here: the loop when the bell
 * rings, a thread now and then. A request that ends gives back what it has.
 */
enum locks_state {
	LOCKS_QUEUED,
	LOCKS_DRAINS,
	LOCKS_HAS
};

/* Who asks: a request, or (core NULL) a thread outside requests. */
struct locks_who {
	struct core	*core;
	pthread_t	 thread;
};

struct locks_wait {
	TAILQ_ENTRY(locks_wait)	 link;
	struct lock		*lock;
	struct locks_who	 who;
	enum locks_state	 state;
	pid_t			 pid;	/* who waits; not its children */
	bool			 is_reader;
	uint64_t		 ticket;
};

enum locks_result {
	LOCKS_TAKEN,
	LOCKS_WAIT,	/* *wait: to be waited for */
	LOCKS_OWN	/* it would wait for itself */
};

/* Process start: its seat is known, this thread turns the loop, if one does. */
void	 locks_init(struct worker *w);

/*
 * Takes it, or stands in line: then locks_wait or locks_wait_thread, again and
 * again, and locks_end in any case.
 */
enum locks_result locks_ask(struct worker *w, struct lock *l,
	    const struct locks_who *who, bool is_reader,
	    struct locks_wait **wait);
/* A core, parked: WAIT_READY when it has it. */
enum wait_reason locks_wait(struct core *core, struct locks_wait *wait,
	    double timeout);
/*
 * A thread, for a moment: true when it has it. Without the interpreter's
 * lock.
 */
bool	 locks_wait_thread(struct worker *w, struct locks_wait *wait,
	    double seconds);
/* Has it, and looks? */
bool	 locks_has(struct worker *w, struct locks_wait *wait);
/* It has it, or gives up; frees wait. False: it was too late to give up. */
void	 locks_end(struct worker *w, struct locks_wait *wait, bool give_up);
/* Tries for a moment's work, without standing in line. */
bool	 locks_try(struct worker *w, struct lock *l,
	    const struct locks_who *who, bool is_reader);
/*
 * Gives back what he has, or, if it is a request's no more than a thread's,
 * anybody's of this process outside requests. False: nothing.
 */
bool	 locks_give(struct worker *w, struct lock *l,
	    const struct locks_who *who);
/* Has he it? 2: as the only one; 1: as a reader. */
int	 locks_mine(struct worker *w, const struct lock *l,
	    const struct locks_who *who);

/*
 * A mule's message or a spooler's task begins (a mark), and is over: what this
 * thread has taken since then is given back.
 */
uint64_t locks_mark(struct worker *w);
void	 locks_work_over(struct worker *w, uint64_t mark, const char *what);

/* For doorbell_watch.c: the bell has rung. */
void	 locks_look(struct worker *w);
/* For core.c: the request is over, and has locks (core->locks). */
void	 locks_request_over(struct core *core);

#endif
