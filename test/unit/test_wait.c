/* Tests worker/wait.c: what ends a wait, and what it leaves behind. */
#include "worker/wait.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "test/unit/rig.h"
#include "test/unit/unit.h"
#include "worker/conn.h"
#include "worker/core.h"
#include "worker/request.h"
#include "worker/suspend.h"
#include "worker/worker.h"

#define GET	"GET / HTTP/1.1\r\nHost: a\r\n\r\n"

static const char *const async4[] = { "--async", "4", "--greenlet", NULL };

/* One wait of the handler's, and what came of it. */
static struct {
	struct wait_item	 items[1025];
	size_t			 n;
	double			 timeout;
	enum wait_reason	 reason;
	int			 error;
	int			 done;		/* waits that came back */
	uint64_t		 us;		/* how long the last took */
	uint32_t		 switches;
	struct core		*core;
	int		 status;
} it;

/* Waits, and once more when the client has left. */
static int
handler_wait_twice(struct request *req)
{
	it.core = req->core;
	it.reason = wait_set(req->core, it.items, it.n, it.timeout);
	it.done = 1;
	if (it.reason != WAIT_GONE)
		return -1;
	it.reason = wait_ms(req->core, 20);
	it.done = 2;
	response_abandon(req);
	it.status = req->resp.status;
	return 0;
}

/* Waits as the test has said. */
static int
handler_wait(struct request *req)
{
	uint64_t	 start = clock_mono_us();

	it.core = req->core;
	it.reason = wait_set(req->core, it.items, it.n, it.timeout);
	it.error = errno;
	it.us = clock_mono_us() - start;
	it.switches = req->core->switches;
	it.done++;
	return response_begin(req, "204 No Content", 14) == NULL ? 0 : -1;
}

/* A worker and a client whose request waits; turns a little. */
static struct worker	*worker;
static int		 client;

static void
begin(bool parking, int fd, short events, double timeout)
{
	memset(&it, 0, sizeof(it));
	it.items[0].fd = fd;
	it.items[0].events = events;
	it.n = 1;
	it.timeout = timeout;
	rig_handler = handler_wait;
	worker = rig_start(parking, parking ? async4 : NULL);
	client = rig_client(worker);
}

/* The client's request comes. */
static void
request(int ms)
{
	rig_send(client, GET);
	rig_turn(worker, ms);
}

/* Only the connection's event, the timerfd and two timers are left. */
static void
end(void)
{
	const char	*got = rig_receive(worker, client, "\r\n\r\n");

	CHECK(strstr(got, " 204 ") != NULL);
	CHECK_INT(worker->busy, 0);
	CHECK_INT(event_base_get_num_events(worker->base,
	    EVENT_BASE_COUNT_ADDED | EVENT_BASE_COUNT_ACTIVE), 4);
	close(client);
	rig_turn(worker, 10);
	CHECK_INT(worker->nconns, 0);
	rig_stop(worker);
}

/* Two connected sockets, or a pipe. */
static void
pair_new(int pair[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == -1)
		CHECK(false);
}

static void
pair_close(int pair[2])
{
	close(pair[0]);
	close(pair[1]);
}

TEST(wait_for_what_is_ready_already)
{
	int	 pair[2], i;

	pair_new(pair);
	for (i = 0; i < 2; i++) {
		begin(i == 1, pair[0], WAIT_READ | WAIT_WRITE, 1);
		request(20);
		CHECK_INT(it.done, 1);
		CHECK_INT(it.reason, WAIT_READY);
		CHECK_INT(it.items[0].ready, WAIT_WRITE);
		end();
	}
	pair_close(pair);
}

TEST(wait_for_both_directions_of_one_descriptor)
{
	int	 pair[2], i;

	pair_new(pair);
	CHECK_INT(write(pair[1], "x", 1), 1);
	for (i = 0; i < 2; i++) {
		begin(i == 1, pair[0], WAIT_READ | WAIT_WRITE, 1);
		request(20);
		CHECK_INT(it.reason, WAIT_READY);
		CHECK_INT(it.items[0].ready, WAIT_READ | WAIT_WRITE);
		end();
	}
	pair_close(pair);
}

