/*
 * A client's connection and its states.
 *
 *	OPENING	before the first request: a PROXY header, TLS (conn_open.h):
 *		header-timeout; while draining drain-idle, or three seconds
 *	HEAD	waits for (more of) a request head: header-timeout
 *	IDLE	between two requests, nothing read: keepalive-timeout; while
 *		draining also before the first: drain-idle
 *	BODY	collects the body (post-buffering): body-timeout
 *	READY	a whole request, to be run at the end of this turn (core.h):
 *		there is an idle core for each of them
 *	QUEUED	a whole request waits for a core: queue-timeout
 *	RUNNING	a core has it; the conn is the core's until it is finished
 *	SENDING	an answer that needs no core is on its way: write-timeout
 *	SHARED	carries streams (HTTP/2), each with a struct conn of its own;
 *		their owner has its own limits
 *	LINGER	answered, to be closed: discards what the client still sends
 *	CLOSED	about to be freed
 *
 * A core is taken only for a complete head (and, with post-buffering, body):
 * idle and slow clients cost a buffer, never a core. While RUNNING the read
 * event stays registered, since most requests end within one turn; if it fires
 * the event is taken away and put back when the request is over.
 * conn_set_state is the only function that changes the state: it moves the
 * connection to the new state's timeout list.
 *
 * Everything here runs in the hub, unless it says otherwise; a request's end,
 * and what follows from it, also on the stack of a core that goes on.
 */
#ifndef WM_WORKER_CONN_H
#define WM_WORKER_CONN_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "worker/body.h"
#include "worker/http_parse.h"

struct answer;
struct core;
struct http2;
struct listener;
struct protocol;
struct tls_vars;
struct transport;
struct websocket;
struct worker;

enum conn_state {
	CONN_OPENING,
	CONN_HEAD,
	CONN_IDLE,
	CONN_BODY,
	CONN_READY,
	CONN_QUEUED,
	CONN_RUNNING,
	CONN_SENDING,
	CONN_SHARED,
	CONN_LINGER,
	CONN_CLOSED,
	CONN_STATES		/* how many there are */
};

/* What the base watches for. */
enum conn_watch {
	CONN_WATCH_NOT,
	CONN_WATCH_READ,
	CONN_WATCH_WRITE
};

/*
 * What was read and the head found in it; taken only while needed. Heads are
 * read into a large one. A request has a small one, of one piece of memory and
 * of the size that its head needs, since it may be parked for long.
 */
struct conn_buf {
	struct conn_buf		*next_free;
	bool			 small;
	size_t			 cap;
	size_t			 len;		/* bytes read */
	size_t			 pos;		/* bytes used up by requests */
	struct http_head	 head;
	struct http_field	*fields;
	char			*data;
};

struct conn {
	struct worker		*worker;
	const struct listener	*listener;
	const struct protocol	*protocol;
	const struct transport	*transport;	/* NULL: the socket's own */
	void			*transport_data;
	struct tls_vars		*tls;		/* what environ has of TLS, or
						   NULL; a stream holds that
						   of its connection, too */
	struct http2		*shared;	/* SHARED: its streams' owner */
	int			 fd;		/* -1: a stream's */
	enum conn_state		 state;
	struct event		 ev;
	uint8_t			 watched;	/* ev was made for (enum) */
	uint8_t			 watching;	/* and is added for */
	uint8_t			 opened;	/* steps of conn_open.c */
	bool			 raw_out;	/* send(2) to fd is right: no
						   transport, or kernel TLS */
	bool			 secure;	/* TLS up to here */
	bool			 proxied_tls;	/* TLS up to the proxy, as its
						   PROXY header says */
	bool			 trusted;	/* proxy/proxies.h */
	bool			 recv_writes;	/* the transport reads on when
						   the socket can be written */
	bool			 nodelay;	/* TCP_NODELAY is set */
	bool			 close;		/* no further request */
	bool			 linger;	/* the client may still send */
	bool			 reset;		/* close it with a RST */
	/* client_gone.c's, while RUNNING; all but gone_watched any thread's. */
	_Atomic bool		 gone;		/* the client has left */
	_Atomic bool		 gone_told;	/* and the request knows */
	bool			 gone_watched;
	_Atomic bool		 gone_deaf;	/* nobody wants to know */
	uint32_t		 requests;	/* answered so far */
	struct conn_buf		*in;		/* NULL: nothing was read */
	struct core		*core;		/* while RUNNING */
	struct answer		*answer;	/* while SENDING */
	struct websocket	*websocket;	/* while RUNNING, or NULL: its
						   request has become one */
	struct body		*collected;	/* BODY to QUEUED */
	uint64_t		 since_us;	/* in this state, if that has a
						   limit; coarse */
	uint64_t		 lingered;	/* bytes discarded */
	/* Of the socket or the PROXY header; see origin.h. */
	uint16_t		 port;		/* 0: none, a unix socket */
	uint16_t		 server_port;	/* 0: the listener's */
	uint8_t			 addr_len;
	char			 addr[46];	/* "" for a unix socket */
	TAILQ_ENTRY(conn)	 link;		/* of the state's list */
};

TAILQ_HEAD(conn_list, conn);

/*
 * A new connection, whose descriptor it owns from now on; reads at once,
 * since mostly the request is there already.
 */
void	 conn_accepted(struct worker *w, const struct listener *listener,
	    int fd, const struct sockaddr_storage *peer);
/*
 * One for a stream of this connection, from the same client; it has no
 * descriptor, and does not count as a connection.
 */
struct conn *conn_stream_new(const struct conn *parent);
/* Its request is over: keep the connection, linger or close. */
void	 conn_request_done(struct conn *c);
/* The head and what else must be there is there: ready, or queued. */
void	 conn_dispatch(struct conn *c);
/*
 * The one that is ready or queued longest is RUNNING now and to be given to an
 * idle core. NULL: its client has left, or there is none.
 */
struct conn *conn_take_due(struct worker *w);
/* Answers without a core (queue full, bad request), then lingers. */
void	 conn_reject(struct conn *c, int status, const char *why);
/*
 * Says that nothing more comes, and discards input for a while before it
 * closes.
 */
void	 conn_linger(struct conn *c);
void	 conn_close(struct conn *c);
/* The response comes in pieces: none shall wait for an acknowledgement. */
void	 conn_set_nodelay(struct conn *c);

/*
 * Watches for this. What a transport holds that no event will tell of is told
 * at this turn's end.
 */
void	 conn_watch_for(struct conn *c, enum conn_watch what);
/* Watches for input, or does not. */
void	 conn_watch(struct conn *c, bool on);
void	 conn_set_state(struct conn *c, enum conn_state state);

void	 conns_init(struct worker *w);
void	 conns_done(struct worker *w);

#endif
