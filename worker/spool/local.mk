# Tasks kept as files; worker/local.mk includes this.
EXTRA_DIST += worker/spool/README.md
libwsgimaster_a_SOURCES += \
	worker/spool/spool_folder.c \
	worker/spool/spool_folder.h \
	worker/spool/spool_name.c \
	worker/spool/spool_name.h \
	worker/spool/spool_packet.c \
	worker/spool/spool_packet.h \
	worker/spool/spool_task.c \
	worker/spool/spool_task.h \
	worker/spool/spool_watch.c \
	worker/spool/spool_watch.h \
	worker/spool/spool_write.c \
	worker/spool/spool_write.h \
	worker/spool/spooler.c \
	worker/spool/spooler.h \
	worker/spool/spools.c \
	worker/spool/spools.h
