/* What the live page asks for every second, as JSON. */
#ifndef WM_MASTER_PAGE_LIVE_H
#define WM_MASTER_PAGE_LIVE_H

#include "master/stats_reply.h"

/*
 * One small document, however many cores there are: of requests under way it
 * lists PAGE_REQUESTS, the oldest first. Times are in seconds, but age_ms and
 * deadline_ms (from now; null: none).
 *
 *	{"time", "host", "version", "pid", "state", "started", "generation",
 *	"cores" (of each worker), "listen_queue", "requests", "errors" (answers
 *	5xx), "latency": {"bounds", "counts"}, "generations", "reload",
 *	"endings", "workers", "others" (draining, or a reload's next one),
 *	"under_way_all", "under_way": [{"slot", "worker", "core", "state", "fd",
 *	"method", "path", "addr", "age_ms", "deadline_ms", "switches", "bytes",
 *	"request"}]}
 *
 * No header fields, no queries: what it shows may be seen by an operator.
 */
#define PAGE_REQUESTS	100

enum stats_progress page_live(struct stats_reply *r);

#endif
