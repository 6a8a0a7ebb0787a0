/* The server as a whole, for the control socket. */
#include "master/control_status.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "base/log.h"
#include "build_config.h"
#include "config/config.h"
#include "master/backlog.h"
#include "master/master.h"
#include "master/ready.h"
#include "master/stats_parts.h"
#include "master/workers.h"
#include "shm/listener.h"
#include "shm/scoreboard.h"

/* Sums over the processes there are, and those there were. */
struct control_sums {
	uint64_t	 requests, exceptions, harakiris, tx, shed, accepted;
	uint64_t	 running_us;
	uint64_t	 queued, connections, busy, ready, processes, respawns;
};

/* Adds what a living process has done and does. */
static void
control_add_slot(struct control_sums *sums, const struct worker_proc *wp,
    const struct sb_slot *slot)
{
	sums->requests += sb_get(&slot->requests);
	sums->exceptions += sb_get(&slot->exceptions);
	sums->harakiris += sb_get(&slot->harakiris);
	sums->tx += sb_get(&slot->bytes_out);
	sums->shed += sb_get(&slot->shed);
	sums->accepted += sb_get(&slot->accepted);
	sums->running_us += sb_get(&slot->running_us);
	sums->queued += sb_get(&slot->queued);
	sums->connections += sb_get(&slot->connections);
	sums->busy += sb_get(&slot->busy_cores);
	sums->ready += wp->child.state == SB_SLOT_READY;
	sums->processes++;
}

/* Adds up everything. */
static void
control_add_up(const struct master *m, struct control_sums *sums)
{
	const struct sb_total	*total;
	uint32_t		 i;
	int			 id;

	memset(sums, 0, sizeof(*sums));
	for (i = 0; i < m->sb->slots; i++) {
		if (m->workers[i].child.state != SB_SLOT_FREE)
			control_add_slot(sums, &m->workers[i],
			    sb_slot(m->sb, i));
	}
	for (id = 1; id <= m->max; id++) {
		total = sb_total(m->sb, id);
		sums->requests += total->requests;
		sums->exceptions += total->exceptions;
		sums->harakiris += total->harakiris;
		sums->tx += total->bytes_out;
		sums->shed += total->shed;
		sums->accepted += total->accepted;
		sums->running_us += total->running_us;
		sums->respawns += total->respawns;
	}
}

/* The addresses that are served. */
static void
control_sockets(const struct master *m, struct json_out *json)
{
	const struct listener	*l;
	unsigned		 max, queue;
	size_t			 i;

	json_open(json, "sockets", '[');
	for (i = 0; i < m->listeners->count; i++) {
		l = &m->listeners->items[i];
		queue = backlog_length(l, &max);
		json_open(json, NULL, '{');
		json_str(json, "name", l->name);
		json_uint(json, "queue", queue);
		json_uint(json, "max_queue", max > 0 ? max :
		    (unsigned)m->cfg->listen);
		json_int(json, "worker", l->worker_id);
		json_close(json);
	}
	json_close(json);
}

/* How many processes have ended for which reason. */
static void
control_endings(const struct master *m, struct json_out *json)
{
	int	 i;

	json_open(json, "endings", '{');
	for (i = 0; i < ENDING_COUNT; i++) {
		if (m->endings[i] > 0)
			json_uint(json, ending_name((enum ending)i),
			    m->endings[i]);
	}
	json_close(json);
}

/* What is known without looking at workers. */
static void
control_add_ping(const struct master *m, struct json_out *json)
{
	const char	*why = master_why_not_ready(m);

	json_int(json, "pid", getpid());
	json_str(json, "state", master_state_name(m->state));
	json_bool(json, "ready", why == NULL);
	if (why != NULL)
		json_str(json, "why_not_ready", why);
	json_int(json, "generation", m->serving->id);
	json_str(json, "version", WM_VERSION);
}

/* Few words. */
void
control_ping(const struct master *m, struct strbuf *out)
{
	struct json_out	 json = { .out = out };

	json_open(&json, NULL, '{');
	control_add_ping(m, &json);
	json_close(&json);
}

/* The sums. */
static void
control_add_sums(const struct master *m, struct json_out *json)
{
	struct control_sums	 sums;

	control_add_up(m, &sums);
	json_int(json, "workers", m->target);
	json_int(json, "max_workers", m->max);
	json_uint(json, "ready_workers", sums.ready);
	json_uint(json, "processes", sums.processes);
	json_uint(json, "respawns", sums.respawns);
	json_uint(json, "cores", m->sb->cores);
	json_uint(json, "busy", sums.busy);
	json_uint(json, "queued", sums.queued);
	json_uint(json, "connections", sums.connections);
	json_uint(json, "accepted", sums.accepted);
	json_uint(json, "requests", sums.requests);
	json_uint(json, "exceptions", sums.exceptions);
	json_uint(json, "harakiris", sums.harakiris);
	json_uint(json, "shed", sums.shed);
	json_uint(json, "tx", sums.tx);
	json_uint(json, "running_us", sums.running_us);
}

/* Everything but lists of workers and cores. */
void
control_status(const struct master *m, struct strbuf *out)
{
	struct json_out	 json = { .out = out };
	uint64_t	 now = clock_real_us(), started = m->sb->started_us;

	json_open(&json, NULL, '{');
	control_add_ping(m, &json);
	json_uint(&json, "started", started / 1000000);
	json_uint(&json, "uptime_ms", now > started ? (now - started) / 1000 :
	    0);
	json_uint(&json, "clock_us", clock_mono_us());
	control_add_sums(m, &json);
	json_str(&json, "log_level", log_level_name(log_level_now()));
	control_sockets(m, &json);
	stats_generations(&json, m);
	stats_mules(&json, m);
	stats_daemons(&json, m);
	stats_reload(&json, m);
	control_endings(m, &json);
	json_close(&json);
}
