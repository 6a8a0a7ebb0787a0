/*
 * The syscall floor: one process, epoll, recv, find the blank line, send a
 * fixed 200. No Python, no real parser: what any server on this kernel pays.
 * Usage: epoll_floor PORT [WORKERS]
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUF_SIZE   8192
#define MAX_FDS	   65536
#define MAX_EVENTS 256

static const char KEEP[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
			   "Content-Length: 11\r\n\r\nHello World";
static const char CLOSE[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
			    "Content-Length: 11\r\nConnection: close\r\n\r\n"
			    "Hello World";

/* Bytes of an unfinished request head, only for connections that have one. */
static struct partial {
	char  *data;
	size_t len;
} partial[MAX_FDS];

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

/* Returns false, always: the connection is gone. */
static bool
drop(int fd)
{
	free(partial[fd].data);
	partial[fd].data = NULL;
	partial[fd].len = 0;
	close(fd);
	return false;
}

/* Reads once and answers what is whole. Returns whether fd is still open. */
static bool
serve(int fd)
{
	static char buf[BUF_SIZE];
	size_t	    have = partial[fd].len, used = 0;

	if (have)
		memcpy(buf, partial[fd].data, have);
	ssize_t n = recv(fd, buf + have, sizeof(buf) - have, 0);
	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR) ? true :
								      drop(fd);
	have += (size_t)n;
	for (;;) {
		char *end = memmem(buf + used, have - used, "\r\n\r\n", 4);
		if (!end)
			break;
		size_t head = (size_t)(end + 4 - (buf + used));
		int    closing =
		    memmem(buf + used, head, "Connection: close", 17) != NULL;
		const char *out = closing ? CLOSE : KEEP;
		size_t len = closing ? sizeof(CLOSE) - 1 : sizeof(KEEP) - 1;
		used += head;
		if (send(fd, out, len, MSG_NOSIGNAL) != (ssize_t)len || closing)
			return drop(fd);
	}
	if (used == have) {
		if (partial[fd].data) {
			free(partial[fd].data);
			partial[fd].data = NULL;
			partial[fd].len = 0;
		}
		return true;
	}
	if (used == 0 && have == sizeof(buf)) /* head too large */
		return drop(fd);
	if (!partial[fd].data && !(partial[fd].data = malloc(BUF_SIZE)))
		die("malloc");
	memcpy(partial[fd].data, buf + used, have - used);
	partial[fd].len = have - used;
	return true;
}

static void
loop(int lfd)
{
	int		   ep = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event ev = { .events = EPOLLIN | EPOLLEXCLUSIVE,
		.data.fd = lfd };
	struct epoll_event events[MAX_EVENTS];

	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, lfd, &ev) < 0)
		die("epoll");
	for (;;) {
		int n = epoll_wait(ep, events, MAX_EVENTS, -1);
		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd != lfd) {
				serve(events[i].data.fd);
				continue;
			}
			int fd;
			while ((fd = accept4(lfd, NULL, NULL,
				    SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
				if (fd >= MAX_FDS) {
					close(fd);
					continue;
				}
				/* mostly the request is there already */
				if (!serve(fd))
					continue;
				struct epoll_event cev = { .events = EPOLLIN,
					.data.fd = fd };
				if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &cev) < 0)
					close(fd);
			}
		}
	}
}

int
main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: %s PORT [WORKERS]\n", argv[0]);
		return 2;
	}
	int workers = argc > 2 ? atoi(argv[2]) : 1, one = 1;
	int lfd =
	    socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_port = htons((unsigned short)atoi(argv[1])),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	setsockopt(lfd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* accept only once the request is there: one epoll_ctl less */
	setsockopt(lfd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &one, sizeof(one));
	if (bind(lfd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    listen(lfd, 1024) < 0)
		die("bind");
	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; workers > 1 && i < workers; i++)
		if (fork() == 0)
			loop(lfd);
	if (workers > 1) {
		while (wait(NULL) > 0)
			;
		return 0;
	}
	loop(lfd);
}
