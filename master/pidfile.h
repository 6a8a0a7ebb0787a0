/* The file with the master's pid. */
#ifndef WM_MASTER_PIDFILE_H
#define WM_MASTER_PIDFILE_H

#include <sys/types.h>

/*
 * Does a master live whose pid is in the file? Then -1 and *cause; but one
 * whose pid is replaced (0: none) may. What else is in the file, also a pid
 * that is another program's by now, does not matter.
 */
int	 pidfile_check(const char *path, pid_t replaced, char **cause);
/*
 * Puts this process's pid there, in one step: a reader finds the old or the new
 * content. Only where the folder cannot be written it is written in place. -1
 * with errno.
 */
int	 pidfile_write(const char *path);
/* Removes it, if this process's pid is in it. */
void	 pidfile_remove(const char *path);

#endif
