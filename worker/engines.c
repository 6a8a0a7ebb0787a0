/* Chooses the runtime, the engines and the handlers, once, at the start. */
#include "worker/engines.h"

#include <stddef.h>
#include <string.h>

#include "base/xmalloc.h"
#include "config/config.h"
#include "plugins/plugin.h"
#include "worker/gateway/uwsgi_signal.h"
#include "worker/handler.h"
#include "worker/loop.h"
#include "worker/runtime.h"
#include "worker/suspend.h"
#include "worker/worker.h"

/* The suspend engine of that name, NULL when it is not compiled in. */
static const struct suspend_engine *
engines_suspend(const char *name)
{
	const struct plugin *const	*p;

	for (p = plugins; *p != NULL; p++) {
		if ((*p)->suspend != NULL &&
		    strcmp((*p)->suspend->name, name) == 0)
			return (*p)->suspend;
	}
	return NULL;
}

/* The loop engine of that name; what is missing lacks greenlet too. */
static const struct loop_engine *
engines_loop(const char *name)
{
	const struct plugin *const	*p;

	for (p = plugins; *p != NULL; p++) {
		if ((*p)->loop != NULL && strcmp((*p)->loop->name, name) == 0)
			return (*p)->loop;
	}
	return &loop_libevent;
}

/*
 * The handlers that are wanted: of raised signals, then those of plugins, in
 * the plugins' order.
 */
static const struct handler **
engines_handlers(const struct config *cfg)
{
	const struct plugin *const	*p;
	const struct handler		**handlers;
	size_t				 n = 0;

	for (p = plugins; *p != NULL; p++)
		n++;
	handlers = xcalloc(n + 2, sizeof(*handlers));
	n = 0;
	if (uwsgi_signal_handler.wanted(cfg))
		handlers[n++] = &uwsgi_signal_handler;
	for (p = plugins; *p != NULL; p++) {
		if ((*p)->handler != NULL && ((*p)->handler->wanted == NULL ||
		    (*p)->handler->wanted(cfg)))
			handlers[n++] = (*p)->handler;
	}
	return handlers;
}

/* Chooses. */
int
engines_choose(struct worker *w, char **cause)
{
	const struct plugin *const	*p;

	w->loop = engines_loop(w->cfg->asyncio > 0 ? "asyncio" :
	    w->cfg->tornado > 0 ? "tornado" :
	    w->cfg->gevent > 0 ? "gevent" : "libevent");
	w->suspend = &suspend_none;
	if (w->cfg->greenlet || w->cfg->gevent > 0)
		w->suspend = engines_suspend("greenlet");
	else if (w->cfg->threads > 1)
		w->suspend = engines_suspend("threads");
	if (w->suspend == NULL) {
		*cause = xasprintf("%s: this wsgimaster was built without it",
		    w->cfg->greenlet ? "greenlet" :
		    w->cfg->gevent > 0 ? "gevent" : "threads");
		return -1;
	}
	for (p = plugins; *p != NULL; p++) {
		if ((*p)->runtime != NULL && config_needs_python(w->cfg))
			w->runtime = (*p)->runtime;
	}
	w->handlers = engines_handlers(w->cfg);
	return 0;
}

/* Has the handlers get ready. */
int
engines_prepare(struct worker *w, char **cause)
{
	const struct handler	**h;

	for (h = w->handlers; *h != NULL; h++) {
		if ((*h)->prepare != NULL && (*h)->prepare(w, cause) == -1)
			return -1;
	}
	return 0;
}

/* Has the handlers give up what they keep. */
void
engines_done(struct worker *w)
{
	const struct handler	**h;

	for (h = w->handlers; *h != NULL; h++) {
		if ((*h)->done != NULL)
			(*h)->done(w);
	}
}
