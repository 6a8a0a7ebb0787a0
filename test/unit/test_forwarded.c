/* Tests worker/proxy/forwarded.c: what proxies say of a request's client. */
#include "worker/proxy/forwarded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/unit/unit.h"
#include "worker/origin.h"

#define FIELDS	16

/* The proxies of these tests. */
static const char *const	 trusted_texts[] = {
	"10.0.0.0/8", "fd00::/8"
};

/*
 * What is found, as "addr port proto host server-port", each "-" where it is
 * not said. head is the field lines.
 */
static const char *
walk(enum forwarded_family family, const char *lines)
{
	static char		 text[256];
	static struct http_field fields[FIELDS];
	struct http_limits	 limits = { 8192, FIELDS, 8192 };
	struct netmask		 items[2];
	struct netmasks		 trusted = { items, 2 };
	struct http_head	 head;
	struct forwarded	 found;
	char			 buf[4096], addr[NETADDR_TEXT], *cause;
	int			 len, i;

	for (i = 0; i < 2; i++)
		if (netmask_parse(&items[i], trusted_texts[i], &cause) == -1)
			abort();
	len = snprintf(buf, sizeof(buf), "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n",
	    lines);
	http_head_init(&head, fields);
	if (http_parse(buf, (size_t)len, &limits, &head) != HTTP_PARSE_DONE)
		return "no head";
	forwarded_walk(&head, buf, family, &trusted, &found);
	netaddr_print(&found.addr, addr);
	snprintf(text, sizeof(text), "%s %u %s %.*s %u",
	    found.has_addr ? addr : "-", found.port, !found.has_proto ? "-" :
	    found.https ? "https" : "http",
	    found.host.s == NULL ? 1 : (int)found.host.len,
	    found.host.s == NULL ? "-" : found.host.s, found.server_port);
	return text;
}

/* A head, and what is found in it. */
struct forwarded_case {
	const char	*lines;
	const char	*want;
};

/* Checks all cases of a table. */
static void
check_all(enum forwarded_family family, const struct forwarded_case *cases,
    size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++) {
		if (strcmp(walk(family, cases[i].lines), cases[i].want) != 0)
			CHECK_STR(cases[i].lines, "as follows");
		CHECK_STR(walk(family, cases[i].lines), cases[i].want);
	}
}

#define CHECK_ALL(family, cases)					\
	check_all((family), (cases), sizeof(cases) / sizeof(*(cases)))
#define XFF	"X-Forwarded-For: "
#define XFP	"X-Forwarded-Proto: "

TEST(x_forwarded_for_is_read_from_the_right)
{
	static const struct forwarded_case	 cases[] = {
		{ "", "- 0 - - 0" },
		{ XFF "1.2.3.4\r\n", "1.2.3.4 0 - - 0" },
		{ "x-forwarded-for:1.2.3.4\r\n", "1.2.3.4 0 - - 0" },
		/* The proxy is here; a lie stands in front of the truth. */
		{ XFF "6.6.6.6, 1.2.3.4\r\n", "1.2.3.4 0 - - 0" },
		{ XFF "10.0.0.9,1.2.3.4\r\n", "1.2.3.4 0 - - 0" },
		/* Two proxies, three; all of it is ours. */
		{ XFF "6.6.6.6, 1.2.3.4, 10.0.0.1\r\n", "1.2.3.4 0 - - 0" },
		{ XFF "1.2.3.4, 10.0.0.1, 10.0.0.2\r\n", "1.2.3.4 0 - - 0" },
		{ XFF "10.0.0.3, 10.0.0.1\r\n", "10.0.0.3 0 - - 0" },
		/* Lines are one list, in order. */
		{ XFF "6.6.6.6\r\n" XFF "1.2.3.4\r\n", "1.2.3.4 0 - - 0" },
		{ XFF "1.2.3.4\r\nA: b\r\n" XFF "10.0.0.1\r\n",
		    "1.2.3.4 0 - - 0" },
		{ XFF "1.2.3.4, \r\n" XFF ", ,10.0.0.1 ,\t\r\n",
		    "1.2.3.4 0 - - 0" },
		{ XFF "\r\n", "- 0 - - 0" },
		{ XFF ", ,\r\n", "- 0 - - 0" },
		/* What is no address ends the walk. */
		{ XFF "1.2.3.4, nonsense, 10.0.0.1\r\n", "10.0.0.1 0 - - 0" },
		{ XFF "1.2.3.4, unknown\r\n", "- 0 - - 0" },
		{ XFF "1.2.3.4 10.0.0.1\r\n", "- 0 - - 0" },
		{ XFF "1.2.3.4, \"10.0.0.1\"\r\n", "- 0 - - 0" },
		{ XFF "\", 1.2.3.4\r\n", "1.2.3.4 0 - - 0" },
		/* Ports and IPv6. */
		{ XFF "1.2.3.4:5678\r\n", "1.2.3.4 5678 - - 0" },
		{ XFF "2001:db8::1\r\n", "2001:db8::1 0 - - 0" },
		{ XFF "[2001:db8::1]\r\n", "2001:db8::1 0 - - 0" },
		{ XFF "[2001:DB8::1]:80, fd00::1\r\n", "2001:db8::1 80 - - 0" },
		{ XFF "9.9.9.9, ::ffff:10.0.0.1\r\n", "9.9.9.9 0 - - 0" },
		{ XFF "1.2.3.4:0\r\n", "- 0 - - 0" },
		{ XFF "1.2.3.4:65536\r\n", "- 0 - - 0" },
		{ XFF "[1.2.3.4]:80\r\n", "- 0 - - 0" },
		{ XFF "[::1]x\r\n", "- 0 - - 0" },
		{ XFF "[::1\r\n", "- 0 - - 0" },
		/* The other family's says nothing. */
		{ "Forwarded: for=1.2.3.4;proto=https\r\n", "- 0 - - 0" },
	};

	CHECK_ALL(FORWARDED_X, cases);
}

