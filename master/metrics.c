/* The metrics of /metrics; each is described in doc/monitoring.md. */
#include "master/metrics.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xmalloc.h"
#include "build_config.h"
#include "config/config.h"
#include "master/backlog.h"
#include "master/master.h"
#include "master/metrics_beside.h"
#include "master/metrics_gather.h"
#include "master/metrics_text.h"
#include "master/process.h"
#include "master/ready.h"
#include "master/user_signals.h"
#include "shm/listener.h"

#ifndef WM_PYTHON_VERSION
#define WM_PYTHON_VERSION ""
#endif

/* The text while it is written, in slices. */
struct metrics {
	const struct master	*m;
	struct metrics_text	 text;
	struct metrics_gathered	 g;
	size_t			 section;	/* of metrics_sections */
};

/* The same, a time. */
static void
metrics_time(struct metrics *x, const char *name, const char *help,
    uint64_t us)
{
	metrics_family(&x->text, name, METRICS_GAUGE, help);
	metrics_us(&x->text, us);
}

/* What the server is. */
static void
metrics_server(struct metrics *x)
{
	const struct master	*m = x->m;

	metrics_family(&x->text, "build_info", METRICS_GAUGE,
	    "The server's version, and Python's; always 1.");
	metrics_label(&x->text, "version", WM_VERSION);
	metrics_label(&x->text, "python", WM_PYTHON_VERSION);
	metrics_uint(&x->text, 1);
	metrics_time(x, "start_time_seconds",
	    "When the master started, in seconds since 1970.",
	    m->sb->started_us);
	metrics_gauge(&x->text, "ready", "1 while /readyz says so.",
	    master_is_ready(m));
	metrics_gauge(&x->text, "generation",
	    "Generation of the app that serves.",
	    (unsigned)m->serving->id);
	metrics_time(x, "app_load_seconds",
	    "How long loading the app took in that generation.",
	    m->serving->load_us);
}

/* Worker processes by state, and how they ended. */
static void
metrics_processes(struct metrics *x)
{
	int	 i;

	metrics_gauge(&x->text, "workers_wanted",
	    "Workers that shall be there.",
	    (unsigned)x->m->target);
	metrics_family(&x->text, "workers", METRICS_GAUGE,
	    "Worker processes by state.");
	for (i = SB_SLOT_SPAWNING; i <= SB_SLOT_GONE; i++) {
		metrics_label(&x->text, "state",
		    sb_slot_state_name((uint32_t)i));
		metrics_uint(&x->text, x->g.states[i]);
	}
	metrics_family(&x->text, "worker_endings", METRICS_COUNTER,
	    "Worker processes that have ended, by reason.");
	for (i = 0; i < ENDING_COUNT; i++) {
		metrics_label(&x->text, "reason",
		    ending_name((enum ending)i));
		metrics_uint(&x->text, x->m->endings[i]);
	}
	metrics_counter(&x->text, "worker_respawns",
	    "Workers started in the place of one that was lost.",
	    x->g.sum.total.respawns);
}

/* The app's signals. */
static void
metrics_signals(struct metrics *x)
{
	const struct user_signals_counts counts = user_signals_counts(x->m);

	metrics_counter(&x->text, "signals_raised",
	    "Signals of the app that somebody, or something, has raised.",
	    counts.raised);
	metrics_counter(&x->text, "signals_routed",
	    "Of these, those that were sent on.", counts.routed);
	metrics_counter(&x->text, "signals_lost",
	    "Signals that somebody should have had and has not.",
	    counts.lost);
	metrics_gauge(&x->text, "signals_waiting",
	    "Signals that nobody can take now.", counts.pending);
	metrics_counter(&x->text, "worker_signals",
	    "Signals that workers have handled.", x->g.sum.total.signals);
	metrics_counter(&x->text, "worker_signal_exceptions",
	    "Of these, those whose handler has raised.",
	    x->g.sum.total.signal_errors);
}

