/* What the files of this folder have of each other. */
#ifndef WM_WORKER_WEBSOCKET_WEBSOCKET_IMPL_H
#define WM_WORKER_WEBSOCKET_WEBSOCKET_IMPL_H

#include "worker/websocket/websocket.h"

/* websocket_io.c: makes its events. */
void	 websocket_watch_begin(struct websocket *ws);
/* Watches nothing any more. */
void	 websocket_watch_end(struct websocket *ws);
/* Looks at what was read, sends what can be sent, watches for the rest. */
void	 websocket_go_on(struct websocket *ws);
/* Sends what can be sent, watches for the rest. */
void	 websocket_flush(struct websocket *ws);

/* websocket.c: nothing more will come or go, for this reason. */
void	 websocket_lost(struct websocket *ws, const char *why);
/* An event of websocket_in.h's. */
void	 websocket_event(struct websocket *ws, enum websocket_in_event event);
/* What was held has its turn. */
void	 websocket_release(struct websocket *ws);
/* Is there something to be received, or will there never be? */
bool	 websocket_has(const struct websocket *ws);

/* websocket_bell.c: the bell rings, if there is something, or is quiet. */
void	 websocket_ring(struct websocket *ws);
/* The ear listens for what is waited for now. */
void	 websocket_listen(struct websocket *ws);
/* There is no bell any more; who waits for it is told. */
void	 websocket_bell_done(struct websocket *ws);

/* websocket.c: may more be read? */
bool	 websocket_wants_input(const struct websocket *ws);

#endif
