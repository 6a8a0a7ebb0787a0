/* What mules and spoolers have done, for the master to show. */
#ifndef WM_SHM_DEEDS_H
#define WM_SHM_DEEDS_H

#include <stdatomic.h>
#include <stdint.h>

/*
 * One for each seat behind the workers' (index: seat - slots), in shared
 * memory that outlives the processes. Its only writer is the process on the
 * seat; the master reads numbers, and believes nothing.
 */
struct deeds {
	_Alignas(64) _Atomic uint64_t	 done;	/* messages, tasks */
	_Atomic uint64_t	 failed;	/* of these: raised */
	_Atomic uint64_t	 since_us;	/* works on one since then
						   (clock_mono_us); 0: idle */
};

/* NULL with errno; n 0 gives room for one. */
struct deeds *deeds_new(int n);
void	 deeds_free(struct deeds *deeds, int n);

#endif
