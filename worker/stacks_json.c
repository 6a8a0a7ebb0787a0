/* What a worker answers when it is asked for its stacks. */
#include "worker/stacks_json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "base/xmalloc.h"
#include "shm/messages.h"
#include "shm/scoreboard.h"
#include "worker/core.h"
#include "worker/runtime.h"
#include "worker/witness.h"
#include "worker/worker.h"

/*
 * What all cores' rows may take, before the stacks are left out of them, and
 * before they are left out themselves; and all threads'. A row without its
 * stack is short.
 */
#define STACKS_CORES_FULL	(STACKS_SIZE_MAX - (6u << 20))
#define STACKS_CORES_MAX	(STACKS_SIZE_MAX - (3u << 20))
#define STACKS_THREADS_MAX	(2u << 20)

/* An answer that is being made. */
struct stacks {
	struct worker	*worker;
	uint64_t	 now_us;
	struct strbuf	 cores;
	struct strbuf	 threads;
	bool		*seen;		/* which cores were looked at */
	unsigned	 left_out;
};

/* Adds UTF-8 as a JSON string. */
static void
stacks_add_text(struct strbuf *out, const char *s, size_t len)
{
	size_t	 i;

	strbuf_addc(out, '"');
	for (i = 0; i < len; i++) {
		if (s[i] == '"' || s[i] == '\\')
			strbuf_addc(out, '\\');
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			strbuf_addf(out, "\\u%04x", (unsigned)s[i]);
		else
			strbuf_addc(out, s[i]);
	}
	strbuf_addc(out, '"');
}

/* Adds a stack as an array of lines. */
static void
stacks_add_lines(struct strbuf *out, const char *stack)
{
	size_t	 len;

	strbuf_addc(out, '[');
	for (; *stack != '\0'; stack += len) {
		len = strcspn(stack, "\n");
		stacks_add_text(out, stack, len);
		if (stack[len] == '\n')
			len++;
		if (stack[len] != '\0')
			strbuf_addc(out, ',');
	}
	strbuf_addc(out, ']');
}

/* Adds what the scoreboard says of a core, and its stack. */
static void
stacks_add_core(struct stacks *s, const struct core *core, const char *stack)
{
	struct strbuf		*out = &s->cores;
	struct sb_core_view	 view;

	sb_core_read(core->sb, &view);
	if (view.state == SB_CORE_IDLE)
		return;
	if (out->len + strlen(stack) > STACKS_CORES_FULL) {
		s->left_out++;
		stack = "";
	}
	if (out->len > STACKS_CORES_MAX)
		return;
	strbuf_addf(out, "%s{\"core\":%d,\"state\":\"%s\",\"request\":",
	    out->len > 0 ? "," : "", core->id,
	    sb_core_state_name(view.state));
	strbuf_add_json(out, view.id, strlen(view.id));
	strbuf_adds(out, ",\"method\":");
	strbuf_add_json(out, view.method, strlen(view.method));
	strbuf_adds(out, ",\"path\":");
	strbuf_add_json(out, view.path, strlen(view.path));
	strbuf_addf(out, ",\"age_ms\":%llu,\"stack\":", s->now_us >
	    view.start_us ? (unsigned long long)(s->now_us - view.start_us) /
	    1000 : 0ULL);
	stacks_add_lines(out, stack);
	strbuf_addc(out, '}');
}

/* Found a core. */
static bool
stacks_core(void *arg, struct core *core, const char *stack)
{
	struct stacks	*s = arg;

	stacks_add_core(s, core, stack);
	s->seen[core->id] = true;
	return true;
}

/* Found a thread. */
static bool
stacks_thread(void *arg, const char *name, const char *stack)
{
	struct stacks	*s = arg;
	struct strbuf	*out = &s->threads;

	if (out->len + strlen(stack) > STACKS_THREADS_MAX)
		return false;
	strbuf_addf(out, "%s{\"name\":", out->len > 0 ? "," : "");
	stacks_add_text(out, name, strlen(name));
	strbuf_adds(out, ",\"stack\":");
	stacks_add_lines(out, stack);
	strbuf_addc(out, '}');
	return true;
}

/* Those that nobody has looked at: what the scoreboard says. */
static void
stacks_add_rest(struct stacks *s)
{
	const struct core	*core;
	int			 i;

	for (i = 0; i <= s->worker->ncores; i++) {
		core = &s->worker->cores[i];
		if (s->seen[i] || sb_get(&core->sb->state) == SB_CORE_IDLE)
			continue;
		stacks_add_core(s, core, "");
		s->left_out++;
	}
}

/* Puts it together, and writes it. */
static int
stacks_write(const struct stacks *s, int fd, bool loop_stuck, bool lock_held)
{
	struct strbuf	 head = STRBUF_INIT, tail = STRBUF_INIT;
	int		 result = -1;

	strbuf_addf(&head, "{\"worker\":%d,\"pid\":%d,\"loop_stuck\":%s,"
	    "\"cores\":[", s->worker->id, (int)getpid(),
	    loop_stuck ? "true" : "false");
	strbuf_addf(&tail, "],\"left_out\":%u,\"lock_held\":%s}\n",
	    s->left_out, lock_held ? "true" : "false");
	if (fd_write_all(fd, head.buf, head.len) == 0 &&
	    fd_write_all(fd, s->cores.buf, s->cores.len) == 0 &&
	    fd_write_all(fd, "],\"threads\":[", 13) == 0 &&
	    fd_write_all(fd, s->threads.buf, s->threads.len) == 0 &&
	    fd_write_all(fd, tail.buf, tail.len) == 0)
		result = 0;
	strbuf_done(&head);
	strbuf_done(&tail);
	return result;
}

/* Answers. */
void
stacks_answer(struct worker *w, int steal_fd, int number, double limit,
    bool loop_stuck)
{
	static const struct runtime_look	 look = {
		.core = stacks_core,
		.thread = stacks_thread,
	};
	struct stacks	 s = { .worker = w, .now_us = clock_mono_us(),
	    .cores = STRBUF_INIT, .threads = STRBUF_INIT };
	bool		 seen;

	s.seen = xcalloc((size_t)w->ncores + 1, sizeof(*s.seen));
	seen = witness_look(w, true, &look, &s, limit);
	if (!seen)
		stacks_add_rest(&s);
	if (stacks_write(&s, steal_fd, loop_stuck, !seen) == 0)
		worker_tell_master(w, MSG_STACKS_DONE, number);
	else
		log_warn("the answer with the stacks cannot be written");
	fd_close(&steal_fd);
	strbuf_done(&s.cores);
	strbuf_done(&s.threads);
	free(s.seen);
}
