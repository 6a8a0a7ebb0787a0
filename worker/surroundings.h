/* What chdir and env ask for, before anything of the app's runs. */
#ifndef WM_WORKER_SURROUNDINGS_H
#define WM_WORKER_SURROUNDINGS_H

struct config;

/* In the spawner, once. -1 with *cause. */
int	 surroundings_set(const struct config *cfg, char **cause);

#endif
