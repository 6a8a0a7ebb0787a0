/* Parts of the state that several JSON documents show in the same way. */
#ifndef WM_MASTER_STATS_PARTS_H
#define WM_MASTER_STATS_PARTS_H

struct json_out;
struct master;

/* The generations there are, as a list. */
void	 stats_generations(struct json_out *json, const struct master *m);
/* The mules that there shall be, and the attached daemons. */
void	 stats_mules(struct json_out *json, const struct master *m);
void	 stats_spoolers(struct json_out *json, const struct master *m);
void	 stats_daemons(struct json_out *json, const struct master *m);
/* The reload under way and the last one. */
void	 stats_reload(struct json_out *json, const struct master *m);
/* How many worker processes ended for which reason. */
void	 stats_endings(struct json_out *json, const struct master *m);
/* The metrics by name, and, if there is one, the queue. */
void	 stats_metrics(struct json_out *json, const struct master *m);
void	 stats_queue(struct json_out *json, const struct master *m);
/* Who has which lock, as a list. */
void	 stats_locks(struct json_out *json, const struct master *m);

#endif
