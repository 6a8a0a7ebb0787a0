# Who asks, where proxies are in front.
libwsgimaster_a_SOURCES += \
	worker/proxy/conn_open_proxy.c \
	worker/proxy/conn_open_proxy.h \
	worker/proxy/forwarded.c \
	worker/proxy/forwarded.h \
	worker/proxy/proxies.c \
	worker/proxy/proxies.h \
	worker/proxy/proxy_parse.c \
	worker/proxy/proxy_parse.h
