/* What the spooler processes tell each other and the master. */
#ifndef WM_SHM_SPOOLERS_H
#define WM_SHM_SPOOLERS_H

#include <stdatomic.h>
#include <stdint.h>

/*
 * In shared memory that outlives the processes. A row's only writer is the
 * spooler of that number; frequency_us is anybody's. The master reads numbers,
 * and believes nothing.
 */
struct spooler_row {
	_Alignas(64) _Atomic int32_t	 pid;	/* 0: none */
	/* Tasks, at the last look, that wait for a process, and for a time. */
	_Atomic uint32_t	 due;
	_Atomic uint32_t	 later;
	_Atomic uint64_t	 retried;
	_Atomic uint64_t	 put_away;	/* moved to failed/ */
};

struct spoolers {
	int			 count;
	_Atomic uint64_t	 frequency_us;	/* 0: as configured */
	struct spooler_row	 rows[];
};

/* NULL with errno. */
struct spoolers *spoolers_new(int count);
void	 spoolers_free(struct spoolers *spoolers);

#endif
