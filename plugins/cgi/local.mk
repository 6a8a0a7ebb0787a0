# CGI; --without-cgi leaves it out.
if WM_HAVE_CGI
libwsgimaster_a_SOURCES += \
	plugins/cgi/cgi_answer.c \
	plugins/cgi/cgi_answer.h \
	plugins/cgi/cgi_args.c \
	plugins/cgi/cgi_args.h \
	plugins/cgi/cgi_body.c \
	plugins/cgi/cgi_body.h \
	plugins/cgi/cgi_environ.c \
	plugins/cgi/cgi_environ.h \
	plugins/cgi/cgi_find.c \
	plugins/cgi/cgi_find.h \
	plugins/cgi/cgi_handler.c \
	plugins/cgi/cgi_handler.h \
	plugins/cgi/cgi_open.c \
	plugins/cgi/cgi_open.h \
	plugins/cgi/cgi_output.c \
	plugins/cgi/cgi_output.h \
	plugins/cgi/cgi_plugin.c \
	plugins/cgi/cgi_pump.c \
	plugins/cgi/cgi_pump.h \
	plugins/cgi/cgi_reap.c \
	plugins/cgi/cgi_reap.h \
	plugins/cgi/cgi_site.c \
	plugins/cgi/cgi_site.h \
	plugins/cgi/cgi_spawn.c \
	plugins/cgi/cgi_spawn.h \
	plugins/cgi/cgi_stderr.c \
	plugins/cgi/cgi_stderr.h
endif
