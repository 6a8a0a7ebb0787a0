/* The loop engine that is libevent alone. */
#include <event2/event.h>

#include "worker/loop.h"
#include "worker/worker.h"

/* Turns the base until worker->stopped. */
static void
loop_libevent_run(struct worker *w)
{
	while (!w->stopped)
		event_base_loop(w->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

/* Ends the current turn. */
static void
loop_libevent_stop(struct worker *w)
{
	event_base_loopbreak(w->base);
}

const struct loop_engine loop_libevent = {
	.name = "libevent",
	.run = loop_libevent_run,
	.stop = loop_libevent_stop,
};
