/*
 * post-buffering: the body is collected before a core is taken.
 *
 * In memory up to post-buffering bytes, beyond that in an unlinked temporary
 * file (in $TMPDIR, else /tmp). A slow sender then costs no core, and the app
 * reads the body without waiting and may seek in it.
 */
#ifndef WM_WORKER_CONN_COLLECT_H
#define WM_WORKER_CONN_COLLECT_H

struct conn;

/* The head is complete and announces a body. */
void	 conn_collect_start(struct conn *c);
/* More of the body can be read. */
void	 conn_collect_read(struct conn *c);
/* An unlinked temporary file, or -1 with errno. For whoever spools a body. */
int	 conn_collect_open(void);

#endif
