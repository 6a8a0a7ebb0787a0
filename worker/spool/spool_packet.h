/*
 * What a task's file holds: a uwsgi packet and a body. Pure.
 *
 *	17  size (2 bytes, little endian)  0
 *	size bytes: (length, key, length, value)..., lengths of 2 bytes
 *	the body: whatever follows
 *
 * It is uWSGI's format, so that its folders can be read, and ours by it.
 */
#ifndef WM_WORKER_SPOOL_SPOOL_PACKET_H
#define WM_WORKER_SPOOL_SPOOL_PACKET_H

#include <stdbool.h>
#include <stddef.h>

struct strbuf;

#define SPOOL_HEADER	4
#define SPOOL_VARS_MAX	65535		/* what the size can say */
#define SPOOL_BODY_MAX	((size_t)1 << 30)
#define SPOOL_FILE_MAX	(SPOOL_HEADER + SPOOL_VARS_MAX + SPOOL_BODY_MAX)

/* Views into the bytes that were given. */
struct spool_packet {
	const char	*vars;
	size_t		 vars_len;
	const char	*body;
	size_t		 body_len;	/* 0: there is none */
};

struct spool_var {
	const char	*key, *value;
	size_t		 key_len, value_len;
};

/* Begins a packet in an empty buffer. */
void	 spool_packet_begin(struct strbuf *packet);
/* Adds one; -1: there is no room for it, or the key is empty. */
int	 spool_packet_add(struct strbuf *packet, const char *key,
	    size_t key_len, const char *value, size_t value_len);
/*
 * Takes a file's bytes apart, and looks at each variable. NULL, or what is
 * wrong with it.
 */
const char *spool_packet_parse(struct spool_packet *packet, const char *data,
	    size_t len);
/* Of one that was parsed: the next variable; *at begins with 0. */
bool	 spool_packet_next(const struct spool_packet *packet, size_t *at,
	    struct spool_var *var);

#endif
