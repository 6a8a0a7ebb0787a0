/* Lists for the control socket: of worker processes, of cores. */
#include "master/control_lists.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "base/strbuf.h"
#include "base/xmalloc.h"
#include "master/control_client.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/process.h"
#include "master/seats.h"
#include "master/workers.h"
#include "shm/scoreboard.h"

#define LIST_WORKERS_STEP	16	/* each asks /proc for its memory */
#define LIST_CORES_STEP		256	/* rows made in one go */
#define LIST_LOOK_STEP		4096	/* cores looked at in one go */
#define LIST_OLDEST_MAX		200

/* Where a list has got to. */
struct control_list {
	struct master	*master;
	uint64_t	 now;		/* clock_mono_us when it began */
	int		 worker;	/* only of this id; 0: all */
	int		 seat;		/* the next one to look at */
	uint32_t	 slot;		/* the same */
	uint32_t	 core;
	bool		 all;
	size_t		 wanted;	/* oldest requests; 0: not asked for */
	size_t		 found;
	struct control_core {
		uint32_t		 slot;
		uint32_t		 core;
		struct sb_core_view	 view;
	}		*oldest;	/* the oldest first */
};

/* Frees it. */
static void
control_list_done(void *arg)
{
	struct control_list	*list = arg;

	free(list->oldest);
	free(list);
}

/* Begins one, with what the request says. */
static struct control_list *
control_list_new(struct control_client *c, const json_t *request)
{
	struct control_list	*list = xcalloc(1, sizeof(*list));
	json_int_t		 n;

	list->master = control_master(c);
	list->now = clock_mono_us();
	list->worker = (int)json_integer_value(json_object_get(request,
	    "worker"));
	list->all = json_is_true(json_object_get(request, "all"));
	n = json_integer_value(json_object_get(request, "oldest"));
	if (n > 0) {
		list->wanted = n < LIST_OLDEST_MAX ? (size_t)n :
		    LIST_OLDEST_MAX;
		list->oldest = xcalloc(list->wanted, sizeof(*list->oldest));
	}
	return list;
}

/* A process: whose it is. */
static void
control_add_process(struct json_out *json, const struct worker_proc *wp)
{
	json_int(json, "worker", wp->child.id);
	json_int(json, "slot", wp->child.seat);
	json_int(json, "pid", wp->child.pid);
	json_str(json, "state", sb_slot_state_name(wp->child.state));
	json_int(json, "generation", wp->child.gen->id);
	json_bool(json, "seated",
	    wp->child.master->seats[wp->child.id - 1].proc == wp);
}

/* What it has done and does. */
static void
control_add_numbers(struct json_out *json, const struct worker_proc *wp)
{
	const struct sb_slot	*slot;
	unsigned long long	 rss = 0, vsz = 0;
	double			 ready = child_ready_seconds(&wp->child);

	slot = sb_slot(wp->child.master->sb, (uint32_t)wp->child.seat);
	if (wp->child.pid > 0 && !wp->child.reaped)
		process_memory(wp->child.pid, &rss, &vsz);
	json_uint(json, "ready_ms", ready < 0 ? 0 :
	    (unsigned long long)(ready * 1e3));
	json_uint(json, "requests", sb_get(&slot->requests));
	json_uint(json, "exceptions", sb_get(&slot->exceptions));
	json_uint(json, "harakiris", sb_get(&slot->harakiris));
	json_uint(json, "tx", sb_get(&slot->bytes_out));
	json_uint(json, "shed", sb_get(&slot->shed));
	json_uint(json, "accepted", sb_get(&slot->accepted));
	json_uint(json, "running_us", sb_get(&slot->running_us));
	json_uint(json, "avg_us", sb_get(&slot->avg_us));
	json_uint(json, "busy", sb_get(&slot->busy_cores));
	json_uint(json, "cores", wp->child.master->sb->cores);
	json_uint(json, "queued", sb_get(&slot->queued));
	json_uint(json, "connections", sb_get(&slot->connections));
	json_bool(json, "accepting", sb_get(&slot->accepting) != 0);
	json_uint(json, "respawns", slot->respawns);
	json_uint(json, "loop_lag_us", sb_get(&slot->loop_lag_us));
	json_uint(json, "loop_lags", sb_get(&slot->loop_lags));
	json_uint(json, "rss", rss);
	json_uint(json, "vsz", vsz);
}

/* A row for a process, or for a worker id that has none. */
static void
control_add_worker(struct strbuf *out, int id, const struct worker_proc *wp)
{
	struct json_out	 json = { .out = out };

	json_open(&json, NULL, '{');
	if (wp != NULL) {
		control_add_process(&json, wp);
		control_add_numbers(&json, wp);
	} else {
		json_int(&json, "worker", id);
		json_int(&json, "pid", 0);
		json_str(&json, "state", "empty");
	}
	json_close(&json);
	strbuf_addc(out, ',');
}

