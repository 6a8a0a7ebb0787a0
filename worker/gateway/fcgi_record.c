/* FastCGI records: reads and writes what is around their content. */
#include "worker/gateway/fcgi_record.h"

#include <stdbool.h>
#include <string.h>

/* Reads the 8 bytes that a record begins with. */
struct fcgi_record
fcgi_record_read(const char *p)
{
	const unsigned char	*u = (const unsigned char *)p;
	struct fcgi_record	 record = { .version = u[0], .type = u[1],
		.id = (uint16_t)(u[2] << 8 | u[3]),
		.len = (uint32_t)(u[4] << 8 | u[5]) };

	record.size = FCGI_HEADER + record.len + u[6];
	return record;
}

/* Writes them. */
size_t
fcgi_record_write(char *p, enum fcgi_type type, uint16_t id, uint32_t len)
{
	p[0] = 1;
	p[1] = (char)type;
	p[2] = (char)(id >> 8);
	p[3] = (char)id;
	p[4] = (char)(len >> 8);
	p[5] = (char)len;
	p[6] = p[7] = 0;
	return FCGI_HEADER;
}

/* Writes a whole END_REQUEST. */
size_t
fcgi_end_write(char *p, uint16_t id, enum fcgi_status status)
{
	fcgi_record_write(p, FCGI_END_REQUEST, id, 8);
	memset(p + FCGI_HEADER, 0, 8);
	p[FCGI_HEADER + 4] = (char)status;
	return FCGI_HEADER + 8;
}

/* A length: one byte, or four with the highest bit. */
size_t
fcgi_length_read(const char *p, size_t len, uint32_t *length)
{
	const unsigned char	*u = (const unsigned char *)p;

	if (len < 1)
		return 0;
	if (u[0] < 0x80) {
		*length = u[0];
		return 1;
	}
	if (len < 4)
		return 0;
	*length = (uint32_t)(u[0] & 0x7f) << 24 | (uint32_t)u[1] << 16 |
	    (uint32_t)u[2] << 8 | (uint32_t)u[3];
	return 4;
}

/* Adds a name and its one digit, unless that was done or lacks room. */
static size_t
fcgi_value_add(char *p, size_t at, size_t size, const char *name, size_t len,
    unsigned *done)
{
	static const struct {
		const char	*name;
		char		 value;
	} known[] = { { "FCGI_MPXS_CONNS", '0' } };
	size_t	 i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strlen(known[i].name) != len || *done & 1u << i ||
		    memcmp(known[i].name, name, len) != 0 ||
		    size - at < len + 3)
			continue;
		*done |= 1u << i;
		p[at++] = (char)len;
		p[at++] = 1;
		memcpy(p + at, name, len);
		at += len;
		p[at++] = known[i].value;
	}
	return at;
}

/* Answers GET_VALUES. */
size_t
fcgi_values_write(char *p, size_t size, const char *asked, size_t len)
{
	size_t		 at = FCGI_HEADER, pos = 0, n, m;
	uint32_t	 name, value;
	unsigned	 done = 0;

	while (pos < len) {
		n = fcgi_length_read(asked + pos, len - pos, &name);
		m = n == 0 ? 0 : fcgi_length_read(asked + pos + n,
		    len - pos - n, &value);
		if (m == 0 || name > len - pos - n - m ||
		    value > len - pos - n - m - name)
			break;
		pos += n + m;
		at = fcgi_value_add(p, at, size, asked + pos, name, &done);
		pos += name + value;
	}
	fcgi_record_write(p, FCGI_GET_VALUES_RESULT, 0,
	    (uint32_t)(at - FCGI_HEADER));
	return at;
}
