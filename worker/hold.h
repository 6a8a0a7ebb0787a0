/* One hold-up of the event loop: since when, by whom, what was logged. */
#ifndef WM_WORKER_HOLD_H
#define WM_WORKER_HOLD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct worker;

/* The watchdog's state; watchdog.h says what leads from one to the other. */
enum hold_state {
	HOLD_QUIET,
	HOLD_ASKED,
	HOLD_HELD
};

/* Times are of clock_mono_us. The watchdog's thread only. */
struct hold {
	enum hold_state	 state;
	uint64_t	 warn_us;	/* loop-lag-warn; 0: nothing logged */
	pthread_t	 loop;		/* its thread */
	uint64_t	 asked_us;
	uint64_t	 next_us;	/* HELD: logged again, then */
	bool		 logged;	/* this one was */

	uint64_t	 minute_us;	/* of reports: its begin */
	unsigned	 reports;	/* within it */
	unsigned	 unsaid;	/* within it, not reported */

	uint64_t	 second_us;	/* of the scoreboard's: its begin */
	uint64_t	 longest_us;	/* within it */
};

void	 hold_init(struct hold *hold, double warn, pthread_t loop);
/* The loop is asked; it has answered; it has not. */
void	 hold_ask(struct hold *hold, uint64_t now);
void	 hold_end(struct hold *hold, struct worker *w, uint64_t now);
void	 hold_look(struct hold *hold, struct worker *w, uint64_t now);
/* The whole process stood still for so long: that is not the loop's fault. */
void	 hold_forgive(struct hold *hold, uint64_t us);
/* Writes what was seen to the scoreboard, once a second. */
void	 hold_publish(struct hold *hold, struct worker *w, uint64_t now);

#endif
