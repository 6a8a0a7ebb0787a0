/* What runs on behalf of requests beside their own stacks. */
#ifndef WM_PLUGINS_PYTHON_PY_SURVEY_H
#define WM_PLUGINS_PYTHON_PY_SURVEY_H

struct core;
struct py_survey;
struct worker;

/*
 * A request may have started tasks of asyncio's, or greenlets, and wait for
 * them: then their stacks say what it waits for. They are found by what they
 * run in (py_task.h), by their parents, or by the thread of their loop, all at
 * once, since whoever looks for one sees all of them; of at most
 * PY_SURVEY_MAX for each request the stacks are kept, as text (py_stack.h).
 *
 * only: of this core's request, NULL: of all. With the lock, which Python code
 * that is called may give up. Never NULL; what cannot be found is left out.
 */
#define PY_SURVEY_MAX	16

struct py_survey *py_survey_new(struct worker *w, const struct core *only);
void	 py_survey_free(struct py_survey *survey);
/* What was found for a core, "" if nothing was. */
const char *py_survey_text(const struct py_survey *survey,
	    const struct core *core);

#endif
