/* Tests worker/watchdog.c and witness.c; run it under TSan, too. */
#include <event2/event.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "shm/messages.h"
#include "shm/scoreboard.h"
#include "test/unit/rig.h"
#include "test/unit/unit.h"
#include "worker/runtime.h"
#include "worker/watchdog.h"
#include "worker/worker.h"

#define LIMIT_MS	20000

/* Nobody writes stacks here. */
__attribute__((constructor)) static void
ignore_dump(void)
{
	signal(SIGNAL_DUMP, SIG_IGN);
}

/* What stands for the interpreter: its lock, and how often it was looked at. */
static pthread_mutex_t	 fake_lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int	 fake_looks;
static _Atomic int	 fake_comes;	/* to wait for it */

/* A look that finds core 1, and a thread. */
static void
fake_look(struct worker *w, bool all, const struct runtime_look *look,
    void *arg)
{
	fake_comes++;
	pthread_mutex_lock(&fake_lock);
	fake_looks++;
	if (look->enter(arg)) {
		if (look->core(arg, &w->cores[1], "  one\n  \"two\"\n") && all)
			look->thread(arg, "T", "  three\n");
		look->leave(arg);
	}
	pthread_mutex_unlock(&fake_lock);
}

static const struct runtime	 fake_runtime = { .look = fake_look };
static int			 master_end;

/* A worker of 3 cores with a watchdog; two of them have requests. */
static struct worker *
start(const char *warn)
{
	const char	*options[] = { "--async", "3", "--greenlet",
	    "--loop-lag-warn", warn, NULL };
	struct worker	*w = rig_start(true, options);
	int		 pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		abort();
	fd_set_nonblock(pair[1]);
	master_end = pair[0];
	w->control = pair[1];
	w->runtime = &fake_runtime;
	sb_core_begin(w->cores[1].sb, &(struct sb_request){
	    .start_us = clock_mono_us(), .method = { "GET", 3 },
	    .addr = { "x", 1 }, .id = { "seven", 5 }, .path = { "/a\"b", 4 }
	});
	sb_core_begin(w->cores[2].sb, &(struct sb_request){
	    .start_us = clock_mono_us(), .method = { "PUT", 3 },
	    .addr = { "x", 1 }, .id = { "eight", 5 }, .path = { "/c", 2 }
	});
	watchdog_start(w);
	return w;
}

/* The end of it. */
static void
stop(struct worker *w)
{
	watchdog_stop(w);
	sb_core_end(w->cores[1].sb);
	sb_core_end(w->cores[2].sb);
	close(master_end);
	fd_close(&w->control);
	w->runtime = NULL;
	rig_stop(w);
}

/* Says something to the worker. */
static void
say(enum message_type type, int value, const char *text, int fd)
{
	struct message	 msg = { .type = type, .value = value };

	snprintf(msg.text, sizeof(msg.text), "%s", text);
	CHECK_INT(fd_send_msg(master_end, &msg, sizeof(msg), fd), 0);
}

/* Asks for stacks, the loop standing still; what is answered, to be freed. */
static char *
ask(int number, const char *limit_ms)
{
	struct pollfd	 pfd = { .fd = master_end, .events = POLLIN };
	struct message	 msg = { .type = 0 };
	int		 file = memfd_create("test", MFD_CLOEXEC), fd;
	char		*text = calloc(1, 65536);

	say(MSG_STACKS, number, limit_ms, file);
	CHECK_INT(poll(&pfd, 1, LIMIT_MS), 1);
	CHECK_INT(fd_recv_msg(master_end, &msg, sizeof(msg), &fd),
	    sizeof(msg));
	CHECK_INT(msg.type, MSG_STACKS_DONE);
	CHECK_INT(msg.value, number);
	CHECK(pread(file, text, 65535, 0) > 0);
	close(file);
	return text;
}

TEST(watchdog_answers_while_the_loop_is_stuck)
{
	struct worker	*w = start("0");
	char		*text;

	text = ask(5, "5000");
	CHECK(strstr(text, "\"loop_stuck\":true") != NULL);
	CHECK(strstr(text, "{\"core\":1,\"state\":\"running\"") != NULL);
	CHECK(strstr(text, "\"path\":\"/a\\\"b\"") != NULL);
	CHECK(strstr(text, "\"request\":\"seven\"") != NULL);
	CHECK(strstr(text, "\"stack\":[\"  one\",\"  \\\"two\\\"\"]}") !=
	    NULL);
	CHECK(strstr(text, "\"threads\":[{\"name\":\"T\",\"stack\":"
	    "[\"  three\"]}],\"left_out\":0,\"lock_held\":false}") != NULL);
	free(text);
	stop(w);
}

