/* uwsgi.signal(number, node): raises a signal on another server. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_signal.h"

#include <string.h>

#include "plugins/python/py_core.h"
#include "plugins/python/py_packet.h"
#include "plugins/python/py_task.h"
#include "worker/gateway/uwsgi_array.h"
#include "worker/gateway/uwsgi_parse.h"

/* Connects, sends, reads the answer; *taken is what that says. */
static enum py_packet_step
signal_remote_run(struct py_packet *p, PyObject *node, int number, bool *taken)
{
	enum py_packet_step	 step;
	char			 head[UWSGI_PACKET_HEADER];

	uwsgi_header_write(head, UWSGI_MODIFIER_SIGNAL, 0, (uint8_t)number);
	strbuf_add(&p->buf, head, sizeof(head));
	step = py_packet_send(p, node);
	if (step == PY_PACKET_DONE)
		step = py_packet_read(p, UWSGI_PACKET_HEADER);
	if (step == PY_PACKET_END)
		p->why = "it has ended the connection";
	if (step != PY_PACKET_DONE)
		return step;
	*taken = p->buf.buf[3] != 0;
	if ((uint8_t)p->buf.buf[0] == UWSGI_MODIFIER_ANSWER)
		return step;
	p->why = "what came is no answer to a signal";
	return PY_PACKET_FAILURE;
}

/* Raises it there. */
PyObject *
py_signal_remote(int number, PyObject *node)
{
	struct py_packet	 p;
	enum py_packet_step	 step;
	bool			 taken = false;

	if (py_core_current() == NULL && py_task_refuse("signal"))
		return NULL;
	py_packet_init(&p);
	step = signal_remote_run(&p, node, number, &taken);
	py_packet_done(&p);
	if (step == PY_PACKET_DONE && taken)
		Py_RETURN_NONE;
	if (step == PY_PACKET_DONE)
		PyErr_Format(PyExc_ValueError, "node %R rejected signal %d",
		    node, number);
	else if (step != PY_PACKET_THROWN)
		PyErr_Format(PyExc_OSError, "unable to deliver signal %d to "
		    "node %R: %s", number, node, p.why);
	return NULL;
}
