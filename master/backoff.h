/* How long to wait before something that died is started again. */
#ifndef WM_MASTER_BACKOFF_H
#define WM_MASTER_BACKOFF_H

#include <stdbool.h>

/*
 * Pure. The caller keeps a count of failures in a row. What was ready for more
 * than a second is started again at once; what died sooner waits longer each
 * time; what lived for more than ten seconds is forgiven.
 */

/* The new count after a death; ready_s: how long it was ready, -1: never. */
unsigned	backoff_count(unsigned failures, double ready_s);
/* Seconds to wait after that death, with the new count. */
double		backoff_delay(unsigned failures, double ready_s, double max);
/* Both: counts that death, and tells the pause. */
double		backoff_died(unsigned *failures, double ready_s, double max);

#endif
