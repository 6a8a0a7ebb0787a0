/*
 * Request header fields as items of an environ: the hot path. Clients repeat
 * themselves, so names, and each name's last value, are kept as str objects.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_header.h"

#include <string.h>

#include "plugins/python/py_strings.h"
#include "worker/http_parse.h"

#define PY_HEADER_SETS	128	/* a power of 2 */
#define PY_HEADER_NAME	48	/* longer names are not kept */
#define PY_HEADER_VALUE	256	/* longer values are not kept */

/* A name as some client spells it. */
struct py_header {
	PyObject	*key;		/* "HTTP_X"; NULL: not used yet */
	PyObject	*value;		/* the last one, or NULL */
	uint8_t		 len;
	bool		 secret;	/* its values are not kept */
	bool		 loose;		/* nor part of a kept head */
	char		 name[PY_HEADER_NAME];
};

/*
 * Bounded, and two to a set: what a client can do by choosing names with the
 * same hash is that they are made anew for each request.
 */
static struct py_header	 py_headers[PY_HEADER_SETS][2];
/* The usual keys, interned as the app's own literals are. */
static PyObject		*py_header_known;

static const char *const py_header_known_names[] = {
	"HTTP_ACCEPT", "HTTP_ACCEPT_CHARSET", "HTTP_ACCEPT_ENCODING",
	"HTTP_ACCEPT_LANGUAGE", "HTTP_AUTHORIZATION", "HTTP_CACHE_CONTROL",
	"HTTP_CONNECTION", "HTTP_COOKIE", "HTTP_DNT", "HTTP_EXPECT",
	"HTTP_FORWARDED", "HTTP_HOST", "HTTP_IF_MATCH",
	"HTTP_IF_MODIFIED_SINCE", "HTTP_IF_NONE_MATCH", "HTTP_IF_RANGE",
	"HTTP_IF_UNMODIFIED_SINCE", "HTTP_KEEP_ALIVE", "HTTP_ORIGIN",
	"HTTP_PRAGMA", "HTTP_RANGE", "HTTP_REFERER", "HTTP_TE",
	"HTTP_TRANSFER_ENCODING", "HTTP_UPGRADE", "HTTP_USER_AGENT", "HTTP_VIA",
	"HTTP_X_CSRFTOKEN", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST",
	"HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_PROTO", "HTTP_X_REAL_IP",
	"HTTP_X_REQUESTED_WITH", "HTTP_X_REQUEST_ID", NULL
};

/* Makes the usual keys. */
int
py_header_init(void)
{
	PyObject		*key;
	const char *const	*name;
	int			 result;

	py_header_known = PyDict_New();
	if (py_header_known == NULL)
		return -1;
	for (name = py_header_known_names; *name != NULL; name++) {
		key = PyUnicode_InternFromString(*name);
		if (key == NULL)
			return -1;
		result = PyDict_SetItem(py_header_known, key, key);
		Py_DECREF(key);
		if (result == -1)
			return -1;
	}
	return 0;
}

/*
 * The key of a name, new. An unknown name is not interned: since Python 3.12
 * such strings may live for ever, and clients choose them.
 */
static PyObject *
py_header_key(const char *name, size_t len)
{
	PyObject	*key, *known;
	Py_UCS1		*out;
	size_t		 i;
	char		 c;

	key = PyUnicode_New((Py_ssize_t)len + 5, 127);
	if (key == NULL)
		return NULL;
	out = PyUnicode_1BYTE_DATA(key);
	memcpy(out, "HTTP_", 5);
	for (i = 0; i < len; i++) {
		c = name[i];
		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		out[5 + i] = (Py_UCS1)(c == '-' ? '_' : c);
	}
	known = PyDict_GetItemWithError(py_header_known, key);
	if (known != NULL) {
		Py_INCREF(known);
		Py_SETREF(key, known);
	} else if (PyErr_Occurred())
		Py_CLEAR(key);
	return key;
}

/* Is a word of a list somewhere in the key? */
static bool
py_header_has(PyObject *key, const char *const *words)
{
	const char	*text = (const char *)PyUnicode_1BYTE_DATA(key);

	for (; *words != NULL; words++) {
		if (strstr(text, *words) != NULL)
			return true;
	}
	return false;
}

/* Are a key's values nobody's business but this request's? */
static bool
py_header_is_secret(PyObject *key)
{
	static const char *const	 words[] = {
		"APIKEY", "AUTH", "COOKIE", "CREDENTIAL", "JWT", "_KEY", "PASS",
		"SECRET", "SESSION", "SIGNATURE", "TOKEN", NULL
	};

	return py_header_has(key, words);
}

/* Has each request another value? */
static bool
py_header_is_loose(PyObject *key)
{
	static const char *const	 words[] = {
		"CF_RAY", "FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_IF_",
		"HTTP_RANGE", "HTTP_REFERER", "TRACE", "_ID", "_IP", NULL
	};

	return py_header_is_secret(key) || py_header_has(key, words);
}

