/* Alarms: what the app wants somebody to know at once. */
#include "worker/alarm.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/alarm_rule.h"
#include "config/config.h"

extern char	**environ;

/* What an alarm of the option had last; allocated when one is first raised. */
static struct alarm_last {
	char		*message;
	size_t		 len;
	uint64_t	 at_us;		/* mono clock */
}	*alarm_lasts;

/* Is it the same message again, and too soon? Else it is the last one now. */
static bool
alarm_is_again(const struct config *cfg, size_t i, const char *message,
    size_t len)
{
	struct alarm_last	*last;
	uint64_t		 now = clock_mono_us();

	if (alarm_lasts == NULL)
		alarm_lasts = xcalloc(cfg->alarm.count, sizeof(*last));
	last = &alarm_lasts[i];
	if (last->message != NULL && last->len == len &&
	    memcmp(last->message, message, len) == 0 &&
	    now - last->at_us < (uint64_t)(cfg->alarm_freq * 1e6))
		return true;
	free(last->message);
	last->message = xstrndup(message, len);
	last->len = len;
	last->at_us = now;
	return false;
}

/* Is it to be raised? */
int
alarm_is_due(const struct config *cfg, size_t i, const char *name,
    const char *message, size_t len, struct alarm_due *due)
{
	struct alarm_rule	 rule;

	if (len > ALARM_MAX)
		len = ALARM_MAX;
	if (alarm_rule_parse(&rule, cfg->alarm.items[i]) != NULL ||
	    rule.name_len != strlen(name) ||
	    memcmp(rule.name, name, rule.name_len) != 0 ||
	    alarm_is_again(cfg, i, message, len))
		return 0;
	*due = (struct alarm_due){ .name = rule.name,
	    .name_len = rule.name_len, .message = message, .len = len,
	    .command = rule.kind == ALARM_CMD ? rule.command : NULL };
	return 1;
}

/* Starts sh with fd as its standard input, and waits for it alone; errno. */
static int
alarm_spawn(char *script, int fd)
{
	char			 name[] = "sh", flag[] = "-c";
	char			*argv[] = { name, flag, script, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t	 attr;
	sigset_t		 all, none;
	pid_t			 pid;
	int			 error;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_adddup2(&files, fd, 0);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF |
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
	error = posix_spawn(&pid, "/bin/sh", &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	if (error != 0)
		return error;
	/* The app may reap it sooner. */
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	return 0;
}

/* The message as a file that begins at its beginning; -1 with errno. */
static int
alarm_file(const char *message, size_t len)
{
	int	 fd = memfd_create("alarm", MFD_CLOEXEC);

	if (fd == -1)
		return -1;
	if (fd_write_all(fd, message, len) == 0 && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	fd_close(&fd);
	return -1;
}

/* Has a command told. The shell only starts it, so it is nobody's child. */
static int
alarm_command(const struct alarm_due *due)
{
	int	 fd = alarm_file(due->message, due->len), error;
	char	*script;

	if (fd == -1)
		return -1;
	script = xasprintf("exec 3<&0\n{\n%s\n} <&3 3<&- &", due->command);
	error = alarm_spawn(script, fd);
	free(script);
	close(fd);
	errno = error;
	return error == 0 ? 0 : -1;
}

/* Raises it. */
int
alarm_raise(const struct alarm_due *due)
{
	if (due->command != NULL)
		return alarm_command(due);
	log_error("alarm %.*s: %.*s", (int)due->name_len, due->name,
	    (int)due->len, due->message);
	return 0;
}
