/* Asking a worker for the Python stacks of all its cores and threads. */
#ifndef WM_MASTER_STACKS_H
#define WM_MASTER_STACKS_H

struct master;
struct stacks;

/*
 * The worker is sent MSG_STACKS with a file (in memory) and writes JSON into
 * it (worker/stacks_json.h), by its watchdog: so it answers also while its
 * loop is stuck. One question a worker is under way at a time: who asks
 * meanwhile gets the answer to that one, too.
 *
 *	slot:	NONE ----- stacks_ask ------------> SENT
 *		SENT ----- MSG_STACKS_DONE -------> NONE	all are told
 *		SENT ----- the worker is gone ----> NONE	all are told
 *		SENT ----- STACKS_FORGET_S later -> NONE	at the next ask
 *	ask:	WAITS ---- its slot's answer -----> told
 *		WAITS ---- its limit is over -----> told
 *		WAITS ---- stacks_cancel ---------> never told
 *
 * Exactly one of json (a text of at most STACKS_SIZE_MAX bytes, the callback's
 * while it runs) and why (in words) is not NULL. A callback is called once, at
 * the latest when the limit is over, never by stacks_ask itself, and only
 * notes what follows, like all of the master's. It may ask again, or cancel.
 */
#define STACKS_FORGET_S	30
/* More do not wait at a time; the next one is told so. */
#define STACKS_ASKS_MAX	64

typedef void (*stacks_cb)(void *arg, const char *json, const char *why);

void	 stacks_ask(struct master *m, int slot, double limit_s, stacks_cb cb,
	    void *arg);
/* Those who asked with both of these are not told any more. */
void	 stacks_cancel(struct master *m, stacks_cb cb, void *arg);

/* The master's start and end. */
struct stacks *stacks_new(struct master *m);
void	 stacks_free(struct stacks *stacks);
/* MSG_STACKS_DONE has come; the worker has closed its end. */
void	 stacks_done(struct master *m, int slot, int number);
void	 stacks_gone(struct master *m, int slot);

#endif
