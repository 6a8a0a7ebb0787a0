/* The loop engine that is asyncio on the worker's event base. */
#ifndef WM_PLUGINS_ASYNCIO_ASYNCIO_ENGINE_H
#define WM_PLUGINS_ASYNCIO_ASYNCIO_ENGINE_H

#include <Python.h>

#include <stdbool.h>

struct worker;

/*
 * Python's loop drives: run_forever() calls the selector's select(), which
 * turns the base. These are the members of the engine's struct loop_engine;
 * Tornado, which sits on the same loop, has them in its own.
 */
int	 asyncio_engine_prepare(struct worker *w, char **cause);
int	 asyncio_engine_init(struct worker *w, char **cause);
void	 asyncio_engine_run(struct worker *w);
void	 asyncio_engine_stop(struct worker *w);

/* Is this, or Tornado's, the loop engine? Known before the app is loaded. */
bool	 asyncio_engine_is_used(void);

/* For the selector: shall the loop end, so that a turn must not block? */
bool	 asyncio_engine_is_stopping(void);
/* For the selector, behind a turn; -1 with a Python exception. */
int	 asyncio_engine_turned(void);

/*
 * For the selector: select() need not go back to Python's loop, which costs
 * as much as a small request, while that would only ask again. first is what
 * engine_first gave before the turns: the timer that is due next, new, or
 * NULL. is_idle: is it still that one, and has the loop nothing else to do?
 * Always false for a selector that is not the server's loop's.
 */
PyObject *asyncio_engine_first(const PyObject *selector);
bool	 asyncio_engine_is_idle(const PyObject *selector,
	    const PyObject *first);

#endif
