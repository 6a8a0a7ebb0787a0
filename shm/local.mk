# What several processes touch at once.
libwsgimaster_a_SOURCES +=