/* Reloads. */
static void
metrics_reloads(struct metrics *x)
{
	const struct reload	*r = &x->m->reload;

	metrics_family(&x->text, "reloads", METRICS_COUNTER,
	    "Reloads that are over, by result.");
	metrics_label(&x->text, "result", "ok");
	metrics_uint(&x->text, r->count_ok);
	metrics_label(&x->text, "result", "failed");
	metrics_uint(&x->text, r->count_failed);
	metrics_gauge(&x->text, "reload_running",
	    "1 while a reload is under way.",
	    r->fresh != NULL);
	if (r->last_generation == 0)
		return;
	metrics_gauge(&x->text, "last_reload_success",
	    "1 if the last reload went well.", r->last_ok);
	metrics_time(x, "last_reload_timestamp_seconds",
	    "When the last reload was over, in seconds since 1970.",
	    r->last_real_us);
	metrics_time(x, "last_reload_duration_seconds",
	    "How long the last reload took.", r->last_took_us);
}

/* Requests by mount and status. */
static void
metrics_requests(struct metrics *x)
{
	static const char *const	 codes[SB_CLASSES] = {
		"none", "1xx", "2xx", "3xx", "4xx", "5xx"
	};
	const struct mount_sum		*sum;
	size_t				 i, class;

	metrics_family(&x->text, "requests", METRICS_COUNTER,
	    "Requests that are over, by mount and status.");
	for (i = 0; i < x->g.mounts.count; i++) {
		sum = &x->g.mounts.items[i];
		for (class = 0; class < SB_CLASSES; class++) {
			if (class < 2 && sum->statuses[class] == 0)
				continue;
			metrics_label(&x->text, "mount", sum->path);
			metrics_label(&x->text, "code", codes[class]);
			metrics_uint(&x->text, sum->statuses[class]);
		}
	}
	metrics_family(&x->text, "exceptions", METRICS_COUNTER,
	    "Requests that ended with an exception of the app.");
	for (i = 0; i < x->g.mounts.count; i++) {
		metrics_label(&x->text, "mount", x->g.mounts.items[i].path);
		metrics_uint(&x->text, x->g.mounts.items[i].exceptions);
	}
}

/* One histogram. */
static void
metrics_histogram(struct metrics_text *t, const struct mount_sum *sum)
{
	unsigned long long	 count = 0;
	char			 limit[32];
	unsigned		 i;
	uint64_t		 us;

	for (i = 0; i < LATENCY_STEPS; i++) {
		us = latency_limit_us(i);
		snprintf(limit, sizeof(limit), "%u.%06u",
		    (unsigned)(us / 1000000), (unsigned)(us % 1000000));
		count += sum->steps[i];
		metrics_part(t, "_bucket");
		metrics_label(t, "mount", sum->path);
		metrics_label(t, "le", i == LATENCY_STEPS - 1 ? "+Inf" :
		    limit);
		metrics_uint(t, count);
	}
	metrics_part(t, "_sum");
	metrics_label(t, "mount", sum->path);
	metrics_us(t, sum->time_us);
	metrics_part(t, "_count");
	metrics_label(t, "mount", sum->path);
	metrics_uint(t, count);
}

/* How long requests took, by mount. */
static void
metrics_durations(struct metrics *x)
{
	size_t	 i;

	metrics_family(&x->text, "request_duration_seconds",
	    METRICS_HISTOGRAM, "From a request's complete head to the end of "
	    "its response, without the wait for a core.");
	for (i = 0; i < x->g.mounts.count; i++)
		metrics_histogram(&x->text, &x->g.mounts.items[i]);
}

