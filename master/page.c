/* The live page on the stats socket: its files, and a worker's stacks. */
#include "master/page.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_out.h"
#include "base/xmalloc.h"
#include "master/master.h"
#include "master/stacks.h"
#include "shm/scoreboard.h"

static const char page_html_text[] =
#include "master/page/page_html.inc"
;
static const char page_css_text[] =
#include "master/page/page_css.inc"
;
static const char page_js_text[] =
#include "master/page/page_js.inc"
;

/* The document. */
enum stats_progress
page_html(struct stats_reply *r)
{
	strbuf_add(&r->out, page_html_text, sizeof(page_html_text) - 1);
	return STATS_DONE;
}

/* Its style. */
enum stats_progress
page_css(struct stats_reply *r)
{
	strbuf_add(&r->out, page_css_text, sizeof(page_css_text) - 1);
	return STATS_DONE;
}

/* Its script. */
enum stats_progress
page_js(struct stats_reply *r)
{
	strbuf_add(&r->out, page_js_text, sizeof(page_js_text) - 1);
	return STATS_DONE;
}

/* What has become of the question; own of its reply. */
struct page_stack {
	bool	 answered;
};

/* An answer that is none. */
static void
page_stack_fail(struct stats_reply *r, int status, const char *why)
{
	struct json_out	 json = { .out = &r->out };

	r->status = status;
	json_open(&json, NULL, '{');
	json_str(&json, "error", why);
	json_close(&json);
}

/* The worker has answered, or will not. */
static void
page_stack_cb(void *arg, const char *text, const char *why)
{
	struct stats_reply	*r = arg;
	struct page_stack	*stack = r->own;

	stack->answered = true;
	if (text != NULL)
		strbuf_adds(&r->out, text);
	else
		page_stack_fail(r, 504, why);
	stats_resume(r);
}

/* The client has left, or all is sent. */
static void
page_stack_done(struct stats_reply *r)
{
	stacks_cancel(r->master, page_stack_cb, r);
	free(r->own);
}

/* Which slot is meant; -1: none. */
static int
page_stack_slot(const struct stats_reply *r)
{
	char	*end;
	long	 slot;

	if (strncmp(r->query, "slot=", 5) != 0)
		return -1;
	slot = strtol(r->query + 5, &end, 10);
	if (end == r->query + 5 || *end != '\0' || slot < 0 ||
	    slot >= (long)r->master->sb->slots)
		return -1;
	return (int)slot;
}

/* Asks, waits, and passes the answer on. */
enum stats_progress
page_stack(struct stats_reply *r)
{
	struct page_stack	*stack = r->own;
	int			 slot = page_stack_slot(r);

	if (stack != NULL)
		return stack->answered ? STATS_DONE : STATS_LATER;
	if (slot == -1) {
		page_stack_fail(r, 400, "slot=N is wanted, of a worker");
		return STATS_DONE;
	}
	r->own = xcalloc(1, sizeof(*stack));
	r->done = page_stack_done;
	stacks_ask(r->master, slot, PAGE_STACK_S, page_stack_cb, r);
	return STATS_LATER;
}
