/* The plugins that are compiled in. */
#include "plugins/plugin.h"

#include <stddef.h>

#include "build_config.h"

#ifdef WM_HAVE_CGI
extern const struct plugin	 cgi_plugin;
#endif
extern const struct plugin	 python_plugin;
extern const struct plugin	 asyncio_plugin;
extern const struct plugin	 tornado_plugin;
extern const struct plugin	 threads_plugin;
#ifdef WM_HAVE_GREENLET
extern const struct plugin	 gevent_plugin;
extern const struct plugin	 greenlet_plugin;
#endif

const struct plugin *const plugins[] = {
#ifdef WM_HAVE_CGI
	&cgi_plugin,		/* before the app */
#endif
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
