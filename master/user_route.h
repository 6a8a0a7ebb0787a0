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

/*
 * Sends it to whom it is for; once: of those whose turn has not come yet
 * (user_kept.h), who has that number to come already gets no other one.
 */
enum user_routed user_route(struct user_signals *us, int number, bool once);
/* Sends it to this one, if it can take it now. */
bool	 user_route_try(const struct user_signals *us, struct worker_proc *wp,
	    int number);
/* Is it there, or starting, and has the handler, or may have it then? */
bool	 user_route_awaits(const struct user_signals *us,
	    const struct worker_proc *wp, int number);
/* Has the table's generation a worker that is ready? */
bool	 user_route_has(const struct user_signals *us);
/* May this master's timers run? Not while another one's do. */
bool	 user_route_may_run(const struct master *m);
/* A worker has, or has no more, a handler of its own. */
void	 user_route_learn(struct worker_proc *wp, int number, bool has);

#endif
