/* What the cores of a worker do, or did when it died, as log lines. */
#include "master/blackbox.h"

#include <string.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "shm/scoreboard.h"

#define BLACKBOX_LINES	50

/* Adds what a client sent, so that a log line stays one. */
static void
blackbox_add_text(struct strbuf *sb, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text > ' ' && *text < 0x7f)
			strbuf_addc(sb, *text);
		else
			strbuf_addf(sb, "\\x%02x", (unsigned char)*text);
	}
}

/* Describes one core. */
static void
blackbox_add_core(struct strbuf *sb, const struct sb_core_view *view)
{
	uint64_t	 now = clock_mono_us();

	strbuf_addf(sb, "%s ", sb_core_state_name(view->state));
	blackbox_add_text(sb, view->method);
	strbuf_addc(sb, ' ');
	blackbox_add_text(sb, view->path);
	strbuf_adds(sb, " from ");
	blackbox_add_text(sb, view->addr[0] == '\0' ? "-" : view->addr);
	strbuf_addf(sb, " for %.3f s, request ", now > view->start_us ?
	    (double)(now - view->start_us) / 1e6 : 0.0);
	blackbox_add_text(sb, view->id);
	strbuf_addf(sb, ", %u switches, %llu bytes sent", view->switches,
	    (unsigned long long)view->bytes_out);
	if (view->wait_fd >= 0)
		strbuf_addf(sb, ", waits for descriptor %d", view->wait_fd);
	if (view->deadline_us != 0 && view->deadline_us < now)
		strbuf_addf(sb, ", %.3f s past its deadline",
		    (double)(now - view->deadline_us) / 1e6);
	if (view->torn)
		strbuf_adds(sb, " (it was just writing this)");
}

/* Logs all busy cores. */
void
blackbox_log(struct scoreboard *sb, int slot, enum log_level level,
    const char *what)
{
	struct sb_core_view	 view;
	struct strbuf		 text = STRBUF_INIT;
	uint32_t		 i, busy = 0;

	for (i = 0; i <= sb->cores; i++) {
		sb_core_read(sb_core(sb, (uint32_t)slot, i), &view);
		if (view.state == SB_CORE_IDLE && !view.torn)
			continue;
		if (++busy > BLACKBOX_LINES)
			continue;
		strbuf_truncate(&text, 0);
		blackbox_add_core(&text, &view);
		log_write(level, NULL, "%s: core %u: %s", what, i,
		    strbuf_str(&text));
	}
	if (busy > BLACKBOX_LINES)
		log_write(level, NULL, "%s: and %u more busy cores", what,
		    busy - BLACKBOX_LINES);
	strbuf_done(&text);
}
