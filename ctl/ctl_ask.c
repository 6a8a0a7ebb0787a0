/* One request to the control socket, and its answer. */
#include "ctl/ctl_ask.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/strbuf.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "ctl/ctl.h"
#include "ctl/ctl_command.h"
#include "ctl/ctl_text.h"

#define ASK_ANSWER_MAX	((size_t)1 << 30)
#define ASK_RETRY_NS	10000000	/* while the server's queue is full */

/* A conversation. */
struct ctl_call {
	const char	*path;
	uint64_t	 until;		/* clock_mono_us */
	int		 fd;
	char		**why;
};

/* Waits until the socket is ready, or the time is over. */
static int
ctl_wait(struct ctl_call *call, short events)
{
	struct pollfd	 pfd = { .fd = call->fd, .events = events };
	uint64_t	 now;
	int		 n;

	for (;;) {
		now = clock_mono_us();
		n = now >= call->until ? 0 :
		    poll(&pfd, 1, (int)((call->until - now) / 1000) + 1);
		if (n > 0)
			return 0;
		if (n == 0) {
			*call->why = xasprintf("no answer from %s in time",
			    call->path);
			return -1;
		}
		if (errno != EINTR) {
			*call->why = xasprintf("poll: %s", strerror(errno));
			return -1;
		}
	}
}

/* The address of the path; -1 and *why. */
static int
ctl_address(const char *path, struct sockaddr_any *any, char **why)
{
	struct address	 addr;
	int		 n = -1;

	if (address_parse(&addr, path, why) == -1)
		return -1;
	if (!addr.is_unix)
		*why = xasprintf("%s is no path of a unix socket", path);
	else
		n = address_resolve(&addr, any, 1, why);
	address_done(&addr);
	return n == -1 ? -1 : 0;
}

/* Connects; a server that is busy accepting is tried again. */
static int
ctl_connect(struct ctl_call *call)
{
	static const struct timespec	 pause = { 0, ASK_RETRY_NS };
	struct sockaddr_any		 any;

	if (ctl_address(call->path, &any, call->why) == -1)
		return CTL_USAGE;
	call->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (call->fd == -1) {
		*call->why = xasprintf("socket: %s", strerror(errno));
		return CTL_FAILED;
	}
	while (connect(call->fd, (struct sockaddr *)&any.sa, any.len) == -1) {
		if (errno == EAGAIN && clock_mono_us() < call->until) {
			nanosleep(&pause, NULL);
			continue;
		}
		if (errno == ENOENT || errno == ECONNREFUSED) {
			*call->why = xasprintf("no server at %s: %s",
			    call->path, strerror(errno));
			return CTL_NO_SERVER;
		}
		*call->why = xasprintf("%s: %s", call->path, errno == EAGAIN ?
		    "the server does not accept" : strerror(errno));
		return CTL_FAILED;
	}
	return CTL_OK;
}

