/* The response: framing by RFC 9112, from a handler's head and bytes. */
#include "worker/response.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"
#include "config/config.h"
#include "shm/scoreboard.h"
#include "worker/client_gone.h"
#include "worker/conn.h"
#include "worker/core.h"
#include "worker/request.h"
#include "worker/response_head.h"
#include "worker/suspend.h"
#include "worker/worker.h"

/* A piece of the body up to this size is copied behind the head. */
#define RESPONSE_COPY_MAX	16384
/* A head buffer that grew beyond this is not kept for the next request. */
#define RESPONSE_KEEP_MAX	32768

/* Once per core. */
void
response_init(struct response *resp)
{
	memset(resp, 0, sizeof(*resp));
	resp->length = -1;
}

/* Ready for the next response; keeps the head's memory. */
void
response_reset(struct response *resp)
{
	struct strbuf	 head = resp->head;

	if (head.cap > RESPONSE_KEEP_MAX)
		strbuf_done(&head);
	response_init(resp);
	head.len = 0;
	resp->head = head;
}

/* Frees the memory. */
void
response_done(struct response *resp)
{
	strbuf_done(&resp->head);
}

/* The client has left or is too slow: nothing more is sent. */
static int
response_break(struct request *req, bool timed_out)
{
	/* A proper end would be taken for that of the body. */
	if (timed_out || (req->resp.state == RESPONSE_BODY &&
	    !req->resp.chunked && req->resp.length == -1 &&
	    !req->resp.no_body))
		req->conn->reset = true;
	req->resp.state = RESPONSE_BROKEN;
	req->resp.timed_out = timed_out;
	req->resp.close = true;
	sb_add(&req->core->sb->write_errors, 1);
	return -1;
}

/* The client has left. */
void
response_abandon(struct request *req)
{
	if (req->resp.state < RESPONSE_BODY)
		req->resp.status = 499;
	(void)response_break(req, false);
}

/* Bytes that the client's side has not taken yet. */
static int
response_unsent(const struct request *req)
{
	int	 n;

	return ioctl(req->conn->fd, SIOCOUTQ, &n) == 0 ? n : 0;
}

/*
 * The socket is full: waits for the client. It counts as writable only when a
 * good part of it is free, so a client that takes little is told from one that
 * takes nothing by what is left in it.
 */
static int
response_wait(struct request *req)
{
	enum wait_reason	 reason;
	int			 before, after = response_unsent(req);

	do {
		before = after;
		reason = wait_client(req->core, WAIT_WRITE,
		    req->worker->cfg->write_timeout);
		if (reason == WAIT_TIMEOUT)
			after = response_unsent(req);
	} while (reason == WAIT_TIMEOUT && after < before);
	if (reason == WAIT_READY)
		return 0;
	return response_break(req, reason == WAIT_TIMEOUT);
}

/* Counts bytes that the kernel took. */
static void
response_count(struct request *req, size_t n)
{
	req->resp.wire += n;
	sb_set(&req->core->sb->bytes_out, req->resp.wire);
}

/* Sends all of one piece. */
static int
response_send(struct request *req, const char *data, size_t len, int flags)
{
	ssize_t	 n;

	while (len > 0) {
		n = send(req->conn->fd, data, len, MSG_NOSIGNAL | flags);
		if (n >= 0) {
			response_count(req, (size_t)n);
			data += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			if (response_wait(req) == -1)
				return -1;
		} else if (errno != EINTR) {
			return response_break(req, false);
		}
	}
	return 0;
}

/* Sends the head buffer (with what was added behind the head), then empties. */
static int
response_flush(struct request *req, int flags)
{
	int	 result;

	result = response_send(req, req->resp.head.buf, req->resp.head.len,
	    flags);
	req->resp.head.len = 0;
	return result;
}

