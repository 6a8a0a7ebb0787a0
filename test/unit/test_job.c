/* Tests worker/job.c: what a worker does beside its requests. */
#include "worker/job.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "shm/scoreboard.h"
#include "test/unit/rig.h"
#include "test/unit/unit.h"
#include "worker/core.h"
#include "worker/request.h"
#include "worker/response.h"
#include "worker/wait.h"
#include "worker/loop.h"
#include "worker/worker.h"

#define GET	"GET / HTTP/1.1\r\nHost: a\r\n\r\n"

static const char *const one_core[] = { "--async", "1", "--greenlet", NULL };
static const char *const two_threads[] = { "--threads", "2", NULL };
static const char *const alone[] = { NULL };
static const char *const limited[] = { "--async", "1", "--greenlet",
    "--harakiri", "0.2", NULL };

static char			 order[64];	/* what was done */
static atomic_bool		 go_on;
static enum wait_reason		 reason;
static int			 core_id, stops, waits_for;

/* Answers "ok". */
static int
handler_ok(struct request *req)
{
	strcat(order, "r");
	return response_begin(req, "200 OK", 6) == NULL ?
	    response_write_whole(req, "ok", 2) : -1;
}

/* Waits for a long time, and answers. */
static int
handler_waits(struct request *req)
{
	while (!go_on)
		wait_ms(req->core, 10);
	return handler_ok(req);
}

/* Waits for a descriptor, without another wait, and answers. */
static int
handler_waits_fd(struct request *req)
{
	(void)wait_fd(req->core, waits_for, WAIT_READ, 10);
	return handler_ok(req);
}

/* Notes its letter. */
static void
job_letter(struct core *core, void *arg)
{
	core_id = core->id;
	strcat(order, arg);
}

/* Waits until it may go on; tells why a wait has ended otherwise. */
static void
job_waits(struct core *core, void *arg)
{
	job_show(core, "waits");
	core_id = core->id;
	do
		reason = wait_ms(core, 10);
	while (reason == WAIT_READY && !go_on);
	strcat(order, arg);
}

/* Waits for a descriptor that never is ready. */
static void
job_waits_fd(struct core *core, void *arg)
{
	reason = wait_fd(core, *(int *)arg, WAIT_READ, 10);
	strcat(order, "f");
}

/* What a loop does when it shall end. */
static void
loop_stop(struct worker *w)
{
	(void)w;
	stops++;
}

static const struct loop_engine	 counting_loop = {
	.name = "counting",
	.stop = loop_stop,
};

/* A worker for a test. */
static struct worker *
start(bool parking, const char *const *options)
{
	struct worker	*w = rig_start(parking, options);

	order[0] = '\0';
	go_on = false;
	core_id = -1;
	stops = 0;
	rig_handler = handler_ok;
	return w;
}

TEST(jobs_run_in_order_on_a_core_of_their_own)
{
	struct worker	*w = start(true, one_core);

	CHECK(jobs_are_over(w));
	CHECK_INT(job_add(w, job_letter, (char *)"a"), 0);
	CHECK_INT(job_add(w, job_letter, (char *)"b"), 0);
	CHECK(!jobs_are_over(w));
	rig_turn(w, 50);
	CHECK_STR(order, "ab");
	CHECK_INT(core_id, w->ncores);
	CHECK_INT(w->busy, 0);
	CHECK(jobs_are_over(w));
	CHECK_INT(sb_get(&w->stats->jobs), 2);
	CHECK_INT(sb_get(&w->stats->requests), 0);
	rig_stop(w);
}

TEST(requests_go_on_while_a_job_waits)
{
	struct worker		*w = start(true, one_core);
	struct sb_core_view	 view;
	int			 client = rig_client(w);

	CHECK_INT(job_add(w, job_waits, (char *)"j"), 0);
	CHECK_INT(job_add(w, job_letter, (char *)"k"), 0);
	rig_turn(w, 50);
	sb_core_read(sb_job(w->sb, (uint32_t)w->slot), &view);
	CHECK_STR(view.method, "JOB");
	CHECK_STR(view.path, "waits");
	CHECK_INT(view.state, SB_CORE_SLEEP);
	rig_send(client, GET);
	CHECK(strstr(rig_receive(w, client, "ok"), "200 OK") != NULL);
	CHECK_STR(order, "r");
	go_on = true;
	rig_turn(w, 100);
	CHECK_STR(order, "rjk");
	sb_core_read(sb_job(w->sb, (uint32_t)w->slot), &view);
	CHECK_INT(view.state, SB_CORE_IDLE);
	close(client);
	rig_stop(w);
}

TEST(a_job_runs_while_all_cores_have_requests)
{
	struct worker	*w = start(true, one_core);
	int		 client = rig_client(w);

	rig_handler = handler_waits;
	rig_send(client, GET);
	rig_turn(w, 50);
	CHECK_INT(w->busy, 1);
	CHECK_INT(job_add(w, job_letter, (char *)"j"), 0);
	rig_turn(w, 50);
	CHECK_STR(order, "j");
	go_on = true;
	CHECK(strstr(rig_receive(w, client, "ok"), "200 OK") != NULL);
	close(client);
	rig_stop(w);
}

