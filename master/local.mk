# Before the fork and around it; main.c belongs to the program, not here.
libwsgimaster_a_SOURCES += \
	master/backoff.c \
	master/backoff.h \
	master/blackbox.c \
	master/blackbox.h \
	master/checks.c \
	master/checks.h \
	master/ending.c \
	master/ending.h \
	master/generation.c \
	master/generation.h \
	master/inherit.c \
	master/inherit.h \
	master/listener.c \
	master/listener.h \
	master/master.c \
	master/master.h \
	master/process.c \
	master/process.h \
	master/reaped.c \
	master/reaped.h \
	master/reload.c \
	master/reload.h \
	master/seats.c \
	master/seats.h \
	master/signals.c \
	master/signals.h \
	master/socket.c \
	master/socket.h \
	master/stats.c \
	master/stats.h \
	master/stats_json.c \
	master/stats_json.h \
	master/workers.c \
	master/workers.h
