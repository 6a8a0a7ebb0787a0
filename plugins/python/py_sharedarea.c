/* sharedarea_read() and its kin: raw memory that all processes share. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "plugins/python/py_sharedarea.h"

#include <string.h>
#include <time.h>

#include "config/config.h"
#include "plugins/python/py_core.h"
#include "plugins/python/py_gil.h"
#include "plugins/python/py_lock.h"
#include "shm/commons.h"
#include "shm/lock.h"
#include "shm/sharedarea.h"
#include "worker/worker.h"

#define PY_SHAREDAREA_TRIES	20	/* before one stands in line */
#define PY_SHAREDAREA_PAUSES	1000

/* An operation on some bytes of an area. */
struct py_sharedarea {
	const char	*name;		/* the function's */
	struct lock	*lock;
	char		*at;
	size_t		 len;
	struct locks_who who;
	bool		 is_reader;
	bool		 taken;		/* the lock, for this alone */
};

/* Is there one? */
bool
py_sharedarea_is_wanted(const struct config *cfg)
{
	return cfg->sharedarea.count > 0 || cfg->py_sharedarea.count > 0;
}

/* uWSGI's exception. */
static PyObject *
py_sharedarea_error(const char *name)
{
	return PyErr_Format(PyExc_ValueError, "error calling uwsgi_%s()",
	    name);
}

