# HTTP/2; --without-http2 leaves it out.
EXTRA_DIST += worker/http2/README.md
libwsgimaster_a_SOURCES += worker/http2/http2.h
if WM_HAVE_HTTP2
libwsgimaster_a_SOURCES += \
	worker/http2/http2_flood.c \
	worker/http2/http2_flood.h \
	worker/http2/http2_frames.c \
	worker/http2/http2_head.c \
	worker/http2/http2_head.h \
	worker/http2/http2_impl.h \
	worker/http2/http2_out.c \
	worker/http2/http2_response.c \
	worker/http2/http2_session.c \
	worker/http2/http2_stream.c \
	worker/http2/http2_tick.c \
	worker/http2/http2_transport.c
endif
