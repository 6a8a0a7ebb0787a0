/* Tests shm/scoreboard.c: slots, sums, and reading while another writes. */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shm/scoreboard.h"
#include "test/unit/unit.h"

#define READS	1000		/* whole ones, while another writes */
#define SECONDS	30		/* to get them, on a busy machine */

/* A whole request on a core, whose parts all say n. */
static void
begin(struct sb_core *core, uint64_t n)
{
	char	 path[SB_PATH_MAX], id[32];

	memset(path, 'a' + (int)(n % 26), sizeof(path));
	snprintf(id, sizeof(id), "%llu", (unsigned long long)n);
	sb_core_begin(core, &(struct sb_request){ .start_us = n,
	    .method = { "GET", 3 }, .addr = { "127.0.0.1", 9 },
	    .id = { id, strlen(id) }, .path = { path, sizeof(path) } });
}

/* Do all parts of a view say the same? */
static bool
view_is_whole(const struct sb_core_view *view)
{
	size_t	 i;

	if (strtoull(view->id, NULL, 10) != view->start_us ||
	    strcmp(view->method, "GET") != 0 ||
	    strcmp(view->addr, "127.0.0.1") != 0)
		return false;
	for (i = 0; i < SB_PATH_MAX; i++) {
		if (view->path[i] != 'a' + (int)(view->start_us % 26))
			return false;
	}
	return view->path[SB_PATH_MAX] == '\0';
}

TEST(scoreboard_parts_do_not_overlap)
{
	struct scoreboard	*sb = scoreboard_new(3, 5);
	char			*end;

	REQUIRE(sb != NULL);
	end = (char *)sb + sb->size;
	CHECK((char *)sb_slot(sb, 0) >= (char *)(sb + 1));
	CHECK((char *)sb_core(sb, 0, 0) == (char *)(sb_slot(sb, 2) + 1));
	CHECK(sb_job(sb, 0) == sb_core(sb, 0, 4) + 1);
	CHECK(sb_core(sb, 1, 0) == sb_job(sb, 0) + 1);
	CHECK((char *)sb_total(sb, 1) == (char *)(sb_job(sb, 2) + 1));
	CHECK((char *)(sb_total(sb, 3) + 1) == end);
	CHECK_INT((uintptr_t)sb_slot(sb, 1) % 64, 0);
	CHECK_INT((uintptr_t)sb_core(sb, 1, 1) % 64, 0);
	munmap(sb, sb->size);
}

