/* Tests worker/response*.c: what a client receives for what a handler does. */
#include "worker/response.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "shm/listener.h"
#include "test/unit/rig.h"
#include "test/unit/unit.h"
#include "worker/conn.h"
#include "worker/request.h"
#include "worker/wait.h"
#include "worker/worker.h"

static const char *const async4[] = { "--async", "4", "--greenlet", NULL };

/* What the handler does next, one step behind each '|'; see script_step. */
static const char	*script;
/* What the last failed step said, NULL when none did. */
static const char	*script_error;
/* Are pieces held, to be joined? */
static bool		 script_joins;

/* A file with this text; the caller closes it. */
static int
file_with(const char *text, size_t len)
{
	int	 fd = memfd_create("test", MFD_CLOEXEC);

	if (fd == -1 || write(fd, text, len) != (ssize_t)len)
		CHECK(false);
	return fd;
}

/* Sends a text as a file. */
static int
script_file(struct request *req, const char *text, size_t len)
{
	int	 fd = file_with(text, len);
	int	 result = response_sendfile(req, fd, 0, -1);

	close(fd);
	return result;
}

/* Adds "name: value". */
static const char *
script_header(struct request *req, const char *text, size_t len)
{
	const char	*colon = memchr(text, ':', len);
	size_t		 name = (size_t)(colon - text);

	return response_add(req, text, name, colon + 2, len - name - 2);
}

/* One step: status, header, write, Whole, file, end, body, fail 500. */
static int
script_step(struct request *req, const char *s, size_t len)
{
	char		 scratch[256];
	const char	*error = NULL;

	switch (*s) {
	case 's':
		error = response_begin(req, s + 1, len - 1);
		break;
	case 'h':
		error = script_header(req, s + 1, len - 1);
		break;
	case 'w':
		return (script_joins ? response_stream : response_write)(req,
		    s + 1, len - 1);
	case 'W':
		return response_write_whole(req, s + 1, len - 1);
	case 'f':
		return script_file(req, s + 1, len - 1);
	case 'e':
		return response_end(req);
	case 'b':
		return body_read(req, scratch, sizeof(scratch)) < 0 ? -1 : 0;
	case 'x':
		return -1;
	}
	if (error != NULL)
		script_error = error;
	return error == NULL ? 0 : -1;
}

/* Does what the script says. */
static int
handler_script(struct request *req)
{
	const char	*s = script;
	size_t		 len;

	for (;;) {
		len = strcspn(s, "|");
		if (len > 0 && script_step(req, s, len) == -1)
			return -1;
		if (s[len] == '\0')
			return 0;
		s += len + 1;
	}
}

/* What has come until the base has nothing to do; *closed: and its end. */
static const char *
receive_all(struct worker *w, int client, bool *closed)
{
	static char	 got[1 << 16];
	size_t		 len = 0;
	ssize_t		 n;
	int		 quiet;

	*closed = false;
	for (quiet = 0; quiet < 3 && !*closed; quiet++) {
		event_base_loop(w->base, EVLOOP_NONBLOCK);
		while ((n = recv(client, got + len, sizeof(got) - 1 - len,
		    0)) > 0) {
			len += (size_t)n;
			quiet = 0;
		}
		*closed = n == 0 || errno != EAGAIN;
	}
	got[len] = '\0';
	return got;
}

struct framing_case {
	const char	*what;
	const char	*request;	/* the head's lines, '\n' for CRLF */
	const char	*script;
	const char	*has;		/* this is in the head */
	const char	*lacks;		/* this is not in the head; or NULL */
	const char	*body;		/* raw, all that follows the head */
	bool		 closed;
};

#define GET11	"GET / HTTP/1.1\nHost: a\n\n"
#define GET11C	"GET / HTTP/1.1\nHost: a\nConnection: close\n\n"
#define GET10	"GET / HTTP/1.0\n\n"
#define GET10K	"GET / HTTP/1.0\nConnection: keep-alive\n\n"
#define HEAD11	"HEAD / HTTP/1.1\nHost: a\n\n"
#define HEAD10K	"HEAD / HTTP/1.0\nConnection: keep-alive\n\n"

