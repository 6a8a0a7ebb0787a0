/* The app's metrics: numbers in shared memory that all processes change. */
#include "shm/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/xmalloc.h"

#define METRIC_LINE	64
#define METRIC_TRIES	1000000

/* For qsort. */
static int
metric_compare(const void *a, const void *b)
{
	const struct metric *const	*x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* Takes over one. */
static void
metric_init(struct metric *metric, const struct metric_spec *spec, void *at)
{
	metric->name = xstrdup(spec->name);
	metric->oid = xstrdup(spec->oid == NULL ? "" : spec->oid);
	metric->type = spec->type;
	metric->initial = spec->initial;
	metric->value = at;
	atomic_store(metric->value, spec->initial);
}

/* Makes them. */
struct app_metrics *
app_metrics_new(const struct metric_spec *specs, int count, char **cause)
{
	struct app_metrics	*metrics = xcalloc(1, sizeof(*metrics));
	int			 i;

	metrics->size = (size_t)count * METRIC_LINE;
	metrics->map = mmap(NULL, metrics->size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (metrics->map == MAP_FAILED) {
		*cause = xasprintf("\"metric\": cannot map %zu bytes: %s",
		    metrics->size, strerror(errno));
		free(metrics);
		return NULL;
	}
	metrics->items = xcalloc((size_t)count, sizeof(*metrics->items));
	metrics->by_name = xcalloc((size_t)count, sizeof(*metrics->by_name));
	for (i = 0; i < count; i++) {
		metric_init(&metrics->items[i], &specs[i],
		    (char *)metrics->map + (size_t)i * METRIC_LINE);
		metrics->by_name[i] = &metrics->items[i];
	}
	metrics->count = count;
	qsort(metrics->by_name, (size_t)count, sizeof(*metrics->by_name),
	    metric_compare);
	return metrics;
}

/* Frees them. */
void
app_metrics_free(struct app_metrics *metrics)
{
	if (metrics == NULL)
		return;
	while (metrics->count > 0) {
		metrics->count--;
		free(metrics->items[metrics->count].name);
		free(metrics->items[metrics->count].oid);
	}
	munmap(metrics->map, metrics->size);
	free(metrics->items);
	free(metrics->by_name);
	free(metrics);
}

/* By its name. */
struct metric *
metric_find(const struct app_metrics *metrics, const char *name)
{
	int	 low = 0, high, middle, order;

	high = metrics == NULL ? 0 : metrics->count;
	while (low < high) {
		middle = (low + high) / 2;
		order = strcmp(name, metrics->by_name[middle]->name);
		if (order == 0)
			return metrics->by_name[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* What it is. */
int64_t
metric_get(const struct metric *metric)
{
	return atomic_load_explicit(metric->value, memory_order_relaxed);
}

/* What becomes of old; as unsigned numbers, which wrap around. */
static int64_t
metric_result(const struct metric *metric, enum metric_op op, int64_t old,
    int64_t value)
{
	switch (op) {
	case METRIC_MUL:
		return (int64_t)((uint64_t)old * (uint64_t)value);
	case METRIC_DIV:
		return value == -1 ? (int64_t)(0 - (uint64_t)old) :
		    old / value;
	case METRIC_SET_MAX:
		return value > old ? value : old;
	case METRIC_SET_MIN:
		/* uWSGI's rule: never below what it began with. */
		return value > metric->initial && value < old ? value : old;
	default:
		return value;
	}
}

/* Changes it. */
bool
metric_change(struct metric *metric, enum metric_op op, int64_t value)
{
	int64_t	 old;
	int	 i;

	if (op == METRIC_INC || op == METRIC_DEC) {
		atomic_fetch_add_explicit(metric->value, op == METRIC_INC ?
		    value : (int64_t)(0 - (uint64_t)value),
		    memory_order_relaxed);
		return true;
	}
	if (op == METRIC_SET) {
		atomic_store_explicit(metric->value, value,
		    memory_order_relaxed);
		return true;
	}
	if (op == METRIC_DIV && value == 0)
		return false;
	old = metric_get(metric);
	for (i = 0; i < METRIC_TRIES; i++)
		if (atomic_compare_exchange_weak(metric->value, &old,
		    metric_result(metric, op, old, value)))
			return true;
	return false;
}
