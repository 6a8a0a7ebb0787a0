/*
 * How long a client may still be waited for (client-min-rate).
 *
 * Who sends or takes a byte now and then never meets a timeout that begins
 * anew with each byte, and would hold a core for ever. So there is a supply of
 * time: the timeout at first. Waiting uses it up, and each byte brings a part
 * of it back, as much as it may take at the least rate; never more than the
 * timeout. Pure.
 */
#ifndef WM_WORKER_PATIENCE_H
#define WM_WORKER_PATIENCE_H

#include <stdint.h>

/* All zero: a full supply. */
struct patience {
	double	 used;		/* seconds */
};

/* Seconds that are left, down to 0. */
double	 patience_left(const struct patience *p, double timeout);
/* So many seconds were waited. */
void	 patience_spend(struct patience *p, double seconds, double timeout);
/* So many bytes have moved; rate is the least, in bytes a second. */
void	 patience_earn(struct patience *p, uint64_t bytes, double rate);

#endif