static const struct framing_case framing_cases[] = {
	{ "whole body", GET11, "s200 OK|Whello",
	  "\r\nContent-Length: 5\r\n", "Connection:", "hello", false },
	{ "whole body, close asked", GET11C, "s200 OK|Whello",
	  "\r\nConnection: close\r\n", NULL, "hello", true },
	{ "whole empty body", GET11, "s200 OK|W|e",
	  "\r\nContent-Length: 0\r\n", NULL, "", false },
	{ "no body at all", GET11, "s200 OK|e",
	  "\r\nContent-Length: 0\r\n", NULL, "", false },
	{ "not even an end", GET11, "s200 OK",
	  "\r\nContent-Length: 0\r\n", NULL, "", false },
	{ "pieces", GET11, "s200 OK|whel|wlo|e",
	  "\r\nTransfer-Encoding: chunked\r\n", "Content-Length",
	  "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", false },
	{ "an empty piece is no last chunk", GET11, "s200 OK|whel|w|wlo|e",
	  "chunked", NULL, "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", false },
	{ "an empty first piece", GET11, "s200 OK|w|whel|e",
	  "chunked", NULL, "3\r\nhel\r\n0\r\n\r\n", false },
	{ "a piece, then the rest in one", GET11, "s200 OK|whel|Wlo",
	  "chunked", NULL, "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", false },
	{ "ended twice", GET11, "s200 OK|whel|e|e",
	  "chunked", NULL, "3\r\nhel\r\n0\r\n\r\n", false },
	{ "pieces, close asked", GET11C, "s200 OK|whel|e",
	  "chunked", NULL, "3\r\nhel\r\n0\r\n\r\n", true },
	{ "app asks to close", GET11, "s200 OK|hConnection: close|Whello",
	  "\r\nConnection: close\r\n", NULL, "hello", true },
	{ "app's length", GET11, "s200 OK|hContent-Length: 5|whel|wlo|e",
	  "\r\nContent-Length: 5\r\n", "chunked", "hello", false },
	{ "app's length, whole", GET11, "s200 OK|hcontent-length: 5|Whello",
	  "\r\nContent-Length: 5\r\n", "chunked", "hello", false },
	{ "more than announced", GET11,
	  "s200 OK|hContent-Length: 4|whel|wlo|wxyz|e",
	  "\r\nContent-Length: 4\r\n", NULL, "hell", true },
	{ "less than announced", GET11, "s200 OK|hContent-Length: 9|whel|e",
	  "\r\nContent-Length: 9\r\n", NULL, "hel", true },
	{ "nothing of what was announced", GET11,
	  "s200 OK|hContent-Length: 9|e",
	  "\r\nContent-Length: 9\r\n", NULL, "", true },
	{ "1.0, whole", GET10, "s200 OK|Whello",
	  "\r\nContent-Length: 5\r\n", "keep-alive", "hello", true },
	{ "1.0, pieces", GET10, "s200 OK|whel|wlo|e",
	  "\r\nConnection: close\r\n", "chunked", "hello", true },
	{ "1.0 kept, whole", GET10K, "s200 OK|Whello",
	  "\r\nConnection: keep-alive\r\n", NULL, "hello", false },
	{ "1.0 kept, pieces", GET10K, "s200 OK|whel|wlo|e",
	  "\r\nConnection: close\r\n", "chunked", "hello", true },
	{ "1.0 kept, app's length", GET10K,
	  "s200 OK|hContent-Length: 5|whel|wlo|e",
	  "\r\nConnection: keep-alive\r\n", NULL, "hello", false },
	{ "HEAD, whole", HEAD11, "s200 OK|Whello",
	  "\r\nContent-Length: 5\r\n", NULL, "", false },
	{ "HEAD, pieces", HEAD11, "s200 OK|whel|wlo|e",
	  "200 OK", "Content-Length", "", false },
	{ "HEAD, app's length and no body", HEAD11,
	  "s200 OK|hContent-Length: 5|e",
	  "\r\nContent-Length: 5\r\n", NULL, "", false },
	{ "HEAD, app's length, too long a body", HEAD11,
	  "s200 OK|hContent-Length: 2|whello|e",
	  "\r\nContent-Length: 2\r\n", NULL, "", false },
	{ "HEAD 1.0 kept, pieces", HEAD10K, "s200 OK|whel|wlo|e",
	  "\r\nConnection: keep-alive\r\n", NULL, "", false },
	{ "HEAD, file", HEAD11, "s200 OK|fhello|e",
	  "\r\nContent-Length: 5\r\n", NULL, "", false },
	{ "204", GET11, "s204 No Content|e",
	  "204 No Content", "Content-Length", "", false },
	{ "205", GET11, "s205 Reset Content|e",
	  "Content-Length: 0", "chunked", "", false },
	{ "205 with a body", GET11, "s205 Reset Content|Whello",
	  "Content-Length: 0", "hello", "", false },
	{ "205 with pieces", GET11, "s205 Reset Content|whel|wlo|e",
	  "Content-Length: 0", "chunked", "", false },
	{ "205 with the app's length", GET11,
	  "s205 Reset Content|hContent-Length: 5|whello|e",
	  "Content-Length: 0", "Content-Length: 5", "", false },
	{ "204 with a body", GET11, "s204 No Content|Whello",
	  "204 No Content", "Content-Length", "", false },
	{ "204 with pieces", GET11, "s204 No Content|whel|wlo|e",
	  "204 No Content", "chunked", "", false },
	/* RFC 9110 8.6: never in a 204; frameworks add it all the same. */
	{ "204 with the app's length", GET11,
	  "s204 No Content|hContent-Length: 0|e",
	  "204 No Content", "Content-Length", "", false },
	{ "304 keeps the length it would have", GET11,
	  "s304 Not Modified|hContent-Length: 5|e",
	  "\r\nContent-Length: 5\r\n", NULL, "", false },
	{ "304 with a body", GET11, "s304 Not Modified|whello|e",
	  "304 Not", "Content-Length", "", false },
	{ "file", GET11, "s200 OK|fhello|e",
	  "\r\nContent-Length: 5\r\n", NULL, "hello", false },
	{ "empty file", GET11, "s200 OK|f|e",
	  "\r\nContent-Length: 0\r\n", NULL, "", false },
	{ "file longer than announced", GET11,
	  "s200 OK|hContent-Length: 4|fhello|e",
	  "\r\nContent-Length: 4\r\n", NULL, "hell", true },
	{ "file shorter than announced", GET11,
	  "s200 OK|hContent-Length: 9|fhello|e",
	  "\r\nContent-Length: 9\r\n", NULL, "hello", true },
	{ "file as a chunk", GET11, "s200 OK|wa|fhello|wb|e",
	  "chunked", NULL,
	  "1\r\na\r\n5\r\nhello\r\n1\r\nb\r\n0\r\n\r\n", false },
	{ "file, 1.0", GET10, "s200 OK|fhello|e",
	  "\r\nContent-Length: 5\r\n", NULL, "hello", true },
	{ "file behind a piece, 1.0", GET10, "s200 OK|wa|fhello|e",
	  "\r\nConnection: close\r\n", "Content-Length", "ahello", true },
	{ "file, 204", GET11, "s204 No Content|fhello|e",
	  "204 No", "Content-Length", "", false },
	{ "begun again", GET11,
	  "s200 OK|hX-A: 1|hContent-Length: 7|s500 Oh|hX-B: 2|Whello",
	  "\r\nX-B: 2\r\n", "X-A", "hello", false },
	{ "begun again forgets to close", GET11,
	  "s200 OK|hConnection: close|s200 OK|Whello",
	  "200 OK", "close", "hello", false },
	{ "nothing", GET11, "", "HTTP/1.1 500 ", NULL,
	  "Internal Server Error\n", false },
	{ "fails at once", GET11, "x", "HTTP/1.1 500 ", NULL,
	  "Internal Server Error\n", false },
	{ "fails at once, HEAD", HEAD11, "x", "HTTP/1.1 500 ", NULL, "",
	  false },
	{ "fails with a head begun", GET11, "s200 OK|hX-A: 1|x",
	  "HTTP/1.1 500 ", "X-A", "Internal Server Error\n", false },
	{ "fails in chunks: no last chunk", GET11, "s200 OK|whel|x",
	  "chunked", NULL, "3\r\nhel\r\n", true },
	{ "fails in an announced body", GET11,
	  "s200 OK|hContent-Length: 9|whel|x",
	  "Content-Length: 9", NULL, "hel", true },
	{ "fails after the end", GET11, "s200 OK|Whello|x",
	  "Content-Length: 5", NULL, "hello", true },
	{ "writes after the end", GET11, "s200 OK|Whello|wmore",
	  "Content-Length: 5", NULL, "hello", true },
	{ "status without a reason", GET11, "s299|e", "HTTP/1.1 299 \r\n",
	  NULL, "", false },
	{ "two equal lengths", GET11,
	  "s200 OK|hContent-Length: 5|hContent-Length: 5|Whello",
	  "\r\nContent-Length: 5\r\n", "5\r\nContent-Length", "hello",
	  false },
	{ "an app's Date", GET11, "s200 OK|hDate: never|e",
	  "\r\nDate: never\r\n", " GMT\r\n", "", false },
};

