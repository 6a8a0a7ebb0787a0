/* Leaky buckets for what a peer may send only so much of. */
#include "worker/http2/http2_flood.h"

/* A unit, so that slow leaks are exact. */
#define FLOOD_ONE	1000000u

static const struct {
	const char	*name;
	uint64_t	 burst;		/* so many at once */
	uint64_t	 rate;		/* and so many a second */
} flood_kinds[HTTP2_FLOOD_KINDS] = {
	[HTTP2_FLOOD_RESETS] = { "reset streams", 200, 50 },
	[HTTP2_FLOOD_CONTROL] = { "control frames", 1000, 100 },
	[HTTP2_FLOOD_WINDOWS] = { "window updates", 2000, 1000 },
};

/* The time that has passed has let some out. */
static void
http2_flood_leak(struct http2_flood *flood, uint64_t now_us)
{
	uint64_t	 us, out;
	int		 i;

	if (now_us <= flood->since_us)
		return;
	us = now_us - flood->since_us;
	flood->since_us = now_us;
	if (us > 1000u * FLOOD_ONE)
		us = 1000u * FLOOD_ONE;
	for (i = 0; i < HTTP2_FLOOD_KINDS; i++) {
		out = us * flood_kinds[i].rate;
		flood->level[i] -= out < flood->level[i] ? out :
		    flood->level[i];
	}
}

/* One more. */
bool
http2_flood_add(struct http2_flood *flood, enum http2_flood_kind kind,
    uint64_t now_us)
{
	http2_flood_leak(flood, now_us);
	flood->level[kind] += FLOOD_ONE;
	return flood->level[kind] > flood_kinds[kind].burst * FLOOD_ONE;
}

/* So many less. */
void
http2_flood_credit(struct http2_flood *flood, enum http2_flood_kind kind,
    unsigned n)
{
	const uint64_t	 out = (uint64_t)n * FLOOD_ONE;

	flood->level[kind] -= out < flood->level[kind] ? out :
	    flood->level[kind];
}

/* What is too much. */
const char *
http2_flood_name(enum http2_flood_kind kind)
{
	return flood_kinds[kind].name;
}
