/* Listening sockets that systemd (or who speaks like it) hands over. */
#ifndef WM_MASTER_INHERIT_H
#define WM_MASTER_INHERIT_H

#include <stdbool.h>
#include <stddef.h>

#include "master/socket.h"

/* What LISTEN_FDS brought; a taken one has fd -1. */
struct inherited {
	struct socket	*items;
	size_t		 count;
};

/*
 * Takes over the sockets LISTEN_PID, LISTEN_FDS announce and removes the
 * variables, so that no child takes them for its own. What is no listening
 * socket is closed, with a warning.
 */
void	 inherited_init(struct inherited *in);
/* Moves the one at this address to s; false when there is none. */
bool	 inherited_take(struct inherited *in, const char *text,
	    struct socket *s);
/* Closes, with a warning, those nobody took. */
void	 inherited_done(struct inherited *in);

#endif