/* Copies a request with CRLF for each newline. */
static void
send_lines(int client, const char *lines)
{
	struct strbuf	 sb = STRBUF_INIT;

	for (; *lines != '\0'; lines++) {
		if (*lines == '\n')
			strbuf_addc(&sb, '\r');
		strbuf_addc(&sb, *lines);
	}
	rig_send(client, sb.buf);
	strbuf_done(&sb);
}

/* Compares one case; says which it was. */
static void
framing_check(struct worker *w, const struct framing_case *fc)
{
	int		 client = rig_client(w);
	const char	*body;
	char		*got;
	bool		 closed;

	script = fc->script;
	send_lines(client, fc->request);
	got = (char *)receive_all(w, client, &closed);
	body = strstr(got, "\r\n\r\n");
	if (body != NULL) {
		body += 4;
		if (strcmp(body, fc->body) != 0 || closed != fc->closed)
			printf("# %s: wrong body or end\n", fc->what);
		CHECK_STR(body, fc->body);
		CHECK_INT(closed, fc->closed);
		got[body - got - 2] = '\0';
	} else {
		printf("# %s: no head\n", fc->what);
	}
	if (!unit_check(__FILE__, __LINE__, fc->has,
	    strstr(got, fc->has) != NULL))
		printf("# %s: missing in:\n%s\n", fc->what, got);
	if (fc->lacks != NULL && !unit_check(__FILE__, __LINE__, fc->lacks,
	    strstr(got, fc->lacks) == NULL))
		printf("# %s: not wanted in:\n%s\n", fc->what, got);
	close(client);
	event_base_loop(w->base, EVLOOP_NONBLOCK);
}

