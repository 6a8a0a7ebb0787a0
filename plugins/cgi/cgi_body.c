/* What becomes a script's standard input. */
#include "plugins/cgi/cgi_body.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/xmalloc.h"
#include "worker/conn.h"
#include "worker/conn_collect.h"
#include "worker/request.h"

#define CGI_BODY_READ	65536

/* Reads it all into a file; -1 with errno, 0 in it if it did not come. */
static int
cgi_body_spool(struct request *req, int file)
{
	char	*data = xmalloc(CGI_BODY_READ);
	ssize_t	 n;
	int	 result = 0;

	while (result == 0 && (n = body_read(req, data, CGI_BODY_READ)) != 0) {
		errno = 0;
		if (n == -1 || fd_write_all(file, data, (size_t)n) == -1)
			result = -1;
	}
	free(data);
	return result;
}

/* The rest of the body as a file. */
static int
cgi_body_collect(struct request *req, struct cgi_body *body)
{
	body->fd = conn_collect_open();
	if (body->fd == -1)
		return -1;
	if (cgi_body_spool(req, body->fd) == -1)
		return -1;
	body->length = lseek(body->fd, 0, SEEK_CUR);
	return lseek(body->fd, 0, SEEK_SET) == -1 ? -1 : 0;
}

/* Chooses. */
int
cgi_body_begin(struct request *req, struct cgi_body *body)
{
	int64_t	 left = body_left(req);

	body->fd = -1;
	body->length = left;
	if (left == 0) {
		body->length = req->head->content_length == 0 ||
		    req->head->chunked ? 0 : -1;
		body->fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		return body->fd == -1 ? -1 : 0;
	}
	if (req->body.collected && req->body.spool_fd != -1) {
		body->fd = fcntl(req->body.spool_fd, F_DUPFD_CLOEXEC, 3);
		return body->fd == -1 ||
		    lseek(body->fd, 0, SEEK_SET) == -1 ? -1 : 0;
	}
	if (req->body.collected || (left > 0 && req->conn->fd != -1))
		return 0;
	return cgi_body_collect(req, body);
}

/* The script has it, or nobody. */
void
cgi_body_done(struct cgi_body *body)
{
	fd_close(&body->fd);
}