TEST(wait_for_what_comes_later)
{
	int	 pair[2];

	pair_new(pair);
	begin(true, pair[0], WAIT_READ, -1);
	request(30);
	CHECK_INT(it.done, 0);
	CHECK_INT(it.core->state, CORE_WAITING);
	CHECK_INT(write(pair[1], "x", 1), 1);
	rig_turn(worker, 20);
	CHECK_INT(it.done, 1);
	CHECK_INT(it.reason, WAIT_READY);
	CHECK_INT(it.items[0].ready, WAIT_READ);
	CHECK_INT(it.switches, 1);
	end();
	pair_close(pair);
}

TEST(wait_times_out)
{
	int	 pair[2], i;

	pair_new(pair);
	for (i = 0; i < 2; i++) {
		begin(i == 1, pair[0], WAIT_READ, 0.1);
		request(200);
		CHECK_INT(it.done, 1);
		CHECK_INT(it.reason, WAIT_TIMEOUT);
		CHECK_INT(it.items[0].ready, 0);
		CHECK(it.us > 95000 && it.us < 180000);
		end();
	}
	pair_close(pair);
}

TEST(wait_of_zero_looks_once_and_does_not_park)
{
	int	 pair[2], i;

	pair_new(pair);
	for (i = 0; i < 4; i++) {
		begin(i % 2 == 1, pair[0], WAIT_READ, 0);
		request(20);
		CHECK_INT(it.done, 1);
		CHECK_INT(it.reason, i < 2 ? WAIT_TIMEOUT : WAIT_READY);
		CHECK_INT(it.items[0].ready, i < 2 ? 0 : WAIT_READ);
		CHECK_INT(it.switches, 0);
		end();
		if (i == 1)
			CHECK_INT(write(pair[1], "x", 1), 1);
	}
	pair_close(pair);
}

TEST(wait_on_a_closed_descriptor_is_an_error)
{
	int	 i;

	for (i = 0; i < 4; i++) {
		begin(i % 2 == 1, 987, WAIT_READ, i < 2 ? 0.2 : 0);
		request(20);
		CHECK_INT(it.done, 1);
		CHECK_INT(it.reason, WAIT_ERROR);
		CHECK_INT(it.error, EBADF);
		end();
	}
}

/* The fileno() of a closed socket object. */
TEST(wait_on_descriptor_minus_one_is_an_error)
{
	int	 i;

	for (i = 0; i < 4; i++) {
		begin(i % 2 == 1, -1, WAIT_READ, i < 2 ? 0.05 : 0);
		request(20);
		CHECK_INT(it.done, 1);
		CHECK_INT(it.reason, WAIT_ERROR);
		CHECK_INT(it.error, EBADF);
		rig_turn(worker, 50);
		end();
	}
}

/* Otherwise it would wait for ever. */
TEST(wait_for_no_event_is_an_error)
{
	int	 pair[2], i;

	pair_new(pair);
	for (i = 0; i < 2; i++) {
		begin(i == 1, pair[0], 0, 0.05);
		request(20);
		CHECK_INT(it.reason, WAIT_ERROR);
		CHECK_INT(it.error, EINVAL);
		rig_turn(worker, 50);
		end();
	}
	pair_close(pair);
}

TEST(wait_on_a_regular_file_is_over_at_once)
{
	int	 fd = memfd_create("test", MFD_CLOEXEC), i;

	for (i = 0; i < 2; i++) {
		begin(i == 1, fd, WAIT_READ, 5);
		request(20);
		CHECK_INT(it.done, 1);
		CHECK_INT(it.reason, WAIT_READY);
		CHECK_INT(it.items[0].ready, WAIT_READ);
		end();
	}
	close(fd);
}

TEST(wait_on_a_file_among_sockets_is_over_at_once)
{
	int	 fd = memfd_create("test", MFD_CLOEXEC), pair[2];

	pair_new(pair);
	begin(true, pair[0], WAIT_READ, 5);
	it.items[1] = (struct wait_item){ .fd = fd, .events = WAIT_READ };
	it.items[2] = (struct wait_item){ .fd = pair[1],
	    .events = WAIT_READ };
	it.n = 3;
	request(20);
	CHECK_INT(it.reason, WAIT_READY);
	CHECK_INT(it.items[1].ready, WAIT_READ);
	end();
	close(fd);
	pair_close(pair);
}