/* Runs the table. */
static void
framing_run(bool parking)
{
	struct worker	*w = rig_start(parking, parking ? async4 : NULL);
	size_t		 i;

	rig_handler = handler_script;
	for (i = 0; i < sizeof(framing_cases) / sizeof(framing_cases[0]); i++)
		framing_check(w, &framing_cases[i]);
	rig_turn(w, 20);
	CHECK_INT(w->nconns, 0);
	CHECK_INT(w->busy, 0);
	rig_stop(w);
}

TEST(response_framing_without_an_engine)
{
	framing_run(false);
}

TEST(response_framing_on_parked_cores)
{
	framing_run(true);
}

TEST(response_framing_of_joined_pieces)
{
	script_joins = true;
	framing_run(false);
	framing_run(true);
	script_joins = false;
}

TEST(response_refuses_what_would_break_the_head)
{
	static const char *const scripts[] = {
		"s20", "s2000 OK", "s200OK", "sabc", "s101 Switching",
		"s200 O\rK", "s200 O\nK", "s099 X",
		"s200 OK|hX: a\r\nB: c", "s200 OK|hX: a\nB: c",
		"s200 OK|hX Y: a", "s200 OK|hX\r: a", "s200 OK|h: a",
		"s200 OK|hTransfer-Encoding: chunked",
		"s200 OK|hKEEP-alive: 5", "s200 OK|hUpgrade: x",
		"s200 OK|hConnection: upgrade",
		"s200 OK|hContent-Length: -1", "s200 OK|hContent-Length: 5x",
		"s200 OK|hContent-Length: 1|hContent-Length: 2",
		"s200 OK|hContent-Length: 9999999999999999999",
		"s200 OK|wa|s200 OK", "s200 OK|wa|hX: y", "hX: y",
	};
	struct worker	*w = rig_start(false, NULL);
	bool		 closed;
	size_t		 i;
	int		 client;

	rig_handler = handler_script;
	for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		client = rig_client(w);
		script = scripts[i];
		script_error = NULL;
		send_lines(client, GET11);
		receive_all(w, client, &closed);
		if (script_error == NULL)
			printf("# accepted: %s\n", scripts[i]);
		CHECK(script_error != NULL);
		close(client);
		event_base_loop(w->base, EVLOOP_NONBLOCK);
	}
	rig_stop(w);
}

