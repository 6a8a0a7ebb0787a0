/* The listening sockets that one master hands to the next one. */
#ifndef WM_MASTER_HANDOVER_H
#define WM_MASTER_HANDOVER_H

#include <stddef.h>

struct inherited;
struct socket;

/*
 * All listening sockets of this server. main fills it; whoever opens one more
 * adds it there. The next master finds by the address which is for what.
 */
struct handover {
	struct handed {
		const char	*role;		/* what for: "http" */
		struct socket	*socket;	/* main's */
	}		*items;
	size_t		 count;
};

/* Adds a socket, unless it is not open; role is a literal. */
void	 handover_add(struct handover *h, const char *role,
	    struct socket *s);
void	 handover_done(struct handover *h);
/*
 * Whose are the files of unix sockets, to be removed at the end? A socket that
 * was handed over has one of ours only from own on; from disown on all are the
 * next master's.
 */
void	 handover_own(struct handover *h);
void	 handover_disown(struct handover *h);

/*
 * "WSGIMASTER_INHERIT=http=5k,http=6r,stats=7:2049:1234": the descriptors; k:
 * kept, somebody else's; r: bound with SO_REUSEPORT for one of the workers;
 * device and inode: the file that was made for a unix socket, to be removed at
 * the end. The caller frees it.
 */
char	*handover_print(const struct handover *h);
/* Adds what the variable's value names; warns of what it cannot take. */
void	 handover_read(const char *text, struct inherited *in);

#endif
