/*
 * A uwsgi packet to another server, and what it answers: remote procedure
 * calls and signals.
 *
 *	py_packet_init		the clock runs: rpc-timeout for all of it
 *	(buf is filled)
 *	py_packet_send		connects, sends buf, empties it
 *	py_packet_read		until so many bytes of the answer are in buf
 *	py_packet_done		closes, frees
 *
 * Each parks the calling request, or blocks the thread. With the lock.
 */
#ifndef WM_PLUGINS_PYTHON_PY_PACKET_H
#define WM_PLUGINS_PYTHON_PY_PACKET_H

#include <Python.h>

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

/* How a step ended. */
enum py_packet_step {
	PY_PACKET_DONE,
	PY_PACKET_END,		/* the other side has ended the connection */
	PY_PACKET_FAILURE,	/* why says so */
	PY_PACKET_THROWN	/* a Python exception is set */
};

struct py_packet {
	int		 fd;		/* -1: none */
	uint64_t	 until;		/* mono clock */
	struct strbuf	 buf;		/* the packet, then what came */
	const char	*why;
};

void	 py_packet_init(struct py_packet *p);
void	 py_packet_done(struct py_packet *p);
/* node: "host:port" or a path, str or bytes. */
enum py_packet_step py_packet_send(struct py_packet *p, PyObject *node);
/* The buffer grows with what has come, not with what is wanted. */
enum py_packet_step py_packet_read(struct py_packet *p, size_t wanted);

#endif
