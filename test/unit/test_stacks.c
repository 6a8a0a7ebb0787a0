/* Tests master/stacks.c and the rules of master/stuck.c. */
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "master/master.h"
#include "master/stacks.h"
#include "master/stuck.h"
#include "master/workers.h"
#include "shm/messages.h"
#include "shm/scoreboard.h"
#include "test/unit/unit.h"

static const struct child_kind	 kind = { .name = "worker" };

/* A master with one worker, whose end of the socket is the test's. */
static struct master	 m;
static int		 worker_end;

/* What somebody was told. */
struct told {
	int	 times;
	char	 json[64], why[64];
};

static void
told_cb(void *arg, const char *json, const char *why)
{
	struct told	*told = arg;

	told->times++;
	CHECK((json == NULL) != (why == NULL));
	strncpy(told->json, json == NULL ? "" : json, 63);
	strncpy(told->why, why == NULL ? "" : why, 63);
}

/* Begins. */
static void
begin(void)
{
	int	 pair[2];

	memset(&m, 0, sizeof(m));
	m.base = event_base_new();
	m.sb = scoreboard_new(2, 1);
	m.workers = calloc(2, sizeof(*m.workers));
	m.stacks = stacks_new(&m);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == -1)
		abort();
	fd_set_nonblock(pair[0]);
	fd_set_nonblock(pair[1]);
	m.workers[0].child.kind = &kind;
	m.workers[0].child.state = SB_SLOT_READY;
	m.workers[0].child.control = pair[0];
	worker_end = pair[1];
}

/* Ends. */
static void
end(void)
{
	stacks_free(m.stacks);
	close(m.workers[0].child.control);
	close(worker_end);
	free(m.workers);
	event_base_free(m.base);
}

/* Turns until all timers of so many milliseconds are over. */
static void
turn(int ms)
{
	struct timeval	 tv = { ms / 1000, ms % 1000 * 1000 };

	event_base_loopexit(m.base, &tv);
	event_base_dispatch(m.base);
}

/* The question that the worker gets; its file. -1: none. */
static int
get_question(struct message *msg)
{
	int	 fd;

	if (fd_recv_msg(worker_end, msg, sizeof(*msg), &fd) !=
	    (ssize_t)sizeof(*msg))
		return -1;
	return fd;
}

/* The worker answers. */
static void
answer(int file, int number, const char *text)
{
	CHECK_INT(write(file, text, strlen(text)), strlen(text));
	close(file);
	stacks_done(&m, 0, number);
}

TEST(stacks_all_who_ask_get_the_answer)
{
	struct told	 one = { .times = 0 }, two = { .times = 0 };
	struct message	 msg;
	int		 file;

	begin();
	stacks_ask(&m, 0, 5, told_cb, &one);
	stacks_ask(&m, 0, 5, told_cb, &two);
	file = get_question(&msg);
	CHECK_INT(msg.type, MSG_STACKS);
	CHECK_STR(msg.text, "5000");
	CHECK(file != -1);
	CHECK_INT(get_question(&(struct message){ .type = 0 }), -1);
	answer(file, msg.value, "[1]");
	CHECK_INT(one.times, 0);	/* not from within */
	turn(20);
	CHECK_INT(one.times, 1);
	CHECK_STR(one.json, "[1]");
	CHECK_INT(two.times, 1);
	CHECK_STR(two.json, "[1]");
	/* The next one asks again. */
	stacks_ask(&m, 0, 5, told_cb, &one);
	file = get_question(&msg);
	answer(file, msg.value, "[2]");
	turn(20);
	CHECK_STR(one.json, "[2]");
	CHECK_INT(two.times, 1);
	end();
}

TEST(stacks_no_answer_in_time)
{
	struct told	 one = { .times = 0 }, two = { .times = 0 };
	struct message	 msg;
	int		 file;

	begin();
	stacks_ask(&m, 0, 0.05, told_cb, &one);
	turn(500);
	CHECK_INT(one.times, 1);
	CHECK_STR(one.why, "no answer within 0.05 s");
	/* It still may come, for who asks meanwhile. */
	stacks_ask(&m, 0, 5, told_cb, &two);
	file = get_question(&msg);
	CHECK_INT(get_question(&(struct message){ .type = 0 }), -1);
	answer(file, msg.value, "[0]");
	turn(20);
	CHECK_STR(two.json, "[0]");
	CHECK_INT(one.times, 1);
	/* One that was not asked for is nobody's. */
	stacks_done(&m, 0, msg.value);
	end();
}

