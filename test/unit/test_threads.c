/* Tests plugins/threads: cores that are threads; run it under TSan, too. */
#include <event2/event.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "shm/scoreboard.h"
#include "test/unit/rig.h"
#include "test/unit/unit.h"
#include "worker/body.h"
#include "worker/core.h"
#include "worker/request.h"
#include "worker/response.h"
#include "worker/suspend.h"
#include "worker/wait.h"
#include "worker/worker.h"

#define GET	"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define CORES	6
#define LIMIT_US	60000000

static const char *const six[] = { "--threads", "6", "--keepalive-requests",
    "0", NULL };

/* Touched only by who holds the loop: a race there is TSan's to find. */
static long	 loop_owned;

/* An answer in one piece. */
static int
answer(struct request *req, const char *text, size_t len)
{
	if (response_begin(req, "200 OK", 6) != NULL)
		return -1;
	return response_write_whole(req, text, len);
}

/* All six must be here at the same time. */
static pthread_barrier_t	 meeting;

static int
handler_meet(struct request *req)
{
	pthread_barrier_wait(&meeting);
	return answer(req, "met", 3);
}

TEST(threads_run_at_the_same_time)
{
	struct worker	*w = rig_start(false, six);
	int		 clients[CORES], i;

	rig_handler = handler_meet;
	pthread_barrier_init(&meeting, NULL, CORES);
	for (i = 0; i < CORES; i++) {
		clients[i] = rig_client(w);
		rig_send(clients[i], GET);
	}
	for (i = 0; i < CORES; i++) {
		CHECK(strstr(rig_receive(w, clients[i], "met"), "met") !=
		    NULL);
		close(clients[i]);
	}
	rig_settle(w);
	CHECK_INT(w->busy, 0);
	CHECK_INT(w->nconns, 0);
	rig_stop(w);
	pthread_barrier_destroy(&meeting);
}

/* Blocks until the test says so; the loop does not. */
static atomic_int	 blocking;

static int
handler_block(struct request *req)
{
	while (atomic_load(&blocking) > 0)
		usleep(1000);
	return answer(req, "done", 4);
}

TEST(threads_that_block_hold_up_nobody)
{
	struct worker	*w = rig_start(false, six);
	int		 clients[CORES + 1], i;

	rig_handler = handler_block;
	atomic_store(&blocking, 1);
	for (i = 0; i < CORES + 1; i++) {
		clients[i] = rig_client(w);
		rig_send(clients[i], GET);
	}
	rig_turn(w, 20);
	CHECK_INT(w->busy, CORES);
	CHECK_INT(w->queued, 1);
	atomic_store(&blocking, 0);
	for (i = 0; i < CORES + 1; i++) {
		CHECK(strstr(rig_receive(w, clients[i], "done"), "done") !=
		    NULL);
		close(clients[i]);
	}
	rig_settle(w);
	CHECK_INT(w->busy, 0);
	CHECK_INT(w->nconns, 0);
	rig_stop(w);
}

/* Each thread finds its own core, and others none. */
static int
handler_current(struct request *req)
{
	struct worker	*w = req->worker;
	bool		 same = w->suspend->current(w) == req->core;

	wait_ms(req->core, 1);
	same = same && w->suspend->current(w) == req->core;
	return answer(req, same ? "same" : "other", same ? 4 : 5);
}

TEST(threads_know_their_core)
{
	struct worker	*w = rig_start(false, six);
	int		 client = rig_client(w);

	rig_handler = handler_current;
	CHECK(w->suspend->current(w) == NULL);
	CHECK(w->suspend->attach(w));		/* the loop's own */
	w->suspend->detach(w);
	rig_send(client, GET);
	CHECK(strstr(rig_receive(w, client, "same"), "same") != NULL);
	close(client);
	rig_turn(w, 20);
	rig_stop(w);
}

/* A guest asks for the loop, until it is refused. */
static void *
late_guest(void *arg)
{
	struct worker	*w = arg;

	while (w->suspend->attach(w)) {
		loop_owned++;
		w->suspend->detach(w);
	}
	return NULL;
}

TEST(threads_guests_are_refused_when_no_loop_turns)
{
	struct worker	*w = rig_start(false, six);
	pthread_t	 guests[3];
	int		 i;

	pthread_create(&guests[0], NULL, late_guest, w);
	pthread_join(guests[0], NULL);		/* no loop turns yet */
	rig_turn(w, 1);
	for (i = 0; i < 3; i++)
		pthread_create(&guests[i], NULL, late_guest, w);
	for (i = 0; i < 50; i++) {
		rig_turn(w, 1);
		loop_owned++;
	}
	w->suspend->done(w);
	for (i = 0; i < 3; i++)
		pthread_join(guests[i], NULL);
	w->suspend = &suspend_none;
	rig_stop(w);
}

/* The stress: what clients ask for, by the path's first letter. */
static const char	 kinds[] = "hsttfbgphq";

