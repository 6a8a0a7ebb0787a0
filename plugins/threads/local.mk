# The suspend engine whose cores are threads.
libwsgimaster_a_SOURCES += \
	plugins/threads/threads_engine.c