TEST(wait_with_one_bad_descriptor_leaves_no_watch)
{
	int	 pair[2];

	pair_new(pair);
	begin(true, pair[0], WAIT_READ, 5);
	it.items[1] = (struct wait_item){ .fd = 987, .events = WAIT_READ };
	it.items[2] = (struct wait_item){ .fd = pair[1],
	    .events = WAIT_READ };
	it.n = 3;
	request(20);
	CHECK_INT(it.reason, WAIT_ERROR);
	CHECK_INT(it.error, EBADF);
	end();
	pair_close(pair);
}

TEST(wait_for_any_of_many)
{
	int	 pairs[64][2], i, k;

	for (i = 0; i < 64; i++)
		pair_new(pairs[i]);
	for (k = 0; k < 64; k += 21) {
		begin(true, -1, 0, 5);
		for (i = 0; i < 64; i++)
			it.items[i] = (struct wait_item){
			    .fd = pairs[i][0], .events = WAIT_READ };
		it.n = 64;
		request(10);
		CHECK_INT(it.done, 0);
		CHECK_INT(write(pairs[k][1], "x", 1), 1);
		rig_turn(worker, 10);
		CHECK_INT(it.reason, WAIT_READY);
		for (i = 0; i < 64; i++)
			CHECK_INT(it.items[i].ready, i == k ? WAIT_READ : 0);
		/* And then one on the same core, with the same memory. */
		it.n = 1;
		it.items[0] = (struct wait_item){ .fd = pairs[k][0],
		    .events = WAIT_READ };
		rig_send(client, GET);
		rig_turn(worker, 10);
		CHECK_INT(it.done, 2);
		CHECK_INT(it.reason, WAIT_READY);
		end();
		pair_close(pairs[k]);
		pair_new(pairs[k]);
	}
	for (i = 0; i < 64; i++)
		pair_close(pairs[i]);
}

TEST(wait_for_too_many_is_an_error)
{
	int	 i;

	for (i = 0; i < 2; i++) {
		begin(i == 1, 0, WAIT_READ, 5);
		it.n = 1025;
		request(10);
		CHECK_INT(it.reason, WAIT_ERROR);
		CHECK_INT(it.error, EINVAL);
		end();
	}
}

TEST(wait_with_one_descriptor_twice)
{
	int	 pair[2];

	pair_new(pair);
	CHECK_INT(write(pair[1], "x", 1), 1);
	begin(true, pair[0], WAIT_READ, 5);
	it.items[1] = (struct wait_item){ .fd = pair[0],
	    .events = WAIT_WRITE };
	it.n = 2;
	request(20);
	CHECK_INT(it.reason, WAIT_READY);
	CHECK(it.items[0].ready == WAIT_READ ||
	    it.items[1].ready == WAIT_WRITE);
	end();
	pair_close(pair);
}

TEST(wait_ends_when_the_other_side_leaves)
{
	int	 pair[2], pipes[2], i;

	for (i = 0; i < 3; i++) {
		pair_new(pair);
		begin(true, pair[0], i == 0 ? WAIT_READ : WAIT_WRITE, 5);
		if (i == 1) {	/* full, so that only the end wakes it */
			while (write(pair[0], GET, sizeof(GET)) > 0)
				;
		} else if (i == 2 && pipe(pipes) == 0) {
			it.items[0].fd = pipes[1];
			close(pipes[0]);
		}
		request(10);
		CHECK_INT(it.done, i == 2);
		close(pair[1]);
		rig_turn(worker, 10);
		CHECK_INT(it.done, 1);
		CHECK_INT(it.reason, WAIT_READY);
		CHECK_INT(it.items[0].ready, it.items[0].events);
		end();
		close(pair[0]);
		if (i == 2)
			close(pipes[1]);
	}
}