TEST(x_forwarded_proto_host_and_port)
{
	static const struct forwarded_case	 cases[] = {
		{ XFP "https\r\n", "- 0 https - 0" },
		{ XFP "HTTPS\r\n", "- 0 https - 0" },
		{ XFP "wss\r\n", "- 0 https - 0" },
		{ XFP "http\r\n", "- 0 http - 0" },
		{ XFP "ws\r\n", "- 0 http - 0" },
		{ XFP "on\r\n", "- 0 - - 0" },
		{ XFP "httpsx\r\n", "- 0 - - 0" },
		/* A list: the element of the hop where the client was met. */
		{ XFP "https, http\r\n", "- 0 http - 0" },
		{ XFF "1.2.3.4\r\n" XFP "https, http\r\n",
		    "1.2.3.4 0 http - 0" },
		{ XFF "1.2.3.4, 10.0.0.1\r\n" XFP "https, http\r\n",
		    "1.2.3.4 0 https - 0" },
		{ XFF "6.6.6.6, 1.2.3.4, 10.0.0.1\r\n"
		    XFP "https, http, http\r\n",
		    "1.2.3.4 0 http - 0" },
		/* The edge has set it anew, the others pass it on. */
		{ XFF "1.2.3.4, 10.0.0.1\r\n" XFP "https\r\n",
		    "1.2.3.4 0 https - 0" },
		{ XFF "x, 10.0.0.1\r\n" XFP "https, http\r\n",
		    "10.0.0.1 0 http - 0" },
		{ "X-Forwarded-Host: www.example.com:8443\r\n"
		    "X-Forwarded-Port: 8443\r\n",
		    "- 0 - www.example.com:8443 8443" },
		{ "X-Forwarded-Host: a, b\r\n", "- 0 - b 0" },
		{ "X-Forwarded-Host: a/b\r\n", "- 0 - - 0" },
		{ "X-Forwarded-Host: user@b\r\n", "- 0 - - 0" },
		{ "X-Forwarded-Port: 443, x\r\n", "- 0 - - 0" },
		{ "X-Forwarded-Port: 0443\r\n", "- 0 - - 443" },
		{ "X-Forwarded-Port: 70000\r\n", "- 0 - - 0" },
	};

	CHECK_ALL(FORWARDED_X, cases);
}

