/* What raises signals by itself: timers, crons, file monitors of an app. */
#include "master/user_sources.h"

#include <event2/event.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cron_times.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/signal_rule.h"
#include "master/file_watch.h"
#include "master/generation.h"
#include "master/master.h"
#include "master/user_signals.h"
#include "shm/messages.h"

/* Twice a second: has the minute, or a file, changed? */
#define SOURCES_TICK_US	500000

enum source_kind {
	SOURCE_TIMER,
	SOURCE_CRON,
	SOURCE_FILE,
	SOURCE_KINDS
};

struct user_source {
	TAILQ_ENTRY(user_source)	 link;
	struct user_sources		*sources;
	enum source_kind		 kind;
	int				 number;	/* the signal's */
	char		 text[sizeof(((struct message *)0)->text)];
	bool				 imported;	/* by the spawner */
	bool				 stale;
	long long			 us;		/* a timer */
	long				 left;		/* 0: for ever */
	struct event			 timer;
	struct cron_times		 cron;
	struct file_watch		*file;
};

struct user_sources {
	struct user_signals		*us;
	struct master			*master;
	bool				 running;
	struct file_watches		*files;		/* while they run */
	time_t				 last;		/* minute */
	struct event			 tick;
	TAILQ_HEAD(, user_source)	 list;
	int				 count[SOURCE_KINDS];
};

/* Frees one. */
static void
source_free(struct user_source *s)
{
	TAILQ_REMOVE(&s->sources->list, s, link);
	s->sources->count[s->kind]--;
	if (s->kind == SOURCE_TIMER)
		evtimer_del(&s->timer);
	file_watch_free(s->file);
	free(s);
}

/* A timer is due. */
static void
source_timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct user_source	*s = arg;

	(void)fd, (void)what;
	if (user_signals_source(s->sources->us, s->number) && s->left > 0 &&
	    --s->left == 0)
		source_free(s);
}

/* A file has changed. */
static void
source_file_cb(void *arg)
{
	struct user_source	*s = arg;

	(void)user_signals_source(s->sources->us, s->number);
}

/* Its file is watched from here on. */
static void
source_watch(struct user_source *s)
{
	struct user_sources	*sources = s->sources;

	if (sources->files == NULL)
		sources->files = file_watches_new(sources->master->base,
		    sources->us->gen->cfg);
	s->file = file_watch_new(sources->files, s->text, source_file_cb, s);
}

/* It begins to run. */
static void
source_start(struct user_source *s)
{
	struct timeval	 tv = { .tv_sec = (time_t)(s->us / 1000000),
	    .tv_usec = (suseconds_t)(s->us % 1000000) };

	if (s->kind == SOURCE_TIMER)
		event_add(&s->timer, &tv);
	else if (s->kind == SOURCE_FILE)
		source_watch(s);
}

/* It stops. */
static void
source_stop(struct user_source *s)
{
	if (s->kind == SOURCE_TIMER)
		evtimer_del(&s->timer);
	file_watch_free(s->file);
	s->file = NULL;
}

/* Looks at the minute and at the files. */
static void
sources_tick_cb(evutil_socket_t fd, short what, void *arg)
{
	struct user_sources	*sources = arg;
	struct user_source	*s;
	time_t			 from = 0, to = 0;
	bool			 is_new;

	(void)fd, (void)what;
	is_new = cron_times_span(&sources->last, time(NULL), &from, &to);
	TAILQ_FOREACH(s, &sources->list, link) {
		if (s->kind == SOURCE_FILE && s->file != NULL)
			file_watch_look(s->file);
		else if (s->kind == SOURCE_CRON && is_new &&
		    cron_times_due_in(&s->cron, from, to))
			(void)user_signals_source(sources->us, s->number);
	}
}

/* Ticks, if there is anything to look at. */
static void
sources_arm(struct user_sources *sources)
{
	static const struct timeval	 often = { 0, SOURCES_TICK_US };

	if (!sources->running ||
	    sources->count[SOURCE_CRON] + sources->count[SOURCE_FILE] == 0)
		evtimer_del(&sources->tick);
	else if (!evtimer_pending(&sources->tick, NULL)) {
		/* What is due in this minute was, before. */
		sources->last = time(NULL) / 60 * 60;
		event_add(&sources->tick, &often);
	}
}

/* Frees it. */
void
user_sources_free(struct user_sources *sources)
{
	while (!TAILQ_EMPTY(&sources->list))
		source_free(TAILQ_FIRST(&sources->list));
	evtimer_del(&sources->tick);
	file_watches_free(sources->files);
	free(sources);
}

/* They run from here on. */
void
user_sources_start(struct user_sources *sources)
{
	struct user_source	*s;

	sources->running = true;
	TAILQ_FOREACH(s, &sources->list, link)
		source_start(s);
	sources_arm(sources);
}

/* They stop. */
void
user_sources_stop(struct user_sources *sources)
{
	struct user_source	*s;

	sources->running = false;
	TAILQ_FOREACH(s, &sources->list, link)
		source_stop(s);
	file_watches_free(sources->files);
	sources->files = NULL;
	sources_arm(sources);
}

/* Marks those: who else has registered one is there still. */
void
user_sources_stale(struct user_sources *sources)
{
	struct user_source	*s;

	TAILQ_FOREACH(s, &sources->list, link)
		s->stale = s->imported;
}

/* Removes who is marked still. */
void
user_sources_fresh(struct user_sources *sources)
{
	struct user_source	*s, *next;

	for (s = TAILQ_FIRST(&sources->list); s != NULL; s = next) {
		next = TAILQ_NEXT(s, link);
		if (s->stale)
			source_free(s);
	}
	sources_arm(sources);
}

