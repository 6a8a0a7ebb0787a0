/* FastCGI records: 8 bytes, the content, padding. */
#ifndef WM_WORKER_GATEWAY_FCGI_RECORD_H
#define WM_WORKER_GATEWAY_FCGI_RECORD_H

#include <stddef.h>
#include <stdint.h>

#define FCGI_HEADER		8
#define FCGI_CONTENT_MAX	65535

enum fcgi_type {
	FCGI_BEGIN_REQUEST = 1,
	FCGI_ABORT_REQUEST,
	FCGI_END_REQUEST,
	FCGI_PARAMS,
	FCGI_STDIN,
	FCGI_STDOUT,
	FCGI_STDERR,
	FCGI_DATA,
	FCGI_GET_VALUES,
	FCGI_GET_VALUES_RESULT,
	FCGI_UNKNOWN_TYPE
};

/* protocolStatus of END_REQUEST. */
enum fcgi_status {
	FCGI_REQUEST_COMPLETE,
	FCGI_CANT_MPX_CONN,
	FCGI_OVERLOADED,
	FCGI_UNKNOWN_ROLE
};

#define FCGI_RESPONDER		1	/* the only role here */
#define FCGI_KEEP_CONN		1	/* flag of BEGIN_REQUEST */

struct fcgi_record {
	uint8_t		 version;	/* must be 1 */
	uint8_t		 type;
	uint16_t	 id;		/* 0: the connection's own */
	uint32_t	 len;		/* of the content */
	uint32_t	 size;		/* header and padding included */
};

/* Reads the 8 bytes that a record begins with. */
struct fcgi_record fcgi_record_read(const char *p);
/* Writes them, without padding; FCGI_HEADER bytes. */
size_t	 fcgi_record_write(char *p, enum fcgi_type type, uint16_t id,
	    uint32_t len);
/* Writes a whole END_REQUEST; 16 bytes. */
size_t	 fcgi_end_write(char *p, uint16_t id, enum fcgi_status status);
/*
 * Answers GET_VALUES, whose content this is, in at most size bytes; a whole
 * record. What is not known is left out.
 */
size_t	 fcgi_values_write(char *p, size_t size, const char *asked,
	    size_t len);

/* A length of a name or value: its bytes (1 or 4), 0 if they are not there. */
size_t	 fcgi_length_read(const char *p, size_t len, uint32_t *length);

#endif
