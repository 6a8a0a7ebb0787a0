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
	MSG_SPAWN,		/* slot, worker_id, respawn; with the worker's
				   end of its control socket */

	/* Worker to master. */
	MSG_READY,		/* accepts; value 1 = owns listeners itself,
				   text: their addresses, a line each */
	MSG_START_FAILED,	/* text says why; it exits next */
	MSG_ASK_RELOAD,		/* the app asks for a graceful reload */
	MSG_ASK_STOP,		/* the app asks for a graceful stop */

	/* Master to worker. EOF tells it that the master is dead: drain. */
	MSG_DRAIN,		/* stop accepting, finish, leave */
	/* Also to the spawner. */
	MSG_REOPEN_LOGS		/* value: enum log_place; with its file's new
				   descriptor */
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
