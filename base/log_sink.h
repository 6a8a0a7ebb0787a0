/* Where log lines go, without ever waiting for long. */
#ifndef WM_BASE_LOG_SINK_H
#define WM_BASE_LOG_SINK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

/*
 * A sink is a kind of place, a target is one place: "stderr", "stdout",
 * "file:PATH", "syslog[:IDENT][,FACILITY][,/SOCKET]" and
 * "systemd[:IDENT][,/SOCKET]" name one. The master opens them, children
 * inherit them; what has a path is opened again by the master alone, which
 * hands the descriptor to the others (they may be another user by then).
 *
 * A line is one write(2) or datagram. Where the reader of a pipe or of a
 * socket does not read, a process waits LOG_PATIENCE_US, and afterwards no more
 * than a tenth of the time, until it has had as much time again; meanwhile
 * lines are lost and counted, and the first that goes through is preceded by
 * one that says how many. Files and terminals block as long as the system does.
 */
#define LOG_PATIENCE_US		1000000

enum log_target_kind {
	LOG_TARGET_BLOCKS,	/* file, terminal, /dev/null */
	LOG_TARGET_NONBLOCK,	/* a pipe with a description of its own */
	LOG_TARGET_POLLED,	/* a pipe whose description is not ours */
	LOG_TARGET_SOCKET	/* MSG_DONTWAIT */
};

struct log_sink;

struct log_target {
	const struct log_sink	*sink;
	char			*path;		/* or NULL */
	char			*ident;		/* syslog's, systemd's */
	int			 facility;	/* syslog's */
	int			 fd;		/* -1: not there */
	bool			 own_fd;	/* not standard output, error */
	enum log_target_kind	 kind;
	_Atomic bool		 cut;		/* a line's end is missing */
	_Atomic uint64_t	 lost;		/* records, not told yet */
	_Atomic uint64_t	 seen_us;	/* when waited was brought up */
	_Atomic uint64_t	 waited_us;	/* less a tenth of the time */
	_Atomic uint64_t	 retry_us;	/* connect again then */
};

/* One record. */
struct log_line {
	enum log_level		 level;
	const struct log_where	*where;		/* or NULL */
	const char		*process;	/* "worker" */
	int			 worker;	/* 0: none */
	const char		*line;		/* with newline */
	size_t			 len;
	size_t			 head;		/* bytes of it for the time */
	const char		*message;	/* what is said, without all */
	size_t			 message_len;
};

struct log_sink {
	const char	*name;
	/* Opens the target, which has its members; -1 with errno. */
	int		 (*open)(struct log_target *target);
	/* Writes a line; -1: it is lost. */
	int		 (*write)(struct log_target *target,
			    const struct log_line *line);
	const char	*syntax;	/* what may follow the colon, or NULL */
	bool		 may_miss;	/* open may fail, it is tried again */
};

/* Sinks of log_socket.c. */
extern const struct log_sink	 log_sink_syslog;
extern const struct log_sink	 log_sink_systemd;

/* Standard error, until it is said otherwise. */
void	 log_target_init(struct log_target *target);
/* Reads "name:arguments" (NULL: stays); -1 with *cause. Opens nothing. */
int	 log_target_parse(struct log_target *target, const char *spec,
	    char **cause);
/* Opens it; -1 with errno. */
int	 log_target_open(struct log_target *target);
/* Standard error is another file now: finds out how it is written to. */
void	 log_target_look(struct log_target *target);
/* Puts a descriptor in its place (which stays the caller's). */
void	 log_target_take(struct log_target *target, int fd);
void	 log_target_done(struct log_target *target);
/*
 * For sinks: writes it all, as the target's kind can, within its patience; -1
 * with errno if that is not possible.
 */
int	 log_target_put(struct log_target *target, const void *data,
	    size_t len);

#endif
