/* What a websocket has to send and the client has not taken yet. */
#ifndef WM_WORKER_WEBSOCKET_WEBSOCKET_OUT_H
#define WM_WORKER_WEBSOCKET_WEBSOCKET_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/uio.h>

struct conn;

struct websocket_piece;

TAILQ_HEAD(websocket_pieces, websocket_piece);

struct websocket_out {
	struct websocket_pieces	 list;
	size_t			 bytes;		/* in all of them */
};

/* A frame's head at most. */
#define WEBSOCKET_HEAD	10

void	 websocket_out_init(struct websocket_out *out);
void	 websocket_out_done(struct websocket_out *out);
/* Copies these parts behind what is there, but for their first skip bytes. */
void	 websocket_out_add(struct websocket_out *out,
	    const struct iovec *parts, int n, size_t skip);
/*
 * Sends. How many bytes it was; -1: the connection is broken. What could not
 * be sent without waiting is left.
 */
ssize_t	 websocket_out_flush(struct websocket_out *out, struct conn *c);

/* Writes the head of a whole, unmasked frame; its length. */
size_t	 websocket_out_head(unsigned char head[WEBSOCKET_HEAD], int opcode,
	    bool rsv1, size_t len);

#endif
