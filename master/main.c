/* wsgimaster: what happens before the master runs, step by step. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/log_place.h"
#include "base/xmalloc.h"
#include "build_config.h"
#include "config/config.h"
#include "ctl/ctl.h"
#include "master/commons.h"
#include "master/handover.h"
#include "master/inherit.h"
#include "master/listener.h"
#include "master/master.h"
#include "master/notify.h"
#include "master/pidfile.h"
#include "master/self.h"
#include "master/signals.h"
#include "master/socket.h"
#include "master/takeover.h"
#include "shm/commons.h"
#include "shm/scoreboard.h"
#include "shm/secret.h"
#ifdef WM_HAVE_TLS
#include "worker/tls/tls.h"
#endif

#define EXIT_CONFIG	2	/* a bad configuration; nothing was started */

/* Descriptors 0, 1 and 2 are there, so that no socket becomes one of them. */
static void
main_open_std(void)
{
	int	 fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd != -1 && fd <= STDERR_FILENO);
	if (fd != -1)
		close(fd);
}

/* Says what is wrong; problems of a configuration come one a line. */
static int
main_fail(int status, char *cause)
{
	fprintf(stderr, "wsgimaster: %s\n", cause);
	takeover_failed(cause);
	free(cause);
	return status;
}

/* The log, from here on; warnings of the configuration are its first lines. */
static int
main_open_log(const struct config *cfg, char **cause)
{
	size_t	 i;

	log_choose((enum log_level)cfg->log_level,
	    cfg->log_encoder == LOG_ENCODER_JSON);
	if (log_place_open(cfg->logto, cfg->logger, cfg->req_logger, cause) ==
	    -1)
		return -1;
	for (i = 0; i < cfg->warnings.count; i++)
		log_warn("%s", cfg->warnings.items[i]);
	return 0;
}

/* How many descriptors there may be, if that was asked for. */
static void
main_set_limits(const struct config *cfg)
{
	struct rlimit	 limit, want;

	if (cfg->max_fd == 0 || getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return;
	want.rlim_cur = (rlim_t)cfg->max_fd;
	want.rlim_max = want.rlim_cur > limit.rlim_max ? want.rlim_cur :
	    limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &want) == 0)
		return;
	log_warn("\"max-fd\": %d: %s; the limit is %llu", cfg->max_fd,
	    strerror(errno), (unsigned long long)limit.rlim_max);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* The stats socket; also systemd may have brought it. */
static int
main_open_stats(const struct config *cfg, struct inherited *inherited,
    struct socket *s, char **cause)
{
	struct socket_options	 options = { .backlog = 64,
	    .mode = cfg->chmod_socket, .owner = cfg->socket_owner };
	char			*why;

	if (cfg->stats == NULL) {
		(void)inherited_take_label(inherited, "stats", s);
		return 0;
	}
	if (inherited_take(inherited, cfg->stats, s) ||
	    socket_open(s, cfg->stats, &options, &why) == 0)
		return 0;
	*cause = xasprintf("stats: %s", why);
	free(why);
	return -1;
}

/* The control socket: for the server's own user alone. */
static int
main_open_control(const struct config *cfg, struct inherited *inherited,
    struct socket *s, char **cause)
{
	struct socket_options	 options = { .backlog = 64, .mode = "600" };
	char			*why;

	if (cfg->control_socket == NULL ||
	    inherited_take(inherited, cfg->control_socket, s) ||
	    socket_open(s, cfg->control_socket, &options, &why) == 0)
		return 0;
	*cause = xasprintf("control-socket: %s", why);
	free(why);
	return -1;
}

/* Is the pidfile another server's, that runs? */
static int
main_check_pidfile(const struct config *cfg, char **cause)
{
	if (cfg->pidfile == NULL)
		return 0;
	return pidfile_check(cfg->pidfile, takeover_old_pid(), cause);
}

/* All listening sockets, for the next master. */
static void
main_list_sockets(struct handover *h, const struct listening *listening,
    struct socket *stats, struct socket *control)
{
	size_t	 i;

	for (i = 0; i < listening->public.count; i++)
		handover_add(h,
		    listener_role(listening->public.items[i].protocol),
		    &listening->sockets[i]);
	handover_add(h, "stats", stats);
	handover_add(h, "control", control);
}

/* What was opened for the server's life; files of ours go, if they are. */
static void
main_close(const struct config *cfg, struct listening *listening,
    struct socket *stats, struct socket *control)
{
	listening_close(listening, cfg->vacuum);
	if (cfg->vacuum) {
		socket_unlink(stats);
		socket_unlink(control);
	}
	socket_done(stats);
	socket_done(control);
	if (cfg->vacuum && cfg->pidfile != NULL)
		pidfile_remove(cfg->pidfile);
}

