/* Chooses the runtime, the engines and the handlers, once, at the start. */
#ifndef WM_WORKER_ENGINES_H
#define WM_WORKER_ENGINES_H

struct worker;

/*
 * From the configuration and the plugins compiled in. Sets w->runtime,
 * suspend, loop and handlers; -1 with *cause when the configuration asks for
 * what this build does not have.
 */
int	 engines_choose(struct worker *w, char **cause);
/* Spawner, before the app is loaded; -1 with *cause. */
int	 engines_prepare(struct worker *w, char **cause);
/* Worker, at its end. */
void	 engines_done(struct worker *w);

#endif
