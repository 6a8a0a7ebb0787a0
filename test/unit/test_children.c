/* Tests master/children.c: the signs of a life, in every order. */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "config/config.h"
#include "master/children.h"
#include "master/generation.h"
#include "master/master.h"
#include "shm/commons.h"
#include "shm/doorbell.h"
#include "shm/lives.h"
#include "test/unit/unit.h"

/* A master with one seat; the spawner and the process on it are the test's. */
static struct master		 m;
static struct config		 cfg;
static struct commons		 commons;
static struct generation	 gen;
static struct child		 c;
static int			 spawner_end, child_end;
static pid_t			 process;	/* that is said to sit there */

/* What the kind has heard. */
static struct {
	int		 ready, freed, late;
	bool		 reaped;
	int		 status;
	enum sb_slot_state before_gone;
} heard;

static double
test_mercy(const struct config *of)
{
	return of->worker_reload_mercy;
}

static void
test_ready(struct child *who, const struct message *msg)
{
	CHECK_INT(who->state, SB_SLOT_READY);
	CHECK_INT(msg->type, MSG_READY);
	heard.ready++;
}

static bool
test_message(struct child *who, const struct message *msg)
{
	(void)who, (void)msg;
	return true;
}

static void
test_late(struct child *who)
{
	(void)who;
	heard.late++;
}

static void
test_freed(struct child *who)
{
	CHECK(who->gen == &gen);
	heard.freed++;
	heard.reaped = who->reaped;
	heard.status = who->status;
	heard.before_gone = who->before_gone;
}

static const struct child_kind test_kind = {
	.kind = PROCESS_MULE, .name = "mule", .free = "empty",
	.deed = "left", .mercy_option = "mule-reload-mercy",
	.mercy = test_mercy, .ready = test_ready, .message = test_message,
	.late = test_late, .freed = test_freed,
};

/* A socket that keeps messages apart; the master's end does not block. */
static int
make_pair(int *other)
{
	int	 pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		abort();
	fd_set_nonblock(pair[0]);
	*other = pair[1];
	return pair[0];
}

/* The loop does not read the spawner's socket: the test says when. */
static void
nothing_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
}

/* A process that waits to be killed. */
static pid_t
make_process(void)
{
	pid_t	 pid = fork();

	if (pid == 0) {
		for (;;)
			pause();
	}
	return pid;
}

/* Begins: one is asked for. */
static void
begin(void)
{
	struct message	 msg;
	char		*cause;

	memset(&m, 0, sizeof(m));
	memset(&commons, 0, sizeof(commons));
	memset(&cfg, 0, sizeof(cfg));
	memset(&gen, 0, sizeof(gen));
	memset(&c, 0, sizeof(c));
	memset(&heard, 0, sizeof(heard));
	m.base = event_base_new();
	m.cfg = &cfg;
	m.commons = &commons;
	m.ever_ready = true;
	cfg.start_timeout = cfg.worker_reload_mercy = 60;
	cfg.app_uid = getuid();
	commons.seats.mules = 1;
	commons.doorbells = doorbells_new(1, &cause);
	commons.lives = lives_new(1, &cause);
	gen.master = &m;
	gen.id = 1;
	gen.cfg = &cfg;
	gen.state = GENERATION_LOADED;
	gen.sock = make_pair(&spawner_end);
	evtimer_assign(&gen.timer, m.base, nothing_cb, NULL);
	event_assign(&gen.sock_ev, m.base, gen.sock, EV_READ, nothing_cb,
	    NULL);
	process = make_process();
	children_init(&m);
	child_init(&c, &m, &test_kind, 1, 0);
	CHECK_INT(child_spawn(&c, &gen, 1), 0);
	CHECK_INT(fd_recv_msg(spawner_end, &msg, sizeof(msg), &child_end),
	    sizeof(msg));
	CHECK_INT(msg.type, MSG_SPAWN);
	CHECK_INT(msg.value, PROCESS_MULE);
	CHECK_INT(gen.workers, 1);
}

/* Ends. */
static void
end(void)
{
	children_done(&m);
	fd_close(&gen.sock);
	fd_close(&spawner_end);
	fd_close(&child_end);
	doorbells_free(commons.doorbells);
	lives_free(commons.lives);
	event_base_free(m.base);
	if (process == 0)
		return;
	kill(process, SIGKILL);
	waitpid(process, NULL, 0);
}

/* What is there is read, and what is due happens. */
static void
turn(void)
{
	event_base_loop(m.base, EVLOOP_NONBLOCK);
}

/* As master.c does it when SIGCHLD comes. */
static void
reap(void)
{
	int	 status;

	if (waitpid(process, &status, 0) != process)
		abort();
	if (!children_reaped(&m, process, status)) {
		reaped_add(&m.reaped, process, status, clock_mono_us());
		generation_read(&gen);
	}
	process = 0;
}

/* Says something about the process, over one of the sockets. */
static void
say(int sock, enum message_type type, pid_t pid)
{
	struct message	 msg = { .type = type, .pid = (int32_t)pid,
	    .text = "the reason" };

	CHECK_INT(fd_send_msg(sock, &msg, sizeof(msg), -1), 0);
}