/* The secret of all processes: the old master's, if there is one. */
static void
main_init_secret(void)
{
	secret_init(takeover_is_upgrade() ? getenv("WSGIMASTER_SECRET") :
	    NULL);
	unsetenv("WSGIMASTER_SECRET");
}

/* Can the certificates be used? A spawner will read them for itself. */
static int
main_check_tls(struct config *cfg, enum config_action action, char **cause)
{
#ifdef WM_HAVE_TLS
	struct strlist	 notes = { .items = NULL };
	int		 result = 0;

	if (action != CONFIG_RUN && action != CONFIG_CHECK)
		return 0;
	result = tls_check(cfg, &notes, cause);
	if (action == CONFIG_CHECK)
		strlist_add_all(&cfg->warnings, &notes);
	strlist_done(&notes);
	return result;
#else
	(void)cfg, (void)action, (void)cause;
	return 0;
#endif
}

/* Are the engines there? The unit tests' configurations name all of them. */
static int
main_check_engines(const struct config *cfg, enum config_action action,
    char **cause)
{
#ifndef WM_HAVE_GREENLET
	if ((action == CONFIG_RUN || action == CONFIG_CHECK) &&
	    (cfg->greenlet || cfg->gevent > 0)) {
		*cause = xasprintf("\"%s\": this wsgimaster was built without "
		    "it (--without-greenlet)",
		    cfg->greenlet ? "greenlet" : "gevent");
		return -1;
	}
#else
	(void)cfg, (void)action, (void)cause;
#endif
	return 0;
}

/* Opens all sockets and the shared memory, and serves. */
static int
main_serve(struct config *cfg, int argc, char **argv)
{
	struct inherited	 inherited;
	struct listening	 listening = { .sockets = NULL };
	struct socket		 stats = { .fd = -1 };
	struct socket		 control = { .fd = -1 };
	struct handover		 handover = { .items = NULL };
	struct commons		 commons = { .doorbells = NULL };
	struct master_args	 args = { .argc = argc, .argv = argv,
	    .cfg = cfg, .listeners = &listening.public,
	    .commons = &commons, .handover = &handover,
	    .inherited = &inherited };
	char			*cause = NULL;
	int			 status = EXIT_FAILURE;

	if (getpid() == 1)
		signals_block();	/* the default would be: ignored */
	inherited_init(&inherited);
	main_init_secret();
	if (cfg->umask != NULL)
		umask((mode_t)strtoul(cfg->umask, NULL, 8));
	if (main_open_log(cfg, &cause) == -1)
		goto out;
	takeover_hello(cfg);
	main_set_limits(cfg);
	if (main_check_pidfile(cfg, &cause) == -1 ||
	    main_open_stats(cfg, &inherited, &stats, &cause) == -1 ||
	    main_open_control(cfg, &inherited, &control, &cause) == -1 ||
	    listening_open(&listening, cfg, &inherited, &cause) == -1)
		goto out;
	main_list_sockets(&handover, &listening, &stats, &control);
	inherited_close(&inherited, false, false);
	/* Twice: in a reload, two processes have one worker id. */
	args.sb = scoreboard_new(2 * (uint32_t)cfg->processes,
	    (uint32_t)config_cores(cfg));
	if (args.sb == NULL) {
		cause = xasprintf("cannot map shared memory: %s",
		    strerror(errno));
		goto out;
	}
	if (commons_init(&commons, cfg, &cause) == -1)
		goto out;
	args.stats_socket = stats.fd != -1 ? &stats : NULL;
	args.control_socket = control.fd != -1 ? &control : NULL;
	status = master_run(&args);
out:
	if (cause != NULL) {
		log_error("%s", cause);
		takeover_failed(cause);
	}
	free(cause);
	inherited_done(&inherited);
	handover_done(&handover);
	commons_done(&commons);
	main_close(cfg, &listening, &stats, &control);
	return status;
}

/* Reads the configuration and does what it asks for. */
int
main(int argc, char **argv)
{
	struct config		 cfg;
	enum config_action	 action;
	char			*cause = NULL;
	int			 status;

	self_note(argv);
	main_open_std();
	if (argc > 1 && strcmp(argv[1], "ctl") == 0)
		return ctl_main(argc - 1, argv + 1);
	takeover_init();
	notify_init();
	if (config_load(&cfg, argc, argv, &action, &cause) == -1 ||
	    listening_check(&cfg, &cause) == -1 ||
	    main_check_engines(&cfg, action, &cause) == -1 ||
	    main_check_tls(&cfg, action, &cause) == -1)
		status = main_fail(EXIT_CONFIG, cause);
	else if (action != CONFIG_RUN)
		status = config_run_action(&cfg, action);
	else
		status = main_serve(&cfg, argc, argv);
	config_done(&cfg);
	return status;
}
