/* The Python stacks of all requests, for the control socket. */
#include "master/control_stacks.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_out.h"
#include "base/strbuf.h"
#include "base/xmalloc.h"
#include "master/control_client.h"
#include "master/master.h"
#include "master/stacks.h"
#include "master/workers.h"
#include "shm/scoreboard.h"

#define CONTROL_STACKS_S	5.0	/* for a worker's answer */
#define CONTROL_STACKS_ASKED	16	/* workers at once */

struct control_stacks;

/* One worker that is asked. */
struct control_stack {
	struct control_stacks	*job;
	int			 slot;
	int			 worker;
	int			 pid;
	bool			 asked;
	char			*answer;	/* NULL: not told yet */
};

/* The question to all of them. */
struct control_stacks {
	struct control_client	*client;
	struct master		*master;
	struct control_stack	*items;
	size_t			 count;
	size_t			 next;		/* to be asked */
	size_t			 told;
	size_t			 sent;		/* rows */
};

static void	 control_stacks_ask(struct control_stacks *job);
static void	 control_stacks_free(void *arg);

/* One row is one worker. */
static bool
control_stacks_more(void *arg, struct strbuf *out)
{
	struct control_stacks	*job = arg;

	if (job->sent == job->count)
		return false;
	strbuf_adds(out, job->items[job->sent++].answer);
	strbuf_addc(out, ',');
	return job->sent < job->count;
}

static const struct control_rows control_stacks_rows = {
	"workers", control_stacks_more, control_stacks_free
};

/* What is said of a worker that has not answered. */
static char *
control_stacks_failure(const struct control_stack *item, const char *why)
{
	struct strbuf	 sb = STRBUF_INIT;
	struct json_out	 json = { .out = &sb };

	json_open(&json, NULL, '{');
	json_int(&json, "worker", item->worker);
	json_int(&json, "pid", item->pid);
	json_str(&json, "error", why);
	json_close(&json);
	return strbuf_detach(&sb);
}

/* A worker has answered, or will not: one more is asked, or all is there. */
static void
control_stacks_cb(void *arg, const char *json, const char *why)
{
	struct control_stack	*item = arg;
	struct control_stacks	*job = item->job;

	item->answer = json != NULL ? xstrdup(json) :
	    control_stacks_failure(item, why);
	job->told++;
	control_stacks_ask(job);
	if (job->told == job->count)
		control_answer_rows(job->client, &control_stacks_rows, job);
}

/* Forgets the question, and whom it still waits for. */
static void
control_stacks_free(void *arg)
{
	struct control_stacks	*job = arg;
	size_t			 i;

	for (i = 0; i < job->count; i++) {
		if (job->items[i].asked && job->items[i].answer == NULL)
			stacks_cancel(job->master, control_stacks_cb,
			    &job->items[i]);
		free(job->items[i].answer);
	}
	free(job->items);
	free(job);
}

/* Asks as many as may be asked at once. */
static void
control_stacks_ask(struct control_stacks *job)
{
	struct control_stack	*item;

	while (job->next < job->count &&
	    job->next - job->told < CONTROL_STACKS_ASKED) {
		item = &job->items[job->next++];
		item->asked = true;
		stacks_ask(job->master, item->slot, CONTROL_STACKS_S,
		    control_stacks_cb, item);
	}
}

/* By worker id. */
static int
control_stacks_compare(const void *a, const void *b)
{
	const struct control_stack	*x = a, *y = b;

	return x->worker != y->worker ? x->worker - y->worker :
	    x->slot - y->slot;
}

/* All that run Python code, or those of one id. */
static struct control_stacks *
control_stacks_new(struct control_client *c, int worker)
{
	struct master			*m = control_master(c);
	struct control_stacks		*job = xcalloc(1, sizeof(*job));
	const struct worker_proc	*wp;
	struct control_stack		*item;
	uint32_t			 i;

	job->client = c;
	job->master = m;
	job->items = xcalloc(m->sb->slots, sizeof(*job->items));
	for (i = 0; i < m->sb->slots; i++) {
		wp = &m->workers[i];
		if ((wp->child.state != SB_SLOT_READY &&
		    wp->child.state != SB_SLOT_DRAINING) ||
		    (worker != 0 && wp->child.id != worker))
			continue;
		item = &job->items[job->count++];
		item->job = job;
		item->slot = (int)i;
		item->worker = wp->child.id;
		item->pid = (int)wp->child.pid;
	}
	qsort(job->items, job->count, sizeof(*job->items),
	    control_stacks_compare);
	return job;
}

/* stacks */
void
control_do_stacks(struct control_client *c, const json_t *request)
{
	struct control_stacks	*job;

	job = control_stacks_new(c, (int)json_integer_value(
	    json_object_get(request, "worker")));
	if (job->count == 0) {
		control_answer_rows(c, &control_stacks_rows, job);
		return;
	}
	if (!control_wait(c, control_stacks_free, job)) {
		control_stacks_free(job);
		control_refuse(c, "too many wait already");
		return;
	}
	control_stacks_ask(job);
}
