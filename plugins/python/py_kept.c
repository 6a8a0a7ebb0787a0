/* Request heads seen lately, and the environ that each makes. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_kept.h"

#include <string.h>

#include "plugins/python/py_fdevent.h"
#include "worker/conn.h"
#include "worker/http_parse.h"
#include "worker/request.h"

#define PY_KEPT_HEADS	8
#define PY_KEPT_BYTES	1024	/* of a head without its loose values */
#define PY_KEPT_METHOD	8
#define PY_KEPT_PAUSE	63	/* new heads that are passed by, at most */

/* One head. */
struct py_kept_head {
	struct py_kept		 kept;		/* env NULL: free */
	const struct listener	*listener;
	uint32_t		 nfields;
	uint8_t			 minor;
	bool			 https;
	uint16_t		 server_port;	/* of the origin */
	bool			 http2;
	bool			 used;		/* found since it is there */
	uint8_t			 method_len;
	char			 method[PY_KEPT_METHOD];
	/* The bytes before each loose value and behind the last. */
	uint16_t		 runs[PY_KEPT_LOOSE + 1];
	char			 bytes[PY_KEPT_BYTES];
};

static struct py_kept_head	 py_kept_heads[PY_KEPT_HEADS];
/* The one used last comes first. */
static uint8_t			 py_kept_order[PY_KEPT_HEADS] = {
	0, 1, 2, 3, 4, 5, 6, 7
};
/*
 * Where all heads differ it is no use to keep them: then only few of them are
 * tried, so that one which does come again is found out in the end.
 */
static unsigned			 py_kept_pause;
static unsigned			 py_kept_wait;

/* May a head like this be kept at all? The rest of it is up to its fields. */
static bool
py_kept_may(const struct request *req)
{
	const struct http_head	*head = req->head;

	return !head->vars && req->from.host == NULL &&
	    head->nfields > 0 && head->nfields <= UINT8_MAX &&
	    !head->chunked && !head->to_end &&
	    head->form == HTTP_URL_ORIGIN &&
	    head->method.len <= PY_KEPT_METHOD;
}

/*
 * The bytes from at to a loose field's value, or with its number beyond the
 * last to the head's end; false if there is no value. *at moves behind it.
 */
static bool
py_kept_run(const struct http_head *head, const struct py_kept *kept,
    unsigned number, uint32_t *at, struct http_view *run)
{
	const struct http_field	*field;

	run->off = *at;
	if (number == kept->nloose) {
		run->len = head->size - *at;
		return true;
	}
	field = &head->fields[kept->loose[number]];
	run->len = field->name.off + field->name.len - *at;
	*at = field->value.off + field->value.len;
	return field->value.len > 0;
}

/* Are the bytes of the request's head, but for loose values, this one's? */
static bool
py_kept_bytes_equal(const struct py_kept_head *mine, const struct request *req)
{
	const struct http_head	*head = req->head;
	const char		*bytes = mine->bytes;
	uint32_t		 at = head->fields[0].name.off;
	struct http_view	 run;
	unsigned		 i;

	for (i = 0; i <= mine->kept.nloose; i++) {
		if (!py_kept_run(head, &mine->kept, i, &at, &run) ||
		    run.len != mine->runs[i] ||
		    memcmp(bytes, request_text(req, run), run.len) != 0)
			return false;
		bytes += run.len;
	}
	return true;
}

/* Is the request's head this one? */
static bool
py_kept_equals(const struct py_kept_head *mine, const struct request *req)
{
	const struct http_head	*head = req->head;

	return mine->nfields == head->nfields && mine->kept.env != NULL &&
	    mine->listener == req->conn->listener &&
	    mine->minor == head->minor && mine->http2 == head->http2 &&
	    mine->https == req->from.https &&
	    mine->server_port == req->from.server_port &&
	    mine->method_len == head->method.len &&
	    memcmp(mine->method, request_text(req, head->method),
	    mine->method_len) == 0 && py_kept_bytes_equal(mine, req);
}

/* Puts one of the order first. */
static struct py_kept_head *
py_kept_first(unsigned place)
{
	uint8_t	 number = py_kept_order[place];

	for (; place > 0; place--)
		py_kept_order[place] = py_kept_order[place - 1];
	py_kept_order[0] = number;
	return &py_kept_heads[number];
}

