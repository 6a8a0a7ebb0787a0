/*
 * Answers that need no core: refusals, files. The hub sends them as fast as the
 * client takes them, while the connection is SENDING.
 *
 *	a = answer_new(c, 200);
 *	answer_add(a, "Content-Type", "text/plain");
 *	answer_end_head(a, length);		Content-Length, Connection, ...
 *	answer_text(a, data, len);		the body: bytes, which are
 *	a->fd = fd; answer_file(a, offset, len);	copied, or a file's
 *	conn_answer(c, a);			c may be gone when this returns
 *
 * States of an answer:
 *
 *	MADE	the above; nothing was sent
 *	SENDS	conn_answer: head and parts go out until the socket is full, or
 *		for ANSWER_TURN bytes a turn. Then the base watches until the
 *		client takes more; so much of no progress as write-timeout says
 *		breaks it off (progress: the kernel takes bytes from us, or the
 *		client from the kernel; client-min-rate says how many)
 *	SENT	all is with the kernel. done is called, the answer is freed, and
 *		the connection is kept, lingers or is closed as after a request
 *		(conn_request_done). Answers to pipelined requests follow each
 *		other directly ANSWER_DEPTH times; then the rest waits for the
 *		next turn
 *	BROKEN	the client has left or takes nothing, or the file is shorter
 *		than it was: done is called, the answer is freed, and the
 *		connection is closed, so that nobody takes it for whole
 *
 * Whatever the transport and the protocol (protocol.h): where there are
 * records, head and parts are put into them; where heads are no bytes they are
 * handed over. conn_close drops an answer in any state. Loop thread only.
 */
#ifndef WM_WORKER_ANSWER_H
#define WM_WORKER_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/strbuf.h"
#include "worker/patience.h"
#include "worker/protocol.h"

struct conn;

/* Bytes sent before other connections have their turn. */
#define ANSWER_TURN	(512u << 10)
/* Answers within each other on the stack. */
#define ANSWER_DEPTH	16

/* Some bytes of the text, or of the file. */
struct answer_part {
	bool		 file;
	off_t		 at;
	uint64_t	 len;		/* never 0 */
};

#define ANSWER_PARTS	4		/* most have no more; 2^n */

struct answer {
	struct conn	*conn;
	int		 status;
	bool		 no_body;	/* HEAD, 204, 304: parts are not sent */
	bool		 close;		/* ends the connection */
	int		 fd;		/* of the file parts; its own; -1 */
	/*
	 * Once, however it ends (whole tells), while the connection still has
	 * the request's head. NULL: nobody wants to know.
	 */
	void		(*done)(struct answer *a);
	void		*done_arg;
	/* What was sent, for done. */
	bool		 whole;
	uint32_t	 nheaders;
	size_t		 head_len;
	uint64_t	 wire;		/* bytes, all included */

	/* answer.c's own. */
	struct strbuf	 text;		/* the head, and text parts */
	struct answer_part few[ANSWER_PARTS];
	struct answer_part *parts;
	size_t		 nparts;
	size_t		 part;		/* the one that is sent */
	uint64_t	 content;	/* sent of the parts */
	uint64_t	 record;	/* the record's length, */
	uint64_t	 left;		/* what is left of it */
	char		 frame[3 * PROTOCOL_FRAME];
	size_t		 frame_len;	/* bytes around records, */
	size_t		 frame_at;	/* so many of them sent */
	bool		 ended;		/* the last record was begun */
	int		 unsent;	/* conn_unsent when it last went on, */
	uint64_t	 noted;		/* and what the client had taken */
	struct patience	 patience;	/* with client-min-rate */
};

/* An answer with its status line and Date. */
struct answer	*answer_new(struct conn *c, int status);
/* Adds a header; neither part has control characters. */
void	 answer_add(struct answer *a, const char *name, const char *value);
/*
 * Ends the head: with a length, unless it is -1, and with what the server says
 * of the connection. The client's request was c->in's head, if there is one.
 */
void	 answer_end_head(struct answer *a, int64_t length);
/* Adds to the body: bytes, */
void	 answer_text(struct answer *a, const char *data, size_t len);
/* room for bytes, of which answer_text_put says how many there are, */
char	*answer_text_room(struct answer *a, size_t len);
void	 answer_text_put(struct answer *a, size_t len);
/* or some bytes of the file. */
void	 answer_file(struct answer *a, off_t offset, uint64_t len);
/* How many bytes of the body were sent. */
uint64_t answer_sent(const struct answer *a);

/* Sends it; whatever c was before, it is SENDING, and may be gone then. */
void	 conn_answer(struct conn *c, struct answer *a);
/* SENDING: the client takes more. */
void	 answer_go_on(struct conn *c);
/* SENDING: nothing was sent for write-timeout. */
void	 answer_timed_out(struct conn *c);
/* The connection is about to be closed. */
void	 answer_drop(struct conn *c);
/* Frees an answer that was not given to conn_answer; NULL is fine. */
void	 answer_free(struct answer *a);

#endif
