/*
 * Scripts whose requests are over: what becomes of them while their cores
 * serve others.
 *
 *	RUNS	it has closed its output and may go on for
 *		cgi-async-max-attempts seconds; or, where it shall not be
 *		killed, as long as it likes
 *	TERM	its group was sent SIGTERM, and has CGI_MERCY to leave
 *	KILL	its group was sent SIGKILL
 *
 * Whenever it ends it is reaped, and what is left of its group is killed. At
 * the worker's end all are killed. The pidfd tells of the end, not SIGCHLD,
 * which is the app's.
 */
#ifndef WM_PLUGINS_CGI_CGI_REAP_H
#define WM_PLUGINS_CGI_CGI_REAP_H

#include "plugins/cgi/cgi_spawn.h"

struct request;
struct worker;

enum cgi_leave {
	CGI_LEAVE_SOON,		/* within cgi-async-max-attempts */
	CGI_LEAVE_NOW,
	CGI_LEAVE_EVER		/* it may run on */
};

/* The core's stack: the request has no more to do with its script. */
void	 cgi_reap_give(struct request *req, struct cgi_child *child,
	    enum cgi_leave how);
/* Loop thread, at the worker's end. */
void	 cgi_reap_done(struct worker *w);

#endif
