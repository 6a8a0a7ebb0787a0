/* A script's environment. */
#include "plugins/cgi/cgi_environ.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "build_config.h"
#include "config/config.h"
#include "plugins/cgi/cgi_find.h"
#include "shm/listener.h"
#include "worker/conn.h"
#include "worker/http_parse.h"
#include "worker/request.h"
#include "worker/worker.h"

#define CGI_PATH_DEFAULT	"/usr/local/bin:/usr/bin:/bin"

extern char	**environ;

/* What of the server's own environment scripts get, besides option "env". */
static const char *const cgi_environ_inherited[] = {
	"PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_COLLATE", "LC_CTYPE",
	"LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME",
	"LD_LIBRARY_PATH", "TMPDIR", "TZ", NULL
};

/*
 * Variables that change what a program does before it looks at its request:
 * no gateway's. A name that ends with "*" stands for all that begin so.
 */
static const char *const cgi_environ_refused[] = {
	"BASH*", "ENV", "FPATH", "GCONV_PATH", "GEM_*", "GETCONF_DIR",
	"GIT_ASKPASS", "GIT_CONFIG*", "GIT_EXEC_PATH", "GIT_PROXY_COMMAND",
	"GIT_SSH*", "GIT_TEMPLATE_DIR", "GLIBC_TUNABLES", "HOSTALIASES",
	"HTTP_PROXY", "IFS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "LD_*",
	"LOCPATH", "LUA_*", "MALLOC_*", "NLSPATH", "NODE_*", "OPENSSL_*",
	"PATH", "PERL*", "PHPRC", "PHP_INI_SCAN_DIR", "PYTHON*", "RES_OPTIONS",
	"RUBY*", "SHELLOPTS", "TCL*", "TMPDIR", "ZDOTDIR", "_JAVA_OPTIONS",
	NULL
};

/* Where a variable is, count if it is not there. */
static size_t
cgi_environ_find(const struct cgi_environ *env, const char *name, size_t len)
{
	const char	*text;
	size_t		 i;

	for (i = 0; i < env->count; i++) {
		text = env->text.buf + env->at[i];
		if (strncmp(text, name, len) == 0 && text[len] == '=')
			break;
	}
	return i;
}

/* Sets a variable; its old value is just left behind in the text. */
static void
cgi_environ_set(struct cgi_environ *env, const char *name, const char *value,
    size_t len)
{
	size_t	 i = cgi_environ_find(env, name, strlen(name));

	if (i == env->room) {
		env->room = env->room == 0 ? 64 : env->room * 2;
		env->at = xrealloc(env->at, env->room * sizeof(*env->at));
	}
	if (i == env->count)
		env->count++;
	env->at[i] = env->text.len;
	strbuf_adds(&env->text, name);
	strbuf_addc(&env->text, '=');
	strbuf_add(&env->text, value, len);
	strbuf_addc(&env->text, '\0');
}

/* The same with a text. */
static void
cgi_environ_sets(struct cgi_environ *env, const char *name, const char *value)
{
	cgi_environ_set(env, name, value, strlen(value));
}

/* The same with a number. */
static void
cgi_environ_setn(struct cgi_environ *env, const char *name, long long value)
{
	char	 text[24];

	snprintf(text, sizeof(text), "%lld", value);
	cgi_environ_sets(env, name, text);
}

/* The same with a part of the head. */
static void
cgi_environ_setv(struct cgi_environ *env, const char *name,
    const struct request *req, struct http_view view)
{
	cgi_environ_set(env, name, request_text(req, view), view.len);
}

/* Takes a variable away. */
static void
cgi_environ_unset(struct cgi_environ *env, const char *name)
{
	size_t	 i = cgi_environ_find(env, name, strlen(name));

	if (i < env->count)
		env->at[i] = env->at[--env->count];
}

/* What the server itself was given. */
static void
cgi_environ_inherit(struct cgi_environ *env, const struct config *cfg)
{
	const char *const	*name;
	const char		*value, *equals;
	char			*own;
	size_t			 i;

	for (name = cgi_environ_inherited; *name != NULL; name++) {
		value = getenv(*name);
		if (value != NULL)
			cgi_environ_sets(env, *name, value);
	}
	if (getenv("PATH") == NULL)
		cgi_environ_sets(env, "PATH", CGI_PATH_DEFAULT);
	for (i = 0; i < cfg->env.count; i++) {
		equals = strchr(cfg->env.items[i], '=');
		own = xstrndup(cfg->env.items[i],
		    (size_t)(equals - cfg->env.items[i]));
		cgi_environ_sets(env, own, equals + 1);
		free(own);
	}
}

/* Adds a header field's value behind one of the same name. */
static void
cgi_environ_join(struct cgi_environ *env, const char *name, size_t i,
    const char *value, size_t len)
{
	const char	*old = env->text.buf + env->at[i] + strlen(name) + 1;
	struct strbuf	 joined = STRBUF_INIT;

	strbuf_adds(&joined, old);
	strbuf_adds(&joined, strcmp(name, "HTTP_COOKIE") == 0 ? "; " : ", ");
	strbuf_add(&joined, value, len);
	cgi_environ_set(env, name, joined.buf, joined.len);
	strbuf_done(&joined);
}