/* Turns the loop until it is told to stop. */
static void *
turn(void *arg)
{
	struct worker	*w = arg;

	event_base_loop(w->base, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

TEST(watchdog_keeps_what_is_for_the_loop)
{
	struct worker	*w = start("0");
	char		*text;
	int		 i;

	say(MSG_REOPEN_LOGS, 0, "", -1);
	say(MSG_DRAIN, 0, "", -1);
	free(ask(1, "5000"));
	CHECK(!w->draining);
	/* The socket has nothing left: what was kept comes all the same. */
	for (i = 0; i < LIMIT_MS / 10 && !w->draining; i++)
		rig_turn(w, 10);
	CHECK(w->draining);
	text = ask(2, "5000");
	CHECK(strstr(text, "\"loop_stuck\":true") != NULL);
	free(text);
	stop(w);
}

TEST(watchdog_does_not_wait_for_a_lock_that_is_kept)
{
	struct worker	*w = start("0");
	uint64_t	 before = clock_mono_us();
	char		*text;

	pthread_mutex_lock(&fake_lock);
	text = ask(1, "600");
	CHECK(strstr(text, "\"lock_held\":true}") != NULL);
	/* What the scoreboard knows. */
	CHECK(strstr(text, "\"core\":1,") != NULL);
	CHECK(strstr(text, "\"method\":\"PUT\",\"path\":\"/c\"") != NULL);
	CHECK(strstr(text, "\"left_out\":2") != NULL);
	free(text);
	CHECK(clock_mono_us() - before < LIMIT_MS * 1000);
	/* The first witness is still there: no second one. */
	text = ask(2, "600");
	CHECK(strstr(text, "\"lock_held\":true}") != NULL);
	free(text);
	pthread_mutex_unlock(&fake_lock);
	do {
		text = ask(3, "5000");
		before = strstr(text, "\"lock_held\":false}") != NULL;
		free(text);
	} while (!before);
	stop(w);
}

TEST(watchdog_stops_while_a_witness_waits)
{
	struct worker	*w = start("0.05");
	int		 i, looks = fake_looks, comes = fake_comes;

	pthread_mutex_lock(&fake_lock);
	worker_moves(w);
	for (i = 0; i < LIMIT_MS && fake_comes == comes; i++)
		(void)poll(NULL, 0, 1);
	stop(w);
	pthread_mutex_unlock(&fake_lock);
	for (i = 0; i < LIMIT_MS && fake_looks == looks; i++)
		(void)poll(NULL, 0, 1);
	CHECK(fake_looks > looks);
}

TEST(watchdog_sees_when_the_loop_is_held)
{
	struct worker	*w = start("0.1");
	pthread_t	 thread;
	int		 i, looks = fake_looks;

	/* Nothing moves: nothing is wrong. */
	(void)poll(NULL, 0, 500);
	CHECK_INT(sb_get(&w->stats->loop_lags), 0);
	worker_moves(w);
	for (i = 0; i < LIMIT_MS && fake_looks < looks + 2; i++)
		(void)poll(NULL, 0, 1);
	CHECK(fake_looks >= looks + 2);		/* and once more */
	CHECK_INT(sb_get(&w->stats->loop_lags), 1);
	for (i = 0; i < LIMIT_MS && sb_get(&w->stats->loop_lag_us) < 300000;
	    i++)
		(void)poll(NULL, 0, 1);
	CHECK(sb_get(&w->stats->loop_lag_us) >= 300000);
	/* It turns again: the number goes down. */
	pthread_create(&thread, NULL, turn, w);
	for (i = 0; i < LIMIT_MS && sb_get(&w->stats->loop_lag_us) > 100000;
	    i++)
		(void)poll(NULL, 0, 1);
	CHECK(sb_get(&w->stats->loop_lag_us) <= 100000);
	CHECK_INT(sb_get(&w->stats->loop_lags), 1);
	watchdog_ask(&(struct message){ .type = MSG_STACKS }, -1);
	(void)poll(NULL, 0, 50);
	event_base_loopbreak(w->base);
	worker_moves(w);
	pthread_join(thread, NULL);
	stop(w);
}
