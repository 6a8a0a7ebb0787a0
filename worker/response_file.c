/* Files that the kernel sends as a response's body. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/conn.h"
#include "worker/conn_io.h"
#include "worker/protocol.h"
#include "worker/request.h"
#include "worker/response.h"
#include "worker/response_out.h"
#include "worker/suspend.h"
#include "worker/worker.h"

/* How many bytes of the file are to be sent; -1 with errno. */
static int64_t
response_file_left(int fd, off_t offset, int64_t len)
{
	struct stat	 st;

	if (fstat(fd, &st) == -1)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	if (offset > st.st_size)
		return 0;
	if (len < 0 || len > st.st_size - offset)
		len = st.st_size - offset;
	return len;
}

/* Sends bytes of a file that is known to have them. */
static int
response_send_file(struct request *req, int fd, off_t offset, size_t len)
{
	ssize_t	 n;

	while (len > 0) {
		n = conn_sendfile(req->conn, fd, &offset,
		    len > (1u << 30) ? 1u << 30 : len);
		if (n > 0) {
			response_count(req, (size_t)n);
			len -= (size_t)n;
		} else if (n == 0) {	/* it was cut meanwhile */
			return response_break(req, false);
		} else if (response_send_failed(req) == -1) {
			return -1;
		}
	}
	return 0;
}

/* Sends what comes before the file's bytes: the head and a chunk's line. */
static int
response_file_begin(struct request *req, size_t len)
{
	struct response	*resp = &req->resp;
	char		 line[RESPONSE_LINE_MAX];
	struct iovec	 parts[2] = { { resp->head.buf, resp->head.len },
		{ line, 0 } };
	int		 result;

	if (resp->chunked && len > 0)
		parts[1].iov_len = response_chunk_line(line, len);
	result = response_send_held(req, parts, 2, len > 0 ? MSG_MORE : 0);
	resp->head.len = 0;
	return result;
}

/*
 * Sends the file's bytes. While it waits for the client others run, who may
 * close the descriptor: its number would soon be another file's. So it is sent
 * from a copy.
 */
static int
response_send_file_copy(struct request *req, int fd, off_t offset, size_t len)
{
	int	 copy = -1, result;

	if (len > 0 && req->worker->suspend->can_park)
		copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (req->conn->protocol->frames != NULL) {
		result = response_put_file_records(req, copy == -1 ? fd :
		    copy, offset, len, response_send_file);
	} else {
		result = response_file_begin(req, len);
		if (result == 0)
			result = response_send_file(req, copy == -1 ? fd :
			    copy, offset, len);
	}
	if (copy != -1)
		close(copy);
	return result;
}

/* Sends a part of a file. */
int
response_sendfile(struct request *req, int fd, off_t offset, int64_t len)
{
	struct response	*resp = &req->resp;
	size_t		 n;

	len = response_file_left(fd, offset, len);
	if (len < 0)
		return -1;
	if (response_start(req, len) == -1)
		return -1;
	n = response_clip(req, (size_t)len);
	resp->sent += (int64_t)n;
	if (resp->no_body)
		n = 0;
	conn_set_nodelay(req->conn);
	if (response_send_file_copy(req, fd, offset, n) == -1)
		return -1;
	if (resp->chunked && n > 0)
		return response_send(req, "\r\n", 2, 0);
	return 0;
}
