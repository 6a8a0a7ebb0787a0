/* A worker without processes, Python or network, for unit tests. */
#include "test/unit/rig.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "plugins/plugin.h"
#include "shm/listener.h"
#include "shm/scoreboard.h"
#include "test/unit/unit.h"
#include "worker/accept.h"
#include "worker/handler.h"
#include "worker/static/static.h"
#include "worker/suspend.h"
#include "worker/worker.h"

#define RIG_STACK	(256 * 1024)
#define RIG_LIMIT_US	5000000

int (*rig_handler)(struct request *req);
bool	 rig_keeps_stack = true;
int	 rig_starts;

static struct config rig_config;
static struct listener rig_listener = { .fd = -1, .is_unix = true,
    .name = (char *)"rig", .host = (char *)"rig", .port = (char *)"" };
static struct listeners rig_listeners = { .items = &rig_listener, .count = 0 };

/* A core's own stack. */
struct rig_stack {
	ucontext_t	 context;
	char		 stack[RIG_STACK];
};

static ucontext_t rig_hub, rig_blank;

/* Every request is the rig's. */
static bool
rig_match(struct request *req)
{
	(void)req;
	return true;
}

/* Calls what the test has set. */
static int
rig_run(struct request *req)
{
	return rig_handler(req);
}

static const struct handler rig_handlers = {
	.name = "rig",
	.match = rig_match,
	.run = rig_run,
};

static const struct plugin rig_plugin = {
	.abi = PLUGIN_ABI,
	.name = "rig",
	.handler = &rig_handlers,
};

extern const struct plugin	 threads_plugin;

const struct plugin *const plugins[] = { &rig_plugin, &threads_plugin, NULL };

/* First function of a core's stack. */
static void
rig_entry(unsigned high, unsigned low)
{
	struct core	*core = (struct core *)
	    (((uintptr_t)high << 32) | (uintptr_t)low);

	core_main(core);
}

/* The core's stack, made when first asked for. */
static struct rig_stack *
rig_stack(struct core *core)
{
	if (core->suspend_data == NULL)
		core->suspend_data = xmalloc(sizeof(struct rig_stack));
	return core->suspend_data;
}

/* Begins on a fresh stack. */
static void
rig_suspend_start(struct core *core)
{
	uintptr_t	 p = (uintptr_t)core;
	ucontext_t	*context = &rig_stack(core)->context;

	rig_starts++;
	*context = rig_blank;
	context->uc_stack.ss_sp = rig_stack(core)->stack;
	context->uc_stack.ss_size = RIG_STACK;
	context->uc_link = &rig_hub;
	makecontext(context, (void (*)(void))rig_entry, 2,
	    (unsigned)(p >> 32), (unsigned)p);
	swapcontext(&rig_hub, context);
}

/* As the test wants it. */
static bool
rig_suspend_keeps_stack(const struct core *core)
{
	(void)core;
	return rig_keeps_stack;
}

/* Back to the hub. */
static void
rig_suspend_park(struct core *core)
{
	struct rig_stack	*s = core->suspend_data;

	swapcontext(&s->context, &rig_hub);
}

/* On with the core. */
static void
rig_suspend_resume(struct core *core)
{
	struct rig_stack	*s = core->suspend_data;

	swapcontext(&rig_hub, &s->context);
}

static const struct suspend_engine rig_engine = {
	.name = "rig",
	.can_park = true,
	.start = rig_suspend_start,
	.keeps_stack = rig_suspend_keeps_stack,
	.park = rig_suspend_park,
	.resume = rig_suspend_resume,
};

/* Reads the options; a test's mistake ends the program. */
static void
rig_configure(const char *const *options)
{
	char			*argv[32] = { (char *)"rig", (char *)"--module",
	    (char *)"none", (char *)"--disable-logging" };
	enum config_action	 action;
	char			*cause = NULL;
	int			 argc = 4;

	while (options != NULL && *options != NULL && argc < 31)
		argv[argc++] = (char *)*options++;
	if (config_load(&rig_config, argc, argv, &action, &cause) == -1)
		fatalx("%s", cause);
	rig_config.greenlet = false;
}

