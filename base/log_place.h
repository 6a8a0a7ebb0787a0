/* The places of this server's log: opened once, and again after a rotation. */
#ifndef WM_BASE_LOG_PLACE_H
#define WM_BASE_LOG_PLACE_H

#include <stdbool.h>

struct log_target;

enum log_place {
	LOG_OUTPUT,	/* standard output and error (logto) */
	LOG_SERVER,	/* the server's records (logger): like LOG_OUTPUT */
	LOG_REQUESTS,	/* requests (req-logger): like LOG_SERVER */
	LOG_PLACES
};

/* Is this what logger and req-logger may say? Else *cause. */
bool	 log_place_check(const char *spec, char **cause);
/*
 * Master, once, before anything is forked; each may be NULL: as it was. path
 * is a file, or "-" (or /dev/stdout, /dev/stderr) for what is open already.
 * -1 with *cause.
 */
int	 log_place_open(const char *path, const char *logger,
	    const char *req_logger, char **cause);
/*
 * Master, after a rotation: opens a place's file anew, in its old place. Gives
 * the descriptor, which log_place_take in the other processes is to get; -1
 * with errno, and 0 for what is no file.
 */
int	 log_place_reopen(enum log_place place);
/* Child: the master has opened a place anew. fd stays the caller's. */
void	 log_place_take(enum log_place place, int fd);
/* Is the descriptor one that children need for the log? */
bool	 log_place_owns(int fd);
/* Where records of a place go. */
struct log_target *log_place_target(enum log_place place);

#endif
