/* The asyncio plugin. */
#ifndef WM_PLUGINS_ASYNCIO_ASYNCIO_PLUGIN_H
#define WM_PLUGINS_ASYNCIO_ASYNCIO_PLUGIN_H

#include "plugins/plugin.h"

extern const struct plugin asyncio_plugin;

#endif
