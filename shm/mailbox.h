/* The mules' message queues, which outlive mules and reloads. */
#ifndef WM_SHM_MAILBOX_H
#define WM_SHM_MAILBOX_H

#include <stddef.h>
#include <sys/types.h>

/*
 * One socketpair for each queue, which keeps messages apart, made before the
 * first fork: what waits in it is the kernel's, so it is lost by nobody's death
 * but the master's. Queue 0 is for any mule, 1..mules for each of them, those
 * behind that for the farms. Any process of the server may put something in;
 * the mules take out, who is first. Neither ever blocks.
 */
struct mailbox {
	int	 in;
	int	 out;
};

struct mailboxes {
	int		 mules;
	int		 farms;
	struct mailbox	*list;
};

#define MAILBOX_ANY		0
#define mailbox_farm(m, i)	((m)->mules + 1 + (i))	/* i from 0 */

/* Room for size bytes in each (0: as the system has it); NULL with *cause. */
struct mailboxes *mailboxes_new(int mules, int farms, size_t size,
	    char **cause);
void	 mailboxes_free(struct mailboxes *m);
/* How many queues there are. */
int	 mailboxes_count(const struct mailboxes *m);
/* Puts a message in; -1 with errno, EAGAIN: full, EMSGSIZE: never fits. */
int	 mailbox_put(const struct mailboxes *m, int box, const void *data,
	    size_t len);
/*
 * Takes one out; its whole length, which may be more than len (then its end is
 * lost), -1 with errno, EAGAIN: none is there, EPIPE: somebody has ended the
 * queue, which only a process that was taken over does.
 */
ssize_t	 mailbox_take(const struct mailboxes *m, int box, void *data,
	    size_t len);

#endif
