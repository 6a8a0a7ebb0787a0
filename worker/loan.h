/*
 * The loop, lent to a core for a moment: suspend.h's attach and detach, for
 * whoever may hold the interpreter's lock. That is given up before the loop is
 * asked for, and taken back behind it: who waits for the one never has the
 * other.
 */
#ifndef WM_WORKER_LOAN_H
#define WM_WORKER_LOAN_H

#include <stdbool.h>

struct worker;

/*
 * Any thread of the cores', or the loop's: what is the loop's may be touched
 * until loan_give, and nothing may block or wait in between, but in park.
 * False, with EPIPE: it never may again (no loop turns any more, or this is a
 * child of the app's).
 */
bool	 loan_take(struct worker *w, int *held);
/* Gives it back; errno stays. */
void	 loan_give(struct worker *w, int held);

#endif
