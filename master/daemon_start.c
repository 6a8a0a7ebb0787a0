/* Starting one attached daemon, and reading its pidfile. */
#include "master/daemon_start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/daemon_rule.h"
#include "config/identity.h"
#include "master/process.h"
#include "worker/privileges.h"
#include "worker/surroundings.h"

/* What the child needs. */
struct daemon_args {
	const struct daemon_rule	*rule;
	struct config			 cfg;	/* borrowed, with its user */
	pid_t				 master;
};

/* Who the daemon is. */
int
daemon_user(const struct daemon_rule *rule, const struct config *cfg,
    uid_t *uid, char **cause)
{
	struct config	 own = daemon_rule_config(rule, cfg);
	static struct identity	 id;

	if (identity_find(&id, &own, cause) == -1)
		return -1;
	*uid = id.uid;
	return 0;
}

/* Nothing of the master's way with signals. */
static void
daemon_signals(void)
{
	sigset_t	 none;
	int		 i;

	for (i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Names this process in the pidfile, with the daemon's own rights. */
static int
daemon_write_pidfile(const char *path)
{
	char	 text[32];
	int	 fd, result;

	snprintf(text, sizeof(text), "%d\n", (int)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK,
	    0644);
	if (fd == -1)
		return -1;
	result = fd_write_all(fd, text, strlen(text));
	close(fd);
	return result;
}

/* The process between has nothing more to do. */
static int
daemon_go_away(const struct daemon_rule *rule)
{
	pid_t	 pid = fork();

	if (pid == -1)
		return -1;
	if (pid != 0)
		_exit(0);
	return daemon_write_pidfile(rule->pidfile);
}

/* Its standard input. */
static int
daemon_stdin(const struct daemon_args *args)
{
	int	 fd;

	if (args->rule->keep_stdin || args->cfg.daemons_honour_stdin)
		return 0;
	fd = open("/dev/null", O_RDWR);
	if (fd == -1)
		return -1;
	if (fd != STDIN_FILENO) {
		dup2(fd, STDIN_FILENO);
		close(fd);
	}
	return 0;
}

/* In the child: all that comes before the command. NULL, or what failed. */
static const char *
daemon_prepare(const struct daemon_args *args)
{
	const struct daemon_rule	*rule = args->rule;
	char				*cause;

	if (privileges_drop(&args->cfg, &cause) == -1 ||
	    surroundings_set(&args->cfg, &cause) == -1)
		return cause;
	if (rule->daemonize && daemon_go_away(rule) == -1)
		return "pidfile";
	if (rule->pidfile == NULL &&
	    (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1 ||
	    getppid() != args->master))
		return "the master is gone";
	if (daemon_stdin(args) == -1)
		return "/dev/null";
	if (setsid() == -1)
		return "setsid";
	if (rule->chdir != NULL && chdir(rule->chdir) == -1)
		return rule->chdir;
	daemon_signals();
	return NULL;
}

/*
 * Can the shell become the command? Else it stays between: it would get the
 * signals, and the kernel's when the master dies, and the command would not.
 */
static bool
daemon_is_simple(const char *command)
{
	static const char *const	 builtins[] = { ".", "!", "eval",
	    "exec", "command", "trap", "cd", "ulimit", "umask" };
	size_t				 i, len = strcspn(command, " \t");

	if (strpbrk(command, ";&|(){}`\n") != NULL ||
	    memchr(command, '=', len) != NULL)
		return false;
	for (i = 0; i < sizeof(builtins) / sizeof(*builtins); i++) {
		if (strlen(builtins[i]) == len &&
		    memcmp(builtins[i], command, len) == 0)
			return false;
	}
	return true;
}

/* In the child: becomes the command. */
static int
daemon_exec(const void *arg)
{
	const struct daemon_args	*args = arg;
	const char			*why;
	char				*command;

	log_set_role("daemon", 0);
	process_set_name("wm-daemon");
	errno = 0;
	why = daemon_prepare(args);
	if (why == NULL) {
		command = xasprintf("%s%s", daemon_is_simple(
		    args->rule->command) ? "exec " : "", args->rule->command);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		why = "/bin/sh";
	}
	log_error("cannot start \"%s\": %s: %s", args->rule->command, why,
	    strerror(errno));
	return 127;
}

/* Starts one. */
pid_t
daemon_start(const struct daemon_rule *rule, const struct config *cfg)
{
	struct daemon_args	 args = { .rule = rule,
	    .cfg = daemon_rule_config(rule, cfg), .master = getpid() };

	return process_start_program(NULL, 0, daemon_exec, &args);
}

/* Who is in the pidfile. */
pid_t
daemon_read_pidfile(const char *path, uid_t uid)
{
	char		 text[32];
	struct stat	 st;
	ssize_t		 n = -1;
	long		 pid;
	int		 fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	pid = strtol(text, NULL, 10);
	if (pid <= 1 || pid > 4194304 ||
	    !process_is_theirs((pid_t)pid, uid) ||
	    process_state((pid_t)pid) == 'Z')
		return 0;
	return (pid_t)pid;
}