/* Waits for a descriptor that another thread makes ready. */
static void *
poke(void *arg)
{
	usleep(300);
	if (write(*(int *)arg, "x", 1) != 1)
		abort();
	return NULL;
}

static bool
wait_for_fd(struct core *core)
{
	struct wait_item	 items[2];
	enum wait_reason	 reason;
	pthread_t		 thread;
	int			 a[2], b[2], i;
	bool			 ok;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, a) == -1 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, b) == -1)
		return false;
	items[0] = (struct wait_item){ .fd = a[0], .events = WAIT_READ };
	items[1] = (struct wait_item){ .fd = b[0], .events = WAIT_READ };
	pthread_create(&thread, NULL, poke, &b[1]);
	reason = wait_set(core, items, 2, 30);
	pthread_join(thread, NULL);
	ok = reason == WAIT_READY && items[0].ready == 0 &&
	    items[1].ready == WAIT_READ;
	for (i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
	return ok;
}

/* The sum of a body's bytes, -1 when it cannot be read. */
static long
body_sum(struct request *req)
{
	char	 buf[1000];
	ssize_t	 n, i;
	long	 sum = 0;

	while ((n = body_read(req, buf, sizeof(buf))) > 0)
		for (i = 0; i < n; i++)
			sum += (unsigned char)buf[i];
	return n < 0 ? -1 : sum;
}

/* A body of 400,000 bytes in pieces: the client is slow. */
static int
respond_big(struct request *req)
{
	static char	 piece[40000];
	int		 i;

	if (response_begin(req, "200 OK", 6) != NULL ||
	    response_add(req, "Content-Length", 14, "400000", 6) != NULL)
		return -1;
	for (i = 0; i < 10; i++)
		if (response_write(req, piece, sizeof(piece)) == -1)
			return 0;
	return 0;
}

/* The text of such a piece. */
static void
held_text(char text[16], int n)
{
	snprintf(text, 16, "piece %05d\n", n);
}

/* Many small pieces, with pauses that the server does not see. */
static int
respond_held(struct request *req)
{
	char	 text[16];
	int	 i;

	if (response_begin(req, "200 OK", 6) != NULL ||
	    response_add(req, "Content-Length", 14, "12000", 5) != NULL)
		return -1;
	for (i = 0; i < 1000; i++) {
		held_text(text, i);
		if (response_stream(req, text, 12) == -1)
			return 0;
		if (i % 300 == 150)
			usleep(1500);
		if (i % 300 == 250 && wait_ms(req->core, 1) != WAIT_READY)
			return 0;
	}
	return 0;
}

static int
handler_stress(struct request *req)
{
	struct worker	*w = req->worker;
	char		 text[64];
	bool		 ok = true;
	int		 n;

	switch (req->path[1]) {
	case 's':
		ok = wait_ms(req->core, 1) == WAIT_READY;
		break;
	case 't':
		ok = wait_turn(req->core) == WAIT_READY &&
		    wait_turn(req->core) == WAIT_READY;
		break;
	case 'f':
		ok = wait_for_fd(req->core);
		break;
	case 'b':
		n = snprintf(text, sizeof(text), "sum %ld\n", body_sum(req));
		return answer(req, text, (size_t)n);
	case 'g':
		return respond_big(req);
	case 'q':
		return respond_held(req);
	case 'p':
		ok = w->suspend->attach(w);
		loop_owned++;
		w->suspend->detach(w);
		break;
	}
	n = snprintf(text, sizeof(text), "%s %.*s\n", ok ? "ok" : "bad",
	    (int)req->path_len, req->path);
	return answer(req, text, (size_t)n);
}

/* One client, on a thread of its own. */
struct client {
	pthread_t	 thread;
	int		 fd;
	unsigned	 seed;
	int		 requests;
	bool		 leaves;	/* in the middle of a response */
	int		 wrong;
};

static atomic_int	 clients_left;

/* Waits until the socket can do it; false after a minute. */
static bool
client_wait(struct client *c, short events)
{
	struct pollfd	 pfd = { .fd = c->fd, .events = events };

	return poll(&pfd, 1, 60000) == 1;
}

