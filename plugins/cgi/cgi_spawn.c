/* Starts a script, signals it, reaps it. */
#include "plugins/cgi/cgi_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

#define CGI_STACK	65536

#ifndef PIDFD_SIGNAL_PROCESS_GROUP
#define PIDFD_SIGNAL_PROCESS_GROUP	(1u << 2)	/* Linux 6.9 */
#endif
#ifndef P_PIDFD
#define P_PIDFD		3
#endif

/* What the child is told, and tells. */
struct cgi_birth {
	const struct cgi_spawn	*what;
	int			 fds[3];
	pid_t			 parent;
	int			 error;		/* written by the child */
};

/*
 * The child, in the worker's memory: nothing but system calls. Where
 * descriptors cannot be closed at once, all of the server's are closed by
 * execve(2) anyway.
 */
__attribute__((no_sanitize("address", "undefined"))) static int
cgi_spawn_child(void *arg)
{
	struct cgi_birth	*birth = arg;
	struct sigaction	 sa;
	sigset_t		 none;
	int			 i;

	sa.sa_handler = SIG_DFL;
	sa.sa_flags = 0;
	sigemptyset(&sa.sa_mask);
	for (i = 1; i < NSIG; i++)
		(void)sigaction(i, &sa, NULL);
	for (i = 0; i < 3; i++) {
		if (dup2(birth->fds[i], i) == -1)
			goto fail;
	}
	(void)syscall(SYS_close_range, 3u, ~0u, 0u);
	if (setsid() == -1 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1 ||
	    chdir(birth->what->folder) == -1)
		goto fail;
	if (getppid() != birth->parent)
		_exit(127);
	*birth->what->told = (int32_t)getpid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(birth->what->file, birth->what->argv, birth->what->env);
fail:
	birth->error = errno;
	_exit(127);
}

/* Reaps one that could not be executed. */
static void
cgi_spawn_failed(pid_t pid)
{
	siginfo_t	 info;

	while (waitid(P_PID, (id_t)pid, &info, WEXITED) == -1 &&
	    errno == EINTR)
		;
}

/*
 * Makes the child; 0 or errno. All signals wait meanwhile: a handler of the
 * worker's must not run in the child, which has its memory.
 */
static int
cgi_spawn_clone(struct cgi_birth *birth, struct cgi_child *child)
{
	sigset_t	 all, old;
	char		*stack;
	int		 error = 0;

	stack = mmap(NULL, CGI_STACK, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return errno;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	birth->parent = getpid();
	child->pid = clone(cgi_spawn_child, stack + CGI_STACK,
	    CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, birth,
	    &child->pidfd, NULL, NULL);
	if (child->pid == -1)
		error = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	munmap(stack, CGI_STACK);
	if (child->pid == -1)
		child->pidfd = -1;
	else if (birth->error != 0) {
		error = birth->error;
		*birth->what->told = 0;
		cgi_spawn_failed(child->pid);
	}
	return error;
}

/* A pipe, whose end for the child is above its three descriptors. */
static int
cgi_spawn_pipe(int *own, int *childs, bool own_reads)
{
	int	 fds[2];

	if (pipe2(fds, O_CLOEXEC) == -1)
		return errno;
	*own = fds[own_reads ? 0 : 1];
	*childs = fds[own_reads ? 1 : 0];
	if (*childs < 3) {
		int	 high = fcntl(*childs, F_DUPFD_CLOEXEC, 3);

		close(*childs);
		*childs = high;
	}
	return *childs == -1 || fd_set_nonblock(*own) == -1 ? errno : 0;
}

/* Starts a script. */
int
cgi_spawn(const struct cgi_spawn *what, struct cgi_child *child)
{
	struct cgi_birth	 birth = { .what = what,
	    .fds = { -1, -1, -1 } };
	int			 error = 0, i;

	child->pid = -1;
	child->pidfd = child->in = child->out = child->err = -1;
	if (what->in != -1) {
		birth.fds[0] = fcntl(what->in, F_DUPFD_CLOEXEC, 3);
		error = birth.fds[0] == -1 ? errno : 0;
	} else
		error = cgi_spawn_pipe(&child->in, &birth.fds[0], false);
	if (error == 0)
		error = cgi_spawn_pipe(&child->out, &birth.fds[1], true);
	if (error == 0)
		error = cgi_spawn_pipe(&child->err, &birth.fds[2], true);
	if (error == 0)
		error = cgi_spawn_clone(&birth, child);
	for (i = 0; i < 3; i++)
		fd_close(&birth.fds[i]);
	if (error != 0)
		cgi_spawn_close(child);
	return error;
}

/* Signals the whole group. */
void
cgi_spawn_signal(const struct cgi_child *child, int sig)
{
	siginfo_t	 info;

	if (child->pidfd == -1)
		return;
	if (syscall(SYS_pidfd_send_signal, child->pidfd, sig, NULL,
	    PIDFD_SIGNAL_PROCESS_GROUP) == 0 || errno != EINVAL)
		return;
	/* As long as it is not reaped its number is nobody else's. */
	if (waitid((idtype_t)P_PIDFD, (id_t)child->pidfd, &info,
	    WEXITED | WNOHANG | WNOWAIT) == 0)
		(void)kill(-child->pid, sig);
}

/* Turns what waitid(2) tells into what waitpid(2) would. */
static int
cgi_spawn_status(const siginfo_t *info)
{
	return info->si_code == CLD_EXITED ? W_EXITCODE(info->si_status, 0) :
	    W_EXITCODE(0, info->si_status);
}

/* Reaps it if it has ended. */
bool
cgi_spawn_reap(struct cgi_child *child, int *status)
{
	siginfo_t	 info = { 0 };

	*status = -1;
	if (waitid((idtype_t)P_PIDFD, (id_t)child->pidfd, &info,
	    WEXITED | WNOHANG | WNOWAIT) == 0) {
		if (info.si_pid == 0)
			return false;
		cgi_spawn_signal(child, SIGKILL);
		if (waitid((idtype_t)P_PIDFD, (id_t)child->pidfd, &info,
		    WEXITED | WNOHANG) == 0 && info.si_pid != 0)
			*status = cgi_spawn_status(&info);
	} else
		cgi_spawn_signal(child, SIGKILL);
	fd_close(&child->pidfd);
	return true;
}

/* Closes what is open. */
void
cgi_spawn_close(struct cgi_child *child)
{
	fd_close(&child->pidfd);
	fd_close(&child->in);
	fd_close(&child->out);
	fd_close(&child->err);
}
