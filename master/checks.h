/* What the master looks at again and again, without having been told. */
#ifndef WM_MASTER_CHECKS_H
#define WM_MASTER_CHECKS_H

struct checks;
struct master;

/*
 * Twice a second, each function of the table in checks.c looks at one thing
 * (a deadline, a file, a worker's memory) and, like any callback of the
 * master's, only notes what follows from it: master_turn comes next. None may
 * block or take long. They run until the loop ends, also while it stops.
 */
struct checks	*checks_new(struct master *m);
void		 checks_free(struct checks *checks);

#endif
