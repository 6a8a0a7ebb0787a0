/*
 * The response: framing by RFC 9112, from a handler's head and bytes.
 *
 *	response_begin(req, "200 OK", 6);
 *	response_add(req, "Content-Type", 12, "text/plain", 10);
 *	response_write(req, data, len);		any number of times, or
 *	response_stream(req, data, len);	for pieces that may be joined
 *	response_end(req);
 *
 * Called on the core's stack; writes may wait for the client (write-timeout).
 * The head goes out with the first byte of the body, or at the end. Framing:
 * an app's Content-Length is kept, and never a byte more is sent; without one
 * the whole body's length is added when it is known (response_write_whole,
 * or response_end without any byte); else it is chunked for HTTP/1.1, or ends
 * with the connection for HTTP/1.0. HEAD, 204, 205 and 304 have no body,
 * whatever is written. Date is added where the app gave none. Hop-by-hop
 * headers (Connection, Keep-Alive, Transfer-Encoding, Upgrade, ...) are the
 * server's: "Connection: close" from the app closes, the others are an error.
 */
#ifndef WM_WORKER_RESPONSE_H
#define WM_WORKER_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/strbuf.h"
#include "worker/held.h"
#include "worker/patience.h"
#include "worker/wait.h"

struct request;
struct worker;

enum response_state {
	RESPONSE_NONE,		/* nothing begun */
	RESPONSE_BEGUN,		/* a head is being made; may begin again */
	RESPONSE_BODY,		/* the head is out */
	RESPONSE_ENDED,		/* everything is out */
	RESPONSE_BROKEN		/* cut off: the client left, or was slow */
};

struct response {
	enum response_state	 state;
	int			 status;	/* 100..999; 0: none yet */
	enum wait_reason	 waited;	/* how the last wait ended */
	int64_t			 length;	/* Content-Length, or -1 */
	int64_t			 sent;		/* body bytes of the app */
	uint64_t		 wire;		/* bytes sent, head included */
	uint32_t		 nheaders;
	uint32_t		 head_size;	/* bytes of the head */
	bool			 has_date;
	bool			 no_body;	/* HEAD, 1xx, 204, 205, 304 */
	bool			 chunked;
	bool			 last_sent;	/* the last chunk is out */
	bool			 close;		/* ends the connection */
	bool			 clipped;	/* longer than announced */
	bool			 timed_out;	/* BROKEN by write-timeout */
	struct patience		 patience;	/* with client-min-rate */
	/* What response_reset keeps. */
	struct strbuf		 head;
	struct held		 held;		/* pieces that are joined */
};

/*
 * Begins a head, or begins it again while none is out. status is "NNN reason".
 * NULL, or what is wrong with it (a constant text).
 */
const char *response_begin(struct request *req, const char *status,
	    size_t len);
/* Adds a header. NULL, or what is wrong with it (a constant text). */
const char *response_add(struct request *req, const char *name,
	    size_t name_len, const char *value, size_t value_len);
/* 0, or -1 when the response is broken; then every later call is -1 too. */
int	 response_write(struct request *req, const char *data, size_t len);
/*
 * The same for one of many pieces: it may be held to be joined with the next,
 * until the core waits, the response ends or a millisecond is over (held.h).
 */
int	 response_stream(struct request *req, const char *data, size_t len);
/* The body in one piece: Content-Length is added. Then response_end. */
int	 response_write_whole(struct request *req, const char *data,
	    size_t len);
/*
 * Sends len bytes of a file from offset (len -1: to its end) by sendfile(2).
 * The descriptor stays the caller's. Where no head is out and no length was
 * announced, they are taken for the whole body. Only for regular files, and
 * not for those in /proc: they have no size and must be read.
 */
int	 response_sendfile(struct request *req, int fd, off_t offset,
	    int64_t len);
int	 response_end(struct request *req);
/*
 * Instead of response_begin: bytes that are the response, head and all, as
 * the app has made them. Everything that follows is sent as it is, and the
 * connection ends with the response.
 */
int	 response_write_raw(struct request *req, const char *data,
	    size_t len);
/*
 * Ends what was begun and says goodbye to the client at once, though the
 * request goes on. Nothing can be sent any more.
 */
void	 response_disconnect(struct request *req);

/*
 * The same by somebody else on the loop thread, while the request may be at
 * sending: never waits, so what was begun is cut off.
 */
void	 response_drop(struct request *req);
/*
 * The client has left: nothing more is sent. While no head is out the status
 * becomes 499, nginx's for this, for the log.
 */
void	 response_abandon(struct request *req);

/*
 * The server's own short answer: text/plain with the reason. Only while no
 * head is out; else, and with status 0, the response is cut off so that the
 * client can tell that it is not whole.
 */
void	 response_fail(struct request *req, int status);
/* The reason phrase of a status, "Unknown" for one that RFC 9110 lacks. */
const char *response_reason(int status);

/* For request.c. */
void	 response_init(struct response *resp);
void	 response_reset(struct response *resp);
void	 response_done(struct response *resp);

#endif
