/* The last of the clients, when the server stops. */
#ifndef WM_WORKER_FAREWELL_H
#define WM_WORKER_FAREWELL_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>

struct worker;

/*
 * A client whose connection is in a listener's queue is served: it may have
 * sent its request already. When a worker drains, others accept from the
 * queue. When the server stops there are no others, so nobody new is let into
 * the queue, and who is there is accepted:
 *
 *	NONE --- drains as one of the last ---> TAKES
 *	TAKES -- the queues are empty, and ---> DONE	the listeners are
 *		 nobody is about to enter			closed
 *
 * Nobody new: on a TCP listener a filter drops what opens a connection, so
 * that the client tries again a second later and is refused then; a unix
 * socket is shut down, which refuses at once and leaves its queue as it is.
 * About to enter is who has been answered by the system but has not sent
 * anything yet (TCP_DEFER_ACCEPT), or whose last packet is on its way: they
 * have as long as an idle connection, drain-idle. The system's list of them
 * (/proc/net/tcp) is looked at every 20 ms; where it cannot be read, that time
 * is waited for. Who is queued is accepted whatever the time.
 *
 * A listener that somebody else has open as well (kept) is left alone: its
 * queue waits for the next server. When the master is dead, it is not known
 * whether others listen, too: then nobody is refused, and it ends when the
 * time is over though clients are still coming.
 *
 * All workers do this, each for itself; a listener is gone when the last of
 * them has closed it.
 */
enum farewell_state {
	FAREWELL_NONE,
	FAREWELL_TAKES,
	FAREWELL_DONE
};

struct farewell {
	enum farewell_state	 state;
	bool			 refuse;	/* nobody new comes */
	uint64_t		 until_us;	/* clock_mono_us */
	struct event		 timer;
};

void	 farewell_init(struct worker *w);
/* The worker drains, and is one of the last. */
void	 farewell_begin(struct worker *w, bool refuse);
void	 farewell_done(struct worker *w);

/*
 * Does a line of /proc/net/tcp (or tcp6) tell of a connection to this local
 * port that is not complete?
 */
bool	 farewell_line_is_half_open(const char *line, unsigned port);

#endif
