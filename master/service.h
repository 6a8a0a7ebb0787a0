/* What the service manager (systemd) is told about this server. */
#ifndef WM_MASTER_SERVICE_H
#define WM_MASTER_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct master;

/*
 * The phases, which a turn of the master compares with what is:
 *
 *	STARTING --> READY		READY=1: all workers are ready
 *	READY, RELOADING --> RELOADING	RELOADING=1 with MONOTONIC_USEC, once
 *					for each reload that is wanted
 *	RELOADING --> READY		READY=1: none is left, done or failed
 *	any --> STOPPING		STOPPING=1
 *
 * With each, STATUS in words. EXTEND_TIMEOUT_USEC asks for as long as our own
 * limits allow (start-timeout, worker-reload-mercy). WATCHDOG=1 comes at half
 * of its time while the loop of at least one ready worker turns; one that is
 * stuck is the master's matter, all of them the manager's. While starting and
 * stopping, which have limits of their own, it always comes.
 *
 * In an upgrade (upgrade.h) only one master speaks: the old one until it says
 * "go", with MAINPID for the new one; then the new one.
 */
enum service_phase {
	SERVICE_STARTING,
	SERVICE_READY,
	SERVICE_RELOADING,
	SERVICE_STOPPING
};

struct service {
	enum service_phase	 phase;
	unsigned		 reloads;	/* of reload.requests, told */
	uint64_t		 fed_us;	/* the last WATCHDOG=1 */
	bool			 withheld;	/* it does not come now */
	char			*status;	/* the last one told, or NULL */
};

void	 service_init(struct master *m);
void	 service_done(struct master *m);
/* Per turn: tells what is new. */
void	 service_turn(struct master *m);
/* Twice a second: the watchdog. */
void	 service_check(struct master *m);
/* Which process is the server from now on. */
void	 service_set_main(struct master *m, pid_t pid);

#endif
