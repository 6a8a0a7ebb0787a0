/* The places of this server's log: opened once, and again after a rotation. */
#include "base/log_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log_sink.h"
#include "base/xmalloc.h"

static struct {
	char			*path;		/* LOG_OUTPUT's file, or NULL */
	struct log_target	 server;
	struct log_target	 requests;
	bool			 split;		/* requests are apart */
} log_places;

/* Puts a descriptor over standard output and error. */
static void
log_output_take(int fd)
{
	if (fd != STDOUT_FILENO)
		dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
}

/* Opens the file of standard output and error; for a pipe: as log_sink.c. */
static int
log_output_open(const char *path)
{
	int	 fd;

	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NONBLOCK, 0640);
	if (fd == -1)
		return -1;
	(void)fcntl(fd, F_SETFL, O_APPEND);
	log_output_take(fd);
	close(fd);
	return 0;
}

/* Records go to standard error before anything is said. */
static struct log_target *
log_place_ready(struct log_target *target)
{
	if (target->sink == NULL)
		log_target_init(target);
	return target;
}

/* Where records go. */
struct log_target *
log_place_target(enum log_place place)
{
	if (place == LOG_REQUESTS && log_places.split)
		return &log_places.requests;
	return log_place_ready(&log_places.server);
}

/* Is it what may be said? */
bool
log_place_check(const char *spec, char **cause)
{
	struct log_target	 target;
	int			 result;

	log_target_init(&target);
	target.fd = -1;
	result = log_target_parse(&target, spec, cause);
	log_target_done(&target);
	return result == 0;
}

/* Opens one of the two targets. */
static int
log_place_open_target(struct log_target *target, const char *spec,
    char **cause)
{
	log_target_init(target);
	if (spec != NULL) {
		target->fd = -1;
		if (log_target_parse(target, spec, cause) == -1)
			return -1;
	}
	if (log_target_open(target) == 0)
		return 0;
	/* Who takes records may come later: until then they are lost. */
	if (target->sink->may_miss) {
		log_warn("cannot reach %s: %s", spec, strerror(errno));
		return 0;
	}
	*cause = xasprintf("cannot open the log %s: %s",
	    spec != NULL ? spec : "standard error", strerror(errno));
	return -1;
}

/*
 * A descriptor that is there already, under a name: it is not opened anew,
 * which a socket (journald's) cannot be, and a pipe not by another user.
 */
static int
log_place_std(const char *path)
{
	static const struct {
		const char	*name;
		int		 fd;
	} names[] = {
		{ "-",			STDOUT_FILENO },
		{ "/dev/stdout",	STDOUT_FILENO },
		{ "/dev/fd/1",		STDOUT_FILENO },
		{ "/proc/self/fd/1",	STDOUT_FILENO },
		{ "/dev/stderr",	STDERR_FILENO },
		{ "/dev/fd/2",		STDERR_FILENO },
		{ "/proc/self/fd/2",	STDERR_FILENO },
	};
	size_t	 i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(path, names[i].name) == 0)
			return names[i].fd;
	}
	return -1;
}

/* Opens all of them. */
int
log_place_open(const char *path, const char *logger, const char *req_logger,
    char **cause)
{
	if (path != NULL && log_place_std(path) != -1) {
		log_output_take(log_place_std(path));
	} else if (path != NULL) {
		if (log_output_open(path) == -1) {
			*cause = xasprintf("cannot open the log %s: %s", path,
			    strerror(errno));
			return -1;
		}
		log_places.path = xstrdup(path);
	}
	if (log_place_open_target(&log_places.server, logger, cause) == -1)
		return -1;
	if (req_logger == NULL)
		return 0;
	if (log_place_open_target(&log_places.requests, req_logger, cause) ==
	    -1)
		return -1;
	log_places.split = true;
	return 0;
}

/* A file of a target's own. */
static int
log_place_reopen_target(struct log_target *target)
{
	if (target->path == NULL || target->sink->may_miss)
		return 0;
	return log_target_open(target) == -1 ? -1 : target->fd;
}

/* Opens a place anew. */
int
log_place_reopen(enum log_place place)
{
	if (place == LOG_REQUESTS)
		return log_place_reopen_target(&log_places.requests);
	if (place == LOG_SERVER)
		return log_places.server.sink == NULL ? 0 :
		    log_place_reopen_target(&log_places.server);
	if (log_places.path == NULL)
		return 0;
	if (log_output_open(log_places.path) == -1)
		return -1;
	if (!log_places.server.own_fd)
		log_target_look(&log_places.server);
	return STDERR_FILENO;
}

/* Takes what the master has opened. */
void
log_place_take(enum log_place place, int fd)
{
	if (place == LOG_OUTPUT)
		log_output_take(fd);
	else if (place == LOG_SERVER)
		log_target_take(log_place_target(LOG_SERVER), fd);
	else if (log_places.split)
		log_target_take(&log_places.requests, fd);
}

/* Is it needed for the log? */
bool
log_place_owns(int fd)
{
	return (log_places.server.own_fd && log_places.server.fd == fd) ||
	    (log_places.requests.own_fd && log_places.requests.fd == fd);
}
