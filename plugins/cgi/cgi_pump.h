/*
 * A script at work: its request's body goes in while its output comes out.
 *
 * One core waits for everything that can move at once: the script's three
 * pipes, its end, and the client's next bytes. So neither direction can block
 * the other, except that nothing more is read of the script while a client
 * does not take what was read before: that is how its speed becomes the
 * script's.
 *
 *	HEAD	the script's head is read, at most cgi-buffer-size
 *	BODY	what it writes is passed on
 *	ENDED	it has closed its output, or ended; see enum cgi_end
 */
#ifndef WM_PLUGINS_CGI_CGI_PUMP_H
#define WM_PLUGINS_CGI_CGI_PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "plugins/cgi/cgi_output.h"
#include "plugins/cgi/cgi_spawn.h"
#include "plugins/cgi/cgi_stderr.h"

struct request;

/* Why a script's work is over. */
enum cgi_end {
	CGI_END_NOT,		/* it is not */
	CGI_END_DONE,		/* it has written everything */
	CGI_END_BAD,		/* its head is malformed: why */
	CGI_END_TIMEOUT,	/* nothing has moved for cgi-timeout */
	CGI_END_HARAKIRI,
	CGI_END_GONE,		/* the client has left */
	CGI_END_BODY,		/* the body did not come: body.error */
	CGI_END_BROKEN,		/* the response is cut off */
	CGI_END_CANCELLED	/* somebody else wants it to end */
};

/* On the heap: others run on a parked core's stack. */
struct cgi_pump {
	struct request		*req;
	struct cgi_child	 child;
	enum cgi_end		 end;
	const char		*why;
	bool			 has_head;
	bool			 has_ended;	/* the script; reaped */
	int			 status;	/* as of waitpid(2), or -1 */
	uint64_t		 moved_us;	/* when something did */
	struct cgi_output	 head;
	struct strbuf		 out;		/* what was read of the head */
	struct cgi_stderr	 err;
	char			*piece;		/* of output */
	size_t			 piece_size;
	char			*body;		/* read of the client, and */
	size_t			 body_len;	/* not yet taken */
	size_t			 body_at;
};

/* The child is the pump's from now on. */
struct cgi_pump *cgi_pump_new(struct request *req,
	    const struct cgi_child *child);
/* The core's stack: until the script's work is over. */
void	 cgi_pump_run(struct cgi_pump *pump);
/* The same: a moment more, for one that ends as soon as it has written. */
void	 cgi_pump_wait_end(struct cgi_pump *pump);
/* Frees it; a child that is still there was given to cgi_reap.h. */
void	 cgi_pump_free(struct cgi_pump *pump);

#endif
