/* Tests worker/body.c and conn_collect.c: bodies cut in every way. */
#include "worker/body.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "test/unit/rig.h"
#include "test/unit/unit.h"
#include "worker/conn.h"
#include "worker/request.h"
#include "worker/worker.h"

#define GET	"GET /next HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST	"POST /x HTTP/1.1\r\nHost: a\r\n"
#define BODY	"0123456789abcdefghij"
#define LENGTH	POST "Content-Length: 20\r\n\r\n" BODY
#define CHUNKED	POST "Transfer-Encoding: chunked\r\n\r\n"		\
		"3\r\n012\r\n1;a=\"b\"\r\n3\r\n00010\r\n"		\
		"456789abcdefghij\r\n0\r\nT: v\r\nU: w\r\n\r\n"

static const char *const parked[] = { "--async", "4", "--greenlet", NULL };
static const char *const in_memory[] = { "--async", "4", "--greenlet",
    "--post-buffering", "1000", NULL };
static const char *const in_file[] = { "--async", "4", "--greenlet",
    "--post-buffering", "7", NULL };
static const char *const limited[] = { "--async", "4", "--greenlet",
    "--limit-post", "10", NULL };
static const char *const limited_collected[] = { "--async", "4", "--greenlet",
    "--limit-post", "10", "--post-buffering", "4", NULL };
static const char *const hasty[] = { "--async", "4", "--greenlet",
    "--body-timeout", "0.05", NULL };
static const char *const hasty_collected[] = { "--async", "4", "--greenlet",
    "--body-timeout", "0.05", "--post-buffering", "4", NULL };

/* How the handler reads, and how that ended. */
static struct {
	size_t		 size;		/* of one read */
	size_t		 most;		/* stop after so many bytes */
	int		 calls;
	enum body_error	 error;
	int64_t		 left;		/* body_left at the begin */
} reading;

/* Answers with what it has read. */
static int
handler_echo(struct request *req)
{
	struct strbuf	 sb = STRBUF_INIT;
	char		 buf[4096];
	ssize_t		 n = 1;
	int		 result = -1;

	reading.calls++;
	reading.left = body_left(req);
	while (sb.len < reading.most &&
	    (n = body_read(req, buf, reading.size)) > 0)
		strbuf_add(&sb, buf, (size_t)n);
	reading.error = req->body.error;
	if (n == 0) {
		CHECK_INT(body_read(req, buf, reading.size), 0);
		CHECK_INT(body_left(req), 0);
	} else if (n == -1) {
		CHECK_INT(body_read(req, buf, reading.size), -1);
	}
	if (n >= 0) {
		strbuf_adds(&sb, "<end>");
		response_begin(req, "200 OK", 6);
		result = response_write_whole(req, sb.buf, sb.len);
	}
	strbuf_done(&sb);
	return result;
}

/* A worker whose handler reads so. */
static struct worker *
start(bool parking, const char *const *options, size_t size)
{
	memset(&reading, 0, sizeof(reading));
	reading.size = size;
	reading.most = (size_t)-1;
	rig_handler = handler_echo;
	return rig_start(parking, options);
}

/* The base does what there is to do. */
static void
turn(struct worker *w)
{
	int	 i;

	for (i = 0; i < 3; i++)
		event_base_loop(w->base, EVLOOP_NONBLOCK);
}

/* What has come by now. */
static const char *
receive(struct worker *w, int client)
{
	static char	 got[65536];
	size_t		 len = 0;
	ssize_t		 n;

	turn(w);
	while ((n = recv(client, got + len, sizeof(got) - 1 - len, 0)) > 0)
		len += (size_t)n;
	got[len] = '\0';
	return got;
}

/* Ends a test. */
static void
stop(struct worker *w, int client)
{
	close(client);
	rig_turn(w, 10);
	CHECK_INT(w->nconns, 0);
	CHECK_INT(w->busy, 0);
	rig_stop(w);
}

