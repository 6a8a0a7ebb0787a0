/* Is the server ready to answer requests? */
#ifndef WM_MASTER_READY_H
#define WM_MASTER_READY_H

#include <stdbool.h>

struct master;

/*
 * Ready: the master is RUNNING (so every worker was ready once, and it does
 * not stop) and at least one worker that sits on its seat is READY now. A
 * busy or stuck worker is READY; one that drains is not.
 */
bool		 master_is_ready(const struct master *m);
/* Why it is not, a few words; NULL: it is. */
const char	*master_why_not_ready(const struct master *m);

#endif
