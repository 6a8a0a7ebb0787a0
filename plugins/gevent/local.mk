# The gevent loop engine; without greenlet there is none.
if WM_HAVE_GREENLET
libwsgimaster_a_SOURCES += \
	plugins/gevent/gevent_callback.c \
	plugins/gevent/gevent_callback.h \
	plugins/gevent/gevent_engine.c \
	plugins/gevent/gevent_engine.h \
	plugins/gevent/gevent_glue.c \
	plugins/gevent/gevent_glue.h \
	plugins/gevent/gevent_io.c \
	plugins/gevent/gevent_loop.c \
	plugins/gevent/gevent_loop.h \
	plugins/gevent/gevent_plugin.h \
	plugins/gevent/gevent_run.c \
	plugins/gevent/gevent_signal.c \
	plugins/gevent/gevent_timer.c \
	plugins/gevent/gevent_types.c \
	plugins/gevent/gevent_types.h \
	plugins/gevent/gevent_watcher.c

plugins/gevent/gevent_glue.$(OBJEXT): plugins/gevent/gevent_glue.inc
endif

EXTRA_DIST += plugins/gevent/gevent_glue.py
CLEANFILES += plugins/gevent/gevent_glue.inc

# Its Python as a C string, a line a line.
plugins/gevent/gevent_glue.inc: plugins/gevent/gevent_glue.py
	$(AM_V_GEN)$(MKDIR_P) plugins/gevent && \
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' \
	    $(top_srcdir)/plugins/gevent/gevent_glue.py >$@.new && \
	mv $@.new $@