/* Are both answers there, in order, whole, and nothing else? */
static bool
both_answers(const char *got, size_t at)
{
	const char	*first, *second;
	bool		 good;

	first = strstr(got, "\r\n\r\n" BODY "<end>HTTP/1.1 200 OK\r\n");
	second = strstr(got, "\r\n\r\n<end>");
	good = strncmp(got, "HTTP/1.1 200 OK\r\n", 17) == 0 &&
	    first != NULL && second != NULL && second > first &&
	    second[9] == '\0';
	if (!good)
		printf("# split at %zu: %s\n", at, got);
	return good;
}

/* A request and the next, cut once, at every byte, on one connection. */
static void
split_everywhere(const char *const *options, bool parking, size_t size,
    const char *text)
{
	struct worker	*w = start(parking, options, size);
	int		 client = rig_client(w);
	struct strbuf	 sb = STRBUF_INIT;
	char		 first[512];
	size_t		 i;

	strbuf_adds(&sb, text);
	strbuf_adds(&sb, GET);
	for (i = 0; i <= sb.len; i++) {
		memcpy(first, sb.buf, i);
		first[i] = '\0';
		rig_send(client, first);
		turn(w);
		rig_send(client, sb.buf + i);
		CHECK(both_answers(receive(w, client), i));
	}
	CHECK_INT(reading.calls, (sb.len + 1) * 2);
	CHECK_INT(w->nconns, 1);
	strbuf_done(&sb);
	stop(w, client);
}

/* The same byte by byte. */
static void
drip(const char *const *options, size_t size, const char *text)
{
	struct worker	*w = start(true, options, size);
	int		 client = rig_client(w);
	struct strbuf	 sb = STRBUF_INIT;
	size_t		 i;

	strbuf_adds(&sb, text);
	strbuf_adds(&sb, GET);
	for (i = 0; i < sb.len; i++) {
		CHECK_INT(send(client, sb.buf + i, 1, MSG_NOSIGNAL), 1);
		turn(w);
	}
	CHECK(both_answers(receive(w, client), 0));
	strbuf_done(&sb);
	stop(w, client);
}

TEST(body_with_length_is_read_however_it_is_cut)
{
	split_everywhere(parked, true, 1, LENGTH);
	split_everywhere(parked, true, 7, LENGTH);
	split_everywhere(parked, true, 4096, LENGTH);
	drip(parked, 3, LENGTH);
}

TEST(body_in_chunks_is_read_however_it_is_cut)
{
	split_everywhere(parked, true, 1, CHUNKED);
	split_everywhere(parked, true, 2, CHUNKED);
	split_everywhere(parked, true, 7, CHUNKED);
	split_everywhere(parked, true, 4096, CHUNKED);
	drip(parked, 1, CHUNKED);
	drip(parked, 4096, CHUNKED);
}

TEST(body_is_collected_in_memory_however_it_is_cut)
{
	split_everywhere(in_memory, true, 7, LENGTH);
	split_everywhere(in_memory, false, 4096, LENGTH);
	split_everywhere(in_memory, true, 7, CHUNKED);
	drip(in_memory, 3, LENGTH);
	drip(in_memory, 3, CHUNKED);
}

TEST(body_is_collected_in_a_file_however_it_is_cut)
{
	split_everywhere(in_file, true, 7, LENGTH);
	split_everywhere(in_file, true, 7, CHUNKED);
	split_everywhere(in_file, false, 4096, CHUNKED);
	drip(in_file, 3, LENGTH);
	drip(in_file, 3, CHUNKED);
}

/* The app stops in the middle; what it has left does not become a request. */
TEST(body_left_unread_is_discarded_at_every_point)
{
	static const char *const texts[] = { LENGTH, CHUNKED };
	struct worker	*w;
	const char	*got;
	size_t		 most;
	int		 client, i;

	for (i = 0; i < 2; i++) {
		for (most = 0; most <= 20; most++) {
			w = start(true, parked, 1);
			client = rig_client(w);
			reading.most = most;
			rig_send(client, texts[i]);
			rig_send(client, GET);
			got = receive(w, client);
			CHECK(strstr(got + 17, "HTTP/1.1 200") != NULL);
			CHECK_INT(reading.calls, 2);
			stop(w, client);
		}
	}
}

