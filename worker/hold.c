/* One hold-up of the event loop: since when, by whom, what was logged. */
#include "worker/hold.h"

#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "shm/messages.h"
#include "shm/scoreboard.h"
#include "worker/core.h"
#include "worker/runtime.h"
#include "worker/watchdog.h"
#include "worker/witness.h"
#include "worker/worker.h"

#define HOLD_MINUTE_US	60000000
#define HOLD_SECOND_US	1000000
/* So long a report waits for the interpreter's lock. */
#define HOLD_LOCK_S	1.0

/* Whom the witness found. */
struct hold_found {
	bool			 is_core;
	struct sb_core_view	 view;
	int			 core;
	struct strbuf		 stack;
};

/* All is well. */
void
hold_init(struct hold *hold, double warn, pthread_t loop)
{
	memset(hold, 0, sizeof(*hold));
	hold->warn_us = (uint64_t)(warn * 1e6);
	hold->loop = loop;
	hold->second_us = hold->minute_us = clock_mono_us();
}

/* The loop is asked. */
void
hold_ask(struct hold *hold, uint64_t now)
{
	if (hold->state != HOLD_QUIET)
		return;
	hold->state = HOLD_ASKED;
	hold->asked_us = now;
	hold->logged = false;
}

/* The process stood still. */
void
hold_forgive(struct hold *hold, uint64_t us)
{
	hold->asked_us += us;
}

/* Notes for how long it was held up so far. */
static uint64_t
hold_note(struct hold *hold, uint64_t now)
{
	uint64_t	 lag = now > hold->asked_us ? now - hold->asked_us : 0;

	if (lag > hold->longest_us)
		hold->longest_us = lag;
	return lag;
}

/* The loop has answered. */
void
hold_end(struct hold *hold, struct worker *w, uint64_t now)
{
	uint64_t	 lag = hold_note(hold, now);

	/* Answered before anybody has looked. */
	if (hold->state == HOLD_ASKED && hold->warn_us > 0 &&
	    lag >= hold->warn_us)
		sb_add(&w->stats->loop_lags, 1);
	if (hold->logged)
		log_warn("the event loop turns again, after %.3f s",
		    (double)lag / 1e6);
	hold->state = HOLD_QUIET;
}

/* It is a core. */
static bool
hold_core(void *arg, struct core *core, const char *stack)
{
	struct hold_found	*found = arg;

	found->is_core = true;
	found->core = core->id;
	sb_core_read(core->sb, &found->view);
	strbuf_adds(&found->stack, stack);
	return false;
}

/* It is something else on the loop's thread. */
static bool
hold_thread(void *arg, const char *name, const char *stack)
{
	struct hold_found	*found = arg;

	(void)name;
	strbuf_adds(&found->stack, stack);
	return false;
}

/* Adds what a client sent, so that the line stays one. */
static void
hold_add_text(struct strbuf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text > ' ' && *text < 0x7f)
			strbuf_addc(out, *text);
		else
			strbuf_addf(out, "\\x%02x", (unsigned char)*text);
	}
}

/* Logs who holds the loop, and what is known about where. */
static void
hold_log(const struct hold_found *found, uint64_t lag, const char *where_at)
{
	struct log_where	 where = { .core = -1 };
	struct strbuf		 text = STRBUF_INIT;

	if (found->is_core) {
		where.core = found->core;
		where.request = found->view.id;
		where.request_len = strlen(found->view.id);
		strbuf_adds(&text, "this request, ");
		hold_add_text(&text, found->view.method);
		strbuf_addc(&text, ' ');
		hold_add_text(&text, found->view.path);
		strbuf_addc(&text, ',');
	} else
		strbuf_adds(&text, "something that is no request");
	log_write(LOG_LEVEL_WARN, &where, "%s has held the event loop for "
	    "%.3f s%s%s", strbuf_str(&text), (double)lag / 1e6, where_at,
	    strbuf_str(&found->stack));
	strbuf_done(&text);
}

/*
 * The interpreter's lock is not to be had, but the scoreboard is; Python's
 * handler writes where it is.
 */
static void
hold_dump(const struct hold *hold, struct worker *w, uint64_t lag)
{
	struct hold_found	 found = { .stack = STRBUF_INIT };
	struct core		*core = w->running;

	if (core != NULL)
		(void)hold_core(&found, core, "");
	hold_log(&found, lag, " and keeps the interpreter's lock; Python "
	    "writes the stacks itself, the innermost frame first");
	pthread_kill(hold->loop, SIGNAL_DUMP);
}

/* Is one more report within what a minute may have? */
static bool
hold_may_report(struct hold *hold, uint64_t now)
{
	if (now - hold->minute_us >= HOLD_MINUTE_US) {
		if (hold->unsaid > 0)
			log_warn("the event loop was held up %u more times "
			    "within the last minute", hold->unsaid);
		hold->minute_us = now;
		hold->reports = hold->unsaid = 0;
	}
	if (hold->logged || hold->reports++ < WATCHDOG_REPORTS)
		return true;
	hold->unsaid++;
	return false;
}

/* Sees and says who holds the loop. */
static void
hold_report(struct hold *hold, struct worker *w, uint64_t now)
{
	static const struct runtime_look	 look = {
		.core = hold_core,
		.thread = hold_thread,
	};
	struct hold_found	 found = { .stack = STRBUF_INIT };
	uint64_t		 lag = now - hold->asked_us;

	if (!hold_may_report(hold, now))
		return;
	hold->logged = true;
	if (witness_look(w, false, &look, &found, HOLD_LOCK_S))
		hold_log(&found, lag, found.stack.len == 0 ? "" :
		    "; it is at\n");
	else
		hold_dump(hold, w, lag);
	strbuf_done(&found.stack);
}

/* The loop has not answered yet. */
void
hold_look(struct hold *hold, struct worker *w, uint64_t now)
{
	uint64_t	 lag = hold_note(hold, now);

	if (hold->warn_us == 0 || lag < hold->warn_us)
		return;
	if (hold->state == HOLD_HELD && now < hold->next_us)
		return;
	if (hold->state != HOLD_HELD)
		sb_add(&w->stats->loop_lags, 1);
	hold->state = HOLD_HELD;
	hold->next_us = now + lag;
	hold_report(hold, w, now);
}

/* Once a second. */
void
hold_publish(struct hold *hold, struct worker *w, uint64_t now)
{
	if (now - hold->second_us < HOLD_SECOND_US)
		return;
	sb_set(&w->stats->loop_lag_us, hold->longest_us);
	hold->second_us = now;
	hold->longest_us = 0;
}
