/* Which process gets a signal. */
#ifndef WM_MASTER_USER_ROUTE_H
#define WM_MASTER_USER_ROUTE_H

#include <stdbool.h>

struct master;
struct user_signals;
struct worker_proc;

enum user_routed {
	USER_SENT,
	USER_LATER,	/* nobody can take it now */
	USER_NEVER	/* nobody could */
};

/* Sends it to whom it is for. */
enum user_routed user_route(struct user_signals *us, int number);
/* Has the table's generation a worker that is ready? */
bool	 user_route_has(const struct user_signals *us);
/* May this master's timers run? Not while another one's do. */
bool	 user_route_may_run(const struct master *m);
/* A worker has, or has no more, a handler of its own. */
void	 user_route_learn(struct worker_proc *wp, int number, bool has);

#endif
