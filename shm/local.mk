# What several processes touch at once.
libwsgimaster_a_SOURCES += \
	shm/cache.h \
	shm/cache_find.c \
	shm/cache_layout.h \
	shm/cache_lock.c \
	shm/cache_new.c \
	shm/cache_read.c \
	shm/cache_repair.c \
	shm/cache_room.c \
	shm/cache_store.c \
	shm/cache_sum.c \
	shm/cache_write.c \
	shm/commons.h \
	shm/control.h \
	shm/doorbell.c \
	shm/doorbell.h \
	shm/latency.h \
	shm/listener.c \
	shm/listener.h \
	shm/messages.h \
	shm/scoreboard.c \
	shm/scoreboard.h \
	shm/seats.h \
	shm/secret.c \
	shm/secret.h
