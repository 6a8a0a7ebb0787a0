/* The greenlet plugin. */
#ifndef WM_PLUGINS_GREENLET_GREENLET_PLUGIN_H
#define WM_PLUGINS_GREENLET_GREENLET_PLUGIN_H

#include "plugins/plugin.h"

extern const struct plugin greenlet_plugin;

#endif
