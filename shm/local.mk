# What several processes touch at once.
libwsgimaster_a_SOURCES += \
	shm/control.h \
	shm/latency.h \
	shm/listener.c \
	shm/listener.h \
	shm/messages.h \
	shm/scoreboard.c \
	shm/scoreboard.h \
	shm/secret.c \
	shm/secret.h
