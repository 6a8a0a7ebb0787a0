/* Parts of the state that several JSON documents show in the same way. */
#include "master/stats_parts.h"

#include "base/json_out.h"
#include "master/generation.h"
#include "master/master.h"
#include "shm/commons.h"
#include "shm/lock.h"
#include "shm/scoreboard.h"

/* The generations there are. */
void
stats_generations(struct json_out *json, const struct master *m)
{
	const struct generation	*gen;

	json_open(json, "generations", '[');
	TAILQ_FOREACH(gen, &m->generations, link) {
		json_open(json, NULL, '{');
		json_int(json, "id", gen->id);
		json_str(json, "state", generation_state_name(gen->state));
		json_int(json, "spawner_pid", gen->pid);
		json_uint(json, "workers", gen->workers);
		json_str(json, "failure", gen->failure);
		json_close(json);
	}
	json_close(json);
}

/* The reload under way and the last one. */
void
stats_reload(struct json_out *json, const struct master *m)
{
	const struct reload	*r = &m->reload;

	json_open(json, "reload", '{');
	json_bool(json, "running", r->fresh != NULL);
	json_int(json, "generation", r->fresh != NULL ? r->fresh->id : 0);
	if (r->last_generation != 0) {
		json_open(json, "last", '{');
		json_int(json, "generation", r->last_generation);
		json_bool(json, "ok", r->last_ok);
		json_str(json, "error", r->last_failure);
		json_close(json);
	}
	json_close(json);
}

/* How many worker processes ended for which reason. */
void
stats_endings(struct json_out *json, const struct master *m)
{
	int	 i;

	json_open(json, "endings", '{');
	for (i = 0; i < ENDING_COUNT; i++)
		json_uint(json, ending_name((enum ending)i), m->endings[i]);
	json_close(json);
}

/* The locks, each with its owner's process id; 0: it is free. */
void
stats_locks(struct json_out *json, const struct master *m)
{
	const struct locks	*locks = m->commons->locks;
	int			 i;

	json_open(json, "locks", '[');
	for (i = 0; i < locks->count; i++) {
		json_open(json, NULL, '{');
		json_int(json, locks->items[i].name,
		    lock_owner(&locks->items[i]));
		json_close(json);
	}
	json_close(json);
}
