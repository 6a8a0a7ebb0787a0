/* wsgimaster ctl top: a live view in a terminal, or frames on a pipe. */
#include "ctl/ctl_top.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "ctl/ctl.h"
#include "ctl/ctl_ask.h"
#include "ctl/ctl_command.h"
#include "ctl/ctl_frame.h"
#include "ctl/ctl_screen.h"
#include "ctl/ctl_show.h"
#include "ctl/ctl_text.h"

#define TOP_OLDEST	100	/* requests that are asked for */
#define TOP_ASK_S	2	/* keys are not read meanwhile */
#define TOP_KEYS	"q quit   sort by: i id  r rate  b busy  m memory  " \
	"l lag   space now"

/* The view, from one frame to the next. */
struct ctl_top {
	struct ctl		*ctl;
	struct ctl_view		 view;
	struct ctl_sample	 before;
	struct ctl_sample	 now;
	char			*why;	/* why now is empty */
	uint64_t		 next_us;	/* when to ask again */
};

/* Asks for one thing. */
static int
top_ask(struct ctl_top *top, json_t *request, const char *member,
    json_t **value)
{
	json_t	*result;
	double	 limit = top->view.marks ? TOP_ASK_S : top->ctl->timeout;
	int	 status;

	status = ctl_ask(top->ctl, limit, request, &result, &top->why);
	if (status != CTL_OK)
		return status;
	*value = member == NULL ? json_incref(result) :
	    json_incref(json_object_get(result, member));
	json_decref(result);
	return CTL_OK;
}

/* Workers by their pids, to find them again. */
static json_t *
top_by_pid(const json_t *workers)
{
	json_t	*map = json_object(), *w;
	char	 pid[24];
	size_t	 i;

	json_array_foreach(workers, i, w) {
		snprintf(pid, sizeof(pid), "%lld", ctl_int(w, "pid"));
		json_object_set(map, pid, w);
	}
	return map;
}

/* The next sample; what was now is before. */
static int
top_sample(struct ctl_top *top)
{
	struct ctl_sample	*now = &top->now;
	int			 status;

	ctl_sample_done(&top->before);
	top->before = *now;
	memset(now, 0, sizeof(*now));
	free(top->why);
	top->why = NULL;
	top->next_us = clock_mono_us() + (uint64_t)(top->ctl->delay * 1e6);
	status = top_ask(top, json_pack("{s:s}", "command", "status"), NULL,
	    &now->status);
	if (status == CTL_OK)
		status = top_ask(top, json_pack("{s:s}", "command",
		    "workers"), "workers", &now->workers);
	if (status == CTL_OK)
		status = top_ask(top, json_pack("{s:s, s:i}", "command",
		    "cores", "oldest", TOP_OLDEST), "cores", &now->cores);
	if (status != CTL_OK) {
		ctl_sample_done(now);
		return status;
	}
	now->by_pid = top_by_pid(now->workers);
	/* Another server has come in its place. */
	if (top->before.status != NULL && ctl_int(now->status, "pid") !=
	    ctl_int(top->before.status, "pid"))
		ctl_sample_done(&top->before);
	return CTL_OK;
}

/* The whole screen, the keys in its last line. */
static void
top_draw(struct ctl_top *top)
{
	struct strbuf	 sb = STRBUF_INIT;
	const char	*c;
	int		 lines = 0;

	screen_size(&top->view.columns, &top->view.lines);
	if (top->now.status != NULL)
		ctl_frame(&sb, &top->view, &top->before, &top->now);
	else
		strbuf_addf(&sb, "\001no server\n\n%s\n", top->why);
	for (c = strbuf_str(&sb); *c != '\0' && lines < top->view.lines - 1;
	    c++)
		lines += *c == '\n';
	strbuf_truncate(&sb, (size_t)(c - strbuf_str(&sb)));
	for (; lines < top->view.lines - 1; lines++)
		strbuf_addc(&sb, '\n');
	strbuf_adds(&sb, TOP_KEYS);
	screen_draw(strbuf_str(&sb));
	strbuf_done(&sb);
}

