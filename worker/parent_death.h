/* What happens to a worker whose master dies. */
#ifndef WM_WORKER_PARENT_DEATH_H
#define WM_WORKER_PARENT_DEATH_H

/*
 * EOF on the control socket lets a healthy worker drain. One whose loop is
 * stuck cannot see it: the kernel's parent-death signal then arms a timer in
 * a C handler, and the timer kills the process after mercy seconds, whatever
 * it does. Called once in the worker, when its parent is the master. Uses one
 * real-time signal (SIGRTMAX - 1). Returns -1 with errno.
 */
int	 parent_death_watch(double mercy);

#endif
