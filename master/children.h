/* What the master knows of each process that spawners fork for it. */
#ifndef WM_MASTER_CHILDREN_H
#define WM_MASTER_CHILDREN_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "shm/messages.h"
#include "shm/scoreboard.h"

struct generation;
struct master;

struct child {
	struct master		*master;
	int			 seat;		/* the slot of its messages;
						   and of a worker's counters */
	int			 id;		/* 1..N, of its kind */
	struct generation	*gen;		/* NULL: FREE */
	enum sb_slot_state	 state;
	enum sb_slot_state	 before_gone;
	pid_t			 pid;		/* 0: not known */
	int			 control;	/* -1: closed */
	struct event		 control_ev;
	struct event		 timer;
	bool			 reaped;
	int			 status;	/* if reaped */
	bool			 unborn;	/* nobody to be reaped */
	bool			 doomed;	/* SIGKILL sent, or due */
	int			 overdue;	/* times it outlived that */
	uint64_t		 spawned_us;
	uint64_t		 ready_us;	/* 0: never */
	uint64_t		 gone_us;
	char			 failure[sizeof(((struct message *)0)->text)];
};

#endif
