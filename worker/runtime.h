/* A language runtime: what the spawner starts and every worker inherits. */
#ifndef WM_WORKER_RUNTIME_H
#define WM_WORKER_RUNTIME_H

#include <stdbool.h>

struct core;
struct strbuf;
struct strlist;
struct worker;

/*
 * Who looks at stacks. enter is told with the lock, whenever it was taken:
 * shall the look go on? Nothing of the worker is touched before. If so, leave
 * comes before it is given up. In between
 * core and thread get what is found, and say whether to go on.
 */
struct runtime_look {
	bool	(*enter)(void *arg);
	void	(*leave)(void *arg);
	bool	(*core)(void *arg, struct core *core, const char *stack);
	bool	(*thread)(void *arg, const char *name, const char *stack);
};

/*
 * Order of the calls. Spawner: start, load (unless lazy-apps), then for each
 * worker fork_before, fork(), fork_parent. Worker: fork_child, event_reinit,
 * load (if lazy-apps), worker_start, the loop, worker_stop. All on the main
 * thread, unless it says otherwise. Whoever returns to the caller has given up
 * the interpreter's lock: it is held only inside these functions and inside a
 * core.
 * Functions with a cause return 0, or -1 with a message the caller frees.
 */
struct runtime {
	const char	*name;
	int		(*start)(struct worker *w, char **cause);
	/* Started: adds the folders that it reads what it runs from. */
	void		(*paths)(struct strlist *paths);
	int		(*load)(struct worker *w, char **cause);
	void		(*fork_before)(void);
	void		(*fork_parent)(void);
	void		(*fork_child)(void);
	int		(*worker_start)(struct worker *w, char **cause);
	void		(*worker_stop)(struct worker *w);
	/*
	 * In the other kinds of processes, in worker_start's place: a mule's
	 * and a spooler's whole work. begin sends MSG_READY: to be called when
	 * what may take long, or for ever, begins. Afterwards comes
	 * worker_stop. -1 and *cause: it could not begin; else an exit status.
	 */
	int		(*mule_run)(struct worker *w,
			    void (*begin)(struct worker *w), char **cause);
	int		(*spooler_run)(struct worker *w,
			    void (*begin)(struct worker *w), char **cause);
	/*
	 * py-autoreload: has the file of something that was loaded changed
	 * since the last call (the first one only looks)? In the spawner, and
	 * on the loop thread of worker 1; without the lock.
	 */
	bool		(*changed)(struct worker *w, struct strbuf *which);
	/*
	 * Around what blocks the calling thread, the loop's or a core's (a
	 * poll(2) without suspend engine): give the lock up if this thread
	 * holds it, and take it back. block_begin says whether it was held;
	 * block_end gets that back.
	 */
	int		(*block_begin)(void);
	void		(*block_end)(int held);
	/*
	 * In such a poll(2), with the lock: a signal has come. Runs the app's
	 * handlers; -1 when one has raised, which ends the wait.
	 */
	int		(*check_signals)(void);
	/*
	 * On a thread that is a core, before its first request and when it
	 * ends; without the lock.
	 */
	void		(*thread_start)(struct core *core);
	void		(*thread_stop)(void);
	/*
	 * Raises wsgimaster.Harakiri in the request of a core that is a thread
	 * of its own, which runs, or is about to ask for the loop (then
	 * core->harakiri.is_due is set). Loop thread, without the lock.
	 */
	void		(*thread_interrupt)(struct core *core);
	/*
	 * The master has sent a signal of the app's (0..255): its handler is to
	 * run as a job. Loop thread, without the lock; in a mule or spooler
	 * the control thread, which must not run Python.
	 */
	void		(*signal)(struct worker *w, int number);
	/*
	 * Appends the stack of a core's request, be it running or parked, its
	 * innermost frame last, a line each that ends with a newline; nothing
	 * if it has none. Without the lock. Member NULL: no request has one.
	 */
	void		(*core_stack)(struct core *core, struct strbuf *out);
	/*
	 * Any thread but the loop's and the cores', which ends next, without
	 * the lock: the same of all cores that have a request, and of all
	 * threads; or, if not all, of what holds the loop, a core or else its
	 * thread. Gives the lock up now and then. Member NULL: as above.
	 */
	void		(*look)(struct worker *w, bool all,
			    const struct runtime_look *look, void *arg);
};

#endif
