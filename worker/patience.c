/* How long a client may still be waited for. */
#include "worker/patience.h"

/* What is left. */
double
patience_left(const struct patience *p, double timeout)
{
	return p->used < timeout ? timeout - p->used : 0;
}

/* Waiting uses it up. */
void
patience_spend(struct patience *p, double seconds, double timeout)
{
	p->used += seconds;
	if (p->used > timeout)
		p->used = timeout;
}

/* Bytes bring some back. */
void
patience_earn(struct patience *p, uint64_t bytes, double rate)
{
	p->used -= (double)bytes / rate;
	if (p->used < 0)
		p->used = 0;
}
