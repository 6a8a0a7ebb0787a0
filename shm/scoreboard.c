/* The scoreboard: what every worker and every async core is doing. */
#include "shm/scoreboard.h"

#include <sys/mman.h>
#include <unistd.h>

#define SB_READ_TRIES	100	/* a few microseconds */

static const char *const sb_core_state_names[] = {
	[SB_CORE_IDLE] = "idle",
	[SB_CORE_RUNNING] = "running",
	[SB_CORE_WAIT_READ] = "wait-read",
	[SB_CORE_WAIT_WRITE] = "wait-write",
	[SB_CORE_SLEEP] = "sleep",
	[SB_CORE_PARKED] = "parked",
	[SB_CORE_BODY] = "body",
	[SB_CORE_SENDING] = "sending",
	[SB_CORE_LOCK] = "lock",
	[SB_CORE_WEBSOCKET] = "websocket",
};

static const char *const sb_slot_state_names[] = {
	[SB_SLOT_FREE] = "free",
	[SB_SLOT_SPAWNING] = "spawning",
	[SB_SLOT_STARTING] = "starting",
	[SB_SLOT_READY] = "ready",
	[SB_SLOT_DRAINING] = "draining",
	[SB_SLOT_GONE] = "gone",
};

/* Where the parts begin, in bytes from the start: whole pages are private. */
static size_t
sb_private_size(uint32_t slots)
{
	size_t	 page = (size_t)sysconf(_SC_PAGESIZE);

	return (sizeof(struct scoreboard) + slots * sizeof(int32_t) + page -
	    1) / page * page;
}

static size_t
sb_cores_offset(const struct scoreboard *sb)
{
	return sb->private + sb->slots * sizeof(struct sb_slot);
}

static size_t
sb_totals_offset(const struct scoreboard *sb)
{
	return sb_cores_offset(sb) +
	    (size_t)sb->slots * (sb->cores + 1) * sizeof(struct sb_core);
}

