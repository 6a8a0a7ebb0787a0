/* What the cores of a worker do, or did when it died, as log lines. */
#ifndef WM_MASTER_BLACKBOX_H
#define WM_MASTER_BLACKBOX_H

#include "base/log.h"

struct scoreboard;

/*
 * One line for each core of the slot that is not idle; what are the words in
 * front, like "worker 1 (pid 4711)".
 */
void	 blackbox_log(struct scoreboard *sb, int slot, enum log_level level,
	    const char *what);

#endif
