/* Tests worker/core.c: what is ready at once is worked off by few cores. */
#include "worker/core.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "test/unit/rig.h"
#include "test/unit/unit.h"
#include "worker/request.h"
#include "worker/wait.h"
#include "worker/worker.h"

#define MAX_CLIENTS	120

static const char *const async60[] = { "--async", "60", "--greenlet", NULL };
static const char *const async150[] = { "--async", "150", "--greenlet", NULL };
static const char *const async4[] = { "--async", "4", "--greenlet", NULL };

static struct worker	*worker;
static int		 clients[MAX_CLIENTS];
static int		 nclients;
static char		 order[256];	/* second letters of the paths */
static size_t		 norder;
static uint32_t		 most_ready;
static struct core	*sleeper[MAX_CLIENTS];
static uint64_t		 last_until_us;
static int		 nslept;
static bool		 busy_on;	/* those who wake and work go on */
static int		 npieces;	/* of their work */

/* Sleeps for a time that its number gives, and notes when it woke. */
static void
sleep_by_number(struct core *core, int number)
{
	int		 ms = number * 7 % 40 * 2 + 1;
	uint64_t	 begun = clock_mono_us();

	sleeper[number] = core;
	if (wait_ms(core, ms) != WAIT_READY)
		return;
	CHECK(clock_mono_us() - begun >= (uint64_t)ms * 1000);
	CHECK(core->until_us >= last_until_us);
	last_until_us = core->until_us;
	nslept++;
}

/* Wakes and works, wakes and works, for two seconds at most. */
static void
work_in_pieces(struct core *core)
{
	uint64_t	 end = clock_mono_us() + 2000000, piece;

	while (busy_on && clock_mono_us() < end) {
		wait_ms(core, 1);
		npieces++;
		piece = clock_mono_us() + 200;
		while (clock_mono_us() < piece)
			;
	}
}

/*
 * Answers with the path; "/s..." sleeps, "/d..." has the worker drain, "/t..."
 * sleeps by number, "/w..." works in pieces until an "/e..." comes.
 */
static int
handler(struct request *req)
{
	if (req->path[1] == 't')
		sleep_by_number(req->core, (req->path[2] - '0') * 10 +
		    req->path[3] - '0');
	if (req->path[1] == 'e')
		busy_on = false;
	if (req->path[1] == 'w')
		work_in_pieces(req->core);
	if (worker->nready > most_ready)
		most_ready = worker->nready;
	if (norder < sizeof(order) - 1)
		order[norder++] = req->path[1];
	order[norder] = '\0';
	if (req->path[1] == 's')
		wait_ms(req->core, 300);
	if (req->path[1] == 'd')
		worker_drain(worker, DRAIN_OTHERS);
	response_begin(req, "200 OK", 6);
	return response_write_whole(req, req->path, req->path_len);
}

/* A worker with so many clients. */
static void
begin(const char *const *options, int n)
{
	worker = rig_start(true, options);
	rig_handler = handler;
	rig_keeps_stack = true;
	for (nclients = 0; nclients < n; nclients++)
		clients[nclients] = rig_client(worker);
	rig_turn(worker, 5);
	rig_starts = 0;
	norder = 0;
	most_ready = 0;
}

/* A client sends a request for "/" and a letter and its number. */
static void
ask(int i, char letter)
{
	char	 text[64];

	snprintf(text, sizeof(text), "GET /%c%02d HTTP/1.1\r\nHost: a\r\n\r\n",
	    letter, i);
	rig_send(clients[i], text);
}

/* Its answer comes. */
static void
answered(int i, char letter)
{
	char	 text[16];

	snprintf(text, sizeof(text), "/%c%02d", letter, i);
	CHECK(strstr(rig_receive(worker, clients[i], text), text) != NULL);
}

/* Everybody leaves. */
static void
end(void)
{
	int	 i;

	for (i = 0; i < nclients; i++)
		close(clients[i]);
	rig_turn(worker, 20);
	CHECK_INT(worker->busy, 0);
	CHECK_INT(worker->nready, 0);
	CHECK_INT(worker->nconns, 0);
	rig_stop(worker);
}

/* All ask for the same at once and are answered. */
static void
all_ask(char letter)
{
	int	 i;

	for (i = 0; i < nclients; i++)
		ask(i, letter);
	for (i = 0; i < nclients; i++)
		answered(i, letter);
}

