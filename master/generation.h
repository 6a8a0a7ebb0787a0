/* A generation: a spawner process and the workers that it forked. */
#ifndef WM_MASTER_GENERATION_H
#define WM_MASTER_GENERATION_H

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

struct config;
struct master;
struct message;
struct user_signals;

/*
 *	LOADING	the spawner runs and loads the app: start-timeout
 *	LOADED	it forks workers on request
 *	DOWN	it has died; its workers serve on; to be started again
 *	LEAVING	told to exit, soon killed
 *	GONE	it has left; freed once no worker is left
 *
 *	LOADING -> LOADED -> DOWN -> LOADING ...
 *	LOADING -> DOWN			it died or could not load
 *	any but GONE -> LEAVING -> GONE
 *
 * A spawner has left when it is reaped and its socket is closed, in whatever
 * order. generation_set_state is the only function that changes the state.
 */
enum generation_state {
	GENERATION_DOWN,
	GENERATION_LOADING,
	GENERATION_LOADED,
	GENERATION_LEAVING,
	GENERATION_GONE
};

struct generation {
	TAILQ_ENTRY(generation)	 link;
	struct master		*master;
	int			 id;		/* 1, 2, ... never again */
	struct config		*cfg;
	bool			 owns_cfg;
	enum generation_state	 state;
	pid_t			 pid;		/* 0: reaped, or none */
	int			 sock;		/* to the spawner, or -1 */
	struct event		 sock_ev;
	struct event		 timer;		/* what for: by the state */
	bool			 was_loaded;	/* at least once */
	uint64_t		 started_us;
	uint64_t		 loaded_us;
	uint64_t		 load_us;	/* how long loading took */
	unsigned		 failures;	/* see backoff.h */
	uint64_t		 restart_us;	/* when DOWN: not before */
	uint32_t		 workers;	/* that refer to it */
	char			 failure[256];	/* why it is DOWN */
	struct user_signals	*user_signals;	/* what the app registers */
};

TAILQ_HEAD(generations, generation);

/* A new one, DOWN, at the list's end; it owns cfg if so told. */
struct generation *generation_new(struct master *m, struct config *cfg,
	    bool owns_cfg);
/* Forks the spawner; on failure it stays DOWN and failure says why. */
void	 generation_start(struct generation *gen);
/* Can workers be asked of it now? */
bool	 generation_can_spawn(const struct generation *gen);
/* Sends a message, perhaps with a descriptor; -1 with errno. */
int	 generation_send(struct generation *gen, const struct message *msg,
	    int fd);
/* Reads all messages that are there. */
void	 generation_read(struct generation *gen);
/* The spawner shall leave (its workers stay). */
void	 generation_stop(struct generation *gen);
/* Something is wrong with the spawner. */
void	 generation_kill(struct generation *gen, const char *why);

/* Was this a spawner? Then notes how it ended. */
bool	 generations_reaped(struct master *m, pid_t pid, int status);
/* Per turn: starts again what is down, ends what nobody needs, frees. */
void	 generations_turn(struct master *m);
void	 generations_stop_all(struct master *m);
void	 generations_kill_all(struct master *m);
bool	 generations_all_gone(const struct master *m);
void	 generations_done(struct master *m);
const char *generation_state_name(enum generation_state state);

#endif
