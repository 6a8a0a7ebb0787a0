/* Tests worker/doorbell_watch.c: who waits looks again when the bell rings. */
#include "worker/doorbell_watch.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "shm/commons.h"
#include "shm/doorbell.h"
#include "test/unit/rig.h"
#include "test/unit/unit.h"
#include "worker/core.h"
#include "worker/job.h"
#include "worker/request.h"
#include "worker/worker.h"

#define GET	"GET / HTTP/1.1\r\nHost: a\r\n\r\n"

static const char *const async4[] = { "--async", "4", "--greenlet", NULL };

static _Atomic bool	 is_so;
static double		 timeout;
static enum wait_reason	 reason;
static uint64_t		 waited_us;
static int		 asked, done;
static struct commons	 commons;

/* What is waited for. */
static bool
asks(struct core *core)
{
	(void)core;
	asked++;
	return is_so;
}

/* Waits. */
static int
handler_wait(struct request *req)
{
	uint64_t	 start = clock_mono_us();

	reason = doorbell_wait(req->core, asks, timeout, SB_CORE_PARKED);
	waited_us = clock_mono_us() - start;
	done++;
	return response_begin(req, "204 No Content", 14) == NULL ? 0 : -1;
}

/* The same in a child of the app's, as far as waiting is concerned. */
static int
handler_wait_forked(struct request *req)
{
	int	 result;

	req->worker->forked = true;
	result = handler_wait(req);
	req->worker->forked = false;
	return result;
}

/* A worker on seat 1 of 2. */
static struct worker *
begin(bool parking, double limit)
{
	struct worker	*w = rig_start(parking, parking ? async4 : NULL);
	char		*cause = NULL;

	commons.doorbells = doorbells_new(2, &cause);
	w->commons = &commons;
	w->seat = 1;
	doorbell_watch_init(w);
	CHECK(w->doorbell.is_watched);
	is_so = false;
	timeout = limit;
	asked = done = 0;
	rig_handler = handler_wait;
	return w;
}

/* Answers, and leaves nothing behind. */
static void
end(struct worker *w, int client)
{
	CHECK(strstr(rig_receive(w, client, "\r\n\r\n"), " 204 ") != NULL);
	CHECK_INT(w->busy, 0);
	close(client);
	rig_turn(w, 10);
	doorbell_watch_done(w);
	rig_stop(w);
	doorbells_free(commons.doorbells);
}

TEST(a_parked_core_looks_when_its_own_bell_rings)
{
	struct worker	*w = begin(true, 30);
	int		 client = rig_client(w);

	rig_send(client, GET);
	rig_turn(w, 5);
	CHECK_INT(w->busy, 1);
	doorbell_ring(commons.doorbells, 1);
	rig_turn(w, 5);
	CHECK_INT(done, 0);		/* a ring is no news */
	CHECK(asked >= 2);
	is_so = true;
	doorbell_ring(commons.doorbells, 1);
	rig_turn(w, 5);
	CHECK_INT(done, 1);
	CHECK_INT(reason, WAIT_READY);
	end(w, client);
}

/* Waits as a request does. */
static void
job_wait(struct core *core, void *arg)
{
	(void)arg;
	reason = doorbell_wait(core, asks, timeout, SB_CORE_PARKED);
	done++;
}

TEST(a_job_looks_when_the_bell_rings)
{
	struct worker	*w = begin(true, 30);
	int		 client = rig_client(w);

	CHECK_INT(job_add(w, job_wait, NULL), 0);
	rig_turn(w, 5);
	CHECK_INT(done, 0);
	is_so = true;
	doorbell_ring(commons.doorbells, 1);
	rig_turn(w, 5);
	CHECK_INT(done, 1);
	CHECK_INT(reason, WAIT_READY);
	rig_send(client, GET);
	end(w, client);
}

TEST(without_a_ring_it_looks_by_itself)
{
	struct worker	*w = begin(true, 30);
	int		 client = rig_client(w);

	rig_send(client, GET);
	rig_turn(w, 5);
	is_so = true;
	doorbell_ring(commons.doorbells, 0);	/* another's */
	rig_turn(w, 5);
	CHECK_INT(done, 0);
	rig_turn(w, (int)(DOORBELL_LOOK * 1000) + 500);
	CHECK_INT(done, 1);
	CHECK_INT(reason, WAIT_READY);
	CHECK(waited_us >= (uint64_t)(DOORBELL_LOOK * 1e6));
	end(w, client);
}

/* It ends in time, and not early. */
static void
ends_in_time(bool parking)
{
	struct worker	*w = begin(parking, 0.05);
	int		 client = rig_client(w);

	rig_send(client, GET);
	rig_turn(w, 100);
	CHECK_INT(done, 1);
	CHECK_INT(reason, WAIT_TIMEOUT);
	CHECK(waited_us >= 50 * 1000);
	end(w, client);
}

/* Makes it so a little later. */
static void *
ringer(void *arg)
{
	(void)arg;
	usleep(50 * 1000);
	doorbell_ring(commons.doorbells, 1);
	usleep(50 * 1000);
	is_so = true;
	doorbell_ring(commons.doorbells, 1);
	return NULL;
}

TEST(a_timeout_ends_it)
{
	ends_in_time(true);
	ends_in_time(false);
}

TEST(without_a_suspend_engine_it_blocks)
{
	struct worker	*w = begin(false, 30);
	int		 client = rig_client(w);
	pthread_t	 thread;

	pthread_create(&thread, NULL, ringer, NULL);
	rig_send(client, GET);
	rig_turn(w, 5);
	pthread_join(thread, NULL);
	CHECK_INT(done, 1);
	CHECK_INT(reason, WAIT_READY);
	CHECK(waited_us < (uint64_t)(DOORBELL_LOOK * 1e6) - 100 * 1000);
	CHECK_INT(asked >= 3, 1);
	end(w, client);
}

TEST(a_child_of_the_apps_takes_no_ring_and_looks_often)
{
	struct worker	*w = begin(false, 30);
	int		 client = rig_client(w), null[2];
	uint64_t	 rings = 0;
	pthread_t	 thread;

	REQUIRE(pipe(null) == 0);
	commons.doorbells->fds[0] = dup(doorbell_fd(commons.doorbells, 1));
	doorbell_ring(commons.doorbells, 1);
	doorbell_watch_forked(w, null[0]);
	CHECK_INT(w->seat, -1);
	CHECK(!w->doorbell.is_watched);
	CHECK_INT(read(doorbell_fd(commons.doorbells, 0), &rings,
	    sizeof(rings)), (int)sizeof(rings));
	CHECK_INT(rings, 1);
	pthread_create(&thread, NULL, ringer, NULL);
	rig_handler = handler_wait_forked;
	rig_send(client, GET);
	rig_turn(w, 5);
	pthread_join(thread, NULL);
	CHECK_INT(done, 1);
	CHECK(waited_us < (uint64_t)(DOORBELL_LOOK * 1e6) - 100 * 1000);
	close(null[0]);
	close(null[1]);
	end(w, client);
}
