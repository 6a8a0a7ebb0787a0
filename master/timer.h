/* Setting a timer to a number of seconds. */
#ifndef WM_MASTER_TIMER_H
#define WM_MASTER_TIMER_H

struct event;

/* Once, so many seconds from now, whatever it was set to before. */
void	 timer_arm(struct event *timer, double seconds);
/* For timers whose time is what the next turn of the master looks at. */
void	 timer_wakes_cb(int fd, short what, void *arg);

#endif
