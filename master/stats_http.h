/* HTTP on the stats socket: what is asked for, and the head of an answer. */
#ifndef WM_MASTER_STATS_HTTP_H
#define WM_MASTER_STATS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "base/strlist.h"
#include "worker/http_parse.h"

#define STATS_HTTP_HEAD		8192	/* bytes of a request's head at most */
#define STATS_HTTP_FIELDS	64

/*
 * A request's head, read by the parser that also reads the workers' requests.
 * Views are offsets from the first byte of the buffer.
 */
struct stats_request {
	struct http_head	 head;
	struct http_field	 fields[STATS_HTTP_FIELDS];
};

void	 stats_request_init(struct stats_request *req);
/* Looks at the bytes that came; see http_parse. */
enum http_parse_verdict
	 stats_request_parse(struct stats_request *req, const char *buf,
	    size_t len);
bool	 stats_request_is_method(const struct stats_request *req,
	    const char *buf, const char *method);
/* A field's value; NULL: there is none. */
const char *stats_request_field(const struct stats_request *req,
	    const char *buf, const char *name, size_t *len);

/*
 * May a browser have been led here by a name that is not ours (DNS rebinding)?
 * No, if Host has an IP address, "localhost" or a name below it, this
 * machine's own name or one of names. The port does not matter.
 */
bool	 stats_host_known(const char *host, size_t len,
	    const struct strlist *names);

/* An answer's head. length: of the body; -1: as it comes. */
struct stats_head {
	int		 status;
	const char	*type;
	const char	*fields;	/* more lines, or NULL */
	int64_t		 length;
	bool		 chunked;
	bool		 keep;		/* the connection */
};

void	 stats_head_write(struct strbuf *out, const struct stats_head *head);
const char *stats_status_text(int status);
/* The bytes as one chunk; there must be some. The last chunk. */
void	 stats_chunk_write(struct strbuf *out, const char *data, size_t len);
#define STATS_LAST_CHUNK	"0\r\n\r\n"

#endif
