/* Tests worker/answer*.c: answers without a core, in every protocol's form. */
#include "worker/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test/unit/rig.h"
#include "test/unit/unit.h"
#include "worker/conn.h"
#include "worker/http_parse.h"
#include "worker/worker.h"

static char	 told[256];
static int	 finished, ended, whole;

/* A record: "<LEN:" content ">". */
static size_t
frame_before(const struct conn *c, char *out, size_t len)
{
	(void)c;
	return (size_t)sprintf(out, "<%zu:", len);
}

static size_t
frame_behind(const struct conn *c, char *out, size_t len)
{
	(void)c, (void)len;
	*out = '>';
	return 1;
}

static size_t
frame_end(const struct conn *c, char *out)
{
	(void)c;
	*out = '.';
	return 1;
}

/* Takes a head as text. */
static int
take_head(struct conn *c, const char *head, size_t len, bool end)
{
	(void)c;
	snprintf(told, sizeof(told), "%d %.*s", end, (int)len, head);
	return 0;
}

static int
note_finish(struct conn *c)
{
	(void)c;
	finished++;
	return 0;
}

static enum http_parse_verdict
parse_http(char *buf, size_t len, const struct http_limits *limits,
    struct http_head *head)
{
	return http_parse(buf, len, limits, head);
}

static const struct protocol_frames	 frames = { .max = 10,
    .before = frame_before, .behind = frame_behind, .end = frame_end };
static const struct protocol		 framed = { .name = "framed",
    .parse = parse_http, .status = "Status: ", .frames = &frames };
static const struct protocol		 headed = { .name = "headed",
    .parse = parse_http, .status = "", .send_head = take_head,
    .finish = note_finish };

/* An answer's end. */
static void
note_done(struct answer *a)
{
	ended++;
	whole += a->whole;
}

/* A client whose connection speaks this. */
static int
client_of(struct worker *w, const struct protocol *protocol, struct conn **c)
{
	int	 client = rig_client(w);

	*c = TAILQ_FIRST(&w->conns[CONN_HEAD].list);
	(*c)->protocol = protocol;
	ended = whole = finished = 0;
	return client;
}

/* An unlinked file with so many bytes, 'a' to 'z' again and again. */
static int
file_of(size_t len)
{
	char	 name[] = "/tmp/wm-answer-XXXXXX";
	int	 fd = mkstemp(name);
	FILE	*file = fdopen(dup(fd), "w");
	size_t	 i;

	unlink(name);
	for (i = 0; i < len; i++)
		fputc((int)('a' + i % 26), file);
	fclose(file);
	return fd;
}

/* Begins an answer of "hello" and some bytes of a file. */
static struct answer *
answer_of(struct conn *c, size_t len)
{
	struct answer	*a = answer_new(c, 200);

	a->done = note_done;
	answer_end_head(a, (int64_t)len + 5);
	answer_text(a, "hello", 5);
	a->fd = file_of(len);
	answer_file(a, 0, len);
	return a;
}

TEST(answer_is_head_and_parts)
{
	struct worker	*w = rig_start(false, NULL);
	struct conn	*c;
	int		 client = client_of(w, &protocol_http1, &c);
	const char	*got;

	conn_answer(c, answer_of(c, 26));
	got = rig_receive(w, client, "xyz");
	CHECK_MEM(got, 17, "HTTP/1.1 200 OK\r\n");
	CHECK(strstr(got, "Content-Length: 31\r\nConnection: close\r\n\r\n"
	    "helloabcdefghijklmnopqrstuvwxyz") != NULL);
	CHECK_INT(ended, 1);
	CHECK_INT(whole, 1);
	CHECK(rig_closed(w, client));
	close(client);
	rig_turn(w, 20);
	CHECK_INT(w->nconns, 0);
	rig_stop(w);
}

TEST(answer_is_put_into_records)
{
	struct worker	*w = rig_start(false, NULL);
	struct conn	*c;
	int		 client = client_of(w, &framed, &c);
	char		 text[4096], body[4096] = "";
	const char	*p;
	int		 len, at;

	conn_answer(c, answer_of(c, 25));
	snprintf(text, sizeof(text), "%s", rig_receive(w, client, ">."));
	for (p = text; sscanf(p, "<%d:%n", &len, &at) == 1;
	    p += at + len + 1) {
		CHECK(len > 0 && len <= 10);
		strncat(body, p + at, (size_t)len);
		CHECK(p[at + len] == '>');
	}
	CHECK_STR(p, ".");
	CHECK_MEM(body, 13, "Status: 200 O");
	CHECK(strstr(body, "Connection") == NULL);
	CHECK(strstr(body, "\r\n\r\nhelloabcdefghijklmnopqrstuvwxy") != NULL);
	CHECK_INT(whole, 1);
	close(client);
	rig_turn(w, 20);
	rig_stop(w);
}