TEST(core_serves_all_that_is_ready_in_one_turn)
{
	begin(async60, 10);
	all_ask('x');
	CHECK_INT(rig_starts, 1);
	CHECK_INT(most_ready, 9);
	end();
}

TEST(core_is_begun_before_too_many_are_ready)
{
	begin(async60, 32);
	all_ask('x');
	CHECK_INT(rig_starts, 2);
	CHECK_INT(most_ready, 15);
	end();
}

TEST(core_whose_stack_is_not_kept_serves_one)
{
	begin(async60, 10);
	rig_keeps_stack = false;
	all_ask('x');
	CHECK_INT(rig_starts, 10);
	end();
}

TEST(core_that_parks_gives_the_rest_to_another)
{
	int	 i;

	begin(async60, 12);
	for (i = 0; i < nclients; i++)
		ask(i, i % 4 == 1 ? 's' : 'x');
	for (i = 0; i < nclients; i++)
		if (i % 4 != 1)
			answered(i, 'x');
	CHECK_INT(rig_starts, 4);
	CHECK_INT(strlen(order), 12);
	for (i = 1; i < nclients; i += 4)
		answered(i, 's');
	end();
}

TEST(core_for_each_that_is_ready_and_a_queue_for_the_rest)
{
	int	 i;

	begin(async4, 7);
	for (i = 0; i < nclients; i++)
		ask(i, 's');
	rig_turn(worker, 5);
	CHECK_INT(worker->busy, 4);
	CHECK_INT(worker->nready, 0);
	CHECK_INT(worker->queued, 3);
	for (i = 0; i < nclients; i++)
		answered(i, 's');
	end();
}

TEST(core_takes_turns_between_pipelining_clients)
{
	int	 i;

	begin(async60, 3);
	for (i = 0; i < 40; i++)
		ask(0, 'a');
	for (i = 0; i < 3; i++)
		ask(1, 'b');
	ask(2, 'c');
	answered(2, 'c');
	CHECK_INT(strncmp(order, "abcabab", 7), 0);
	for (i = 0; i < 500 && strlen(order) < 44; i++)
		rig_turn(worker, 10);
	CHECK_INT(strlen(order), 44);
	end();
}

TEST(core_finishes_what_is_ready_while_the_worker_drains)
{
	int	 i;

	begin(async60, 10);
	for (i = 0; i < nclients; i++)
		ask(i, i == 3 ? 'd' : i == 5 ? 's' : 'x');
	for (i = 0; i < nclients; i++)
		answered(i, i == 3 ? 'd' : i == 5 ? 's' : 'x');
	for (i = 4; i < nclients; i++)
		CHECK(rig_closed(worker, clients[i]));
	for (i = 0; i < 100 && !worker->stopped; i++)
		rig_turn(worker, 50);
	CHECK(worker->stopped);
	end();
}

TEST(core_sleeps_end_in_order_and_never_early)
{
	begin(async60, 40);
	nslept = 0;
	last_until_us = 0;
	all_ask('t');
	CHECK_INT(nslept, 40);
	CHECK_INT((int)worker->timers.count, 0);
	end();
}

TEST(core_timers_of_waits_that_end_otherwise_are_forgotten)
{
	int	 i;

	begin(async60, 40);
	nslept = 0;
	last_until_us = 0;
	for (i = 0; i < nclients; i++)
		ask(i, 't');
	for (i = 0; i < 1000 && worker->busy < nclients; i++)
		event_base_loop(worker->base, EVLOOP_NONBLOCK);
	for (i = 2; i < nclients; i += 3)
		core_wake(sleeper[i], WAIT_CANCELLED);
	for (i = 0; i < nclients; i++)
		answered(i, 't');
	CHECK(nslept < 40);
	CHECK_INT((int)worker->timers.count, 0);
	end();
}

/* More are woken in each turn than it has steps, and yet others begin. */
TEST(core_begins_what_is_ready_though_many_are_woken)
{
	int	 i;

	begin(async150, MAX_CLIENTS);
	busy_on = true;
	npieces = 0;
	for (i = 1; i < nclients; i++)
		ask(i, 'w');
	for (i = 0; i < 100000 && npieces < 4 * nclients; i++)
		event_base_loop(worker->base, EVLOOP_ONCE);
	ask(0, 'e');
	answered(0, 'e');
	CHECK_INT(order[0], 'e');
	for (i = 1; i < nclients; i++)
		answered(i, 'w');
	end();
}
