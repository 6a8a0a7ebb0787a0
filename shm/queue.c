/* The queue: messages in shared memory, for all processes. */
#include "shm/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/xmalloc.h"

#define QUEUE_WAIT_S	10	/* for a process that has been stopped */

/* The first page. */
struct queue_header {
	char			 magic[8];
	uint64_t		 slots;
	uint64_t		 blocksize;
	_Atomic uint64_t	 pos;
	_Atomic uint64_t	 pull_pos;
	_Atomic uint64_t	 push;	/* slot + 1: a push is under way */
	_Atomic uint64_t	 pop;	/* slot + 1: a pop is */
	uint64_t		 mutex_size;
	_Alignas(64) pthread_mutex_t lock;
};

/* The beginning of a slot. */
struct queue_item {
	_Atomic uint64_t	 size;	/* 0: empty, or being written */
	uint64_t		 time;	/* seconds since 1970 */
};

/* Bytes of the file that are locked: queue.h. */
enum queue_file_lock {
	QUEUE_FILE_MASTER,
	QUEUE_FILE_ALL
};

_Static_assert(sizeof(struct queue_item) == QUEUE_ITEM, "a slot's own");

/* A page. */
static size_t
queue_page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* The first page. */
static struct queue_header *
queue_header(const struct queue *q)
{
	return q->map;
}

/* One slot; any number. */
static struct queue_item *
queue_item(const struct queue *q, uint64_t slot)
{
	return (void *)((char *)q->map + queue_page() +
	    slot % q->slots * q->blocksize);
}

/* A message's size, whatever is written there. */
static size_t
queue_item_size(const struct queue *q, uint64_t slot)
{
	uint64_t	 size = atomic_load(&queue_item(q, slot)->size);

	return size <= q->blocksize - QUEUE_ITEM ? size : 0;
}

/* Where the next one goes. */
uint64_t
queue_slot(const struct queue *q)
{
	return atomic_load(&queue_header(q)->pos) % q->slots;
}

/* Where the oldest is. */
uint64_t
queue_pull_slot(const struct queue *q)
{
	return atomic_load(&queue_header(q)->pull_pos) % q->slots;
}

/* Sets one of the two locks; -1 with errno. */
static int
queue_file_lock(int fd, enum queue_file_lock which, short type)
{
	struct flock	 lock = { .l_type = type, .l_whence = SEEK_SET,
	    .l_start = which, .l_len = 1 };

	return fcntl(fd, F_OFD_SETLK, &lock);
}

/* Which file it is. */
static void
queue_print_id(char *id, size_t size, const struct stat *st)
{
	snprintf(id, size, "%llu:%llu", (unsigned long long)st->st_dev,
	    (unsigned long long)st->st_ino);
}

/* Takes the file's locks; -1 with errno. */
static int
queue_file_enter(struct queue *q, int fd, const char *join)
{
	if (queue_file_lock(fd, QUEUE_FILE_MASTER, F_WRLCK) == -1 &&
	    (join == NULL || strcmp(join, q->id) != 0 ||
	    queue_file_lock(fd, QUEUE_FILE_MASTER, F_RDLCK) == -1))
		return -1;
	q->joined = queue_file_lock(fd, QUEUE_FILE_ALL, F_WRLCK) == -1;
	return q->joined ? queue_file_lock(fd, QUEUE_FILE_ALL, F_RDLCK) : 0;
}

/* Opens or makes the file, and takes its locks; -1 with errno. */
static int
queue_open(struct queue *q, const char *file, const char *join,
    struct stat *st)
{
	int	 fd;

	fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
	    O_NONBLOCK, 0600);
	if (fd == -1 || fstat(fd, st) == -1)
		goto fail;
	queue_print_id(q->id, sizeof(q->id), st);
	if (queue_file_enter(q, fd, join) == -1)
		goto fail;
	if (!S_ISREG(st->st_mode) || st->st_size != 0 || q->joined)
		return fd;
	/* All of its room: a full disk is no SIGBUS later. */
	errno = posix_fallocate(fd, 0, (off_t)q->size);
	if (errno == 0) {
		st->st_size = (off_t)q->size;
		return fd;
	}
	if (ftruncate(fd, 0) == -1)
		log_warn("\"queue-store\": %s: cannot be emptied again", file);

fail:
	fd_close(&fd);
	return -1;
}

/* Opens it once more, as a master; -1 with errno. */
static int
queue_reopen(const struct queue *q, const char *file)
{
	int		 fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
	    O_NONBLOCK);
	struct stat	 st;
	char		 id[sizeof(q->id)];

	if (fd == -1 || fstat(fd, &st) == -1)
		goto fail;
	queue_print_id(id, sizeof(id), &st);
	errno = ESTALE;		/* another file has its name now */
	if (strcmp(id, q->id) == 0 &&
	    queue_file_lock(fd, QUEUE_FILE_MASTER, F_RDLCK) == 0)
		return fd;

fail:
	fd_close(&fd);
	return -1;
}

/* The queue is ready: from now on others may have it, too. -1 with errno. */
static int
queue_file_share(struct queue *q, const char *file, int fd)
{
	if (queue_file_lock(fd, QUEUE_FILE_MASTER, F_RDLCK) == -1 ||
	    queue_file_lock(fd, QUEUE_FILE_ALL, F_RDLCK) == -1)
		return -1;
	q->master_fd = queue_reopen(q, file);
	if (q->master_fd == -1)
		return -1;
	/* This one is mapped, in all processes, and so is open in them. */
	return queue_file_lock(fd, QUEUE_FILE_MASTER, F_UNLCK);
}

/* Makes the mutex. */
static void
queue_lock_new(struct queue *q)
{
	pthread_mutexattr_t	 attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(q->lock, &attr);
	pthread_mutexattr_destroy(&attr);
}

/* A new queue's header, or is it the right one? */
static bool
queue_check(struct queue *q)
{
	struct queue_header	*h = queue_header(q);
	static const char	 none[8];

	if (!q->joined && memcmp(h->magic, none, sizeof(none)) == 0) {
		h->slots = q->slots;
		h->blocksize = q->blocksize;
		memcpy(h->magic, QUEUE_MAGIC, sizeof(h->magic));
	}
	return memcmp(h->magic, QUEUE_MAGIC, sizeof(h->magic)) == 0 &&
	    h->slots == q->slots && h->blocksize == q->blocksize &&
	    (!q->joined || h->mutex_size == sizeof(h->lock));
}

/* Maps the file, or memory; -1 with *cause. */
static int
queue_map(struct queue *q, int fd, char **cause)
{
	q->map = mmap(NULL, q->size, PROT_READ | PROT_WRITE, MAP_SHARED |
	    (fd == -1 ? MAP_ANONYMOUS : 0), fd, 0);
	if (q->map != MAP_FAILED) {
		q->lock = &queue_header(q)->lock;
		return 0;
	}
	q->map = NULL;
	*cause = xasprintf("\"queue\": cannot map %zu bytes: %s", q->size,
	    strerror(errno));
	return -1;
}

/* The oldest message is at pull_pos, or behind it: where? */
static uint64_t
queue_oldest(const struct queue *q)
{
	uint64_t	 pos = queue_slot(q), i = queue_pull_slot(q), n;

	for (n = 0; n < q->slots && i != pos; n++) {
		if (queue_item_size(q, i) != 0)
			break;
		i = (i + 1) % q->slots;
	}
	return i;
}

