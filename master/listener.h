/* All listening sockets of the server, from the options and from systemd. */
#ifndef WM_MASTER_LISTENER_H
#define WM_MASTER_LISTENER_H

#include "shm/listener.h"

struct config;
struct inherited;
struct socket;

/* The workers see public; the sockets behind it are the master's. */
struct listening {
	struct listeners	 public;
	struct socket		*sockets;	/* the same order and count */
};

/* Are all addresses well written? -1 and *cause; looks nothing up. */
int	 listening_check(const struct config *cfg, char **cause);
/*
 * Opens (or takes from inherited) every http-socket; without that option all
 * that was inherited. -1 and *cause when one fails or there is none at all.
 */
int	 listening_open(struct listening *l, const struct config *cfg,
	    struct inherited *inherited, char **cause);
/*
 * How many connections wait to be accepted, and *max: how many may; both 0
 * when that cannot be known (unix sockets).
 */
int	 listening_queue(const struct listener *l, int *max);
/* Closes all; with unlink the files of unix sockets go too. */
void	 listening_close(struct listening *l, bool unlink);

#endif