TEST(answer_hands_over_a_head_that_is_no_bytes)
{
	struct worker	*w = rig_start(false, NULL);
	struct conn	*c;
	int		 client = client_of(w, &headed, &c);

	conn_answer(c, answer_of(c, 26));
	CHECK_MEM(rig_receive(w, client, "xyz"), 31,
	    "helloabcdefghijklmnopqrstuvwxyz");
	CHECK_MEM(told, 10, "0 200 OK\r\n");
	CHECK_INT(finished, 1);
	CHECK_INT(whole, 1);
	close(client);
	rig_turn(w, 20);
	rig_stop(w);
}

TEST(reject_is_in_the_protocols_form)
{
	struct worker	*w = rig_start(false, NULL);
	struct conn	*c;
	int		 client = client_of(w, &framed, &c);
	const char	*got;

	rig_send(client, "bad\r\n\r\n");
	got = rig_receive(w, client, ">.");
	CHECK(got[0] == '<' && strstr(got, "HTTP/1.1") == NULL);
	CHECK(rig_closed(w, client));
	close(client);
	rig_turn(w, 20);
	CHECK_INT(w->nconns, 0);
	rig_stop(w);
}

TEST(answer_goes_on_when_the_client_reads)
{
	struct worker	*w = rig_start(false, NULL);
	struct conn	*c;
	int		 client = client_of(w, &protocol_http1, &c), i;
	static char	 buf[65536];
	size_t		 got = 0, size = 5 << 20;
	ssize_t		 n;

	conn_answer(c, answer_of(c, size));
	CHECK_INT(w->conns[CONN_SENDING].list.tqh_first == c, 1);
	CHECK_INT(ended, 0);
	for (i = 0; i < 100000 && got < size; i++) {
		rig_turn(w, 0);
		while ((n = recv(client, buf, sizeof(buf), 0)) > 0)
			got += (size_t)n;
	}
	CHECK(got > size);
	CHECK_INT(whole, 1);
	close(client);
	rig_turn(w, 20);
	CHECK_INT(w->nconns, 0);
	rig_stop(w);
}

TEST(answer_ends_when_the_client_leaves)
{
	struct worker	*w = rig_start(false, NULL);
	struct conn	*c;
	int		 client = client_of(w, &protocol_http1, &c);

	conn_answer(c, answer_of(c, 5 << 20));
	rig_turn(w, 20);
	CHECK_INT(ended, 0);
	close(client);
	rig_turn(w, 20);
	CHECK_INT(ended, 1);
	CHECK_INT(whole, 0);
	CHECK_INT(w->nconns, 0);
	rig_stop(w);
}

TEST(answer_to_who_takes_nothing_times_out)
{
	static const char *const	 options[] = { "--write-timeout",
	    "0.1", NULL };
	struct worker	*w = rig_start(false, options);
	struct conn	*c;
	int		 client = client_of(w, &protocol_http1, &c), i;

	conn_answer(c, answer_of(c, 5 << 20));
	for (i = 0; i < 100 && ended == 0; i++)
		rig_turn(w, 50);
	CHECK_INT(ended, 1);
	CHECK_INT(whole, 0);
	CHECK_INT(w->nconns, 0);
	close(client);
	rig_stop(w);
}

TEST(answer_of_a_file_that_has_shrunk_is_cut)
{
	struct worker	*w = rig_start(false, NULL);
	struct conn	*c;
	int		 client = client_of(w, &protocol_http1, &c);
	struct answer	*a = answer_of(c, 1000);

	CHECK_INT(ftruncate(a->fd, 500), 0);
	conn_answer(c, a);
	CHECK_INT(ended, 1);
	CHECK_INT(whole, 0);
	CHECK(rig_closed(w, client));
	CHECK_INT(w->nconns, 0);
	close(client);
	rig_stop(w);
}

TEST(answer_has_as_many_parts_as_it_needs)
{
	struct worker	*w = rig_start(false, NULL);
	struct conn	*c;
	int		 client = client_of(w, &protocol_http1, &c), i;
	struct answer	*a = answer_new(c, 206);
	char		 want[512] = "\r\n\r\n", part[8];

	answer_end_head(a, 26 * 4);
	a->fd = file_of(26);
	for (i = 0; i < 26; i++) {
		snprintf(part, sizeof(part), "[%c]", 'a' + i);
		answer_text(a, "[", 1);
		answer_file(a, i, 1);
		answer_text(a, "]", 1);
		strcat(want, part);
	}
	conn_answer(c, a);
	CHECK(strstr(rig_receive(w, client, "[z]"), want) != NULL);
	close(client);
	rig_turn(w, 20);
	rig_stop(w);
}