/* How the large body is sent. */
static struct {
	size_t	 size;
	char	 how;		/* script_step's letters */
	int	 length;	/* announced: 0 no, 1 exactly, 2 one less */
	int	 result;
} large;

/* The n-th byte of a large body. */
static char
large_byte(size_t n)
{
	return (char)('a' + n % 23 + n / 4099 % 3);
}

/* Sends a large body. */
static int
handler_large(struct request *req)
{
	char	*data = malloc(large.size), digits[32];
	size_t	 i;
	int	 fd, n;

	for (i = 0; i < large.size; i++)
		data[i] = large_byte(i);
	response_begin(req, "200 OK", 6);
	n = snprintf(digits, sizeof(digits), "%zu", large.size -
	    (size_t)(large.length == 2));
	if (large.length > 0)
		response_add(req, "Content-Length", 14, digits, (size_t)n);
	if (large.how == 'W') {
		large.result = response_write_whole(req, data, large.size);
	} else if (large.how == 'w') {
		large.result = response_write(req, data, large.size);
	} else {
		fd = file_with(data, large.size);
		if (large.how == 'c')	/* so that it is a chunk */
			response_write(req, "", 0);
		large.result = response_sendfile(req, fd, 0, -1);
		close(fd);
	}
	free(data);
	if (large.result == 0)
		large.result = response_end(req);
	return large.result;
}

/* Takes a chunked body apart in place; its length, or -1. */
static ssize_t
unchunk(char *data, size_t len)
{
	size_t	 at = 0, out = 0, n;
	char	*end;

	for (;;) {
		n = strtoul(data + at, &end, 16);
		if (end == data + at || memcmp(end, "\r\n", 2) != 0)
			return -1;
		at = (size_t)(end - data) + 2;
		if (at + n + 2 > len ||
		    memcmp(data + at + n, "\r\n", 2) != 0)
			return -1;
		memmove(data + out, data + at, n);
		out += n;
		at += n + 2;
		if (n == 0)
			return at == len ? (ssize_t)out : -1;
	}
}