/* Sends the head buffer and a large piece in one call, as far as it goes. */
static int
response_send_large(struct request *req, const char *data, size_t len)
{
	struct strbuf	*head = &req->resp.head;
	struct iovec	 iov[2] = {
		{ .iov_base = head->buf, .iov_len = head->len },
		{ .iov_base = (void *)data, .iov_len = len },
	};
	struct msghdr	 msg = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t		 n;

	do {
		n = sendmsg(req->conn->fd, &msg, MSG_NOSIGNAL);
	} while (n == -1 && errno == EINTR);
	if (n == -1 && errno != EAGAIN)
		return response_break(req, false);
	if (n == -1)
		n = 0;
	response_count(req, (size_t)n);
	if ((size_t)n < head->len) {
		if (response_send(req, head->buf + n, head->len - (size_t)n,
		    0) == -1)
			return -1;
		n = (ssize_t)head->len;
	}
	n -= (ssize_t)head->len;
	head->len = 0;
	return response_send(req, data + n, len - (size_t)n, 0);
}

/* What of len bytes fits into the announced length. */
static size_t
response_clip(struct request *req, size_t len)
{
	struct response	*resp = &req->resp;
	int64_t		 room;

	if (resp->length == -1 || resp->no_body)
		return len;
	room = resp->length - resp->sent;
	if ((int64_t)len <= room)
		return len;
	if (!resp->clipped)
		request_log(req, LOG_LEVEL_WARN, "the body is longer than "
		    "its Content-Length of %lld bytes: the rest is dropped",
		    (long long)resp->length);
	resp->clipped = true;
	resp->close = true;
	return (size_t)room;
}

/* Completes the head if that has not been done; known as in response_head. */
static int
response_start(struct request *req, int64_t known)
{
	if (req->resp.state == RESPONSE_NONE)
		return -1;
	if (req->resp.state == RESPONSE_BROKEN ||
	    req->resp.state == RESPONSE_ENDED)
		return -1;
	if (req->resp.state == RESPONSE_BEGUN) {
		response_head_complete(req, known);
		req->resp.state = RESPONSE_BODY;
	}
	return 0;
}

/* Adds what the body's framing wants and the bytes; sends by size. */
static int
response_put(struct request *req, const char *data, size_t len, bool last)
{
	struct response	*resp = &req->resp;

	len = response_clip(req, len);
	resp->sent += (int64_t)len;
	if (resp->no_body)
		len = 0;
	if (resp->chunked && len > 0)
		strbuf_addf(&resp->head, "%zx\r\n", len);
	if (len <= RESPONSE_COPY_MAX) {
		strbuf_add(&resp->head, data, len);
	} else {
		if (response_send_large(req, data, len) == -1)
			return -1;
	}
	if (resp->chunked && len > 0)
		strbuf_add(&resp->head, "\r\n", 2);
	if (resp->chunked && last && !resp->no_body) {
		strbuf_add(&resp->head, "0\r\n\r\n", 5);
		resp->last_sent = true;
	}
	return response_flush(req, 0);
}

/* Sends a piece of the body; more may come. */
int
response_write(struct request *req, const char *data, size_t len)
{
	if (response_start(req, -1) == -1)
		return -1;
	if (len == 0 && req->resp.head.len == 0)
		return 0;
	conn_set_nodelay(req->conn);
	return response_put(req, data, len, false);
}

/* Sends the body in one piece. */
int
response_write_whole(struct request *req, const char *data, size_t len)
{
	if (response_start(req, (int64_t)len) == -1)
		return -1;
	return response_put(req, data, len, true) == -1 ? -1 :
	    response_end(req);
}

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

/*
 * sendfile(2), which has no MSG_NOSIGNAL: an app may have given SIGPIPE its
 * default back, which would kill the worker when the client has left.
 */
static ssize_t
response_sendfile_now(int out, int fd, off_t *offset, size_t len)
{
	static const struct timespec	 at_once = { 0, 0 };
	struct sigaction		 action;
	sigset_t			 pipe, old;
	ssize_t				 n;
	int				 saved;

	if (sigaction(SIGPIPE, NULL, &action) == 0 &&
	    action.sa_handler == SIG_IGN)
		return sendfile(out, fd, offset, len);
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &old);
	n = sendfile(out, fd, offset, len);
	saved = errno;
	if (n == -1 && saved == EPIPE && !sigismember(&old, SIGPIPE))
		(void)sigtimedwait(&pipe, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = saved;
	return n;
}

