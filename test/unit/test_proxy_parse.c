/* Tests worker/proxy/proxy_parse.c: PROXY headers, versions 1 and 2. */
#include "worker/proxy/proxy_parse.h"

#include <stdio.h>
#include <string.h>

#include "test/unit/unit.h"

#define SIGNATURE	"\r\n\r\n\0\r\nQUIT\n"
#define V2(command, family, len)	SIGNATURE command family len
/* 1.2.3.4:258 to 5.6.7.8:443 */
#define INET	"\1\2\3\4\5\6\7\10" "\1\2\1\273"
#define TEXT(s)	(s), sizeof(s) - 1

/*
 * What becomes of the bytes: whole, followed by others, and in each part of
 * it, of which none may be taken for more than it is.
 */
static enum proxy_verdict
parse(const char *bytes, size_t len, struct proxy_header *head)
{
	enum proxy_verdict	 verdict, part;
	struct proxy_header	 more;
	char			 longer[8192];
	size_t			 i;

	verdict = proxy_parse(bytes, len, head);
	for (i = 0; i < len; i++) {
		part = proxy_parse(bytes, i, &more);
		if (verdict == PROXY_BAD)
			CHECK(part != PROXY_DONE);
		else if (i < head->size)
			CHECK_INT(part, PROXY_MORE);
	}
	memcpy(longer, bytes, len);
	memset(longer + len, 'x', sizeof(longer) - len);
	part = proxy_parse(longer, sizeof(longer), &more);
	if (verdict == PROXY_DONE) {
		CHECK_INT(part, PROXY_DONE);
		CHECK_INT(more.size, head->size);
	}
	return verdict;
}

/* A header that is right; text: "addr port server-port", or "". */
static void
check_good(const char *bytes, size_t len, const char *want)
{
	struct proxy_header	 head;
	char			 addr[NETADDR_TEXT], text[80] = "";

	CHECK_INT(parse(bytes, len, &head), PROXY_DONE);
	CHECK_INT(head.size, len);
	if (head.has_addr) {
		netaddr_print(&head.addr, addr);
		snprintf(text, sizeof(text), "%s %u %u%s", addr, head.port,
		    head.server_port, head.ssl ? " tls" : "");
	}
	CHECK_STR(text, want);
}

/* One that is not. */
static void
check_bad(const char *bytes, size_t len, const char *why)
{
	struct proxy_header	 head;

	CHECK_INT(parse(bytes, len, &head), PROXY_BAD);
	CHECK_STR(head.why, why);
}

