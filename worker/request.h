/* A request: from a complete head to its line in the access log. */
#ifndef WM_WORKER_REQUEST_H
#define WM_WORKER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"
#include "base/uuid.h"
#include "worker/body.h"
#include "worker/http_parse.h"
#include "worker/origin.h"
#include "worker/response.h"

struct conn;
struct core;
struct request_var;
struct worker;

/*
 * Belongs to its core and is valid while the core has it. head and what its
 * views point to (buf + offset) belong to the connection and do not move until
 * the request is over. Everything that lives as long as the request comes
 * from pool.
 */
struct request {
	struct worker		*worker;
	struct core		*core;
	struct conn		*conn;
	uint64_t		 serial;	/* tells a core's requests
						   apart; for nobody to see */
	const char		*id;		/* id_len characters that need
						   no quoting: request_id.h */
	char			 own_id[UUID_TEXT];
	uint8_t			 id_len;
	uint64_t		 start_us;	/* clock_mono_us */
	uint64_t		 end_us;	/* the same clock; 0: it runs */

	const char		*buf;
	const struct http_head	*head;
	const char		*path;		/* decoded; "" for "*" */
	size_t			 path_len;
	size_t			 script_len;	/* of the path, what a gateway
						   says is SCRIPT_NAME */

	struct origin		 from;		/* who asks */

	struct body		 body;
	struct response		 resp;
	struct pool		 pool;

	/* For the log. */
	uint32_t		 nvars;		/* CGI variables, and size */
	uint32_t		 vars_size;
	int			 app_id;	/* which mount, 0 = first;
						   or REQUEST_NO_APP */
	unsigned		 row;		/* of sb_slot.apps */
	bool			 failed;	/* the app raised */
	bool			 log_this;	/* in spite of
						   disable-logging */
	struct request_var	*vars;		/* request_vars.h */
};

/* app_id of a request that no app has seen. */
#define REQUEST_NO_APP	(-1)

/* The text of a view of the head. */
#define request_text(req, view)	((req)->buf + (view).off)

/* On the core's stack: answers the request. The page to show a newcomer. */
void	 request_run(struct request *req);

/* Once per core, and between two requests. */
void	 request_init(struct request *req, struct core *core);
void	 request_begin(struct request *req, struct conn *conn);
/*
 * The part of it that needs no core: head, start, who asks, id. The head stays
 * where it is from now on.
 */
void	 request_begin_head(struct request *req, struct conn *conn);
/* Sets the path from the head. False: it cannot be one. */
bool	 request_decode_path(struct request *req);
void	 request_reset(struct request *req);
void	 request_done(struct request *req);

/* Logs about a request, with its core and id. */
void	 request_log(const struct request *req, int level, const char *fmt,
	    ...) __attribute__((format(printf, 3, 4)));

#endif
