/* Replacing the server by a new binary: the old master's part. */
#ifndef WM_MASTER_UPGRADE_H
#define WM_MASTER_UPGRADE_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <sys/types.h>

struct master;

/*
 * USR2 lets the master start the program again, from the file and with the
 * arguments, environment and folder that it was started with itself. The new
 * process is a master of its own: it reads its configuration, takes over the
 * listening sockets (handover.h), loads the app and starts its workers. From
 * the first one's being ready both serve. When all of them are, the new master
 * says so, and the old one lets its workers finish, and leaves with status 0.
 * The new one, until then its child, is given another parent by the kernel.
 *
 * They talk over a socketpair, a line of text a message, so that versions of
 * the program can understand each other; unknown lines are ignored. EOF tells
 * that the other one is dead.
 *
 *	new to old	hello SECONDS	may take so long until it is ready
 *			ready		all its workers are
 *			failed WHY	it gives up, and ends next
 *			stop, quit	it serves and was told to: you, too
 *	old to new	go		serve alone: the old one's workers drain
 *			reload		somebody asked for it meanwhile
 *			stop, quit	the server stops: you, too
 *
 * The old master's states; each turn of the master takes the step that is
 * possible:
 *
 *	NONE --> TRYING		wanted, the server runs, and no reload does
 *	TRYING --> LEAVING	"ready": it says "go", watches its stats and
 *				control sockets no more, and drains its workers
 *	TRYING --> FAILED	"failed", it died, or the time is over: this
 *				master serves on
 *	FAILED --> NONE		the new master's process is reaped
 *	LEAVING --> FAILED	the new one died before the last worker of the
 *				old one had left: the workers are started again
 *	(LEAVING, and no worker left: the master stops, without removing the
 *	files of sockets; there is no way back from there)
 *
 * Time: start-timeout for "hello", then what that says; worker-reload-mercy
 * and a few seconds for a new master that has failed; then SIGKILL.
 *
 * What else may come while an upgrade goes on:
 *
 *	USR2		refused; during the start or a reload: afterwards
 *	HUP		TRYING: a reload follows if the upgrade fails, else
 *			the new master does it. LEAVING: the new master does it
 *	TERM, INT	TRYING: both stop. LEAVING: only this one, which would
 *			have left anyway
 *	QUIT		the same, at once
 *	TERM, QUIT, new	TRIAL: the upgrade has failed. SHARED: both stop, and
 *			the new one leaves last
 *	USR1		is passed on
 *	TTIN, TTOU	are the old master's; the new one starts as many
 *			workers as its configuration says
 *	kill -9, old	its workers drain. The new one sees EOF and goes on, as
 *			if nobody else had ever been there (takeover.h)
 *	kill -9, new	TRYING, LEAVING: see above. Its workers drain, and
 *			this master, a subreaper, reaps them
 *
 * Refused are also: process 1 of a container, which cannot be replaced; a
 * server whose workers have opened listening sockets of their own, since a new
 * worker could not bind them beside the old one.
 */
enum upgrade_state {
	UPGRADE_NONE,
	UPGRADE_TRYING,
	UPGRADE_FAILED,		/* and its process is not gone yet */
	UPGRADE_LEAVING
};

struct upgrade {
	struct master		*master;
	enum upgrade_state	 state;
	bool			 wanted;
	pid_t			 pid;		/* 0: reaped, or none */
	int			 sock;		/* -1: closed, EOF */
	struct event		 sock_ev;
	struct event		 timer;
	bool			 hello;		/* it listens */
	bool			 ready;		/* it said so */
	char			 failure[320];	/* "": none yet */

	/* For the statistics. */
	bool			 tried;
	char			 last_failure[320];
};

void	 upgrade_init(struct master *m);
void	 upgrade_done(struct master *m);

/*
 * Somebody wants an upgrade. Returns NULL, or why it is refused (also logged),
 * a text that stays valid until the next call.
 */
const char *upgrade_request(struct master *m, const char *why);
/* Per turn: what can be done now. */
void	 upgrade_turn(struct master *m);
/* Was this the new master? Then notes how it ended. */
bool	 upgrade_reaped(struct master *m, pid_t pid, int status);
/* The server stops: a new master that has not taken over stops, too. */
void	 upgrade_abandon(struct master *m, bool at_once);
/* To a new master that has not taken over. */
void	 upgrade_signal(struct master *m, int signal);

/* Is there a new master that may take over? */
bool	 upgrade_is_trying(const struct master *m);
/* Does the new one serve, while this one's workers finish? */
bool	 upgrade_is_leaving(const struct master *m);
/* Must the master not leave yet? */
bool	 upgrade_is_pending(const struct master *m);
/* A reload is wanted by somebody: the new master's matter? Then passes it. */
bool	 upgrade_takes_reload(struct master *m);

#endif
