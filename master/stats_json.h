/* The server's state as a JSON document, in uWSGI's shape with more keys. */
#ifndef WM_MASTER_STATS_JSON_H
#define WM_MASTER_STATS_JSON_H

struct master;

/*
 * uWSGI's keys with uWSGI's units (running_time, avg_rt: microseconds;
 * last_spawn: seconds since 1970), so that tools made for it work. There are
 * no cookies, credentials or query strings in it: "vars" is always empty. What
 * is not UTF-8 is taken as latin-1. The caller frees it with free().
 */
char	*stats_json(const struct master *m);

#endif
