/* Tests worker/harakiri*.c: limits by path, and what is told when. */
#include "worker/harakiri.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strlist.h"
#include "shm/scoreboard.h"
#include "test/unit/rig.h"
#include "test/unit/unit.h"
#include "worker/core.h"
#include "worker/request.h"
#include "worker/wait.h"
#include "worker/worker.h"

static const char *const none[] = { NULL };
static const char *const limited[] = { "--async", "40", "--greenlet",
    "--harakiri", "0.2", "--harakiri-path", "/long=60", "--harakiri-path",
    "/free=0", "--harakiri-path", "/free/not=0.2",
    "--harakiri-graceful-timeout", "0.2", NULL };
static const char *const alone[] = { "--harakiri", "0.2",
    "--harakiri-graceful-timeout", "0.2", NULL };
static const char *const unlimited[] = { "--async", "4", "--greenlet", NULL };

#define WAITS	4

/* What came of a request's waits, one after the other. */
static struct {
	double			 user;		/* set first, if not 0 */
	double			 then;		/* set behind the first wait */
	int			 want;		/* waits */
	int			 done;
	enum wait_reason	 reason[WAITS];
	uint64_t		 us[WAITS];	/* how long each took */
	struct core		*core;		/* while its worker is there */
	uint32_t		 told;		/* at the end */
	bool			 is_late;	/* the same */
	uint64_t		 start_us;
} it;
static int	 nlate;			/* requests that were told */

/* Waits so often, however that ends. */
static int
handler(struct request *req)
{
	struct core	*core = req->core;
	uint64_t	 start;

	it.core = core;
	it.start_us = req->start_us;
	if (it.user != 0)
		harakiri_set_user(core, it.user);
	while (it.done < it.want) {
		start = clock_mono_us();
		it.reason[it.done] = wait_ms(core, 800);
		it.us[it.done++] = clock_mono_us() - start;
		if (it.then != 0)
			harakiri_set_user(core, it.then);
	}
	it.told = core->harakiri.told;
	it.is_late = core->harakiri.is_late;
	return response_begin(req, "204 No Content", 14) == NULL ? 0 : -1;
}

/* Waits once, as many others do. */
static int
handler_crowd(struct request *req)
{
	if (wait_ms(req->core, 5000) == WAIT_HARAKIRI)
		nlate++;
	return response_begin(req, "204 No Content", 14) == NULL ? 0 : -1;
}

/* A request for this path; its waits are over when this returns. */
static void
ask(const char *const *options, const char *path, double user, double then,
    int want)
{
	char		 text[128];
	struct worker	*w;
	int		 client;

	memset(&it, 0, sizeof(it));
	it.user = user;
	it.then = then;
	it.want = want;
	rig_handler = handler;
	w = rig_start(options != alone, options);
	client = rig_client(w);
	snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n",
	    path);
	rig_send(client, text);
	CHECK(strstr(rig_receive(w, client, "\r\n\r\n"), " 204 ") != NULL);
	CHECK_INT(it.done, want);
	CHECK_INT(sb_get(&it.core->sb->deadline_us), 0);
	CHECK_INT(w->busy, 0);
	close(client);
	rig_turn(w, 10);
	rig_stop(w);
}

/* The limit that a list of options gives a path. */
static uint64_t
limit_of(const struct harakiri_paths *paths, const char *path)
{
	return harakiri_paths_find(paths, path, strlen(path), 7);
}

TEST(the_longest_prefix_wins)
{
	struct strlist		 list = { 0 };
	struct harakiri_paths	 paths;

	strlist_add(&list, "/a=1");
	strlist_add(&list, "/a/b/=0.5");
	strlist_add(&list, "/a/b/c=0");
	strlist_add(&list, "/x=2");
	harakiri_paths_init(&paths, &list);
	CHECK_INT(limit_of(&paths, "/"), 7);
	CHECK_INT(limit_of(&paths, ""), 7);
	CHECK_INT(limit_of(&paths, "/a"), 1000000);
	CHECK_INT(limit_of(&paths, "/a/"), 1000000);
	CHECK_INT(limit_of(&paths, "/ab"), 7);
	CHECK_INT(limit_of(&paths, "/a/bc"), 1000000);
	CHECK_INT(limit_of(&paths, "/a/b"), 500000);
	CHECK_INT(limit_of(&paths, "/a/b/x"), 500000);
	CHECK_INT(limit_of(&paths, "/a/b/c/d"), 0);
	CHECK_INT(limit_of(&paths, "/x/a/b/c"), 2000000);
	harakiri_paths_done(&paths);
	strlist_done(&list);
}

TEST(the_root_is_a_prefix_of_all)
{
	struct strlist		 list = { 0 };
	struct harakiri_paths	 paths;

	strlist_add(&list, "/=1");
	strlist_add(&list, "/a=2");
	harakiri_paths_init(&paths, &list);
	CHECK_INT(limit_of(&paths, ""), 1000000);
	CHECK_INT(limit_of(&paths, "/b"), 1000000);
	CHECK_INT(limit_of(&paths, "/a"), 2000000);
	harakiri_paths_done(&paths);
	harakiri_paths_init(&paths, &(struct strlist){ 0 });
	CHECK_INT(limit_of(&paths, "/a"), 7);
	harakiri_paths_done(&paths);
	strlist_done(&list);
}

