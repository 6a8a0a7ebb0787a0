/* A thread that sees when the event loop is held up, and says by what. */
#include "worker/watchdog.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "config/config.h"
#include "shm/messages.h"
#include "shm/scoreboard.h"
#include "worker/control.h"
#include "worker/hold.h"
#include "worker/stacks_json.h"
#include "worker/suspend.h"
#include "worker/witness.h"
#include "worker/worker.h"

/* Between two looks: a part of loop-lag-warn, within these. */
#define WATCHDOG_LOOK_MIN_MS	10
#define WATCHDOG_LOOK_MAX_MS	200
#define WATCHDOG_PARTS		5
#define WATCHDOG_SECOND_US	1000000
/* Of the time that an answer may take: the rest is the way there and back. */
#define WATCHDOG_SHARE		0.7
#define WATCHDOG_STACK		262144
#define WATCHDOG_QUESTIONS	8

/* A question of the master's. */
struct watchdog_question {
	struct message	 msg;
	int		 fd;
};

/* The process has one. Its thread's own, but for what says otherwise. */
static struct {
	struct worker		*worker;	/* NULL: none runs */
	pthread_t		 thread;
	int			 wake;		/* eventfd: it shall look */
	int			 ping;		/* eventfd: the loop shall */
	struct event		 ping_ev;	/* the loop's */
	_Atomic bool		 stopped;
	_Atomic uint64_t	 asked;		/* number of the question */
	_Atomic uint64_t	 answered;	/* the loop's: which one */
	_Atomic uint64_t	 answered_us;	/* and when */

	struct hold		 hold;
	uint64_t		 moves;		/* seen */
	bool			 control_is_over;	/* the master is gone */
	bool			 control_is_due;	/* not read at once */

	/* For others, under the lock. */
	pthread_mutex_t		 lock;
	size_t			 nquestions;
	struct watchdog_question questions[WATCHDOG_QUESTIONS];
} dog = { .wake = -1, .ping = -1, .lock = PTHREAD_MUTEX_INITIALIZER };

/* Adds one to an eventfd. */
static void
watchdog_ring(int fd)
{
	const uint64_t	 one = 1;

	if (write(fd, &one, sizeof(one)) == -1 && errno != EAGAIN)
		log_error("eventfd: %s", strerror(errno));
}

/* Loop: it turns. */
static void
watchdog_ping_cb(evutil_socket_t fd, short events, void *arg)
{
	struct worker	*w = arg;
	uint64_t	 count;

	(void)events;
	if (read(fd, &count, sizeof(count)) == -1 && errno != EAGAIN)
		log_error("eventfd: %s", strerror(errno));
	sb_set(&dog.answered_us, clock_mono_us());
	atomic_store_explicit(&dog.answered, atomic_load(&dog.asked),
	    memory_order_release);
	while (control_has_kept())
		worker_control_read(w);
	cores_work_off(w);
}

/* Loop: takes a question, if there is room. */
void
watchdog_ask(const struct message *msg, int steal_fd)
{
	bool	 taken = false;

	pthread_mutex_lock(&dog.lock);
	if (dog.worker != NULL && steal_fd != -1 &&
	    dog.nquestions < WATCHDOG_QUESTIONS) {
		dog.questions[dog.nquestions].msg = *msg;
		dog.questions[dog.nquestions++].fd = steal_fd;
		taken = true;
	}
	pthread_mutex_unlock(&dog.lock);
	if (taken)
		watchdog_ring(dog.wake);
	else
		fd_close(&steal_fd);
}

/* Takes a question that the loop has handed on. */
static bool
watchdog_take(struct watchdog_question *question)
{
	bool	 taken = false;

	pthread_mutex_lock(&dog.lock);
	if (dog.nquestions > 0) {
		*question = dog.questions[--dog.nquestions];
		taken = true;
	}
	pthread_mutex_unlock(&dog.lock);
	return taken;
}

/* Asks the loop whether it turns. */
static void
watchdog_ping(uint64_t now)
{
	hold_ask(&dog.hold, now);
	atomic_fetch_add(&dog.asked, 1);
	watchdog_ring(dog.ping);
}

/* Has the loop answered? */
static bool
watchdog_is_answered(void)
{
	return atomic_load_explicit(&dog.answered, memory_order_acquire) ==
	    sb_get(&dog.asked);
}

/* Looks whether the loop turns, and says when it does not. */
static void
watchdog_look(void)
{
	struct worker	*w = dog.worker;
	uint64_t	 now = clock_mono_us(), moves;

	if (dog.hold.state != HOLD_QUIET && watchdog_is_answered())
		hold_end(&dog.hold, w, sb_get(&dog.answered_us));
	moves = sb_get(&w->moves);
	if (dog.hold.state != HOLD_QUIET)
		hold_look(&dog.hold, w, now);
	else if (moves != dog.moves) {
		dog.moves = moves;
		watchdog_ping(now);
	}
	hold_publish(&dog.hold, w, now);
}

/* Does the loop not answer within the patience? */
static bool
watchdog_is_stuck(void)
{
	int	 i;

	/* An answer to an earlier question says nothing about now. */
	if (dog.hold.state != HOLD_QUIET && watchdog_is_answered())
		hold_end(&dog.hold, dog.worker, sb_get(&dog.answered_us));
	if (dog.hold.state == HOLD_QUIET)
		watchdog_ping(clock_mono_us());
	for (i = 0; i < WATCHDOG_PATIENCE_MS / 5; i++) {
		if (watchdog_is_answered())
			return false;
		(void)poll(NULL, 0, 5);
	}
	return !watchdog_is_answered();
}

