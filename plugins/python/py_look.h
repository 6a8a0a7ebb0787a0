/* All stacks of a worker, for a witness. */
#ifndef WM_PLUGINS_PYTHON_PY_LOOK_H
#define WM_PLUGINS_PYTHON_PY_LOOK_H

#include <stdbool.h>

struct runtime_look;
struct worker;

/* For struct runtime. */
void	 py_look(struct worker *w, bool all, const struct runtime_look *look,
	    void *arg);

#endif
