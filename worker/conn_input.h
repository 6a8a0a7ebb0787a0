/* What a connection does with input: read, parse, collect, discard. */
#ifndef WM_WORKER_CONN_INPUT_H
#define WM_WORKER_CONN_INPUT_H

struct conn;

/* Reads once and acts on it. The connection may be gone afterwards. */
void	 conn_input_read(struct conn *c);
/* A request is over: the next may be in the buffer already. */
void	 conn_input_next(struct conn *c);

/*
 * A whole head is in c->in: refuses it, answers it, collects its body first or
 * dispatches it.
 */
void	 conn_head_ready(struct conn *c);

#endif
