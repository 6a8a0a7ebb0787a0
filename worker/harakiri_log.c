/* What the log says of a request that is past its deadline. */
#include "worker/harakiri_log.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "config/config.h"
#include "shm/scoreboard.h"
#include "worker/conn.h"
#include "worker/core.h"
#include "worker/request.h"
#include "worker/runtime.h"
#include "worker/suspend.h"
#include "worker/worker.h"

/* So much of a request's target is shown, and so many other requests. */
#define HARAKIRI_LOG_TARGET	1000
#define HARAKIRI_LOG_OTHERS	100

/* What a core in this state does, where no descriptor is to be told. */
static const char *const harakiri_log_states[] = {
	[SB_CORE_IDLE] = "is at its end",
	[SB_CORE_RUNNING] = "runs",
	[SB_CORE_WAIT_READ] = "waits to read",
	[SB_CORE_WAIT_WRITE] = "waits to write",
	[SB_CORE_SLEEP] = "sleeps, or waits to be woken",
	[SB_CORE_PARKED] = "is parked",
	[SB_CORE_BODY] = "waits for the client to send the body",
	[SB_CORE_SENDING] = "waits for the client to take the response",
	[SB_CORE_LOCK] = "waits for a lock",
	[SB_CORE_WEBSOCKET] = "waits for its websocket",
};

/* Adds what a descriptor is: a socket's other end, or its name. */
static void
harakiri_log_fd(struct strbuf *sb, int fd)
{
	struct sockaddr_any	 peer = { .len = sizeof(peer.sa) };
	char			 path[32], name[256], *text;
	ssize_t			 n;

	strbuf_addf(sb, " descriptor %d", fd);
	if (getpeername(fd, (struct sockaddr *)&peer.sa, &peer.len) == 0) {
		text = address_print(&peer);
		strbuf_addf(sb, " (a socket%s%s)",
		    text[0] != '\0' ? " to " : "", text);
		free(text);
		return;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, name, sizeof(name) - 1);
	if (n > 0)
		strbuf_addf(sb, " (%.*s)", (int)n, name);
}

/* Adds what a core is doing. */
static void
harakiri_log_doing(struct strbuf *sb, const struct core *core)
{
	uint32_t	 state = sb_get(&core->sb->state);
	int		 fd = sb_get(&core->sb->wait_fd);

	if (state == SB_CORE_RUNNING && core->worker->suspend->stacks != NULL &&
	    core->worker->suspend->attach == NULL)
		strbuf_adds(sb, "has switched away by itself");
	else
		strbuf_adds(sb, state > SB_CORE_WEBSOCKET ? "?" :
		    harakiri_log_states[state]);
	if (fd != -1 &&
	    (state == SB_CORE_WAIT_READ || state == SB_CORE_WAIT_WRITE))
		harakiri_log_fd(sb, fd);
}

/* Adds what a job shows of itself. */
static void
harakiri_log_job(struct strbuf *sb, const struct core *core)
{
	struct sb_core_view	 view;

	sb_core_read(core->sb, &view);
	strbuf_addf(sb, "a job (%s)", view.path);
}

/* Adds the request line and who sent it. */
static void
harakiri_log_line(struct strbuf *sb, const struct request *req)
{
	const struct http_head	*head = req->head;
	size_t			 len;

	if (req->core->job != NULL) {
		harakiri_log_job(sb, req->core);
		return;
	}
	len = head->target.len;
	if (len > HARAKIRI_LOG_TARGET)
		len = HARAKIRI_LOG_TARGET;
	strbuf_add(sb, request_text(req, head->method), head->method.len);
	strbuf_addc(sb, ' ');
	strbuf_add(sb, request_text(req, head->target), len);
	strbuf_adds(sb, len < head->target.len ? "..." : "");
	strbuf_adds(sb, " of ");
	if (req->from.addr_len > 0)
		strbuf_add(sb, req->from.addr, req->from.addr_len);
	else
		strbuf_adds(sb, "a client");
}

/* Adds a file's first line, which is of the kernel's making. */
static void
harakiri_log_file(struct strbuf *sb, const char *tid, const char *name)
{
	char	 path[80], text[160];
	ssize_t	 n = -1;
	int	 fd;

	snprintf(path, sizeof(path), "/proc/self/task/%.20s/%s", tid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd != -1)
		n = read(fd, text, sizeof(text) - 1);
	fd_close(&fd);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	strbuf_adds(sb, text);
}