/*
 * Part of an unread body is still on its way when the answer is ready. A
 * client that was not told that the connection ends will use it.
 */
TEST(body_on_its_way_after_the_answer_does_not_break_a_promise)
{
	static const char *const firsts[] = {
		POST "Content-Length: 20\r\n\r\n01234",
		POST "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n"
	};
	static const char *const rests[] = {
		"56789abcdefghij" GET, "0\r\n\r\n" GET
	};
	struct worker	*w;
	const char	*got;
	int		 client, i;
	bool		 told;

	for (i = 0; i < 2; i++) {
		w = start(true, parked, 1);
		client = rig_client(w);
		reading.most = 0;
		rig_send(client, firsts[i]);
		got = receive(w, client);
		told = strstr(got, "Connection: close") != NULL;
		rig_send(client, rests[i]);
		got = receive(w, client);
		CHECK(told || strstr(got, "200 OK") != NULL);
		stop(w, client);
	}
}

TEST(body_of_length_zero_is_none)
{
	struct worker	*w = start(true, parked, 10);
	int		 client = rig_client(w);

	rig_send(client, POST "Content-Length: 0\r\n\r\n" GET);
	CHECK(strstr(receive(w, client) + 10, "HTTP/1.1 200") != NULL);
	CHECK_INT(reading.calls, 2);
	CHECK_INT(reading.left, 0);
	stop(w, client);
}

TEST(body_that_is_empty_is_collected)
{
	struct worker	*w = start(true, in_file, 10);
	int		 client = rig_client(w);

	rig_send(client, POST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	    GET);
	CHECK(strstr(receive(w, client) + 10, "HTTP/1.1 200") != NULL);
	CHECK_INT(reading.calls, 2);
	stop(w, client);
}

TEST(body_left_is_known_unless_it_is_chunked)
{
	struct worker	*w = start(true, parked, 10);
	int		 client = rig_client(w);

	rig_send(client, LENGTH);
	receive(w, client);
	CHECK_INT(reading.left, 20);
	rig_send(client, CHUNKED);
	receive(w, client);
	CHECK_INT(reading.left, -1);
	rig_send(client, GET);
	receive(w, client);
	CHECK_INT(reading.left, 0);
	stop(w, client);
}

TEST(body_above_limit_post_is_rejected)
{
	struct worker	*w = start(true, limited, 100);
	int		 client = rig_client(w);

	rig_send(client, LENGTH);
	CHECK(strstr(receive(w, client), " 413 ") != NULL);
	CHECK_INT(reading.calls, 0);
	stop(w, client);
}

TEST(body_in_chunks_above_limit_post_is_an_error)
{
	size_t	 sizes[] = { 1, 7, 4096 }, i;

	for (i = 0; i < 3; i++) {
		struct worker	*w = start(true, limited, sizes[i]);
		int		 client = rig_client(w);

		rig_send(client, CHUNKED GET);
		receive(w, client);
		CHECK_INT(reading.error, BODY_TOO_LARGE);
		CHECK_INT(reading.calls, 1);
		CHECK(rig_closed(w, client));
		stop(w, client);
	}
}

TEST(body_in_chunks_above_limit_post_is_not_collected)
{
	struct worker	*w = start(true, limited_collected, 100);
	int		 client = rig_client(w);

	rig_send(client, CHUNKED GET);
	CHECK(strstr(receive(w, client), " 413 ") != NULL);
	CHECK_INT(reading.calls, 0);
	CHECK(rig_closed(w, client));
	stop(w, client);
}

TEST(body_of_exactly_limit_post_is_read)
{
	struct worker	*w = start(true, limited, 3);
	int		 client = rig_client(w);

	rig_send(client, POST "Transfer-Encoding: chunked\r\n\r\n"
	    "a\r\n0123456789\r\n0\r\n\r\n");
	CHECK(strstr(receive(w, client), "0123456789<end>") != NULL);
	rig_send(client, POST "Content-Length: 10\r\n\r\n0123456789");
	CHECK(strstr(receive(w, client), "0123456789<end>") != NULL);
	stop(w, client);
}

