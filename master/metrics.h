/* The metrics of /metrics; each is described in doc/monitoring.md. */
#ifndef WM_MASTER_METRICS_H
#define WM_MASTER_METRICS_H

#include "master/stats_reply.h"

/*
 * Everything comes from memory, but for each worker's resident memory. What is
 * counted of workers is the sum of the dead and the living, so a counter never
 * goes down while the server runs, over respawns and reloads.
 */
enum stats_progress	 metrics_write(struct stats_reply *r);
/* The same in OpenMetrics' form. */
enum stats_progress	 metrics_write_open(struct stats_reply *r);

#define METRICS_TYPE	"text/plain; version=0.0.4; charset=utf-8"
#define METRICS_OPEN	"application/openmetrics-text"
#define METRICS_TYPE_OPEN METRICS_OPEN "; version=1.0.0; charset=utf-8"

#endif
