/* What master, spawner and workers say to each other. */
#ifndef WM_SHM_MESSAGES_H
#define WM_SHM_MESSAGES_H

#include <stdint.h>

/*
 * Each is one struct message over a SOCK_SEQPACKET socketpair, sent and
 * received with fd_send_msg and fd_recv_msg. A reader ignores a message of
 * another size (and logs it). EOF tells that the peer is dead.
 */
enum message_type {
	/* Spawner to master. */
	MSG_LOADED = 1,		/* Python and the app are there */
	MSG_LOAD_FAILED,	/* text says why; the spawner exits next */
	MSG_SPAWNED,		/* slot, pid: a worker was forked */
	MSG_SPAWN_FAILED,	/* slot, text */

	/* Master to spawner. EOF tells it to exit. */
	MSG_SPAWN,		/* slot, worker_id, value: enum process_kind
				   (of a mule or spooler worker_id is its id);
				   with its end of its control socket */

	/* Worker to master. */
	MSG_READY,		/* accepts; value 1 = owns listeners itself,
				   text: their addresses, a line each */
	MSG_START_FAILED,	/* text says why; it exits next */
	MSG_ASK_RELOAD,		/* a graceful reload is wanted; text says why,
				   "": the app asks for it. Also a spawner's */
	MSG_ASK_STOP,		/* the app asks for a graceful stop */
	MSG_STACKS_DONE,	/* value: of the MSG_STACKS it answers */
	MSG_ASK_REPLACE,	/* a request does not end (harakiri) */

	/* Master to worker. EOF tells it that the master is dead: drain. */
	MSG_DRAIN,		/* stop accepting, finish, leave; value: an
				   enum drain */
	MSG_LEAVING,		/* the server stops soon: serve on, but end
				   connections with their next response */
	MSG_REOPEN_LOGS,	/* value: enum log_place; with its file's new
				   descriptor. Also to the spawner */
	MSG_LOG_LEVEL,		/* value: enum log_level */
	MSG_STACKS,		/* value: a number, text: milliseconds it may
				   take; with a file for the JSON */

	/*
	 * Any process to the master (master/user_signals.h): value is a signal
	 * of the app's. Between REGISTER and REMOVE there are no others.
	 */
	MSG_SIGNAL_REGISTER,	/* text: the target */
	MSG_SIGNAL_RAISE,
	MSG_SIGNAL_TIMER,	/* text: microseconds, times (0: for ever) */
	MSG_SIGNAL_CRON,	/* text: the five numbers */
	MSG_SIGNAL_FILE,	/* text: an absolute path */
	MSG_SIGNAL_REMOVE,	/* text: handler, timer, cron, file */

	/* Master to worker, mule, spooler. */
	MSG_SIGNAL		/* value: run its handler */
};

/*
 * A worker's Python writes what all its threads do to standard error when it
 * gets this signal, also where its lock is not to be had (faulthandler).
 */
#define SIGNAL_DUMP	(SIGRTMAX - 2)

/* So long a worker's answer to MSG_STACKS can be. */
#define STACKS_SIZE_MAX	(16u << 20)

/* Who has the clients that are not accepted yet when a worker drains? */
enum drain {
	DRAIN_OTHERS,		/* other workers, now or soon */
	DRAIN_LAST,		/* nobody: the server stops */
	DRAIN_ORPHAN		/* the master is dead: perhaps nobody */
};

struct message {
	uint32_t	 type;
	int32_t		 slot;
	int32_t		 worker_id;
	int32_t		 generation;
	int32_t		 pid;
	int32_t		 value;
	char		 text[232];
};

#endif