/*
 * A life in letters. MSG_READY is sent at its begin, if it is ever seen.
 *
 *	s	the spawner has named the pid	S	and that is seen
 *	F	it says that it failed, seen	X	it dies, seen
 *	R	MSG_READY is seen		E	so is the socket's end
 *	P	it dies, if it has not, and is reaped
 *	D	it is told to leave
 */
static void
live_sign(char letter, pid_t pid)
{
	switch (letter) {
	case 's':
	case 'S':
		say(spawner_end, MSG_SPAWNED, pid);
		if (letter == 'S')
			generation_read(&gen);
		break;
	case 'F':
		say(spawner_end, MSG_SPAWN_FAILED, 0);
		generation_read(&gen);
		break;
	case 'X':
		fd_close(&spawner_end);
		generation_read(&gen);
		break;
	case 'R':
		turn();
		break;
	case 'E':
		fd_close(&child_end);
		turn();
		break;
	case 'P':
		kill(process, SIGTERM);
		reap();
		break;
	default:
		child_drain(&c, DRAIN_LAST);
		break;
	}
}

/* One life; told to leave before the sign of that number. */
static void
live(const char *signs, int told)
{
	char	 where[64];
	int	 i, n = (int)strlen(signs);
	bool	 dies = strchr(signs, 'P') != NULL;
	pid_t	 pid;

	begin();
	pid = process;
	if (strchr(signs, 'R') != NULL)
		say(child_end, MSG_READY, pid);
	for (i = 0; i < n; i++) {
		if (i == told)
			live_sign('D', pid);
		live_sign(signs[i], pid);
	}
	generation_read(&gen);
	turn();
	snprintf(where, sizeof(where), "%s, told before %d", signs, told);
	CHECK_STR(c.state == SB_SLOT_FREE ? where : "not free", where);
	CHECK_INT(gen.workers, 0);
	if (told == -1)
		CHECK_INT(heard.ready, strchr(signs, 'R') != NULL);
	CHECK_INT(heard.freed, 1);
	CHECK_INT(heard.reaped, dies);
	CHECK(c.gen == NULL && c.control == -1);
	CHECK(!evtimer_pending(&c.timer, NULL));
	end();
}

/* That life, told to leave at each time, or at none. */
static void
live_all(const char *const *signs, size_t n)
{
	size_t	 i;
	int	 told;

	for (i = 0; i < n; i++) {
		for (told = -1; told < (int)strlen(signs[i]); told++)
			live(signs[i], told);
	}
}

TEST(children_end_in_whatever_order_the_signs_come)
{
	static const char *const signs[] = { "SREP", "SRPE", "SPRE", "SPE",
	    "SEP", "RSEP", "RSPE", "PSRE", "PRSE", "PSE", "sREP", "sRPE",
	    "sEP", "sPE", "PsRE", "PsE", "RsEP", "RPsE" };

	live_all(signs, sizeof(signs) / sizeof(signs[0]));
}

TEST(children_end_whose_pid_the_spawner_does_not_tell)
{
	static const char *const signs[] = { "FE", "EF", "XE", "EX", "RFEP",
	    "RFPE", "RXEP", "RXPE", "RPFE", "RPXE", "PRFE", "PRXE",
	    "FREP", "FRPE", "XREP", "XRPE", "FPRE", "PFRE", "XPRE",
	    "PXRE" };

	live_all(signs, sizeof(signs) / sizeof(signs[0]));
}

/* Turns until so many milliseconds are over. */
static void
turn_for(int ms)
{
	struct timeval	 tv = { 0, ms * 1000 };

	event_base_loopexit(m.base, &tv);
	event_base_dispatch(m.base);
}

TEST(children_not_ready_in_time_are_killed_and_say_why)
{
	begin();
	live_sign('S', process);
	CHECK_INT(c.state, SB_SLOT_STARTING);
	cfg.start_timeout = 0.02;
	c.state = SB_SLOT_SPAWNING;	/* its time begins again */
	live_sign('S', process);
	turn_for(40);
	CHECK(c.doomed);
	CHECK_INT(heard.late, 1);
	CHECK_STR(c.failure, "not ready within 0.02 seconds (start-timeout)");
	live_sign('P', process);
	CHECK_INT(WTERMSIG(heard.status), SIGKILL);
	CHECK_INT(heard.before_gone, SB_SLOT_STARTING);
	end();
}

TEST(children_that_do_not_leave_are_killed_after_their_mercy)
{
	struct message	 msg;
	int		 fd;

	begin();
	live_sign('S', process);
	say(child_end, MSG_READY, process);
	live_sign('R', process);
	CHECK_INT(heard.ready, 1);
	CHECK(!evtimer_pending(&c.timer, NULL));
	cfg.worker_reload_mercy = 0.02;
	live_sign('D', process);
	CHECK_INT(fd_recv_msg(child_end, &msg, sizeof(msg), &fd), sizeof(msg));
	CHECK_INT(msg.type, MSG_DRAIN);
	CHECK_INT(msg.value, DRAIN_LAST);
	CHECK(!c.doomed);
	turn_for(40);
	CHECK(c.doomed);
	CHECK_INT(heard.late, 1);
	live_sign('P', process);
	CHECK_INT(WTERMSIG(heard.status), SIGKILL);
	CHECK_INT(heard.before_gone, SB_SLOT_DRAINING);
	end();
}