/* What all workers did together, and do now. */
static void
metrics_sums(struct metrics *x)
{
	const struct metrics_worker	*sum = &x->g.sum;
	const struct sb_total		*total = &sum->total;

	metrics_counter(&x->text, "response_bytes",
	    "Bytes of responses, with heads.",
	    total->bytes_out);
	metrics_counter(&x->text, "responses_cut",
	    "Responses not sent to their end: "
	    "the client had left or was too slow, or the app failed.",
	    total->cut);
	metrics_counter(&x->text, "static_requests",
	    "Requests answered with a file, "
	    "without a core; they are in no other count of requests.",
	    total->static_requests);
	metrics_counter(&x->text, "requests_refused",
	    "Requests that the server has "
	    "answered before they got a core: bad, too large, too slow, shed.",
	    total->refused);
	metrics_counter(&x->text, "requests_shed",
	    "Requests answered with 503, since "
	    "no core was free within queue-timeout.", total->shed);
	metrics_counter(&x->text, "harakiri",
	    "Requests that were told that their "
	    "time is over.", total->harakiris);
	metrics_counter(&x->text, "websockets_opened",
	    "Requests that have become "
	    "websockets.", total->websockets_begun);
	metrics_gauge(&x->text, "websockets",
	    "Open websockets.", sum->websockets);
	metrics_counter(&x->text, "websocket_messages_received", "Messages of "
	    "websockets' clients.", total->websocket_received);
	metrics_counter(&x->text, "websocket_messages_sent", "Messages to "
	    "websockets' clients.", total->websocket_sent);
	metrics_counter(&x->text, "tls_handshakes", "TLS handshakes, of new "
	    "sessions and resumed ones.", total->tls_handshakes);
	metrics_counter(&x->text, "tls_resumed",
	    "TLS handshakes that went on with "
	    "an earlier session.", total->tls_resumed);
	metrics_counter(&x->text, "tls_failed",
	    "Connections that ended before their "
	    "TLS handshake was over.", total->tls_failed);
	metrics_counter(&x->text, "connections_accepted",
	    "Connections accepted.",
	    total->accepted);
	metrics_gauge(&x->text, "connections", "Open connections.",
	    sum->connections);
	metrics_gauge(&x->text, "cores", "Cores of the workers that are ready.",
	    sum->cores);
	metrics_gauge(&x->text, "requests_in_flight",
	    "Cores that are busy, also in "
	    "workers that drain.", sum->busy);
	metrics_gauge(&x->text, "queue_length",
	    "Requests that wait for a core.",
	    sum->queued);
	metrics_time(x, "queue_age_seconds", "How long the one that waits for "
	    "longest has waited; 0 while none does.", sum->queue_age_us);
}

/* The labels of a listening socket. */
static void
metrics_listener_labels(struct metrics *x, const struct listener *l)
{
	metrics_label(&x->text, "listener", l->name);
	if (l->worker_id != 0)
		metrics_label_uint(&x->text, "worker",
		    (unsigned)l->worker_id);
}

/* What waits in the system to be accepted. */
static void
metrics_listeners(struct metrics *x)
{
	const struct listeners	*all = x->m->listeners;
	unsigned		 length, max;
	size_t			 i;
	bool			 limits;

	for (limits = false; ; limits = true) {
		metrics_family(&x->text, limits ? "listen_queue_limit" :
		    "listen_queue_length", METRICS_GAUGE, limits ?
		    "How many there may be at most." :
		    "Connections that wait to be accepted.");
		for (i = 0; i < all->count; i++) {
			length = backlog_length(&all->items[i], &max);
			if (max == 0)
				continue;
			metrics_listener_labels(x, &all->items[i]);
			metrics_uint(&x->text, limits ? max : length);
		}
		if (limits)
			break;
	}
}

/* One value of each worker id. */
struct metrics_per_worker {
	const char		*name;
	enum metrics_kind	 kind;
	const char		*help;
	bool			 is_time;
	bool			 only_living;
	uint64_t		 (*value)(const struct metrics_worker *w);
};

/* Cores that are busy. */
static uint64_t
metrics_worker_busy(const struct metrics_worker *w)
{
	return w->busy;
}

/* For how long they were. */
static uint64_t
metrics_worker_busy_us(const struct metrics_worker *w)
{
	return w->busy_us;
}

/* Requests that are over. */
static uint64_t
metrics_worker_requests(const struct metrics_worker *w)
{
	return w->total.requests;
}

/* The longest that its loop was held lately. */
static uint64_t
metrics_worker_lag_us(const struct metrics_worker *w)
{
	return w->loop_lag_us;
}

