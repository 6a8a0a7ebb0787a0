/* Why a worker process ended, for the log and for counting. */
#include "master/ending.h"

static const char *const ending_names[ENDING_COUNT] = {
	[ENDING_DIED] = "died",
	[ENDING_START_FAILED] = "start-failed",
	[ENDING_STOP] = "stop",
	[ENDING_RELOAD] = "reload",
	[ENDING_SCALE] = "scale",
	[ENDING_MAX_REQUESTS] = "max-requests",
	[ENDING_LIFETIME] = "lifetime",
	[ENDING_MEMORY] = "memory",
	[ENDING_HARAKIRI] = "harakiri",
	[ENDING_STUCK] = "stuck",
	[ENDING_MERCY] = "mercy",
};

/* The printable name of a reason. */
const char *
ending_name(enum ending ending)
{
	return ending_names[ending];
}
