/* A worker process: one libevent base, N async cores, its connections. */
#ifndef WM_WORKER_WORKER_H
#define WM_WORKER_WORKER_H

#include <event2/event_struct.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/log_format.h"
#include "worker/accept_share.h"
#include "worker/conn.h"
#include "worker/core.h"
#include "worker/core_timer.h"
#include "worker/doorbell_watch.h"
#include "worker/harakiri.h"
#include "worker/http2/http2.h"
#include "worker/job.h"
#include "worker/request_id.h"
#include "worker/farewell.h"
#include "worker/watch.h"
#include "worker/websocket/websocket.h"
#include "shm/messages.h"
#include "shm/seats.h"

struct commons;
struct config;
struct event_base;
struct handler;
struct http_limits;
struct listeners;
struct loop_engine;
struct proxies;
struct runtime;
struct sb_slot;
struct scoreboard;
struct spools;
struct statics;
struct suspend_engine;
struct tls;

/* A state's connections, oldest first, and how long they may stay. */
struct conn_timeouts {
	struct worker		*worker;
	struct conn_list	 list;
	uint64_t		 limit_us;	/* 0: no limit */
	bool			 armed;		/* timer is added */
	struct event		 timer;
};

/*
 * Made in the spawner (worker_new: configuration, base, engines), where the
 * app is loaded; finished in each worker after the fork (worker_main), when
 * id, slot and control become its own.
 */
struct worker {
	const struct config		*cfg;
	struct event_base		*base;
	const struct runtime		*runtime;	/* NULL: none */
	const struct suspend_engine	*suspend;
	const struct loop_engine	*loop;
	const struct handler		**handlers;	/* ends with NULL */
	const struct listeners		*listeners;
	struct statics			*statics;	/* NULL: none */
	struct tls			*tls;		/* NULL: not spoken */
	struct scoreboard		*sb;
	struct commons			*commons;
	struct spools			*spools;	/* NULL: none */
	int				 generation;

	/* Since the fork. */
	enum process_kind		 kind;
	int				 number;	/* 1..N of its kind; 0:
							   the spawner */
	int				 id;		/* of a worker; 0: it
							   is none */
	int				 slot;		/* a worker's */
	int				 seat;		/* shm/seats.h; -1: the
							   spawner */
	uint32_t			 life;	/* shm/lives.h */
	pid_t				 seat_pid; /* who sits there */
	struct sb_slot			*stats;		/* a worker's */
	int				 control;	/* to the master */
	struct event			 control_ev;
	struct event			 tick_ev;
	struct event			 autoreload_ev;
	_Atomic bool			 draining;	/* any thread reads */
	_Atomic bool			 closing;	/* a response ends its
							   connection */
	uint64_t			 drain_us;	/* since then, coarse */
	bool				 working;	/* in cores_work_off */
	bool				 gathering;	/* work_ev is due behind
							   this turn's others */
	int				 steps;		/* since working */
	_Atomic bool			 stopped;	/* the loop shall end */
	bool				 forked;	/* not the worker, but a
							   child of the app's */
	int				 status;	/* of the process */
	struct request_ids		 ids;		/* request_id.c */
	struct log_format		 log_format;	/* access_format.c */

	/* core.c */
	struct core			*cores;		/* and the jobs' */
	int				 ncores;	/* for requests */
	int				 busy;
	struct core_list		 idle;
	struct core_list		 woken;
	struct core_list		 finished;
	struct core *_Atomic		 running;	/* hub switched into;
							   sb_set by core.c */
	_Atomic uint64_t		 moves;		/* worker_moves */
	struct event			 work_ev;

	struct jobs			 jobs;		/* job.c */
	struct core_timers		 timers;	/* core_timer.c */
	struct harakiri			 harakiri;	/* harakiri.c */
	struct watches			 watches;	/* watch.c */
	struct doorbell_watch		 doorbell;

	/* client_gone.c */
	int				 gone_fd;	/* -1: not wanted */
	struct event			 gone_ev;

	/* accept.c */
	struct acceptor			*acceptors;
	size_t				 nacceptors;
	bool				 accepting;	/* listeners watched */
	bool				 accept_paused;	/* out of fds */
	_Atomic bool			 accept_held;	/* the app wants it */
	uint64_t			 accept_warned_us; /* and said so */
	uint32_t			 max_conns;	/* as descriptors go */
	struct event			 accept_retry;
	struct event			 accept_aside;	/* until it is over */
	struct accept_share		 share;
	struct farewell			 farewell;

	/* conn.c; QUEUED's list is the FIFO of those who wait for a core. */
	struct conn_timeouts		 conns[CONN_STATES];
	uint32_t			 nconns;
	uint32_t			 nready;
	uint32_t			 answering; /* conn_answer, nested */
	uint32_t			 turning; /* cores that wait_turn */
	uint32_t			 queued;
	struct conn			*free_conns;
	struct conn_buf			*free_bufs;
	struct conn_buf			*free_small_bufs;
	uint32_t			 nfree_conns;
	uint32_t			 nfree_bufs;
	uint32_t			 nfree_small_bufs;
	struct http2s			 http2s;	/* http2/ */
	struct websockets		 websockets;	/* websocket/ */
	struct http_limits		 limits;
	struct proxies			*proxies;	/* NULL: none */
	uint32_t			 queue_size;
};

/* Spawner: from configuration to a base; -1 and *cause when it cannot be. */
struct worker *worker_new(const struct config *cfg, struct scoreboard *sb,
	    const struct listeners *listeners, int generation, char **cause);
/*
 * In the forked child: becomes worker id, serves until told to leave, and
 * returns the process's exit status. control is its end of the socketpair.
 */
int	 worker_main(struct worker *w, int id, int slot, int control);
/*
 * Takes nothing new (unless there are others, what is queued is not new); the
 * loop ends when the last request is finished.
 */
void	 worker_drain(struct worker *w, enum drain drain);
/* The loop ends if there is nothing left to finish. */
void	 worker_check_done(struct worker *w);
/*
 * In a child that the app has forked: takes the master, the listeners and all
 * clients away from it, by no call that would reach the parent's epoll. It may
 * wait, with poll(2); when it would go on as a server it must leave instead.
 * on_loop_thread: then the base is whole, and gets an epoll of its own.
 */
void	 worker_forked(struct worker *w, bool on_loop_thread);
/*
 * Loop thread, before it runs anything that may hold the loop up (Python, that
 * is): the watchdog looks whether it comes back.
 */
#define worker_moves(w)	sb_add(&(w)->moves, 1)
/* Loop: does what one message of the master's says, if there is one. */
void	 worker_control_read(struct worker *w);
/* In a new process that runs the app: this is its place among all. */
void	 worker_sit(struct worker *w, enum process_kind kind, int number);
/* Sends a message without text to the master. Any thread. */
void	 worker_tell_master(struct worker *w, int type, int value);
/*
 * Sends one with text, also from the spawner, a mule or a spooler. -1 with
 * errno, EAGAIN: the master has not read what came before. Any thread.
 */
int	 worker_ask_master(struct worker *w, int type, int value,
	    const char *text);

#endif