/* A header field as HTTP_NAME. */
static void
cgi_environ_add_field(struct cgi_environ *env, const struct request *req,
    const struct http_field *field)
{
	const char	*value = request_text(req, field->value);
	struct strbuf	 name = STRBUF_INIT;
	size_t		 i;

	strbuf_adds(&name, "HTTP_");
	strbuf_add(&name, request_text(req, field->name), field->name.len);
	for (i = 5; i < name.len; i++) {
		if (name.buf[i] >= 'a' && name.buf[i] <= 'z')
			name.buf[i] = (char)(name.buf[i] - 'a' + 'A');
		else if (name.buf[i] == '-')
			name.buf[i] = '_';
	}
	i = cgi_environ_find(env, name.buf, name.len);
	if (i < env->count)
		cgi_environ_join(env, name.buf, i, value, field->value.len);
	else if (strcmp(name.buf, "HTTP_PROXY") != 0)
		cgi_environ_set(env, name.buf, value, field->value.len);
	strbuf_done(&name);
}

/* Where the host's name ends: before a port. */
static size_t
cgi_environ_host_len(const char *host, size_t len)
{
	size_t	 i = len;

	while (i > 0 && host[i - 1] >= '0' && host[i - 1] <= '9')
		i--;
	return i > 0 && host[i - 1] == ':' ? i - 1 : len;
}

/* SERVER_NAME and SERVER_PORT: as the environ of WSGI apps has them. */
static void
cgi_environ_add_server(struct cgi_environ *env, const struct request *req)
{
	const struct listener	*listener = req->conn->listener;
	const char		*host = req->from.host;
	size_t			 len = req->from.host_len, n;
	char			 node[256] = "localhost";

	if (host == NULL) {
		host = request_text(req, req->head->host);
		len = req->head->host.len;
	}
	n = cgi_environ_host_len(host, len);
	if (len > 0)
		cgi_environ_set(env, "SERVER_NAME", host, n);
	else if (listener->host != NULL && listener->host[0] != '\0')
		cgi_environ_sets(env, "SERVER_NAME", listener->host);
	else {
		gethostname(node, sizeof(node) - 1);
		cgi_environ_sets(env, "SERVER_NAME", node);
	}
	if (req->from.server_port != 0)
		cgi_environ_setn(env, "SERVER_PORT", req->from.server_port);
	else if (listener->port != NULL && listener->port[0] != '\0')
		cgi_environ_sets(env, "SERVER_PORT", listener->port);
	else if (n + 1 < len)
		cgi_environ_set(env, "SERVER_PORT", host + n + 1, len - n - 1);
	else
		cgi_environ_sets(env, "SERVER_PORT",
		    req->from.https ? "443" : "80");
}

/* The variables of a request that came as HTTP. */
static void
cgi_environ_add_http(struct cgi_environ *env, const struct request *req)
{
	const struct http_head	*head = req->head;
	const struct http_field	*field;
	uint32_t		 i;

	for (i = 0; i < head->nfields; i++) {
		field = &head->fields[i];
		if (field->kind == HTTP_FIELD_CONTENT_TYPE)
			cgi_environ_setv(env, "CONTENT_TYPE", req,
			    field->value);
		else if (field->kind != HTTP_FIELD_CONTENT_LENGTH)
			cgi_environ_add_field(env, req, field);
	}
	/* The target's host, or the proxy's, overrides the field. */
	if (req->from.host != NULL)
		cgi_environ_set(env, "HTTP_HOST", req->from.host,
		    req->from.host_len);
	else if (head->form == HTTP_URL_ABSOLUTE)
		cgi_environ_setv(env, "HTTP_HOST", req, head->host);
	cgi_environ_unset(env, "HTTP_TRANSFER_ENCODING");
	cgi_environ_unset(env, "HTTP_EXPECT");
	cgi_environ_setv(env, "REQUEST_METHOD", req, head->method);
	cgi_environ_setv(env, "REQUEST_URI", req, head->target);
	cgi_environ_setv(env, "QUERY_STRING", req, head->query);
	cgi_environ_sets(env, "SERVER_PROTOCOL", http_version(head));
	cgi_environ_add_server(env, req);
}

/* May a gateway set this variable? */
static bool
cgi_environ_accepts(const char *name)
{
	const char *const	*refused;
	size_t			 len;

	if (name[0] == '\0' || strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
	    "abcdefghijklmnopqrstuvwxyz0123456789") != strlen(name))
		return false;
	for (refused = cgi_environ_refused; *refused != NULL; refused++) {
		len = strlen(*refused);
		if ((*refused)[len - 1] == '*' ?
		    strncmp(name, *refused, len - 1) == 0 :
		    strcmp(name, *refused) == 0)
			return false;
	}
	return true;
}

/*
 * A variable that a gateway has sent. None of the first own ones, which are
 * the server's, is changed by it; of two of a name the last counts, but header
 * fields are joined.
 */
