/* The server's state as a JSON document, in uWSGI's shape with more keys. */
#ifndef WM_MASTER_STATS_JSON_H
#define WM_MASTER_STATS_JSON_H

#include "master/stats_reply.h"

/*
 * uWSGI's keys with uWSGI's units (running_time, avg_rt: microseconds;
 * last_spawn: seconds since 1970), so that tools made for it work. There are
 * no cookies, credentials or query strings in it: "vars" is always empty. What
 * is not UTF-8 is taken as latin-1.
 */
enum stats_progress	 stats_json_write(struct stats_reply *r);

#endif