/* Makes a worker in this process. */
struct worker *
rig_start(bool parking, const char *const *options)
{
	struct scoreboard	*sb;
	struct worker		*w;
	char			*cause = NULL;

	rig_configure(options);
	if (getcontext(&rig_blank) == -1)
		fatal("getcontext");
	log_choose(LOG_LEVEL_ERROR, false);
	sb = scoreboard_new(2, (uint32_t)config_cores(&rig_config));
	w = worker_new(&rig_config, sb, &rig_listeners, 1, &cause);
	if (w == NULL)
		fatalx("%s", cause);
	if (parking)
		w->suspend = &rig_engine;
	w->id = 1;
	w->slot = sb_slot_take(sb, 1, 1);
	w->stats = sb_slot(sb, (uint32_t)w->slot);
	cores_init(w, config_cores(&rig_config));
	conns_init(w);
	w->acceptors = NULL;
	if (w->suspend->init != NULL && w->suspend->init(w, &cause) == -1)
		fatalx("%s", cause);
	return w;
}

/* Frees everything; requests must be over, or be so soon. */
void
rig_stop(struct worker *w)
{
	int	 i;

	/* A thread tells that it is over after the client has its answer. */
	for (i = 0; i < 1000 && w->suspend->attach != NULL && w->busy > 0; i++)
		rig_turn(w, 10);
	if (w->suspend->done != NULL)
		w->suspend->done(w);
	for (i = 0; i <= w->ncores; i++)
		free(w->cores[i].suspend_data);
	conns_done(w);
	free(w->websockets.post.seats);	/* kept for an app's threads */
	cores_done(w);
	watch_done(w);
	statics_done(w);
	event_base_free(w->base);
	free(w->handlers);
	free(w);
	config_done(&rig_config);
}

/* Makes a client. */
int
rig_client(struct worker *w)
{
	struct sockaddr_storage	 peer = { .ss_family = AF_UNIX };
	int			 pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == -1)
		fatal("socketpair");
	conn_accepted(w, &rig_listener, pair[0], &peer);
	cores_work_off(w);
	return pair[1];
}

/* Sends text to the worker. */
void
rig_send(int client, const char *text)
{
	if (send(client, text, strlen(text), MSG_NOSIGNAL) !=
	    (ssize_t)strlen(text))
		CHECK_STR(strerror(errno), "everything was sent");
}

/* Turns the base until nothing happens for ms milliseconds. */
void
rig_turn(struct worker *w, int ms)
{
	struct timeval	 tv = { ms / 1000, ms % 1000 * 1000 };

	event_base_loopexit(w->base, &tv);
	event_base_loop(w->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

/* Turns until all is over. */
void
rig_settle(struct worker *w)
{
	int	 i;

	for (i = 0; i < 1000 && (w->busy > 0 || w->nconns > 0); i++)
		rig_turn(w, 10);
}

/* Turns until the client has received text. */
const char *
rig_receive(struct worker *w, int client, const char *text)
{
	static char	 got[1 << 20];
	size_t		 len = 0;
	uint64_t	 end = clock_mono_us() + RIG_LIMIT_US;
	ssize_t		 n;

	got[0] = '\0';
	while (strstr(got, text) == NULL && clock_mono_us() < end) {
		rig_turn(w, 2);
		n = recv(client, got + len, sizeof(got) - 1 - len, 0);
		if (n > 0)
			len += (size_t)n;
		got[len] = '\0';
		if (n == 0)
			break;
	}
	return got;
}

/* Turns until the connection's end. */
bool
rig_closed(struct worker *w, int client)
{
	char		 scratch[4096];
	uint64_t	 end = clock_mono_us() + RIG_LIMIT_US;
	ssize_t		 n;

	while (clock_mono_us() < end) {
		rig_turn(w, 2);
		n = recv(client, scratch, sizeof(scratch), 0);
		if (n == 0 || (n == -1 && errno != EAGAIN))
			return true;
	}
	return false;
}
