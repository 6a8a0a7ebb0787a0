/* A spooler's process: finds tasks, has them run, waits for more. */
#include "worker/spool/spooler.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "shm/commons.h"
#include "shm/doorbell.h"
#include "shm/spoolers.h"
#include "worker/background.h"
#include "worker/spool/spool_folder.h"
#include "worker/spool/spool_watch.h"
#include "worker/spool/spools.h"
#include "worker/worker.h"

#define SPOOLER_LIST_US		1000000		/* a list is that old at most */
#define SPOOLER_SOON_US		1000000		/* somebody still writes */
#define SPOOLER_CLEAN_US	(3600 * UINT64_C(1000000))
#define SPOOLER_SKIPS		256

/* A task that this process has given up for a while. */
struct spooler_skip {
	char		*place;		/* NULL: none */
	uint64_t	 until_us;	/* monotonic */
};

struct spooler {
	struct worker			*worker;
	const struct spooler_host	*host;
	struct spooler_row		*row;
	struct spool_folder		 folder;
	struct spool_watch		 watch;
	struct spool_list		 list;
	uint64_t			 listed_us;	/* monotonic */
	uint64_t			 cleaned_us;
	bool				 news;		/* not looked at */
	bool				 soon;
	bool				 is_over;	/* the host says so */
	int				 tasks;		/* run */
	struct spooler_skip		 skips[SPOOLER_SKIPS];
	int				 next_skip;
};

/* How long it waits at most, in seconds; the app may have changed it. */
static double
spooler_frequency(const struct worker *w)
{
	uint64_t	 us = atomic_load(&w->commons->spoolers->frequency_us);

	return us == 0 ? w->cfg->spooler_frequency : (double)us / 1e6;
}

/* As microseconds; whatever another process has written there. */
static uint64_t
spooler_pause_us(const struct worker *w)
{
	double	 seconds = spooler_frequency(w);

	return (uint64_t)(fmin(fmax(seconds, 0.1), 86400) * 1e6);
}

/* Which of the skips is it? NULL: none. */
static struct spooler_skip *
spooler_find_skip(struct spooler *s, const char *place)
{
	int	 i;

	for (i = 0; i < SPOOLER_SKIPS; i++) {
		if (s->skips[i].place != NULL &&
		    strcmp(s->skips[i].place, place) == 0)
			return &s->skips[i];
	}
	return NULL;
}

/* Not this one for a while; true if it was not known before. */
static bool
spooler_skip(struct spooler *s, const char *place)
{
	struct spooler_skip	*skip = spooler_find_skip(s, place);
	bool			 is_new = skip == NULL;

	if (is_new) {
		skip = &s->skips[s->next_skip];
		s->next_skip = (s->next_skip + 1) % SPOOLER_SKIPS;
		free(skip->place);
		skip->place = xstrdup(place);
	}
	skip->until_us = clock_mono_us() + spooler_pause_us(s->worker);
	return is_new;
}

/* Is it one of those? */
static bool
spooler_is_skipped(struct spooler *s, const char *place)
{
	const struct spooler_skip	*skip = spooler_find_skip(s, place);

	return skip != NULL && clock_mono_us() < skip->until_us;
}

/*
 * What is done to a task's file when its handler has come back; false if it is
 * still there, and due.
 */
static bool
spooler_settle(struct spooler *s, struct spool_task *task,
    const struct spool_rules *rules, enum spool_result result)
{
	const char	*place = task->place;
	unsigned	 tries = task->tries;
	int		 settled = 0;

	switch (result) {
	case SPOOL_OK:
		settled = spool_task_done(task);
		break;
	case SPOOL_IGNORE:
		settled = spool_task_ignore(task);
		(void)spooler_skip(s, place);
		break;
	case SPOOL_RETRY:
		settled = spool_task_again(task, rules);
		atomic_fetch_add(&s->row->retried, 1);
		break;
	case SPOOL_FAILED:
		settled = spool_task_fail(task, rules);
		atomic_fetch_add(&s->row->retried, settled == 0);
		break;
	}
	if (settled == -1) {
		log_error("%s/%s: %s", s->folder.path, place,
		    strerror(errno));
		/* It is as it was: not again at once. */
		(void)spooler_skip(s, place);
	} else if (settled == 1) {
		atomic_fetch_add(&s->row->put_away, 1);
		log_error("%s has failed %u time%s, and is moved to %s/"
		    SPOOL_FAILED_FOLDER, place, tries, tries == 1 ? "" : "s",
		    s->folder.path);
	}
	return settled != -1 && result != SPOOL_IGNORE;
}

