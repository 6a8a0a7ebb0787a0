/* Tests shm/queue.c: order, and what deaths and bad files leave. */
#include "shm/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "test/unit/unit.h"

/* As in queue.c, for what its writer may have left. */
struct header {
	char		 magic[8];
	uint64_t	 slots, blocksize, pos, pull_pos, push, pop;
};

static char	*cause;

/* What is taken, as text; "-": nothing. */
static const char *
taken(struct queue *q, int (*take)(struct queue *, char **, size_t *))
{
	static char	 text[64];
	char		*data;
	size_t		 len;
	int		 result = take(q, &data, &len);

	if (result != 1)
		return result == 0 ? "-" : "lost";
	snprintf(text, sizeof(text), "%.*s", (int)len, data);
	free(data);
	return text;
}

/* Pushes a text. */
static int
push(struct queue *q, const char *text)
{
	return queue_push(q, text, strlen(text));
}

TEST(messages_come_in_order_and_the_oldest_make_room)
{
	struct queue	*q = queue_new(3, 32, NULL, NULL, &cause);

	CHECK_STR(taken(q, queue_pull), "-");
	CHECK_STR(taken(q, queue_pop), "-");
	CHECK_INT(queue_slot(q), 0);
	CHECK_INT(push(q, "a") + push(q, "b") + push(q, "c"), 3);
	CHECK_INT(queue_count(q), 3);
	CHECK_INT(push(q, "d"), 1);
	CHECK_INT(queue_count(q), 3);
	CHECK_STR(taken(q, queue_pull), "b");
	CHECK_STR(taken(q, queue_pop), "d");
	CHECK_STR(taken(q, queue_pull), "c");
	CHECK_STR(taken(q, queue_pull), "-");
	CHECK_INT(push(q, "0123456789abcdef"), 1);
	CHECK_INT(push(q, "0123456789abcdefg"), 0);
	CHECK_INT(push(q, ""), 0);
	queue_free(q);
}

TEST(what_a_dead_one_has_begun_is_ended)
{
	struct queue	*q = queue_new(4, 32, NULL, NULL, &cause);
	struct header	*h = q->map;
	uint64_t	*slot0 = (void *)((char *)q->map + 4096);
	int		 state;

	log_choose(LOG_LEVEL_ERROR, false);
	/* 0: nothing written; 1: the message, not the place; 2: a pop. */
	for (state = 0; state < 3; state++) {
		memset(q->map, 0, sizeof(*h));
		memcpy(h->magic, QUEUE_MAGIC, 8);
		memset(slot0, 0, 4 * 32);
		CHECK_INT(push(q, "a") + push(q, "b"), 2);
		if (fork() == 0) {
			pthread_mutex_lock(q->lock);
			h->push = state < 2 ? 3 : 0;
			h->pop = state == 2 ? 2 : 0;
			if (state == 1) {
				slot0[2 * 4] = 1;
				memcpy(&slot0[2 * 4 + 2], "c", 1);
			}
			kill(getpid(), SIGKILL);
		}
		wait(NULL);
		CHECK_STR(taken(q, queue_pull), "a");
		CHECK_STR(taken(q, queue_pull), state == 2 ? "-" : "b");
		CHECK_STR(taken(q, queue_pull), state == 1 ? "c" : "-");
		CHECK_INT(push(q, "d"), 1);
		CHECK_STR(taken(q, queue_pull), "d");
	}
	queue_free(q);
}

TEST(nonsense_in_shared_memory_is_borne)
{
	struct queue	*q = queue_new(4, 32, NULL, NULL, &cause);
	struct header	*h = q->map;
	uint64_t	*slot0 = (void *)((char *)q->map + 4096);
	uint64_t	 bad[] = { UINT64_MAX, 4, (uint64_t)1 << 63, 17 };
	size_t		 i, j;
	char		*data;
	size_t		 len;

	for (i = 0; i < 4; i++) {
		h->pos = h->pull_pos = bad[i];
		for (j = 0; j < 4; j++)
			slot0[j * 4] = bad[i];
		CHECK(queue_slot(q) < 4 && queue_pull_slot(q) < 4);
		CHECK(queue_count(q) <= 4);
		for (j = 0; j < 6; j++)
			if (queue_get(q, j, &data, &len) == 1) {
				CHECK(len <= 16);
				free(data);
			}
		CHECK_INT(push(q, "x"), 1);
		CHECK_STR(taken(q, queue_pop), "x");
		while (strcmp(taken(q, queue_pull), "-") != 0)
			;
	}
	queue_free(q);
}

/* A second server has it, too: in an upgrade, and after its master's death. */
static void
a_file_is_shared(const char *path)
{
	struct queue	*q = queue_new(4, 32, path, NULL, &cause), *next;

	REQUIRE(q != NULL && !q->joined);
	CHECK(queue_new(4, 32, path, "1:2", &cause) == NULL);
	free(cause);
	pthread_mutex_lock(q->lock);
	next = queue_new(4, 32, path, q->id, &cause);
	REQUIRE(next != NULL && next->joined);
	CHECK_INT(pthread_mutex_trylock(next->lock), EBUSY);
	pthread_mutex_unlock(q->lock);
	CHECK_INT(push(q, "a") + push(next, "b"), 2);
	if (fork() == 0) {
		pthread_mutex_lock(q->lock);
		kill(getpid(), SIGKILL);
	}
	wait(NULL);
	log_choose(LOG_LEVEL_ERROR, false);
	CHECK_STR(taken(next, queue_pull), "a");
	queue_free(next);
	CHECK(queue_new(4, 32, path, NULL, &cause) == NULL);
	free(cause);
	close(q->master_fd);
	q->master_fd = -1;
	next = queue_new(4, 32, path, NULL, &cause);
	REQUIRE(next != NULL && next->joined);
	queue_free(q);
	CHECK_STR(taken(next, queue_pull), "b");
	queue_free(next);
	next = queue_new(4, 32, path, NULL, &cause);
	REQUIRE(next != NULL && !next->joined);
	queue_free(next);
}

TEST(a_file_is_taken_over_if_it_is_the_same)
{
	char		 path[] = "/tmp/test_queue.XXXXXX";
	int		 fd = mkstemp(path);
	struct queue	*q;

	REQUIRE(fd != -1);
	q = queue_new(4, 32, path, NULL, &cause);
	REQUIRE(q != NULL);
	CHECK_INT(push(q, "kept"), 1);
	/* It is in use. */
	CHECK(queue_new(4, 32, path, NULL, &cause) == NULL);
	free(cause);
	queue_sync(q);
	queue_free(q);
	CHECK(queue_new(4, 48, path, NULL, &cause) == NULL);
	free(cause);
	q = queue_new(4, 32, path, NULL, &cause);
	REQUIRE(q != NULL);
	CHECK_STR(taken(q, queue_pull), "kept");
	queue_free(q);
	a_file_is_shared(path);
	CHECK_INT(pwrite(fd, "other", 5, 0), 5);
	CHECK(queue_new(4, 32, path, NULL, &cause) == NULL);
	free(cause);
	close(fd);
	unlink(path);
}