/* Adds where in the kernel a core's thread is; it is found by its name. */
static void
harakiri_log_kernel(struct strbuf *sb, const struct core *core)
{
	DIR			*tasks = opendir("/proc/self/task");
	const struct dirent	*task;
	struct strbuf		 name = STRBUF_INIT;
	char			 wanted[16];

	snprintf(wanted, sizeof(wanted), "wm-core-%d", core->id);
	while (tasks != NULL && (task = readdir(tasks)) != NULL) {
		if (task->d_name[0] == '.')
			continue;
		strbuf_truncate(&name, 0);
		harakiri_log_file(&name, task->d_name, "comm");
		if (strcmp(strbuf_str(&name), wanted) != 0)
			continue;
		strbuf_adds(sb, "\nits thread in the kernel: ");
		harakiri_log_file(sb, task->d_name, "wchan");
		strbuf_adds(sb, ", system call ");
		harakiri_log_file(sb, task->d_name, "syscall");
		break;
	}
	if (tasks != NULL)
		closedir(tasks);
	strbuf_done(&name);
}

/* May one more stack be shown in this second? */
static bool
harakiri_log_may_show(struct harakiri *h)
{
	uint64_t	 now = clock_mono_us();

	if (now - h->shown_us >= 1000000) {
		h->shown_us = now;
		h->shown = 0;
	}
	return h->shown++ < HARAKIRI_LOG_STACKS;
}

/* Adds the request's Python stack. */
static void
harakiri_log_stack(struct strbuf *sb, struct core *core)
{
	struct worker	*w = core->worker;
	size_t		 before;

	if (w->runtime == NULL || w->runtime->core_stack == NULL)
		return;
	if (!harakiri_log_may_show(&w->harakiri)) {
		strbuf_adds(sb, "\n(its stack is not shown: there were too "
		    "many in this second)");
		return;
	}
	strbuf_adds(sb, "\nits stack, the innermost call last:\n");
	before = sb->len;
	w->runtime->core_stack(core, sb);
	if (sb->len == before)
		strbuf_adds(sb, "  (none: it is between two calls of its "
		    "app)\n");
	strbuf_truncate(sb, sb->len - 1);
}

/* Adds for how long, and which limit that is. */
static void
harakiri_log_age(struct strbuf *sb, const struct core *core)
{
	const struct core_harakiri	*own = &core->harakiri;
	const uint64_t			 start = core->req.start_us;

	strbuf_addf(sb, " has had core %d for %.2f s", core->id,
	    (double)(clock_mono_us() - start) / 1e6);
	if (own->told > 1)
		strbuf_addf(sb, ", was told to end %s before",
		    own->told == 2 ? "once" : "more than once");
	else if (own->user_us != 0 &&
	    (own->limit_us == 0 || own->user_us < own->limit_us))
		strbuf_adds(sb, " (its own deadline is over)");
	else
		strbuf_addf(sb, " (its limit is %g s)",
		    (double)(own->limit_us - start) / 1e6);
	strbuf_adds(sb, ", and ");
}

/* Logs what the worker's other requests are at. */
static void
harakiri_log_others(const struct core *core)
{
	const struct worker	*w = core->worker;
	const struct core	*other;
	struct strbuf		 sb = STRBUF_INIT;
	uint64_t		 now = clock_mono_us();
	int			 i, n = 0;

	for (i = 0; i <= w->ncores; i++) {
		other = &w->cores[i];
		if (other == core || other->state == CORE_IDLE ||
		    other->state == CORE_FINISHED || n++ >= HARAKIRI_LOG_OTHERS)
			continue;
		strbuf_addf(&sb, "\n  core %d: ", other->id);
		harakiri_log_line(&sb, &other->req);
		strbuf_addf(&sb, ", %.2f s, ",
		    (double)(now - other->req.start_us) / 1e6);
		harakiri_log_doing(&sb, other);
	}
	if (n > HARAKIRI_LOG_OTHERS)
		strbuf_addf(&sb, "\n  and %d more", n - HARAKIRI_LOG_OTHERS);
	log_warn("harakiri: the worker's other requests: %d%s", n,
	    strbuf_str(&sb));
	strbuf_done(&sb);
}

/* The record. */
void
harakiri_log(struct core *core)
{
	const struct worker	*w = core->worker;
	struct strbuf		 sb = STRBUF_INIT;

	harakiri_log_line(&sb, &core->req);
	harakiri_log_age(&sb, core);
	harakiri_log_doing(&sb, core);
	if (w->cfg->harakiri_verbose && w->suspend->attach != NULL)
		harakiri_log_kernel(&sb, core);
	harakiri_log_stack(&sb, core);
	request_log(&core->req, LOG_LEVEL_ERROR, "harakiri: %s",
	    strbuf_str(&sb));
	strbuf_done(&sb);
	if (w->cfg->harakiri_verbose && core->harakiri.told == 1)
		harakiri_log_others(core);
}