/* Answers one question. */
static void
watchdog_answer(struct watchdog_question *question)
{
	double	 limit;

	question->msg.text[sizeof(question->msg.text) - 1] = '\0';
	limit = atof(question->msg.text) / 1000;
	stacks_answer(dog.worker, question->fd, question->msg.value,
	    limit * WATCHDOG_SHARE - WATCHDOG_PATIENCE_MS / 1000.0,
	    watchdog_is_stuck());
}

/* Answers what the loop has handed on, or has not read for too long. */
static void
watchdog_answer_all(bool is_due)
{
	struct watchdog_question	 question;

	while (watchdog_take(&question))
		watchdog_answer(&question);
	if (!is_due)
		return;
	while (control_look(dog.worker, &question.msg, &question.fd))
		watchdog_answer(&question);
	if (control_has_kept())
		watchdog_ping(clock_mono_us());
}

/* So long it sleeps if nobody wakes it. */
static int
watchdog_pause_ms(void)
{
	double	 ms = dog.hold.warn_us / 1000.0 / WATCHDOG_PARTS;

	if (dog.control_is_due)
		return WATCHDOG_PATIENCE_MS;
	if (dog.hold.warn_us == 0 || ms > WATCHDOG_LOOK_MAX_MS)
		return WATCHDOG_LOOK_MAX_MS;
	return ms < WATCHDOG_LOOK_MIN_MS ? WATCHDOG_LOOK_MIN_MS : (int)ms;
}

/*
 * Sleeps. The control socket wakes it once; if it is still not read a while
 * later, that is true here.
 */
static bool
watchdog_sleep(void)
{
	struct pollfd	 pfd[] = {
		{ .fd = dog.wake, .events = POLLIN },
		{ .fd = dog.worker->control, .events = POLLIN }
	};
	bool		 was_due = dog.control_is_due;
	uint64_t	 count, slept;

	if (was_due || dog.control_is_over)
		pfd[1].fd = -1;
	slept = clock_mono_us();
	(void)poll(pfd, 2, watchdog_pause_ms());
	slept = clock_mono_us() - slept;
	/* Not only the loop stood still: it was stopped, or starved. */
	if (slept > WATCHDOG_SECOND_US)
		hold_forgive(&dog.hold, slept);
	if (pfd[0].revents != 0)
		(void)!read(dog.wake, &count, sizeof(count));
	if (pfd[1].revents & (POLLHUP | POLLERR | POLLNVAL))
		dog.control_is_over = true;
	dog.control_is_due = !was_due && (pfd[1].revents & POLLIN) != 0;
	if (!was_due)
		return false;
	pfd[1].fd = dog.control_is_over ? -1 : dog.worker->control;
	return poll(&pfd[1], 1, 0) == 1 && (pfd[1].revents & POLLIN) != 0;
}

/* The watchdog. */
static void *
watchdog_main(void *unused)
{
	bool	 is_due;

	(void)unused;
	while (!dog.stopped) {
		is_due = watchdog_sleep();
		if (dog.stopped)
			break;
		watchdog_look();
		watchdog_answer_all(is_due);
	}
	return NULL;
}

/* Makes the thread, which gets no signals. */
static int
watchdog_make_thread(void)
{
	pthread_attr_t	 attr;
	sigset_t	 all, old;
	int		 error;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WATCHDOG_STACK);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&dog.thread, &attr, watchdog_main, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (error == 0)
		pthread_setname_np(dog.thread, "wm-watchdog");
	return error;
}

/* The worker begins to turn its loop. */
void
watchdog_start(struct worker *w)
{
	int	 error;

	dog.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	dog.ping = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (dog.wake == -1 || dog.ping == -1) {
		log_warn("no watchdog: %s", strerror(errno));
		return;
	}
	event_assign(&dog.ping_ev, w->base, dog.ping, EV_READ | EV_PERSIST,
	    watchdog_ping_cb, w);
	event_add(&dog.ping_ev, NULL);
	hold_init(&dog.hold, w->suspend->can_park ? w->cfg->loop_lag_warn : 0,
	    pthread_self());
	witness_init();
	dog.stopped = dog.control_is_over = dog.control_is_due = false;
	dog.moves = sb_get(&w->moves);
	dog.worker = w;
	error = watchdog_make_thread();
	if (error == 0)
		return;
	log_warn("no watchdog: %s", strerror(error));
	dog.worker = NULL;
	event_del(&dog.ping_ev);
}

/* The loop turns no more. */
void
watchdog_stop(struct worker *w)
{
	struct watchdog_question	 question;

	if (dog.worker == NULL || w->forked)
		return;
	dog.stopped = true;
	witness_stop();
	watchdog_ring(dog.wake);
	pthread_join(dog.thread, NULL);
	while (watchdog_take(&question))
		fd_close(&question.fd);
	event_del(&dog.ping_ev);
	dog.worker = NULL;
	fd_close(&dog.wake);
	fd_close(&dog.ping);
}

/*
 * No thread, and the lock's owner is not in this process. The eventfds are the
 * parent's, too, whose questions the child's loop must not take.
 */
void
watchdog_forked(int null)
{
	if (dog.ping != -1)
		(void)dup3(null, dog.ping, O_CLOEXEC);
	if (dog.wake != -1)
		(void)dup3(null, dog.wake, O_CLOEXEC);
	pthread_mutex_init(&dog.lock, NULL);
	dog.nquestions = 0;
	dog.worker = NULL;
	witness_forked();
	control_forked();
}
