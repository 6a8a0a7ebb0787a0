/* What a script writes to its standard error becomes lines of the log. */
#include "plugins/cgi/cgi_stderr.h"

#include <errno.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "worker/request.h"

/* Logs a line. */
static void
cgi_stderr_log(struct cgi_stderr *err, const struct request *req)
{
	if (err->len > 0)
		request_log(req, LOG_LEVEL_WARN, "cgi: %.*s", (int)err->len,
		    err->line);
	err->len = 0;
}

/* Takes bytes; what could be taken for something else's line is masked. */
static void
cgi_stderr_add(struct cgi_stderr *err, const struct request *req,
    const char *data, size_t len)
{
	size_t	 i;
	char	 c;

	for (i = 0; i < len; i++) {
		c = data[i];
		if (c == '\n' || err->len == sizeof(err->line))
			cgi_stderr_log(err, req);
		if (c == '\n' || c == '\r')
			continue;
		if (((unsigned char)c < 0x20 && c != '\t') || c == 0x7f)
			c = '?';
		err->line[err->len++] = c;
	}
}

/* Takes what can be read now. */
void
cgi_stderr_read(struct cgi_stderr *err, const struct request *req, int *fd)
{
	char	 data[4096];
	ssize_t	 n;
	int	 turns;

	for (turns = 0; *fd != -1 && turns < 32; turns++) {
		n = read(*fd, data, sizeof(data));
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			fd_close(fd);
			return;
		}
		if (err->total <= CGI_STDERR_MAX)
			cgi_stderr_add(err, req, data, (size_t)n);
		if (err->total <= CGI_STDERR_MAX &&
		    err->total + (size_t)n > CGI_STDERR_MAX) {
			cgi_stderr_log(err, req);
			request_log(req, LOG_LEVEL_WARN, "cgi: the rest of "
			    "what it writes to standard error is dropped");
		}
		err->total += (size_t)n;
	}
}

/* Logs what is left of a line. */
void
cgi_stderr_end(struct cgi_stderr *err, const struct request *req)
{
	cgi_stderr_log(err, req);
}
