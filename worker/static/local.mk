# Static files.
libwsgimaster_a_SOURCES += \
	worker/static/static.c \
	worker/static/static.h \
	worker/static/static_condition.c \
	worker/static/static_condition.h \
	worker/static/static_encoding.c \
	worker/static/static_encoding.h \
	worker/static/static_etag.c \
	worker/static/static_etag.h \
	worker/static/static_expires.c \
	worker/static/static_expires.h \
	worker/static/static_file.h \
	worker/static/static_look.c \
	worker/static/static_map.c \
	worker/static/static_map.h \
	worker/static/static_mime.c \
	worker/static/static_mime.h \
	worker/static/static_open.c \
	worker/static/static_open.h \
	worker/static/static_range.c \
	worker/static/static_range.h \
	worker/static/static_reply.c

EXTRA_DIST += worker/static/README.md
