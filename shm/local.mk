# What several processes touch at once.
libwsgimaster_a_SOURCES += \
	shm/commons.h \
	shm/control.h \
	shm/deeds.c \
	shm/deeds.h \
	shm/doorbell.c \
	shm/doorbell.h \
	shm/latency.h \
	shm/listener.c \
	shm/listener.h \
	shm/mailbox.c \
	shm/mailbox.h \
	shm/messages.h \
	shm/scoreboard.c \
	shm/scoreboard.h \
	shm/seats.h \
	shm/secret.c \
	shm/secret.h \
	shm/sharedarea.c \
	shm/sharedarea.h \
	shm/spoolers.c \
	shm/spoolers.h