/* One task that is this process's now; false as above. */
static bool
spooler_run(struct spooler *s, struct spool_task *task,
    const struct spool_rules *rules)
{
	const struct config	*cfg = s->worker->cfg;
	static const char *const said[] = { "done", "to be run again",
	    "ignored", "failed" };
	uint64_t		 start = clock_mono_us();
	enum spool_result	 result;

	if (task->tries > 1)
		log_warn("%s is tried for time %u", task->place, task->tries);
	log_debug("%s begins", task->place);
	if (cfg->spooler_chdir != NULL && chdir(cfg->spooler_chdir) == -1)
		log_error("\"spooler-chdir\": %s: %s", cfg->spooler_chdir,
		    strerror(errno));
	background_busy(s->worker, cfg->spooler_harakiri);
	result = s->host->run(task);
	background_idle(s->worker, result == SPOOL_FAILED);
	s->tasks++;
	if (!cfg->spooler_quiet)
		log_info("%s: %s after %.3f s", task->place,
		    said[result - SPOOL_OK], (double)(clock_mono_us() -
		    start) / 1e6);
	return spooler_settle(s, task, rules, result);
}

/* Tries to take one, and runs it: has something come of it? */
static bool
spooler_try(struct spooler *s, const struct spool_entry *entry)
{
	const struct spool_rules	 rules = {
	    .max_tries = (unsigned)s->worker->cfg->spooler_max_tries,
	    .pause_us = spooler_pause_us(s->worker) };
	struct spool_task		 task;
	char				*why = NULL;

	if (spooler_is_skipped(s, entry->place))
		return false;
	switch (spool_task_take(&task, &s->folder, entry->place, &rules,
	    &why)) {
	case SPOOL_TAKE_DONE:
		return spooler_run(s, &task, &rules);
	case SPOOL_TAKE_NOT_NOW:
		break;
	case SPOOL_TAKE_SOON:
		s->soon = true;
		break;
	case SPOOL_TAKE_FAILED:
		log_error("%s/%s; it is moved to " SPOOL_FAILED_FOLDER,
		    s->folder.path, why);
		atomic_fetch_add(&s->row->put_away, 1);
		break;
	case SPOOL_TAKE_REFUSED:
		if (spooler_skip(s, entry->place))
			log_error("%s/%s; it is left alone", s->folder.path,
			    why);
		break;
	}
	free(why);
	return false;
}

/* Shall the process go on with tasks? */
static bool
spooler_goes_on(const struct spooler *s)
{
	int	 most = s->worker->cfg->spooler_max_tasks;

	return !s->is_over && !background_is_leaving() &&
	    (most == 0 || s->tasks < most);
}

/* Runs the handlers of signals that have come. */
static void
spooler_signals(struct spooler *s)
{
	int	 n = s->host->signals(s->worker);

	if (s->worker->cfg->spooler_signal_as_task)
		s->tasks += n;
}

/* Has something come? Takes that back. */
static void
spooler_hear(struct spooler *s)
{
	const struct doorbells	*bells = s->worker->commons->doorbells;
	int			 fd = doorbell_fd(bells, s->worker->seat);
	struct pollfd		 p = { .fd = fd, .events = POLLIN };

	if (spool_watch_read(&s->watch))
		s->news = true;
	if (poll(&p, 1, 0) == 1) {
		doorbell_answer(bells, s->worker->seat);
		s->news = true;
		spooler_signals(s);
	}
}

