/* The Tornado plugin. */
#ifndef WM_PLUGINS_TORNADO_TORNADO_PLUGIN_H
#define WM_PLUGINS_TORNADO_TORNADO_PLUGIN_H

#include "plugins/plugin.h"

extern const struct plugin tornado_plugin;

#endif