/* Reads slowly until nothing comes; compares with what was sent. */
static void
large_check(struct worker *w, const char *request)
{
	static char	 got[5 << 20];
	size_t		 len = 0, want = large.size - (large.length == 2);
	size_t		 i;
	ssize_t		 n, body = -1;
	int		 client = rig_client(w), quiet;
	char		*at;

	send_lines(client, request);
	for (quiet = 0; quiet < 4; quiet++) {
		event_base_loop(w->base, EVLOOP_NONBLOCK);
		n = recv(client, got + len, len < 3000 ? 700 : 50001, 0);
		if (n > 0) {
			len += (size_t)n;
			quiet = 0;
		}
	}
	got[len] = '\0';
	at = strstr(got, "\r\n\r\n");
	CHECK(at != NULL);
	if (at != NULL) {
		*at = '\0';
		body = (ssize_t)(got + len - (at + 4));
		if (strstr(got, "chunked") != NULL)
			body = unchunk(at + 4, (size_t)body);
		for (i = 0; (ssize_t)i < body; i++) {
			if (at[4 + i] != large_byte(i))
				break;
		}
		CHECK_INT(i, want);
	}
	if (body != (ssize_t)want)
		printf("# size %zu, how %c, length %d\n", large.size,
		    large.how, large.length);
	CHECK_INT(body, want);
	close(client);
	event_base_loop(w->base, EVLOOP_NONBLOCK);
	event_base_loop(w->base, EVLOOP_NONBLOCK);
}

TEST(response_sends_large_bodies_to_slow_clients)
{
	static const size_t sizes[] = { 1, 16383, 16384, 16385, 70000,
	    300000, 1500000 };
	struct worker	*w = rig_start(true, async4);
	size_t		 i;
	const char	*how;

	rig_handler = handler_large;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		large.size = sizes[i];
		for (how = "Wwfc"; *how != '\0'; how++) {
			large.how = *how;
			for (large.length = 0; large.length < 3;
			    large.length++) {
				large_check(w, GET11);
				large_check(w, GET10);
			}
		}
	}
	CHECK_INT(w->busy, 0);
	CHECK_INT(w->nconns, 0);
	rig_stop(w);
}

TEST(response_is_given_up_when_the_client_leaves)
{
	struct worker	*w = rig_start(true, async4);
	const char	*how;
	int		 client;

	signal(SIGPIPE, SIG_DFL);	/* as an app may do */
	rig_handler = handler_large;
	large.size = 2000000;
	large.length = 0;
	for (how = "Wwf"; *how != '\0'; how++) {
		client = rig_client(w);
		large.how = *how;
		large.result = 0;
		send_lines(client, GET11);
		rig_turn(w, 5);
		CHECK_INT(w->busy, 1);
		close(client);
		rig_turn(w, 5);
		CHECK_INT(large.result, -1);
		CHECK_INT(w->busy, 0);
		CHECK_INT(w->nconns, 0);
	}
	rig_stop(w);
}

static int	 stolen_fd;

/* Sends a large file, whose descriptor somebody else closes meanwhile. */
static int
handler_stolen(struct request *req)
{
	char	*data = calloc(1, large.size);

	stolen_fd = file_with(data, large.size);
	free(data);
	response_begin(req, "200 OK", 6);
	return response_sendfile(req, stolen_fd, 0, -1) == -1 ? -1 :
	    response_end(req);
}

TEST(response_sends_the_file_that_was_meant)
{
	struct worker	*w = rig_start(true, async4);
	int		 client = rig_client(w), other, tries;
	size_t		 total = 0, i;
	char		 got[65536];
	ssize_t		 n = 1;

	rig_handler = handler_stolen;
	large.size = 2000000;
	send_lines(client, GET11 "");
	rig_turn(w, 5);
	CHECK_INT(w->busy, 1);
	memset(got, 'x', sizeof(got));
	other = file_with(got, sizeof(got));
	CHECK_INT(dup2(other, stolen_fd), stolen_fd);
	close(other);
	for (tries = 0; tries < 2000 && total < large.size; tries++) {
		rig_turn(w, 1);
		n = recv(client, got, sizeof(got), 0);
		for (i = 300; n > 300 && i < (size_t)n; i++)
			CHECK_INT(got[i], 0);
		total += n > 0 ? (size_t)n : 0;
	}
	CHECK(total > large.size);
	CHECK_INT(w->busy, 0);
	close(stolen_fd);
	close(client);
	rig_turn(w, 5);
	rig_stop(w);
}

