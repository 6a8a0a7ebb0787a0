/* The cache_* functions of the module. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_cache.h"

#include <math.h>
#include <string.h>

#include "base/log.h"
#include "base/strbuf.h"
#include "plugins/python/py_cache_remote.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_gil.h"
#include "shm/cache.h"
#include "shm/commons.h"
#include "worker/worker.h"

enum py_cache_what {
	PY_CACHE_GET, PY_CACHE_EXISTS, PY_CACHE_SET, PY_CACHE_UPDATE,
	PY_CACHE_DEL, PY_CACHE_INC, PY_CACHE_DEC, PY_CACHE_MUL, PY_CACHE_DIV,
	PY_CACHE_CLEAR, PY_CACHE_NUM, PY_CACHE_KEYS
};

/* What each takes, in this order: key, value or operand, expiry, cache. */
static const struct py_cache_kind {
	const char	*name;
	bool		 key;
	bool		 value;
	bool		 operand;
	bool		 expires;
	int64_t		 initial;	/* of the operand */
} py_cache_kinds[] = {
	[PY_CACHE_GET] = { .name = "cache_get", .key = true },
	[PY_CACHE_EXISTS] = { .name = "cache_exists", .key = true },
	[PY_CACHE_SET] = { .name = "cache_set", .key = true, .value = true,
	    .expires = true },
	[PY_CACHE_UPDATE] = { .name = "cache_update", .key = true,
	    .value = true, .expires = true },
	[PY_CACHE_DEL] = { .name = "cache_del", .key = true },
	[PY_CACHE_INC] = { .name = "cache_inc", .key = true, .operand = true,
	    .expires = true, .initial = 1 },
	[PY_CACHE_DEC] = { .name = "cache_dec", .key = true, .operand = true,
	    .expires = true, .initial = 1 },
	[PY_CACHE_MUL] = { .name = "cache_mul", .key = true, .operand = true,
	    .expires = true, .initial = 2 },
	[PY_CACHE_DIV] = { .name = "cache_div", .key = true, .operand = true,
	    .expires = true, .initial = 2 },
	[PY_CACHE_CLEAR] = { .name = "cache_clear" },
	[PY_CACHE_NUM] = { .name = "cache_num", .key = true },
	[PY_CACHE_KEYS] = { .name = "cache_keys" },
};

/* One call. The bytes are those of the arguments, which the caller holds. */
struct py_cache_call {
	enum py_cache_what	 what;
	struct cache		*cache;
	const char		*key;
	Py_ssize_t		 key_len;
	const char		*value;
	Py_ssize_t		 value_len;
	int64_t			 operand;
	uint64_t		 expires_us;
	struct cache_room	 room;
	size_t			 at;	/* of cache_keys */
	struct strbuf		 keys;
};

/* The bytes of a str (as UTF-8) or bytes; -1 with TypeError. */
static int
py_cache_bytes(const struct py_cache_kind *kind, PyObject *arg,
    const char **bytes, Py_ssize_t *len)
{
	if (PyBytes_Check(arg)) {
		*bytes = PyBytes_AS_STRING(arg);
		*len = PyBytes_GET_SIZE(arg);
		return 0;
	}
	if (PyUnicode_Check(arg)) {
		*bytes = PyUnicode_AsUTF8AndSize(arg, len);
		return *bytes == NULL ? -1 : 0;
	}
	PyErr_Format(PyExc_TypeError, "%s() takes keys and values as str or "
	    "bytes, not %.100s", kind->name, Py_TYPE(arg)->tp_name);
	return -1;
}

/* Seconds, whole or not; 0 and less: never. -1 with an exception. */
static int
py_cache_expires(PyObject *arg, uint64_t *us)
{
	double	 seconds;

	if (arg == Py_None)
		return 0;
	seconds = PyFloat_AsDouble(arg);
	if (seconds == -1 && PyErr_Occurred())
		return -1;
	if (isnan(seconds)) {
		PyErr_SetString(PyExc_ValueError,
		    "the expiry is not a number");
		return -1;
	}
	if (seconds > 0 && seconds < 1e11)
		*us = seconds < 1e-6 ? 1 : (uint64_t)(seconds * 1e6);
	return 0;
}

