/*
 * A worker without processes, Python or network: one in this very process,
 * with a handler in C, whose clients are socketpairs. Cores are parked by
 * ucontext, so that waiting is tested without greenlet; or they are threads.
 */
#ifndef WM_TEST_UNIT_RIG_H
#define WM_TEST_UNIT_RIG_H

#include <stdbool.h>
#include <stddef.h>

struct request;
struct worker;

/* What the handler does; set before a request comes. */
extern int	(*rig_handler)(struct request *req);
/* May a core's stack serve for the next request at once? True at first. */
extern bool	 rig_keeps_stack;
/* How often the hub has begun on a core's stack. */
extern int	 rig_starts;

/*
 * options: a NULL-ended list as on the command line ("--async", "4", ...). With
 * parking cores can wait; without it there is one core and no engine, or with
 * "--threads" the threads engine.
 */
struct worker	*rig_start(bool parking, const char *const *options);
void		 rig_stop(struct worker *w);
/* A new client; its descriptor is non-blocking and the caller's. */
int		 rig_client(struct worker *w);
void		 rig_send(int client, const char *text);
/* Turns the base until nothing happens for ms milliseconds. */
void		 rig_turn(struct worker *w, int ms);
/* Turns until no core is busy and no connection is open, for ten seconds. */
void		 rig_settle(struct worker *w);
/*
 * Turns the base until the client has text, or 5 seconds. Returns everything
 * received so far, NUL-ended, in a static buffer; "" when nothing came.
 */
const char	*rig_receive(struct worker *w, int client, const char *text);
/* Turns until the client sees the connection's end; false after 5 s. */
bool		 rig_closed(struct worker *w, int client);

#endif
