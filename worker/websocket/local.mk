# Websockets; --without-websockets leaves them out.
EXTRA_DIST += worker/websocket/README.md
libwsgimaster_a_SOURCES += worker/websocket/websocket.h
if WM_HAVE_WEBSOCKETS
libwsgimaster_a_SOURCES += \
	worker/websocket/websocket.c \
	worker/websocket/websocket_begin.c \
	worker/websocket/websocket_bell.c \
	worker/websocket/websocket_clock.c \
	worker/websocket/websocket_deflate.c \
	worker/websocket/websocket_deflate.h \
	worker/websocket/websocket_impl.h \
	worker/websocket/websocket_in.c \
	worker/websocket/websocket_in.h \
	worker/websocket/websocket_io.c \
	worker/websocket/websocket_key.c \
	worker/websocket/websocket_key.h \
	worker/websocket/websocket_out.c \
	worker/websocket/websocket_out.h \
	worker/websocket/websocket_post.c \
	worker/websocket/websocket_post.h \
	worker/websocket/websocket_utf8.c \
	worker/websocket/websocket_utf8.h \
	worker/websocket/websocket_wait.c
endif