TEST(wait_again_on_a_number_that_was_used_before)
{
	int	 pair[2], again[2];

	pair_new(pair);
	begin(true, pair[0], WAIT_READ, 0.02);
	request(50);
	CHECK_INT(it.reason, WAIT_TIMEOUT);
	pair_close(pair);
	pair_new(again);
	CHECK_INT(again[0], pair[0]);
	it.timeout = 5;
	request(10);
	CHECK_INT(write(again[1], "x", 1), 1);
	rig_turn(worker, 10);
	CHECK_INT(it.done, 2);
	CHECK_INT(it.reason, WAIT_READY);
	end();
	pair_close(again);
}

TEST(wait_is_cancelled_by_core_wake)
{
	begin(true, -1, 0, -1);
	it.n = 0;
	request(20);
	CHECK_INT(it.done, 0);
	core_wake(it.core, WAIT_CANCELLED);
	core_wake(it.core, WAIT_READY);		/* it is due already */
	CHECK_INT(it.core->state, CORE_WOKEN);
	CHECK_INT(it.done, 0);
	rig_turn(worker, 10);
	CHECK_INT(it.done, 1);
	CHECK_INT(it.reason, WAIT_CANCELLED);
	core_wake(it.core, WAIT_CANCELLED);	/* it is idle: no effect */
	CHECK_INT(it.core->state, CORE_IDLE);
	end();
}

TEST(wait_counts_the_first_of_two_reasons)
{
	int	 pair[2];

	pair_new(pair);
	begin(true, pair[0], WAIT_READ, 0.05);
	request(10);
	CHECK_INT(write(pair[1], "x", 1), 1);
	core_wake(it.core, WAIT_CANCELLED);
	usleep(60000);			/* and late as well */
	rig_turn(worker, 10);
	CHECK_INT(it.done, 1);
	CHECK_INT(it.reason, WAIT_CANCELLED);
	end();
	pair_close(pair);
}

/* Engines whose park comes back without resume: somebody threw. */
static void
park_thrown(struct core *core)
{
	(void)core;
}

static void
park_thrown_while_due(struct core *core)
{
	core_wake(core, WAIT_READY);
}

TEST(wait_ends_when_something_is_thrown)
{
	struct suspend_engine	 engine;
	int			 pair[2], i;

	pair_new(pair);
	for (i = 0; i < 2; i++) {
		begin(true, pair[0], WAIT_READ, 5);
		engine = *worker->suspend;
		engine.park = i == 0 ? park_thrown : park_thrown_while_due;
		worker->suspend = &engine;
		request(20);
		CHECK_INT(it.done, 1);
		CHECK_INT(it.reason, WAIT_CANCELLED);
		CHECK(TAILQ_EMPTY(&worker->woken));
		end();
	}
	pair_close(pair);
}

/* Works so long without a wait, then sleeps. */
static int
handler_busy(struct request *req)
{
	uint64_t	 start = clock_mono_us();

	while (clock_mono_us() - start < 150000)
		;
	return handler_wait(req);
}

/* libevent's idea of now is that of the turn's begin. */
TEST(wait_is_not_shorter_after_hard_work)
{
	int	 pair[2];

	pair_new(pair);
	begin(true, pair[0], WAIT_READ, 0.1);
	rig_handler = handler_busy;
	request(300);
	CHECK_INT(it.reason, WAIT_TIMEOUT);
	CHECK(it.us > 95000);
	end();
	pair_close(pair);
}

/* Sleeps as long as the path says; notes the order. */
static char	 order[64];
static int
handler_sleep(struct request *req)
{
	char	 c = req->path[1];

	CHECK_INT(wait_ms(req->core, (c - '0') * 20), WAIT_READY);
	order[strlen(order)] = c;
	return response_begin(req, "204 No Content", 14) == NULL ? 0 : -1;
}

TEST(wait_sleeps_of_cores_do_not_disturb_each_other)
{
	struct worker	*w = rig_start(true, async4);
	int		 clients[4], i;
	char		 text[] = "GET /0 HTTP/1.1\r\nHost: a\r\n\r\n";

	memset(order, 0, sizeof(order));
	rig_handler = handler_sleep;
	for (i = 0; i < 4; i++) {
		clients[i] = rig_client(w);
		text[5] = "3142"[i];
		rig_send(clients[i], text);
	}
	rig_turn(w, 200);
	CHECK_STR(order, "1234");
	for (i = 0; i < 4; i++)
		close(clients[i]);
	rig_turn(w, 10);
	rig_stop(w);
}