/* How often that was too long. */
static uint64_t
metrics_worker_lags(const struct metrics_worker *w)
{
	return w->total.loop_lags;
}

/* What is in memory of it. */
static uint64_t
metrics_worker_memory(const struct metrics_worker *w)
{
	unsigned long long	 rss, vsz;

	process_memory(w->pid, &rss, &vsz);
	return rss;
}

static const struct metrics_per_worker metrics_per_worker[] = {
	{
		.name = "worker_requests", .kind = METRICS_COUNTER,
		.help = "Requests that are over, by worker.",
		.value = metrics_worker_requests
	},
	{
		.name = "worker_core_busy_seconds", .kind = METRICS_COUNTER,
		.help = "Time that cores were busy, added up: its rate is how "
		    "many are busy on average.",
		.is_time = true, .value = metrics_worker_busy_us
	},
	{
		.name = "worker_loop_lag_seconds", .kind = METRICS_GAUGE,
		.help = "The longest that the event loop was held within the "
		    "last second.",
		.is_time = true, .only_living = true,
		.value = metrics_worker_lag_us
	},
	{
		.name = "worker_loop_lags", .kind = METRICS_COUNTER,
		.help = "How often it was held longer than loop-lag-warn.",
		.value = metrics_worker_lags
	},
	{
		.name = "worker_cores_busy", .kind = METRICS_GAUGE,
		.help = "Cores that are busy now.", .only_living = true,
		.value = metrics_worker_busy
	},
	{
		.name = "worker_resident_memory_bytes", .kind = METRICS_GAUGE,
		.help = "Resident memory, what it shares with other workers "
		    "included.",
		.only_living = true, .value = metrics_worker_memory
	},
	{ .name = NULL }
};

/* What is told of each worker id. */
static void
metrics_workers(struct metrics *x)
{
	const struct metrics_per_worker	*row;
	const struct metrics_worker	*w;
	int				 i;

	for (row = metrics_per_worker; row->name != NULL; row++) {
		metrics_family(&x->text, row->name, row->kind, row->help);
		for (i = 0; i < x->g.max; i++) {
			w = &x->g.workers[i];
			if (row->only_living && w->pid == 0)
				continue;
			metrics_label_uint(&x->text, "worker",
			    (unsigned)i + 1);
			if (row->is_time)
				metrics_us(&x->text, row->value(w));
			else
				metrics_uint(&x->text, row->value(w));
		}
	}
}

/* What stands beside the requests. */
static void
metrics_others(struct metrics *x)
{
	metrics_beside(x->m, &x->text);
}

static void (*const metrics_sections[])(struct metrics *x) = {
	metrics_server, metrics_processes, metrics_reloads, metrics_requests,
	metrics_durations, metrics_sums, metrics_listeners, metrics_workers,
	metrics_signals, metrics_others, NULL
};

/* Forgets what was gathered. */
static void
metrics_done(struct stats_reply *r)
{
	struct metrics	*x = r->own;

	metrics_gathered_done(&x->g);
	free(x);
}

/* Writes the next slice. */
static enum stats_progress
metrics_go_on(struct stats_reply *r, bool open)
{
	struct metrics	*x = r->own;

	if (x == NULL) {
		x = r->own = xcalloc(1, sizeof(*x));
		r->done = metrics_done;
		x->m = r->master;
		x->text.out = &r->out;
		x->text.open = open;
		metrics_gather(&x->g, r->master);
	}
	while (metrics_sections[x->section] != NULL) {
		if (r->out.len >= STATS_SLICE)
			return STATS_MORE;
		metrics_sections[x->section++](x);
	}
	metrics_end(&x->text);
	return STATS_DONE;
}

/* Prometheus' form. */
enum stats_progress
metrics_write(struct stats_reply *r)
{
	return metrics_go_on(r, false);
}

/* OpenMetrics' form. */
enum stats_progress
metrics_write_open(struct stats_reply *r)
{
	return metrics_go_on(r, true);
}
