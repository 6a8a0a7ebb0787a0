/* Tests worker/conn*.c: connections, from their first byte to their end. */
#include "worker/conn.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shm/scoreboard.h"
#include "test/unit/rig.h"
#include "test/unit/unit.h"
#include "worker/request.h"
#include "worker/wait.h"
#include "worker/worker.h"

#define GET(path)	"GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static const char *const async4[] = { "--async", "4", "--greenlet",
    "--queue-size", "2", "--queue-timeout", "0.2", NULL };

/* Answers with the path. */
static int
handler_path(struct request *req)
{
	response_begin(req, "200 OK", 6);
	return response_write_whole(req, req->path, req->path_len);
}

/* Sleeps for ever, unless the path says otherwise. */
static int
handler_sleep(struct request *req)
{
	if (req->path_len == 6 && memcmp(req->path, "/sleep", 6) == 0)
		wait_ms(req->core, 200);
	return handler_path(req);
}

/* Answers with the body's size. */
static int
handler_count(struct request *req)
{
	char	 buf[1000], text[32];
	long	 total = 0;
	ssize_t	 n;

	while ((n = body_read(req, buf, sizeof(buf))) > 0)
		total += n;
	if (n == -1)
		return -1;
	n = snprintf(text, sizeof(text), "total=%ld", total);
	response_begin(req, "200 OK", 6);
	return response_write_whole(req, text, (size_t)n);
}

/* How often needle stands in text. */
static int
count(const char *text, const char *needle)
{
	int	 n = 0;

	while ((text = strstr(text, needle)) != NULL) {
		n++;
		text++;
	}
	return n;
}

TEST(conn_answers_and_is_kept)
{
	struct worker	*w = rig_start(false, NULL);
	int		 client = rig_client(w);

	rig_handler = handler_path;
	rig_send(client, GET("/one"));
	CHECK(strstr(rig_receive(w, client, "/one"), "200 OK") != NULL);
	rig_send(client, GET("/two"));
	CHECK(strstr(rig_receive(w, client, "/two"), "200 OK") != NULL);
	CHECK_INT(w->nconns, 1);
	close(client);
	rig_turn(w, 20);
	CHECK_INT(w->nconns, 0);
	rig_stop(w);
}

TEST(conn_idle_holds_no_buffer)
{
	struct worker	*w = rig_start(false, NULL);
	int		 client = rig_client(w);

	rig_handler = handler_path;
	rig_send(client, GET("/one"));
	rig_receive(w, client, "/one");
	CHECK(TAILQ_FIRST(&w->conns[CONN_IDLE].list) != NULL);
	CHECK(TAILQ_FIRST(&w->conns[CONN_IDLE].list)->in == NULL);
	close(client);
	rig_turn(w, 20);
	rig_stop(w);
}

TEST(conn_answers_pipelined_requests_in_order)
{
	struct worker	*w = rig_start(true, async4);
	int		 client = rig_client(w);
	const char	*got;

	rig_handler = handler_sleep;
	rig_send(client, GET("/sleep") GET("/b") GET("/c"));
	got = rig_receive(w, client, "/c");
	CHECK(strstr(got, "/sleep") != NULL && strstr(got, "/b") != NULL);
	CHECK(strstr(got, "/sleep") < strstr(got, "/b"));
	CHECK(strstr(got, "/b") < strstr(got, "/c"));
	close(client);
	rig_turn(w, 20);
	rig_stop(w);
}

TEST(conn_takes_a_request_byte_by_byte)
{
	const char	 text[] = "POST /x HTTP/1.1\r\nHost: a\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n"
	    "T: v\r\n\r\n" GET("/next");
	struct worker	*w = rig_start(true, async4);
	int		 client = rig_client(w);
	size_t		 i;

	rig_handler = handler_count;
	for (i = 0; i < sizeof(text) - 1; i++) {
		CHECK_INT(send(client, text + i, 1, MSG_NOSIGNAL), 1);
		rig_turn(w, 1);
	}
	CHECK_INT(count(rig_receive(w, client, "total=0"), "total=5"), 1);
	close(client);
	rig_turn(w, 20);
	rig_stop(w);
}

