/*
 * Timeouts of connections: one list and one timer per state.
 *
 * All connections of a state have the same limit, so a list in order of
 * arrival is in order of expiry: entering and leaving a state costs two list
 * operations and no timer. The timer is armed for the oldest and, when it
 * fires, ends those whose time is over and goes on to the next.
 */
#ifndef WM_WORKER_CONN_TIMEOUT_H
#define WM_WORKER_CONN_TIMEOUT_H

struct conn;
struct worker;

void	 conn_timeouts_init(struct worker *w);
void	 conn_timeouts_done(struct worker *w);
/*
 * While draining, idle connections get drain-idle seconds more: a request that
 * is on its way is answered (and told to close), then they are closed. What
 * comes before the first request (OPENING) may have taken as long by then, or
 * three seconds.
 */
void	 conn_timeouts_drain(struct worker *w);
/* The connection is (again) the youngest of its state. */
void	 conn_timeout_enter(struct conn *c);
void	 conn_timeout_leave(struct conn *c);

#endif
