/* Tests master/handover.c: what one master prints, the next one reads. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "master/handover.h"
#include "master/inherit.h"
#include "master/socket.h"
#include "test/unit/unit.h"

#define VARIABLE	"WSGIMASTER_INHERIT="

static const struct socket_options options = { .backlog = 8 };

/* Opens one that must open. */
static void
must_open(struct socket *s, const char *text)
{
	char	*cause = NULL;

	CHECK_INT(socket_open(s, text, &options, &cause), 0);
	if (cause != NULL)
		CHECK_STR(cause, "");
	free(cause);
}

/* What is read is what was printed; the address stays as it was written. */
TEST(handover_tcp)
{
	struct handover		 h = { .items = NULL };
	struct inherited	 in = { .items = NULL };
	struct socket		 a, b, again;
	char			*text;

	must_open(&a, "127.0.0.1:0");
	must_open(&b, "127.0.0.1:0");
	a.reuse_port = b.kept = true;
	handover_add(&h, "http", &a);
	handover_add(&h, "stats", &b);
	text = handover_print(&h);
	CHECK(strncmp(text, VARIABLE, strlen(VARIABLE)) == 0);
	handover_read(text + strlen(VARIABLE), &in);
	CHECK_INT(in.count, 2);
	CHECK_STR(in.items[0].label, "http");
	CHECK_STR(in.items[1].label, "stats");
	CHECK(in.items[0].socket.reuse_port && !in.items[0].socket.kept);
	CHECK(!in.items[1].socket.reuse_port && in.items[1].socket.kept);
	CHECK(!inherited_take_label(&in, "http", &again));
	CHECK(inherited_take(&in, "127.0.0.1:0", &again));
	CHECK_INT(again.fd, a.fd);
	CHECK_STR(again.name, a.name);
	CHECK_STR(again.host, a.host);
	CHECK_STR(again.port, a.port);
	again.fd = -1;		/* it is a's */
	socket_done(&again);
	CHECK(inherited_take_label(&in, "stats", &again));
	CHECK_INT(again.fd, b.fd);
	socket_done(&again);
	b.fd = -1;
	inherited_done(&in);
	handover_done(&h);
	socket_done(&a);
	socket_done(&b);
	free(text);
}

/* The file of a unix socket is the next master's, but not at once. */
TEST(handover_unix)
{
	char			 folder[] = "/tmp/test_handover.XXXXXX";
	struct handover		 h = { .items = NULL };
	struct inherited	 in = { .items = NULL };
	struct socket		 a, b;
	char			*path, *text;

	CHECK(mkdtemp(folder) != NULL);
	path = xasprintf("%s/sock", folder);
	must_open(&a, path);
	handover_add(&h, "http", &a);
	text = handover_print(&h);
	handover_read(text + strlen(VARIABLE), &in);
	CHECK(inherited_take(&in, path, &b));
	socket_unlink(&b);
	CHECK(access(path, F_OK) == 0);
	handover_disown(&h);
	socket_unlink(&a);
	CHECK(access(path, F_OK) == 0);
	socket_own(&b);
	socket_unlink(&b);
	CHECK(access(path, F_OK) == -1);
	a.fd = -1;		/* it is b's */
	socket_done(&a);
	socket_done(&b);
	inherited_done(&in);
	handover_done(&h);
	rmdir(folder);
	free(path);
	free(text);
}

/* What cannot be read is not taken, and ends. */
TEST(handover_nonsense)
{
	static const char *const	 texts[] = { "", ",", "http", "http=",
	    "http=x", "http=,stats=", "http=2", "http=999999999", "=:::",
	    "http=9999:", "http=9999kr:1:", "a=b=c=1" };
	struct inherited		 in = { .items = NULL };
	size_t				 i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		handover_read(texts[i], &in);
	CHECK_INT(in.count, 0);
	CHECK(fcntl(STDERR_FILENO, F_GETFD) != -1);
	inherited_done(&in);
}
