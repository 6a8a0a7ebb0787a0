/* The server as a whole, for the control socket. */
#include "master/control_status.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "build_config.h"
#include "config/config.h"
#include "master/control_text.h"
#include "master/master.h"
#include "master/ready.h"
#include "master/workers.h"
#include "shm/listener.h"
#include "shm/scoreboard.h"

#define NUMBER(n)	((json_int_t)(n))

/* Sums over the processes there are, and those there were. */
struct control_sums {
	uint64_t	 requests, exceptions, tx, shed, accepted, running_us;
	uint64_t	 queued, connections, busy, ready, processes, respawns;
};

/* Adds what a living process has done and does. */
static void
control_add_slot(struct control_sums *sums, const struct worker_proc *wp,
    const struct sb_slot *slot)
{
	sums->requests += sb_get(&slot->requests);
	sums->exceptions += sb_get(&slot->exceptions);
	sums->tx += sb_get(&slot->bytes_out);
	sums->shed += sb_get(&slot->shed);
	sums->accepted += sb_get(&slot->accepted);
	sums->running_us += sb_get(&slot->running_us);
	sums->queued += sb_get(&slot->queued);
	sums->connections += sb_get(&slot->connections);
	sums->busy += sb_get(&slot->busy_cores);
	sums->ready += wp->state == SB_SLOT_READY;
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
		if (m->workers[i].state != SB_SLOT_FREE)
			control_add_slot(sums, &m->workers[i],
			    sb_slot(m->sb, i));
	}
	for (id = 1; id <= m->max; id++) {
		total = sb_total(m->sb, id);
		sums->requests += total->requests;
		sums->exceptions += total->exceptions;
		sums->tx += total->bytes_out;
		sums->shed += total->shed;
		sums->accepted += total->accepted;
		sums->running_us += total->running_us;
		sums->respawns += total->respawns;
	}
}

/* How many connections wait to be accepted, -1: not known. */
static int
control_queue(const struct listener *l)
{
	struct tcp_info	 info;
	socklen_t	 len = sizeof(info);

	if (l->is_unix || getsockopt(l->fd, IPPROTO_TCP, TCP_INFO, &info,
	    &len) == -1)
		return -1;
	return (int)info.tcpi_unacked;
}

/* The addresses that are served. */
static json_t *
control_sockets(const struct master *m)
{
	const struct listener	*l;
	json_t			*list = json_array();
	size_t			 i;

	for (i = 0; i < m->listeners->count; i++) {
		l = &m->listeners->items[i];
		json_array_append_new(list, json_pack("{s:o, s:i, s:i, s:i}",
		    "name", control_string(l->name), "queue",
		    control_queue(l), "max_queue", m->cfg->listen, "worker",
		    l->worker_id));
	}
	return list;
}

/* The generations there are. */
static json_t *
control_generations(const struct master *m)
{
	const struct generation	*gen;
	json_t			*list = json_array();

	TAILQ_FOREACH(gen, &m->generations, link)
		json_array_append_new(list, json_pack(
		    "{s:i, s:s, s:i, s:I, s:o}", "id", gen->id, "state",
		    generation_state_name(gen->state), "spawner_pid",
		    (int)gen->pid, "workers", NUMBER(gen->workers), "failure",
		    control_string(gen->failure)));
	return list;
}

/* The reload under way and how the last one went. */
static json_t *
control_reload(const struct master *m)
{
	const struct reload	*r = &m->reload;
	json_t			*reload, *last;

	reload = json_pack("{s:b, s:i}", "running", r->fresh != NULL,
	    "generation", r->fresh != NULL ? r->fresh->id : 0);
	if (r->last_generation == 0)
		return reload;
	last = json_pack("{s:i, s:b, s:o}", "generation", r->last_generation,
	    "ok", r->last_ok, "error", control_string(r->last_failure));
	json_object_set_new(reload, "last", last);
	return reload;
}

/* How many processes have ended for which reason. */
static json_t *
control_endings(const struct master *m)
{
	json_t	*counts = json_object();
	int	 i;

	for (i = 0; i < ENDING_COUNT; i++) {
		if (m->endings[i] > 0)
			json_object_set_new(counts, ending_name((enum ending)i),
			    json_integer(NUMBER(m->endings[i])));
	}
	return counts;
}

/* Few words, at once. */
json_t *
control_ping(const struct master *m)
{
	return json_pack("{s:i, s:s, s:b, s:i, s:s}", "pid", (int)getpid(),
	    "state", master_state_name(m->state), "ready",
	    master_is_ready(m), "generation", m->serving->id, "version",
	    WM_VERSION);
}

/* Everything but lists. */
json_t *
control_status(const struct master *m)
{
	struct control_sums	 sums;
	uint64_t		 now = clock_real_us();
	json_t			*status = control_ping(m), *more;

	control_add_up(m, &sums);
	more = json_pack("{s:I, s:f, s:f, s:i, s:i, s:I, s:I, s:I, s:i, s:I, "
	    "s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s}",
	    "started", NUMBER(m->sb->started_us / 1000000),
	    "uptime_s", (double)(now - m->sb->started_us) / 1e6,
	    "clock", (double)clock_mono_us() / 1e6,
	    "workers", m->target, "max_workers", m->max,
	    "ready_workers", NUMBER(sums.ready),
	    "processes", NUMBER(sums.processes),
	    "respawns", NUMBER(sums.respawns),
	    "cores", (int)m->sb->cores, "busy", NUMBER(sums.busy),
	    "queued", NUMBER(sums.queued),
	    "connections", NUMBER(sums.connections),
	    "accepted", NUMBER(sums.accepted),
	    "requests", NUMBER(sums.requests),
	    "exceptions", NUMBER(sums.exceptions),
	    "shed", NUMBER(sums.shed), "tx", NUMBER(sums.tx),
	    "running_us", NUMBER(sums.running_us),
	    "log_level", log_level_name(log_level_now()));
	json_object_update(status, more);
	json_decref(more);
	json_object_set_new(status, "sockets", control_sockets(m));
	json_object_set_new(status, "generations", control_generations(m));
	json_object_set_new(status, "reload", control_reload(m));
	json_object_set_new(status, "endings", control_endings(m));
	return status;
}
