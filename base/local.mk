# The ground: what every other folder stands on.
libwsgimaster_a_SOURCES += \
	base/address.c \
	base/address.h \
	base/clock.c \
	base/clock.h \
	base/fd.c \
	base/fd.h \
	base/json_check.c \
	base/json_check.h \
	base/json_out.c \
	base/json_out.h \
	base/log.c \
	base/log.h \
	base/log_place.c \
	base/log_place.h \
	base/log_sink.c \
	base/log_sink.h \
	base/log_socket.c \
	base/names.c \
	base/names.h \
	base/nearest.c \
	base/nearest.h \
	base/netmask.c \
	base/netmask.h \
	base/pool.c \
	base/pool.h \
	base/strbuf.c \
	base/strbuf.h \
	base/strlist.c \
	base/strlist.h \
	base/user.c \
	base/user.h \
	base/uuid.c \
	base/uuid.h \
	base/xmalloc.c \
	base/xmalloc.h