/* Sends bytes of a file that is known to have them. */
static int
response_send_file(struct request *req, int fd, off_t offset, size_t len)
{
	ssize_t	 n;

	while (len > 0) {
		n = response_sendfile_now(req->conn->fd, fd, &offset,
		    len > (1u << 30) ? 1u << 30 : len);
		if (n > 0) {
			response_count(req, (size_t)n);
			len -= (size_t)n;
		} else if (n == 0) {	/* it was cut meanwhile */
			return response_break(req, false);
		} else if (errno == EAGAIN) {
			if (response_wait(req) == -1)
				return -1;
		} else if (errno != EINTR) {
			return response_break(req, false);
		}
	}
	return 0;
}

/*
 * Sends what is in the head buffer and then the file. While it waits for the
 * client others run, who may close the descriptor: its number would soon be
 * another file's. So it is sent from a copy.
 */
static int
response_send_file_head(struct request *req, int fd, off_t offset, size_t len)
{
	int	 copy = -1, result;

	if (len > 0 && req->worker->suspend->can_park)
		copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	result = response_flush(req, len > 0 ? MSG_MORE : 0);
	if (result == 0)
		result = response_send_file(req, copy == -1 ? fd : copy,
		    offset, len);
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
	if (resp->chunked && n > 0)
		strbuf_addf(&resp->head, "%zx\r\n", n);
	if (response_send_file_head(req, fd, offset, n) == -1)
		return -1;
	if (resp->chunked && n > 0)
		return response_send(req, "\r\n", 2, 0);
	return 0;
}

/* The body ended before its announced length: the client must notice. */
static int
response_end_short(struct request *req)
{
	request_log(req, LOG_LEVEL_WARN, "the body has %lld bytes, its "
	    "Content-Length says %lld: the connection is closed",
	    (long long)req->resp.sent, (long long)req->resp.length);
	req->resp.state = RESPONSE_ENDED;
	req->resp.close = true;
	return 0;
}

/* Nothing more comes: sends what the framing wants at the end. */
int
response_end(struct request *req)
{
	struct response	*resp = &req->resp;

	if (resp->state == RESPONSE_ENDED)
		return 0;
	if (resp->state == RESPONSE_BODY) {
		if (resp->chunked && !resp->no_body && !resp->last_sent &&
		    response_send(req, "0\r\n\r\n", 5, 0) == -1)
			return -1;
	} else {
		if (response_start(req, 0) == -1)
			return -1;
		if (response_put(req, "", 0, true) == -1)
			return -1;
	}
	if (!resp->no_body && resp->length != -1 && resp->sent < resp->length)
		return response_end_short(req);
	resp->state = RESPONSE_ENDED;
	return 0;
}

/* Sends bytes that the app has framed itself. */
int
response_write_raw(struct request *req, const char *data, size_t len)
{
	struct response	*resp = &req->resp;

	if (resp->state == RESPONSE_NONE) {
		resp->state = RESPONSE_BODY;
		resp->length = -1;
		resp->chunked = false;
		resp->close = true;
	}
	return response_write(req, data, len);
}

/* Says goodbye to the client. */
void
response_disconnect(struct request *req)
{
	struct response	*resp = &req->resp;

	if (resp->state == RESPONSE_BEGUN || resp->state == RESPONSE_BODY) {
		resp->close = true;
		(void)response_end(req);
	}
	response_drop(req);
}

/* Says it in the midst of things. */
void
response_drop(struct request *req)
{
	struct response	*resp = &req->resp;

	if (resp->state != RESPONSE_BROKEN)
		resp->state = RESPONSE_ENDED;
	resp->close = true;
	client_gone_ignore(req->conn);
	shutdown(req->conn->fd, SHUT_RDWR);
}
