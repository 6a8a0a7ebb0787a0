/* Replacing the server by a new binary: the new master's part. */
#ifndef WM_MASTER_TAKEOVER_H
#define WM_MASTER_TAKEOVER_H

#include <event2/event_struct.h>
#include <stdbool.h>

struct config;
struct master;

/*
 * A master that was started by another one for an upgrade (upgrade.h tells the
 * whole). Its states:
 *
 *	NONE	not so, or all of that is over
 *	TRIAL	starts. It does not answer on the stats and control sockets,
 *		which are the old master's still, and writes no pidfile
 *	READY	all workers are ready, the old master knows; waits for "go"
 *	SHARED	took over; the old master's workers finish
 *
 *	TRIAL --> READY --> SHARED --> NONE	said ready; "go"; EOF
 *	TRIAL, READY --> NONE	EOF: the old master died. This one goes on
 *				as one that was started by hand
 *
 * Taking over (to SHARED, or to NONE by EOF) opens what was kept closed:
 * master_opens. In TRIAL a worker that does not become ready is the end: the
 * old master serves on. But workers that were ready have clients, so the end is
 * a graceful one, with status 1.
 */
enum takeover_state {
	TAKEOVER_NONE,
	TAKEOVER_TRIAL,
	TAKEOVER_READY,
	TAKEOVER_SHARED
};

struct takeover {
	enum takeover_state	 state;
	struct event		 sock_ev;
	bool			 watching;
	bool			 go;		/* the old one said so */
	bool			 reload;
	bool			 stop;		/* the old one does */
	bool			 quit;		/* at once */
};

/*
 * Before anything else: was this process started by a master for an upgrade?
 * Keeps the socket to it, and removes the variables that say so.
 */
void	 takeover_init(void);
bool	 takeover_is_upgrade(void);
/* The old master's pid, 0: there is none. */
int	 takeover_old_pid(void);
/* Tells the old master how long the start may take. */
void	 takeover_hello(const struct config *cfg);
/* Tells the old master that nothing will come of it. */
void	 takeover_failed(const char *why);

/* The master's part: watches the socket; per turn: what can be done now. */
void	 takeover_start(struct master *m);
void	 takeover_turn(struct master *m);
void	 takeover_done(struct master *m);
/* The server stops: so does an old master whose workers finish. */
void	 takeover_stop(const struct master *m, bool at_once);
/* Are there an old master's workers, for which this one waits? */
bool	 takeover_is_shared(const struct master *m);
/*
 * May mules and spoolers run? Of each there is one only, so not before the old
 * master has left, which it does when its own are gone.
 */
bool	 takeover_may_work(const struct master *m);
/* Does another master serve, on which this one must not break in? */
bool	 takeover_is_trial(const struct master *m);

#endif