/* Another process is in the middle of a copy: it is soon over. */
static int
py_sharedarea_spin(void *arg)
{
	struct py_sharedarea	*sa = arg;
	struct timespec		 pause = { .tv_nsec = 100 * 1000 };
	int			 i;

	for (i = 0; i < PY_SHAREDAREA_PAUSES; i++) {
		if (locks_try(py_worker(), sa->lock, &sa->who, sa->is_reader))
			return 1;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* Takes the area's lock, unless the caller has it; -1 with an exception. */
static int
py_sharedarea_lock(struct py_sharedarea *sa, bool is_reader)
{
	int	 i, mine;

	sa->who = py_lock_who();
	sa->is_reader = is_reader;
	mine = locks_mine(py_worker(), sa->lock, &sa->who);
	sa->taken = mine == 0;
	if (mine == 1 && !is_reader) {
		PyErr_Format(PyExc_RuntimeError, "%s(): who calls has \"%s\" "
		    "for reading only, and would wait for himself", sa->name,
		    sa->lock->name);
		return -1;
	}
	for (i = 0; sa->taken && i < PY_SHAREDAREA_TRIES; i++)
		if (locks_try(py_worker(), sa->lock, &sa->who,
		    is_reader))
			return 0;
	if (!sa->taken)
		return 0;
	/* A coroutine cannot be parked: it holds the loop up for a moment. */
	if (py_core_current() == NULL && py_gil_is_loop_thread() &&
	    py_gil_without(py_sharedarea_spin, sa) == 1)
		return 0;
	return py_lock_take(sa->lock, is_reader, -1, sa->name) == 1 ? 0 : -1;
}

/* Gives it back. */
static void
py_sharedarea_unlock(const struct py_sharedarea *sa)
{
	if (sa->taken)
		(void)locks_give(py_worker(), sa->lock, &sa->who);
}

/* Finds the bytes and locks them; -1 with an exception. */
static int
py_sharedarea_begin(struct py_sharedarea *sa, const char *name, int id,
    long long pos, size_t len, bool is_reader)
{
	const struct sharedareas	*areas;

	areas = py_worker()->commons->sharedareas;
	*sa = (struct py_sharedarea){ .name = name, .len = len };
	sa->at = sharedarea_range(areas, id, pos, &sa->len);
	if (sa->at == NULL) {
		py_sharedarea_error(name);
		return -1;
	}
	sa->lock = sharedarea_find(areas, id)->lock;
	return py_sharedarea_lock(sa, is_reader);
}

/* Copies bytes, len 0: to the end. New. */
PyObject *
py_sharedarea_bytes(const char *name, int id, long long pos, long long len)
{
	struct py_sharedarea	 sa;
	PyObject		*bytes;

	if (len < 0)
		return py_sharedarea_error(name);
	if (py_sharedarea_begin(&sa, name, id, pos, (size_t)len, true) == -1)
		return NULL;
	bytes = PyBytes_FromStringAndSize(sa.at, (Py_ssize_t)sa.len);
	py_sharedarea_unlock(&sa);
	return bytes;
}

/* sharedarea_read(id, pos, len=0). New. */
static PyObject *
py_sharedarea_read(PyObject *self, PyObject *args)
{
	long long	 pos, len = 0;
	int		 id;

	(void)self;
	if (!PyArg_ParseTuple(args, "iL|L:sharedarea_read", &id, &pos, &len))
		return NULL;
	return py_sharedarea_bytes("sharedarea_read", id, pos, len);
}

/* sharedarea_write(id, pos, data). New. */
static PyObject *
py_sharedarea_write(PyObject *self, PyObject *args)
{
	struct py_sharedarea	 sa;
	Py_buffer		 data;
	long long		 pos;
	int			 id, result;

	(void)self;
	if (!PyArg_ParseTuple(args, "iLs*:sharedarea_write", &id, &pos,
	    &data))
		return NULL;
	/* An empty one needs an area, and a place in it. */
	result = py_sharedarea_begin(&sa, "sharedarea_write", id, pos,
	    data.len == 0 ? 1 : (size_t)data.len, false);
	if (result == 0) {
		memmove(sa.at, data.buf, (size_t)data.len);
		py_sharedarea_unlock(&sa);
	}
	PyBuffer_Release(&data);
	if (result == -1)
		return NULL;
	Py_RETURN_NONE;
}

/* The signed number of these bytes. */
static int64_t
py_sharedarea_number(const struct py_sharedarea *sa)
{
	int64_t	 all;
	int32_t	 four;
	int16_t	 two;

	switch (sa->len) {
	case 8:
		memcpy(&all, sa->at, sizeof(all));
		return all;
	case 4:
		memcpy(&four, sa->at, sizeof(four));
		return four;
	case 2:
		memcpy(&two, sa->at, sizeof(two));
		return two;
	default:
		return (signed char)*sa->at;
	}
}

/* Stores it; what is larger is cut. */
static void
py_sharedarea_store(const struct py_sharedarea *sa, int64_t value)
{
	int32_t	 four = (int32_t)value;
	int16_t	 two = (int16_t)value;

	switch (sa->len) {
	case 8:
		memcpy(sa->at, &value, sizeof(value));
		break;
	case 4:
		memcpy(sa->at, &four, sizeof(four));
		break;
	case 2:
		memcpy(sa->at, &two, sizeof(two));
		break;
	default:
		*sa->at = (char)value;
	}
}

/* sharedarea_read8(id, pos) and so on. New. */
static PyObject *
py_sharedarea_get(PyObject *args, const char *name, size_t len)
{
	struct py_sharedarea	 sa;
	long long		 pos;
	int64_t			 value;
	int			 id;

	if (!PyArg_ParseTuple(args, "iL", &id, &pos) ||
	    py_sharedarea_begin(&sa, name, id, pos, len, true) == -1)
		return NULL;
	value = py_sharedarea_number(&sa);
	py_sharedarea_unlock(&sa);
	return PyLong_FromLongLong(value);
}

/* A number that has so many bytes, signed or not; false: OverflowError. */
static bool
py_sharedarea_fits(long long value, size_t len)
{
	long long	 half;

	if (len == sizeof(value))
		return true;
	half = 1LL << (8 * len - 1);
	if (value >= -half && value < 2 * half)
		return true;
	PyErr_Format(PyExc_OverflowError, "%lld has more than %zu bits",
	    value, 8 * len);
	return false;
}

/* sharedarea_write8(id, pos, value) and so on. New. */
static PyObject *
py_sharedarea_set(PyObject *args, const char *name, size_t len)
{
	struct py_sharedarea	 sa;
	long long		 pos, value;
	int			 id;

	if (!PyArg_ParseTuple(args, "iLL", &id, &pos, &value) ||
	    !py_sharedarea_fits(value, len) ||
	    py_sharedarea_begin(&sa, name, id, pos, len, false) == -1)
		return NULL;
	py_sharedarea_store(&sa, value);
	py_sharedarea_unlock(&sa);
	Py_RETURN_NONE;
}

/* sharedarea_inc8(id, pos, amount=1) and so on; sign -1: dec. New. */
static PyObject *
py_sharedarea_add(PyObject *args, const char *name, size_t len, int sign)
{
	struct py_sharedarea	 sa;
	long long		 pos, amount = 1;
	int			 id;

	if (!PyArg_ParseTuple(args, "iL|L", &id, &pos, &amount) ||
	    !py_sharedarea_fits(amount, len) ||
	    py_sharedarea_begin(&sa, name, id, pos, len, false) == -1)
		return NULL;
	py_sharedarea_store(&sa, (int64_t)
	    ((uint64_t)py_sharedarea_number(&sa) +
	    (uint64_t)amount * (uint64_t)(int64_t)sign));
	py_sharedarea_unlock(&sa);
	Py_RETURN_NONE;
}

/* For each width: read, write, inc and dec. */
#define PY_SHAREDAREA_WIDTH(bits)					\
	static PyObject *						\
	py_sharedarea_read##bits(PyObject *self, PyObject *args)	\
	{								\
		(void)self;						\
		return py_sharedarea_get(args,				\
		    "sharedarea_read" #bits, bits / 8);			\
	}								\
	static PyObject *						\
	py_sharedarea_write##bits(PyObject *self, PyObject *args)	\
	{								\
		(void)self;						\
		return py_sharedarea_set(args,				\
		    "sharedarea_write" #bits, bits / 8);		\
	}								\
	static PyObject *						\
	py_sharedarea_inc##bits(PyObject *self, PyObject *args)		\
	{								\
		(void)self;						\
		return py_sharedarea_add(args,				\
		    "sharedarea_inc" #bits, bits / 8, 1);		\
	}								\
	static PyObject *						\
	py_sharedarea_dec##bits(PyObject *self, PyObject *args)		\
	{								\
		(void)self;						\
		return py_sharedarea_add(args,				\
		    "sharedarea_dec" #bits, bits / 8, -1);		\
	}

PY_SHAREDAREA_WIDTH(8)
PY_SHAREDAREA_WIDTH(16)
PY_SHAREDAREA_WIDTH(32)
PY_SHAREDAREA_WIDTH(64)

/* Locks an area for longer. New. */
static PyObject *
py_sharedarea_lock_as(PyObject *args, const char *name, bool is_reader)
{
	const struct sharedarea	*area;
	int			 id;

	if (!PyArg_ParseTuple(args, "i", &id))
		return NULL;
	area = sharedarea_find(py_worker()->commons->sharedareas, id);
	if (area == NULL)
		return py_sharedarea_error(name);
	if (py_lock_take(area->lock, is_reader, -1, name) != 1)
		return NULL;
	Py_RETURN_NONE;
}

/* sharedarea_rlock(id): nobody writes until it is unlocked. New. */
static PyObject *
py_sharedarea_rlock(PyObject *self, PyObject *args)
{
	(void)self;
	return py_sharedarea_lock_as(args, "sharedarea_rlock", true);
}

/* sharedarea_wlock(id): nobody else reads or writes. New. */
static PyObject *
py_sharedarea_wlock(PyObject *self, PyObject *args)
{
	(void)self;
	return py_sharedarea_lock_as(args, "sharedarea_wlock", false);
}

/* sharedarea_unlock(id). New. */
static PyObject *
py_sharedarea_unlock_it(PyObject *self, PyObject *args)
{
	struct locks_who	 who = py_lock_who();
	const struct sharedarea	*area;
	int			 id;

	(void)self;
	if (!PyArg_ParseTuple(args, "i:sharedarea_unlock", &id))
		return NULL;
	area = sharedarea_find(py_worker()->commons->sharedareas, id);
	if (area == NULL)
		return py_sharedarea_error("sharedarea_unlock");
	(void)locks_give(py_worker(), area->lock, &who);
	Py_RETURN_NONE;
}

/* The area itself: memory that stays while the process lives. New. */
static PyObject *
py_sharedarea_view(PyObject *args, const char *what)
{
	const struct sharedarea	*area;
	int			 id;

	if (!PyArg_ParseTuple(args, "i", &id))
		return NULL;
	area = sharedarea_find(py_worker()->commons->sharedareas, id);
	if (area == NULL)
		return PyErr_Format(PyExc_ValueError, "cannot get %s from "
		    "sharedarea %d", what, id);
	return PyMemoryView_FromMemory(area->base, (Py_ssize_t)area->size,
	    PyBUF_WRITE);
}

/* sharedarea_memoryview(id). New. */
static PyObject *
py_sharedarea_memoryview(PyObject *self, PyObject *args)
{
	(void)self;
	return py_sharedarea_view(args, "a memoryview object");
}

/* sharedarea_object(id). New. */
static PyObject *
py_sharedarea_object(PyObject *self, PyObject *args)
{
	(void)self;
	return py_sharedarea_view(args, "an object");
}

#define ROW(name, function, help)					\
	{ "sharedarea_" name, function, METH_VARARGS,			\
	    "sharedarea_" name help }
#define ROWS(bits)							\
	ROW("read" #bits, py_sharedarea_read##bits,			\
	    "(id, pos): a signed number of " #bits " bits"),		\
	ROW("write" #bits, py_sharedarea_write##bits,			\
	    "(id, pos, n): writes a number of " #bits " bits"),		\
	ROW("inc" #bits, py_sharedarea_inc##bits,			\
	    "(id, pos, n=1): adds n to a number of " #bits " bits"),	\
	ROW("dec" #bits, py_sharedarea_dec##bits,			\
	    "(id, pos, n=1): takes n off a number of " #bits " bits")

const PyMethodDef	 py_sharedarea_methods[] = {
	ROW("read", py_sharedarea_read,
	    "(id, pos, len=0): bytes; 0 means to the area's end"),
	ROW("write", py_sharedarea_write, "(id, pos, data): writes bytes"),
	ROWS(8), ROWS(16), ROWS(32), ROWS(64),
	ROW("readbyte", py_sharedarea_read8, "(id, pos): as read8"),
	ROW("writebyte", py_sharedarea_write8, "(id, pos, n): as write8"),
	ROW("readlong", py_sharedarea_read64, "(id, pos): as read64"),
	ROW("writelong", py_sharedarea_write64, "(id, pos, n): as write64"),
	ROW("inclong", py_sharedarea_inc64, "(id, pos, n=1): as inc64"),
	ROW("declong", py_sharedarea_dec64, "(id, pos, n=1): as dec64"),
	ROW("rlock", py_sharedarea_rlock,
	    "(id): waits until nobody writes, and keeps it so"),
	ROW("wlock", py_sharedarea_wlock,
	    "(id): waits until nobody else reads or writes, and keeps it so"),
	ROW("unlock", py_sharedarea_unlock_it, "(id): gives that back"),
	ROW("memoryview", py_sharedarea_memoryview,
	    "(id): the area as a memoryview that can be written to"),
	ROW("object", py_sharedarea_object, "(id): the same"),
	{ NULL, NULL, 0, NULL }
};
