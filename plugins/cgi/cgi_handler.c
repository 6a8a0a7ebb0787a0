/* Requests that scripts answer. */
#include "plugins/cgi/cgi_handler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "config/config.h"
#include "plugins/cgi/cgi_answer.h"
#include "plugins/cgi/cgi_args.h"
#include "plugins/cgi/cgi_body.h"
#include "plugins/cgi/cgi_environ.h"
#include "plugins/cgi/cgi_find.h"
#include "plugins/cgi/cgi_pump.h"
#include "plugins/cgi/cgi_reap.h"
#include "plugins/cgi/cgi_site.h"
#include "plugins/cgi/cgi_spawn.h"
#include "shm/scoreboard.h"
#include "worker/core.h"
#include "worker/request.h"
#include "worker/worker.h"

#define CGI_MODIFIER1	9	/* uwsgi: the request is a script's */

/* Is it a script's? */
bool
cgi_handler_match(struct request *req)
{
	if (req->head->modifier1 == CGI_MODIFIER1)
		return true;
	if (req->head->modifier1 != 0)	/* it is a call */
		return false;
	return req->path_len > 0 &&
	    cgi_site_mount(req->path, req->path_len) != NULL;
}

/* The folder that a gateway names, if it may. */
static const struct cgi_mount *
cgi_handler_docroot(struct request *req)
{
	const struct http_field	*field;
	struct cgi_mount	*mount;

	if (!req->worker->cfg->cgi_from_docroot)
		return NULL;
	field = http_head_var(req->head, req->buf, "DOCUMENT_ROOT");
	if (field == NULL || field->value.len == 0 ||
	    *request_text(req, field->value) != '/')
		return NULL;
	mount = pool_alloc(&req->pool, sizeof(*mount));
	mount->prefix = pool_strndup(&req->pool, "", 0);
	mount->prefix_len = 0;
	mount->path = pool_strndup(&req->pool,
	    request_text(req, field->value), field->value.len);
	return mount;
}

/* Finds the script; false when the request is answered without one. */
static bool
cgi_handler_find(struct request *req, struct cgi_script *script)
{
	const struct cgi_mount	*mount;
	int			 status = 404;

	mount = cgi_site_mount(req->path, req->path_len);
	if (mount == NULL)
		mount = cgi_handler_docroot(req);
	if (mount != NULL)
		status = cgi_find(req, mount, script);
	if (status == 301)
		cgi_answer_redirect(req, script->name);
	else if (status != 0)
		response_fail(req, status);
	return status == 0;
}

/*
 * What is executed: the script with the words of a query that has no "=", or
 * its helper with the script, and never with anything that a client sent.
 */
static char **
cgi_handler_argv(struct request *req, const struct cgi_script *script)
{
	const struct http_view	*query = &req->head->query;
	const struct http_view	*method = &req->head->method;
	const char		*name = request_text(req, *method);
	char			**argv, *words;
	size_t			 n = 0;

	argv = pool_alloc(&req->pool, (CGI_ARGS_MAX + 3) * sizeof(*argv));
	if (script->helper != NULL)
		argv[n++] = script->helper->command;
	argv[n++] = (char *)script->file;
	if (script->helper == NULL && ((method->len == 3 &&
	    memcmp(name, "GET", 3) == 0) || (method->len == 4 &&
	    memcmp(name, "HEAD", 4) == 0))) {
		words = pool_alloc(&req->pool, query->len + 1);
		n += cgi_args_split(request_text(req, *query), query->len,
		    words, argv + n);
	}
	argv[n] = NULL;
	return argv;
}

/* Starts the script; false when it cannot be, which is logged. */
static bool
cgi_handler_start(struct request *req, const struct cgi_script *script,
    const struct cgi_body *body, struct cgi_child *child)
{
	const char		*slash = strrchr(script->file, '/');
	struct cgi_environ	 env = { 0 };
	struct cgi_spawn	 what = { .in = body->fd,
	    .told = &req->core->sb->script };
	int			 error;

	cgi_environ_make(&env, req, script, body->length);
	req->nvars = (uint32_t)env.count;
	req->vars_size = (uint32_t)env.text.len;
	what.file = script->helper != NULL ? script->helper->command :
	    script->file;
	what.argv = cgi_handler_argv(req, script);
	what.env = cgi_environ_array(&env);
	what.folder = pool_strndup(&req->pool, script->file,
	    slash == script->file ? 1 : (size_t)(slash - script->file));
	error = cgi_spawn(&what, child);
	if (error != 0)
		request_log(req, LOG_LEVEL_ERROR, "cgi: %s cannot be started: "
		    "%s", cgi_find_shown(req, what.file), error == ENOENT ?
		    "it, or the interpreter in its first line, is not there" :
		    strerror(error));
	free(what.env);
	cgi_environ_done(&env);
	return error == 0;
}

/* Takes the body as the script is to get it; false when it is not there. */
static bool
cgi_handler_body(struct request *req, struct cgi_body *body)
{
	struct cgi_pump	 none = { .req = req, .end = CGI_END_BODY };

	if (cgi_body_begin(req, body) == 0)
		return true;
	if (req->resp.state == RESPONSE_BROKEN)
		return false;
	if (req->body.error != BODY_OK) {
		cgi_answer_end(&none);
		return false;
	}
	request_log(req, LOG_LEVEL_ERROR, "cgi: the request body cannot be "
	    "kept: %s", strerror(errno));
	response_fail(req, 507);
	return false;
}

/* The script's work, and what becomes of it afterwards. */
static void
cgi_handler_work(struct request *req, const struct cgi_child *child)
{
	struct cgi_pump	*pump = cgi_pump_new(req, child);
	enum cgi_leave	 leave = CGI_LEAVE_SOON;

	cgi_pump_run(pump);
	if (pump->end == CGI_END_DONE)
		cgi_pump_wait_end(pump);
	else
		leave = req->worker->cfg->cgi_do_not_kill_on_error ?
		    CGI_LEAVE_EVER : CGI_LEAVE_NOW;
	cgi_answer_end(pump);
	if (!pump->has_ended)
		cgi_reap_give(req, &pump->child, leave);
	else
		cgi_spawn_close(&pump->child);
	sb_set(&req->core->sb->script, 0);
	cgi_pump_free(pump);
}

/* Answers a request by a script. */
int
cgi_handler_run(struct request *req)
{
	struct cgi_script	 script;
	struct cgi_body		 body;
	struct cgi_child	 child;
	bool			 started;

	if (!cgi_handler_find(req, &script))
		return 0;
	started = cgi_handler_body(req, &body) &&
	    cgi_handler_start(req, &script, &body, &child);
	cgi_body_done(&body);
	if (!started)
		return req->resp.state == RESPONSE_NONE ? -1 : 0;
	cgi_handler_work(req, &child);
	return 0;
}
