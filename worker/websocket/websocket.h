/*
 * Websockets (RFC 6455): a request that has asked for one keeps its core, and
 * its connection carries messages from then on, until the request ends.
 *
 *	OPEN ----- a close frame comes, it is answered ------> OVER
 *	OPEN ----- ours is sent: the app's, at an error of --> CLOSING
 *		   the client's, when the worker drains
 *	CLOSING -- the client's comes -----------------------> OVER
 *	CLOSING -- websockets-close-timeout is over ---------> OVER
 *	OPEN, CLOSING -- the connection ends or breaks, no
 *		   pong comes, nothing of what is to be sent
 *		   is taken for write-timeout ---------------> OVER, broken
 *	any ------ the request ends -------------------------> freed
 *
 * A close frame, and an error of the client's, has its turn behind the messages
 * that came before it: it is held (held) while the app has one of them to
 * answer, until it asks for the next, or websockets-close-timeout is over.
 *
 * In OPEN messages go both ways. In CLOSING what still comes can be received,
 * but not after an error, or when the app has closed. In OVER what came before
 * is received, and then the error that says why (code and reason). Broken:
 * nothing more is sent, not even what waits to be.
 *
 * The loop reads and writes, whatever the request is at: so pings are answered
 * and a slow client's queue goes on while the app computes or waits elsewhere.
 * What comes is put into the inbox as whole messages; with too much in there
 * (WEBSOCKET_INBOX_*), or too much to be sent, no more is read. Without a
 * suspend engine no loop turns while a request runs: then its waits do all of
 * it, and every call of the app's looks first.
 *
 *	idle ----- something is received ---> idle, for websockets-ping-freq
 *	idle ----- that is over: a ping ----> pinged
 *	pinged --- something is received ---> idle
 *	pinged --- websockets-pong-tolerance is over without the client having
 *		   taken anything of what is before the ping: OVER, broken
 *
 * A core waits by wait_until (readable, room, flushed), so it gets harakiri,
 * and whatever else ends waits. Others may watch the bell (websocket_bell): a
 * descriptor that can be read while something can be received.
 *
 * Loop thread, or with the loop lent (suspend.h), but for what says otherwise.
 */
#ifndef WM_WORKER_WEBSOCKET_WEBSOCKET_H
#define WM_WORKER_WEBSOCKET_WEBSOCKET_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "build_config.h"
#include "shm/messages.h"
#include "worker/wait.h"
#include "worker/websocket/websocket_in.h"
#include "worker/websocket/websocket_out.h"
#include "worker/websocket/websocket_post.h"

struct conn;
struct core;
struct request;
struct worker;

/* With so much unread, no more is read. */
#define WEBSOCKET_INBOX_MESSAGES	64
#define WEBSOCKET_INBOX_BYTES		65536
#define WEBSOCKET_REASON		123	/* of a close frame */

enum websocket_state {
	WEBSOCKET_OPEN,
	WEBSOCKET_CLOSING,
	WEBSOCKET_OVER
};

/* What a websocket waits for; each has its time. */
enum websocket_clock {
	WEBSOCKET_IDLE,		/* websockets-ping-freq */
	WEBSOCKET_PINGED,	/* websockets-pong-tolerance */
	WEBSOCKET_LEAVING,	/* websockets-close-timeout */
	WEBSOCKET_STUCK,	/* write-timeout: something is to be sent */
	WEBSOCKET_CLOCKS
};

/* A place in a clock's list; the first one is due first. */
struct websocket_due {
	TAILQ_ENTRY(websocket_due)	 link;
	struct websocket		*ws;
	uint64_t			 due_us;	/* coarse */
	int				 clock;		/* -1: none */
};

TAILQ_HEAD(websocket_dues, websocket_due);

struct websocket {
	TAILQ_ENTRY(websocket)	 link;		/* of the worker's */
	struct worker		*worker;
	struct conn		*conn;
	struct core		*core;
	uint64_t		 serial;	/* the request's */
	enum websocket_state	 state;
	bool			 broken;
	bool			 deaf;		/* messages are dropped */
	bool			 reading;	/* read_ev is added */
	bool			 writing;	/* write_ev is added */
	bool			 polled;	/* no loop turns meanwhile */
	bool			 hung_up;	/* the client was told that
						   nothing more comes */
	bool			 handling;	/* the app has a message */
	enum websocket_in_event	 held;		/* CLOSE, BAD; MORE: none */
	int			 deflate_bits;	/* 0: not agreed */
	/* Why: the client's word, or ours; set with CLOSING, then OVER. */
	int			 code;
	unsigned char		 reason_len;
	char			 reason[WEBSOCKET_REASON];
	struct websocket_in	 in;
	unsigned char		*rest;		/* read, not looked at; or
						   NULL */
	struct websocket_messages inbox;
	size_t			 inbox_messages;
	size_t			 inbox_bytes;
	struct websocket_out	 out;
	uint64_t		 sent;		/* bytes */
	uint64_t		 asked_at;	/* of them, before the ping */
	uint64_t		 taken;		/* of them, when it was last
						   looked at */
	int			 bell;		/* an eventfd; -1: nobody has
						   asked */
	int			 ear;		/* polled: an epoll of bell and
						   socket; else -1 */
	uint32_t		 heeds;		/* what of the socket's */
	bool			 rung;
	struct websocket_due	 heard;		/* IDLE, PINGED, LEAVING */
	struct websocket_due	 stuck;		/* STUCK */
	struct event		 read_ev;
	struct event		 write_ev;
};

