/*
 * Letters to websockets: what threads of the app's want to send, which can
 * neither touch the loop's things nor wait for it. The loop reads them, in
 * their order, and each stays until its websocket has room for it; so much may
 * lie there for each websocket as its queue may hold.
 *
 * websocket_post, websocket_post_wait: any thread, with or without the
 * interpreter's lock. Everything else is the loop's.
 */
#ifndef WM_WORKER_WEBSOCKET_WEBSOCKET_POST_H
#define WM_WORKER_WEBSOCKET_WEBSOCKET_POST_H

#include <event2/event_struct.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct websocket;
struct worker;

enum websocket_letter_kind {
	WEBSOCKET_LETTER_TEXT,
	WEBSOCKET_LETTER_BINARY,
	WEBSOCKET_LETTER_CLOSE
};

struct websocket_letter {
	STAILQ_ENTRY(websocket_letter)	 link;
	enum websocket_letter_kind	 kind;
	int				 core;
	uint64_t			 serial;	/* of its request */
	int				 code;		/* CLOSE */
	size_t				 len;
	unsigned char			 data[];
};

STAILQ_HEAD(websocket_letters, websocket_letter);

/* One a core. */
struct websocket_seat {
	_Atomic uint64_t	 open;		/* the serial of the request
						   whose websocket is open */
	_Atomic size_t		 posted;	/* bytes, written under the
						   lock */
	uint64_t		 stays;		/* while they are read: a letter
						   of this serial stays */
};

struct websocket_post {
	pthread_mutex_t			 lock;
	pthread_cond_t			 room;		/* letters were read,
							   or one is over */
	struct websocket_letters	 letters;	/* under the lock */
	struct websocket_seat		*seats;
	_Atomic int			 eventfd;	/* -1: none yet */
	bool				 asked;		/* the loop is to read,
							   and has not yet */
	bool				 closed;
	bool				 reading;	/* the loop's, busy */
	struct websocket		*last;		/* has room for all of
							   its letters */
	struct event			 ev;
};

enum websocket_posted {
	WEBSOCKET_POSTED,
	WEBSOCKET_POST_FULL,
	WEBSOCKET_POST_OVER	/* its websocket is */
};

void	 websocket_post_init(struct worker *w);
void	 websocket_post_done(struct worker *w);
/* The first websocket begins; one begins, or is over. */
void	 websocket_post_open(struct websocket *ws);
void	 websocket_post_shut(struct websocket *ws);
/* Does what the letters say, as far as there is room. */
void	 websocket_post_read(struct worker *w);
/*
 * What was posted to this one goes before what is sent to it now; all: also
 * what there is no room for.
 */
void	 websocket_post_first(struct websocket *ws, bool all);

enum websocket_posted websocket_post(struct worker *w,
	    enum websocket_letter_kind kind, int core, uint64_t serial,
	    int code, const void *data, size_t len);
/* Until one can be posted, or it is over; but no longer than so. */
void	 websocket_post_wait(struct worker *w, int core, uint64_t serial,
	    double seconds);

#endif
