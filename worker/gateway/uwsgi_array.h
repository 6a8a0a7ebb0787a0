/*
 * What a uwsgi packet of a remote procedure call carries: texts of any bytes
 * one behind the other, each with its length before it (2 bytes, little
 * endian); the first is the function's name, the others are its arguments.
 * Pure, as worker/http_parse.h.
 */
#ifndef WM_WORKER_GATEWAY_UWSGI_ARRAY_H
#define WM_WORKER_GATEWAY_UWSGI_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/http_bytes.h"

/* A name and so many arguments, as uWSGI has it. */
#define UWSGI_ARRAY_MAX	255

/* What a packet's two bytes of size can say. */
#define UWSGI_PACKET_MAX	65535
#define UWSGI_PACKET_HEADER	4

/*
 * The text that begins at *at of data[end], and *at becomes where it ends.
 * False: it is cut off by the end.
 */
bool	 uwsgi_array_next(const char *data, uint32_t end, uint32_t *at,
	    struct http_view *text);
/*
 * Looks at all from at to end; NULL, or what is wrong with it (a constant
 * text).
 */
const char *uwsgi_array_check(const char *data, uint32_t at, uint32_t end);
/* Two bytes, little endian. */
uint32_t uwsgi_number_read(const char *p);
void	 uwsgi_number_write(char *p, size_t number);
/* The four bytes that a packet begins with. */
void	 uwsgi_header_write(char *p, uint8_t modifier1, size_t size,
	    uint8_t modifier2);

#endif
