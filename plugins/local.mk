# What a plugin is, and the table of those compiled in.
libwsgimaster_a_SOURCES += \
	plugins/plugin.h \
	plugins/plugins.c