/* Ends what was under way: after a death, and when a file is taken over. */
static void
queue_repair(struct queue *q)
{
	struct queue_header	*h = queue_header(q);
	uint64_t		 slot;

	if (h->push != 0) {
		slot = (h->push - 1) % q->slots;
		if (queue_item_size(q, slot) != 0)
			atomic_store(&h->pos, (slot + 1) % q->slots);
	} else if (h->pop != 0) {
		slot = (h->pop - 1) % q->slots;
		atomic_store(&queue_item(q, slot)->size, 0);
		atomic_store(&h->pos, slot);
	}
	atomic_store(&h->push, 0);
	atomic_store(&h->pop, 0);
	atomic_store(&h->pull_pos, queue_oldest(q));
}

/* It is mapped, and this process is the only one that has it. */
static void
queue_begin(struct queue *q)
{
	queue_lock_new(q);
	queue_header(q)->mutex_size = sizeof(pthread_mutex_t);
	queue_repair(q);
}

/* Maps the file, if it is the right one; -1 with *cause. */
static int
queue_new_stored(struct queue *q, const char *file, const char *join,
    char **cause)
{
	struct stat	 st;
	char		*why = NULL;
	int		 result = -1, fd = queue_open(q, file, join, &st);

	if (fd == -1 && (errno == EAGAIN || errno == EACCES) && q->id[0] != 0)
		why = xasprintf("%s is another server's now: %s", file,
		    strerror(errno));
	else if (fd == -1)
		why = xasprintf("%s: %s", file, strerror(errno));
	else if (!S_ISREG(st.st_mode) || (size_t)st.st_size != q->size)
		why = xasprintf("%s is no queue of %llu messages of %llu "
		    "bytes: remove it, or give these numbers as they were",
		    file, (unsigned long long)q->slots,
		    (unsigned long long)q->blocksize);
	else if (queue_map(q, fd, cause) == 0) {
		if (!queue_check(q))
			why = xasprintf("%s is no queue of ours, or of other "
			    "sizes", file);
		else {
			if (!q->joined)
				queue_begin(q);
			result = queue_file_share(q, file, fd);
			if (result == -1)
				why = xasprintf("%s: %s", file,
				    strerror(errno));
		}
	}
	fd_close(&fd);
	if (why != NULL)
		*cause = xasprintf("\"queue-store\": %s", why);
	free(why);
	return result;
}

/* Makes one, or takes the file's. */
struct queue *
queue_new(uint64_t slots, uint64_t blocksize, const char *file,
    const char *join, char **cause)
{
	struct queue	*q = xcalloc(1, sizeof(*q));
	int		 result;

	q->slots = slots;
	q->blocksize = (blocksize + 15) / 16 * 16;
	q->size = queue_page() + slots * q->blocksize;
	q->master_fd = -1;
	if (file != NULL)
		result = queue_new_stored(q, file, join, cause);
	else {
		result = queue_map(q, -1, cause);
		if (result == 0)
			queue_begin(q);
	}
	if (result == 0)
		return q;
	queue_free(q);
	return NULL;
}

/* Unmaps it. */
void
queue_free(struct queue *q)
{
	if (q == NULL)
		return;
	if (q->map != NULL)
		munmap(q->map, q->size);
	fd_close(&q->master_fd);
	free(q);
}

/* Takes the mutex, and repairs what a dead one has left. */
static bool
queue_enter(struct queue *q)
{
	struct timespec	 until;
	int		 error;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += QUEUE_WAIT_S;
	error = pthread_mutex_timedlock(q->lock, &until);
	if (error == EOWNERDEAD) {
		log_warn("queue: a process died while it changed it");
		queue_repair(q);
		error = pthread_mutex_consistent(q->lock);
	}
	return error == 0;
}

/* Gives it back. */
static int
queue_exit(struct queue *q, int result)
{
	pthread_mutex_unlock(q->lock);
	return result;
}