TEST(body_with_bad_chunks_is_an_error)
{
	struct worker	*w = start(true, parked, 3);
	int		 client = rig_client(w);

	rig_send(client, POST "Transfer-Encoding: chunked\r\n\r\n"
	    "3\r\nabcX\r\n0\r\n\r\n" GET);
	receive(w, client);
	CHECK_INT(reading.error, BODY_BAD);
	CHECK_INT(reading.calls, 1);
	CHECK(rig_closed(w, client));
	stop(w, client);
}

TEST(body_with_bad_chunks_is_not_collected)
{
	struct worker	*w = start(true, in_memory, 3);
	int		 client = rig_client(w);

	rig_send(client, POST "Transfer-Encoding: chunked\r\n\r\n"
	    "3\r\nabcX\r\n0\r\n\r\n" GET);
	CHECK(strstr(receive(w, client), " 400 ") != NULL);
	CHECK_INT(reading.calls, 0);
	CHECK(rig_closed(w, client));
	stop(w, client);
}

TEST(body_that_stops_times_out)
{
	struct worker	*w = start(true, hasty, 3);
	int		 client = rig_client(w);

	rig_send(client, POST "Content-Length: 20\r\n\r\n01234");
	rig_turn(w, 100);
	CHECK_INT(reading.error, BODY_TIMEOUT);
	CHECK(rig_closed(w, client));
	stop(w, client);
}

TEST(body_that_stops_is_not_collected_for_ever)
{
	struct worker	*w = start(true, hasty_collected, 3);
	int		 client = rig_client(w);

	rig_send(client, POST "Content-Length: 20\r\n\r\n01234");
	rig_turn(w, 100);
	CHECK(strstr(receive(w, client), " 408 ") != NULL);
	CHECK_INT(reading.calls, 0);
	CHECK(rig_closed(w, client));
	stop(w, client);
}

/* The client leaves at every byte, in every way of reading. */
static void
leave_everywhere(const char *const *options, const char *text, bool half)
{
	struct worker	*w = start(true, options, 5);
	size_t		 i;
	int		 client;

	for (i = 0; i < strlen(text); i++) {
		client = rig_client(w);
		CHECK_INT(send(client, text, i, MSG_NOSIGNAL), i);
		if (i % 2 == 0)
			turn(w);
		if (half) {
			shutdown(client, SHUT_WR);
			turn(w);
		}
		close(client);
		turn(w);
		CHECK_INT(w->busy, 0);
		CHECK_INT(w->nconns, 0);
	}
	rig_stop(w);
}

TEST(body_whose_client_leaves_anywhere)
{
	leave_everywhere(parked, LENGTH, false);
	leave_everywhere(parked, CHUNKED, false);
	leave_everywhere(parked, CHUNKED, true);
	leave_everywhere(in_memory, LENGTH, false);
	leave_everywhere(in_file, CHUNKED, false);
	leave_everywhere(in_file, CHUNKED, true);
}

TEST(body_of_a_client_that_waits_for_100)
{
	static const char *const *const options[] = { parked, in_memory };
	const char	 head[] = POST "Content-Length: 20\r\n"
	    "Expect: 100-continue\r\n\r\n";
	struct worker	*w;
	int		 client, i;

	for (i = 0; i < 2; i++) {
		w = start(true, options[i], 9);
		client = rig_client(w);
		rig_send(client, head);
		CHECK_STR(receive(w, client), "HTTP/1.1 100 Continue\r\n\r\n");
		rig_send(client, BODY);
		CHECK(strstr(receive(w, client), BODY "<end>") != NULL);
		/* Who sends it at once needs no telling. */
		rig_send(client, POST "Content-Length: 20\r\n"
		    "Expect: 100-continue\r\n\r\n" BODY);
		CHECK(strncmp(receive(w, client), "HTTP/1.1 200", 12) == 0);
		CHECK_INT(reading.calls, 2);
		stop(w, client);
	}
}

