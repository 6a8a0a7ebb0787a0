/* Forking a child of the master: the one place where it happens. */
#ifndef WM_MASTER_PROCESS_H
#define WM_MASTER_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct event_base;

/*
 * Forks a child that calls run(arg) and exits with what that returns. In it
 * the signals are its own (signals_child), the master's event base is freed
 * without touching the master's registrations, and every descriptor is closed
 * but 0, 1, 2 and the nkeep in keep. Returns the child's pid, -1 with errno.
 */
pid_t	 process_start(struct event_base *base, const int *keep, size_t nkeep,
	    int (*run)(const void *arg), const void *arg);
/*
 * May a process be signalled because somebody said that it is a worker? It is
 * a child, or belongs to the user that the app runs as: a root that believed
 * any pid would be a tool for killing anything.
 */
bool	 process_is_theirs(pid_t pid, uid_t uid);
/*
 * Kills these process groups, which somebody has named who may lie: with that
 * user's rights and no others, and never the master's own. Numbers below 2 name
 * none. A privileged master does it by a child that becomes that user.
 */
void	 process_kill_groups(const pid_t *groups, size_t n, uid_t uid);
/*
 * Sends a signal to this process and its group with that user's rights, and no
 * others, in the same way.
 */
void	 process_signal_as(pid_t pid, int number, uid_t uid);
/*
 * Forks a child that is to execute a program: run(arg) does, and returns an
 * exit status if it cannot. Descriptors as above, but the signals stay blocked:
 * none is lost on the way to a program that reads them as the master does.
 */
pid_t	 process_start_program(const int *keep, size_t nkeep,
	    int (*run)(const void *arg), const void *arg);
/* The name that ps and top show, cut to 15 bytes. */
void	 process_set_name(const char *name);
/* How a child ended: "exit status 1", "killed by signal 9 (Killed)". */
const char *process_status_text(int status, char *buf, size_t len);
/* Its state as ps shows it: 'R', 'S', 'T' (stopped), ...; '?': unknown. */
char	 process_state(pid_t pid);
/* Resident and virtual bytes of a process, 0 when they cannot be read. */
void	 process_memory(pid_t pid, unsigned long long *rss,
	    unsigned long long *vsz);

#endif
