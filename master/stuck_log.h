/* The stacks that a worker has answered with, as log lines. */
#ifndef WM_MASTER_STUCK_LOG_H
#define WM_MASTER_STUCK_LOG_H

#include <stdbool.h>

/*
 * Logs the JSON of stacks.h, of so many cores at most. who is the worker.
 * False when the stacks are not in it, since the interpreter's lock was not to
 * be had, or it cannot be read.
 */
#define STUCK_LOG_CORES	20

bool	 stuck_log(const char *who, const char *json);

#endif
