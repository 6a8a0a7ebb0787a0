# TLS through OpenSSL; without it nothing of this folder is built.
if WM_HAVE_TLS
libwsgimaster_a_SOURCES += \
	worker/tls/tls.h \
	worker/tls/tls_bio.c \
	worker/tls/tls_bio.h \
	worker/tls/tls_certificate.c \
	worker/tls/tls_certificate.h \
	worker/tls/tls_conn.h \
	worker/tls/tls_context.c \
	worker/tls/tls_context.h \
	worker/tls/tls_error.c \
	worker/tls/tls_error.h \
	worker/tls/tls_keys.c \
	worker/tls/tls_keys.h \
	worker/tls/tls_load.c \
	worker/tls/tls_open.c \
	worker/tls/tls_open.h \
	worker/tls/tls_sni.c \
	worker/tls/tls_sni.h \
	worker/tls/tls_tickets.c \
	worker/tls/tls_tickets.h \
	worker/tls/tls_transport.c \
	worker/tls/tls_transport.h \
	worker/tls/tls_vars_new.c \
	worker/tls/tls_vars_new.h
endif
libwsgimaster_a_SOURCES += \
	worker/tls/tls_vars.h
