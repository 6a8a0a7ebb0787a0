/* Telling the service manager how this process is: sd_notify's protocol. */
#include "master/notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/strbuf.h"

static struct {
	int			 sock;
	struct sockaddr_un	 addr;
	socklen_t		 len;
	uint64_t		 watchdog_us;
} notify = { .sock = -1 };

/* Reads where to send to. */
static void
notify_open(const char *path)
{
	size_t	 len = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || len < 2 ||
	    len >= sizeof(notify.addr.sun_path)) {
		log_warn("NOTIFY_SOCKET: cannot use \"%s\"", path);
		return;
	}
	notify.addr.sun_family = AF_UNIX;
	memcpy(notify.addr.sun_path, path, len);
	if (path[0] == '@')
		notify.addr.sun_path[0] = '\0';
	notify.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
	    len + (path[0] == '/'));
	notify.sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
}

/* Is the watchdog this process's? */
static bool
notify_is_for_us(const char *pid)
{
	return pid == NULL || strtol(pid, NULL, 10) == getpid();
}

/* Reads what the manager wants. */
void
notify_init(void)
{
	const char	*path = getenv("NOTIFY_SOCKET");
	const char	*usec = getenv("WATCHDOG_USEC");

	if (path != NULL)
		notify_open(path);
	if (notify.sock != -1 && usec != NULL &&
	    notify_is_for_us(getenv("WATCHDOG_PID")))
		notify.watchdog_us = strtoull(usec, NULL, 10);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

/* Is there somebody to tell? */
bool
notify_is_on(void)
{
	return notify.sock != -1;
}

/* How long it waits. */
uint64_t
notify_watchdog_us(void)
{
	return notify.watchdog_us;
}

/* Tells. */
void
notify_send(const char *fmt, ...)
{
	struct strbuf	 sb = STRBUF_INIT;
	va_list		 ap;

	if (notify.sock == -1)
		return;
	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	if (sendto(notify.sock, sb.buf, sb.len, MSG_NOSIGNAL,
	    (const struct sockaddr *)&notify.addr, notify.len) == -1)
		log_debug("cannot tell the service manager \"%s\"",
		    strbuf_str(&sb));
	strbuf_done(&sb);
}
