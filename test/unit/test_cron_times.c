/* Tests base/cron_times.c: uWSGI's rules, and clocks that are moved. */
#include "base/cron_times.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "test/unit/unit.h"

/* The time zone for what follows. */
static void
zone(const char *name)
{
	setenv("TZ", name, 1);
	tzset();
}

/* A time of UTC. */
static time_t
utc(int year, int month, int day, int hour, int minute)
{
	struct tm	 tm = { .tm_year = year - 1900, .tm_mon = month - 1,
	    .tm_mday = day, .tm_hour = hour, .tm_min = minute };

	return timegm(&tm);
}

/* Is it due then, in UTC? */
static bool
due(struct cron_times c, time_t at)
{
	return cron_times_due(&c, at);
}

/* How often it is due in so many minutes; the first time in *first. */
static int
count(struct cron_times c, time_t from, int minutes, time_t *first)
{
	int	 i, n = 0;

	for (i = 0; i < minutes; i++) {
		if (!cron_times_due(&c, from + i * 60))
			continue;
		if (n++ == 0)
			*first = from + i * 60;
	}
	return n;
}

#define DAILY(h, m)	((struct cron_times){ (m), (h), -1, -1, -1 })

TEST(cron_numbers_steps_and_any)
{
	time_t	 day = utc(2026, 11, 22, 0, 0), first = 0;	/* Sunday */

	zone("UTC");
	CHECK_INT(count(DAILY(-1, -1), day, 1440, &first), 1440);
	CHECK_INT(count(DAILY(-1, 59), day, 1440, &first), 24);
	CHECK_INT(count(DAILY(-1, -15), day, 1440, &first), 96);
	CHECK_INT(count(DAILY(-6, 0), day, 1440, &first), 4);
	CHECK_INT(count(DAILY(13, 37), day, 1440, &first), 1);
	CHECK_INT(first, utc(2026, 11, 22, 13, 37));
	CHECK(due((struct cron_times){ 0, 0, 22, 11, -1 }, day));
	CHECK(!due((struct cron_times){ 0, 0, 22, 10, -1 }, day));
	CHECK(due((struct cron_times){ 0, 0, -11, -11, -1 }, day));
	CHECK(!due((struct cron_times){ 0, 0, -3, -1, -1 }, day));
}

TEST(cron_day_of_the_month_or_week_day)
{
	time_t	 sunday = utc(2026, 11, 22, 0, 0);

	zone("UTC");
	CHECK(due((struct cron_times){ 0, 0, -1, -1, 0 }, sunday));
	CHECK(due((struct cron_times){ 0, 0, -1, -1, 7 }, sunday));
	CHECK(!due((struct cron_times){ 0, 0, -1, -1, 1 }, sunday));
	/* Both given: one is enough. */
	CHECK(due((struct cron_times){ 0, 0, 1, -1, 0 }, sunday));
	CHECK(due((struct cron_times){ 0, 0, 22, -1, 3 }, sunday));
	CHECK(!due((struct cron_times){ 0, 0, 1, -1, 3 }, sunday));
	/* A step is not given in this sense. */
	CHECK(!due((struct cron_times){ 0, 0, -3, -1, 0 }, sunday));
	CHECK(due((struct cron_times){ 0, 0, -2, -1, 0 }, sunday));
}

TEST(cron_leap_day)
{
	struct cron_times	 c = { 0, 12, 29, 2, -1 };
	time_t			 first = 0;

	zone("UTC");
	CHECK_INT(count(c, utc(2027, 1, 1, 0, 0), 365 * 1440, &first), 0);
	CHECK_INT(count(c, utc(2028, 1, 1, 0, 0), 366 * 1440, &first), 1);
	CHECK_INT(first, utc(2028, 2, 29, 12, 0));
	CHECK_INT(count((struct cron_times){ 0, 0, 30, 2, -1 },
	    utc(2028, 2, 28, 0, 0), 3 * 1440, &first), 0);
}

/* The hour that is skipped: its jobs are due once, at its end. */
TEST(cron_skipped_hours)
{
	time_t	 first = 0, from = utc(2026, 3, 29, 0, 0);

	zone("Europe/Berlin");		/* 2:00 -> 3:00 at 1:00 UTC */
	CHECK_INT(count(DAILY(2, 30), from, 1200, &first), 1);
	CHECK_INT(first, utc(2026, 3, 29, 1, 0));
	CHECK_INT(count(DAILY(2, 0), from, 1200, &first), 1);
	CHECK_INT(first, utc(2026, 3, 29, 1, 0));
	CHECK_INT(count(DAILY(3, 0), from, 1200, &first), 1);
	CHECK_INT(count(DAILY(3, 30), from, 1200, &first), 1);
	CHECK_INT(first, utc(2026, 3, 29, 1, 30));
	CHECK_INT(count(DAILY(1, 59), from, 1200, &first), 1);
	/* Many in it are one. */
	CHECK_INT(count(DAILY(2, -5), from, 1200, &first), 1);
	/* Those of every hour go by the time that passes. */
	CHECK_INT(count(DAILY(-1, 30), from, 180, &first), 3);
	zone("America/New_York");	/* 2:00 -> 3:00 at 7:00 UTC */
	from = utc(2026, 3, 8, 5, 0);
	CHECK_INT(count(DAILY(2, 15), from, 1200, &first), 1);
	CHECK_INT(first, utc(2026, 3, 8, 7, 0));
	CHECK_INT(count(DAILY(3, 0), from, 1200, &first), 1);
	zone("Australia/Lord_Howe");	/* 2:00 -> 2:30 at 15:30 UTC */
	from = utc(2026, 10, 3, 14, 0);
	CHECK_INT(count(DAILY(2, 10), from, 1200, &first), 1);
	CHECK_INT(first, utc(2026, 10, 3, 15, 30));
	CHECK_INT(count(DAILY(2, 45), from, 1200, &first), 1);
	CHECK_INT(first, utc(2026, 10, 3, 15, 45));
}

