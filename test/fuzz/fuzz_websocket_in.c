/*
 * Fuzzes what a websocket's client sends: cuts change nothing, messages are no
 * longer than their limit, text is UTF-8, and no memory is kept between frames.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "worker/websocket/websocket_deflate.h"
#include "worker/websocket/websocket_in.h"
#include "worker/websocket/websocket_utf8.h"

#define MAX_MESSAGE	3000

int	 LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What came of it: a hash of all events, and the last one. */
struct result {
	uint64_t		 hash;
	size_t			 events;
	enum websocket_in_event	 last;
	int			 code;
};

/* Ends the process if an invariant does not hold. */
static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* Adds bytes to the hash. */
static void
add(struct result *r, const void *data, size_t len)
{
	const uint8_t	*in = data;
	size_t		 i;

	for (i = 0; i < len; i++)
		r->hash = (r->hash ^ in[i]) * UINT64_C(1099511628211);
}

/* Looks at one event; false: it was the last. */
static bool
look(struct websocket_in *in, enum websocket_in_event event, struct result *r)
{
	struct websocket_message	*m;

	r->events++;
	r->last = event;
	r->code = 0;
	add(r, &event, sizeof(event));
	if (event == WEBSOCKET_IN_MESSAGE) {
		m = websocket_in_take(in);
		must(m != NULL && m->len <= MAX_MESSAGE);
		must(!m->text || websocket_utf8_is(m->data, m->len));
		add(r, m->data, m->len);
		free(m);
		return true;
	}
	if (event != WEBSOCKET_IN_BAD) {
		must(in->control_len <= WEBSOCKET_CONTROL);
		add(r, in->control, in->control_len);
	}
	if (event == WEBSOCKET_IN_PING || event == WEBSOCKET_IN_PONG)
		return true;
	r->code = in->code;
	must(event != WEBSOCKET_IN_BAD || (in->why != NULL &&
	    websocket_code_is_valid(in->code)));
	must(event != WEBSOCKET_IN_CLOSE || in->code == 0 ||
	    websocket_code_is_valid(in->code));
	return false;
}

/* Gives the input in cuts of step bytes. */
static struct result
give(const uint8_t *data, size_t size, size_t step, bool deflate)
{
	struct result		 r = { .hash = 1 };
	struct websocket_in	 in;
	enum websocket_in_event	 event;
	bool			 on = true;
	size_t			 i;

	websocket_in_init(&in, MAX_MESSAGE, deflate);
	for (i = 0; i < size && on; i += step) {
		websocket_in_give(&in, data + i,
		    size - i < step ? size - i : step);
		while (on && (event = websocket_in_next(&in)) !=
		    WEBSOCKET_IN_MORE)
			on = look(&in, event, &r);
		must(!on || in.left == 0);
		must(!on || in.in_frame || in.inside > 0 ||
		    in.frames == NULL);
		must(in.message == NULL || in.message->len <= MAX_MESSAGE);
	}
	websocket_in_done(&in);
	return r;
}

/* Runs one input at once and in steps; its first byte chooses. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t	 steps[] = { 1, 2, 7, 64 };
	struct result		 whole, cut;
	bool			 deflate;
	size_t			 i;

	if (size == 0)
		return 0;
	deflate = data[0] & 1;
	whole = give(data + 1, size - 1, size, deflate);
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		cut = give(data + 1, size - 1, steps[i], deflate);
		must(cut.hash == whole.hash && cut.events == whole.events &&
		    cut.last == whole.last && cut.code == whole.code);
	}
	return 0;
}
