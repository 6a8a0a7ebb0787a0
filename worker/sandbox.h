/*
 * The folders that the app may touch (landlock-read, landlock-write): Linux's
 * Landlock, entered by the spawner when Python has started and nothing of the
 * app has been loaded, so that its workers and whatever they start are in it,
 * too, and nobody gets out again.
 *
 *	landlock-read	read, list, execute
 *	landlock-write	everything
 *	by itself	what Python and libc read (sandbox.c), the folders of
 *			Python, wsgi-file, chdir and pythonpath; spoolers'
 *			folders; /dev/null and its kin. Not the folder that
 *			the server was started in
 *
 * What is open already stays open: listeners, the log. Since Linux 6.12 no
 * signal gets out either.
 */
#ifndef WM_WORKER_SANDBOX_H
#define WM_WORKER_SANDBOX_H

struct config;
struct spools;
struct strlist;

/*
 * Spawner, with one thread. spools (may be NULL): their folders are written
 * to; code: folders that are read, too. 0, also if neither option is given, or
 * -1 and *cause.
 */
int	 sandbox_enter(const struct config *cfg, const struct spools *spools,
	    const struct strlist *code, char **cause);

#endif
