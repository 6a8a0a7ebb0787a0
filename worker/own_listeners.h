/* Listening sockets that the app opens in a worker of its own accord. */
#ifndef WM_WORKER_OWN_LISTENERS_H
#define WM_WORKER_OWN_LISTENERS_H

#include <stddef.h>

#include "base/strbuf.h"

/*
 * Which of this process's descriptors listen: a byte each (0 or 1) by number.
 * Taken before the app's hooks run and compared afterwards: a worker with
 * ports of its own can only be replaced in place.
 */
void	 own_listeners_note(struct strbuf *sb);
/*
 * How many listen now that did not before; adds their addresses, a line each,
 * as far as they fit into max bytes.
 */
size_t	 own_listeners_find(const struct strbuf *before, struct strbuf *text,
	    size_t max);

#endif
