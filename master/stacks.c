/* Asking a worker for the Python stacks of all its cores and threads. */
#include "master/stacks.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/json_check.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "master/master.h"
#include "master/timer.h"
#include "master/workers.h"
#include "shm/messages.h"
#include "shm/scoreboard.h"

/* What a worker has written, for all who have asked. */
struct stacks_answer {
	unsigned	 refs;
	char		*json;
};

/* Somebody who waits. */
struct stacks_ask {
	struct stacks		*stacks;
	int			 slot;
	stacks_cb		 cb;
	void			*arg;
	double			 limit_s;
	char			*why;		/* to be told, or NULL */
	struct stacks_answer	*answer;	/* the same */
	struct event		 timer;
	TAILQ_ENTRY(stacks_ask)	 link;
};

TAILQ_HEAD(stacks_asks, stacks_ask);

/* What a worker was asked. */
struct stacks_query {
	int		 number;
	int		 file;		/* -1: NONE */
	uint64_t	 sent_us;
};

struct stacks {
	struct master		*master;
	struct stacks_asks	 asks;		/* oldest first */
	size_t			 nasks;
	int			 last_number;
	struct stacks_query	*queries;	/* one for each slot */
};

/* An answer is not needed any more by one of those who share it. */
static void
stacks_answer_unref(struct stacks_answer *answer)
{
	if (answer == NULL || --answer->refs > 0)
		return;
	free(answer->json);
	free(answer);
}

/* Forgets one. */
static void
stacks_ask_free(struct stacks_ask *ask)
{
	evtimer_del(&ask->timer);
	TAILQ_REMOVE(&ask->stacks->asks, ask, link);
	ask->stacks->nasks--;
	stacks_answer_unref(ask->answer);
	free(ask->why);
	free(ask);
}

/*
 * There is an answer, or there will be none, or the limit is over. The one who
 * asked is forgotten before he is told, since he may ask again, or cancel.
 */
static void
stacks_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct stacks_ask	*ask = arg;
	struct stacks_answer	*answer = ask->answer;
	stacks_cb		 cb = ask->cb;
	void			*cb_arg = ask->arg;
	char			 why[256];

	(void)fd, (void)what;
	if (ask->why != NULL)
		snprintf(why, sizeof(why), "%s", ask->why);
	else
		snprintf(why, sizeof(why), "no answer within %g s",
		    ask->limit_s);
	ask->answer = NULL;
	stacks_ask_free(ask);
	if (answer != NULL)
		cb(cb_arg, answer->json, NULL);
	else
		cb(cb_arg, NULL, why);
	stacks_answer_unref(answer);
}

/* Will be told at the next turn. */
static void
stacks_ask_end(struct stacks_ask *ask, struct stacks_answer *answer,
    const char *why)
{
	static const struct timeval	 at_once = { 0, 0 };

	if (answer != NULL)
		answer->refs++;
	else
		ask->why = xstrdup(why);
	ask->answer = answer;
	evtimer_add(&ask->timer, &at_once);
}

/* The slot's question is answered, or never will be. */
static void
stacks_query_end(struct stacks_query *query)
{
	fd_close(&query->file);
}

/* Sends the question; why it cannot be sent, or NULL. */
static const char *
stacks_send(struct stacks *stacks, struct worker_proc *wp, double limit_s)
{
	struct stacks_query	*query = &stacks->queries[wp->child.seat];
	struct message		 msg = { .type = MSG_STACKS };
	int			 failed;

	query->file = memfd_create("stacks", MFD_CLOEXEC);
	if (query->file == -1)
		return strerror(errno);
	query->number = msg.value = ++stacks->last_number;
	query->sent_us = clock_mono_us();
	snprintf(msg.text, sizeof(msg.text), "%.0f", limit_s * 1000);
	failed = child_tell(&wp->child, &msg, query->file);
	if (failed == 0)
		return NULL;
	stacks_query_end(query);
	return failed == EAGAIN ? "it does not read what it is told" :
	    strerror(failed);
}

/* Is the slot's question under way, and not forgotten? */
static bool
stacks_is_sent(const struct stacks_query *query)
{
	return query->file != -1 && clock_mono_us() - query->sent_us <
	    STACKS_FORGET_S * UINT64_C(1000000);
}