/* Sends all of it. */
static int
ctl_send(struct ctl_call *call, const char *text, size_t len)
{
	ssize_t	 n;

	while (len > 0) {
		n = send(call->fd, text, len, MSG_NOSIGNAL);
		if (n == -1 && (errno == EPIPE || errno == ECONNRESET))
			return 0;	/* perhaps it says why */
		if (n == -1 && errno != EAGAIN && errno != EINTR) {
			*call->why = xasprintf("%s: sending: %s", call->path,
			    strerror(errno));
			return -1;
		}
		if (n == -1) {
			if (ctl_wait(call, POLLOUT) == -1)
				return -1;
			continue;
		}
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Reads up to the end. */
static int
ctl_receive(struct ctl_call *call, struct strbuf *answer)
{
	ssize_t	 n;

	for (;;) {
		if (ctl_wait(call, POLLIN) == -1)
			return -1;
		strbuf_reserve(answer, 65536);
		n = recv(call->fd, answer->buf + answer->len, 65536, 0);
		if (n == 0 || (n == -1 && errno == ECONNRESET))
			return 0;
		if (n == -1 && errno != EAGAIN && errno != EINTR) {
			*call->why = xasprintf("%s: receiving: %s",
			    call->path, strerror(errno));
			return -1;
		}
		if (n > 0)
			answer->len += (size_t)n;
		if (answer->len > ASK_ANSWER_MAX) {
			*call->why = xstrdup("the answer has no end");
			return -1;
		}
	}
}

/* Takes the answer apart. */
static int
ctl_answer(struct ctl_call *call, const struct strbuf *text, json_t **result)
{
	json_t		*answer, *error;
	json_error_t	 cause;
	int		 status = CTL_FAILED;

	if (text->len == 0) {
		*call->why = xstrdup("the server left without an answer");
		return CTL_FAILED;
	}
	answer = json_loadb(text->buf, text->len, 0, &cause);
	error = json_object_get(answer, "error");
	if (json_is_true(json_object_get(answer, "ok"))) {
		*result = json_incref(json_object_get(answer, "result"));
		status = CTL_OK;
	} else if (json_is_string(error)) {
		*call->why = ctl_clean(json_string_value(error));
	} else {
		*call->why = xasprintf("the server left in the middle of its "
		    "answer, or speaks otherwise (%s)", answer == NULL ?
		    cause.text : "no \"ok\"");
	}
	json_decref(answer);
	return status;
}

/* Asks, and gets an answer. */
int
ctl_ask(const struct ctl *ctl, double timeout, json_t *request,
    json_t **result, char **why)
{
	struct ctl_call	 call = { .path = ctl->socket, .fd = -1,
	    .why = why };
	struct strbuf	 answer = STRBUF_INIT;
	char		*text = json_dumps(request, JSON_COMPACT);
	int		 status;

	json_decref(request);
	*result = NULL;
	*why = NULL;
	call.until = clock_mono_us() + (uint64_t)(timeout * 1e6);
	status = ctl_connect(&call);
	if (status == CTL_OK) {
		status = CTL_FAILED;
		if (ctl_send(&call, text, strlen(text)) == 0 &&
		    ctl_send(&call, "\n", 1) == 0 &&
		    ctl_receive(&call, &answer) == 0)
			status = ctl_answer(&call, &answer, result);
	}
	fd_close(&call.fd);
	strbuf_done(&answer);
	free(text);
	return status;
}

/* What a server's configuration says. */
static int
ctl_read_config(struct ctl *ctl, char **why)
{
	size_t			 n = 2 * ctl->config.count + 2, i;
	char			**argv = xcalloc(n + 1, sizeof(*argv));
	struct config		 cfg;
	enum config_action	 action;
	int			 result = -1;

	argv[0] = xstrdup("ctl");
	argv[1] = xstrdup("--print-config");
	for (i = 0; i < ctl->config.count; i++) {
		argv[2 + 2 * i] = xstrdup("--config");
		argv[3 + 2 * i] = xstrdup(ctl->config.items[i]);
	}
	if (config_load(&cfg, (int)n, argv, &action, why) == 0) {
		if (cfg.control_socket != NULL) {
			ctl->socket = xstrdup(cfg.control_socket);
			result = 0;
		} else {
			*why = xasprintf("%s has no \"control-socket\"",
			    ctl->config.items[0]);
		}
	}
	config_done(&cfg);
	for (i = 0; i < n; i++)
		free(argv[i]);
	free(argv);
	return result;
}

/* Where is the socket? */
int
ctl_find_socket(struct ctl *ctl, char **why)
{
	const char	*path = getenv("WSGIMASTER_CONTROL");

	if (ctl->socket != NULL)
		return 0;
	if (ctl->config.count > 0)
		return ctl_read_config(ctl, why);
	if (path == NULL || path[0] == '\0') {
		*why = xstrdup("where is the server? Give -s PATH (its "
		    "control-socket), -c FILE (its configuration) or set "
		    "WSGIMASTER_CONTROL");
		return -1;
	}
	ctl->socket = xstrdup(path);
	return 0;
}