TEST(a_wait_ends_at_the_deadline_and_again_after_the_grace)
{
	const char *const	*options[] = { limited, alone };
	int			 i, j;

	for (i = 0; i < 2; i++) {
		ask(options[i], "/", 0, 0, 3);
		for (j = 0; j < 3; j++) {
			CHECK_INT(it.reason[j], WAIT_HARAKIRI);
			CHECK(it.us[j] >= 150000 && it.us[j] < 1500000);
		}
		CHECK(it.is_late);
	}
}

TEST(a_path_has_its_own_limit)
{
	ask(limited, "/free/not", 0, 0, 1);
	CHECK_INT(it.reason[0], WAIT_HARAKIRI);
	ask(limited, "/free/n%6ft", 0, 0, 1);
	CHECK_INT(it.reason[0], WAIT_HARAKIRI);
	ask(limited, "/free/nothing", 0, 0, 1);
	CHECK_INT(it.reason[0], WAIT_READY);
}

TEST(the_app_s_own_deadline_is_one_more)
{
	/* The earlier one counts, and only that is cleared. */
	ask(unlimited, "/", 0.1, -1, 2);
	CHECK_INT(it.reason[0], WAIT_HARAKIRI);
	CHECK(it.us[0] >= 90000 && it.us[0] < 1500000);
	CHECK_INT(it.reason[1], WAIT_READY);
	CHECK_INT(it.told, 0);
	ask(limited, "/", 50, -1, 2);
	CHECK_INT(it.reason[0], WAIT_HARAKIRI);
	CHECK_INT(it.reason[1], WAIT_HARAKIRI);
	CHECK(it.us[1] >= 150000);
	ask(limited, "/long", 0.1, 0.1, 2);
	CHECK_INT(it.reason[0], WAIT_HARAKIRI);
	CHECK_INT(it.reason[1], WAIT_HARAKIRI);
	CHECK(it.us[1] >= 90000);
}

TEST(the_deadline_is_in_shared_memory)
{
	struct worker	*w;
	int		 client;

	memset(&it, 0, sizeof(it));
	it.want = 1;
	rig_handler = handler;
	w = rig_start(true, limited);
	client = rig_client(w);
	rig_send(client, "GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
	rig_turn(w, 20);
	REQUIRE(it.core != NULL);
	CHECK_INT(sb_get(&it.core->sb->deadline_us), it.start_us + 60000000);
	harakiri_set_user(it.core, 30);
	CHECK(sb_get(&it.core->sb->deadline_us) < it.start_us + 40000000);
	harakiri_set_user(it.core, 90);
	CHECK_INT(sb_get(&it.core->sb->deadline_us), it.start_us + 60000000);
	harakiri_set_user(it.core, 0.05);
	rig_receive(w, client, "\r\n\r\n");
	CHECK_INT(it.reason[0], WAIT_HARAKIRI);
	CHECK_INT(sb_get(&it.core->sb->deadline_us), 0);
	CHECK_INT(sb_get(&w->stats->harakiris), 1);
	close(client);
	rig_turn(w, 10);
	rig_stop(w);
}

TEST(one_that_is_due_already_is_told)
{
	struct worker	*w;
	int		 client;

	memset(&it, 0, sizeof(it));
	it.want = 1;
	rig_handler = handler;
	w = rig_start(true, limited);
	client = rig_client(w);
	rig_send(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	rig_turn(w, 20);
	REQUIRE(it.core != NULL);
	w->working = true;	/* woken, and not resumed yet */
	core_wake(it.core, WAIT_READY);
	CHECK_INT(it.core->state, CORE_WOKEN);
	rig_turn(w, 300);
	CHECK_INT(it.core->state, CORE_WOKEN);
	CHECK_INT(it.core->woken, WAIT_HARAKIRI);
	w->working = false;
	rig_receive(w, client, "\r\n\r\n");
	CHECK_INT(it.reason[0], WAIT_HARAKIRI);
	close(client);
	rig_turn(w, 10);
	rig_stop(w);
}

TEST(a_crowd_is_told_batch_by_batch)
{
	struct worker	*w;
	int		 clients[40], i;

	nlate = 0;
	rig_handler = handler_crowd;
	w = rig_start(true, limited);
	for (i = 0; i < 40; i++) {
		clients[i] = rig_client(w);
		rig_send(clients[i], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	}
	rig_turn(w, 30);
	CHECK_INT(w->busy, 40);
	for (i = 0; i < 40; i++)
		rig_receive(w, clients[i], "\r\n\r\n");
	CHECK_INT(nlate, 40);
	CHECK_INT(sb_get(&w->stats->harakiris), 40);
	for (i = 0; i < 40; i++)
		close(clients[i]);
	rig_turn(w, 20);
	rig_stop(w);
}

TEST(without_limits_nothing_is_armed)
{
	struct worker	*w;
	int		 client;

	memset(&it, 0, sizeof(it));
	rig_handler = handler;
	w = rig_start(false, none);
	CHECK(!w->harakiri.is_set);
	client = rig_client(w);
	rig_send(client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	rig_receive(w, client, "\r\n\r\n");
	CHECK_INT(w->harakiri.next_us, 0);
	close(client);
	rig_turn(w, 10);
	rig_stop(w);
}