TEST(jobs_do_not_wait_for_requests_that_wait_for_a_core)
{
	struct worker	*w = start(true, one_core);
	int		 client = rig_client(w), other = rig_client(w);
	int		 fd[2];

	REQUIRE(pipe(fd) == 0);
	rig_handler = handler_waits_fd;
	waits_for = fd[0];
	rig_send(client, GET);
	rig_send(other, GET);
	rig_turn(w, 50);
	CHECK_INT(w->busy, 1);
	CHECK_INT(job_add(w, job_letter, (char *)"a"), 0);
	CHECK_INT(job_add(w, job_letter, (char *)"b"), 0);
	CHECK_INT(job_add(w, job_letter, (char *)"c"), 0);
	rig_turn(w, 50);
	CHECK_STR(order, "abc");
	CHECK_INT(write(fd[1], "x", 1), 1);
	CHECK(strstr(rig_receive(w, client, "ok"), "200 OK") != NULL);
	CHECK(strstr(rig_receive(w, other, "ok"), "200 OK") != NULL);
	close(fd[0]);
	close(fd[1]);
	close(client);
	close(other);
	rig_stop(w);
}

TEST(without_an_engine_they_run_between_requests)
{
	struct worker	*w = start(false, alone);
	int		 client = rig_client(w);

	CHECK_INT(job_add(w, job_letter, (char *)"a"), 0);
	rig_send(client, GET);
	CHECK(strstr(rig_receive(w, client, "ok"), "200 OK") != NULL);
	go_on = true;
	CHECK_INT(job_add(w, job_waits, (char *)"b"), 0);
	rig_turn(w, 50);
	CHECK(strcmp(order, "arb") == 0 || strcmp(order, "rab") == 0);
	CHECK_INT(core_id, w->ncores);
	close(client);
	rig_stop(w);
}

TEST(with_threads_they_have_one)
{
	struct worker	*w = start(false, two_threads);
	int		 client = rig_client(w), i;

	rig_handler = handler_waits;
	rig_send(client, GET);
	rig_turn(w, 50);
	CHECK_INT(job_add(w, job_waits, (char *)"j"), 0);
	rig_turn(w, 50);
	CHECK(!jobs_are_over(w));
	go_on = true;
	CHECK(strstr(rig_receive(w, client, "ok"), "200 OK") != NULL);
	for (i = 0; i < 100 && !jobs_are_over(w); i++)
		rig_turn(w, 20);
	CHECK(jobs_are_over(w));
	CHECK(strchr(order, 'j') != NULL && strchr(order, 'r') != NULL);
	close(client);
	rig_stop(w);
}

TEST(so_many_may_wait)
{
	struct worker	*w = start(true, one_core);
	int		 i;

	CHECK_INT(job_add(w, job_waits, (char *)"w"), 0);
	rig_turn(w, 20);
	for (i = 0; i < JOB_QUEUE_MAX; i++)
		REQUIRE(job_add(w, job_letter, (char *)"") == 0);
	CHECK_INT(job_add(w, job_letter, (char *)"x"), -1);
	CHECK_INT(sb_get(&w->stats->jobs_lost), 1);
	CHECK_INT(sb_get(&w->stats->jobs_queued), JOB_QUEUE_MAX);
	go_on = true;
	for (i = 0; i < 100 && !jobs_are_over(w); i++)
		rig_turn(w, 20);
	CHECK_STR(order, "w");
	CHECK_INT(sb_get(&w->stats->jobs), JOB_QUEUE_MAX + 1);
	CHECK_INT(sb_get(&w->stats->jobs_queued), 0);
	rig_stop(w);
}

TEST(a_worker_that_drains_waits_for_them)
{
	struct worker	*w = start(true, one_core);

	w->loop = &counting_loop;
	CHECK_INT(job_add(w, job_waits, (char *)"j"), 0);
	CHECK_INT(job_add(w, job_letter, (char *)"k"), 0);
	rig_turn(w, 20);
	worker_drain(w, DRAIN_OTHERS);
	rig_turn(w, 50);
	CHECK_INT(stops, 0);
	go_on = true;
	rig_turn(w, 100);
	CHECK_STR(order, "jk");
	CHECK_INT(stops, 1);
	CHECK_INT(job_add(w, job_letter, (char *)"l"), -1);
	rig_stop(w);
}

TEST(a_job_has_the_deadline_of_the_option)
{
	struct worker	*w = start(true, limited);
	int		 fd[2];

	REQUIRE(pipe(fd) == 0);
	CHECK_INT(job_add(w, job_waits_fd, &fd[0]), 0);
	rig_turn(w, 600);
	CHECK_STR(order, "f");
	CHECK_INT(reason, WAIT_HARAKIRI);
	CHECK_INT(sb_get(&w->stats->harakiris), 1);
	close(fd[0]);
	close(fd[1]);
	rig_stop(w);
}
