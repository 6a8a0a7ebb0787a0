/*
 * Parks many requests in a server at once, and tells how late they came back.
 * Usage: park [-w] [-e] [-s MS] [-t SECONDS] PORT REQUESTS SLEEP_MS
 *
 * Opens REQUESTS connections to 127.0.0.1:PORT, from several addresses of
 * loopback so that no port runs out, and when all are open sends on each, at
 * once, "GET /SLEEP_MS/NUMBER". The answer's body must be
 *
 *	NUMBER BEGIN END
 *
 * where BEGIN and END are what the app's CLOCK_MONOTONIC showed in nanoseconds
 * before and after its sleep. Whatever else comes is wrong; what has not come
 * SECONDS (30) after the sleep, or was cut off, is lost.
 *
 * -s spreads the sending evenly over so many milliseconds.
 * -e sends each request as soon as its connection is open, for servers that
 * give up on connections without one. -w prints "OPEN" when all are open and
 * waits for a line on standard input; "SENT" is printed when all are sent.
 * -k keeps answered connections open, until standard input says more or ends.
 * At last one line, "BENCH key=value ...": times are microseconds; wake_* is
 * END - BEGIN - SLEEP_MS; answer_* is the time from sending to the answer
 * without the sleep; parked is how many slept at the same time; begin_ns and
 * end_ns are the last BEGIN and the first END. Exit status 1 unless all came.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BUF_SIZE	1024
#define MAX_EVENTS	256
#define OPENING_MAX	64	/* connections being opened at a time */
#define PER_ADDRESS	8000	/* connections from one source address */
#define OPEN_SECONDS	30

enum state { OPENING, OPEN, SENT, OK, WRONG, LOST };

struct client {
	int		 fd;
	enum state	 state;
	size_t		 len;
	int64_t		 sent_ns;
	int64_t		 got_ns;
	int64_t		 begin_ns;
	int64_t		 end_ns;
	char		*buf;
};

static struct client	*clients;
static int		 count, sleep_ms, port, epfd;
static int		 waited_for;		/* connections or answers */
static bool		 early;
static bool		 keep;		/* answered ones stay open */
static int64_t		 spread_ns;

static void
die(const char *what)
{
	perror(what);
	exit(2);
}

static int64_t
now_ns(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* As many descriptors as we may have. */
static void
raise_limit(void)
{
	struct rlimit	 limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		die("getrlimit");
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < (rlim_t)count + 16) {
		fprintf(stderr, "park: %d requests need %d descriptors, "
		    "ulimit -Hn is %llu\n", count, count + 16,
		    (unsigned long long)limit.rlim_cur);
		exit(2);
	}
}

/* The client is over, with this result. */
static void
finish(struct client *c, enum state state)
{
	if (c->state == OPENING)
		waited_for--;
	if (c->state == SENT)
		waited_for--;
	c->state = state;
	if (c->fd != -1 && !(keep && state == OK))
		close(c->fd);
	c->fd = -1;
}

/* Starts to connect. */
static void
begin_open(struct client *c, int i)
{
	struct sockaddr_in	 from = { .sin_family = AF_INET };
	struct sockaddr_in	 to = { .sin_family = AF_INET };
	struct epoll_event	 ev = { .events = EPOLLOUT };
	int			 one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (c->fd == -1)
		die("socket");
	setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
	    sizeof(one));
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	from.sin_addr.s_addr = htonl(0x7f000002 + (uint32_t)(i / PER_ADDRESS));
	if (bind(c->fd, (struct sockaddr *)&from, sizeof(from)) == -1)
		die("bind");
	to.sin_port = htons((uint16_t)port);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) == -1 &&
	    errno != EINPROGRESS)
		die("connect");
	ev.data.u32 = (uint32_t)i;
	if (epoll_ctl(epfd, EPOLL_CTL_ADD, c->fd, &ev) == -1)
		die("epoll_ctl");
}

/* Sends the request, which an open connection's empty buffer has room for. */
static void
send_request(struct client *c, int i)
{
	char	 text[128];
	int	 len;

	len = snprintf(text, sizeof(text),
	    "GET /%d/%d HTTP/1.1\r\nHost: bench\r\n\r\n", sleep_ms, i);
	c->sent_ns = now_ns();
	if (send(c->fd, text, (size_t)len, MSG_NOSIGNAL) == len) {
		c->state = SENT;
		waited_for++;
	} else
		finish(c, LOST);
}

