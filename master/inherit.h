/* Listening sockets that were open before: systemd's, or another master's. */
#ifndef WM_MASTER_INHERIT_H
#define WM_MASTER_INHERIT_H

#include <stdbool.h>
#include <stddef.h>

#include "master/socket.h"

/* A taken one has fd -1. */
struct inherited_socket {
	struct socket	 socket;
	char		*label;		/* of LISTEN_FDNAMES, or its role for
					   the last master; "" if none */
};

struct inherited {
	struct inherited_socket	*items;
	size_t			 count;
};

/*
 * Takes over the sockets LISTEN_PID, LISTEN_FDS announce, and those of a master
 * that this one is to replace, and removes the variables, so that no child
 * takes them for its own. What is no listening socket is closed, with a
 * warning.
 */
void	 inherited_init(struct inherited *in);
/* Adds one; owns what is in it from then on. */
void	 inherited_add(struct inherited *in, const struct inherited_socket *s);
/* Moves the first at this address to s; false when there is none. */
bool	 inherited_take(struct inherited *in, const char *text,
	    struct socket *s);
/*
 * Moves the first of systemd's that has this label (also if the last master had
 * it from there); false when there is none.
 */
bool	 inherited_take_label(struct inherited *in, const char *label,
	    struct socket *s);
/*
 * Closes, with a warning, those nobody took; with handed false only systemd's:
 * the others are another master's still. The file of one is removed if unlink.
 */
void	 inherited_close(struct inherited *in, bool handed, bool unlink);
/* Closes what is left. */
void	 inherited_done(struct inherited *in);

#endif