/* The name of the cache; NULL: the first. -1 with an exception. */
static int
py_cache_name(const struct py_cache_kind *kind, PyObject *arg,
    const char **name)
{
	Py_ssize_t	 len = 0;

	*name = NULL;
	if (arg == Py_None)
		return 0;
	if (PyBytes_Check(arg)) {
		*name = PyBytes_AS_STRING(arg);
		len = PyBytes_GET_SIZE(arg);
	} else if (PyUnicode_Check(arg))
		*name = PyUnicode_AsUTF8AndSize(arg, &len);
	else
		PyErr_Format(PyExc_TypeError, "%s(): the cache's name is str, "
		    "not %.100s", kind->name, Py_TYPE(arg)->tp_name);
	if (*name == NULL)
		return -1;
	if (strlen(*name) != (size_t)len) {
		PyErr_SetString(PyExc_ValueError, "embedded null character");
		return -1;
	}
	if (strchr(*name, '@') == NULL || py_cache_is_remote(*name))
		return 0;
	PyErr_Format(PyExc_ValueError, "%s(): this server does not ask "
	    "uWSGI's caches (\"%.100s\"); for one that several share give "
	    "redis://host:port/db, rediss://... or unix:///path",
	    kind->name, *name);
	return -1;
}

/* Takes the arguments apart; *name: the cache's. -1 with an exception. */
static int
py_cache_parse(struct py_cache_call *call, PyObject *const *args,
    Py_ssize_t count, PyObject **name)
{
	const struct py_cache_kind	*kind = &py_cache_kinds[call->what];
	Py_ssize_t			 i = 0, least, most;

	least = kind->key + kind->value;
	most = least + kind->operand + kind->expires + 1;
	if (count < least || count > most) {
		PyErr_Format(PyExc_TypeError, "%s() takes %zd to %zd "
		    "arguments (%zd given)", kind->name, least, most, count);
		return -1;
	}
	if (kind->key && py_cache_bytes(kind, args[i++], &call->key,
	    &call->key_len) == -1)
		return -1;
	if (kind->value && py_cache_bytes(kind, args[i++], &call->value,
	    &call->value_len) == -1)
		return -1;
	call->operand = kind->initial;
	if (kind->operand && i < count) {
		call->operand = PyLong_AsLongLong(args[i++]);
		if (call->operand == -1 && PyErr_Occurred())
			return -1;
	}
	if (kind->expires && i < count &&
	    py_cache_expires(args[i++], &call->expires_us) == -1)
		return -1;
	*name = i < count ? args[i] : Py_None;
	return 0;
}

/* Does it: a read of a value, a look, a write. */
static enum cache_result
py_cache_do(struct py_cache_call *call, bool wait)
{
	struct cache	*c = call->cache;
	size_t		 key_len = (size_t)call->key_len;

	switch (call->what) {
	case PY_CACHE_GET:
	case PY_CACHE_NUM:
		return cache_read(c, call->key, key_len, &call->room, wait);
	case PY_CACHE_EXISTS:
		return cache_exists(c, call->key, key_len, wait);
	case PY_CACHE_SET:
	case PY_CACHE_UPDATE:
		return cache_set(c, call->key, key_len, call->value,
		    (size_t)call->value_len, call->expires_us,
		    call->what == PY_CACHE_UPDATE, wait);
	case PY_CACHE_DEL:
		return cache_del(c, call->key, key_len, wait);
	case PY_CACHE_INC:
	case PY_CACHE_DEC:
	case PY_CACHE_MUL:
	case PY_CACHE_DIV:
		return cache_math(c, call->key, key_len, (enum cache_math)
		    (call->what - PY_CACHE_INC + CACHE_INC), call->operand,
		    call->expires_us, wait);
	case PY_CACHE_CLEAR:
		return cache_clear(c, wait);
	case PY_CACHE_KEYS:
		return cache_keys(c, &call->at, &call->keys, wait);
	}
	return CACHE_MISSING;
}

/* The same for py_gil_without: no bytes are made. */
static int
py_cache_wait(void *arg)
{
	struct py_cache_call	*call = arg;

	call->room.grow = NULL;
	return (int)py_cache_do(call, true);
}

/* With the lock given up if it takes time. -1 with TimeoutError. */
static int
py_cache_run(struct py_cache_call *call)
{
	enum cache_result	 result = py_cache_do(call, false);

	if (result == CACHE_BUSY)
		result = (enum cache_result)py_gil_without(py_cache_wait,
		    call);
	if (result != CACHE_BUSY)
		return (int)result;
	PyErr_Format(PyExc_TimeoutError, "cache \"%s\": another process has "
	    "kept its lock for too long", cache_spec(call->cache)->name);
	return -1;
}