TEST(response_is_given_up_when_the_client_does_not_read)
{
	static const char *const options[] = { "--async", "4", "--greenlet",
	    "--write-timeout", "0.05", NULL };
	struct worker	*w = rig_start(true, options);
	int		 client = rig_client(w), tries;

	rig_handler = handler_large;
	large.size = 2000000;
	large.length = 0;
	large.how = 'w';
	large.result = 0;
	send_lines(client, GET11);
	for (tries = 0; tries < 500 && w->nconns > 0; tries++)
		rig_turn(w, 10);
	CHECK_INT(large.result, -1);
	CHECK_INT(w->busy, 0);
	CHECK_INT(w->nconns, 0);
	close(client);
	rig_stop(w);
}

/* A connected TCP client with a small window; the worker's conn is made. */
static int
tcp_client(struct worker *w)
{
	static const struct listener	 tcp = { .fd = -1,
	    .name = (char *)"tcp", .host = (char *)"tcp", .port = (char *)"" };
	struct sockaddr_in		 sin = { .sin_family = AF_INET,
	    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_storage		 peer = { .ss_family = AF_INET };
	socklen_t			 len = sizeof(sin);
	int				 l, client, small = 4096;

	l = socket(AF_INET, SOCK_STREAM, 0);
	client = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(client, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	if (bind(l, (struct sockaddr *)&sin, len) == -1 ||
	    listen(l, 1) == -1 ||
	    getsockname(l, (struct sockaddr *)&sin, &len) == -1 ||
	    connect(client, (struct sockaddr *)&sin, len) == -1)
		CHECK_STR(strerror(errno), "a TCP connection");
	conn_accepted(w, &tcp, accept4(l, NULL, NULL, SOCK_NONBLOCK), &peer);
	cores_work_off(w);
	close(l);
	return client;
}

/* Reads all, turning the base; the count, *error how it ended. */
static size_t
tcp_drain(struct worker *w, int client, int *error)
{
	char	 scratch[4096];
	size_t	 len = 0;
	ssize_t	 n;
	int	 quiet;

	*error = EAGAIN;
	for (quiet = 0; quiet < 50; quiet++) {
		rig_turn(w, 1);
		while ((n = recv(client, scratch, sizeof(scratch),
		    MSG_DONTWAIT)) > 0) {
			len += (size_t)n;
			quiet = 0;
		}
		*error = n == 0 ? 0 : errno;
		if (*error != EAGAIN)
			break;
	}
	return len;
}

/*
 * What the connection's end delimits must not end properly when it is cut:
 * the client would take it for the whole.
 */
TEST(response_cut_by_write_timeout_does_not_look_whole)
{
	static const char *const options[] = { "--async", "4", "--greenlet",
	    "--write-timeout", "0.05", NULL };
	struct worker	*w = rig_start(true, options);
	int		 client = tcp_client(w), error, tries;

	rig_handler = handler_large;
	large.size = 12 << 20;
	large.length = 0;
	large.how = 'w';
	large.result = 0;
	send_lines(client, GET10);
	/* The kernel may take a little more for the client, again and again. */
	for (tries = 0; tries < 500 && large.result == 0; tries++)
		rig_turn(w, 20);
	CHECK_INT(large.result, -1);
	rig_turn(w, 20);
	CHECK_INT(w->busy, 0);
	tcp_drain(w, client, &error);
	CHECK_INT(error, ECONNRESET);
	close(client);
	rig_turn(w, 20);
	rig_stop(w);
}

TEST(response_cut_by_a_failure_does_not_look_whole)
{
	struct worker	*w = rig_start(true, async4);
	int		 client = tcp_client(w), error;

	rig_handler = handler_script;
	script = "s200 OK|whello|x";
	send_lines(client, GET10);
	tcp_drain(w, client, &error);
	CHECK_INT(error, ECONNRESET);
	close(client);
	rig_turn(w, 20);
	rig_stop(w);
}

/*
 * close(2) with unread input resets the connection and destroys what of the
 * response is still on its way.
 */
TEST(response_survives_input_behind_the_last_request)
{
	struct worker	*w = rig_start(true, async4);
	int		 client = tcp_client(w), error;
	char		 junk[30000];
	size_t		 got;

	memset(junk, 'x', sizeof(junk));
	rig_handler = handler_large;
	large.size = 400000;
	large.length = 0;
	large.how = 'W';
	send_lines(client, GET11C);
	if (send(client, junk, sizeof(junk), 0) != (ssize_t)sizeof(junk))
		CHECK(false);
	rig_turn(w, 20);
	got = tcp_drain(w, client, &error);
	CHECK(got > large.size);
	close(client);
	rig_turn(w, 20);
	rig_stop(w);
}

/* 100 Continue is a response of its own: never within another. */
TEST(response_is_not_mixed_with_100_continue)
{
	struct worker	*w = rig_start(true, async4);
	int		 client = rig_client(w);
	const char	*got;
	bool		 closed;

	rig_handler = handler_script;
	script = "s200 OK|whel|b|wlo|e";
	send_lines(client, "POST / HTTP/1.1\nHost: a\nContent-Length: 3\n"
	    "Expect: 100-continue\n\n");
	got = receive_all(w, client, &closed);
	CHECK(strncmp(got, "HTTP/1.1 200", 12) == 0);
	CHECK(strstr(got, "100 Continue") == NULL);
	rig_send(client, "abc");
	receive_all(w, client, &closed);
	close(client);
	rig_turn(w, 20);
	rig_stop(w);
}

/* A rejected HEAD request has no body either. */
TEST(response_to_a_shed_head_request_has_no_body)
{
	static const char *const options[] = { "--limit-post", "5", NULL };
	struct worker	*w = rig_start(false, options);
	int		 client = rig_client(w);
	const char	*got;
	bool		 closed;

	rig_handler = handler_script;
	send_lines(client, "HEAD / HTTP/1.1\nHost: a\nContent-Length: 6\n\n");
	got = receive_all(w, client, &closed);
	CHECK(strstr(got, " 413 ") != NULL);
	got = strstr(got, "\r\n\r\n");
	CHECK_STR(got == NULL ? NULL : got + 4, "");
	close(client);
	rig_turn(w, 20);
	rig_stop(w);
}

/* RFC 9110 6.6.1: whoever has a clock sends it with 2xx, 3xx and 4xx. */
TEST(response_to_a_bad_request_has_a_date)
{
	struct worker	*w = rig_start(false, NULL);
	int		 client = rig_client(w);
	const char	*got;
	bool		 closed;

	send_lines(client, "GET / HTTP/1.1\nHost : a\n\n");
	got = receive_all(w, client, &closed);
	CHECK(strstr(got, " 400 ") != NULL);
	CHECK(strstr(got, "\r\nDate: ") != NULL);
	close(client);
	rig_turn(w, 20);
	rig_stop(w);
}

TEST(response_closes_at_keepalive_requests)
{
	static const char *const options[] = { "--keepalive-requests", "2",
	    NULL };
	struct worker	*w = rig_start(false, options);
	int		 client = rig_client(w);
	bool		 closed;

	rig_handler = handler_script;
	script = "s200 OK|Whello";
	send_lines(client, GET11);
	CHECK(strstr(receive_all(w, client, &closed), "close") == NULL);
	CHECK(!closed);
	send_lines(client, GET11);
	CHECK(strstr(receive_all(w, client, &closed), "close") != NULL);
	CHECK(closed);
	close(client);
	rig_turn(w, 20);
	rig_stop(w);
}

TEST(response_closes_while_draining_after_pipelined_ones)
{
	struct worker	*w = rig_start(true, async4);
	int		 client = rig_client(w);
	const char	*got, *second;
	bool		 closed;

	rig_handler = handler_script;
	script = "s200 OK|Whello";
	w->draining = w->closing = true;
	w->drain_us = clock_coarse_us();
	w->stopped = true;	/* nothing to stop in the rig */
	send_lines(client, GET11 GET11);
	got = receive_all(w, client, &closed);
	second = strstr(got + 10, "HTTP/1.1");
	CHECK(second != NULL);
	CHECK(strstr(got, "Connection: close") > second);
	CHECK(closed);
	close(client);
	rig_turn(w, 20);
	CHECK_INT(w->nconns, 0);
	rig_stop(w);
}
