/* Writes metrics as text: Prometheus' format 0.0.4, or OpenMetrics 1.0. */
#ifndef WM_MASTER_METRICS_TEXT_H
#define WM_MASTER_METRICS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

/*
 *	struct metrics_text t = { .out = &sb };
 *
 *	metrics_family(&t, "requests", METRICS_COUNTER, "Requests.");
 *	metrics_label(&t, "code", "2xx");
 *	metrics_uint(&t, 7);
 *
 *	# HELP wsgimaster_requests_total Requests.
 *	# TYPE wsgimaster_requests_total counter
 *	wsgimaster_requests_total{code="2xx"} 7
 *
 * All samples of a family follow its begin. The labels of a sample come before
 * its value, which ends it. A counter's name is given without "_total".
 */
enum metrics_kind {
	METRICS_GAUGE,
	METRICS_COUNTER,
	METRICS_HISTOGRAM
};

struct metrics_text {
	struct strbuf		*out;
	bool			 open;		/* OpenMetrics */

	/* The family, and whether the sample has begun. */
	const char		*name;
	enum metrics_kind	 kind;
	unsigned		 labels;
	bool			 begun;
};

void	 metrics_family(struct metrics_text *t, const char *name,
	    enum metrics_kind kind, const char *help);
/* A histogram's part begins: "_bucket", "_sum", "_count". */
void	 metrics_part(struct metrics_text *t, const char *suffix);
/* Any text; what is not UTF-8 is taken as latin-1. */
void	 metrics_label(struct metrics_text *t, const char *name,
	    const char *value);
void	 metrics_label_uint(struct metrics_text *t, const char *name,
	    unsigned long long value);
void	 metrics_uint(struct metrics_text *t, unsigned long long value);
void	 metrics_int(struct metrics_text *t, long long value);
/* Microseconds, written as seconds. */
void	 metrics_us(struct metrics_text *t, uint64_t us);
/* A family with one sample and no labels. */
void	 metrics_gauge(struct metrics_text *t, const char *name,
	    const char *help, unsigned long long value);
void	 metrics_counter(struct metrics_text *t, const char *name,
	    const char *help, unsigned long long value);
/* The end of everything. */
void	 metrics_end(struct metrics_text *t);

#endif