/* Makes bytes of that length, in room->arg, the room; needs the lock. */
static bool
py_cache_grow(struct cache_room *room, size_t len)
{
	PyObject	**bytes = room->arg;

	Py_XSETREF(*bytes, PyBytes_FromStringAndSize(NULL, (Py_ssize_t)len));
	if (*bytes == NULL) {
		room->size = 0;
		return false;
	}
	room->buf = PyBytes_AS_STRING(*bytes);
	room->size = len;
	return true;
}

/* A value as bytes, or None. It is read straight into them. New. */
static PyObject *
py_cache_value(struct py_cache_call *call)
{
	PyObject	*bytes = NULL;
	int		 result, i;

	call->room.arg = &bytes;
	call->room.grow = py_cache_grow;
	result = py_cache_run(call);
	/* When it waited; it may grow again while there is room made. */
	for (i = 0; result == CACHE_MORE && i < 100 && !PyErr_Occurred(); i++) {
		if (py_cache_grow(&call->room, call->room.len))
			result = py_cache_run(call);
	}
	if (result == CACHE_OK && bytes == NULL)
		return PyBytes_FromStringAndSize(NULL, 0);
	if (result == CACHE_OK && call->room.len < call->room.size)
		_PyBytes_Resize(&bytes, (Py_ssize_t)call->room.len);
	if (result == CACHE_OK)
		return bytes;
	Py_XDECREF(bytes);
	if (PyErr_Occurred())
		return NULL;
	Py_RETURN_NONE;
}

/* A number; 0 for what is none. New. */
static PyObject *
py_cache_number(struct py_cache_call *call)
{
	int64_t	 number = 0;
	int	 result;

	call->room.buf = (char *)&number;
	call->room.size = sizeof(number);
	result = py_cache_run(call);
	if (result == -1)
		return NULL;
	return PyLong_FromLongLong(result == CACHE_OK &&
	    call->room.len == sizeof(number) ? number : 0);
}

/* Appends the keys that were gathered. */
static int
py_cache_keys_add(PyObject *list, const struct strbuf *keys)
{
	PyObject	*bytes;
	size_t		 at;
	uint32_t	 len;
	int		 result = 0;

	for (at = 0; result == 0 && at < keys->len; at += len) {
		memcpy(&len, keys->buf + at, sizeof(len));
		at += sizeof(len);
		bytes = PyBytes_FromStringAndSize(keys->buf + at,
		    (Py_ssize_t)len);
		result = bytes == NULL ? -1 : PyList_Append(list, bytes);
		Py_XDECREF(bytes);
	}
	return result;
}

/* All keys as a list. New. */
static PyObject *
py_cache_list(struct py_cache_call *call)
{
	PyObject	*list = PyList_New(0);
	int		 result;

	while (list != NULL) {
		strbuf_truncate(&call->keys, 0);
		result = py_cache_run(call);
		if (result == CACHE_MISSING)
			break;
		if (result == -1 ||
		    py_cache_keys_add(list, &call->keys) == -1)
			Py_CLEAR(list);
	}
	strbuf_done(&call->keys);
	return list;
}

/* There is no such cache: uWSGI's answers. New. */
static PyObject *
py_cache_none(const struct py_cache_call *call, const char *name)
{
	static bool	 said;

	if (call->what == PY_CACHE_KEYS)
		return PyErr_Format(PyExc_ValueError, "there is no cache%s%s",
		    name == NULL || *name == '\0' ? "" : " ",
		    name == NULL ? "" : name);
	if (!said)
		log_warn("%s: there is no cache%s%s%s; give \"cache2\" (said "
		    "once)", py_cache_kinds[call->what].name,
		    name == NULL ? "" : " \"", name == NULL ? "" : name,
		    name == NULL ? "" : "\"");
	said = true;
	if (call->what == PY_CACHE_NUM)
		return PyLong_FromLong(0);
	Py_RETURN_NONE;
}

