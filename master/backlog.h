/* How many connections wait in the system to be accepted. */
#ifndef WM_MASTER_BACKLOG_H
#define WM_MASTER_BACKLOG_H

struct listener;
struct listeners;

/* Of one socket, and how many may; both 0 where it is not known. */
unsigned	 backlog_length(const struct listener *l, unsigned *max);
/* Of all together. */
unsigned	 backlog_total(const struct listeners *listeners);

#endif
