/* What a plugin is: data that names the tables it brings. */
#ifndef WM_PLUGINS_PLUGIN_H
#define WM_PLUGINS_PLUGIN_H

#define PLUGIN_ABI	1

struct handler;
struct loop_engine;
struct runtime;
struct suspend_engine;

/* Any table may be NULL. */
struct plugin {
	int				 abi;	/* PLUGIN_ABI */
	const char			*name;
	const struct runtime		*runtime;
	const struct handler		*handler;
	const struct suspend_engine	*suspend;
	const struct loop_engine	*loop;
};

/* Those compiled in; ends with NULL. */
extern const struct plugin *const plugins[];

#endif