/* The hour that comes twice: its jobs are due the first time. */
TEST(cron_doubled_hours)
{
	time_t	 first = 0, from = utc(2026, 10, 24, 22, 0);

	zone("Europe/Berlin");		/* 3:00 -> 2:00 at 1:00 UTC */
	CHECK_INT(count(DAILY(2, 30), from, 1200, &first), 1);
	CHECK_INT(first, utc(2026, 10, 25, 0, 30));
	CHECK_INT(count(DAILY(2, 0), from, 1200, &first), 1);
	CHECK_INT(first, utc(2026, 10, 25, 0, 0));
	CHECK_INT(count(DAILY(3, 0), from, 1200, &first), 1);
	CHECK_INT(first, utc(2026, 10, 25, 2, 0));
	CHECK_INT(count(DAILY(1, 59), from, 1200, &first), 1);
	CHECK_INT(count(DAILY(2, -10), from, 1200, &first), 6);
	CHECK_INT(count(DAILY(-1, 30), utc(2026, 10, 25, 0, 0), 180, &first),
	    3);
	zone("America/New_York");	/* 2:00 -> 1:00 at 6:00 UTC */
	from = utc(2026, 11, 1, 4, 0);
	CHECK_INT(count(DAILY(1, 15), from, 1200, &first), 1);
	CHECK_INT(first, utc(2026, 11, 1, 5, 15));
	zone("Australia/Lord_Howe");	/* 2:00 -> 1:30 at 15:00 UTC */
	from = utc(2026, 4, 4, 13, 0);
	CHECK_INT(count(DAILY(1, 45), from, 1200, &first), 1);
	CHECK_INT(first, utc(2026, 4, 4, 14, 45));
	CHECK_INT(count(DAILY(1, 15), from, 1200, &first), 1);
	CHECK_INT(count(DAILY(2, 0), from, 1200, &first), 1);
	CHECK_INT(first, utc(2026, 4, 4, 15, 30));
}

TEST(cron_no_minute_is_lost_or_repeated)
{
	time_t	 last = utc(2026, 11, 22, 12, 0), from, to, t = last;

	zone("UTC");
	CHECK(!cron_times_span(&last, t + 59, &from, &to));
	CHECK(cron_times_span(&last, t + 61, &from, &to));
	CHECK_INT(from, t + 60);
	CHECK_INT(to, t + 60);
	/* Held up for five minutes. */
	CHECK(cron_times_span(&last, t + 365, &from, &to));
	CHECK_INT(from, t + 120);
	CHECK_INT(to, t + 360);
	CHECK(cron_times_due_in(&DAILY(12, 4), from, to));
	CHECK(!cron_times_due_in(&DAILY(12, 1), from, to));
	CHECK(!cron_times_due_in(&DAILY(12, 7), from, to));
	/* Set back by an hour: until then nothing is repeated. */
	CHECK(!cron_times_span(&last, t - 3600, &from, &to));
	CHECK(!cron_times_span(&last, t + 360, &from, &to));
	CHECK(cron_times_span(&last, t + 420, &from, &to));
	CHECK_INT(from, t + 420);
	/* Set by a day, in both directions: only now counts. */
	CHECK(cron_times_span(&last, t + 86400, &from, &to));
	CHECK_INT(from, t + 86400);
	CHECK(cron_times_span(&last, t, &from, &to));
	CHECK_INT(from, t);
	CHECK_INT(to, t);
}

TEST(cron_what_cannot_be)
{
	CHECK(cron_times_bad(&DAILY(-1, -1)) == NULL);
	CHECK_STR(cron_times_bad(&DAILY(24, 0)), "hour");
	CHECK_STR(cron_times_bad(&DAILY(0, 60)), "minute");
	CHECK_STR(cron_times_bad(&(struct cron_times){ 0, 0, 0, 1, 1 }),
	    "day of the month");
	CHECK_STR(cron_times_bad(&(struct cron_times){ 0, 0, 1, 13, 1 }),
	    "month");
	CHECK_STR(cron_times_bad(&(struct cron_times){ 0, 0, 1, 1, 8 }),
	    "week day");
}