/* Forks a child that writes 0xff wherever it can. */
static void
scribble(struct scoreboard *sb)
{
	int	 status;
	pid_t	 pid = fork();

	if (pid == 0) {
		memset(sb, 0xff, sb->size);
		_exit(0);
	}
	REQUIRE(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
}

TEST(scoreboard_bounds_are_out_of_reach_of_a_worker)
{
	struct scoreboard	*sb = scoreboard_new(3, 5);
	struct sb_core_view	 view;

	REQUIRE(sb != NULL);
	CHECK_INT(sb_slot_take(sb, 2, 1), 0);
	scribble(sb);
	CHECK_INT(sb->slots, 3);
	CHECK_INT(sb->cores, 5);
	sb_core_read(sb_core(sb, 2, 4), &view);
	CHECK(view.torn);
	CHECK_INT(strlen(view.path), 61);
	CHECK_INT(sb_slot_take(sb, 3, 1), 1);
	sb_slot_put(sb, 0, 100);
	sb_slot_put(sb, 1, 100);
	CHECK_INT(sb_slot(sb, 0)->worker_id, 0);
	CHECK_INT(sb_slot(sb, 2)->worker_id, -1);
	CHECK_INT(sb_slot_take(sb, 1, 2), 0);
	munmap(sb, sb->size);
}

TEST(scoreboard_takes_and_puts_slots)
{
	struct scoreboard	*sb = scoreboard_new(2, 1);

	REQUIRE(sb != NULL);
	CHECK_INT(sb_slot_take(sb, 1, 7), 0);
	CHECK_INT(sb_slot(sb, 0)->worker_id, 1);
	CHECK_INT(sb_slot(sb, 0)->generation, 7);
	CHECK_INT(sb_slot(sb, 0)->state, SB_SLOT_SPAWNING);
	CHECK_INT(sb_slot_take(sb, 2, 7), 1);
	CHECK_INT(sb_slot_take(sb, 1, 8), -1);
	sb_slot_put(sb, 0, 100);
	CHECK_INT(sb_slot(sb, 0)->state, SB_SLOT_FREE);
	CHECK_INT(sb_slot_take(sb, 1, 8), 0);
	munmap(sb, sb->size);
}

TEST(scoreboard_keeps_what_dead_workers_did)
{
	struct scoreboard	*sb = scoreboard_new(2, 1);
	struct sb_slot		*slot;
	int			 i;

	REQUIRE(sb != NULL);
	for (i = 1; i <= 2; i++) {
		CHECK_INT(sb_slot_take(sb, 2, i), 0);
		slot = sb_slot(sb, 0);
		sb_add(&slot->requests, 10);
		sb_add(&slot->exceptions, 1);
		sb_add(&slot->bytes_out, 1000);
		sb_add(&slot->running_us, 50);
		sb_add(&slot->shed, 2);
		sb_add(&slot->accepted, 3);
		sb_add(&slot->refused, 7);
		sb_add(&slot->cut, 8);
		sb_add(&slot->loop_lags, 9);
		begin(sb_core(sb, 0, 0), 4);
		sb_slot_put(sb, 0, 100);
		CHECK_INT(sb_core(sb, 0, 0)->state, SB_CORE_IDLE);
		CHECK_INT(sb_core(sb, 0, 0)->path_len, 0);
	}
	CHECK_INT(sb_total(sb, 2)->requests, 20);
	CHECK_INT(sb_total(sb, 2)->exceptions, 2);
	CHECK_INT(sb_total(sb, 2)->bytes_out, 2000);
	CHECK_INT(sb_total(sb, 2)->running_us, 100);
	CHECK_INT(sb_total(sb, 2)->shed, 4);
	CHECK_INT(sb_total(sb, 2)->accepted, 6);
	CHECK_INT(sb_total(sb, 2)->refused, 14);
	CHECK_INT(sb_total(sb, 2)->cut, 16);
	CHECK_INT(sb_total(sb, 2)->loop_lags, 18);
	CHECK_INT(sb_total(sb, 2)->broken_us, 2 * (100 - 4));
	CHECK_INT(sb_total(sb, 1)->requests, 0);
	munmap(sb, sb->size);
}

TEST(scoreboard_adds_up_the_present_requests)
{
	struct scoreboard	*sb = scoreboard_new(2, 3);

	REQUIRE(sb != NULL);
	CHECK_INT(sb_slot_busy_us(sb, 1, 3, 1000), 0);
	begin(sb_core(sb, 1, 0), 300);
	begin(sb_core(sb, 1, 2), 999);
	begin(sb_core(sb, 0, 1), 1);	/* another process's */
	CHECK_INT(sb_slot_busy_us(sb, 1, 3, 1000), 701);
	CHECK_INT(sb_slot_busy_us(sb, 1, 3, 500), 200);
	CHECK_INT(sb_slot_busy_us(sb, 1, 1, 1000), 700);
	sb_core_end(sb_core(sb, 1, 0));
	CHECK_INT(sb_slot_busy_us(sb, 1, 3, 1000), 1);
	munmap(sb, sb->size);
}

TEST(scoreboard_core_tells_its_request)
{
	struct scoreboard	*sb = scoreboard_new(1, 2);
	struct sb_core_view	 view;
	char			 path[300];

	REQUIRE(sb != NULL);
	memset(path, 'p', sizeof(path));
	sb_core_begin(sb_core(sb, 0, 1), &(struct sb_request){
	    .start_us = 1000, .method = { "AVERYVERYLONGMETHOD", 19 },
	    .addr = { "::1", 3 }, .id = { "an-id", 5 },
	    .path = { path, sizeof(path) } });
	sb_core_read(sb_core(sb, 0, 1), &view);
	CHECK(!view.torn);
	CHECK_INT(view.state, SB_CORE_RUNNING);
	CHECK_STR(view.id, "an-id");
	CHECK_INT(view.start_us, 1000);
	CHECK_INT(view.wait_fd, -1);
	CHECK_STR(view.method, "AVERYVERYLONGMET");
	CHECK_STR(view.addr, "::1");
	CHECK_INT(strlen(view.path), SB_PATH_MAX);
	sb_core_set(sb_core(sb, 0, 1), SB_CORE_WAIT_READ, 9);
	sb_core_read(sb_core(sb, 0, 1), &view);
	CHECK_INT(view.state, SB_CORE_WAIT_READ);
	CHECK_INT(view.wait_fd, 9);
	sb_core_end(sb_core(sb, 0, 1));
	sb_core_read(sb_core(sb, 0, 1), &view);
	CHECK_INT(view.state, SB_CORE_IDLE);
	CHECK_INT(view.requests, 1);
	CHECK_INT(view.path[0], 'p');
	CHECK_STR(view.id, "an-id");
	munmap(sb, sb->size);
}

TEST(scoreboard_reads_are_whole_while_another_process_writes)
{
	struct scoreboard	*sb = scoreboard_new(1, 1);
	struct sb_core_view	 view;
	uint64_t		 n, seen = 0;
	time_t			 end = time(NULL) + SECONDS;
	int			 status, whole = 0, broken = 0;
	pid_t			 pid;

	REQUIRE(sb != NULL);
	begin(sb_core(sb, 0, 0), 0);
	pid = fork();
	if (pid == 0) {
		alarm(2 * SECONDS);
		for (n = 1;; n++) {
			begin(sb_core(sb, 0, 0), n);
			if (n % 64 == 0)
				sched_yield();
		}
	}
	while (whole < READS && time(NULL) < end) {
		sb_core_read(sb_core(sb, 0, 0), &view);
		if (view.torn || view.start_us == seen)
			continue;
		seen = view.start_us;
		whole++;
		if (!view_is_whole(&view))
			broken++;
	}
	kill(pid, SIGKILL);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(whole, READS);
	CHECK_INT(broken, 0);
	CHECK(view.start_us > 0);
	munmap(sb, sb->size);
}

TEST(scoreboard_says_when_the_writer_died_in_the_middle)
{
	struct scoreboard	*sb = scoreboard_new(1, 1);
	struct sb_core_view	 view;

	REQUIRE(sb != NULL);
	begin(sb_core(sb, 0, 0), 3);
	sb_add(&sb_core(sb, 0, 0)->seq, 1);
	sb_core_read(sb_core(sb, 0, 0), &view);
	CHECK(view.torn);
	CHECK_INT(view.state, SB_CORE_RUNNING);
	sb_core(sb, 0, 0)->path_len = 65535;
	sb_core(sb, 0, 0)->method_len = 255;
	sb_core(sb, 0, 0)->addr_len = 255;
	sb_core(sb, 0, 0)->id_len = 255;
	sb_core_read(sb_core(sb, 0, 0), &view);
	CHECK(strlen(view.path) <= SB_PATH_MAX);
	CHECK(strlen(view.id) <= SB_ID_MAX);
	munmap(sb, sb->size);
}

TEST(scoreboard_texts_that_are_long_are_cut)
{
	struct scoreboard	*sb = scoreboard_new(1, 2);
	struct sb_core_view	 view;
	char			 text[300];

	REQUIRE(sb != NULL);
	memset(text, 'x', sizeof(text));
	sb_core_begin(sb_core(sb, 0, 0), &(struct sb_request){
	    .start_us = 1, .method = { text, 300 }, .addr = { text, 300 },
	    .id = { text, 300 }, .path = { text, 300 } });
	sb_core_read(sb_core(sb, 0, 0), &view);
	CHECK_INT(strlen(view.method), SB_METHOD_MAX);
	CHECK_INT(strlen(view.addr), SB_ADDR_MAX);
	CHECK_INT(strlen(view.id), SB_ID_MAX);
	CHECK_INT(strlen(view.path), 61);
	CHECK_INT(sb_core(sb, 0, 1)->id_len, 0);
	munmap(sb, sb->size);
}

TEST(scoreboard_names_every_state)
{
	CHECK_STR(sb_core_state_name(SB_CORE_SENDING), "sending");
	CHECK_STR(sb_core_state_name(99), "unknown");
	CHECK_STR(sb_slot_state_name(SB_SLOT_GONE), "gone");
	CHECK_STR(sb_slot_state_name(99), "unknown");
}