/* Asks the worker, unless it was asked; why not, or NULL. */
static const char *
stacks_ask_worker(struct stacks *stacks, int slot, double limit_s)
{
	struct worker_proc	*wp;

	if (slot < 0 || (uint32_t)slot >= stacks->master->sb->slots)
		return "there is no such worker";
	wp = &stacks->master->workers[slot];
	if (wp->child.state != SB_SLOT_READY &&
	    wp->child.state != SB_SLOT_DRAINING)
		return "the worker does not serve";
	if (stacks_is_sent(&stacks->queries[slot]))
		return NULL;
	stacks_query_end(&stacks->queries[slot]);
	return stacks_send(stacks, wp, limit_s);
}

/* Asks. */
void
stacks_ask(struct master *m, int slot, double limit_s, stacks_cb cb, void *arg)
{
	struct stacks		*stacks = m->stacks;
	struct stacks_ask	*ask = xcalloc(1, sizeof(*ask));
	const char		*why = "too many ask at once";

	ask->stacks = stacks;
	ask->slot = slot;
	ask->cb = cb;
	ask->arg = arg;
	ask->limit_s = limit_s;
	evtimer_assign(&ask->timer, m->base, stacks_timer_cb, ask);
	TAILQ_INSERT_TAIL(&stacks->asks, ask, link);
	if (stacks->nasks++ < STACKS_ASKS_MAX)
		why = stacks_ask_worker(stacks, slot, limit_s);
	if (why != NULL) {
		stacks_ask_end(ask, NULL, why);
		return;
	}
	timer_arm(&ask->timer, limit_s);
}

/* Forgets who has asked. */
void
stacks_cancel(struct master *m, stacks_cb cb, void *arg)
{
	struct stacks_ask	*ask, *next;

	for (ask = TAILQ_FIRST(&m->stacks->asks); ask != NULL; ask = next) {
		next = TAILQ_NEXT(ask, link);
		if (ask->cb != cb || ask->arg != arg)
			continue;
		stacks_ask_free(ask);
	}
}

/* What the worker has written, if it can be shown. New, or NULL. */
static char *
stacks_read(int file)
{
	struct stat	 st;
	char		*text;
	ssize_t		 n = -1;

	if (fstat(file, &st) == -1 || st.st_size <= 0 ||
	    st.st_size > STACKS_SIZE_MAX)
		return NULL;
	text = xmalloc((size_t)st.st_size + 1);
	n = pread(file, text, (size_t)st.st_size, 0);
	if (n == st.st_size) {
		text[n] = '\0';
		if (json_check(text, (size_t)n))
			return text;
	}
	free(text);
	return NULL;
}

/* All of a slot who wait will be told. */
static void
stacks_end_all(struct stacks *stacks, int slot, struct stacks_answer *answer,
    const char *why)
{
	struct stacks_ask	*ask;

	TAILQ_FOREACH(ask, &stacks->asks, link) {
		if (ask->slot == slot && ask->why == NULL &&
		    ask->answer == NULL)
			stacks_ask_end(ask, answer, why);
	}
}

/* The answer is there. */
void
stacks_done(struct master *m, int slot, int number)
{
	struct stacks_query	*query = &m->stacks->queries[slot];
	struct stacks_answer	*answer;

	if (query->file == -1 || query->number != number)
		return;		/* late: it was forgotten */
	answer = xcalloc(1, sizeof(*answer));
	answer->refs = 1;
	answer->json = stacks_read(query->file);
	stacks_query_end(query);
	stacks_end_all(m->stacks, slot, answer->json == NULL ? NULL : answer,
	    "its answer cannot be read");
	stacks_answer_unref(answer);
}

/* The worker is gone. */
void
stacks_gone(struct master *m, int slot)
{
	stacks_query_end(&m->stacks->queries[slot]);
	stacks_end_all(m->stacks, slot, NULL, "the worker has ended");
}

/* Nobody has asked. */
struct stacks *
stacks_new(struct master *m)
{
	struct stacks	*stacks = xcalloc(1, sizeof(*stacks));
	uint32_t	 i;

	stacks->master = m;
	TAILQ_INIT(&stacks->asks);
	stacks->queries = xcalloc(m->sb->slots, sizeof(*stacks->queries));
	for (i = 0; i < m->sb->slots; i++)
		stacks->queries[i].file = -1;
	return stacks;
}

/* Nobody is told any more. */
void
stacks_free(struct stacks *stacks)
{
	struct stacks_ask	*ask;
	uint32_t		 i;

	while ((ask = TAILQ_FIRST(&stacks->asks)) != NULL)
		stacks_ask_free(ask);
	for (i = 0; i < stacks->master->sb->slots; i++)
		stacks_query_end(&stacks->queries[i]);
	free(stacks->queries);
	free(stacks);
}