/* Gives way after each letter. */
static int
handler_turns(struct request *req)
{
	int	 i;

	for (i = 0; i < 3; i++) {
		order[strlen(order)] = (char)('a' + req->core->id);
		CHECK_INT(wait_turn(req->core), WAIT_READY);
	}
	return response_begin(req, "204 No Content", 14) == NULL ? 0 : -1;
}

TEST(wait_turn_lets_others_run)
{
	struct worker	*w = rig_start(true, async4);
	int		 clients[2], i;

	memset(order, 0, sizeof(order));
	rig_handler = handler_turns;
	for (i = 0; i < 2; i++) {
		clients[i] = rig_client(w);
		rig_send(clients[i], GET);
	}
	rig_turn(w, 30);
	CHECK_STR(order, "ababab");
	for (i = 0; i < 2; i++)
		close(clients[i]);
	rig_turn(w, 10);
	rig_stop(w);
}

/* Sleeps without anything that could park. */
static int
handler_nap(struct request *req)
{
	uint64_t	 start = clock_mono_us();

	CHECK_INT(wait_turn(req->core), WAIT_READY);
	CHECK_INT(wait_ms(req->core, 30), WAIT_READY);
	CHECK_INT(wait_ms(req->core, 0), WAIT_READY);
	CHECK_INT(wait_ms(req->core, -5), WAIT_READY);
	it.us = clock_mono_us() - start;
	return response_begin(req, "204 No Content", 14) == NULL ? 0 : -1;
}

TEST(wait_sleeps_with_and_without_an_engine)
{
	int	 i;

	for (i = 0; i < 2; i++) {
		begin(i == 1, -1, 0, 0);
		rig_handler = handler_nap;
		request(60);
		CHECK(it.us > 25000 && it.us < 60000);
		end();
	}
}

TEST(wait_for_the_client_sees_it_leave)
{
	begin(true, -1, WAIT_READ, 5);
	it.n = 0;
	request(10);
	CHECK_INT(it.done, 0);
	close(client);			/* while the core sleeps */
	rig_turn(worker, 20);
	CHECK_INT(it.done, 0);
	CHECK_INT(worker->nconns, 1);
	core_wake(it.core, WAIT_READY);
	rig_turn(worker, 20);
	CHECK_INT(it.done, 1);
	CHECK_INT(worker->nconns, 0);
	CHECK_INT(worker->busy, 0);
	rig_stop(worker);
}

TEST(wait_on_a_descriptor_that_is_closed_meanwhile)
{
	int	 pair[2];

	pair_new(pair);
	begin(true, pair[0], WAIT_READ, -1);
	request(10);
	CHECK_INT(it.done, 0);
	pair_close(pair);
	watch_check(worker);		/* the tick's */
	rig_turn(worker, 10);
	CHECK_INT(it.done, 1);
	CHECK_INT(it.reason, WAIT_ERROR);
	CHECK_INT(it.error, EBADF);
	end();
}

TEST(wait_on_a_closed_descriptor_does_not_spoil_its_number)
{
	int	 pair[2], other;

	pair_new(pair);
	begin(true, pair[0], WAIT_READ, -1);
	request(10);
	pair_close(pair);
	/* The next connection has the number. */
	other = rig_client(worker);
	CHECK_INT(it.done, 1);
	CHECK_INT(it.reason, WAIT_ERROR);
	CHECK_INT(it.error, EBADF);
	it.items[0].fd = -1;
	rig_send(other, GET);
	CHECK(strstr(rig_receive(worker, other, "\r\n\r\n"), " 204 ") !=
	    NULL);
	close(other);
	rig_turn(worker, 10);
	end();
}

/* Two requests wait for one descriptor; what the first one hears. */
static struct {
	int		 fd;
	int		 begun;
	enum wait_reason reason[2];
	int		 error[2];
} two;