static void
cgi_environ_add_var(struct cgi_environ *env, const struct request *req,
    const struct http_field *field, size_t own)
{
	const char	*value = request_text(req, field->value);
	struct strbuf	 name = STRBUF_INIT;
	size_t		 i;

	strbuf_add(&name, request_text(req, field->name), field->name.len);
	i = cgi_environ_find(env, name.buf, name.len);
	if (i >= own && strlen(name.buf) == name.len &&
	    memchr(value, '\0', field->value.len) == NULL &&
	    cgi_environ_accepts(name.buf)) {
		if (i < env->count && strncmp(name.buf, "HTTP_", 5) == 0)
			cgi_environ_join(env, name.buf, i, value,
			    field->value.len);
		else
			cgi_environ_set(env, name.buf, value,
			    field->value.len);
	}
	strbuf_done(&name);
}

/* The variables that a gateway has sent. */
static void
cgi_environ_add_vars(struct cgi_environ *env, const struct request *req)
{
	size_t		 own = env->count;
	uint32_t	 i;

	for (i = 0; i < req->head->nfields; i++)
		cgi_environ_add_var(env, req, &req->head->fields[i], own);
	cgi_environ_setv(env, "REQUEST_METHOD", req, req->head->method);
	if (cgi_environ_find(env, "QUERY_STRING", 12) == env->count)
		cgi_environ_sets(env, "QUERY_STRING", "");
	if (cgi_environ_find(env, "SERVER_PROTOCOL", 15) == env->count)
		cgi_environ_sets(env, "SERVER_PROTOCOL", "HTTP/1.1");
	if (cgi_environ_find(env, "SERVER_NAME", 11) == env->count ||
	    cgi_environ_find(env, "SERVER_PORT", 11) == env->count ||
	    req->from.host != NULL)
		cgi_environ_add_server(env, req);
	/* A trusted proxy in front of the gateway knows it better. */
	if (req->from.server_port != 0)
		cgi_environ_setn(env, "SERVER_PORT", req->from.server_port);
	if (req->from.host != NULL)
		cgi_environ_set(env, "HTTP_HOST", req->from.host,
		    req->from.host_len);
}

/* Who asks. */
static void
cgi_environ_add_client(struct cgi_environ *env, const struct request *req)
{
	cgi_environ_set(env, "REMOTE_ADDR", req->from.addr,
	    req->from.addr_len);
	if (req->from.port != 0)
		cgi_environ_setn(env, "REMOTE_PORT", req->from.port);
	cgi_environ_unset(env, "HTTPS");
	if (req->from.https)
		cgi_environ_sets(env, "HTTPS", "on");
	cgi_environ_sets(env, "REQUEST_SCHEME", req->from.https ? "https" :
	    "http");
}

/* Which script, and what is its own of the path. */
static void
cgi_environ_add_script(struct cgi_environ *env,
    const struct cgi_script *script)
{
	struct strbuf	 path = STRBUF_INIT;

	cgi_environ_sets(env, "SCRIPT_NAME", script->name);
	cgi_environ_sets(env, "SCRIPT_FILENAME", script->file);
	cgi_environ_sets(env, "DOCUMENT_ROOT", script->root);
	cgi_environ_unset(env, "PATH_TRANSLATED");
	cgi_environ_unset(env, "PATH_INFO");
	if (script->info[0] == '\0')
		return;
	cgi_environ_sets(env, "PATH_INFO", script->info);
	strbuf_adds(&path, script->root);
	strbuf_adds(&path, script->info);
	cgi_environ_sets(env, "PATH_TRANSLATED", path.buf);
	strbuf_done(&path);
}

/* Makes all variables. */
void
cgi_environ_make(struct cgi_environ *env, const struct request *req,
    const struct cgi_script *script, int64_t length)
{
	const struct strlist	*unset = &req->worker->cfg->cgi_unset;
	size_t			 i;

	cgi_environ_inherit(env, req->worker->cfg);
	if (req->head->vars)
		cgi_environ_add_vars(env, req);
	else
		cgi_environ_add_http(env, req);
	cgi_environ_add_client(env, req);
	cgi_environ_add_script(env, script);
	cgi_environ_unset(env, "CONTENT_LENGTH");
	if (length >= 0)
		cgi_environ_setn(env, "CONTENT_LENGTH", length);
	cgi_environ_sets(env, "GATEWAY_INTERFACE", "CGI/1.1");
	cgi_environ_sets(env, "SERVER_SOFTWARE", "wsgimaster/" WM_VERSION);
	cgi_environ_sets(env, "REDIRECT_STATUS", "200");
	cgi_environ_set(env, "REQUEST_ID", req->id, req->id_len);
	for (i = 0; i < unset->count; i++)
		cgi_environ_unset(env, unset->items[i]);
}

/* The variables for execve(2). */
char **
cgi_environ_array(const struct cgi_environ *env)
{
	char	**array = xcalloc(env->count + 1, sizeof(*array));
	size_t	  i;

	for (i = 0; i < env->count; i++)
		array[i] = env->text.buf + env->at[i];
	return array;
}

/* Frees them. */
void
cgi_environ_done(struct cgi_environ *env)
{
	strbuf_done(&env->text);
	free(env->at);
	memset(env, 0, sizeof(*env));
}