TAILQ_HEAD(websocket_list, websocket);

/* In struct worker. */
struct websockets {
	struct websocket_list	 all;
	uint32_t		 open;
	struct websocket_dues	 dues[WEBSOCKET_CLOCKS];
	uint64_t		 limits_us[WEBSOCKET_CLOCKS];	/* 0: none */
	uint64_t		 next_us;	/* the timer's; 0: not armed */
	struct event		 timer;
	unsigned char		*buf;		/* what is read goes here */
	int			 leaving;	/* the code when it drains */
	struct websocket_post	 post;
};

/* What a request asked for, and what the app says to it. */
struct websocket_terms {
	const char	*key;		/* the app's; NULL: the request's */
	size_t		 key_len;
	const char	*origin;	/* that it must come from; NULL: any */
	size_t		 origin_len;
	const char	*protocols;	/* the app's, a list; NULL: the first
					   that the client names */
	size_t		 protocols_len;
};

#ifdef WM_HAVE_WEBSOCKETS

/*
 * Any thread of the request's: may it become a websocket? 0, or the status to
 * refuse it with (0 < status), and why.
 */
int	 websocket_refusal(const struct request *req,
	    const struct websocket_terms *terms, const char **why);
/* It becomes one: 101 is on its way. websocket_refusal is 0. */
void	 websocket_begin(struct request *req,
	    const struct websocket_terms *terms);

enum websocket_sent {
	WEBSOCKET_SENT,		/* or is to be */
	WEBSOCKET_FULL,		/* websockets-send-queue: not now */
	WEBSOCKET_CLOSED
};

enum websocket_sent websocket_send(struct websocket *ws, bool text,
    const void *data, size_t len);
/* The next message, the caller's; NULL: there is none. */
struct websocket_message *websocket_take(struct websocket *ws);
/* Sends a close frame, if none was sent. */
void	 websocket_close(struct websocket *ws, int code, const char *reason,
	    size_t len);
/*
 * A descriptor that can be read while websocket_take gives something (where it
 * is polled: may give, or something can be sent), or it is over; -1 with errno.
 * It is the websocket's.
 */
int	 websocket_bell(struct websocket *ws);
/* Without a loop that turns: looks what has come, sends. */
void	 websocket_look(struct websocket *ws);

/* For websocket_wait. */
bool	 websocket_is_readable(struct core *core);
bool	 websocket_has_room(struct core *core);

/*
 * The core's own stack, without the loop: until it is so, or the timeout
 * (below 0: none).
 */
enum wait_reason websocket_wait(struct core *core,
    bool (*is_so)(struct core *), double timeout);
/* The core's own stack, without the loop: the request is over. */
void	 websocket_finish(struct request *req);

void	 websockets_init(struct worker *w);
void	 websockets_done(struct worker *w);
/* The worker drains: says goodbye to all. */
void	 websockets_drain(struct worker *w, enum drain drain);

/*
 * websocket_clock.c: it waits for this from now on, for its whole time; or for
 * nothing any more.
 */
void	 websocket_due_set(struct websocket_due *due,
	    enum websocket_clock clock);
void	 websocket_due_clear(struct websocket_due *due);
/* When the first of a websocket's is due; 0: none is. */
uint64_t websocket_due_next(const struct websocket *ws);
/* Those of one websocket whose time is over; for polled ones. */
void	 websocket_due_look(struct websocket *ws);
/* websocket.c's: its time is over. */
void	 websocket_expire(struct websocket *ws, enum websocket_clock clock);
/* websocket.c's: whoever waits is told. */
void	 websocket_tell(struct websocket *ws);
void	 websocket_clocks_init(struct worker *w);
void	 websocket_clocks_done(struct worker *w);

#else

static inline void websocket_finish(struct request *req) { (void)req; }
static inline void websockets_init(struct worker *w) { (void)w; }
static inline void websockets_done(struct worker *w) { (void)w; }
static inline void websockets_drain(struct worker *w, enum drain drain)
{ (void)w, (void)drain; }

#endif

#endif
