# The asyncio loop engine.
libwsgimaster_a_SOURCES += \
	plugins/asyncio/asyncio_engine.c \
	plugins/asyncio/asyncio_engine.h \
	plugins/asyncio/asyncio_glue.c \
	plugins/asyncio/asyncio_glue.h \
	plugins/asyncio/asyncio_guest.c \
	plugins/asyncio/asyncio_guest.h \
	plugins/asyncio/asyncio_plugin.h \
	plugins/asyncio/asyncio_selector.c \
	plugins/asyncio/asyncio_selector.h \
	plugins/asyncio/asyncio_waiter.c \
	plugins/asyncio/asyncio_waiter.h

EXTRA_DIST += plugins/asyncio/asyncio_glue.py
CLEANFILES += plugins/asyncio/asyncio_glue.inc

plugins/asyncio/asyncio_glue.$(OBJEXT): plugins/asyncio/asyncio_glue.inc

# Its Python as a C string, a line a line.
plugins/asyncio/asyncio_glue.inc: plugins/asyncio/asyncio_glue.py
	$(AM_V_GEN)$(MKDIR_P) plugins/asyncio && \
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' \
	    $(srcdir)/plugins/asyncio/asyncio_glue.py >$@