/* Sends all. */
static bool
client_send(struct client *c, const char *data, size_t len)
{
	ssize_t	 n;

	while (len > 0) {
		if (!client_wait(c, POLLOUT))
			return false;
		n = send(c->fd, data, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* Receives a head and the body that it announces; its length, or -1. */
static long
client_receive(struct client *c, char *buf, size_t size)
{
	const char	*end, *length;
	size_t		 len = 0, total = 0;
	ssize_t		 n;

	while (total == 0 || len < total) {
		if (!client_wait(c, POLLIN) || len == size - 1)
			return -1;
		n = recv(c->fd, buf + len, size - 1 - len, 0);
		if (n <= 0)
			return -1;
		len += (size_t)n;
		buf[len] = '\0';
		end = total == 0 ? strstr(buf, "\r\n\r\n") : NULL;
		if (end == NULL)
			continue;
		length = strstr(buf, "Content-Length: ");
		if (length == NULL || length > end)
			return -1;
		total = (size_t)(end + 4 - buf) +
		    strtoul(length + 16, NULL, 10);
	}
	return (long)len;
}

/* A body that comes in two parts. */
static bool
client_post(struct client *c, char *buf, size_t size)
{
	char	 text[256];
	int	 n, i, len = 100 + (int)(c->seed % 5000);
	long	 sum = 0;

	for (i = 0; i < len; i++) {
		buf[i] = (char)(i % 50 + 40);
		sum += buf[i];
	}
	n = snprintf(text, sizeof(text), "POST /b HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: %d\r\n\r\n", len);
	if (!client_send(c, text, (size_t)n) ||
	    !client_send(c, buf, (size_t)len / 2))
		return false;
	usleep(500);
	if (!client_send(c, buf + len / 2, (size_t)(len - len / 2)) ||
	    client_receive(c, buf, size) < 0)
		return false;
	snprintf(text, sizeof(text), "sum %ld\n", sum);
	return strstr(buf, text) != NULL;
}

/* Are all pieces there, in their order? */
static bool
client_has_held(const char *buf)
{
	const char	*body = strstr(buf, "\r\n\r\n");
	char		 text[16];
	int		 i;

	for (i = 0; i < 1000; i++) {
		held_text(text, i);
		if (memcmp(body + 4 + 12 * i, text, 12) != 0)
			return false;
	}
	return true;
}

/* One request and its answer. */
static bool
client_get(struct client *c, char kind, char *buf, size_t size)
{
	char	 text[256], want[64];
	int	 n;

	n = snprintf(text, sizeof(text), "GET /%c%u HTTP/1.1\r\nHost: a\r\n"
	    "\r\n", kind, c->seed);
	if (!client_send(c, text, (size_t)n))
		return false;
	if (kind == 'g')
		usleep(2000);
	if (client_receive(c, buf, size) < 0)
		return false;
	if (kind == 'q')
		return client_has_held(buf);
	snprintf(want, sizeof(want), "ok /%c%u\n", kind, c->seed);
	return kind == 'g' || strstr(buf, want) != NULL;
}

static void *
client_main(void *arg)
{
	struct client	*c = arg;
	size_t		 size = 500000;
	char		*buf = malloc(size), kind;
	int		 i;

	for (i = 0; i < c->requests; i++) {
		c->seed = c->seed * 1103515245 + 12345;
		kind = kinds[(c->seed >> 16) % (sizeof(kinds) - 1)];
		if (!(kind == 'b' ? client_post(c, buf, size) :
		    client_get(c, kind, buf, size)))
			c->wrong++;
	}
	if (c->leaves && client_send(c, "GET /g HTTP/1.1\r\nHost: a\r\n\r\n",
	    28))
		recv(c->fd, buf, 1000, MSG_WAITALL);
	free(buf);
	close(c->fd);
	atomic_fetch_sub(&clients_left, 1);
	return NULL;
}

/* Others of the app's threads use the loop meanwhile. */
static atomic_bool	 guests_go, guests_gone;

static void *
guest_main(void *arg)
{
	struct worker	*w = arg;

	while (atomic_load(&guests_go)) {
		if (w->suspend->attach(w)) {
			loop_owned++;
			w->suspend->detach(w);
		}
		usleep(200);
	}
	atomic_store(&guests_gone, true);
	return NULL;
}

TEST(threads_stress)
{
	const char	*more = getenv("WM_STRESS");
	int		 count = more == NULL ? 150 : atoi(more);
	struct worker	*w = rig_start(false, six);
	struct client	 clients[16];
	uint64_t	 end = clock_mono_us() + LIMIT_US *
	    (uint64_t)(1 + count / 1000);
	pthread_t	 guest;
	int		 i, n = sizeof(clients) / sizeof(*clients);

	rig_handler = handler_stress;
	atomic_store(&clients_left, n);
	atomic_store(&guests_go, true);
	atomic_store(&guests_gone, false);
	pthread_create(&guest, NULL, guest_main, w);
	for (i = 0; i < n; i++) {
		clients[i] = (struct client){ .fd = rig_client(w),
		    .seed = (unsigned)i + 1, .requests = count,
		    .leaves = i % 4 == 0 };
		pthread_create(&clients[i].thread, NULL, client_main,
		    &clients[i]);
	}
	while ((atomic_load(&clients_left) > 0 || w->busy > 0) &&
	    clock_mono_us() < end) {
		rig_turn(w, 5);
		loop_owned++;
	}
	CHECK_INT(atomic_load(&clients_left), 0);
	CHECK_INT(w->busy, 0);
	atomic_store(&guests_go, false);
	while (!atomic_load(&guests_gone))
		rig_turn(w, 5);
	pthread_join(guest, NULL);
	for (i = 0; i < n; i++) {
		pthread_join(clients[i].thread, NULL);
		CHECK_INT(clients[i].wrong, 0);
	}
	CHECK_INT(sb_get(&w->stats->requests), n * count + n / 4);
	CHECK_INT(w->nconns, 0);
	rig_stop(w);
}
