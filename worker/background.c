/* A mule's or spooler's process, without what it works with. */
#include "worker/background.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/log_place.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "shm/commons.h"
#include "shm/deeds.h"
#include "shm/doorbell.h"
#include "shm/listener.h"
#include "shm/messages.h"
#include "shm/scoreboard.h"
#include "worker/parent_death.h"
#include "worker/runtime.h"
#include "worker/worker.h"

#define BACKGROUND_DUMP_MS	500	/* to write the stacks */

/* What the control thread and the main thread both know. */
static struct {
	struct worker	*worker;
	pthread_t	 main;
	int		 wake_fd;
	atomic_bool	 leaving;
	atomic_bool	 last;
	atomic_bool	 free;		/* SIGTERM is wanted */
	_Atomic uint64_t deadline_us;	/* 0: none */
	uint64_t	 dumped_us;	/* control thread */
} background;

/* What one kind differs in from the others. */
struct background_role {
	enum process_kind	 kind;
	const char		*name;
	double			(*mercy)(const struct config *cfg);
	int			(*run)(struct worker *w,
				    void (*begin)(struct worker *w),
				    char **cause);
};

/* Shall it leave? */
bool
background_is_leaving(void)
{
	return background.leaving;
}

/* And is it the last of its seat? */
bool
background_is_last(void)
{
	return background.last;
}

/* Readable then. */
int
background_wake_fd(void)
{
	return background.wake_fd;
}

/* Tells the main thread, if that would not notice. */
static void
background_tell_main(void)
{
	if (background.leaving && background.free)
		pthread_kill(background.main, SIGTERM);
}

/* The app's code runs, or does not. */
void
background_free(bool free)
{
	background.free = free;
	background_tell_main();
}

/* What this process has done so far. */
static struct deeds *
background_deeds(struct worker *w)
{
	return &w->commons->deeds[w->seat - w->commons->seats.slots];
}

/* The time that the process has. */
void
background_limit(double seconds)
{
	background.deadline_us = seconds <= 0 ? 0 :
	    clock_mono_us() + (uint64_t)(seconds * 1e6);
}

/* A piece of work begins. */
void
background_busy(struct worker *w, double seconds)
{
	atomic_store(&background_deeds(w)->since_us, clock_mono_us());
	background_limit(seconds);
}

/* It ends. */
void
background_idle(struct worker *w, bool failed)
{
	struct deeds	*deeds = background_deeds(w);

	background.deadline_us = 0;
	atomic_store(&deeds->since_us, 0);
	atomic_fetch_add(&deeds->done, 1);
	if (failed)
		atomic_fetch_add(&deeds->failed, 1);
}

/* The process shall leave. */
static void
background_leave(struct worker *w, enum drain drain)
{
	if (drain != DRAIN_OTHERS)
		background.last = true;
	if (background.leaving)
		return;
	background.leaving = true;
	log_debug("told to leave");
	(void)eventfd_write(background.wake_fd, 1);
	/* In this order: a wait that the signal is too early for ends then. */
	background_tell_main();
	doorbell_ring(w->commons->doorbells, w->seat);
}

/* MSG_DRAIN */
static void
background_on_drain(struct worker *w, const struct message *msg, int fd)
{
	(void)fd;
	background_leave(w, (enum drain)msg->value);
}

/* MSG_REOPEN_LOGS */
static void
background_on_reopen(struct worker *w, const struct message *msg, int fd)
{
	(void)w;
	if (fd != -1)
		log_place_take((enum log_place)msg->value, fd);
}

/* MSG_LOG_LEVEL */
static void
background_on_log_level(struct worker *w, const struct message *msg, int fd)
{
	(void)w, (void)fd;
	log_set_level((enum log_level)msg->value);
}

/* MSG_SIGNAL */
static void
background_on_signal(struct worker *w, const struct message *msg, int fd)
{
	(void)fd;
	if (w->runtime != NULL)
		w->runtime->signal(w, msg->value);
}

/* What the master's messages mean; on the control thread, without Python. */
static const struct {
	enum message_type	 type;
	void			(*act)(struct worker *w,
				    const struct message *msg, int fd);
} background_messages[] = {
	{ MSG_DRAIN,		background_on_drain },
	{ MSG_REOPEN_LOGS,	background_on_reopen },
	{ MSG_LOG_LEVEL,	background_on_log_level },
	{ MSG_SIGNAL,		background_on_signal },
};

/* Does what one message says. */
static void
background_message(struct worker *w, const struct message *msg, int fd)
{
	size_t	 i;

	for (i = 0; i < sizeof(background_messages) /
	    sizeof(background_messages[0]); i++) {
		if (msg->type == background_messages[i].type) {
			background_messages[i].act(w, msg, fd);
			return;
		}
	}
	log_error("control message %u is ignored", msg->type);
}

/* Reads one message; false at the end. */
static bool
background_read(struct worker *w)
{
	struct message	 msg;
	ssize_t		 n;
	int		 fd;

	n = fd_recv_msg(w->control, &msg, sizeof(msg), &fd);
	if (n == (ssize_t)sizeof(msg))
		background_message(w, &msg, fd);
	else if (n > 0)
		log_error("a control message of %zd bytes is ignored", n);
	fd_close(&fd);
	return n > 0 || (n == -1 && (errno == EAGAIN || errno == EINTR));
}

/* The piece of work takes too long: first the stacks, then the end. */
static void
background_harakiri(uint64_t now)
{
	if (background.dumped_us == 0) {
		log_error("works on one thing for longer than it may "
		    "(harakiri): killing it");
		background.dumped_us = now;
		pthread_kill(background.main, SIGNAL_DUMP);
	} else if (now - background.dumped_us >= BACKGROUND_DUMP_MS * 1000) {
		kill(getpid(), SIGKILL);
	}
}

