/* A strict, pure parser of PROXY protocol headers. */
#include "worker/proxy/proxy_parse.h"

#include <string.h>

#define V2_FIXED	16	/* signature, command, family, length */
#define TLV_FIXED	3	/* type, length */

#define PP2_TYPE_CRC32C	0x03
#define PP2_TYPE_SSL	0x20
#define PP2_CLIENT_SSL	0x01
#define PP2_SSL_FIXED	5	/* client, verify */

static const char	 v1_signature[] = "PROXY ";
static const uint8_t	 v2_signature[12] = {
	0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a
};

/* How many bytes of addresses each family has, by its number. */
static const size_t	 v2_sizes[] = { 0, 12, 36, 216 };

/* Says what is wrong. */
static enum proxy_verdict
proxy_bad(struct proxy_header *head, const char *why)
{
	head->why = why;
	return PROXY_BAD;
}

/* Takes the next word off a line: up to a space, of which there is one. */
static bool
v1_word(const char **line, const char *end, const char **word, size_t *len)
{
	const char	*space = memchr(*line, ' ', (size_t)(end - *line));

	*word = *line;
	*len = (size_t)((space != NULL ? space : end) - *line);
	*line = space != NULL ? space + 1 : end;
	return *len > 0;
}

/* An address in the notation of the family. */
static bool
v1_address(const char *text, size_t len, bool ipv6, struct netaddr *addr)
{
	return (memchr(text, ':', len) != NULL) == ipv6 &&
	    netaddr_parse(addr, text, len);
}

/* A port: 0 to 65535 without leading zeros. */
static bool
v1_port(const char *text, size_t len, uint16_t *port)
{
	uint32_t	 value = 0;
	size_t		 i;

	if (len == 0 || len > 5 || (len > 1 && text[0] == '0'))
		return false;
	for (i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (uint32_t)(text[i] - '0');
	}
	*port = (uint16_t)value;
	return value <= UINT16_MAX;
}

/* The line's words behind "PROXY TCP4 " or "PROXY TCP6 ". */
static enum proxy_verdict
v1_addresses(const char *line, const char *end, bool ipv6,
    struct proxy_header *head)
{
	struct netaddr	 server;
	const char	*word;
	size_t		 len;

	if (!v1_word(&line, end, &word, &len) ||
	    !v1_address(word, len, ipv6, &head->addr) ||
	    !v1_word(&line, end, &word, &len) ||
	    !v1_address(word, len, ipv6, &server))
		return proxy_bad(head, "a wrong address");
	if (!v1_word(&line, end, &word, &len) ||
	    !v1_port(word, len, &head->port) ||
	    !v1_word(&line, end, &word, &len) ||
	    !v1_port(word, len, &head->server_port))
		return proxy_bad(head, "a wrong port");
	if (line != end || end[-1] == ' ')
		return proxy_bad(head, "something behind the ports");
	head->has_addr = true;
	return PROXY_DONE;
}

/* A line: version 1. */
static enum proxy_verdict
v1_parse(const char *text, size_t len, struct proxy_header *head)
{
	const char	*end, *line = text + sizeof(v1_signature) - 1;

	end = memchr(text, '\n', len < PROXY_V1_MAX ? len : PROXY_V1_MAX);
	if (end == NULL) {
		return len < PROXY_V1_MAX ? PROXY_MORE :
		    proxy_bad(head, "no end of the line");
	}
	head->size = (size_t)(end + 1 - text);
	end--;
	if (*end != '\r' || memchr(text, '\r', (size_t)(end - text)) != NULL)
		return proxy_bad(head, "CR and LF that are not the line's end");
	if (end - line >= 5 && memcmp(line, "TCP4 ", 5) == 0)
		return v1_addresses(line + 5, end, false, head);
	if (end - line >= 5 && memcmp(line, "TCP6 ", 5) == 0)
		return v1_addresses(line + 5, end, true, head);
	/* Whatever comes behind it is to be ignored. */
	if (end - line >= 7 && memcmp(line, "UNKNOWN", 7) == 0 &&
	    (line + 7 == end || line[7] == ' '))
		return PROXY_DONE;
	return proxy_bad(head, "neither TCP4, TCP6 nor UNKNOWN");
}

/* CRC32c (RFC 4960, appendix B) of bytes behind others. */
static uint32_t
crc32c(uint32_t crc, const uint8_t *p, size_t len)
{
	static const uint32_t	 nibble[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
		0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75
	};

	for (; len > 0; len--) {
		crc ^= *p++;
		crc = nibble[crc & 15] ^ crc >> 4;
		crc = nibble[crc & 15] ^ crc >> 4;
	}
	return crc;
}