static int
handler_two(struct request *req)
{
	int	 i = two.begun++;

	two.reason[i] = WAIT_CANCELLED;
	two.reason[i] = wait_fd(req->core, two.fd, WAIT_READ, -1);
	two.error[i] = errno;
	return response_begin(req, "204 No Content", 14) == NULL ? 0 : -1;
}

/* Begins both, with a close and a new file of the same number between. */
static void
two_begin(int pair[2], int clients[2], bool again)
{
	memset(&two, 0, sizeof(two));
	rig_handler = handler_two;
	worker = rig_start(true, async4);
	clients[0] = rig_client(worker);
	clients[1] = rig_client(worker);
	pair_new(pair);
	two.fd = pair[0];
	rig_send(clients[0], GET);
	rig_turn(worker, 10);
	if (again) {
		pair_close(pair);
		pair_new(pair);
		CHECK_INT(pair[0], two.fd);
	}
	rig_send(clients[1], GET);
	rig_turn(worker, 10);
}

/* Both are answered. */
static void
two_end(int pair[2], int clients[2])
{
	int	 i;

	for (i = 0; i < 2; i++) {
		CHECK(strstr(rig_receive(worker, clients[i], "\r\n\r\n"),
		    " 204 ") != NULL);
		close(clients[i]);
	}
	rig_turn(worker, 10);
	rig_stop(worker);
	pair_close(pair);
}

TEST(wait_of_two_cores_for_one_descriptor)
{
	int	 pair[2], clients[2];

	two_begin(pair, clients, false);
	CHECK_INT(write(pair[1], "x", 1), 1);
	rig_turn(worker, 10);
	CHECK_INT(two.reason[0], WAIT_READY);
	CHECK_INT(two.reason[1], WAIT_READY);
	two_end(pair, clients);
}

TEST(wait_of_two_cores_for_two_files_of_one_number)
{
	int	 pair[2], clients[2];

	two_begin(pair, clients, true);
	CHECK_INT(two.reason[0], WAIT_ERROR);
	CHECK_INT(two.error[0], EBADF);
	CHECK_INT(two.reason[1], WAIT_CANCELLED);
	CHECK_INT(write(pair[1], "x", 1), 1);
	rig_turn(worker, 10);
	CHECK_INT(two.reason[1], WAIT_READY);
	two_end(pair, clients);
}

static const char *const gone_reset[] = { "--async", "4", "--greenlet",
    "--client-gone", "reset", NULL };
static const char *const gone_close[] = { "--async", "4", "--greenlet",
    "--client-gone", "close", NULL };

/* A request waits for a descriptor that nothing comes of. */
static void
begin_gone(bool parking, const char *const *options, int fd)
{
	memset(&it, 0, sizeof(it));
	it.items[0] = (struct wait_item){ .fd = fd, .events = WAIT_READ };
	it.n = 1;
	it.timeout = 3;
	rig_handler = handler_wait_twice;
	worker = rig_start(parking, parking ? options : options + 3);
	client = rig_client(worker);
}

/* The request was told once, and everything is over. */
static void
end_gone(void)
{
	rig_turn(worker, 100);
	CHECK_INT(it.done, 2);
	CHECK_INT(it.reason, WAIT_READY);
	CHECK_INT(it.status, 499);
	CHECK_INT(worker->busy, 0);
	rig_turn(worker, 20);
	close(client);
	rig_turn(worker, 20);
	CHECK_INT(worker->nconns, 0);
	rig_stop(worker);
}

TEST(wait_ends_when_the_client_leaves)
{
	int	 pair[2], i;

	pair_new(pair);
	for (i = 0; i < 2; i++) {
		begin_gone(true, i == 0 ? gone_reset : gone_close, pair[0]);
		request(20);
		CHECK_INT(it.done, 0);
		shutdown(client, SHUT_RDWR);
		end_gone();
	}
	pair_close(pair);
}

TEST(a_client_that_had_left_before_gets_no_core)
{
	int	 pair[2], i;

	pair_new(pair);
	for (i = 0; i < 2; i++) {
		begin_gone(i == 1, gone_reset, pair[0]);
		rig_send(client, GET);
		close(client);
		rig_turn(worker, 50);
		CHECK_INT(it.done, 0);
		CHECK_INT(worker->nconns, 0);
		rig_stop(worker);
	}
	pair_close(pair);
}

