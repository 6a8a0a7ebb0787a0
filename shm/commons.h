/* What the processes of one server have in common beside the scoreboard. */
#ifndef WM_SHM_COMMONS_H
#define WM_SHM_COMMONS_H

#include "shm/seats.h"

struct app_metrics;
struct caches;
struct deeds;
struct doorbells;
struct lives;
struct locks;
struct mailboxes;
struct queue;
struct sharedareas;
struct spoolers;

/*
 * Made by the master before its first fork (master/commons.c), from options
 * that keep their value while the server runs (OPT_NO_RELOAD): so all
 * generations have the same, and what is in it outlives reloads and every
 * process but the master. Each member is a subsystem's own shared mapping, NULL
 * when no option asks for it; the struct itself is private to each process.
 *
 * Any process may have been taken over, or be killed, in the middle of a write:
 * each subsystem's header says how it bears that. The master reads counters
 * only, and takes no index, size or lock from there.
 */
struct commons {
	struct seats		 seats;
	struct doorbells	*doorbells;
	struct deeds		*deeds;		/* mules, spoolers */
	struct spoolers		*spoolers;
	struct mailboxes	*mailboxes;	/* mules' */
	struct lives		*lives;
	struct locks		*locks;
	struct app_metrics	*metrics;
	struct queue		*queue;
	struct sharedareas	*sharedareas;
	struct caches		*caches;
};

#endif
