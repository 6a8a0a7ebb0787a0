/* What a connection does with input: read, parse, collect, discard. */
#ifndef WM_WORKER_CONN_INPUT_H
#define WM_WORKER_CONN_INPUT_H

struct conn;

/* Reads once and acts on it. The connection may be gone afterwards. */
void	 conn_input_read(struct conn *c);
/* Looks at what is in the buffer: the next (pipelined) request. */
void	 conn_input_parse(struct conn *c);

#endif
