/* The plugins that are compiled in. */
#include "plugins/plugin.h"

#include <stddef.h>

#include "build_config.h"

extern const struct plugin	 python_plugin;
extern const struct plugin	 asyncio_plugin;
extern const struct plugin	 tornado_plugin;
extern const struct plugin	 threads_plugin;
#ifdef WM_HAVE_GREENLET
extern const struct plugin	 gevent_plugin;
extern const struct plugin	 greenlet_plugin;
#endif

const struct plugin *const plugins[] = {
	&python_plugin,
	&asyncio_plugin,
	&tornado_plugin,
	&threads_plugin,
#ifdef WM_HAVE_GREENLET
	&gevent_plugin,
	&greenlet_plugin,
#endif
	NULL
};