/* Reads what a message says of a source; false: nobody of ours says that. */
static bool
source_read(struct user_source *s, const char *text)
{
	struct cron_times	*c = &s->cron;

	switch (s->kind) {
	case SOURCE_TIMER:
		return sscanf(text, "%lld %ld", &s->us, &s->left) == 2 &&
		    s->us >= USER_TIMER_MIN_US &&
		    s->us <= USER_TIMER_MAX_US && s->left >= 0;
	case SOURCE_CRON:
		return sscanf(text, "%d %d %d %d %d", &c->minute, &c->hour,
		    &c->mday, &c->month, &c->wday) == 5 &&
		    cron_times_bad(c) == NULL;
	default:
		return text[0] == '/';
	}
}

/* One more. */
static void
sources_add(struct user_sources *sources, enum source_kind kind,
    const struct message *msg, bool imported)
{
	struct user_source	*s;

	TAILQ_FOREACH(s, &sources->list, link) {
		if (s->kind == kind && s->number == msg->value &&
		    strcmp(s->text, msg->text) == 0) {
			s->imported |= imported;
			s->stale &= !imported;
			return;
		}
	}
	if (sources->count[kind] >= USER_SOURCES_MAX) {
		log_error("signal %d: there are %d such sources already",
		    msg->value, USER_SOURCES_MAX);
		return;
	}
	s = xcalloc(1, sizeof(*s));
	s->sources = sources;
	s->kind = kind;
	s->number = msg->value;
	s->imported = imported;
	memcpy(s->text, msg->text, sizeof(s->text));
	if (!source_read(s, msg->text)) {
		free(s);
		return;
	}
	event_assign(&s->timer, sources->master->base, -1, EV_PERSIST,
	    source_timer_cb, s);
	TAILQ_INSERT_TAIL(&sources->list, s, link);
	sources->count[kind]++;
	if (sources->running)
		source_start(s);
	sources_arm(sources);
}

/* A timer of the configuration. */
static void
sources_option_timer(struct user_sources *sources, const char *text)
{
	struct message	 msg = { .type = MSG_SIGNAL_TIMER };
	double		 seconds;

	if (!signal_rule_timer(text, &msg.value, &seconds))
		return;
	snprintf(msg.text, sizeof(msg.text), "%lld 0",
	    llround(seconds * 1e6));
	sources_add(sources, SOURCE_TIMER, &msg, false);
}

/* A file of the configuration; it may be named from here. */
static void
sources_option_file(struct user_sources *sources, const char *text)
{
	struct message	 msg = { .type = MSG_SIGNAL_FILE };
	char		*file, *here = NULL;
	int		 n;

	if (!signal_rule_file(text, &msg.value, &file))
		return;
	if (file[0] != '/')
		here = getcwd(NULL, 0);
	n = snprintf(msg.text, sizeof(msg.text), "%s%s%s",
	    here == NULL ? "" : here, here == NULL ? "" : "/", file);
	if (n < (int)sizeof(msg.text))
		sources_add(sources, SOURCE_FILE, &msg, false);
	else
		log_error("\"fs-signal\": %s is too long with its folder",
		    file);
	free(here);
	free(file);
}

/* Those of the configuration. */
static void
sources_options(struct user_sources *sources, const struct config *cfg)
{
	size_t	 i;

	for (i = 0; i < cfg->signal_timer.count; i++)
		sources_option_timer(sources, cfg->signal_timer.items[i]);
	for (i = 0; i < cfg->signal_rbtimer.count; i++)
		sources_option_timer(sources, cfg->signal_rbtimer.items[i]);
	for (i = 0; i < cfg->fs_signal.count; i++)
		sources_option_file(sources, cfg->fs_signal.items[i]);
}

/* Makes a set, with those of the options. */
struct user_sources *
user_sources_new(struct user_signals *us, struct master *m)
{
	struct user_sources	*sources = xcalloc(1, sizeof(*sources));

	sources->us = us;
	sources->master = m;
	TAILQ_INIT(&sources->list);
	event_assign(&sources->tick, m->base, -1, EV_PERSIST,
	    sources_tick_cb, sources);
	sources_options(sources, us->gen->cfg);
	return sources;
}

/* All of a kind that raise this signal. */
static void
sources_remove(struct user_sources *sources, enum source_kind kind, int number)
{
	struct user_source	*s, *next;

	for (s = TAILQ_FIRST(&sources->list); s != NULL; s = next) {
		next = TAILQ_NEXT(s, link);
		if (s->kind == kind && s->number == number)
			source_free(s);
	}
	sources_arm(sources);
}

/* A message of a process. */
void
user_sources_message(struct user_sources *sources, const struct message *msg,
    bool imported)
{
	static const char *const	 names[SOURCE_KINDS] = {
		[SOURCE_TIMER] = "timer",
		[SOURCE_CRON] = "cron",
		[SOURCE_FILE] = "file",
	};
	int				 kind;

	if (msg->type == MSG_SIGNAL_TIMER)
		sources_add(sources, SOURCE_TIMER, msg, imported);
	else if (msg->type == MSG_SIGNAL_CRON)
		sources_add(sources, SOURCE_CRON, msg, imported);
	else if (msg->type == MSG_SIGNAL_FILE)
		sources_add(sources, SOURCE_FILE, msg, imported);
	for (kind = 0; msg->type == MSG_SIGNAL_REMOVE && kind < SOURCE_KINDS;
	    kind++) {
		if (strcmp(msg->text, names[kind]) == 0)
			sources_remove(sources, (enum source_kind)kind,
			    msg->value);
	}
}
