/*
 * Waiting: the only functions in a worker that block, and the only place where
 * the event loop and the suspend engine meet.
 *
 * Called on a core's own stack. The base is asked to watch, the core is parked,
 * the loop serves others, and when something happens the core goes on and is
 * told why. Without a suspend engine the worker blocks in poll(2), with the
 * interpreter's lock given up.
 *
 * Seconds are floats. A negative timeout means for ever; 0 looks once and does
 * not park.
 */
#ifndef WM_WORKER_WAIT_H
#define WM_WORKER_WAIT_H

#include <stdbool.h>
#include <stddef.h>

#include "shm/scoreboard.h"

struct core;
struct worker;

enum wait_reason {
	WAIT_READY,		/* a descriptor is ready, or the sleep over */
	WAIT_TIMEOUT,
	WAIT_CANCELLED,		/* core_wake, or a switch with an exception */
	WAIT_GONE,		/* the client has left (client_gone.h); told
				   once a request, by whatever wait comes */
	WAIT_HARAKIRI,		/* the request's time is over (harakiri.h) */
	WAIT_ERROR		/* errno: a descriptor cannot be watched;
				   EBADF: it was closed, also meanwhile */
};

#define WAIT_READ	0x1
#define WAIT_WRITE	0x2

/* One descriptor; ready says afterwards what of events has come. */
struct wait_item {
	int	 fd;
	short	 events;	/* WAIT_READ, WAIT_WRITE or both */
	short	 ready;
};

enum wait_reason wait_fd(struct core *core, int fd, short events,
    double timeout);
/* The same for the core's own client; shown as "body" or "sending". */
enum wait_reason wait_client(struct core *core, short events,
    double timeout);
/*
 * Until something is so that no descriptor tells of: whoever makes it so sees
 * core->until, and wakes the core (WAIT_READY). is_so is called on the loop
 * thread, or by the core with the loop lent.
 */
enum wait_reason wait_until(struct core *core, bool (*is_so)(struct core *),
    double timeout, enum sb_core_state shown);
/*
 * Loop thread: something is so for the whole worker, that it drains, say. Wakes
 * those for whom that makes it so. Who hears the doorbell is left alone.
 */
void	 wait_look(struct worker *w);
enum wait_reason wait_ms(struct core *core, double ms);
/* Until any of n (0..1024) descriptors is ready, or the timeout. */
enum wait_reason wait_set(struct core *core, struct wait_item *items,
    size_t n, double timeout);
/* The same, shown so. */
enum wait_reason wait_set_as(struct core *core, struct wait_item *items,
    size_t n, double timeout, enum sb_core_state shown);
/* Lets others run once, and goes on at the next turn. */
enum wait_reason wait_turn(struct core *core);


/* For core.c: once per core. */
void	 wait_init(struct core *core);
void	 wait_done(struct core *core);

#endif
