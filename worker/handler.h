/* Who answers a request: a static file, a plugin, the WSGI app. */
#ifndef WM_WORKER_HANDLER_H
#define WM_WORKER_HANDLER_H

#include <stdbool.h>

struct config;
struct request;
struct worker;

struct handler {
	const char	*name;
	/* Does the configuration ask for it? NULL: it always does. */
	bool		(*wanted)(const struct config *cfg);
	/*
	 * Spawner, before the app is loaded, with the working directory set:
	 * -1 with *cause. NULL: nothing to do.
	 */
	int		(*prepare)(struct worker *w, char **cause);
	/* Loop thread, at the worker's end; no request runs. NULL: nothing. */
	void		(*done)(struct worker *w);
	/* Is it this handler's? Called on the core, must not wait. */
	bool		(*match)(struct request *req);
	/*
	 * Answers, on the core's stack, and may wait (wait.h). 0 when the
	 * response was given to response_* (also when the client has left);
	 * -1 when it failed: if no head is out the client gets a 500, else the
	 * response is cut off so that it cannot be taken for a whole one.
	 */
	int		(*run)(struct request *req);
};

#endif