TEST(conn_rejects_a_bad_head_and_closes)
{
	struct worker	*w = rig_start(false, NULL);
	int		 client = rig_client(w);

	rig_handler = handler_path;
	rig_send(client, "GET / HTTP/1.1\r\nHost : a\r\n\r\n" GET("/smuggled"));
	CHECK(strstr(rig_receive(w, client, "\r\n\r\n"), " 400 ") != NULL);
	CHECK(rig_closed(w, client));
	close(client);
	rig_turn(w, 20);
	CHECK_INT(w->nconns, 0);
	CHECK_INT(sb_get(&w->stats->requests), 0);
	rig_stop(w);
}

TEST(conn_without_a_core_waits_and_is_served_in_order)
{
	struct worker	*w = rig_start(true, async4);
	int		 clients[6], i;

	rig_handler = handler_sleep;
	for (i = 0; i < 6; i++) {
		clients[i] = rig_client(w);
		rig_send(clients[i], GET("/sleep"));
		rig_turn(w, 5);
	}
	CHECK_INT(w->busy, 4);
	CHECK_INT(w->queued, 2);
	for (i = 0; i < 6; i++) {
		CHECK(strstr(rig_receive(w, clients[i], "/sleep"),
		    i < 4 ? "200 OK" : "HTTP/1.1 ") != NULL);
		close(clients[i]);
	}
	rig_turn(w, 20);
	CHECK_INT(w->busy, 0);
	rig_stop(w);
}

/* Holds its core until the test lets it go. */
static struct core *held[8];
static int
handler_hold(struct request *req)
{
	held[req->core->id] = req->core;
	wait_ms(req->core, 60000);
	return handler_path(req);
}

TEST(conn_that_waits_too_long_is_answered_503)
{
	struct worker	*w = rig_start(true, async4);
	int		 clients[5], i;

	rig_handler = handler_hold;
	for (i = 0; i < 5; i++) {
		clients[i] = rig_client(w);
		rig_send(clients[i], GET("/x"));
		rig_turn(w, 5);
	}
	CHECK(strstr(rig_receive(w, clients[4], "\r\n\r\n"), " 503 ") != NULL);
	CHECK_INT(sb_get(&w->stats->shed), 1);
	for (i = 0; i < 4; i++)
		core_wake(held[i], WAIT_CANCELLED);
	for (i = 0; i < 4; i++) {
		CHECK(strstr(rig_receive(w, clients[i], "/x"), "200") != NULL);
		close(clients[i]);
	}
	close(clients[4]);
	rig_turn(w, 20);
	CHECK_INT(w->nconns, 0);
	rig_stop(w);
}

TEST(conn_collects_a_body_before_it_takes_a_core)
{
	static const char *const options[] = { "--async", "4", "--greenlet",
	    "--post-buffering", "4", NULL };
	struct worker	*w = rig_start(true, options);
	int		 client = rig_client(w);

	rig_handler = handler_count;
	rig_send(client, "POST / HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: 10\r\n\r\n01");
	rig_turn(w, 5);
	CHECK_INT(w->busy, 0);
	rig_send(client, "2345");
	rig_turn(w, 5);
	CHECK_INT(w->busy, 0);
	rig_send(client, "6789" GET("/next"));
	CHECK_INT(count(rig_receive(w, client, "total=0"), "total=10"), 1);
	close(client);
	rig_turn(w, 20);
	rig_stop(w);
}

TEST(conn_times_out_while_a_head_drips)
{
	static const char *const options[] = { "--header-timeout", "0.1",
	    "--keepalive-timeout", "0.1", NULL };
	struct worker	*w = rig_start(false, options);
	int		 drip = rig_client(w), silent = rig_client(w);

	rig_handler = handler_path;
	rig_send(drip, "GET / HTT");
	CHECK(strstr(rig_receive(w, drip, "\r\n\r\n"), " 408 ") != NULL);
	CHECK(rig_closed(w, silent));
	close(drip);
	close(silent);
	rig_turn(w, 20);
	CHECK_INT(w->nconns, 0);
	rig_stop(w);
}