/* A connection is there, or is not. */
static void
opened(struct client *c, int i)
{
	struct epoll_event	 ev = { .events = EPOLLIN };
	int			 error = 0;
	socklen_t		 len = sizeof(error);

	getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0) {
		finish(c, LOST);
		return;
	}
	ev.data.u32 = (uint32_t)i;
	if (epoll_ctl(epfd, EPOLL_CTL_MOD, c->fd, &ev) == -1)
		die("epoll_ctl");
	c->state = OPEN;
	waited_for--;
	if (early)
		send_request(c, i);
}

/* Is the answer whole (1), right so far (0) or wrong (-1)? */
static int
check_answer(struct client *c, int i)
{
	const char	*body, *length;
	char		*end;
	size_t		 head, want;
	long long	 id, begin, finished;
	int		 used = -1;

	c->buf[c->len] = '\0';
	body = strstr(c->buf, "\r\n\r\n");
	if (body == NULL)
		return c->len == BUF_SIZE - 1 ? -1 : 0;
	body += 4;
	head = (size_t)(body - c->buf);
	length = strcasestr(c->buf, "\r\nContent-Length:");
	if (strncmp(c->buf, "HTTP/1.", 7) != 0 ||
	    strncmp(c->buf + 8, " 200 ", 5) != 0 || length == NULL ||
	    length > body)
		return -1;
	want = strtoul(length + strlen("\r\nContent-Length:"), &end, 10);
	if (c->len - head < want)
		return 0;
	if (c->len - head > want ||
	    sscanf(body, "%lld %lld %lld%n", &id, &begin, &finished,
	    &used) != 3 || (size_t)used != want || id != i)
		return -1;
	c->begin_ns = begin;
	c->end_ns = finished;
	return 1;
}

/* Reads what has come of an answer. */
static void
answered(struct client *c, int i)
{
	ssize_t	 got;
	int	 verdict;

	if (c->buf == NULL && (c->buf = malloc(BUF_SIZE)) == NULL)
		die("malloc");
	got = recv(c->fd, c->buf + c->len, BUF_SIZE - 1 - c->len, 0);
	if (got == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		finish(c, LOST);
		return;
	}
	c->got_ns = now_ns();
	c->len += (size_t)got;
	verdict = check_answer(c, i);
	if (verdict == -1)
		fprintf(stderr, "park: request %d: wrong: %.60s\n", i, c->buf);
	if (verdict == 0)
		return;
	free(c->buf);
	c->buf = NULL;
	finish(c, verdict == 1 ? OK : WRONG);
}

/* Waits for events, and handles them; false when the time is over. */
static bool
turn(int64_t until_ns)
{
	struct epoll_event	 events[MAX_EVENTS];
	struct client		*c;
	int64_t			 left = until_ns - now_ns();
	int			 i, n;

	if (left <= 0)
		return false;
	n = epoll_wait(epfd, events, MAX_EVENTS, (int)(left / 1000000) + 1);
	if (n == -1 && errno != EINTR)
		die("epoll_wait");
	for (i = 0; i < n; i++) {
		c = &clients[events[i].data.u32];
		if (c->state == OPENING)
			opened(c, (int)events[i].data.u32);
		else if (c->state == SENT)
			answered(c, (int)events[i].data.u32);
		else if (c->state == OPEN)	/* the server has closed */
			finish(c, LOST);
	}
	return true;
}

/* Waits until it is client i's turn. */
static void
pace(int64_t start_ns, int i)
{
	int64_t	 due = start_ns + spread_ns / count * i;

	while (turn(due))
		;
}

/* Opens all connections, a few at a time. */
static void
open_all(void)
{
	int64_t	 start = now_ns();
	int64_t	 until = start + spread_ns + OPEN_SECONDS * INT64_C(1000000000);
	int	 i, opening;

	for (i = 0; i < count; i++) {
		if (early)
			pace(start, i);
		clients[i].state = OPENING;
		waited_for++;
		begin_open(&clients[i], i);
		opening = i + 1;
		if (opening % OPENING_MAX != 0)
			continue;
		/* Give the server the time to accept them. */
		poll(NULL, 0, 2);
		turn(now_ns() + 1000000);
	}
	for (;;) {
		for (i = opening = 0; i < count; i++)
			opening += clients[i].state == OPENING;
		if (opening == 0 || !turn(until))
			break;
	}
	for (i = 0; i < count; i++)
		if (clients[i].state == OPENING)
			finish(&clients[i], LOST);
}

