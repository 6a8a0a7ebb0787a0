/* The last of the clients, when the server stops: out of the queues. */
#include "worker/farewell.h"

#include <event2/event.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "shm/listener.h"
#include "worker/accept.h"
#include "worker/core.h"
#include "worker/worker.h"

/* Who is about to enter has so long at least. */
#define FAREWELL_LEAST_US	3000000
/* In the kernel's tables: a connection that is half open. */
#define FAREWELL_SYN_RECV	3
/* Of the byte with a TCP segment's flags. */
#define FAREWELL_FLAGS		13
#define FAREWELL_SYN		0x02

/*
 * Drops segments that open a connection, lets all others pass: a classic
 * filter on a TCP socket sees the TCP header first.
 */
static void
farewell_refuse_tcp(const struct listener *l)
{
	static struct sock_filter	 code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FAREWELL_FLAGS),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, FAREWELL_SYN, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffffU),
	};
	static const struct sock_fprog	 filter = {
		.len = sizeof(code) / sizeof(code[0]), .filter = code };

	if (setsockopt(l->fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
	    sizeof(filter)) == -1)
		log_debug("%s: connections cannot be refused yet", l->name);
}

/* Is the listener this worker's, and this server's alone? */
static bool
farewell_is_mine(const struct worker *w, const struct listener *l)
{
	return !l->kept && (l->worker_id == 0 || l->worker_id == w->id);
}

/* Lets nobody new into the queues, if so told; is there one at all? */
static bool
farewell_refuse(const struct worker *w, bool refuse)
{
	const struct listener	*l;
	bool			 any = false;
	size_t			 i;

	for (i = 0; i < w->listeners->count; i++) {
		l = &w->listeners->items[i];
		if (!farewell_is_mine(w, l))
			continue;
		any = true;
		if (refuse && l->is_unix)
			shutdown(l->fd, SHUT_RD);
		else if (refuse)
			farewell_refuse_tcp(l);
	}
	return any;
}

/* Puts /dev/null in the listeners' place; they are gone with the last one. */
static void
farewell_close(struct worker *w)
{
	int	 null = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t	 i;

	for (i = 0; i < w->listeners->count && null != -1; i++) {
		if (!w->listeners->items[i].kept)
			dup3(null, w->listeners->items[i].fd, O_CLOEXEC);
	}
	if (null != -1)
		close(null);
}

/*
 * Looks at a line of the kernel's table: "1: ADDRESS:PORT ADDRESS:PORT STATE",
 * all hexadecimal. There may be very many, so most are left at the port.
 */
bool
farewell_line_is_half_open(const char *line, unsigned port)
{
	const char	*at = strchr(line, ':');
	char		*end;

	if (at == NULL || (at = strchr(at + 1, ':')) == NULL ||
	    strtoul(at + 1, &end, 16) != port)
		return false;
	at = strchr(end, ':');
	return at != NULL && strtoul(at + 1, &end, 16) <= 0xffff &&
	    strtoul(end, NULL, 16) == FAREWELL_SYN_RECV;
}

/* Has a table one for this port? unknown, if it cannot be read. */
static bool
farewell_table_has(const char *path, unsigned port, bool unknown)
{
	char	 line[512];
	bool	 found = false;
	FILE	*f = fopen(path, "re");

	if (f == NULL)
		return unknown;
	while (!found && fgets(line, sizeof(line), f) != NULL)
		found = farewell_line_is_half_open(line, port);
	fclose(f);
	return found;
}

/* May somebody be about to enter a queue? */
static bool
farewell_expects(const struct worker *w)
{
	const struct listener	*l;
	unsigned		 port;
	bool			 wait;
	size_t			 i;

	wait = clock_mono_us() < w->farewell.blind_us;
	for (i = 0; i < w->listeners->count; i++) {
		l = &w->listeners->items[i];
		if (!farewell_is_mine(w, l) || l->is_unix)
			continue;
		port = (unsigned)strtoul(l->port, NULL, 10);
		if (farewell_table_has("/proc/net/tcp", port, wait) ||
		    farewell_table_has("/proc/net/tcp6", port, false))
			return true;
	}
	return false;
}

/* All that were queued are accepted: it is over. */
static void
farewell_finish(struct worker *w)
{
	w->farewell.state = FAREWELL_DONE;
	accept_adjust(w);
	farewell_close(w);
	log_debug("the listeners are closed");
}

/*
 * Is everybody in? First who may come, then who has come, so that nobody slips
 * between. The app's word not to accept holds until the end.
 */
static bool
farewell_is_over(const struct worker *w)
{
	uint64_t	 now = clock_mono_us();

	if (w->accept_held || (!w->farewell.refuse &&
	    now >= w->farewell.blind_us))
		return true;
	return (now >= w->farewell.until_us || !farewell_expects(w)) &&
	    accept_is_empty(w);
}

/* Looks whether it is over. */
static void
farewell_cb(evutil_socket_t fd, short events, void *arg)
{
	static const struct timeval	 soon = { 0, 20000 };
	struct worker			*w = arg;

	(void)fd, (void)events;
	if (farewell_is_over(w))
		farewell_finish(w);
	else
		event_add(&w->farewell.timer, &soon);
	cores_work_off(w);
}

/* Prepares. */
void
farewell_init(struct worker *w)
{
	event_assign(&w->farewell.timer, w->base, -1, 0, farewell_cb, w);
}

/* The worker drains, and is one of the last. */
void
farewell_begin(struct worker *w, bool refuse)
{
	uint64_t	 idle = (uint64_t)(w->cfg->drain_idle * 1e6);

	if (!farewell_refuse(w, refuse))
		return;
	w->farewell.state = FAREWELL_TAKES;
	w->farewell.refuse = refuse;
	w->farewell.blind_us = clock_mono_us() + idle;
	w->farewell.until_us = clock_mono_us() +
	    (idle > FAREWELL_LEAST_US ? idle : FAREWELL_LEAST_US);
	event_active(&w->farewell.timer, EV_TIMEOUT, 1);
}

/* Looks no more. */
void
farewell_done(struct worker *w)
{
	event_del(&w->farewell.timer);
}
