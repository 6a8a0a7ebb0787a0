/* Reads options from a JSON file. */
#ifndef WM_CONFIG_CONFIG_JSON_H
#define WM_CONFIG_CONFIG_JSON_H

#include "config/config.h"

/*
 * Sets what the file says; lists grow. The options are the members of the
 * top object, or of one under the key "wsgimaster" or "uwsgi"; under "uwsgi"
 * the values may be written as uWSGI lets them. A "$schema" beside them is
 * ignored. Everything wrong is added to problems, naming path.
 */
void	 config_json_read(struct config *cfg, const char *path,
	    struct strlist *problems);

#endif
