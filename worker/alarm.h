/* Alarms: what the app wants somebody to know at once. */
#ifndef WM_WORKER_ALARM_H
#define WM_WORKER_ALARM_H

#include <stddef.h>

struct config;

/* A longer message is cut off there. */
#define ALARM_MAX	8192

/*
 * One that is due. A command gets the message on its standard input, and runs
 * on without anybody waiting for it (the master reaps it).
 */
struct alarm_due {
	const char	*command;	/* NULL: a record of the log */
	const char	*name;
	const char	*message;
	size_t		 name_len;
	size_t		 len;
};

/*
 * Is the option's alarm number i of that name, and due? Not if it had the same
 * message less than alarm-freq ago in this process. One thread at a time.
 */
int	 alarm_is_due(const struct config *cfg, size_t i, const char *name,
	    const char *message, size_t len, struct alarm_due *due);
/*
 * Raises it, which takes a few milliseconds where a command is started. 0, or
 * -1 when that cannot be done (errno).
 */
int	 alarm_raise(const struct alarm_due *due);

#endif
