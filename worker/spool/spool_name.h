/* The names of tasks' files, and their order. Pure. */
#ifndef WM_WORKER_SPOOL_SPOOL_NAME_H
#define WM_WORKER_SPOOL_SPOOL_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A task is a file whose name begins with SPOOL_PREFIX, as uWSGI's do, in a
 * spooler's folder or in a folder of that whose name is a number: its
 * priority. Ours go on with the time, so that the earlier one is first:
 *
 *	uwsgi_spoolfile_on_MICROSECONDS_COUNT_PID_RANDOM_HOST
 */
#define SPOOL_PREFIX		"uwsgi_spoolfile_on_"
#define SPOOL_NAME_MAX		192
#define SPOOL_PRIORITY_NONE	(-1)
#define SPOOL_PRIORITY_MAX	999999999

struct spool_name {
	uint64_t	 us;		/* since 1970 */
	uint32_t	 count;
	int		 pid;
	uint32_t	 random;
	const char	*host;		/* anything */
};

void	 spool_name_make(char name[SPOOL_NAME_MAX],
	    const struct spool_name *parts);
bool	 spool_name_is_task(const char *name);
/* A folder's name, or the text of "priority"; SPOOL_PRIORITY_NONE: none. */
int	 spool_name_priority(const char *text, size_t len);
/*
 * As strcmp: the lower number first, tasks without a priority last; then by
 * name, numbers in it as numbers.
 */
int	 spool_name_compare(int priority1, const char *name1, int priority2,
	    const char *name2);

#endif
