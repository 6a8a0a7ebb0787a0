/*
 * The scoreboard: what every worker and every async core is doing, in memory
 * that the master and all workers share.
 *
 * One anonymous mapping, made before the first fork and carved once:
 *
 *	struct scoreboard		private pages: each process has its own,
 *	int32_t [slots]			so that none can change another's bounds
 *	struct sb_slot [slots]		one per worker process, current or old
 *	struct sb_core [slots][cores]	one per async core of that process
 *	struct sb_total [slots]		per worker id: what dead workers did
 *
 * There are twice as many slots as workers, since while a reload goes on two
 * workers carry one worker id. No pointers inside; fixed-width fields;
 * everything starts as zero. All but the first two are shared.
 *
 * Writers. Each struct has exactly one: sb_slot is split into the master's
 * part and the worker's part, on cache lines of their own; sb_core belongs to
 * the worker; sb_total to the master. When a worker is dead (reaped) the
 * master adds its counters to sb_total and clears the slot: at that time it
 * has no other writer. Nothing here is locked, so nobody can die holding it.
 *
 * A worker that somebody has taken over may write anything to what is shared,
 * at any time. The master shows and adds up what it finds there, but no index,
 * size or decision about memory comes from it.
 *
 * Readers. Counters are single words, read as they are. The request's part of
 * an sb_core changes together: it is guarded by a change counter (odd while
 * being written), and sb_core_read gives a consistent copy, also of a worker
 * that was killed in the middle of a write (it then says so).
 */
#ifndef WM_SHM_SCOREBOARD_H
#define WM_SHM_SCOREBOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "shm/latency.h"

#define SB_METHOD_MAX	16
#define SB_ADDR_MAX	46
#define SB_ID_MAX	128
#define SB_PATH_MAX	112	/* with an id of 128 characters only 61 */
#define SB_TEXT_MAX	251	/* of these together; never too few */

/* What a core is doing. Names in scoreboard.c, in the same order. */
enum sb_core_state {
	SB_CORE_IDLE,		/* no request */
	SB_CORE_RUNNING,	/* on its stack now */
	SB_CORE_WAIT_READ,	/* parked until wait_fd is readable */
	SB_CORE_WAIT_WRITE,	/* parked until wait_fd is writable */
	SB_CORE_SLEEP,		/* parked until a timer */
	SB_CORE_PARKED,		/* parked by the app itself */
	SB_CORE_BODY,		/* reads the request body */
	SB_CORE_SENDING,	/* the client takes the response slowly */
	SB_CORE_LOCK,		/* waits for a lock */
	SB_CORE_WEBSOCKET	/* parked until a websocket can be received
				   from, or sent to */
};

enum sb_slot_state {
	SB_SLOT_FREE,		/* nobody's */
	SB_SLOT_SPAWNING,	/* asked of the spawner, no process known */
	SB_SLOT_STARTING,	/* the process is there, not ready */
	SB_SLOT_READY,		/* serves */
	SB_SLOT_DRAINING,	/* finishes what it has, takes nothing new */
	SB_SLOT_GONE		/* its control socket closed, not reaped yet */
};

/* The hot part of a core is one cache line, what is read rarely the next. */
struct sb_core {
	_Alignas(64) _Atomic uint32_t seq;	/* odd: being written */
	_Atomic uint32_t state;		/* enum sb_core_state */
	_Atomic int32_t	 wait_fd;	/* while waiting, else -1 */
	_Atomic uint32_t switches;	/* of this request so far */
	uint64_t	 start_us;	/* clock_mono_us at the head's end */
	_Atomic uint64_t deadline_us;	/* clock_mono_us; 0 = none. When the
					   request is to be told to end, or
					   to be told again (harakiri.h) */
	_Atomic uint64_t bytes_out;	/* of this request so far */
	_Atomic uint64_t requests;	/* finished, since the slot was taken */
	_Atomic uint32_t read_errors;
	_Atomic uint32_t write_errors;
	_Atomic int32_t	 script;	/* CGI: the process group of the
					   request's script, or 0. If the
					   worker is killed the master kills
					   it (a script itself writes it) */

	/*
	 * Method, address, id and path one behind the other: those of most
	 * requests fit into the rest of this line.
	 */
	_Alignas(64) uint16_t path_len;	/* as sent, before it was cut */
	uint8_t		 method_len;
	uint8_t		 addr_len;
	uint8_t		 id_len;
	char		 text[SB_TEXT_MAX];
};