TEST(wait_goes_on_when_the_client_only_stops_sending)
{
	int	 pair[2];

	pair_new(pair);
	begin_gone(true, gone_reset, pair[0]);
	request(20);
	shutdown(client, SHUT_WR);
	rig_turn(worker, 50);
	CHECK_INT(it.done, 0);
	shutdown(client, SHUT_RD);	/* and then it leaves */
	end_gone();
	pair_close(pair);
}

TEST(wait_ends_when_the_client_stops_sending_if_that_counts)
{
	int	 pair[2];

	pair_new(pair);
	begin_gone(true, gone_close, pair[0]);
	request(20);
	shutdown(client, SHUT_WR);
	end_gone();
	pair_close(pair);
}

TEST(wait_does_not_end_when_nobody_wants_to_know)
{
	int	 pair[2];

	pair_new(pair);
	begin(true, pair[0], WAIT_READ, 0.1);
	request(20);
	shutdown(client, SHUT_RDWR);
	CHECK_INT(worker->gone_fd, -1);
	rig_turn(worker, 150);
	CHECK_INT(it.reason, WAIT_TIMEOUT);
	close(client);
	rig_turn(worker, 20);
	rig_stop(worker);
	pair_close(pair);
}

TEST(a_queued_client_that_has_left_gets_no_core)
{
	int	 pair[2], clients[5], i;

	pair_new(pair);
	begin(true, pair[0], WAIT_READ, 5);
	close(client);
	rig_turn(worker, 20);
	rig_stop(worker);
	it.done = 0;
	worker = rig_start(true, gone_close);
	for (i = 0; i < 5; i++) {
		clients[i] = rig_client(worker);
		rig_send(clients[i], GET);
		rig_turn(worker, 10);
	}
	CHECK_INT((int)worker->queued, 1);
	close(clients[4]);
	CHECK_INT(write(pair[1], "x", 1), 1);
	rig_turn(worker, 50);
	CHECK_INT(it.done, 4);
	CHECK_INT((int)worker->queued, 0);
	for (i = 0; i < 4; i++)
		close(clients[i]);
	rig_turn(worker, 20);
	CHECK_INT(worker->nconns, 0);
	rig_stop(worker);
	pair_close(pair);
}

/* What wait_until is told. */
static bool	 has_come;

static bool
asks(struct core *core)
{
	(void)core;
	return has_come;
}

/* Holds a piece that the full socket does not take, and waits. */
static int
handler_pushes_and_waits(struct request *req)
{
	char	 piece[4096];
	int	 fd = req->conn->fd;

	memset(piece, 'x', sizeof(piece));
	if (response_begin(req, "200 OK", 6) != NULL)
		return -1;
	it.core = req->core;
	while (send(fd, piece, sizeof(piece), MSG_DONTWAIT) > 0)
		;
	if (response_stream(req, piece, sizeof(piece)) == -1)
		return -1;
	it.done = 1;
	it.reason = wait_until(req->core, asks, 10, SB_CORE_PARKED);
	it.done = 2;
	return 0;
}

TEST(wait_until_waits_for_it_after_it_has_waited_for_the_client)
{
	char	 buf[65536];

	worker = rig_start(true, async4);
	memset(&it, 0, sizeof(it));
	has_come = false;
	rig_handler = handler_pushes_and_waits;
	client = rig_client(worker);
	rig_send(client, GET);
	rig_turn(worker, 50);
	CHECK_INT(it.done, 1);
	CHECK(it.core->until == NULL);		/* the client is full */
	do {
		rig_turn(worker, 5);
	} while (recv(client, buf, sizeof(buf), MSG_DONTWAIT) > 0);
	rig_turn(worker, 20);
	CHECK_INT(it.done, 1);
	REQUIRE(it.core->until == asks);
	has_come = true;
	core_wake(it.core, WAIT_READY);
	rig_turn(worker, 20);
	CHECK_INT(it.done, 2);
	CHECK_INT(it.reason, WAIT_READY);
	close(client);
	rig_turn(worker, 20);
	rig_stop(worker);
}
