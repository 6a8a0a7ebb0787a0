/* An asyncio loop as a guest of another engine's, for await_ and run(). */
#ifndef WM_PLUGINS_ASYNCIO_ASYNCIO_GUEST_H
#define WM_PLUGINS_ASYNCIO_ASYNCIO_GUEST_H

#include <Python.h>

struct worker;

/*
 * Under the asyncio engines Python's loop turns the base. Under all others the
 * worker has, once it is asked for, an asyncio loop whose descriptors the base
 * watches and which is turned, a step at a time, by a callback of the base
 * whenever it has something to do. asyncio is not imported before that.
 *
 * In the worker, with the lock. -1 and NULL: a Python exception.
 */

/* await_(), for the module wsgimaster. */
extern const PyMethodDef asyncio_guest_methods[];
/*
 * asyncio.run() in a request shall park it: sees to it as soon as the app has
 * imported asyncio. To be called now and then; costs next to nothing.
 */
int	 asyncio_guest_check(void);
/* The worker leaves: what runs on the loop is cancelled. */
void	 asyncio_guest_done(void);

#endif
