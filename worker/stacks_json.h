/* What a worker answers when it is asked for its stacks. */
#ifndef WM_WORKER_STACKS_JSON_H
#define WM_WORKER_STACKS_JSON_H

#include <stdbool.h>

struct worker;

/*
 * On the watchdog's thread: writes the stacks of all busy cores and of all
 * threads, as JSON, to a file (closed then), and tells the master when they
 * are there. It takes so many seconds at most; what was not found by then, or
 * does not fit, is left out: "left_out" says how many cores' stacks, and
 * "lock_held" whether the interpreter's lock was not to be had.
 *
 *	{"worker":1,"pid":7,"loop_stuck":false,"cores":[{"core":0,
 *	"state":"sleep","request":"...","method":"GET","path":"/x",
 *	"age_ms":12,"stack":["  File ...", ...]}],"threads":[{"name":
 *	"MainThread","stack":[...]}],"left_out":0,"lock_held":false}
 */
void	 stacks_answer(struct worker *w, int steal_fd, int number,
	    double limit, bool loop_stuck);

#endif
