# The option table, its readers and printers.
libwsgimaster_a_SOURCES += \
	config/alarm_rule.c \
	config/alarm_rule.h \
	config/config.c \
	config/config.h \
	config/config_check.c \
	config/config_check.h \
	config/config_cli.c \
	config/config_cli.h \
	config/config_json.c \
	config/config_json.h \
	config/config_print.c \
	config/config_print.h \
	config/config_schema.c \
	config/daemon_rule.c \
	config/daemon_rule.h \
	config/identity.c \
	config/identity.h \
	config/keyvals.c \
	config/keyvals.h \
	config/log_format.c \
	config/log_format.h \
	config/mule_rule.c \
	config/mule_rule.h \
	config/option_set.c \
	config/option_set.h \
	config/option_table.c \
	config/option_table.h \
	config/option_value.c \
	config/option_value.h \
	config/shared_rule.c \
	config/shared_rule.h \
	config/static_rule.c \
	config/static_rule.h \
	config/tls_socket.c \
	config/tls_socket.h
