/* Forking a child of the master: the one place where it happens. */
#include "master/process.h"

#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/log_place.h"
#include "master/signals.h"

#define PROCESS_FDS	65536	/* looked at when there is no /proc */

/* Shall the descriptor stay open? */
static bool
process_keeps(int fd, const int *keep, size_t nkeep)
{
	size_t	 i;

	for (i = 0; i < nkeep; i++) {
		if (keep[i] == fd)
			return true;
	}
	return fd <= STDERR_FILENO || log_place_owns(fd);
}

/* Closes all descriptors but those to keep. */
static void
process_close_others(const int *keep, size_t nkeep)
{
	struct dirent	*entry;
	DIR		*dir;
	int		 fd;

	dir = opendir("/proc/self/fd");
	if (dir == NULL) {
		for (fd = 0; fd < PROCESS_FDS; fd++) {
			if (!process_keeps(fd, keep, nkeep))
				close(fd);
		}
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		fd = atoi(entry->d_name);
		if (fd != dirfd(dir) && !process_keeps(fd, keep, nkeep))
			close(fd);
	}
	closedir(dir);
}

/* What a child does. */
static _Noreturn void
process_child(struct event_base *base, const int *keep, size_t nkeep,
    int (*run)(const void *arg), const void *arg)
{
	int	 status;

	/*
	 * The epoll descriptor is shared with the master: reinit makes an own
	 * one, so that freeing the events takes nothing away from the master.
	 */
	if (event_reinit(base) == 0)
		event_base_free(base);
	process_close_others(keep, nkeep);
	signals_child();
	status = run(arg);
	fflush(NULL);
	_exit(status);
}

/* Forks. */
pid_t
process_start(struct event_base *base, const int *keep, size_t nkeep,
    int (*run)(const void *arg), const void *arg)
{
	pid_t	 pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		process_child(base, keep, nkeep, run, arg);
	return pid;
}

/* Is it ours, or at least that user's? */
bool
process_is_theirs(pid_t pid, uid_t uid)
{
	siginfo_t	 info;
	struct stat	 st;
	char		 path[64];

	if (pid <= 1)
		return false;
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		return true;
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return stat(path, &st) == 0 && st.st_uid == uid;
}

/* Kills them with the rights that the process has. */
static void
process_kill_each(const pid_t *groups, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++) {
		if (groups[i] > 1)
			(void)kill(-groups[i], SIGKILL);
	}
}

/* Kills what was named, as that user. */
void
process_kill_groups(const pid_t *groups, size_t n, uid_t uid)
{
	pid_t	 own = getpgrp(), pid;
	size_t	 i;

	for (i = 0; i < n; i++) {
		if (groups[i] == own)
			return;		/* nobody who tells the truth */
	}
	if (n == 0 || geteuid() == uid) {
		process_kill_each(groups, n);
		return;
	}
	pid = fork();
	if (pid == -1)
		log_warn("scripts of a worker that was killed stay: %s",
		    strerror(errno));
	if (pid != 0)
		return;
	/* Nothing but system calls until the end. */
	if (setresuid(uid, uid, uid) == 0)
		process_kill_each(groups, n);
	_exit(0);
}

/* The group that a process leads, or the process if it leads none. */
static void
process_signal_group(pid_t pid, int number)
{
	if (kill(-pid, number) == -1)
		(void)kill(pid, number);
}

/* Signals whom somebody has named, as that user. */
void
process_signal_as(pid_t pid, int number, uid_t uid)
{
	pid_t	 child;

	if (pid <= 1 || pid == getpid() || pid == getpgrp())
		return;
	if (geteuid() == uid) {
		process_signal_group(pid, number);
		return;
	}
	child = fork();
	if (child == -1)
		log_warn("process %d gets no signal: %s", (int)pid,
		    strerror(errno));
	if (child != 0)
		return;
	/* Nothing but system calls until the end. */
	if (setresuid(uid, uid, uid) == 0)
		process_signal_group(pid, number);
	_exit(0);
}

/* Forks for a program. */
pid_t
process_start_program(const int *keep, size_t nkeep,
    int (*run)(const void *arg), const void *arg)
{
	pid_t	 pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		process_close_others(keep, nkeep);
		_exit(run(arg));
	}
	return pid;
}

/* Names the process. */
void
process_set_name(const char *name)
{
	prctl(PR_SET_NAME, name, 0, 0, 0);
}

/* Says how a child ended. */
const char *
process_status_text(int status, char *buf, size_t len)
{
	if (WIFSIGNALED(status))
		snprintf(buf, len, "killed by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(buf, len, "exit status %d", WEXITSTATUS(status));
	return buf;
}

/* Reads a process's state: what follows the name, which may be anything. */
char
process_state(pid_t pid)
{
	char	 path[64], line[512], *end;
	size_t	 n;
	FILE	*f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return '?';
	n = fread(line, 1, sizeof(line) - 1, f);
	fclose(f);
	line[n] = '\0';
	end = strrchr(line, ')');
	return end != NULL && end[1] == ' ' ? end[2] : '?';
}

/* Reads a process's memory use. */
void
process_memory(pid_t pid, unsigned long long *rss, unsigned long long *vsz)
{
	unsigned long long	 page = (unsigned long long)getpagesize();
	char			 path[64];
	FILE			*f;

	*rss = *vsz = 0;
	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return;
	if (fscanf(f, "%llu %llu", vsz, rss) != 2)
		*rss = *vsz = 0;
	fclose(f);
	*rss *= page;
	*vsz *= page;
}