/* Writes a message; its size last. A push says so in the header. */
static void
queue_write(struct queue *q, uint64_t slot, const void *data, size_t len,
    bool is_push)
{
	struct queue_item	*item = queue_item(q, slot);

	atomic_store(&item->size, 0);
	if (is_push)
		atomic_store(&queue_header(q)->push, slot + 1);
	item->time = (uint64_t)time(NULL);
	memcpy(item + 1, data, len);
	atomic_store(&item->size, len);
}

/* Copies one; 0: there is none. */
static int
queue_copy(const struct queue *q, uint64_t slot, char **data, size_t *len)
{
	*len = queue_item_size(q, slot);
	if (*len == 0)
		return 0;
	*data = xmalloc(*len);
	memcpy(*data, queue_item(q, slot) + 1, *len);
	return 1;
}

/* Can it be a message? */
static bool
queue_fits(const struct queue *q, size_t len)
{
	return len > 0 && len <= q->blocksize - QUEUE_ITEM;
}

/* Adds one; when all slots are full the oldest makes room. */
int
queue_push(struct queue *q, const void *data, size_t len)
{
	struct queue_header	*h = queue_header(q);
	uint64_t		 pos;

	if (!queue_fits(q, len))
		return 0;
	if (!queue_enter(q))
		return -1;
	pos = h->pos % q->slots;
	if (queue_item_size(q, pos) != 0 && h->pull_pos % q->slots == pos)
		atomic_store(&h->pull_pos, (pos + 1) % q->slots);
	queue_write(q, pos, data, len, true);
	atomic_store(&h->pos, (pos + 1) % q->slots);
	atomic_store(&h->push, 0);
	return queue_exit(q, 1);
}

/* Takes the oldest. */
int
queue_pull(struct queue *q, char **data, size_t *len)
{
	struct queue_header	*h = queue_header(q);
	uint64_t		 pos;
	int			 result;

	if (!queue_enter(q))
		return -1;
	pos = queue_oldest(q);
	result = queue_copy(q, pos, data, len);
	if (result == 1) {
		atomic_store(&queue_item(q, pos)->size, 0);
		atomic_store(&h->pull_pos, (pos + 1) % q->slots);
	}
	return queue_exit(q, result);
}

/* Takes the newest. */
int
queue_pop(struct queue *q, char **data, size_t *len)
{
	struct queue_header	*h = queue_header(q);
	uint64_t		 pos;
	int			 result;

	if (!queue_enter(q))
		return -1;
	pos = (h->pos % q->slots + q->slots - 1) % q->slots;
	result = queue_copy(q, pos, data, len);
	if (result == 1) {
		atomic_store(&h->pop, pos + 1);
		atomic_store(&queue_item(q, pos)->size, 0);
		atomic_store(&h->pos, pos);
		atomic_store(&h->pop, 0);
	}
	return queue_exit(q, result);
}

/* Reads a slot. */
int
queue_get(struct queue *q, uint64_t slot, char **data, size_t *len)
{
	int	 result;

	if (slot >= q->slots)
		return 0;
	if (!queue_enter(q))
		return -1;
	result = queue_copy(q, slot, data, len);
	return queue_exit(q, result);
}

/* Writes a slot. */
int
queue_set(struct queue *q, uint64_t slot, const void *data, size_t len)
{
	if (slot >= q->slots || !queue_fits(q, len))
		return 0;
	if (!queue_enter(q))
		return -1;
	queue_write(q, slot, data, len, false);
	return queue_exit(q, 1);
}

/* How many there are, if they have come and gone in turn. */
uint64_t
queue_count(const struct queue *q)
{
	uint64_t	 pos = queue_slot(q), pull = queue_pull_slot(q);

	if (pos == pull)
		return queue_item_size(q, pos) != 0 ? q->slots : 0;
	return (pos + q->slots - pull) % q->slots;
}

/* Begins to write the file. */
void
queue_sync(struct queue *q)
{
	if (q->master_fd != -1)
		(void)sync_file_range(q->master_fd, 0, 0,
		    SYNC_FILE_RANGE_WRITE);
}
