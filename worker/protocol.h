/*
 * What a client and this server speak to each other: how a request is found in
 * the bytes that come, and what a response looks like. One constant table for
 * each; a listener has one, and so has each of its connections (conn.protocol:
 * a stream of an HTTP/2 connection has that of streams).
 *
 * Whatever the protocol, what is found is a struct http_head, whose views point
 * into the connection's buffer, and what is answered is made by response.h.
 */
#ifndef WM_WORKER_PROTOCOL_H
#define WM_WORKER_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>

#include "worker/http_chunked.h"
#include "worker/http_parse.h"

struct conn;
struct listener;
struct origin;

/*
 * A response's body in records, each with bytes before and behind it; they are
 * at most PROTOCOL_FRAME long. len is 1 to max.
 */
#define PROTOCOL_FRAME	32

struct protocol_frames {
	size_t	 max;		/* bytes of one record's content */
	size_t	(*before)(const struct conn *c, char *out, size_t len);
	size_t	(*behind)(const struct conn *c, char *out, size_t len);
	/* Behind the last one. */
	size_t	(*end)(const struct conn *c, char *out);
	/* Instead of it, where the response is cut off. */
	size_t	(*cut)(const struct conn *c, char *out);
};

#define PROTOCOL_STATUS(text)	.status = text, .status_len = sizeof(text) - 1

struct protocol {
	const char	*name;
	/*
	 * Looks at the bytes that came, as http_parse: pure, but it may move
	 * what it has looked at. NULL where no bytes are to be parsed.
	 */
	enum http_parse_verdict (*parse)(char *buf, size_t len,
		    const struct http_limits *limits, struct http_head *head);
	/*
	 * What is to be said to HTTP_PARSE_REPLY; 0, or -1 when it cannot be
	 * said at once. NULL: parse never asks for it.
	 */
	int		(*reply)(struct conn *c);
	/* A body of a head with chunked, as in http_chunked.h. */
	void		(*body_init)(struct http_chunked *st,
		    const struct http_limits *limits,
		    const struct http_head *head);
	enum http_chunked_verdict (*body_decode)(struct http_chunked *st,
		    const char *in, size_t inlen, size_t *used,
		    const char **data, size_t *datalen);
	/*
	 * More has come, and is not read yet, while a request runs: does it
	 * say that the client has left? NULL: no bytes do.
	 */
	bool		(*says_gone)(const struct conn *c);
	/* What a response begins with, before "200 OK": PROTOCOL_STATUS. */
	const char	*status;
	size_t		 status_len;
	/*
	 * A gateway's variables say who asks: corrects what is the
	 * connection's (worker/origin.h). NULL: nobody knows better.
	 */
	void		(*origin)(struct origin *from, const struct conn *c);
	/*
	 * HTTP/1: Connection, chunks and 100 Continue are spoken. Else the
	 * response ends with the connection, unless there are frames or
	 * finish.
	 */
	bool		 is_http1;
	/* The head, too, travels in records. NULL: there are none. */
	const struct protocol_frames *frames;
	/*
	 * HTTP/2: takes a whole response head (as text, in resp.head's form),
	 * which is not sent as bytes then; end: no body follows. 0, or -1
	 * with errno. NULL: a head is bytes.
	 */
	int		(*send_head)(struct conn *c, const char *head,
			    size_t len, bool end);
	/* The response's last byte was given to send. NULL: nothing to do. */
	int		(*finish)(struct conn *c);
};

/* Is the connection's end what ends each response? */
static inline bool
protocol_ends_with_conn(const struct protocol *protocol)
{
	return !protocol->is_http1 && protocol->frames == NULL &&
	    protocol->finish == NULL;
}

extern const struct protocol protocol_http1;

/* The protocol of a listener. */
const struct protocol *protocol_of(const struct listener *listener);

#endif
