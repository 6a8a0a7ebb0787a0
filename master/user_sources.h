/* What raises signals by itself: timers, crons, file monitors of an app. */
#ifndef WM_MASTER_USER_SOURCES_H
#define WM_MASTER_USER_SOURCES_H

#include <stdbool.h>

struct master;
struct message;
struct user_signals;
struct user_sources;

/* So many of each kind. */
#define USER_SOURCES_MAX	256
/* Of a timer, in microseconds. */
#define USER_TIMER_MIN_US	1000LL
#define USER_TIMER_MAX_US	100000000000000LL

/*
 * One set a generation, with those of its options. They are noted at once, and
 * run while it serves.
 */
struct user_sources *user_sources_new(struct user_signals *us,
	    struct master *m);
void	 user_sources_free(struct user_sources *sources);
void	 user_sources_start(struct user_sources *sources);
void	 user_sources_stop(struct user_sources *sources);
/*
 * Those that the import has registered are to be registered again; what was not
 * goes. Those of workers and mules, which live on, stay.
 */
void	 user_sources_stale(struct user_sources *sources);
void	 user_sources_fresh(struct user_sources *sources);
/* MSG_SIGNAL_TIMER, _CRON, _FILE, _REMOVE; imported: while the app is. */
void	 user_sources_message(struct user_sources *sources,
	    const struct message *msg, bool imported);

#endif
