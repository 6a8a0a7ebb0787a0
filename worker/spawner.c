/* The spawner: loads the app once and forks workers when the master asks. */
#include "worker/spawner.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "base/strlist.h"
#include "base/log_place.h"
#include "base/xmalloc.h"
#include "build_config.h"
#include "config/config.h"
#include "shm/messages.h"
#include "shm/seats.h"
#include "worker/background.h"
#include "worker/loop.h"
#include "worker/engines.h"
#include "worker/privileges.h"
#include "worker/sandbox.h"
#include "worker/runtime.h"
#include "worker/spool/spools.h"
#include "worker/suspend.h"
#include "worker/surroundings.h"
#ifdef WM_HAVE_TLS
#include "worker/tls/tls.h"
#endif
#include "worker/worker.h"

#define SPAWNER_ADOPT_MS	5000	/* for the worker to change parents */

/* What became of a request to fork. */
enum spawner_step {
	SPAWNER_GOES_ON,	/* still the spawner */
	SPAWNER_ENDS,		/* the spawner shall exit */
	SPAWNER_IS_WORKER	/* this is the child, and has served */
};

struct spawner {
	const struct spawner_args	*args;
	struct worker			*worker;
	const struct runtime		*runtime;	/* NULL: none */
	int				 sock;
	int				 status;	/* to exit with */
	bool				 told_threads;
};

/* Sends a message to the master. */
static int
spawner_tell(struct spawner *s, int type, int slot, int pid, const char *text)
{
	struct message	 msg = { .type = (uint32_t)type, .slot = slot,
	    .pid = pid, .generation = s->args->generation };

	if (text != NULL)
		snprintf(msg.text, sizeof(msg.text), "%s", text);
	return fd_send_msg(s->sock, &msg, sizeof(msg), -1);
}

/* Dies with the master, also when that is gone already. */
static int
spawner_bind_to_master(const struct spawner_args *args)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1)
		log_warn("PR_SET_PDEATHSIG: %s", strerror(errno));
	return getppid() == args->master_pid ? 0 : -1;
}

/* Becomes the app's user, which takes back that it dies with the master. */
static int
spawner_drop(const struct spawner_args *args, char **cause)
{
	if (privileges_drop(args->cfg, cause) == -1)
		return -1;
	if (spawner_bind_to_master(args) == 0)
		return 0;
	*cause = xstrdup("the master is gone");
	return -1;
}

/* Reads certificates and keys. */
static int
spawner_load_tls(struct spawner *s, struct tls **tls, char **cause)
{
#ifdef WM_HAVE_TLS
	return tls_load(tls, s->args->cfg, s->args->listeners, cause);
#else
	(void)s, (void)tls, (void)cause;
	return 0;
#endif
}

/* The app shall touch no more than it was given, from its import on. */
static int
spawner_enter_sandbox(const struct spawner *s, char **cause)
{
	struct strlist	 code = { NULL, 0 };
	int		 result;

	if (s->runtime != NULL)
		s->runtime->paths(&code);
	result = sandbox_enter(s->args->cfg, s->worker->spools, &code, cause);
	strlist_done(&code);
	return result;
}

/* Who the worker will be, of what the master has made. */
static int
spawner_make_worker(struct spawner *s, struct tls *tls, char **cause)
{
	const struct spawner_args	*args = s->args;

	s->worker = worker_new(args->cfg, args->sb, args->listeners,
	    args->generation, cause);
	if (s->worker == NULL)
		return -1;
	s->worker->tls = tls;
	s->worker->commons = args->commons;
	s->worker->control = s->sock;	/* the app registers signals */
	s->runtime = s->worker->runtime;
	*cause = NULL;
	s->worker->spools = spools_new(args->cfg, cause);
	return *cause == NULL ? 0 : -1;
}

