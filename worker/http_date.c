/* HTTP's dates, without the locale. */
#include "worker/http_date.h"

#include <string.h>

#define DAY	86400

static const char	 http_days[] = "SunMonTueWedThuFriSat";
static const char	 http_months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char *const http_long_days[] = { "Sunday", "Monday", "Tuesday",
    "Wednesday", "Thursday", "Friday", "Saturday" };

/* A date of the proleptic Gregorian calendar, and a time of the day. */
struct http_date {
	int	 year;
	int	 month;		/* 1..12 */
	int	 day;
	int	 hour;
	int	 minute;
	int	 second;
};

/* What is left of a text to be read. */
struct http_date_text {
	const char	*p;
	const char	*end;
};

/* Days since 1970 of a day; years begin in March, and are made positive. */
static int64_t
http_date_days(int year, int month, int day)
{
	int64_t	 y = (month > 2 ? year : year - 1) + 400;
	int64_t	 m = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 +
	    day - 1 - 719468 - 146097;
}

/* How many days a month has. */
static int
http_date_month_days(int year, int month)
{
	static const int	 days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30,
	    31, 30, 31 };

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 ||
	    year % 400 == 0))
		return 29;
	return days[month - 1];
}

/* Writes a number of so many digits. */
static char *
http_date_number(char *out, int n, int digits)
{
	int	 i;

	for (i = digits - 1; i >= 0; i--) {
		out[i] = (char)('0' + n % 10);
		n /= 10;
	}
	return out + digits;
}

/* Writes some bytes. */
static char *
http_date_bytes(char *out, const char *s, size_t len)
{
	memcpy(out, s, len);
	return out + len;
}

/* Sets year, month and day of so many days since 1970, which are not below. */
static void
http_date_civil(struct http_date *d, int64_t days)
{
	int64_t	 z = days + 719468, era = z / 146097, doe = z % 146097;
	int64_t	 yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t	 doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t	 m = (5 * doy + 2) / 153;

	d->day = (int)(doy - (153 * m + 2) / 5 + 1);
	d->month = (int)(m < 10 ? m + 3 : m - 9);
	d->year = (int)(yoe + era * 400) + (d->month <= 2);
}

/* Writes an IMF-fixdate. */
void
http_date_format(int64_t seconds, char out[HTTP_DATE_TEXT + 1])
{
	struct http_date	 d;
	int64_t			 days;
	int			 s;
	char			*p = out;

	if (seconds < 0)
		seconds = 0;
	days = seconds / DAY;
	s = (int)(seconds % DAY);
	http_date_civil(&d, days);
	p = http_date_bytes(p, http_days + (days + 4) % 7 * 3, 3);
	p = http_date_bytes(p, ", ", 2);
	p = http_date_number(p, d.day, 2);
	*p++ = ' ';
	p = http_date_bytes(p, http_months + 3 * (d.month - 1), 3);
	*p++ = ' ';
	p = http_date_number(p, d.year % 10000, 4);
	*p++ = ' ';
	p = http_date_number(p, s / 3600, 2);
	*p++ = ':';
	p = http_date_number(p, s / 60 % 60, 2);
	*p++ = ':';
	p = http_date_number(p, s % 60, 2);
	(void)http_date_bytes(p, " GMT", 5);
}

/* Takes this word, if it comes next. */
static bool
take(struct http_date_text *t, const char *word)
{
	size_t	 len = strlen(word);

	if ((size_t)(t->end - t->p) < len || memcmp(t->p, word, len) != 0)
		return false;
	t->p += len;
	return true;
}

/* Takes a number of so many digits. */
static bool
take_number(struct http_date_text *t, int digits, int *n)
{
	*n = 0;
	if (t->end - t->p < digits)
		return false;
	for (; digits > 0; digits--, t->p++) {
		if (*t->p < '0' || *t->p > '9')
			return false;
		*n = *n * 10 + (*t->p - '0');
	}
	return true;
}

/* Takes one of the three-letter names: its place, or -1. */
static int
take_name(struct http_date_text *t, const char *names)
{
	int	 i;

	if (t->end - t->p < 3)
		return -1;
	for (i = 0; names[3 * i] != '\0'; i++) {
		if (memcmp(t->p, names + 3 * i, 3) == 0) {
			t->p += 3;
			return i;
		}
	}
	return -1;
}

/* Takes hour:minute:second. */
static bool
take_time(struct http_date_text *t, struct http_date *d)
{
	return take_number(t, 2, &d->hour) && take(t, ":") &&
	    take_number(t, 2, &d->minute) && take(t, ":") &&
	    take_number(t, 2, &d->second);
}

/* Takes a month's name. */
static bool
take_month(struct http_date_text *t, struct http_date *d)
{
	d->month = take_name(t, http_months) + 1;
	return d->month > 0;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool
http_date_fixed(struct http_date_text t, struct http_date *d)
{
	return take_name(&t, http_days) != -1 && take(&t, ", ") &&
	    take_number(&t, 2, &d->day) && take(&t, " ") &&
	    take_month(&t, d) && take(&t, " ") &&
	    take_number(&t, 4, &d->year) && take(&t, " ") &&
	    take_time(&t, d) && take(&t, " GMT") && t.p == t.end;
}

/* "Sunday, 06-Nov-94 08:49:37 GMT" */
static bool
http_date_rfc850(struct http_date_text t, struct http_date *d)
{
	int	 i = 0;

	while (i < 7 && !take(&t, http_long_days[i]))
		i++;
	return i < 7 && take(&t, ", ") && take_number(&t, 2, &d->day) &&
	    take(&t, "-") && take_month(&t, d) && take(&t, "-") &&
	    take_number(&t, 2, &d->year) && take(&t, " ") &&
	    take_time(&t, d) && take(&t, " GMT") && t.p == t.end;
}

/* "Sun Nov  6 08:49:37 1994" */
static bool
http_date_asctime(struct http_date_text t, struct http_date *d)
{
	return take_name(&t, http_days) != -1 && take(&t, " ") &&
	    take_month(&t, d) && take(&t, " ") &&
	    (take(&t, " ") ? take_number(&t, 1, &d->day) :
	    take_number(&t, 2, &d->day)) && take(&t, " ") &&
	    take_time(&t, d) && take(&t, " ") &&
	    take_number(&t, 4, &d->year) && t.p == t.end;
}

/* Is there such a day, and such a time? */
static bool
http_date_exists(const struct http_date *d)
{
	return d->day >= 1 &&
	    d->day <= http_date_month_days(d->year, d->month) &&
	    d->hour < 24 && d->minute < 60 && d->second <= 60;
}

/* Reads a date. */
bool
http_date_parse(const char *s, size_t len, int64_t now, int64_t *seconds)
{
	struct http_date_text	 t = { s, s + len };
	struct http_date	 d, today;

	if (http_date_rfc850(t, &d)) {
		http_date_civil(&today, now < 0 ? 0 : now / DAY);
		d.year += today.year / 100 * 100;
		if (d.year > today.year + 50)
			d.year -= 100;
	} else if (!http_date_fixed(t, &d) && !http_date_asctime(t, &d)) {
		return false;
	}
	if (!http_date_exists(&d))
		return false;
	*seconds = http_date_days(d.year, d.month, d.day) * DAY +
	    d.hour * 3600 + d.minute * 60 + d.second;
	return true;
}
