/* The listening sockets: opened by the master, shared by all workers. */
#ifndef WM_SHM_LISTENER_H
#define WM_SHM_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

/* What is spoken on a socket: by the option that opens it (listener_roles). */
enum listener_protocol {
	LISTENER_HTTP,
	LISTENER_HTTPS,
	LISTENER_UWSGI,
	LISTENER_FASTCGI,
	LISTENER_SCGI
};

/*
 * "http", "https", ...: shown in the stats, the label that systemd gives such
 * a socket (FileDescriptorName), and its name when it is handed on.
 */
const char	*listener_role(enum listener_protocol protocol);

/*
 * One listening socket: non-blocking, close-on-exec. With reuse-port there is
 * one per address and worker id; otherwise worker_id is 0 and every worker
 * accepts from it. It stays open from start to stop, through all reloads.
 */
struct listener {
	int			 fd;
	int			 worker_id;
	enum listener_protocol	 protocol;
	int			 value;	/* which of its option's; -1: none */
	bool			 is_unix;
	bool			 kept;	/* somebody else has it open, too, and
					   listens on when this server ends */
	char			*name;	/* "127.0.0.1:8000", "[::1]:80", path */
	char			*host;	/* SERVER_NAME where no Host tells */
	char			*port;	/* SERVER_PORT, "" for a unix socket */
};

struct listeners {
	struct listener		*items;
	size_t			 count;
};

#endif
