/* uWSGI's own metrics, by its names: read off the scoreboard when asked for. */
#ifndef WM_SHM_METRICS_OWN_H
#define WM_SHM_METRICS_OWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct listeners;
struct scoreboard;

#define METRICS_OWN_CORES	256	/* metrics_own_each tells of so many */

/* Where they are read. Nothing is stored; whoever asks pays. */
struct metrics_own {
	struct scoreboard	*sb;
	int			 workers;	/* ids 1..N */
	bool			 no_cores;
	int			 sockets;
	/* A process's memory in bytes; 0: not known. */
	void			 (*memory)(pid_t pid, unsigned long long *rss,
				    unsigned long long *vsz);
	/* How many wait in the listen queue of socket i. */
	unsigned		 (*backlog)(const void *arg, int i);
	const void		*backlog_arg;
};

/* One, by its name ("worker.1.requests"); false: there is none. */
bool	 metrics_own_get(const struct metrics_own *own, const char *name,
	    int64_t *value);
/* All of them. oid may be "". With more cores than that: without cores. */
void	 metrics_own_each(const struct metrics_own *own,
	    void (*each)(void *arg, const char *name, int type,
	    const char *oid, int64_t value), void *arg);

#endif