/* Looks what there is; -1 with errno. */
static int
spooler_look(struct spooler *s)
{
	uint64_t	 now = clock_mono_us();

	if (s->cleaned_us == 0 || now - s->cleaned_us > SPOOLER_CLEAN_US) {
		spool_folder_clean(&s->folder);
		s->cleaned_us = now;
	}
	s->news = s->soon = false;
	s->listed_us = now;
	spool_list_done(&s->list);
	spool_watch_add(&s->watch, &s->folder);
	if (spool_folder_scan(&s->folder, &s->list) == -1)
		return -1;
	atomic_store(&s->row->later, s->list.waiting);
	return 0;
}

/* Runs what is due; of how many something has come. */
static int
spooler_work_off(struct spooler *s)
{
	int	 ran = 0;
	size_t	 i;

	for (i = 0; i < s->list.count && spooler_goes_on(s); i++) {
		atomic_store(&s->row->due, (uint32_t)(s->list.count - i));
		if (ran > 0)
			spooler_hear(s);
		if (s->news && clock_mono_us() - s->listed_us >
		    SPOOLER_LIST_US)
			break;
		ran += spooler_try(s, &s->list.items[i]);
	}
	if (i == s->list.count)
		atomic_store(&s->row->due, 0);
	return ran;
}

/* How long nothing can come to be due by itself. */
static double
spooler_rest(const struct spooler *s)
{
	uint64_t	 rest = spooler_pause_us(s->worker);
	uint64_t	 now = clock_real_us(), until;

	if (s->list.next_us != 0) {
		until = s->list.next_us > now ? s->list.next_us - now : 0;
		rest = until < rest ? until : rest;
	}
	if (s->soon && rest > SPOOLER_SOON_US)
		rest = SPOOLER_SOON_US;
	return (double)rest / 1e6;
}

/* Waits for more. */
static void
spooler_wait(struct spooler *s)
{
	const struct doorbells	*bells = s->worker->commons->doorbells;
	struct pollfd		 fds[] = {
		{ .fd = background_wake_fd(), .events = POLLIN },
		{ .fd = doorbell_fd(bells, s->worker->seat),
		    .events = POLLIN },
		{ .fd = s->watch.fd, .events = POLLIN },
	};

	spooler_hear(s);
	if (!s->news && !s->host->poll(fds, sizeof(fds) / sizeof(*fds),
	    spooler_rest(s)))
		s->is_over = true;
	spooler_hear(s);
}

/* Opens what it works with. */
static int
spooler_begin(struct spooler *s, struct worker *w,
    const struct spooler_host *host, char **cause)
{
	const char	*path = spools_of(w->spools, w->number)->path;

	memset(s, 0, sizeof(*s));
	s->worker = w;
	s->host = host;
	s->row = &w->commons->spoolers->rows[w->number - 1];
	if (spool_folder_open(&s->folder, path) == -1) {
		*cause = xasprintf("%s: %s", path, strerror(errno));
		return -1;
	}
	spool_watch_start(&s->watch);
	atomic_store(&s->row->pid, (int32_t)getpid());
	return 0;
}

/* Lets go of it. */
static void
spooler_end(struct spooler *s)
{
	int	 i;

	atomic_store(&s->row->pid, 0);
	spool_list_done(&s->list);
	spool_watch_stop(&s->watch);
	spool_folder_close(&s->folder);
	for (i = 0; i < SPOOLER_SKIPS; i++)
		free(s->skips[i].place);
}

/* The life of its main thread. */
int
spooler_loop(struct worker *w, const struct spooler_host *host, char **cause)
{
	struct spooler	 s;
	int		 ran, result = 0;

	if (spooler_begin(&s, w, host, cause) == -1)
		return -1;
	while (result == 0 && spooler_goes_on(&s)) {
		result = spooler_look(&s);
		if (result == -1) {
			*cause = xasprintf("%s: %s", s.folder.path,
			    strerror(errno));
			break;
		}
		ran = spooler_work_off(&s);
		if (ran == 0 && spooler_goes_on(&s))
			spooler_wait(&s);
	}
	if (s.tasks > 0 && w->cfg->spooler_max_tasks > 0 &&
	    s.tasks >= w->cfg->spooler_max_tasks)
		log_info("has run %d tasks (spooler-max-tasks): leaves",
		    s.tasks);
	spooler_end(&s);
	return result;
}
