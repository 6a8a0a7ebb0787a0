/* The loop engine that is libevent alone. */
#include <errno.h>
#include <event2/event.h>
#include <string.h>

#include "base/log.h"
#include "worker/loop.h"
#include "worker/worker.h"

/* Turns the base until worker->stopped. */
static void
loop_libevent_run(struct worker *w)
{
	while (!w->stopped) {
		if (event_base_loop(w->base, EVLOOP_NO_EXIT_ON_EMPTY) == -1) {
			log_error("the event loop has failed: %s",
			    strerror(errno));
			w->status = 1;
			return;
		}
	}
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