/* Is the checksum at value that of the whole header, taken as 0 there? */
static bool
v2_checksum_ok(const uint8_t *bytes, size_t size, const uint8_t *value)
{
	static const uint8_t	 zero[4];
	uint32_t		 crc = 0xffffffff, want;

	crc = crc32c(crc, bytes, (size_t)(value - bytes));
	crc = crc32c(crc, zero, sizeof(zero));
	crc = crc32c(crc, value + 4, (size_t)(bytes + size - value - 4));
	want = (uint32_t)value[0] << 24 | (uint32_t)value[1] << 16 |
	    (uint32_t)value[2] << 8 | value[3];
	return (crc ^ 0xffffffff) == want;
}

/* The vectors behind the addresses. */
static enum proxy_verdict
v2_vectors(const uint8_t *bytes, size_t at, struct proxy_header *head)
{
	const uint8_t	*value;
	size_t		 len;
	uint8_t		 type;

	while (at < head->size) {
		if (head->size - at < TLV_FIXED)
			return proxy_bad(head, "a TLV that is cut off");
		type = bytes[at];
		len = (size_t)bytes[at + 1] << 8 | bytes[at + 2];
		value = bytes + at + TLV_FIXED;
		at += TLV_FIXED;
		if (head->size - at < len)
			return proxy_bad(head, "a TLV that is cut off");
		at += len;
		if (type == PP2_TYPE_CRC32C && (len != 4 ||
		    !v2_checksum_ok(bytes, head->size, value)))
			return proxy_bad(head, "a wrong checksum");
		if (type == PP2_TYPE_SSL && len < PP2_SSL_FIXED)
			return proxy_bad(head, "a short TLV about TLS");
		if (type == PP2_TYPE_SSL)
			head->ssl = (value[0] & PP2_CLIENT_SSL) != 0;
	}
	return PROXY_DONE;
}

/* Addresses and ports of a family whose addresses have so many bytes. */
static void
v2_addresses(const uint8_t *p, size_t len, struct proxy_header *head)
{
	netaddr_from_bytes(&head->addr, p, len);
	p += 2 * len;
	head->port = (uint16_t)(p[0] << 8 | p[1]);
	head->server_port = (uint16_t)(p[2] << 8 | p[3]);
	head->has_addr = true;
}

/* Bytes: version 2. */
static enum proxy_verdict
v2_parse(const uint8_t *bytes, size_t len, struct proxy_header *head)
{
	unsigned	 command, family, transport;

	if (len > 12 && bytes[12] >> 4 != 2)
		return proxy_bad(head, "another version than 2");
	if (len < V2_FIXED)
		return PROXY_MORE;
	command = bytes[12] & 15;
	family = bytes[13] >> 4;
	transport = bytes[13] & 15;
	head->size = V2_FIXED + ((size_t)bytes[14] << 8 | bytes[15]);
	if (command > 1)
		return proxy_bad(head, "neither LOCAL nor PROXY");
	if (head->size > PROXY_V2_MAX)
		return proxy_bad(head, "more than 4096 bytes");
	/* LOCAL's family, and everything else of it, is to be ignored. */
	if (command == 1 && (family > 3 || transport > 2))
		return proxy_bad(head, "an unknown family or transport");
	if (command == 1 && head->size < V2_FIXED + v2_sizes[family])
		return proxy_bad(head, "no room for the addresses");
	if (len < head->size)
		return PROXY_MORE;
	if (command == 0)
		return PROXY_DONE;
	if (transport == 1 && family == 1)
		v2_addresses(bytes + V2_FIXED, 4, head);
	else if (transport == 1 && family == 2)
		v2_addresses(bytes + V2_FIXED, 16, head);
	return v2_vectors(bytes, V2_FIXED + v2_sizes[family], head);
}

/* Do the bytes begin as the signature does, as far as there are any? */
static bool
proxy_begins(const void *bytes, size_t len, const void *signature, size_t size)
{
	return memcmp(bytes, signature, len < size ? len : size) == 0;
}

/* Looks at what came. */
enum proxy_verdict
proxy_parse(const void *bytes, size_t len, struct proxy_header *head)
{
	const size_t	 v1_size = sizeof(v1_signature) - 1;

	memset(head, 0, sizeof(*head));
	if (len == 0)
		return PROXY_MORE;
	if (proxy_begins(bytes, len, v1_signature, v1_size))
		return len < v1_size ? PROXY_MORE : v1_parse(bytes, len, head);
	if (proxy_begins(bytes, len, v2_signature, sizeof(v2_signature)))
		return v2_parse(bytes, len, head);
	return proxy_bad(head, "no PROXY header");
}