/* A key; false: it was the last one. */
static bool
top_key(struct ctl_top *top, int key)
{
	enum ctl_sort	 sort = ctl_sort_key(key);

	if (key == 'q' || key == 'Q')
		return false;
	if (sort != CTL_SORT_COUNT)
		top->view.sort = sort;
	if (key == ' ')
		top->next_us = 0;
	return true;
}

/* Live, until q or a signal; returns the signal's number, 0: q. */
static int
top_loop(struct ctl_top *top)
{
	uint64_t	 now;
	int		 key, number = 0;

	for (;;) {
		if (clock_mono_us() >= top->next_us)
			top_sample(top);
		top_draw(top);
		now = clock_mono_us();
		switch (screen_wait(now < top->next_us ?
		    (double)(top->next_us - now) / 1e6 : 0, &key, &number)) {
		case SCREEN_KEY:
			if (!top_key(top, key))
				return 0;
			break;
		case SCREEN_END:
			return number;
		case SCREEN_NOTHING:
		case SCREEN_RESIZED:
			break;
		}
	}
}

/* In a terminal. */
static int
top_live(struct ctl_top *top)
{
	int	 number, status;

	status = top_sample(top);
	if (status != CTL_OK)
		return status;
	top->view.marks = true;
	if (screen_open() == -1) {
		top->why = xasprintf("cannot use the terminal: %s",
		    strerror(errno));
		return CTL_FAILED;
	}
	number = top_loop(top);
	screen_close();
	free(top->why);
	top->why = NULL;
	if (number != 0)
		raise(number);
	return CTL_OK;
}

/* Waits until the next sample is due. */
static void
top_pause(const struct ctl_top *top)
{
	uint64_t	 now = clock_mono_us(), us;
	struct timespec	 ts;

	if (now >= top->next_us)
		return;
	us = top->next_us - now;
	ts.tv_sec = (time_t)(us / 1000000);
	ts.tv_nsec = (long)(us % 1000000) * 1000;
	nanosleep(&ts, NULL);
}

/* One below the other; frames 0: for ever. */
static int
top_batch(struct ctl_top *top)
{
	struct strbuf	 frame = STRBUF_INIT, sb = STRBUF_INIT;
	int		 status, n;
	bool		 written = true;

	top->view.columns = ctl_columns();
	status = top_sample(top);
	for (n = 0; status == CTL_OK && written && (top->ctl->frames == 0 ||
	    n < top->ctl->frames); n++) {
		top_pause(top);
		status = top_sample(top);
		if (status != CTL_OK)
			break;
		strbuf_truncate(&sb, 0);
		if (n > 0)
			strbuf_addc(&sb, '\n');
		strbuf_truncate(&frame, 0);
		ctl_frame(&frame, &top->view, &top->before, &top->now);
		ctl_add_cut(&sb, strbuf_str(&frame),
		    (size_t)top->view.columns);
		written = fwrite(sb.buf, 1, sb.len, stdout) == sb.len &&
		    fflush(stdout) == 0;
	}
	strbuf_done(&frame);
	strbuf_done(&sb);
	return written ? status : CTL_FAILED;
}

/* Shows a server. */
int
ctl_top(struct ctl *ctl)
{
	struct ctl_top	 top = { .ctl = ctl };
	int		 status;

	if (ctl_has(ctl, CTL_OPTION_JSON)) {
		fprintf(stderr, "wsgimaster ctl: top shows no JSON; status, "
		    "workers and cores do\n");
		return CTL_USAGE;
	}
	if (ctl->sort != NULL)
		top.view.sort = ctl_sort_find(ctl->sort);
	if (top.view.sort == CTL_SORT_COUNT) {
		fprintf(stderr, "wsgimaster ctl: --sort: \"%s\" is none of "
		    "id, rate, busy, memory, lag\n", ctl->sort);
		return CTL_USAGE;
	}
	if (ctl_has(ctl, CTL_OPTION_FRAMES) || !screen_is_possible())
		status = top_batch(&top);
	else
		status = top_live(&top);
	if (status != CTL_OK && top.why != NULL)
		fprintf(stderr, "wsgimaster ctl: %s\n", top.why);
	free(top.why);
	ctl_sample_done(&top.before);
	ctl_sample_done(&top.now);
	return status;
}
