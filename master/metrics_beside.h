/* The metrics of what stands beside the requests: mules, caches, locks... */
#ifndef WM_MASTER_METRICS_BESIDE_H
#define WM_MASTER_METRICS_BESIDE_H

struct master;
struct metrics_text;

/* Of subsystems that the configuration does not ask for: nothing. */
void	 metrics_beside(const struct master *m, struct metrics_text *t);

#endif