TEST(forwarded_is_read_from_the_right)
{
	static const struct forwarded_case	 cases[] = {
		{ "Forwarded: for=1.2.3.4\r\n", "1.2.3.4 0 - - 0" },
		{ "Forwarded: For=\"[2001:db8::1]:4711\"; PROTO=https ;"
		    "by=203.0.113.43;host=a.example\r\n",
		    "2001:db8::1 4711 https a.example 0" },
		{ "Forwarded: for=6.6.6.6;proto=https, for=1.2.3.4;proto=http"
		    "\r\n", "1.2.3.4 0 http - 0" },
		/* What a hop says belongs together. */
		{ "Forwarded: for=1.2.3.4;proto=https;host=a, for=10.0.0.1;"
		    "proto=http;host=b\r\n", "1.2.3.4 0 https a 0" },
		{ "Forwarded: for=1.2.3.4\r\nForwarded: for=10.0.0.1;proto=http"
		    "\r\n", "1.2.3.4 0 - - 0" },
		/* Unknown and obfuscated nodes are somebody. */
		{ "Forwarded: for=6.6.6.6, for=unknown;proto=https\r\n",
		    "- 0 https - 0" },
		{ "Forwarded: for=_hidden, for=10.0.0.1\r\n",
		    "10.0.0.1 0 - - 0" },
		{ "Forwarded: for=\"_gazonk\"\r\n", "- 0 - - 0" },
		{ "Forwarded: for=\"1.2.3.4:_port\"\r\n", "1.2.3.4 0 - - 0" },
		{ "Forwarded: proto=https\r\n", "- 0 https - 0" },
		/* Quotes that are left open hide nothing behind them. */
		{ "Forwarded: for=\"6.6.6.6, for=1.2.3.4\r\n",
		    "1.2.3.4 0 - - 0" },
		{ "Forwarded: for=\", for=\"[2001:db8::2]\"\r\n",
		    "2001:db8::2 0 - - 0" },
		{ "Forwarded: for=\"\\\", for=\"[2001:db8::2]\", for=10.0.0.1"
		    "\r\n", "2001:db8::2 0 - - 0" },
		{ "Forwarded: for=1.2.3.4;x=\"a, b;for=\\\"9.9.9.9\"\r\n",
		    "1.2.3.4 0 - - 0" },
		/* Malformed: the element is nobody's word. */
		{ "Forwarded: for=6.6.6.6;for=1.2.3.4\r\n", "- 0 - - 0" },
		{ "Forwarded: for=1.2.3.4 proto=https\r\n", "- 0 - - 0" },
		{ "Forwarded: for =1.2.3.4\r\n", "- 0 - - 0" },
		{ "Forwarded: for= 1.2.3.4\r\n", "- 0 - - 0" },
		{ "Forwarded: for\r\n", "- 0 - - 0" },
		{ "Forwarded: =1.2.3.4\r\n", "- 0 - - 0" },
		{ "Forwarded: for=[::1]\r\n", "- 0 - - 0" },
		{ "Forwarded: for=\"1.2.3.4\"x\r\n", "- 0 - - 0" },
		{ "Forwarded: for=6.6.6.6, proto=, for=10.0.0.1;proto=https"
		    "\r\n",
		    "10.0.0.1 0 https - 0" },
		{ "Forwarded: ;;for=1.2.3.4;;\r\n", "1.2.3.4 0 - - 0" },
		{ XFF "1.2.3.4\r\n" XFP "https\r\n", "- 0 - - 0" },
	};

	CHECK_ALL(FORWARDED_RFC7239, cases);
}

TEST(so_many_proxies_and_no_more_are_gone_through)
{
	char	 lines[2048] = XFF "1.2.3.4";
	int	 i;

	for (i = 1; i < FORWARDED_HOPS; i++)
		strcat(lines, ",10.0.0.1");
	strcat(lines, "\r\n");
	CHECK_STR(walk(FORWARDED_X, lines), "1.2.3.4 0 - - 0");
	lines[strlen(lines) - 2] = '\0';
	strcat(lines, ",10.0.0.2\r\n");
	CHECK_STR(walk(FORWARDED_X, lines), "10.0.0.1 0 - - 0");
}

TEST(which_fields_say_something_of_the_client)
{
	static const struct {
		const char	*name;
		int		 want;	/* -1: none; else the family */
	} cases[] = {
		{ "Forwarded", FORWARDED_RFC7239 },
		{ "HTTP_FORWARDED", FORWARDED_RFC7239 },
		{ "X-Forwarded-For", FORWARDED_X },
		{ "x-forwarded-proto", FORWARDED_X },
		{ "X-FORWARDED-ANYTHING", FORWARDED_X },
		{ "HTTP_X_FORWARDED_FOR", FORWARDED_X },
		{ "HTTP_X_REAL_IP", FORWARDED_X },
		{ "X-Real-IP", FORWARDED_X },
		{ "X-Forwarded", -1 },
		{ "X-Forwarded-", -1 },
		{ "Forwarded-For", -1 },
		{ "X-Real-IPs", -1 },
		{ "Host", -1 },
		{ "HTTP_", -1 },
		{ "", -1 },
	};
	enum forwarded_family	 family;
	size_t			 i;
	bool			 is;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		is = forwarded_is_field(cases[i].name, strlen(cases[i].name),
		    &family);
		if ((is ? (int)family : -1) != cases[i].want)
			CHECK_STR(cases[i].name, "another family");
		CHECK_INT(is ? (int)family : -1, cases[i].want);
	}
}

TEST(ports_and_addresses_of_an_origin)
{
	CHECK_INT(origin_port("1", 1), 1);
	CHECK_INT(origin_port("65535x", 5), 65535);
	CHECK_INT(origin_port("65536", 5), 0);
	CHECK_INT(origin_port("", 0), 0);
	CHECK_INT(origin_port("000080", 6), 0);
	CHECK_INT(origin_port("8 ", 2), 0);
	CHECK(origin_is_addr("1.2.3.4", 7));
	CHECK(origin_is_addr("::", 2));
	CHECK(!origin_is_addr("", 0));
	CHECK(!origin_is_addr("unix:", 5));
	CHECK(!origin_is_addr("1.2.3.4\"", 8));
	CHECK(!origin_is_addr("1.2.3.4\0x", 9));
}