TEST(body_that_nobody_asked_for_closes_the_connection)
{
	struct worker	*w = start(true, parked, 9);
	int		 client = rig_client(w);
	const char	*got;

	reading.most = 0;
	rig_send(client, POST "Content-Length: 20\r\n"
	    "Expect: 100-continue\r\n\r\n");
	got = receive(w, client);
	CHECK(strstr(got, "100 Continue") == NULL);
	CHECK(strstr(got, "Connection: close") != NULL);
	CHECK(rig_closed(w, client));
	stop(w, client);
}

/* Reads a collected body, goes back and reads again. */
static int
handler_seek(struct request *req)
{
	char	 buf[64];

	CHECK_INT(body_read(req, buf, 5), 5);
	CHECK_MEM(buf, 5, "01234");
	if (body_seek(req, 0) == -1)
		return -1;
	CHECK_INT(body_left(req), 20);
	CHECK_INT(body_read(req, buf, 6), 6);
	CHECK_MEM(buf, 6, "012345");
	CHECK_INT(body_seek(req, -1), -1);
	CHECK_INT(body_seek(req, 18), 0);
	CHECK_INT(body_read(req, buf, 10), 2);
	CHECK_MEM(buf, 2, "ij");
	CHECK_INT(body_read(req, buf, 10), 0);
	CHECK_INT(body_seek(req, 99), 0);
	CHECK_INT(body_read(req, buf, 10), 0);
	CHECK_INT(body_seek(req, 0), 0);
	CHECK_INT(body_read(req, buf, 1), 1);
	response_begin(req, "200 OK", 6);
	return response_write_whole(req, "sought", 6);
}

TEST(body_is_sought_only_when_collected)
{
	static const char *const *const options[] = { in_memory, in_file,
	    parked };
	struct worker	*w;
	int		 client, i;

	for (i = 0; i < 3; i++) {
		w = start(true, options[i], 1);
		rig_handler = handler_seek;
		client = rig_client(w);
		rig_send(client, i == 1 ? CHUNKED : LENGTH);
		CHECK(strstr(receive(w, client), i < 2 ? "sought" :
		    " 500 ") != NULL);
		stop(w, client);
	}
}

/* Much data in small and large chunks, faster and slower than it is read. */
TEST(body_of_many_chunks_is_whole)
{
	static const size_t	 sizes[] = { 1, 5, 1000, 4096 };
	static const char *const *const options[] = { parked, in_file };
	struct strbuf		 sb = STRBUF_INIT;
	struct worker		*w;
	const char		*got;
	size_t			 i, k, at, total = 0;
	ssize_t			 n;
	int			 client;

	strbuf_adds(&sb, POST "Transfer-Encoding: chunked\r\n\r\n");
	for (i = 0; total < 40000; i++) {
		k = (i * i * 37) % 5000 + 1;
		strbuf_addf(&sb, "%zx\r\n", k);
		for (at = 0; at < k; at++)
			strbuf_addc(&sb, (char)('a' + total++ % 26));
		strbuf_adds(&sb, "\r\n");
	}
	strbuf_adds(&sb, "0\r\n\r\n" GET);
	for (i = 0; i < 8; i++) {
		w = start(true, options[i / 4], sizes[i % 4]);
		client = rig_client(w);
		for (at = 0; at < sb.len; at += (size_t)n) {
			n = send(client, sb.buf + at, sb.len - at > 777 ?
			    777 : sb.len - at, MSG_NOSIGNAL);
			if (n < 0)
				n = 0;
			event_base_loop(w->base, EVLOOP_NONBLOCK);
		}
		got = receive(w, client);
		got = strstr(got, "\r\n\r\n");
		CHECK(got != NULL);
		for (at = 0; got != NULL && at < total; at++) {
			if (got[4 + at] != (char)('a' + at % 26))
				break;
		}
		CHECK_INT(at, total);
		CHECK(got != NULL && strncmp(got + 4 + total, "<end>HTTP",
		    9) == 0);
		stop(w, client);
	}
	strbuf_done(&sb);
}
