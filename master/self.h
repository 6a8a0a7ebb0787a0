/* How this program was started, so that it can be started again. */
#ifndef WM_MASTER_SELF_H
#define WM_MASTER_SELF_H

/*
 * First thing in main: keeps the arguments, the environment, the current
 * folder and the umask as they are. What was meant for this process alone
 * (LISTEN_*, WSGIMASTER_*, a WATCHDOG_PID that is this process) is left out.
 */
void	 self_note(char **argv);
/*
 * The file that would be executed: argv[0] as it was found then (in PATH,
 * from the folder the program was started in), links not followed, so that a
 * replaced file or link is taken. If that is not this program, the path that
 * the kernel gave for it. The folder is $PWD when that is where the program
 * was started: links in it are not followed either.
 */
const char *self_path(void);
/*
 * In a child: executes it with the same arguments, in the folder and with the
 * umask of the start, and with its environment and the extra variables
 * ("NAME=value", NULL at the end). Returns only on failure, with errno.
 */
void	 self_exec(char *const *extra);

#endif