/*
 * The kept entry of a name, which is there afterwards; NULL with a Python
 * exception. The older of a set's two gives way.
 */
static struct py_header *
py_header_find(const char *name, size_t len, uint32_t hash)
{
	struct py_header	*set = py_headers[hash % PY_HEADER_SETS];
	PyObject		*key;

	if (set[0].len == len && memcmp(set[0].name, name, len) == 0)
		return &set[0];
	if (set[1].len == len && memcmp(set[1].name, name, len) == 0)
		return &set[1];
	key = py_header_key(name, len);
	if (key == NULL)
		return NULL;
	Py_XDECREF(set[1].key);
	Py_XDECREF(set[1].value);
	set[1] = set[0];
	set[0].key = key;
	set[0].value = NULL;
	set[0].len = (uint8_t)len;
	set[0].secret = py_header_is_secret(key);
	set[0].loose = py_header_is_loose(key);
	memcpy(set[0].name, name, len);
	return &set[0];
}

/* The value's str, new: the one of the last request if it is the same. */
static PyObject *
py_header_value(struct py_header *header, const char *s, size_t len)
{
	PyObject	*value = header->value;

	if (value != NULL && (size_t)PyUnicode_GET_LENGTH(value) == len &&
	    memcmp(PyUnicode_1BYTE_DATA(value), s, len) == 0) {
		Py_INCREF(value);
		return value;
	}
	value = PyUnicode_DecodeLatin1(s, (Py_ssize_t)len, NULL);
	if (value != NULL && !header->secret && len <= PY_HEADER_VALUE) {
		Py_INCREF(value);
		Py_XSETREF(header->value, value);
	}
	return value;
}

/* The key was there: the values become one. */
static int
py_header_join(PyObject *env, PyObject *key, PyObject *value)
{
	PyObject	*first, *start, *joined = NULL;
	int		 result = -1;

	first = PyDict_GetItemWithError(env, key);
	if (first == NULL)
		return -1;
	start = PyUnicode_Concat(first, key == py_str->http_cookie ?
	    py_str->semicolon : py_str->comma);
	if (start != NULL)
		joined = PyUnicode_Concat(start, value);
	if (joined != NULL)
		result = PyDict_SetItem(env, key, joined);
	Py_XDECREF(start);
	Py_XDECREF(joined);
	return result;
}

/* Puts key and value there, or joins: a dict that has grown had none. */
static int
py_header_put(PyObject *env, PyObject *key, PyObject *value)
{
	Py_ssize_t	 before = PyDict_GET_SIZE(env);

	if (PyDict_SetDefault(env, key, value) == NULL)
		return -1;
	if (PyDict_GET_SIZE(env) != before)
		return 0;
	return py_header_join(env, key, value);
}

/* A field whose key or value is not kept. */
static int
py_header_add_once(PyObject *env, PyObject *steal_key, const char *s,
    size_t len)
{
	PyObject	*value;
	int		 result = -1;

	value = PyUnicode_DecodeLatin1(s, (Py_ssize_t)len, NULL);
	if (steal_key != NULL && value != NULL)
		result = py_header_put(env, steal_key, value);
	Py_XDECREF(steal_key);
	Py_XDECREF(value);
	return result;
}

/* A field that has its key by the server's own rules. */
static int
py_header_add_own(PyObject *env, PyObject *key, const char *buf,
    const struct http_field *field)
{
	Py_INCREF(key);
	return py_header_add_once(env, key, buf + field->value.off,
	    field->value.len);
}

/* A field by its entry. */
static int
py_header_add_kept(PyObject *env, struct py_header *header, const char *buf,
    const struct http_field *field)
{
	PyObject	*value;
	int		 result;

	value = py_header_value(header, buf + field->value.off,
	    field->value.len);
	if (value == NULL)
		return -1;
	result = py_header_put(env, header->key, value);
	Py_DECREF(value);
	return result;
}

/* One field. */
int
py_header_add(PyObject *env, const char *buf, const struct http_field *field,
    uint32_t *size, bool *loose)
{
	const char		*name = buf + field->name.off;
	struct py_header	*header = NULL;
	size_t			 len = field->name.len;

	if (field->kind == HTTP_FIELD_CONTENT_TYPE)
		*loose = false;
	else if (field->kind != HTTP_FIELD_CONTENT_LENGTH &&
	    len <= PY_HEADER_NAME) {
		header = py_header_find(name, len, field->hash);
		if (header == NULL)
			return -1;
		*loose = *loose && header->loose;
	}
	if (*loose)
		return 0;
	*size += field->name.len + field->value.len;
	if (header != NULL)
		return py_header_add_kept(env, header, buf, field);
	if (field->kind == HTTP_FIELD_CONTENT_TYPE)
		return py_header_add_own(env, py_str->content_type, buf, field);
	if (field->kind == HTTP_FIELD_CONTENT_LENGTH)
		return py_header_add_own(env, py_str->content_length, buf,
		    field);
	return py_header_add_once(env, py_header_key(name, len),
	    buf + field->value.off, field->value.len);
}
