# The Tornado loop engine.
libwsgimaster_a_SOURCES += \
	plugins/tornado/tornado_engine.c \
	plugins/tornado/tornado_plugin.h
