# The greenlet suspend engine; --without-greenlet leaves it out.
if WM_HAVE_GREENLET
libwsgimaster_a_SOURCES += \
	plugins/greenlet/greenlet_engine.c \
	plugins/greenlet/greenlet_hub.h \
	plugins/greenlet/greenlet_plugin.h \
	plugins/greenlet/greenlet_type.c \
	plugins/greenlet/greenlet_type.h
endif
