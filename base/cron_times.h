/*
 * When a cron entry is due, by uWSGI's rules; pure but for the time zone.
 *
 * Each of the five is a number, or -N for every N-th (those that N divides; -1
 * is any). Months are 1..12, week days 0..7 where 0 and 7 are Sunday. If both
 * a day of the month and a week day are given (none below 0) either will do;
 * else all five must fit.
 *
 * Where the clock is moved, an entry with hour -1 goes by the time that
 * passes. Any other is of the calendar: what lies in minutes that are skipped
 * is due once, at the first minute behind them; what lies in minutes that come
 * twice is due the first time only.
 */
#ifndef WM_BASE_CRON_TIMES_H
#define WM_BASE_CRON_TIMES_H

#include <stdbool.h>
#include <time.h>

struct cron_times {
	int	 minute;	/* -60..59 */
	int	 hour;		/* -24..23 */
	int	 mday;		/* -31..31, not 0 */
	int	 month;		/* -12..12, not 0 */
	int	 wday;		/* -7..7 */
};

/* What is wrong with it ("hour"); NULL: nothing. */
const char *cron_times_bad(const struct cron_times *c);
/* Is it due in the minute that begins then? */
bool	 cron_times_due(const struct cron_times *c, time_t minute);
/*
 * The minutes behind *last, up to now's, which *last becomes: from *from to
 * *to; false: none. A clock that is set back repeats nothing, and one that is
 * set forward, or stood, skips nothing, up to CRON_JUMP seconds; if it is more
 * then only now's minute counts.
 */
#define CRON_JUMP	(3 * 3600)
bool	 cron_times_span(time_t *last, time_t now, time_t *from, time_t *to);
/* Is it due in any of them? */
bool	 cron_times_due_in(const struct cron_times *c, time_t from, time_t to);

#endif