TEST(conn_discards_a_small_unread_body)
{
	struct worker	*w = rig_start(false, NULL);
	int		 client = rig_client(w);

	rig_handler = handler_path;
	rig_send(client, "POST /a HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: 5\r\n\r\nhello" GET("/b"));
	CHECK(strstr(rig_receive(w, client, "/b"), "/a") != NULL);
	close(client);
	rig_turn(w, 20);
	rig_stop(w);
}

TEST(conn_that_said_nothing_holds_no_buffer)
{
	struct worker	*w = rig_start(false, NULL);
	int		 client = rig_client(w);

	rig_turn(w, 5);
	CHECK(TAILQ_FIRST(&w->conns[CONN_HEAD].list) != NULL);
	CHECK(TAILQ_FIRST(&w->conns[CONN_HEAD].list)->in == NULL);
	close(client);
	rig_turn(w, 20);
	rig_stop(w);
}

/* Sleeps, then answers with the body's size. */
static int
handler_sleep_count(struct request *req)
{
	wait_ms(req->core, 50);
	return handler_count(req);
}

TEST(conn_with_a_parked_request_holds_little_more_than_its_head)
{
	struct worker	*w = rig_start(true, async4);
	int		 client = rig_client(w);
	struct conn	*c;

	rig_handler = handler_sleep_count;
	rig_send(client, "POST /a HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: 10\r\n\r\nhello");
	rig_turn(w, 10);
	c = TAILQ_FIRST(&w->conns[CONN_RUNNING].list);
	CHECK(c != NULL && c->in != NULL);
	CHECK(c->in->small);
	CHECK(c->in->cap < sizeof(*c->in) + 200);
	rig_send(client, "world" GET("/next"));
	CHECK_INT(count(rig_receive(w, client, "total=0"), "total=10"), 1);
	close(client);
	rig_turn(w, 20);
	rig_stop(w);
}

/* One request of each size around those of the buffers, and one behind it. */
static void
check_head_of(struct worker *w, size_t padding, const char *body,
    const char *want)
{
	static char	 text[20000];
	int		 client = rig_client(w);

	snprintf(text, sizeof(text), "POST /a HTTP/1.1\r\nHost: a\r\n"
	    "X-Padding: %0*d\r\n%s" GET("/next"), (int)padding, 0, body);
	rig_send(client, text);
	CHECK_INT(count(rig_receive(w, client, "total=0"), want), 1);
	close(client);
	rig_turn(w, 1);
}

TEST(conn_takes_heads_of_any_size)
{
	static const char *const collect[] = { "--async", "4", "--greenlet",
	    "--post-buffering", "4", "--buffer-size", "32768",
	    "--limit-request-line", "8190", NULL };
	static const char *const direct[] = { "--async", "4", "--greenlet",
	    "--buffer-size", "32768", NULL };
	static const size_t	 sizes[] = { 1, 150, 200, 250, 300, 350, 1000,
	    3000, 3700, 3800, 3900, 4000, 7900, 8000, 8050, 8090, 8100, 8110,
	    8120, 8130, 8140, 8150, 8160, 9000, 15000 };
	struct worker		*w;
	size_t			 i, j;

	for (j = 0; j < 2; j++) {
		w = rig_start(true, j == 0 ? collect : direct);
		rig_handler = handler_sleep_count;
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			check_head_of(w, sizes[i], "Content-Length: 10\r\n\r\n"
			    "0123456789", "total=10");
			check_head_of(w, sizes[i], "Transfer-Encoding: chunked"
			    "\r\n\r\n5\r\nabcde\r\n1\r\nf\r\n0\r\n\r\n",
			    "total=6");
		}
		rig_stop(w);
	}
}

TEST(conn_with_a_large_unread_body_is_told_to_close)
{
	struct worker	*w = rig_start(false, NULL);
	int		 client = rig_client(w);

	rig_handler = handler_path;
	rig_send(client, "POST /a HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: 50000000\r\n\r\nhello");
	CHECK(strstr(rig_receive(w, client, "/a"),
	    "Connection: close") != NULL);
	CHECK(rig_closed(w, client));
	close(client);
	rig_turn(w, 20);
	rig_stop(w);
}