/* Worker ids first, in their order; then those that have no seat (any more). */
static bool
control_workers_more(void *arg, struct strbuf *out)
{
	struct control_list		*list = arg;
	struct master			*m = list->master;
	const struct worker_proc	*wp;
	int				 n;

	for (n = 0; n < LIST_WORKERS_STEP && list->seat < m->max;
	    list->seat++) {
		wp = m->seats[list->seat].proc;
		if (wp != NULL && wp->child.state == SB_SLOT_FREE)
			wp = NULL;
		if (wp == NULL && list->seat >= m->target)
			continue;
		control_add_worker(out, list->seat + 1, wp);
		n++;
	}
	for (; n < LIST_WORKERS_STEP && list->slot < m->sb->slots;
	    list->slot++) {
		wp = &m->workers[list->slot];
		if (wp->child.state == SB_SLOT_FREE ||
		    m->seats[wp->child.id - 1].proc == wp)
			continue;
		control_add_worker(out, wp->child.id, wp);
		n++;
	}
	return list->slot < m->sb->slots;
}

static const struct control_rows control_workers_rows = {
	"workers", control_workers_more, control_list_done
};

/* Answers with all processes. */
void
control_list_workers(struct control_client *c, const json_t *request)
{
	control_answer_rows(c, &control_workers_rows,
	    control_list_new(c, request));
}

/* The request of a busy core. */
static void
control_add_request(struct json_out *json, const struct control_list *list,
    const struct sb_core_view *view)
{
	uint64_t	 age;

	age = list->now > view->start_us ? list->now - view->start_us : 0;
	json_str(json, "request", view->id);
	json_uint(json, "age_ms", age / 1000);
	json_int(json, "wait_fd", view->wait_fd);
	json_uint(json, "switches", view->switches);
	json_uint(json, "bytes", view->bytes_out);
	if (view->deadline_us != 0)
		json_int(json, "deadline_ms",
		    (int64_t)(view->deadline_us - list->now) / 1000);
	json_str(json, "method", view->method);
	json_str(json, "path", view->path);
	json_str(json, "addr", view->addr);
}

/* One core. */
static void
control_add_core(struct strbuf *out, const struct control_list *list,
    uint32_t slot, uint32_t core, const struct sb_core_view *view)
{
	const struct worker_proc	*wp = &list->master->workers[slot];
	struct json_out			 json = { .out = out };

	if (wp->child.state == SB_SLOT_FREE)
		return;		/* meanwhile */
	json_open(&json, NULL, '{');
	json_int(&json, "worker", wp->child.id);
	json_int(&json, "pid", wp->child.pid);
	json_int(&json, "generation", wp->child.gen->id);
	json_uint(&json, "core", core);
	json_str(&json, "state", sb_core_state_name(view->state));
	json_uint(&json, "requests", view->requests);
	if (view->state != SB_CORE_IDLE)
		control_add_request(&json, list, view);
	json_close(&json);
	strbuf_addc(out, ',');
}

/* Keeps it if it is one of the oldest. */
static void
control_keep_oldest(struct control_list *list, uint32_t slot, uint32_t core,
    const struct sb_core_view *view)
{
	struct control_core	*at = list->oldest;
	size_t			 i = list->found;

	while (i > 0 && at[i - 1].view.start_us > view->start_us)
		i--;
	if (i >= list->wanted)
		return;
	if (list->found < list->wanted)
		list->found++;
	memmove(&at[i + 1], &at[i], (list->found - 1 - i) * sizeof(*at));
	at[i].slot = slot;
	at[i].core = core;
	at[i].view = *view;
}

/* Is there a process on this slot that is asked for? */
static bool
control_wants_slot(const struct control_list *list)
{
	const struct worker_proc	*wp;

	wp = &list->master->workers[list->slot];
	return wp->child.state != SB_SLOT_FREE &&
	    (list->worker == 0 || list->worker == wp->child.id);
}

/* Looks at one core; true when it made a row of it. */
static bool
control_look(struct control_list *list, struct strbuf *out)
{
	const struct sb_core	*core;
	struct sb_core_view	 view;

	core = sb_core(list->master->sb, list->slot, list->core);
	if (!list->all && sb_get(&core->state) == SB_CORE_IDLE)
		return false;
	sb_core_read(core, &view);
	if (list->wanted == 0) {
		control_add_core(out, list, list->slot, list->core, &view);
		return true;
	}
	if (view.state != SB_CORE_IDLE)
		control_keep_oldest(list, list->slot, list->core, &view);
	return false;
}

/* The next cores; at the end the oldest, if it is those. */
static bool
control_cores_more(void *arg, struct strbuf *out)
{
	struct control_list	*list = arg;
	struct scoreboard	*sb = list->master->sb;
	int			 looks = 0, rows = 0;
	size_t			 i;

	while (list->slot < sb->slots && looks < LIST_LOOK_STEP &&
	    rows < LIST_CORES_STEP) {
		if (list->core < sb->cores && control_wants_slot(list)) {
			rows += control_look(list, out);
			looks++;
			list->core++;
			continue;
		}
		list->core = 0;
		list->slot++;
	}
	if (list->slot < sb->slots)
		return true;
	for (i = 0; i < list->found; i++)
		control_add_core(out, list, list->oldest[i].slot,
		    list->oldest[i].core, &list->oldest[i].view);
	return false;
}

static const struct control_rows control_cores_rows = {
	"cores", control_cores_more, control_list_done
};

/* Answers with cores. */
void
control_list_cores(struct control_client *c, const json_t *request)
{
	control_answer_rows(c, &control_cores_rows,
	    control_list_new(c, request));
}
