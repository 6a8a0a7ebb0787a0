/* When a cron entry is due, by uWSGI's rules. */
#include "base/cron_times.h"

#include <stddef.h>
#include <stdlib.h>

/* Clocks are not moved by more, and not twice within that time. */
#define CRON_SHIFT	(3 * 3600)

/* How far local time is ahead of UTC at some time. */
static time_t
cron_offset(time_t at)
{
	struct tm	 tm;

	return localtime_r(&at, &tm) == NULL ? 0 : (time_t)tm.tm_gmtoff;
}

/* Does a number fit? */
static bool
cron_fits(int wanted, int is)
{
	return wanted < 0 ? is % abs(wanted) == 0 : is == wanted;
}

/* Does a minute of the calendar, as if that were UTC, fit? */
static bool
cron_fits_local(const struct cron_times *c, time_t local)
{
	struct tm	 tm;
	bool		 mday, wday;

	if (gmtime_r(&local, &tm) == NULL)
		return false;
	mday = cron_fits(c->mday, tm.tm_mday);
	wday = cron_fits(c->wday == 7 ? 0 : c->wday, tm.tm_wday);
	return cron_fits(c->minute, tm.tm_min) &&
	    cron_fits(c->hour, tm.tm_hour) &&
	    cron_fits(c->month, tm.tm_mon + 1) &&
	    (c->mday >= 0 && c->wday >= 0 ? mday || wday : mday && wday);
}

/* Has the calendar shown this minute before? */
static bool
cron_is_second(time_t minute)
{
	time_t	 now = cron_offset(minute);
	time_t	 before = cron_offset(minute - CRON_SHIFT);

	return before > now &&
	    cron_offset(minute - (before - now)) == before;
}

/* What is wrong with it? */
const char *
cron_times_bad(const struct cron_times *c)
{
	if (c->minute < -60 || c->minute > 59)
		return "minute";
	if (c->hour < -24 || c->hour > 23)
		return "hour";
	if (c->mday < -31 || c->mday > 31 || c->mday == 0)
		return "day of the month";
	if (c->month < -12 || c->month > 12 || c->month == 0)
		return "month";
	if (c->wday < -7 || c->wday > 7)
		return "week day";
	return NULL;
}

/* Is it due in that minute? */
bool
cron_times_due(const struct cron_times *c, time_t minute)
{
	time_t	 now = cron_offset(minute), before, local;

	if (c->hour == -1)
		return cron_fits_local(c, minute + now);
	before = cron_offset(minute - 60);
	for (local = minute + before; local < minute + now; local += 60)
		if (cron_fits_local(c, local))	/* it was skipped */
			return true;
	return !cron_is_second(minute) && cron_fits_local(c, minute + now);
}

/* The minutes to look at. */
bool
cron_times_span(time_t *last, time_t now, time_t *from, time_t *to)
{
	time_t	 minute = now - (now % 60 + 60) % 60;

	if (minute == *last || (minute < *last && *last - minute < CRON_JUMP))
		return false;
	*from = minute > *last && minute - *last <= CRON_JUMP ? *last + 60 :
	    minute;
	*to = minute;
	*last = minute;
	return true;
}

/* Is it due in any of them? */
bool
cron_times_due_in(const struct cron_times *c, time_t from, time_t to)
{
	for (; from <= to; from += 60)
		if (cron_times_due(c, from))
			return true;
	return false;
}
