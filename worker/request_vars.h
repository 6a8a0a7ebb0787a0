/* What an app notes about its request for the access line. */
#ifndef WM_WORKER_REQUEST_VARS_H
#define WM_WORKER_REQUEST_VARS_H

#include <stdbool.h>
#include <stddef.h>

struct request;
struct strbuf;

/* uWSGI keeps the two apart; both are shown by log-format. */
enum request_var_kind {
	REQUEST_VAR_LOG,	/* set_logvar(): %(NAME) */
	REQUEST_VAR_CGI		/* add_var(): %(var.NAME) */
};

/* So many bytes, names included, can be noted about one request. */
#define REQUEST_VARS_MAX	65536

/* Memory of the request's pool; the last one that was noted comes first. */
struct request_var {
	struct request_var	*next;
	enum request_var_kind	 kind;
	size_t			 name_len;
	size_t			 len;
	size_t			 sum;	/* of this and those before it */
	const char		*name;
	const char		*value;
};

/* Notes it; instead of one of that name. False: there is no room. */
bool	 request_var_set(struct request *req, enum request_var_kind kind,
	    const char *name, size_t name_len, const char *value,
	    size_t len);
/* The one that was noted last, or NULL. */
const struct request_var *
	 request_var_get(const struct request *req,
	    enum request_var_kind kind, const char *name, size_t name_len);
/*
 * Appends the log variables of that kind as a JSON object; nothing and false
 * when there are none.
 */
bool	 request_vars_json(const struct request *req, struct strbuf *out);

#endif