/*
 * Of so many apps (the first ones mounted) it is known what each has done; of
 * the others together, and of requests that no app has answered.
 */
#define SB_APPS		64
#define SB_APP_OTHER	SB_APPS
#define SB_APP_NONE	(SB_APPS + 1)
#define SB_APP_ROWS	(SB_APPS + 2)

/* Statuses 100..599 by their hundred; 0: none was sent, or another one. */
#define SB_CLASSES	6

/* What one app has done in one worker process. */
struct sb_app {
	_Alignas(64) _Atomic uint64_t requests;	/* that it was called for */
	_Atomic uint64_t exceptions;		/* of these */
	_Atomic uint64_t time_us;	/* sum of all requests' times */
	_Atomic uint64_t statuses[SB_CLASSES];
	_Atomic uint64_t steps[LATENCY_STEPS];
};

/* One worker process. */
struct sb_slot {
	/* The master's part. */
	_Alignas(64) _Atomic uint32_t state;	/* enum sb_slot_state */
	int32_t		 worker_id;	/* 1..N */
	int32_t		 generation;
	_Atomic int32_t	 pid;
	uint64_t	 spawned_us;	/* clock_real_us */
	uint32_t	 respawns;	/* of this worker id so far */

	/* The worker's part. */
	_Alignas(64) _Atomic uint64_t requests;
	_Atomic uint64_t exceptions;
	_Atomic uint64_t bytes_out;
	_Atomic uint64_t running_us;	/* sum of the requests' times */
	_Atomic uint64_t avg_us;	/* of the last requests, decaying */
	_Atomic uint64_t shed;		/* answered 503 out of the queue */
	_Atomic uint64_t refused;	/* answered without a core; shed, too */
	_Atomic uint64_t static_requests; /* files; not in requests */
	_Atomic uint64_t cut;		/* responses not sent to the end */
	_Atomic uint64_t harakiris;	/* requests past their deadline */
	_Atomic uint32_t websockets;	/* open now */
	_Atomic uint64_t websockets_begun;
	_Atomic uint64_t websocket_received; /* messages */
	_Atomic uint64_t websocket_sent;
	_Atomic uint64_t tls_handshakes;
	_Atomic uint64_t tls_resumed;	/* of them, without a full one */
	_Atomic uint64_t tls_failed;	/* ended before they were over */
	_Atomic uint64_t tick_us;	/* clock_mono_us of the last tick */
	_Atomic uint32_t accepting;	/* 1 while the listeners are watched */
	_Atomic uint32_t busy_cores;
	_Atomic uint32_t queued;	/* connections waiting for a core */
	_Atomic uint32_t connections;
	_Atomic uint64_t accepted;
	/* clock_coarse_us of the one that waits for longest; 0: none does */
	_Atomic uint64_t queue_since_us;
	_Atomic uint64_t loop_lag_us;	/* the longest that the loop was held
					   within the last full second */
	_Atomic uint64_t loop_lags;	/* how often loop-lag-warn was passed */
	_Atomic uint64_t jobs;		/* that are over */
	_Atomic uint64_t jobs_lost;	/* too many waited */
	_Atomic uint32_t jobs_queued;
	_Atomic uint64_t signals;	/* of the app's, done or refused */
	_Atomic uint64_t signal_errors;	/* of these: raised */
	_Atomic uint32_t signal_waits;	/* cores in signal_wait() */
	struct sb_app	 apps[SB_APP_ROWS];
};

/* Per worker id: the sums over its dead processes. Master's. */
struct sb_total {
	uint64_t	 requests;
	uint64_t	 exceptions;
	uint64_t	 bytes_out;
	uint64_t	 running_us;
	uint64_t	 shed;
	uint64_t	 harakiris;
	uint64_t	 accepted;
	uint64_t	 refused;
	uint64_t	 static_requests;
	uint64_t	 websockets_begun;
	uint64_t	 websocket_received;
	uint64_t	 websocket_sent;
	uint64_t	 cut;
	uint64_t	 tls_handshakes;
	uint64_t	 tls_resumed;
	uint64_t	 tls_failed;
	uint64_t	 loop_lags;
	uint64_t	 signals;
	uint64_t	 signal_errors;
	uint64_t	 broken_us;	/* of requests that died with it */
	uint32_t	 respawns;
	uint32_t	 signalled;	/* of these, killed by a signal */
	uint64_t	 told_busy_us;	/* the most that the metrics said */
};

