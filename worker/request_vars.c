/* What an app notes about its request for the access line. */
#include "worker/request_vars.h"

#include <string.h>

#include "base/pool.h"
#include "base/strbuf.h"
#include "worker/request.h"

/* Is it this one? */
static bool
request_var_is(const struct request_var *var, enum request_var_kind kind,
    const char *name, size_t len)
{
	return var->kind == kind && var->name_len == len &&
	    memcmp(var->name, name, len) == 0;
}

/* Finds one. */
const struct request_var *
request_var_get(const struct request *req, enum request_var_kind kind,
    const char *name, size_t name_len)
{
	const struct request_var	*var;

	for (var = req->vars; var != NULL; var = var->next) {
		if (request_var_is(var, kind, name, name_len))
			return var;
	}
	return NULL;
}

/* Notes one: the older ones stay where they are, and are not found. */
bool
request_var_set(struct request *req, enum request_var_kind kind,
    const char *name, size_t name_len, const char *value, size_t len)
{
	const size_t		 before = req->vars == NULL ? 0 :
	    req->vars->sum;
	struct request_var	*var;

	if (name_len > REQUEST_VARS_MAX || len > REQUEST_VARS_MAX ||
	    before + sizeof(*var) + name_len + len > REQUEST_VARS_MAX)
		return false;
	var = pool_alloc(&req->pool, sizeof(*var));
	var->kind = kind;
	var->name = pool_strndup(&req->pool, name, name_len);
	var->name_len = name_len;
	var->value = pool_strndup(&req->pool, value, len);
	var->len = len;
	var->sum = before + sizeof(*var) + name_len + len;
	var->next = req->vars;
	req->vars = var;
	return true;
}

/* Appends the log's as JSON. */
bool
request_vars_json(const struct request *req, struct strbuf *out)
{
	const struct request_var	*var;
	char				 before = '{';

	for (var = req->vars; var != NULL; var = var->next) {
		if (var->kind != REQUEST_VAR_LOG || request_var_get(req,
		    var->kind, var->name, var->name_len) != var)
			continue;
		strbuf_addc(out, before);
		strbuf_add_json(out, var->name, var->name_len);
		strbuf_addc(out, ':');
		strbuf_add_json(out, var->value, var->len);
		before = ',';
	}
	if (before == '{')
		return false;
	strbuf_addc(out, '}');
	return true;
}