TEST(version_1_headers)
{
	check_good(TEXT("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n"),
	    "192.168.0.1 56324 443");
	check_good(TEXT("PROXY TCP4 255.255.255.255 255.255.255.255 65535 "
	    "65535\r\n"), "255.255.255.255 65535 65535");
	check_good(TEXT("PROXY TCP6 2001:db8::1 ::1 0 80\r\n"),
	    "2001:db8::1 0 80");
	check_good(TEXT("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535");
	check_good(TEXT("PROXY TCP6 ::ffff:1.2.3.4 ::1 5 80\r\n"),
	    "1.2.3.4 5 80");
	check_good(TEXT("PROXY UNKNOWN\r\n"), "");
	check_good(TEXT("PROXY UNKNOWN what ever 1.2.3.4 \1\r\n"), "");
	check_good(TEXT("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"), "");
}

TEST(version_1_headers_that_are_wrong)
{
	static const char *const	 addresses[] = {
		"PROXY TCP4 1.2.3.4\r\n", "PROXY TCP4 \r\n",
		"PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n",
		"PROXY TCP4 1.2.3.4  5.6.7.8 1 2\r\n",
		"PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n",
		"PROXY TCP4 01.2.3.4 5.6.7.8 1 2\r\n",
		"PROXY TCP4 1.2.3.256 5.6.7.8 1 2\r\n",
		"PROXY TCP4 1.2.3.4.5 5.6.7.8 1 2\r\n",
		"PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP4 1.2.3.4 ::1 1 2\r\n",
		"PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n",
		"PROXY TCP6 ::1::2 ::1 1 2\r\n",
		"PROXY TCP6 fe80::1%lo ::1 1 2\r\n",
		"PROXY TCP6 [::1] ::1 1 2\r\n",
		"PROXY TCP4 a.b.c.d 5.6.7.8 1 2\r\n"
	};
	static const char *const	 ports[] = {
		"PROXY TCP4 1.2.3.4 5.6.7.8\r\n",
		"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
		"PROXY TCP4 1.2.3.4 5.6.7.8 1 \r\n",
		"PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n",
		"PROXY TCP4 1.2.3.4 5.6.7.8 1 00\r\n",
		"PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n",
		"PROXY TCP4 1.2.3.4 5.6.7.8 1 99999\r\n",
		"PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n",
		"PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n",
		"PROXY TCP4 1.2.3.4 5.6.7.8  1 2\r\n"
	};
	static const char *const	 families[] = {
		"PROXY \r\n ", "PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n",
		"PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n", "PROXY UNKNOWNX\r\n",
		"PROXY UNKNOW\r\n", "PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
		"PROXY TCP4\r\n", "PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n"
	};
	size_t	 i;

	for (i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
		check_bad(addresses[i], strlen(addresses[i]),
		    "a wrong address");
	for (i = 0; i < sizeof(ports) / sizeof(*ports); i++)
		check_bad(ports[i], strlen(ports[i]), "a wrong port");
	for (i = 0; i < sizeof(families) / sizeof(*families); i++)
		check_bad(families[i], strlen(families[i]),
		    "neither TCP4, TCP6 nor UNKNOWN");
	check_bad(TEXT("PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n"),
	    "something behind the ports");
	check_bad(TEXT("PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n"),
	    "something behind the ports");
	check_bad(TEXT("PROXY TCP4 1.2.3.4\0 5.6.7.8 1 2\r\n"),
	    "a wrong address");
}

TEST(version_1_lines_end_with_CRLF)
{
	const char	*why = "CR and LF that are not the line's end";
	char		 line[200];

	check_bad(TEXT("PROXY UNKNOWN\n"), why);
	check_bad(TEXT("PROXY UNKNOWN\rx\n"), why);
	check_bad(TEXT("PROXY UNKNOWN \r \r\n"), why);
	check_bad(TEXT("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\r\n"), why);
	/* 107 bytes are the most. */
	memset(line, 'x', sizeof(line));
	memcpy(line, "PROXY UNKNOWN ", 14);
	memcpy(line + 105, "\r\n", 2);
	check_good(line, 107, "");
	memset(line + 100, 'x', 20);
	memcpy(line + 106, "\r\n", 2);
	check_bad(line, 108, "no end of the line");
}

TEST(version_2_headers)
{
	check_good(TEXT(V2("\x21", "\x11", "\0\14") INET), "1.2.3.4 258 443");
	check_good(TEXT(V2("\x21", "\x21", "\0\44")
	    "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
	    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1" "\x30\x39" "\0\x50"),
	    "2001:db8::1 12345 80");
	/* LOCAL: whatever it brings is skipped. */
	check_good(TEXT(V2("\x20", "\0", "\0\0")), "");
	check_good(TEXT(V2("\x20", "\x11", "\0\14") INET), "");
	check_good(TEXT(V2("\x20", "\xff", "\0\3") "abc"), "");
	/* Families of which only the socket's address is known. */
	check_good(TEXT(V2("\x21", "\0", "\0\0")), "");
	check_good(TEXT(V2("\x21", "\x12", "\0\14") INET), "");
	check_good(TEXT(V2("\x21", "\x10", "\0\14") INET), "");
}

TEST(version_2_unix_sockets)
{
	char	 bytes[16 + 216] = V2("\x21", "\x31", "\0\xd8") "/client";

	check_good(bytes, sizeof(bytes), "");
	check_bad(TEXT(V2("\x21", "\x31", "\0\xd7")),
	    "no room for the addresses");
}

TEST(version_2_vectors)
{
	/* Unknown ones, no-ops, an authority. */
	check_good(TEXT(V2("\x21", "\x11", "\0\36") INET "\2\0\5a.com"
	    "\4\0\0" "\xe0\0\4wxyz"), "1.2.3.4 258 443");
	/* TLS: the client bit, and that alone. */
	check_good(TEXT(V2("\x21", "\x11", "\0\24") INET
	    "\x20\0\5" "\1" "\0\0\0\0"), "1.2.3.4 258 443 tls");
	check_good(TEXT(V2("\x21", "\x11", "\0\24") INET
	    "\x20\0\5" "\6" "\0\0\0\0"), "1.2.3.4 258 443");
	check_good(TEXT(V2("\x21", "\x11", "\0\37") INET
	    "\x20\0\20" "\7" "\0\0\0\0" "\x21\0\10TLSv1.30"),
	    "1.2.3.4 258 443 tls");
	check_bad(TEXT(V2("\x21", "\x11", "\0\23") INET
	    "\x20\0\4" "\1" "\0\0\0"), "a short TLV about TLS");
	check_bad(TEXT(V2("\x21", "\x11", "\0\16") INET "\4\0"),
	    "a TLV that is cut off");
	check_bad(TEXT(V2("\x21", "\x11", "\0\20") INET "\4\0\2a"),
	    "a TLV that is cut off");
	check_bad(TEXT(V2("\x21", "\x11", "\0\20") INET "\4\xff\xff" "a"),
	    "a TLV that is cut off");
}

TEST(version_2_checksums)
{
	/* As HAProxy 2.6 has sent it (send-proxy-v2, crc32c). */
	static const char	 sent[] = V2("\x21", "\x11", "\0\26")
	    "\x7f\0\0\1" "\x7f\0\0\1" "\xa4\x82" "\x49\xc1"
	    "\3\0\4" "\x2f\xec\x54\xdb" "\5\0\0";
	char			 bytes[sizeof(sent) - 1];
	struct proxy_header	 head;
	size_t			 i;

	memcpy(bytes, sent, sizeof(bytes));
	check_good(bytes, sizeof(bytes), "127.0.0.1 42114 18881");
	/* Any other byte behind the length, and it is wrong. */
	for (i = 16; i < sizeof(bytes); i++) {
		/* Other types and lengths are other vectors. */
		if ((i >= 28 && i < 31) || i >= 36)
			continue;
		bytes[i] ^= 1;
		CHECK_INT(proxy_parse(bytes, sizeof(bytes), &head), PROXY_BAD);
		CHECK_STR(head.why, "a wrong checksum");
		bytes[i] ^= 1;
	}
	check_bad(TEXT(V2("\x21", "\x11", "\0\22") INET "\3\0\3abc"),
	    "a wrong checksum");
}

TEST(version_2_headers_that_are_wrong)
{
	check_bad(TEXT(V2("\x11", "\x11", "\0\14") INET),
	    "another version than 2");
	check_bad(TEXT(V2("\x31", "\x11", "\0\14") INET),
	    "another version than 2");
	check_bad(TEXT(V2("\x22", "\x11", "\0\14") INET),
	    "neither LOCAL nor PROXY");
	check_bad(TEXT(V2("\x21", "\x41", "\0\14") INET),
	    "an unknown family or transport");
	check_bad(TEXT(V2("\x21", "\x13", "\0\14") INET),
	    "an unknown family or transport");
	check_bad(TEXT(V2("\x21", "\x11", "\0\13") INET),
	    "no room for the addresses");
	check_bad(TEXT(V2("\x21", "\x21", "\0\43") INET),
	    "no room for the addresses");
	check_bad(TEXT(V2("\x21", "\x11", "\xf\xf1") INET),
	    "more than 4096 bytes");
	check_bad(TEXT(V2("\x20", "\0", "\xff\xff")), "more than 4096 bytes");
}

TEST(the_longest_version_2_header)
{
	char	 bytes[PROXY_V2_MAX] = V2("\x21", "\x11", "\xf\xf0") INET
	    "\4\xf\xe1";

	check_good(bytes, sizeof(bytes), "1.2.3.4 258 443");
}

TEST(what_is_no_header_is_refused_at_once)
{
	struct proxy_header	 head;

	check_bad(TEXT("GET / HTTP/1.1\r\n"), "no PROXY header");
	check_bad(TEXT("PROXYX"), "no PROXY header");
	check_bad(TEXT("proxy TCP4"), "no PROXY header");
	check_bad(TEXT(" PROXY"), "no PROXY header");
	check_bad(TEXT("\r\n\r\n\0\r\nQUIX"), "no PROXY header");
	check_bad(TEXT("\r\n\r\nG"), "no PROXY header");
	check_bad(TEXT("\x16\3\1"), "no PROXY header");
	check_bad(TEXT("\0"), "no PROXY header");
	CHECK_INT(proxy_parse("", 0, &head), PROXY_MORE);
}
