/* A uwsgi packet to another server, and what it answers. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_packet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/config.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_socket.h"
#include "plugins/python/py_wait.h"
#include "worker/worker.h"

#define PY_PACKET_PIECE	65536	/* read at once */

/* The clock runs. */
void
py_packet_init(struct py_packet *p)
{
	*p = (struct py_packet){ .fd = -1, .buf = STRBUF_INIT };
	p->until = clock_mono_us() +
	    (uint64_t)(py_worker()->cfg->rpc_timeout * 1e6);
}

/* Closes, frees. */
void
py_packet_done(struct py_packet *p)
{
	if (p->fd != -1)
		close(p->fd);
	p->fd = -1;
	strbuf_done(&p->buf);
}

/* Seconds that are left; 0: none. */
static double
py_packet_left(const struct py_packet *p)
{
	uint64_t	 now = clock_mono_us();

	return now < p->until ? (double)(p->until - now) / 1e6 : 0;
}

/* Waits for the other side. */
static enum py_packet_step
py_packet_wait(struct py_packet *p, short events)
{
	double	 left = py_packet_left(p);
	int	 ready = 0;

	if (left > 0)
		ready = py_wait_for(p->fd, events, left);
	if (ready == -1)
		return PY_PACKET_THROWN;
	if (ready != 0)
		return PY_PACKET_DONE;
	p->why = "no answer within rpc-timeout";
	return PY_PACKET_FAILURE;
}

/* After an error of send or recv: waits if that helps. */
static enum py_packet_step
py_packet_again(struct py_packet *p, short events)
{
	if (errno == EINTR)
		return PY_PACKET_DONE;
	if (errno == EAGAIN)
		return py_packet_wait(p, events);
	p->why = strerror(errno);
	return PY_PACKET_FAILURE;
}

/* Connects. */
static enum py_packet_step
py_packet_connect(struct py_packet *p, PyObject *node)
{
	double	 left = py_packet_left(p);

	/* 0 would be no limit. */
	p->fd = py_socket_dial(node, left > 0 ? left : 0.001);
	if (p->fd >= 0)
		return PY_PACKET_DONE;
	if (p->fd == -2) {
		p->fd = -1;
		return PY_PACKET_THROWN;
	}
	p->why = "no connection";
	return PY_PACKET_FAILURE;
}

/* Connects and sends it. */
enum py_packet_step
py_packet_send(struct py_packet *p, PyObject *node)
{
	enum py_packet_step	 step = py_packet_connect(p, node);
	size_t			 sent = 0;
	ssize_t			 n;

	while (step == PY_PACKET_DONE && sent < p->buf.len) {
		n = send(p->fd, p->buf.buf + sent, p->buf.len - sent,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n >= 0)
			sent += (size_t)n;
		else
			step = py_packet_again(p, WAIT_WRITE);
	}
	strbuf_truncate(&p->buf, 0);
	return step;
}

/* Reads until so many bytes are there. */
enum py_packet_step
py_packet_read(struct py_packet *p, size_t wanted)
{
	enum py_packet_step	 step = PY_PACKET_DONE;
	size_t			 more;
	ssize_t			 n;

	while (step == PY_PACKET_DONE && p->buf.len < wanted) {
		more = wanted - p->buf.len;
		if (more > PY_PACKET_PIECE)
			more = PY_PACKET_PIECE;
		strbuf_reserve(&p->buf, more);
		n = recv(p->fd, p->buf.buf + p->buf.len, more, MSG_DONTWAIT);
		if (n > 0)
			p->buf.len += (size_t)n;
		else if (n == 0)
			step = PY_PACKET_END;
		else
			step = py_packet_again(p, WAIT_READ);
	}
	return step;
}
