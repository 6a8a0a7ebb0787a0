/*
 * Fuzzes what reads X-Forwarded-* and Forwarded: an input is the field lines
 * of a request. Whatever a client has put in front of what a trusted proxy says
 * behind it, the proxy's client is found.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "worker/proxy/forwarded.h"

#define MAX_SIZE	4096
#define FIELDS		64

int	 LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char	 before[] = "GET / HTTP/1.1\r\nHost: a\r\n";
/* The client is 192.0.2.9, which nobody trusts. */
static const char	 behind[] =
    "X-Forwarded-For: 192.0.2.9\r\n"
    "Forwarded: for=\"192.0.2.9:17\";proto=https\r\n\r\n";

/* Ends the process if an invariant does not hold. */
static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* Adds bytes. */
static size_t
add(char *buf, size_t len, const void *bytes, size_t n)
{
	memcpy(buf + len, bytes, n);
	return len + n;
}

/* A text that was found lies in the head. */
static void
must_lie_in(const char *buf, size_t len, struct forwarded_text text)
{
	must(text.s == NULL || (text.s >= buf && text.len <= len &&
	    text.s + text.len <= buf + len));
}

/* Walks the head by one family. False: these bytes are not just a head. */
static bool
walk(const char *buf, size_t len, enum forwarded_family family,
    struct forwarded *found)
{
	static const struct http_limits	 limits = { 8192, FIELDS, 8192 };
	struct http_field		 fields[FIELDS];
	struct netmask			 mask = { .bits = 8, .addr = {
	    .kind = NETADDR_IPV4, .bytes = { 10 } } };
	struct netmasks			 trusted = { &mask, 1 };
	struct http_head		 head;

	http_head_init(&head, fields);
	if (http_parse(buf, len, &limits, &head) != HTTP_PARSE_DONE ||
	    head.size != len)
		return false;
	forwarded_walk(&head, buf, family, &trusted, found);
	must_lie_in(buf, len, found->host);
	must(!found->has_addr || found->addr.kind == NETADDR_IPV4 ||
	    found->addr.kind == NETADDR_IPV6);
	return true;
}

/* Runs one input alone, and with a proxy's fields behind it. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t	 client[4] = { 192, 0, 2, 9 };
	struct forwarded	 found;
	char			*buf;
	size_t			 len;
	int			 family;

	if (size > MAX_SIZE)
		return 0;
	buf = malloc(size + sizeof(before) + sizeof(behind));
	if (buf == NULL)
		abort();
	for (family = FORWARDED_X; family <= FORWARDED_RFC7239; family++) {
		len = add(buf, 0, before, sizeof(before) - 1);
		len = add(buf, len, data, size);
		/* The input is whole lines, so that ours are lines as well. */
		if (!walk(buf, add(buf, len, "\r\n", 2), family, &found) ||
		    !walk(buf, add(buf, len, behind, sizeof(behind) - 1),
		    family, &found))
			continue;
		must(found.has_addr && memcmp(found.addr.bytes, client,
		    sizeof(client)) == 0);
		must(family == FORWARDED_X || (found.port == 17 &&
		    found.has_proto && found.https));
	}
	free(buf);
	return 0;
}
