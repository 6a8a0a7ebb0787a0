/* Tests base/address.c: reading, looking up, printing; no name service. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "test/unit/unit.h"

/* Reads text and compares all it says. */
static void
check_parse(const char *text, bool is_unix, const char *host, const char *port)
{
	struct address	 addr;
	char		*cause = NULL;

	CHECK_INT(address_parse(&addr, text, &cause), 0);
	if (cause != NULL) {
		CHECK_STR(cause, "");
		free(cause);
		return;
	}
	CHECK_INT(addr.is_unix, is_unix);
	CHECK_STR(addr.host, host);
	CHECK_STR(addr.port, port);
	address_done(&addr);
}

/* Text that must be refused, with a message that has why in it. */
static void
check_refused(const char *text, const char *why)
{
	struct address	 addr;
	char		*cause = NULL;

	CHECK_INT(address_parse(&addr, text, &cause), -1);
	if (cause == NULL || strstr(cause, why) == NULL)
		CHECK_STR(cause, why);
	free(cause);
}

/* Reads, looks up and prints all the addresses there are, one a line. */
static void
check_resolve(const char *text, const char *first, const char *second)
{
	struct sockaddr_any	 list[2];
	struct address		 addr;
	char			*cause = NULL, *s;
	int			 n;

	CHECK_INT(address_parse(&addr, text, &cause), 0);
	n = address_resolve(&addr, list, 2, &cause);
	CHECK_INT(n, second == NULL ? 1 : 2);
	address_done(&addr);
	if (n < 1) {
		free(cause);
		return;
	}
	s = address_print(&list[0]);
	CHECK_STR(s, first);
	free(s);
	if (n < 2)
		return;
	s = address_print(&list[1]);
	CHECK_STR(s, second);
	free(s);
}

TEST(address_reads_host_and_port)
{
	check_parse("127.0.0.1:8000", false, "127.0.0.1", "8000");
	check_parse("localhost:80", false, "localhost", "80");
	check_parse("[::1]:80", false, "::1", "80");
	check_parse(":8080", false, "", "8080");
	check_parse(":0", false, "", "0");
	check_parse("h:00080", false, "h", "80");
	check_parse("h:65535", false, "h", "65535");
}

TEST(address_reads_paths)
{
	check_parse("/run/app.sock", true, "/run/app.sock", "");
	check_parse("./app.sock", true, "./app.sock", "");
	check_parse("app.sock", true, "app.sock", "");
	check_parse("unix:app:1", true, "app:1", "");
	check_parse("/tmp/a:80", true, "/tmp/a:80", "");
}

TEST(address_refuses_what_is_none)
{
	check_refused("", "expected host:port");
	check_refused("8000", "expected host:port");
	check_refused("host:", "not an address: \"host:\"");
	check_refused("host:http", "expected host:port");
	check_refused("host:65536", "expected host:port");
	check_refused("host:-1", "expected host:port");
	check_refused("::1:80", "expected host:port");
	check_refused("[::1]", "expected host:port");
	check_refused("[]:80", "expected host:port");
	check_refused("[::g]:80", "not an IPv6 address");
	check_refused("unix:", "needs a path");
}

TEST(address_refuses_a_path_that_is_too_long)
{
	char	 path[200];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[108] = '\0';
	check_refused(path, "at most 107 bytes");
	path[107] = '\0';
	check_parse(path, true, path, "");
}

TEST(address_resolves_numbers_and_paths)
{
	check_resolve("127.0.0.1:8000", "127.0.0.1:8000", NULL);
	check_resolve("[::1]:8000", "[::1]:8000", NULL);
	check_resolve(":8000", "[::]:8000", "0.0.0.0:8000");
	check_resolve("/run/a.sock", "/run/a.sock", NULL);
}

TEST(address_compares)
{
	struct sockaddr_any	 a, b;
	struct address		 addr;
	char			*cause;

	address_parse(&addr, "127.0.0.1:8000", &cause);
	CHECK_INT(address_resolve(&addr, &a, 1, &cause), 1);
	CHECK_INT(address_resolve(&addr, &b, 1, &cause), 1);
	address_done(&addr);
	CHECK(address_equal(&a, &b));
	CHECK_INT(address_port(&a), 8000);
	((struct sockaddr_in *)&b.sa)->sin_port = htons(8001);
	CHECK(!address_equal(&a, &b));
	address_parse(&addr, "/run/a.sock", &cause);
	CHECK_INT(address_resolve(&addr, &b, 1, &cause), 1);
	address_done(&addr);
	CHECK(!address_equal(&a, &b));
	CHECK(address_equal(&b, &b));
	CHECK_INT(address_port(&b), 0);
}
