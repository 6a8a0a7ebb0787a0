/* The Python plugin. */
#ifndef WM_PLUGINS_PYTHON_PY_PLUGIN_H
#define WM_PLUGINS_PYTHON_PY_PLUGIN_H

#include "plugins/plugin.h"

extern const struct plugin python_plugin;

#endif
