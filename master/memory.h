/* How much memory a process has, as the kernel tells it. */
#ifndef WM_MASTER_MEMORY_H
#define WM_MASTER_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes. */
struct memory {
	uint64_t	 as;	/* address space */
	uint64_t	 rss;	/* resident */
	uint64_t	 uss;	/* nobody else's */
	uint64_t	 pss;	/* what is shared counts in part */
};

/* /proc/PID/statm: as and rss. False when it cannot be read. */
bool	 memory_read(pid_t pid, struct memory *mem);
/*
 * /proc/PID/smaps_rollup: uss and pss. The kernel looks at every page of the
 * process for it: about a millisecond for 100 MiB.
 */
bool	 memory_read_shares(pid_t pid, struct memory *mem);

/* The two files' texts. */
bool	 memory_parse_statm(const char *text, uint64_t page,
	    struct memory *mem);
bool	 memory_parse_rollup(const char *text, struct memory *mem);

#endif
