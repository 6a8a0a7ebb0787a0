/* The app's metrics: numbers in shared memory that all processes change. */
#ifndef WM_SHM_METRICS_H
#define WM_SHM_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What one is made from. type is config/shared_rule.h's, and uWSGI's number. */
struct metric_spec {
	const char	*name;
	const char	*oid;		/* NULL: none */
	int		 type;
	int64_t		 initial;
};

/* One; name, oid and type are each process's own. */
struct metric {
	char			*name;
	char			*oid;	/* "": none */
	int			 type;
	int64_t			 initial;
	_Atomic int64_t		*value;	/* on a cache line of its own */
};

/*
 * Made before the first fork; nothing is added later, so the table needs no
 * lock and is found by a binary search. What is shared is the values alone, and
 * each change is one atomic operation: nobody waits, and one that dies leaves
 * nothing half done.
 */
struct app_metrics {
	int		  count;
	struct metric	 *items;	/* as they were given */
	struct metric	**by_name;
	void		 *map;
	size_t		  size;
};

enum metric_op {
	METRIC_SET,
	METRIC_INC,
	METRIC_DEC,
	METRIC_MUL,
	METRIC_DIV,
	METRIC_SET_MAX,
	METRIC_SET_MIN
};

/* NULL with *cause. */
struct app_metrics *app_metrics_new(const struct metric_spec *specs,
	    int count, char **cause);
void	 app_metrics_free(struct app_metrics *metrics);
/* NULL: there is none of that name. metrics may be NULL. */
struct metric *metric_find(const struct app_metrics *metrics,
	    const char *name);
int64_t	 metric_get(const struct metric *metric);
/*
 * Changes it, all of 64 bits and wrapping around; false: not, as it would be a
 * division by 0 (or others change it all the time: a bounded number of tries).
 */
bool	 metric_change(struct metric *metric, enum metric_op op,
	    int64_t value);

#endif
