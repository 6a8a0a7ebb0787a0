/* Puts a task into a folder: never lost, never seen in part. */
#ifndef WM_WORKER_SPOOL_SPOOL_WRITE_H
#define WM_WORKER_SPOOL_SPOOL_WRITE_H

#include <stddef.h>
#include <stdint.h>

/* Names that begin so are of files that are being written. */
#define SPOOL_NEW	".new-"

struct spool_order {
	const char	*folder;
	int		 priority;	/* SPOOL_PRIORITY_NONE: none */
	uint64_t	 at_us;		/* since 1970; not before. 0: now */
	const char	*packet;
	size_t		 packet_len;
	const char	*body;		/* NULL: none */
	size_t		 body_len;
};

/*
 * Each step is on the disk before the next one: the file under another name,
 * with its time as "at" says; its real name; the folder. When it returns 0 the
 * task outlives a power failure, and *path is its name, which the caller frees.
 * -1 with errno: nothing is left of it, unless the very last step has failed
 * and a spooler was quick. Who is killed meanwhile leaves a file that nobody
 * takes for a task and spool_folder_clean removes. Blocks; any thread.
 */
int	 spool_write(const struct spool_order *order, char **path);

#endif
