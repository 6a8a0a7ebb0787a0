/*
 * A loop engine: how the worker's libevent base and a scheduler of Python's
 * take turns. The base is always there and always libevent's: accepting,
 * client I/O and timeouts run on it under every engine.
 */
#ifndef WM_WORKER_LOOP_H
#define WM_WORKER_LOOP_H

struct worker;

struct loop_engine {
	const char	*name;
	/* In the spawner: Python runs, no app is there; NULL: nothing. */
	int		(*prepare)(struct worker *w, char **cause);
	/* In the worker, after event_reinit, before its own events; or NULL. */
	int		(*init)(struct worker *w, char **cause);
	/* Turns until stop. */
	void		(*run)(struct worker *w);
	/* From within a turn: run() returns soon. */
	void		(*stop)(struct worker *w);
	/*
	 * In a child that the app has forked, on the hub's stack, when the
	 * request that forked has switched away: does not return. NULL: the
	 * child ends there.
	 */
	void		(*forked)(struct worker *w);
};

/* libevent alone. */
extern const struct loop_engine loop_libevent;

#endif