/* The kept one. */
struct py_kept *
py_kept_find(const struct request *req)
{
	struct py_kept_head	*mine;
	unsigned		 i;

	if (!py_kept_may(req))
		return NULL;
	for (i = 0; i < PY_KEPT_HEADS; i++) {
		mine = &py_kept_heads[py_kept_order[i]];
		if (!py_kept_equals(mine, req))
			continue;
		mine->used = true;
		if (i > 0)
			py_kept_first(i);
		return &mine->kept;
	}
	return NULL;
}

/* Is it this one's turn? */
bool
py_kept_wants(const struct request *req)
{
	if (!py_kept_may(req))
		return false;
	if (py_kept_wait == 0)
		return true;
	py_kept_wait--;
	return false;
}

/* Lets go of one. */
static void
py_kept_drop(struct py_kept_head *mine)
{
	if (mine->kept.env != NULL)
		py_last_set_timeout(&mine->kept.last, NULL);
	Py_CLEAR(mine->kept.env);
}

/* The place of the one that was used longest ago, which is let go of. */
static struct py_kept_head *
py_kept_take(void)
{
	struct py_kept_head	*mine = py_kept_first(PY_KEPT_HEADS - 1);

	if (mine->kept.env != NULL && !mine->used)
		py_kept_pause = py_kept_pause * 2 + 1;
	else
		py_kept_pause /= 2;
	if (py_kept_pause > PY_KEPT_PAUSE)
		py_kept_pause = PY_KEPT_PAUSE;
	py_kept_wait = py_kept_pause;
	py_kept_drop(mine);
	return mine;
}

/* Notes the bytes of a head. */
static void
py_kept_note(struct py_kept_head *mine, const struct request *req)
{
	const struct http_head	*head = req->head;
	uint32_t		 at = head->fields[0].name.off;
	struct http_view	 run;
	char			*out = mine->bytes;
	unsigned		 i;

	mine->listener = req->conn->listener;
	mine->nfields = head->nfields;
	mine->minor = head->minor;
	mine->https = req->from.https;
	mine->server_port = req->from.server_port;
	mine->http2 = head->http2;
	mine->used = false;
	mine->method_len = (uint8_t)head->method.len;
	memcpy(mine->method, request_text(req, head->method),
	    head->method.len);
	for (i = 0; i <= mine->kept.nloose; i++) {
		(void)py_kept_run(head, &mine->kept, i, &at, &run);
		mine->runs[i] = (uint16_t)run.len;
		memcpy(out, request_text(req, run), run.len);
		out += run.len;
	}
}

/* Is it short enough, and has each loose field a value? */
static bool
py_kept_fits(const struct http_head *head, const struct py_kept *what)
{
	uint32_t		 at = head->fields[0].name.off, size = 0;
	struct http_view	 run;
	unsigned		 i;

	for (i = 0; i <= what->nloose; i++) {
		if (!py_kept_run(head, what, i, &at, &run) ||
		    run.len > PY_KEPT_BYTES)
			return false;
		size += run.len;
	}
	return size <= PY_KEPT_BYTES;
}

/* Keeps a head. */
int
py_kept_add(const struct request *req, PyObject *env,
    const struct py_kept *what)
{
	struct py_kept_head	*mine;
	PyObject		*dict;

	if (!py_kept_fits(req->head, what))
		return 0;
	/* Filled from another one it is as small as can be. */
	dict = PyDict_New();
	if (dict == NULL)
		return -1;
	if (PyDict_Update(dict, env) == -1) {
		Py_DECREF(dict);
		return -1;
	}
	mine = py_kept_take();
	mine->kept = *what;
	mine->kept.env = dict;
	py_kept_note(mine, req);
	return 0;
}

/* Lets go of all. */
void
py_kept_done(void)
{
	unsigned	 i;

	for (i = 0; i < PY_KEPT_HEADS; i++)
		py_kept_drop(&py_kept_heads[i]);
}

/* Counts the references that are not the app's. */
void
py_last_set_timeout(struct py_last *last, PyObject *timeout)
{
	if (last->timeout != NULL)
		py_fdevent_keep(last->timeout, -1);
	last->timeout = timeout;
	if (timeout != NULL)
		py_fdevent_keep(timeout, 1);
}
