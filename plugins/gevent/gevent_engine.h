/* The loop engine that is gevent on the worker's event base. */
#ifndef WM_PLUGINS_GEVENT_GEVENT_ENGINE_H
#define WM_PLUGINS_GEVENT_GEVENT_ENGINE_H

#include <stdbool.h>

/* For the loop: shall the hub give way to the worker's end? With the lock. */
bool	 gevent_engine_is_stopping(void);
/* Does so; comes back when the hub is wanted again. -1 with an exception. */
int	 gevent_engine_leave(void);

#endif
