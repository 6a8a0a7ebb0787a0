# What several processes touch at once.
libwsgimaster_a_SOURCES += \
	shm/commons.h \
	shm/control.h \
	shm/doorbell.c \
	shm/doorbell.h \
	shm/latency.h \
	shm/listener.c \
	shm/listener.h \
	shm/lives.c \
	shm/lives.h \
	shm/lock.c \
	shm/lock.h \
	shm/messages.h \
	shm/metrics.c \
	shm/metrics.h \
	shm/metrics_own.c \
	shm/metrics_own.h \
	shm/queue.c \
	shm/queue.h \
	shm/scoreboard.c \
	shm/scoreboard.h \
	shm/seats.h \
	shm/secret.c \
	shm/secret.h \
	shm/sharedarea.c \
	shm/sharedarea.h