TEST(stacks_the_worker_goes_or_is_not_there)
{
	struct told	 one = { .times = 0 };

	begin();
	stacks_ask(&m, 0, 5, told_cb, &one);
	stacks_gone(&m, 0);
	CHECK_INT(one.times, 0);
	turn(20);
	CHECK_INT(one.times, 1);
	CHECK_STR(one.why, "the worker has ended");
	stacks_ask(&m, 1, 5, told_cb, &one);
	stacks_ask(&m, 2, 5, told_cb, &one);
	stacks_ask(&m, -1, 5, told_cb, &one);
	turn(20);
	CHECK_INT(one.times, 4);
	CHECK_STR(one.why, "there is no such worker");
	end();
}

TEST(stacks_cancelled_and_too_many)
{
	struct told	 one = { .times = 0 }, two = { .times = 0 };
	struct message	 msg;
	int		 i;

	begin();
	for (i = 0; i < STACKS_ASKS_MAX; i++)
		stacks_ask(&m, 0, 5, told_cb, &one);
	stacks_ask(&m, 0, 5, told_cb, &two);
	turn(20);
	CHECK_STR(two.why, "too many ask at once");
	stacks_cancel(&m, told_cb, &one);
	answer(get_question(&msg), msg.value, "{}");
	turn(20);
	CHECK_INT(one.times, 0);
	/* Nobody waits any more, and the end frees who does. */
	stacks_ask(&m, 0, 5, told_cb, &one);
	end();
	CHECK_INT(one.times, 0);
}

TEST(stacks_an_answer_that_is_too_long_empty_or_no_json)
{
	struct told	 one = { .times = 0 };
	struct message	 msg;
	int		 file;

	begin();
	stacks_ask(&m, 0, 5, told_cb, &one);
	file = get_question(&msg);
	CHECK_INT(ftruncate(file, STACKS_SIZE_MAX + 1), 0);
	answer(file, msg.value, "");
	turn(20);
	CHECK_STR(one.why, "its answer cannot be read");
	stacks_ask(&m, 0, 5, told_cb, &one);
	file = get_question(&msg);
	answer(file, msg.value, "");
	turn(20);
	CHECK_INT(one.times, 2);
	CHECK_STR(one.why, "its answer cannot be read");
	stacks_ask(&m, 0, 5, told_cb, &one);
	file = get_question(&msg);
	answer(file, msg.value, "{}],\"more\":[");
	turn(20);
	CHECK_INT(one.times, 3);
	CHECK_STR(one.why, "its answer cannot be read");
	end();
}

TEST(stuck_is_who_does_not_turn_and_is_late)
{
	static const struct {
		double		 silent, late, timeout;
		enum stuck_why	 why;
	} cases[] = {
		{ 0.5, 0, 0, STUCK_NOT },
		{ 100, 0, 0, STUCK_NOT },	/* no limit */
		{ 1.5, 50, 1, STUCK_NOT },	/* it turns */
		{ 2.5, 0.5, 0, STUCK_NOT },	/* within the grace */
		{ 2.5, 1, 0, STUCK_DEADLINE },
		{ 2.5, -1, 0, STUCK_NOT },	/* not yet late */
		{ 2.5, 0, 3, STUCK_NOT },
		{ 3, 0, 3, STUCK_TIMEOUT },
		{ 3, 5, 3, STUCK_DEADLINE },
	};
	struct stuck_seen	 seen;
	size_t			 i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&seen, 0, sizeof(seen));
		seen.now_us = 1000000000;
		seen.tick_us = seen.now_us - (uint64_t)(cases[i].silent * 1e6);
		if (cases[i].late != 0)
			seen.deadline_us = (uint64_t)(1e9 -
			    cases[i].late * 1e6);
		seen.timeout = cases[i].timeout;
		CHECK_INT(stuck_decide(&seen), cases[i].why);
	}
	/* Written behind the master's own look at the clock. */
	seen.tick_us = seen.now_us + 1;
	CHECK_INT(stuck_decide(&seen), STUCK_NOT);
}
