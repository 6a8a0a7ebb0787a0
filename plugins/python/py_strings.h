/* Strings that are made once: environ keys, values and attribute names. */
#ifndef WM_PLUGINS_PYTHON_PY_STRINGS_H
#define WM_PLUGINS_PYTHON_PY_STRINGS_H

#include <Python.h>

#include <stddef.h>

/* member, text */
#define PY_STRINGS(X)							\
	X(empty, "")							\
	X(slash, "/")							\
	X(comma, ",")							\
	X(semicolon, "; ")						\
	X(close, "close")						\
	X(read, "read")							\
	X(request_method, "REQUEST_METHOD")				\
	X(script_name, "SCRIPT_NAME")					\
	X(path_info, "PATH_INFO")					\
	X(query_string, "QUERY_STRING")					\
	X(request_uri, "REQUEST_URI")					\
	X(server_name, "SERVER_NAME")					\
	X(server_port, "SERVER_PORT")					\
	X(server_protocol, "SERVER_PROTOCOL")				\
	X(server_software, "SERVER_SOFTWARE")				\
	X(remote_addr, "REMOTE_ADDR")					\
	X(remote_port, "REMOTE_PORT")					\
	X(content_length, "CONTENT_LENGTH")				\
	X(content_type, "CONTENT_TYPE")					\
	X(http_host, "HTTP_HOST")					\
	X(http_cookie, "HTTP_COOKIE")					\
	X(wsgi_version, "wsgi.version")					\
	X(wsgi_url_scheme, "wsgi.url_scheme")				\
	X(wsgi_input, "wsgi.input")					\
	X(wsgi_errors, "wsgi.errors")					\
	X(wsgi_multithread, "wsgi.multithread")				\
	X(wsgi_multiprocess, "wsgi.multiprocess")			\
	X(wsgi_run_once, "wsgi.run_once")				\
	X(wsgi_input_terminated, "wsgi.input_terminated")		\
	X(wsgi_file_wrapper, "wsgi.file_wrapper")			\
	X(uwsgi_version, "uwsgi.version")				\
	X(uwsgi_node, "uwsgi.node")					\
	X(uwsgi_core, "uwsgi.core")					\
	X(uwsgi_ready_fd, "uwsgi.ready_fd")				\
	X(fdevent_readable, "x-wsgiorg.fdevent.readable")		\
	X(fdevent_writable, "x-wsgiorg.fdevent.writable")		\
	X(fdevent_timeout, "x-wsgiorg.fdevent.timeout")			\
	X(request_id, "wsgimaster.request_id")				\
	X(http, "http")							\
	X(https, "https")						\
	X(HTTPS, "HTTPS")						\
	X(on, "on")							\
	X(http_1_0, "HTTP/1.0")						\
	X(http_1_1, "HTTP/1.1")						\
	X(http_2_0, "HTTP/2.0")						\
	X(port_80, "80")						\
	X(port_443, "443")						\
	X(get, "GET")							\
	X(head, "HEAD")							\
	X(post, "POST")							\
	X(put, "PUT")							\
	X(delete_, "DELETE")						\
	X(patch, "PATCH")						\
	X(options, "OPTIONS")

/* Interned str objects, owned for the whole run: borrow them. */
struct py_strings {
#define PY_STRING_MEMBER(member, text)	PyObject *member;
	PY_STRINGS(PY_STRING_MEMBER)
#undef PY_STRING_MEMBER
};

extern const struct py_strings *const py_str;

/* With the lock, once. -1 with a Python exception. */
int	 py_strings_init(void);

/*
 * The bytes of a str that has only latin-1 characters, valid as long as it;
 * NULL, without an exception, when it has others.
 */
static inline const char *
py_latin1(PyObject *str, size_t *len)
{
	/* Mostly it is ASCII, and was made in one piece. */
	if (PyUnicode_IS_COMPACT_ASCII(str)) {
		*len = (size_t)PyUnicode_GET_LENGTH(str);
		return (const char *)PyUnicode_1BYTE_DATA(str);
	}
#if PY_VERSION_HEX < 0x030c0000
	if (PyUnicode_READY(str) == -1) {
		PyErr_Clear();
		return NULL;
	}
#endif
	if (PyUnicode_KIND(str) != PyUnicode_1BYTE_KIND)
		return NULL;
	*len = (size_t)PyUnicode_GET_LENGTH(str);
	return (const char *)PyUnicode_1BYTE_DATA(str);
}

/* Owned by nobody else: may it be used for another request? */
#define py_is_unshared(object)	(Py_REFCNT(object) == 1)

#endif
