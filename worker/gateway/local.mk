# What stands behind a gateway; worker/local.mk includes this.
EXTRA_DIST += worker/gateway/README.md
libwsgimaster_a_SOURCES += \
	worker/gateway/fcgi.h \
	worker/gateway/fcgi_body.c \
	worker/gateway/fcgi_body.h \
	worker/gateway/fcgi_frames.c \
	worker/gateway/fcgi_parse.c \
	worker/gateway/fcgi_parse.h \
	worker/gateway/fcgi_record.c \
	worker/gateway/fcgi_record.h \
	worker/gateway/gateway.c \
	worker/gateway/gateway.h \
	worker/gateway/gateway_vars.c \
	worker/gateway/gateway_vars.h \
	worker/gateway/scgi_parse.c \
	worker/gateway/scgi_parse.h \
	worker/gateway/uwsgi_array.c \
	worker/gateway/uwsgi_array.h \
	worker/gateway/uwsgi_parse.c \
	worker/gateway/uwsgi_parse.h \
	worker/gateway/uwsgi_signal.c \
	worker/gateway/uwsgi_signal.h