static int
compare(const void *a, const void *b)
{
	int64_t	 x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Prints the least, middle, 99th and greatest of n values, as us. */
static void
print_values(const char *name, int64_t *values, int n)
{
	if (n == 0)
		return;
	qsort(values, (size_t)n, sizeof(*values), compare);
	printf(" %s_min=%lld %s_p50=%lld %s_p99=%lld %s_max=%lld",
	    name, (long long)values[0] / 1000,
	    name, (long long)values[n / 2] / 1000,
	    name, (long long)values[n * 99LL / 100] / 1000,
	    name, (long long)values[n - 1] / 1000);
}

/* How many slept at the same time; both arrays sorted. */
static int
most_parked(const int64_t *begins, const int64_t *ends, int n)
{
	int	 i, ended = 0, most = 0;

	for (i = 0; i < n; i++) {
		while (ends[ended] <= begins[i])
			ended++;
		if (i + 1 - ended > most)
			most = i + 1 - ended;
	}
	return most;
}

/* The last line. Gives how many were answered rightly. */
static int
report(void)
{
	int64_t		*wake, *answer, *begins, *ends, first = 0, last = 0;
	int64_t		 sleep_ns = (int64_t)sleep_ms * 1000000;
	struct client	*c;
	int		 i, n = 0, wrong = 0;

	wake = calloc(4 * (size_t)count, sizeof(*wake));
	if (wake == NULL)
		die("calloc");
	answer = wake + count;
	begins = answer + count;
	ends = begins + count;
	for (i = 0; i < count; i++) {
		c = &clients[i];
		wrong += c->state == WRONG;
		if (c->sent_ns != 0 && (first == 0 || c->sent_ns < first))
			first = c->sent_ns;
		if (c->state != OK)
			continue;
		if (c->got_ns > last)
			last = c->got_ns;
		begins[n] = c->begin_ns;
		ends[n] = c->end_ns;
		wake[n] = c->end_ns - c->begin_ns - sleep_ns;
		answer[n++] = c->got_ns - c->sent_ns - sleep_ns;
	}
	printf("BENCH requests=%d ok=%d wrong=%d lost=%d", count, n, wrong,
	    count - n - wrong);
	print_values("wake", wake, n);
	print_values("answer", answer, n);
	if (n > 0) {
		qsort(begins, (size_t)n, sizeof(*begins), compare);
		qsort(ends, (size_t)n, sizeof(*ends), compare);
		printf(" parked=%d begin_ns=%lld end_ns=%lld total_us=%lld",
		    most_parked(begins, ends, n), (long long)begins[n - 1],
		    (long long)ends[0], (long long)(last - first) / 1000);
	}
	printf("\n");
	free(wake);
	return n;
}

int
main(int argc, char **argv)
{
	int	 i, opt, seconds = 30;
	bool	 wait_line = false;
	int	 result;
	int64_t	 start, until;

	while ((opt = getopt(argc, argv, "ekws:t:")) != -1) {
		if (opt == 'e')
			early = true;
		else if (opt == 'k')
			keep = true;
		else if (opt == 'w')
			wait_line = true;
		else if (opt == 's')
			spread_ns = atoi(optarg) * INT64_C(1000000);
		else if (opt == 't')
			seconds = atoi(optarg);
		else
			return 2;
	}
	if (argc - optind != 3) {
		fprintf(stderr, "usage: park [-w] [-e] [-k] [-s MS] [-t SECONDS] "
		    "PORT REQUESTS SLEEP_MS\n");
		return 2;
	}
	port = atoi(argv[optind]);
	count = atoi(argv[optind + 1]);
	sleep_ms = atoi(argv[optind + 2]);
	if (port <= 0 || count <= 0 || sleep_ms < 0)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	raise_limit();
	clients = calloc((size_t)count, sizeof(*clients));
	epfd = epoll_create1(0);
	if (clients == NULL || epfd == -1)
		die("epoll_create1");
	open_all();
	if (wait_line) {
		printf("OPEN\n");
		if (getchar() == EOF)
			return 2;
	}
	start = now_ns();
	for (i = 0; i < count; i++) {
		if (!early)
			pace(start, i);
		if (clients[i].state == OPEN)
			send_request(&clients[i], i);
	}
	printf("SENT\n");
	until = now_ns() + (int64_t)sleep_ms * 1000000 +
	    (int64_t)seconds * 1000000000;
	while (waited_for > 0 && turn(until))
		;
	result = report() == count ? 0 : 1;
	if (keep)		/* until whoever reads has looked */
		(void)getchar();
	return result;
}