/* Makes the mapping, all zero; its first pages are private. */
struct scoreboard *
scoreboard_new(uint32_t slots, uint32_t cores)
{
	struct scoreboard	 made = { .slots = slots, .cores = cores,
	    .private = sb_private_size(slots) }, *sb;

	made.size = sb_totals_offset(&made) + slots * sizeof(struct sb_total);
	sb = mmap(NULL, made.size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sb == MAP_FAILED)
		return NULL;
	if (mmap(sb, made.private, PROT_READ | PROT_WRITE, MAP_PRIVATE |
	    MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) {
		munmap(sb, made.size);
		return NULL;
	}
	*sb = made;
	return sb;
}

/* The slot of that index. */
struct sb_slot *
sb_slot(struct scoreboard *sb, uint32_t slot)
{
	return (struct sb_slot *)((char *)sb + sb->private) + slot;
}

/* A core of a slot. */
struct sb_core *
sb_core(struct scoreboard *sb, uint32_t slot, uint32_t core)
{
	return (struct sb_core *)((char *)sb + sb_cores_offset(sb)) +
	    (size_t)slot * (sb->cores + 1) + core;
}

/* The one of its jobs. */
struct sb_core *
sb_job(struct scoreboard *sb, uint32_t slot)
{
	return sb_core(sb, slot, sb->cores);
}

/* The sums of a worker id, which is 1 or more. */
struct sb_total *
sb_total(struct scoreboard *sb, int worker_id)
{
	return (struct sb_total *)((char *)sb +
	    sb_totals_offset(sb)) + (worker_id - 1);
}

/* Takes a free slot. */
int
sb_slot_take(struct scoreboard *sb, int worker_id, int generation)
{
	struct sb_slot	*slot;
	uint32_t	 i;

	for (i = 0; i < sb->slots; i++) {
		slot = sb_slot(sb, i);
		if (sb->owners[i] != 0)
			continue;
		sb->owners[i] = worker_id;
		slot->worker_id = worker_id;
		slot->generation = generation;
		slot->respawns = sb_total(sb, worker_id)->respawns;
		sb_set(&slot->state, SB_SLOT_SPAWNING);
		return (int)i;
	}
	return -1;
}

/* Adds what a process has done. */
void
sb_total_add(struct sb_total *total, const struct sb_slot *s)
{
	total->requests += sb_get(&s->requests);
	total->exceptions += sb_get(&s->exceptions);
	total->bytes_out += sb_get(&s->bytes_out);
	total->running_us += sb_get(&s->running_us);
	total->shed += sb_get(&s->shed);
	total->accepted += sb_get(&s->accepted);
	total->refused += sb_get(&s->refused);
	total->static_requests += sb_get(&s->static_requests);
	total->cut += sb_get(&s->cut);
	total->harakiris += sb_get(&s->harakiris);
	total->websockets_begun += sb_get(&s->websockets_begun);
	total->websocket_received += sb_get(&s->websocket_received);
	total->websocket_sent += sb_get(&s->websocket_sent);
	total->tls_handshakes += sb_get(&s->tls_handshakes);
	total->tls_resumed += sb_get(&s->tls_resumed);
	total->tls_failed += sb_get(&s->tls_failed);
	total->loop_lags += sb_get(&s->loop_lags);
	total->signals += sb_get(&s->signals);
	total->signal_errors += sb_get(&s->signal_errors);
}

/* Adds up the present requests' times. */
uint64_t
sb_slot_busy_us(struct scoreboard *sb, int slot, uint32_t busy,
    uint64_t now_us)
{
	const struct sb_core	*core = sb_core(sb, (uint32_t)slot, 0);
	uint64_t		 start, sum = 0;
	uint32_t		 i;

	for (i = 0; i < sb->cores && busy > 0; i++, core++) {
		if (sb_get(&core->state) == SB_CORE_IDLE)
			continue;
		busy--;
		start = *(const volatile uint64_t *)&core->start_us;
		if (start != 0 && start < now_us)
			sum += now_us - start;
	}
	return sum;
}

/* Adds a dead process to its worker id's sums and clears the slot. */
void
sb_slot_put(struct scoreboard *sb, int slot, uint64_t now_us)
{
	struct sb_slot	*s = sb_slot(sb, (uint32_t)slot);
	struct sb_total	*total = sb_total(sb, sb->owners[slot]);
	uint32_t	 i;

	sb_total_add(total, s);
	total->broken_us += sb_slot_busy_us(sb, slot, sb->cores,
	    now_us);
	for (i = 0; i <= sb->cores; i++)
		memset(sb_core(sb, (uint32_t)slot, i), 0,
		    sizeof(struct sb_core));
	memset(s, 0, sizeof(*s));
	sb->owners[slot] = 0;
}

/* The printable name of a core's state. */
const char *
sb_core_state_name(uint32_t state)
{
	if (state >= sizeof(sb_core_state_names) / sizeof(char *))
		return "unknown";
	return sb_core_state_names[state];
}

/* The printable name of a slot's state. */
const char *
sb_slot_state_name(uint32_t state)
{
	if (state >= sizeof(sb_slot_state_names) / sizeof(char *))
		return "unknown";
	return sb_slot_state_names[state];
}

/* Copies at most max bytes of src; mostly they are few. */
static inline size_t
sb_cut(char *dst, size_t max, const char *src, size_t len)
{
	if (len > max)
		len = max;
	if (len > 36) {
		memcpy(dst, src, len);
	} else if (len > 16) {
		memcpy(dst, src, 16);
		if (len > 32)
			memcpy(dst + 16, src + 16, 16);
		memcpy(dst + len - 16, src + len - 16, 16);
	} else if (len >= 8) {
		memcpy(dst, src, 8);
		memcpy(dst + len - 8, src + len - 8, 8);
	} else if (len >= 4) {
		memcpy(dst, src, 4);
		memcpy(dst + len - 4, src + len - 4, 4);
	} else if (len > 0) {
		dst[0] = src[0];
		dst[len / 2] = src[len / 2];
		dst[len - 1] = src[len - 1];
	}
	return len;
}

/* What is left for a path behind the other texts. */
static inline size_t
sb_path_room(ptrdiff_t used)
{
	size_t	 left = SB_TEXT_MAX - (size_t)used;

	_Static_assert(SB_METHOD_MAX + SB_ADDR_MAX + SB_ID_MAX <= SB_TEXT_MAX,
	    "the longest texts fit");
	return left < SB_PATH_MAX ? left : SB_PATH_MAX;
}

/* A request begins on this core. */
void
sb_core_begin(struct sb_core *core, const struct sb_request *request)
{
	const struct sb_text	*path = &request->path;
	uint32_t		 seq = sb_get(&core->seq);
	char			*out = core->text;

	sb_set(&core->seq, seq + 1);
	atomic_thread_fence(memory_order_release);
	core->start_us = request->start_us;
	core->method_len = (uint8_t)sb_cut(out, SB_METHOD_MAX,
	    request->method.s, request->method.len);
	out += core->method_len;
	core->addr_len = (uint8_t)sb_cut(out, SB_ADDR_MAX, request->addr.s,
	    request->addr.len);
	out += core->addr_len;
	core->id_len = (uint8_t)sb_cut(out, SB_ID_MAX, request->id.s,
	    request->id.len);
	out += core->id_len;
	core->path_len = (uint16_t)(path->len > 65535 ? 65535 : path->len);
	sb_cut(out, sb_path_room(out - core->text), path->s, path->len);
	sb_set(&core->deadline_us, 0);
	sb_set(&core->bytes_out, 0);
	sb_set(&core->switches, 0);
	sb_set(&core->wait_fd, -1);
	sb_set(&core->state, SB_CORE_RUNNING);
	atomic_store_explicit(&core->seq, seq + 2, memory_order_release);
}

/* The request is over. The text stays, for whoever looks afterwards. */
void
sb_core_end(struct sb_core *core)
{
	sb_set(&core->deadline_us, 0);
	sb_add(&core->requests, 1);
	sb_core_set(core, SB_CORE_IDLE, -1);
}

/* Copies a text, and ends it; gives what is behind it. */
static const char *
sb_copy_text(char *out, size_t max, const char *in, size_t len)
{
	len = sb_cut(out, max, in, len);
	out[len] = '\0';
	return in + len;
}

/*
 * Copies what is guarded by the change counter; lengths may be nonsense, and
 * another one a moment later: each is read once.
 */
static void
sb_core_copy(const volatile struct sb_core *core, struct sb_core_view *view)
{
	const char	*in = (const char *)core->text;

	view->start_us = core->start_us;
	in = sb_copy_text(view->method, SB_METHOD_MAX, in, core->method_len);
	in = sb_copy_text(view->addr, SB_ADDR_MAX, in, core->addr_len);
	in = sb_copy_text(view->id, SB_ID_MAX, in, core->id_len);
	sb_copy_text(view->path, sb_path_room(in - (const char *)core->text),
	    in, core->path_len);
}

/* Gives a consistent copy of a core. */
void
sb_core_read(const struct sb_core *core, struct sb_core_view *view)
{
	uint32_t	 seq = 0;
	int		 tries;

	view->torn = true;
	for (tries = 0; tries < SB_READ_TRIES && view->torn; tries++) {
		seq = atomic_load_explicit(&core->seq, memory_order_acquire);
		sb_core_copy(core, view);
		atomic_thread_fence(memory_order_acquire);
		view->torn = (seq & 1) != 0 || sb_get(&core->seq) != seq;
	}
	view->state = sb_get(&core->state);
	view->wait_fd = sb_get(&core->wait_fd);
	view->switches = sb_get(&core->switches);
	view->deadline_us = sb_get(&core->deadline_us);
	view->bytes_out = sb_get(&core->bytes_out);
	view->requests = sb_get(&core->requests);
	view->read_errors = sb_get(&core->read_errors);
	view->write_errors = sb_get(&core->write_errors);
}
