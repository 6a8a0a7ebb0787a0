/* The queue: messages in shared memory, for all processes. */
#ifndef WM_SHM_QUEUE_H
#define WM_SHM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A ring of slots, each with room for one message, and two places in it: where
 * the next message goes (pos), and where the oldest is (pull_pos).
 *
 * A robust mutex is around each operation, which is a copy and a few stores. A
 * slot's size is 0 while its message is written, the header says which slot is
 * being pushed or popped, and the places move last: a process that is killed
 * anywhere leaves a queue which has the message, or has it not; whoever gets
 * the mutex next finds that out (EOWNERDEAD) and ends what was under way. If
 * the mutex cannot be had within ten seconds, or not be repaired, the
 * operation fails, and says so.
 *
 * With a file the ring is the file's: a header of one page, with the mutex,
 * then the slots. Two locks of the file (fcntl(2), of the open file) say who
 * has it:
 *
 *	MASTER	a master, and none of its processes
 *	ALL	each process of a server, until the last one has ended
 *
 * They are held for reading: MASTER by a descriptor of the master's; ALL by the
 * mapping, since an open file lasts as long as it is mapped somewhere, so no
 * process has a descriptor to cut the file off under the others. A server that
 * cannot have MASTER for writing finds another server, and does not start;
 * unless it is an upgrade: the old master says which file it has, and then
 * MASTER for reading will do. Who gets ALL for writing is alone: makes the
 * mutex, and ends what was under way. Who does not (an upgrade; or the last
 * workers of a master that was killed finish their requests) uses mutex and
 * ring as they are: both servers' processes work with one queue until the old
 * ones have left.
 *
 * What is read from the file or from others is checked each time: a size is no
 * larger than the slot, and a place is within the ring.
 */
#define QUEUE_MAGIC	"WMQUEUE1"
#define QUEUE_ITEM	16	/* of a slot: the message's size and time */

struct queue {
	uint64_t	 slots;
	uint64_t	 blocksize;
	void		*lock;		/* pthread_mutex_t, in the header */
	void		*map;
	size_t		 size;
	int		 master_fd;	/* of its file: MASTER; or -1 */
	bool		 joined;	/* another's processes have it, too */
	char		 id[48];	/* which file: for the next master */
	uint64_t	 synced_us;	/* the master's own */
};

/*
 * An empty one, or the file's; NULL with *cause. In an upgrade join is the id
 * of the old master's file (else NULL), which may be in use.
 */
struct queue *queue_new(uint64_t slots, uint64_t blocksize, const char *file,
	    const char *join, char **cause);
void	 queue_free(struct queue *q);

/*
 * Result of all: 1; 0: no (empty, too large, no such slot); -1: the mutex is
 * lost. Messages are copied to *data, which the caller frees.
 */
int	 queue_push(struct queue *q, const void *data, size_t len);
/* The oldest one, taken out. */
int	 queue_pull(struct queue *q, char **data, size_t *len);
/* The newest one, taken out. */
int	 queue_pop(struct queue *q, char **data, size_t *len);
/* A slot's, left there. */
int	 queue_get(struct queue *q, uint64_t slot, char **data, size_t *len);
int	 queue_set(struct queue *q, uint64_t slot, const void *data,
	    size_t len);
/* The two places. */
uint64_t queue_slot(const struct queue *q);
uint64_t queue_pull_slot(const struct queue *q);
/* How many messages there are; for the statistics: without the mutex. */
uint64_t queue_count(const struct queue *q);
/* Has the system write the file, without waiting for it. */
void	 queue_sync(struct queue *q);

#endif
