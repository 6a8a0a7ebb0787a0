/* The gevent plugin. */
#ifndef WM_PLUGINS_GEVENT_GEVENT_PLUGIN_H
#define WM_PLUGINS_GEVENT_GEVENT_PLUGIN_H

#include "plugins/plugin.h"

extern const struct plugin gevent_plugin;

#endif
