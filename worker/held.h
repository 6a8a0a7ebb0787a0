/*
 * The pieces of a response that is being produced are joined, so that many
 * small ones leave in one send. They are held for a moment only: the core
 * sends them when the buffer is full, at the body's end, and before it waits
 * for anything (wait.c); and if the app computes, or blocks in a way that the
 * server does not see, a thread of the worker's, the pusher, sends what was
 * held for a millisecond. That is the guarantee of PEP 3333: the transmission
 * goes on while the app makes its next piece.
 *
 *	NONE ----- held_add -------> WAITS	the first piece; on the list
 *	WAITS ---- held_add -------> WAITS	one more
 *	WAITS ---- held_take ------> NONE	the core sends it itself
 *	WAITS ---- it is due ------> PUSHED	the pusher sends, unlocked
 *	PUSHED --- all is sent ----> NONE	or an error: failed
 *	PUSHED --- the socket is full
 *		   ----------------> WAITS	tried again, ever less often,
 *						until the core takes it
 *
 * A core that comes while its bytes are PUSHED waits for the end of that send,
 * which does not block. One mutex guards everything here; it is held for a
 * copy, never for a send. The thread is made when a worker first holds
 * something, gets no signal, knows nothing of Python and sleeps without a
 * timer while nothing is held. Where it cannot be made, and in a child that
 * the app has forked, nothing is held: held_add is false.
 *
 * A response may be dropped by the loop thread while its core runs on another
 * (response_drop): held_push may be called by any thread, all others by the
 * core alone.
 */
#ifndef WM_WORKER_HELD_H
#define WM_WORKER_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/uio.h>

/* So much is joined at most. */
#define HELD_SIZE	65536

enum held_state {
	HELD_NONE,
	HELD_WAITS,
	HELD_PUSHED
};

/* One a core takes while it holds something; never on its stack. */
struct held_buf {
	struct held_buf	*next;		/* while it is free */
	size_t		 pos;		/* what is sent already */
	size_t		 len;
	char		 data[HELD_SIZE];
};

/* One a response. All but pending is guarded by the mutex. */
struct held {
	bool			 pending;	/* the core's: look here */
	bool			 failed;	/* the client has left */
	enum held_state		 state;
	int			 fd;
	uint64_t		 due_us;	/* clock_mono_us */
	uint32_t		 retry_us;	/* its next wait; 0: none yet */
	uint64_t		 pushed;	/* bytes sent, not taken yet */
	_Atomic uint64_t	*told;		/* the scoreboard's count of
						   what was sent */
	struct held_buf		*buf;
	TAILQ_ENTRY(held)	 link;		/* while it WAITS */
};

/*
 * Adds n parts, to be sent to fd. False: nothing was added, send it now. What
 * the pusher sends is added to *told, which nobody else writes meanwhile.
 */
bool	 held_add(struct held *h, int fd, _Atomic uint64_t *told,
	    const struct iovec *parts, int n);
/*
 * The bytes from pos on are the core's to send, until held_release. NULL when
 * there are none. *pushed is what was sent meanwhile; false in *alive when the
 * pusher could not send.
 */
struct held_buf *held_take(struct held *h, uint64_t *pushed, bool *alive);
/* Gives the taken buffer back. */
void	 held_release(struct held *h);
/* Sends what the socket takes at once. */
void	 held_push(struct held *h);

/* In a child that the app has forked: nothing will be held. */
void	 held_forked(void);
/* The same, for each response: what it held is the parent's to send. */
void	 held_forget(struct held *h);

#endif