/* Starts the language and loads the app; what must be there is there then. */
static int
spawner_load(struct spawner *s, char **cause)
{
	const struct spawner_args	*args = s->args;
	struct tls			*tls = NULL;

	log_choose((enum log_level)args->cfg->log_level,
	    args->cfg->log_encoder == LOG_ENCODER_JSON);
	/* Keys are root's to read, and certificates may lie outside chroot. */
	if (spawner_load_tls(s, &tls, cause) == -1 ||
	    spawner_drop(args, cause) == -1)
		return -1;
	if (spawner_make_worker(s, tls, cause) == -1)
		return -1;
	if (s->runtime == NULL && surroundings_set(args->cfg, cause) == -1)
		return -1;
	if (s->runtime != NULL && s->runtime->start(s->worker, cause) == -1)
		return -1;
	if (spawner_enter_sandbox(s, cause) == -1 ||
	    engines_prepare(s->worker, cause) == -1)
		return -1;
	if (s->runtime == NULL)
		return 0;
	if (s->worker->loop->prepare != NULL &&
	    s->worker->loop->prepare(s->worker, cause) == -1)
		return -1;
	if (args->cfg->lazy_apps)
		return 0;
	if (s->runtime->load(s->worker, cause) == 0)
		return 0;
	if (args->cfg->need_app)
		return -1;
	log_error("no app: %s", *cause);
	free(*cause);
	*cause = NULL;
	return 0;
}

/* How many threads this process has; 1 if that cannot be read. */
static int
spawner_count_threads(void)
{
	struct dirent	*entry;
	DIR		*dir;
	int		 n = 0;

	dir = opendir("/proc/self/task");
	if (dir == NULL)
		return 1;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.')
			n++;
	}
	closedir(dir);
	return n;
}

/* Only the thread that forks is there in the child: say so, once. */
static void
spawner_warn_threads(struct spawner *s)
{
	int	 n = s->told_threads ? 1 : spawner_count_threads();

	if (n <= 1)
		return;
	log_warn("the app has started %d thread%s while it was loaded; workers "
	    "do not have %s (start threads in a post_fork_hook, or set "
	    "\"lazy-apps\")", n - 1, n == 2 ? "" : "s",
	    n == 2 ? "it" : "them");
	s->told_threads = true;
}

/*
 * Waits until the intermediate process is gone, so that the parent is the
 * master: what a worker sets up to notice the master's death needs that.
 */