struct scoreboard {
	uint32_t	 slots;
	uint32_t	 cores;		/* per slot, beside the jobs' */
	int32_t		 master_pid;
	uint64_t	 started_us;	/* clock_real_us */
	size_t		 private;	/* of the pages that are not shared */
	size_t		 size;		/* of the mapping */
	int32_t		 owners[];	/* master: worker id of each, or 0 */
};

/* Master: makes the mapping; NULL with errno. Lives as long as the process. */
struct scoreboard *scoreboard_new(uint32_t slots, uint32_t cores);

struct sb_slot	*sb_slot(struct scoreboard *sb, uint32_t slot);
struct sb_core	*sb_core(struct scoreboard *sb, uint32_t slot, uint32_t core);
/* What runs no requests, but jobs (worker/job.h): the core behind the last. */
struct sb_core	*sb_job(struct scoreboard *sb, uint32_t slot);
struct sb_total	*sb_total(struct scoreboard *sb, int worker_id);

/* Master: takes a free slot for a worker id, -1 when there is none. */
int	 sb_slot_take(struct scoreboard *sb, int worker_id, int generation);
/*
 * Master, only once the process is reaped, with the time of that
 * (clock_mono_us): adds it to the total, clears. What the apps did is not kept.
 */
void	 sb_slot_put(struct scoreboard *sb, int slot, uint64_t now_us);
/* Adds what a process has done so far to the sums. */
void	 sb_total_add(struct sb_total *total, const struct sb_slot *slot);
/*
 * For how long so many busy cores (and no more) have been in their present
 * requests, together; requests that are over are in running_us.
 */
uint64_t sb_slot_busy_us(struct scoreboard *sb, int slot, uint32_t busy,
	    uint64_t now_us);

const char *sb_core_state_name(uint32_t state);
const char *sb_slot_state_name(uint32_t state);

/* A copy of a core's request as a reader sees it. */
struct sb_core_view {
	uint32_t	 state;
	int32_t		 wait_fd;
	uint32_t	 switches;
	uint64_t	 start_us;
	uint64_t	 deadline_us;
	uint64_t	 bytes_out;
	uint64_t	 requests;
	uint32_t	 read_errors;
	uint32_t	 write_errors;
	bool		 torn;		/* its writer stopped in the middle */
	char		 method[SB_METHOD_MAX + 1];
	char		 addr[SB_ADDR_MAX + 1];
	char		 id[SB_ID_MAX + 1];
	char		 path[SB_PATH_MAX + 1];
};

/* Any process: a consistent copy; bounded tries, then torn is set. */
void	 sb_core_read(const struct sb_core *core, struct sb_core_view *view);

/* What a worker tells of a request; the texts are cut to what fits. */
struct sb_text {
	const char	*s;
	size_t		 len;
};

struct sb_request {
	uint64_t	 start_us;
	struct sb_text	 method;
	struct sb_text	 addr;
	struct sb_text	 id;
	struct sb_text	 path;		/* without the query */
};

/* Worker: it begins on this core. Ends with sb_core_end. About 20 ns. */
void	 sb_core_begin(struct sb_core *core, const struct sb_request *request);
void	 sb_core_end(struct sb_core *core);

/* Worker: every transition, so that a dead worker can still be read. */
static inline void
sb_core_set(struct sb_core *core, enum sb_core_state state, int fd)
{
	atomic_store_explicit(&core->wait_fd, fd, memory_order_relaxed);
	atomic_store_explicit(&core->state, (uint32_t)state,
	    memory_order_release);
}

/* Of one thread's own counters: no locked instruction is needed. */
#define sb_add(field, n)						\
	atomic_store_explicit((field),					\
	    atomic_load_explicit((field), memory_order_relaxed) + (n),	\
	    memory_order_relaxed)
/* For what several threads of the one process add to. */
#define sb_add_shared(field, n)						\
	atomic_fetch_add_explicit((field), (n), memory_order_relaxed)
#define sb_set(field, v)						\
	atomic_store_explicit((field), (v), memory_order_relaxed)
#define sb_get(field)							\
	atomic_load_explicit((field), memory_order_relaxed)

#endif
