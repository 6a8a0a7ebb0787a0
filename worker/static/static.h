/*
 * Static files: answered by the hub, without a core and without Python, so also
 * while all cores wait.
 *
 *	static_answers		GET or HEAD of a path that a map knows?
 *	static_look		opens what it stands for (static_open.h), tries
 *				indexes, chooses a precompressed file
 *	static_reply		conditions, ranges, head; an answer (answer.h)
 *	static_done		all was sent, or the client has left: access
 *				log, counters
 *
 * What is not there, and what is no regular file, is the app's. A request that
 * is answered here has a struct request of its own, with a core that is none,
 * since logs, ids and origins are those of requests.
 */
#ifndef WM_WORKER_STATIC_STATIC_H
#define WM_WORKER_STATIC_STATIC_H

#include <stdbool.h>

struct config;
struct conn;
struct statics;
struct worker;

/*
 * Spawner: opens the folders as the app's user. w->statics stays NULL where no
 * option asks for files; -1 with *cause when a folder or file is not there.
 */
int	 statics_init(struct worker *w, char **cause);
void	 statics_done(struct worker *w);
/*
 * A whole head is in c->in: is it answered here? The connection may be gone
 * then. Call it only if w->statics is not NULL.
 */
bool	 static_answers(struct conn *c);

#endif