/* Any of them: here, or in Redis. New. */
static PyObject *
py_cache_call(enum py_cache_what what, PyObject *const *args,
    Py_ssize_t count)
{
	struct py_cache_call	 call = { .what = what };
	const struct commons	*commons = py_worker()->commons;
	const char		*name;
	PyObject		*cache;
	int			 result;

	if (py_cache_parse(&call, args, count, &cache) == -1 ||
	    py_cache_name(&py_cache_kinds[what], cache, &name) == -1)
		return NULL;
	if (py_cache_is_remote(name))
		return py_cache_remote_call(py_cache_kinds[what].name, cache,
		    args, count - 1);
	call.cache = commons == NULL ? NULL :
	    caches_find(commons->caches, name);
	if (call.cache == NULL)
		return py_cache_none(&call, name);
	if (what == PY_CACHE_GET)
		return py_cache_value(&call);
	if (what == PY_CACHE_NUM)
		return py_cache_number(&call);
	if (what == PY_CACHE_KEYS)
		return py_cache_list(&call);
	result = py_cache_run(&call);
	if (result == -1)
		return NULL;
	if (result == CACHE_OK)
		Py_RETURN_TRUE;
	Py_RETURN_NONE;
}

/* A function of the module. New. */
#define PY_CACHE_FUNCTION(function, what)				\
	static PyObject *						\
	function(PyObject *self, PyObject *const *args,			\
	    Py_ssize_t count)						\
	{								\
		(void)self;						\
		return py_cache_call(what, args, count);		\
	}

PY_CACHE_FUNCTION(py_cache_get, PY_CACHE_GET)
PY_CACHE_FUNCTION(py_cache_exists, PY_CACHE_EXISTS)
PY_CACHE_FUNCTION(py_cache_set, PY_CACHE_SET)
PY_CACHE_FUNCTION(py_cache_update, PY_CACHE_UPDATE)
PY_CACHE_FUNCTION(py_cache_del, PY_CACHE_DEL)
PY_CACHE_FUNCTION(py_cache_inc, PY_CACHE_INC)
PY_CACHE_FUNCTION(py_cache_dec, PY_CACHE_DEC)
PY_CACHE_FUNCTION(py_cache_mul, PY_CACHE_MUL)
PY_CACHE_FUNCTION(py_cache_div, PY_CACHE_DIV)
PY_CACHE_FUNCTION(py_cache_clear, PY_CACHE_CLEAR)
PY_CACHE_FUNCTION(py_cache_num, PY_CACHE_NUM)
PY_CACHE_FUNCTION(py_cache_keys, PY_CACHE_KEYS)

#define FAST(function)	(PyCFunction)(void (*)(void))function

const PyMethodDef	 py_cache_methods[] = {
	{ "cache_get", FAST(py_cache_get), METH_FASTCALL,
	    "cache_get(key, cache=None): the value as bytes, or None" },
	{ "cache_set", FAST(py_cache_set), METH_FASTCALL,
	    "cache_set(key, value, expires=0, cache=None): True; None if it "
	    "is there already,\nor there is no room" },
	{ "cache_update", FAST(py_cache_update), METH_FASTCALL,
	    "cache_update(key, value, expires=0, cache=None): the same, also "
	    "if it is there" },
	{ "cache_del", FAST(py_cache_del), METH_FASTCALL,
	    "cache_del(key, cache=None): True, or None: it was not there" },
	{ "cache_exists", FAST(py_cache_exists), METH_FASTCALL,
	    "cache_exists(key, cache=None): True or None" },
	{ "cache_clear", FAST(py_cache_clear), METH_FASTCALL,
	    "cache_clear(cache=None): True" },
	{ "cache_inc", FAST(py_cache_inc), METH_FASTCALL,
	    "cache_inc(key, by=1, expires=0, cache=None): True or None" },
	{ "cache_dec", FAST(py_cache_dec), METH_FASTCALL,
	    "cache_dec(key, by=1, expires=0, cache=None): True or None" },
	{ "cache_mul", FAST(py_cache_mul), METH_FASTCALL,
	    "cache_mul(key, by=2, expires=0, cache=None): True or None" },
	{ "cache_div", FAST(py_cache_div), METH_FASTCALL,
	    "cache_div(key, by=2, expires=0, cache=None): True or None" },
	{ "cache_num", FAST(py_cache_num), METH_FASTCALL,
	    "cache_num(key, cache=None): the number, or 0" },
	{ "cache_keys", FAST(py_cache_keys), METH_FASTCALL,
	    "cache_keys(cache=None): a list of bytes" },
	{ NULL, NULL, 0, NULL }
};
