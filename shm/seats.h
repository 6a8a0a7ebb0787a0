/* The number that each process which runs the app has, while it lives. */
#ifndef WM_SHM_SEATS_H
#define WM_SHM_SEATS_H

/* What kinds of processes the spawner forks (value of MSG_SPAWN). */
enum process_kind {
	PROCESS_WORKER,
	PROCESS_MULE,
	PROCESS_SPOOLER
};

/*
 * Seats are numbered through: the slots of the scoreboard (two for each
 * worker id), then the mules by id - 1, then the spoolers by id - 1. No two
 * processes that live have the same.
 */
struct seats {
	int	 slots;
	int	 mules;
	int	 spoolers;
};

static inline int
seats_count(const struct seats *seats)
{
	return seats->slots + seats->mules + seats->spoolers;
}

/* Of a worker's slot, or of a mule's or spooler's id (1..N). */
static inline int
seats_of(const struct seats *seats, enum process_kind kind, int number)
{
	if (kind == PROCESS_WORKER)
		return number;
	return seats->slots + number - 1 +
	    (kind == PROCESS_SPOOLER ? seats->mules : 0);
}

#endif