static int
spawner_wait_for_parent(pid_t intermediate, pid_t master)
{
	struct timespec	 pause = { .tv_nsec = 100 * 1000 };
	uint64_t	 until = clock_mono_us() + SPAWNER_ADOPT_MS * 1000;
	pid_t		 parent;

	while ((parent = getppid()) != master) {
		if (parent != intermediate || clock_mono_us() > until)
			return -1;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* What a process of this kind does for its whole life; NULL: none is. */
static int
(*spawner_main_of(int kind))(struct worker *, int, int, int)
{
	static int (*const mains[])(struct worker *, int, int, int) = {
		[PROCESS_WORKER] = worker_main,
		[PROCESS_MULE] = mule_main,
		[PROCESS_SPOOLER] = spooler_main
	};

	if (kind < 0 || (size_t)kind >= sizeof(mains) / sizeof(mains[0]))
		return NULL;
	return mains[kind];
}

/* The forked worker: its whole life. */
static enum spawner_step
spawner_be_worker(struct spawner *s, const struct message *msg, int control,
    pid_t intermediate)
{
	if (s->runtime != NULL)
		s->runtime->fork_child();
	fd_close(&s->sock);
	s->status = 1;
	if (spawner_wait_for_parent(intermediate, s->args->master_pid) == 0)
		s->status = spawner_main_of(msg->value)(s->worker,
		    msg->worker_id, msg->slot, control);
	return SPAWNER_IS_WORKER;
}

/*
 * The intermediate process: forks the worker, tells the master its pid, and
 * exits. If it is killed before it could tell, the spawner sees that; if it
 * hangs, the master kills the spawner, and it dies with that.
 */
static enum spawner_step
spawner_be_intermediate(struct spawner *s, const struct message *msg,
    int control, pid_t spawner)
{
	pid_t	 me = getpid(), pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != spawner)
		_exit(1);
	pid = fork();
	if (pid == 0)
		return spawner_be_worker(s, msg, control, me);
	if (pid == -1)
		spawner_tell(s, MSG_SPAWN_FAILED, msg->slot, 0,
		    strerror(errno));
	else
		spawner_tell(s, MSG_SPAWNED, msg->slot, pid, NULL);
	_exit(0);
}

/* Reaps the intermediate process; false when it did not end by itself. */
static bool
spawner_reap(pid_t pid)
{
	int	 status;

	while (waitpid(pid, &status, 0) == -1) {
		if (errno != EINTR)
			return true;	/* the app has it reaped */
	}
	return !WIFSIGNALED(status);
}

/* Forks a worker. */
static enum spawner_step
spawner_fork(struct spawner *s, const struct message *msg, int control)
{
	pid_t	 me = getpid(), pid;
	int	 error;

	spawner_warn_threads(s);
	if (s->runtime != NULL)
		s->runtime->fork_before();
	pid = fork();
	if (pid == 0)
		return spawner_be_intermediate(s, msg, control, me);
	error = errno;
	if (s->runtime != NULL)
		s->runtime->fork_parent();
	if (pid == -1)
		spawner_tell(s, MSG_SPAWN_FAILED, msg->slot, 0,
		    strerror(error));
	else if (!spawner_reap(pid))
		spawner_tell(s, MSG_SPAWN_FAILED, msg->slot, 0,
		    "the process between was killed");
	return SPAWNER_GOES_ON;
}

/* Does what one message asks for. */
static enum spawner_step
spawner_handle(struct spawner *s, const struct message *msg, int control)
{
	switch (msg->type) {
	case MSG_SPAWN:
		if (control != -1 && spawner_main_of(msg->value) != NULL)
			return spawner_fork(s, msg, control);
		spawner_tell(s, MSG_SPAWN_FAILED, msg->slot, 0,
		    control == -1 ? "no control socket came along" :
		    "there is no such kind of process");
		break;
	case MSG_REOPEN_LOGS:
		if (control != -1)
			log_place_take((enum log_place)msg->value, control);
		break;
	case MSG_LOG_LEVEL:
		log_set_level((enum log_level)msg->value);
		break;
	default:
		log_warn("ignoring a message of type %u", msg->type);
		break;
	}
	return SPAWNER_GOES_ON;
}

/* Tells the master what was edited. */
static void
spawner_autoreload(struct spawner *s)
{
	struct strbuf	 why = STRBUF_INIT;

	strbuf_adds(&why, "py-autoreload: ");
	if (s->runtime->changed(s->worker, &why))
		spawner_tell(s, MSG_ASK_RELOAD, 0, 0, strbuf_str(&why));
	strbuf_done(&why);
}

/* Until the master speaks, looks now and then what was edited. */
static void
spawner_wait(struct spawner *s)
{
	double		 pause = s->args->cfg->py_autoreload;
	struct pollfd	 p = { .fd = s->sock, .events = POLLIN };
	int		 n;

	if (pause <= 0 || s->runtime == NULL || s->runtime->changed == NULL)
		return;
	do {
		spawner_autoreload(s);
		n = poll(&p, 1, (int)(pause * 1000) + 1);
	} while (n == 0 || (n == -1 && errno == EINTR));
}

/* Waits for one message and does it. */
static enum spawner_step
spawner_turn(struct spawner *s)
{
	enum spawner_step	 step;
	struct message		 msg;
	ssize_t			 n;
	int			 control;

	spawner_wait(s);
	n = fd_recv_msg(s->sock, &msg, sizeof(msg), &control);
	if (n == -1)
		log_error("receiving from the master: %s", strerror(errno));
	if (n <= 0)
		return SPAWNER_ENDS;
	if (n != (ssize_t)sizeof(msg)) {
		log_warn("ignoring a message of %zd bytes", n);
		step = SPAWNER_GOES_ON;
	} else {
		step = spawner_handle(s, &msg, control);
	}
	if (step != SPAWNER_IS_WORKER)
		fd_close(&control);
	return step;
}

/* The whole life of a spawner. */
int
spawner_main(const void *arg)
{
	struct spawner	 s = { .args = arg };
	uint64_t	 start = clock_mono_us();
	char		*cause = NULL;

	log_set_role("spawner", 0);
	prctl(PR_SET_NAME, "wm-spawner", 0, 0, 0);
	s.sock = s.args->sock;
	if (spawner_bind_to_master(s.args) == -1)
		return 1;
	if (spawner_load(&s, &cause) == -1) {
		log_error("%s", cause);
		spawner_tell(&s, MSG_LOAD_FAILED, 0, 0, cause);
		return 1;
	}
	if (s.worker->suspend->prepare != NULL)
		s.worker->suspend->prepare();
	log_debug("loaded in %.3f s", (double)(clock_mono_us() - start) / 1e6);
	if (spawner_tell(&s, MSG_LOADED, 0, 0, NULL) == -1)
		return 1;
	while (spawner_turn(&s) == SPAWNER_GOES_ON)
		continue;
	return s.status;
}