/* How long the control thread may sleep, after looking at the clock. */
static int
background_timeout(void)
{
	uint64_t	 deadline = background.deadline_us;
	uint64_t	 now = clock_mono_us();

	if (deadline == 0) {
		background.dumped_us = 0;
		return 1000;	/* a deadline may begin meanwhile */
	}
	if (deadline > now)
		return deadline - now > 1000000 ? 1000 :
		    (int)((deadline - now) / 1000) + 1;
	background_harakiri(now);
	return BACKGROUND_DUMP_MS / 5;
}

/* The control thread. */
static void *
background_control(void *arg)
{
	struct worker	*w = arg;
	struct pollfd	 p = { .fd = w->control, .events = POLLIN };

	for (;;) {
		if (poll(&p, 1, background_timeout()) <= 0)
			continue;
		if (background_read(w))
			continue;
		if (!background.leaving)
			log_warn("the master is gone: this process leaves");
		background_leave(w, DRAIN_ORPHAN);
		p.fd = -1;
	}
	return NULL;
}

/* Starts it, with all signals blocked there. */
static int
background_watch(struct worker *w)
{
	sigset_t	 all, before;
	pthread_t	 thread;
	int		 error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread, NULL, background_control, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		pthread_detach(thread);
	return error;
}

/* Sends a message to the master; it may be gone. */
static void
background_say(struct worker *w, int type, const char *text)
{
	struct message	 msg = { .type = (uint32_t)type, .slot = w->seat,
	    .worker_id = w->number, .generation = w->generation,
	    .pid = (int32_t)getpid() };

	snprintf(msg.text, sizeof(msg.text), "%s", text);
	if (w->control != -1)
		(void)fd_send_msg(w->control, &msg, sizeof(msg), -1);
}

/* Its own work begins. */
static void
background_begin(struct worker *w)
{
	background_say(w, MSG_READY, "");
}

/* Who this process is now. */
static void
background_identity(struct worker *w, const struct background_role *role,
    int id, int control)
{
	char	 name[16];

	w->kind = role->kind;
	w->number = id;
	w->id = 0;
	w->slot = -1;
	worker_sit(w, role->kind, id);
	w->stats = xcalloc(1, sizeof(*w->stats));	/* nobody reads it */
	w->control = control;
	log_set_role(role->name, id);
	snprintf(name, sizeof(name), "wm-%s-%d", role->name, id);
	prctl(PR_SET_NAME, name);
	signal(SIGPIPE, SIG_IGN);
	/* The one before may have died at work. */
	atomic_store(&background_deeds(w)->since_us, 0);
	background.worker = w;
	background.main = pthread_self();
}

/*
 * Clients are the workers'. A listening socket that this process kept open
 * would let them in when nobody accepts any more. The numbers stay taken.
 */
static void
background_close_listeners(struct worker *w)
{
	int	 null = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t	 i;

	for (i = 0; i < w->listeners->count && null != -1; i++)
		(void)dup3(null, w->listeners->items[i].fd, O_CLOEXEC);
	if (null != -1)
		close(null);
}

/* The base is the spawner's; nothing here turns it, but it shall be whole. */
static int
background_prepare(struct worker *w, const struct background_role *role,
    char **cause)
{
	int	 error;

	background_close_listeners(w);
	if (parent_death_watch(role->mercy(w->cfg)) == -1)
		log_warn("cannot watch for the master's death: %s",
		    strerror(errno));
	if (event_reinit(w->base) == -1) {
		*cause = xasprintf("cannot renew the event base: %s",
		    strerror(errno));
		return -1;
	}
	background.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	error = background.wake_fd == -1 ? errno : background_watch(w);
	if (error != 0) {
		*cause = xasprintf("cannot start a thread: %s",
		    strerror(error));
		return -1;
	}
	if (getppid() != w->sb->master_pid)
		background_leave(w, DRAIN_ORPHAN);
	if (w->runtime == NULL || role->run == NULL) {
		*cause = xstrdup("there is nothing that it could run");
		return -1;
	}
	return w->cfg->lazy_apps ? w->runtime->load(w, cause) : 0;
}

/* The whole life of one. */
static int
background_main(struct worker *w, const struct background_role *role, int id,
    int seat, int control)
{
	char	*cause = NULL;
	int	 status = -1;

	(void)seat;	/* worker_sit knows it */
	background_identity(w, role, id, control);
	if (background_prepare(w, role, &cause) == 0)
		status = role->run(w, background_begin, &cause);
	if (status == -1) {
		log_error("this %s cannot start: %s", role->name, cause);
		background_say(w, MSG_START_FAILED, cause);
		free(cause);
		return 1;
	}
	w->runtime->worker_stop(w);
	return status;
}

/* A mule's mercy. */
static double
background_mule_mercy(const struct config *cfg)
{
	return cfg->mule_reload_mercy;
}

/* A spooler's. */
static double
background_spooler_mercy(const struct config *cfg)
{
	return cfg->spooler_reload_mercy;
}

/* The whole life of a mule. */
int
mule_main(struct worker *w, int id, int slot, int control)
{
	struct background_role	 role = { PROCESS_MULE, "mule",
	    background_mule_mercy,
	    w->runtime != NULL ? w->runtime->mule_run : NULL };

	return background_main(w, &role, id, slot, control);
}

/* The whole life of a spooler. */
int
spooler_main(struct worker *w, int id, int slot, int control)
{
	struct background_role	 role = { PROCESS_SPOOLER, "spooler",
	    background_spooler_mercy,
	    w->runtime != NULL ? w->runtime->spooler_run : NULL };

	return background_main(w, &role, id, slot, control);
}
