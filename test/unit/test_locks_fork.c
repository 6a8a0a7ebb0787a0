/* Tests worker/locks.c in children that the app forks and that have threads. */
#include "worker/locks.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "shm/commons.h"
#include "shm/doorbell.h"
#include "shm/lives.h"
#include "shm/lock.h"
#include "test/unit/unit.h"
#include "worker/worker.h"

#define THREADS	2
#define TURNS	20

static struct commons		 commons;
static struct worker		 w = { .commons = &commons, .seat = -1 };
static _Atomic int		 here;
static int			 inside, turns;

/* Takes the lock and gives it back; NULL: each time it was there to give. */
static void *
take_turns(void *arg)
{
	struct lock		*l = &commons.locks->items[0];
	struct locks_who	 who = { .thread = pthread_self() };
	int			 i;

	here++;
	while (here < THREADS)
		continue;
	for (i = 0; i < TURNS; i++) {
		while (!locks_try(&w, l, &who, false))
			sched_yield();
		turns++;
		if (inside++ != 0)
			return arg;
		inside--;
		if (!locks_give(&w, l, &who))
			return arg;
	}
	return NULL;
}

/* The child: its first threads come at once. Its exit status. */
static int
child(void)
{
	pthread_t	 threads[THREADS];
	void		*failed;
	int		 i, status = 0;

	alarm(60);
	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, take_turns, &w);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &failed);
		if (failed != NULL)
			_exit(1);
	}
	return turns == THREADS * TURNS ? status : 2;
}

/* One lock, of this process from now on, for all tests. */
static void
begin(void)
{
	char	*cause = NULL;

	if (commons.locks != NULL)
		return;
	log_choose(LOG_LEVEL_ERROR, false);
	commons.lives = lives_new(1, &cause);
	commons.doorbells = doorbells_new(1, &cause);
	commons.locks = locks_new(1, 0, 1, commons.lives, commons.doorbells,
	    &cause);
	locks_init(&w);
}

TEST(threads_that_come_first_in_a_child_exclude_each_other)
{
	int	 i, status = 0;
	pid_t	 pid;

	begin();
	for (i = 0; i < 250 && status == 0; i++) {
		pid = fork();
		if (pid == 0)
			_exit(child());
		REQUIRE(waitpid(pid, &status, 0) == pid);
	}
	CHECK_INT(status, 0);
}

/* The child: its parent's wait ends here, too; then it waits itself. */
static int
wait_in_child(struct lock *l, struct locks_wait *wait, int tell)
{
	struct locks_who	 who = { .thread = pthread_self() };
	int			 i;

	locks_end(&w, wait, true);
	if (locks_ask(&w, l, &who, false, &wait) != LOCKS_WAIT ||
	    write(tell, "", 1) != 1)
		return 1;
	for (i = 0; i < 300; i++)
		if (locks_wait_thread(&w, wait, 0.1))
			break;
	if (!locks_has(&w, wait))
		return 2;
	locks_end(&w, wait, false);
	return locks_give(&w, l, &who) ? 0 : 3;
}

TEST(a_wait_that_a_child_inherits_does_not_spoil_its_own)
{
	int			 fds[2], status = 0;
	char			 byte;
	struct locks_who	 has = { .thread = pthread_self() };
	struct locks_who	 waits = { .core = NULL };	/* no thread */
	struct locks_wait	*wait;
	struct lock		*l;
	pid_t			 pid;

	begin();
	l = &commons.locks->items[0];
	REQUIRE(pipe(fds) == 0 && locks_try(&w, l, &has, false));
	CHECK_INT(locks_ask(&w, l, &waits, false, &wait), LOCKS_WAIT);
	pid = fork();
	if (pid == 0)
		_exit(wait_in_child(l, wait, fds[1]));
	REQUIRE(read(fds[0], &byte, 1) == 1);
	CHECK(locks_give(&w, l, &has));
	CHECK(locks_has(&w, wait));
	locks_end(&w, wait, false);
	CHECK(locks_give(&w, l, &waits));
	REQUIRE(waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
	close(fds[0]);
	close(fds[1]);
}
