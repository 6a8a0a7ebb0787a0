/* What a task's file holds: a uwsgi packet and a body. */
#include "worker/spool/spool_packet.h"

#include <stdint.h>

#include "base/strbuf.h"

#define SPOOL_MODIFIER	17

/* Two bytes, little endian. */
static size_t
spool_get16(const char *p)
{
	return (size_t)(uint8_t)p[0] | (size_t)(uint8_t)p[1] << 8;
}

/* Puts them there. */
static void
spool_set16(char *p, size_t n)
{
	p[0] = (char)(n & 0xff);
	p[1] = (char)(n >> 8 & 0xff);
}

/* Adds a text with its length. */
static void
spool_add_text(struct strbuf *packet, const char *text, size_t len)
{
	char	 size[2];

	spool_set16(size, len);
	strbuf_add(packet, size, sizeof(size));
	strbuf_add(packet, text, len);
}

/* The header of one without variables. */
void
spool_packet_begin(struct strbuf *packet)
{
	static const char	 header[SPOOL_HEADER] = { SPOOL_MODIFIER };

	strbuf_add(packet, header, sizeof(header));
}

/* Adds a variable, and says so in the header. */
int
spool_packet_add(struct strbuf *packet, const char *key, size_t key_len,
    const char *value, size_t value_len)
{
	size_t	 left = SPOOL_VARS_MAX - (packet->len - SPOOL_HEADER);

	if (key_len == 0 || key_len > left || value_len > left ||
	    key_len + value_len + 4 > left)
		return -1;
	spool_add_text(packet, key, key_len);
	spool_add_text(packet, value, value_len);
	spool_set16(packet->buf + 1, packet->len - SPOOL_HEADER);
	return 0;
}

/* A text with its length; false when it does not end in time. */
static bool
spool_text(const struct spool_packet *packet, size_t *at, const char **text,
    size_t *len)
{
	if (packet->vars_len - *at < 2)
		return false;
	*len = spool_get16(packet->vars + *at);
	if (packet->vars_len - *at - 2 < *len)
		return false;
	*text = packet->vars + *at + 2;
	*at += 2 + *len;
	return true;
}

/* The next variable. */
bool
spool_packet_next(const struct spool_packet *packet, size_t *at,
    struct spool_var *var)
{
	return spool_text(packet, at, &var->key, &var->key_len) &&
	    spool_text(packet, at, &var->value, &var->value_len) &&
	    var->key_len > 0;
}

/* Takes a file apart. */
const char *
spool_packet_parse(struct spool_packet *packet, const char *data, size_t len)
{
	struct spool_var	 var;
	size_t			 at = 0;

	if (len < SPOOL_HEADER)
		return "it is shorter than a header";
	if (data[0] != SPOOL_MODIFIER)
		return "it does not begin as a task does";
	packet->vars = data + SPOOL_HEADER;
	packet->vars_len = spool_get16(data + 1);
	if (packet->vars_len > len - SPOOL_HEADER)
		return "it is shorter than its header says";
	packet->body = packet->vars + packet->vars_len;
	packet->body_len = len - SPOOL_HEADER - packet->vars_len;
	while (at < packet->vars_len) {
		if (!spool_packet_next(packet, &at, &var))
			return "its variables are damaged";
	}
	return NULL;
}
