/* The master's signals: read from a descriptor, none interrupts anything. */
#include "master/signals.h"

#include <event2/event.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xmalloc.h"

struct signals {
	int		 fd;
	struct event	*ev;
	signals_cb	 cb;
	void		*arg;
};

/* What the master reads; quiet: has an empty handler in its children. */
static const struct {
	int	 number;
	bool	 quiet;
} signals_handled[] = {
	{ SIGHUP,	true },
	{ SIGINT,	true },
	{ SIGQUIT,	true },
	{ SIGTERM,	true },
	{ SIGUSR1,	true },
	{ SIGUSR2,	true },
	{ SIGTTIN,	false },
	{ SIGTTOU,	false },
	{ SIGCHLD,	false },
};

#define SIGNALS_COUNT	(sizeof(signals_handled) / sizeof(signals_handled[0]))

/* The set of them. */
static void
signals_set(sigset_t *set)
{
	size_t	 i;

	sigemptyset(set);
	for (i = 0; i < SIGNALS_COUNT; i++)
		sigaddset(set, signals_handled[i].number);
}

/* Blocks them. What the caller of this program ignored is not ignored. */
void
signals_block(void)
{
	sigset_t	 set;
	size_t		 i;

	signals_set(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (i = 0; i < SIGNALS_COUNT; i++)
		signal(signals_handled[i].number, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
}

/* Reads what has come. */
static void
signals_read_cb(evutil_socket_t fd, short what, void *arg)
{
	struct signals			*sigs = arg;
	struct signalfd_siginfo		 info;

	(void)what;
	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		sigs->cb((int)info.ssi_signo, sigs->arg);
}

/* Starts reading. */
struct signals *
signals_new(struct event_base *base, signals_cb cb, void *arg)
{
	struct signals	*sigs = xcalloc(1, sizeof(*sigs));
	sigset_t	 set;

	signals_set(&set);
	sigs->cb = cb;
	sigs->arg = arg;
	sigs->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (sigs->fd == -1)
		fatal("signalfd");
	sigs->ev = event_new(base, sigs->fd, EV_READ | EV_PERSIST,
	    signals_read_cb, sigs);
	if (sigs->ev == NULL || event_add(sigs->ev, NULL) == -1)
		fatal("cannot watch for signals");
	return sigs;
}

/* Stops reading; the signals stay blocked. */
void
signals_free(struct signals *sigs)
{
	if (sigs == NULL)
		return;
	event_free(sigs->ev);
	close(sigs->fd);
	free(sigs);
}

/* Does nothing. */
static void
signals_quiet(int number)
{
	(void)number;
}

/* Makes a child's signals its own. */
void
signals_child(void)
{
	struct sigaction	 quiet = { .sa_handler = signals_quiet,
	    .sa_flags = SA_RESTART };
	sigset_t		 set;
	size_t			 i;

	for (i = 0; i < SIGNALS_COUNT; i++) {
		if (signals_handled[i].quiet)
			sigaction(signals_handled[i].number, &quiet, NULL);
	}
	signals_set(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}
