/*
 * A suspend engine: how the stack of an async core is parked, so that the
 * worker can run another core.
 *
 * The hub is the stack that turns the event loop. A core's life, seen from
 * here (core.h has the whole state machine; a job's is the same):
 *
 *	hub:	engine->start(core)	switches to the core's stack, which
 *	core:	core_main(core)		runs the request, and others behind
 *					it if the stack is to be kept
 *	core:	engine->park(core)	from wait.c: back to the hub, where
 *					start() or resume() returns
 *	hub:	engine->resume(core)	goes on behind the park()
 *	core:	core_main returns	the engine goes back to the hub
 *
 * Nothing may depend on "what comes after start() or resume()": an app may
 * switch into its core from a callback of its own, so that a request ends
 * inside somebody else's frame. core_main puts the core on the worker's list
 * of finished ones, and cores_work_off() takes it from there.
 *
 * A parked core's C stack is not in its place: greenlet copies it away. What
 * anybody else touches while a core is parked must not lie on its stack.
 *
 * All of it happens on the worker's loop thread, unless the engine's cores are
 * threads of their own (it has attach). Then start() only begins the request,
 * which its thread runs while the loop goes on. What is the request's own
 * (struct request, and of its connection what conn.h does not keep for the
 * hub) belongs to that thread until the request is over; everything else
 * belongs to the loop thread, and a core touches it between attach() and
 * detach() only. park() and resume() are within.
 *
 * Alternatives are chosen once, at the start; nobody asks afterwards which one
 * it is.
 */
#ifndef WM_WORKER_SUSPEND_H
#define WM_WORKER_SUSPEND_H

#include <stdbool.h>

struct core;
struct worker;

/* Where a request's stack is, for who shows it. Everything is borrowed. */
struct suspend_stacks {
	void		*own;		/* the core's greenlet, or NULL */
	void		*parked;	/* the one that waits in its name */
	bool		 is_switched;	/* it is not always its thread's */
	unsigned long	 thread;	/* preset: the loop's */
};

struct suspend_engine {
	const char	*name;
	/* Can several requests be under way? No: start() runs it whole. */
	bool		 can_park;
	/*
	 * In the spawner, when the app is loaded: what need not be done in each
	 * worker. A failure is left to init. NULL: nothing.
	 */
	void		(*prepare)(void);
	/* In the worker, after the fork; -1 with *cause. NULL: nothing. */
	int		(*init)(struct worker *w, char **cause);
	void		(*start)(struct core *core);
	/*
	 * On the core's own stack, which the hub has switched to, a request
	 * over: may the next one run on it, as nobody but the hub can switch
	 * to it? Member NULL: never; core_main runs one request.
	 */
	bool		(*keeps_stack)(const struct core *core);
	/* Only if can_park. park is called on the core's own stack. */
	void		(*park)(struct core *core);
	void		(*resume)(struct core *core);
	/* In the worker, when it leaves; no request runs. NULL: nothing. */
	void		(*done)(struct worker *w);
	/*
	 * The core on whose stack, or on a stack started from there, the
	 * caller runs; NULL for the hub. Member NULL: worker->running.
	 */
	struct core	*(*current)(struct worker *w);
	/*
	 * On the core's own stack, when another stack of the same request is
	 * parked: ends that wait, so that the state is RUNNING again. Member
	 * NULL: there are no other stacks.
	 */
	void		(*settle)(struct core *core);
	/*
	 * Hub, a core that is RUNNING, but not on the hub's stack: raises
	 * wsgimaster.Harakiri in its request. An engine with stacks switches
	 * there, as resume() does. Member NULL: there is no such core.
	 */
	void		(*interrupt)(struct core *core);
	/*
	 * Any thread, with the interpreter's lock: where a core's request is.
	 * Member NULL: on the loop thread's own stack.
	 */
	void		(*stacks)(const struct core *core,
			    struct suspend_stacks *stacks);
	/*
	 * Any thread, without the interpreter's lock: has the loop thread
	 * stand still, until detach; false when that cannot be (no loop turns
	 * any more, or this is a child of the app's). On the loop thread
	 * itself both do nothing. Between them nothing may block or wait, but
	 * in park. Members NULL: the loop's thread is the cores'.
	 */
	bool		(*attach)(struct worker *w);
	void		(*detach)(struct worker *w);
};

/* No engine: one core, which blocks the worker while it waits. */
extern const struct suspend_engine suspend_none;

#endif
