# wsgimaster ctl: the client of the control socket.
libwsgimaster_a_SOURCES += \
	ctl/ctl.c \
	ctl/ctl.h \
	ctl/ctl_ask.c \
	ctl/ctl_ask.h \
	ctl/ctl_command.c \
	ctl/ctl_command.h \
	ctl/ctl_fd.c \
	ctl/ctl_fd.h \
	ctl/ctl_frame.c \
	ctl/ctl_frame.h \
	ctl/ctl_show.c \
	ctl/ctl_show.h \
	ctl/ctl_table.c \
	ctl/ctl_table.h \
	ctl/ctl_text.c \
	ctl/ctl_text.h \
	ctl/ctl_top.c \
	ctl/ctl_top.h \
	ctl/ctl_screen.c \
	ctl/ctl_screen.h
