/* py-autoreload: has the file of a loaded module changed? */
#ifndef WM_PLUGINS_PYTHON_PY_AUTORELOAD_H
#define WM_PLUGINS_PYTHON_PY_AUTORELOAD_H

#include <stdbool.h>

struct strbuf;
struct worker;

/*
 * For struct runtime. The spawner looks at the modules that it has loaded,
 * worker 1 at those that were loaded after the fork: so each change is seen
 * once, also while workers are stuck. A module is noted when it is first seen;
 * a file that is not there is not a change (editors replace files).
 */
bool	 py_autoreload_changed(struct worker *w, struct strbuf *which);

#endif
