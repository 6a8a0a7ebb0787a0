/*
 * Fuzzes a whole HTTP/2 connection: a worker in this process, with cores that
 * park, and a client on a socketpair that sends what the input says, reads or
 * does not, and leaves. Then nothing of it may be left. An input is a list of
 * frames, each as type, flags, stream, length and payload in fewer bytes than
 * on the wire, so that most mutations are frames again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "test/unit/rig.h"
#include "test/unit/unit.h"
#include "worker/body.h"
#include "worker/request.h"
#include "worker/response.h"
#include "worker/wait.h"
#include "worker/worker.h"

#define FRAME_MAX	64	/* of an input */
#define TURNS_MAX	2000

static const char	 preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    "\0\0\0\4\0\0\0\0\0";

int	 LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The rig's only wish of a unit test: what is wrong with its options. */
void
unit_check_str(const char *file, int line, const char *what, const char *got,
    const char *want)
{
	(void)file, (void)line, (void)what, (void)want;
	fputs(got, stderr);
	abort();
}

/* Does what the path's length says: reads, waits, answers much or little. */
static int
fuzz_handler(struct request *req)
{
	static char	 buf[100000];
	const size_t	 way = req->path_len;

	if (way % 2 == 0) {
		while (body_read(req, buf, sizeof(buf)) > 0)
			;
	}
	if (way % 3 == 0)
		(void)wait_ms(req->core, 1);
	if (response_begin(req, "200 OK", 6) != NULL)
		return 500;
	response_add(req, "X-Y", 3, "z", 1);
	if (way % 5 == 0)
		response_stream(req, buf, sizeof(buf));
	else
		response_write_whole(req, buf, way);
	return 0;
}

/* Turns the base as often as there is something to do. */
static void
fuzz_turn(struct worker *w)
{
	int	 i;

	for (i = 0; i < 8; i++)
		event_base_loop(w->base, EVLOOP_NONBLOCK);
}

/* Sends, and takes what comes so that nothing is stuck. */
static void
fuzz_send(struct worker *w, int client, const void *data, size_t len,
    bool reads)
{
	char	 scratch[65536];

	(void)send(client, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	fuzz_turn(w);
	while (reads && recv(client, scratch, sizeof(scratch),
	    MSG_DONTWAIT) > 0)
		fuzz_turn(w);
}

/* One frame of the input, on the wire; how many bytes of it were used. */
static size_t
fuzz_frame(const uint8_t *data, size_t size, uint8_t *out, size_t *out_len)
{
	size_t	 len = data[3] % FRAME_MAX;

	if (len > size - 4)
		len = size - 4;
	memset(out, 0, 9);
	out[2] = (uint8_t)len;
	out[3] = data[0] % 12;
	out[4] = data[1];
	out[8] = data[2] % 16;
	memcpy(out + 9, data + 4, len);
	*out_len = 9 + len;
	return 4 + len;
}

/* A worker for all inputs. */
static struct worker *
fuzz_worker(void)
{
	static const char *const options[] = { "--async", "4", "--greenlet",
	    "--http2-cleartext", "--client-gone", "reset",
	    "--disable-logging", "--log-level", "error", "--allow-root",
	    NULL };
	static struct worker	*w;

	if (w != NULL)
		return w;
	rig_handler = fuzz_handler;
	w = rig_start(true, options);
	return w;
}

/* One connection. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct worker	*w = fuzz_worker();
	int		 client = rig_client(w), i;
	uint8_t		 frame[9 + FRAME_MAX];
	size_t		 len, used;
	bool		 reads = size % 2 == 0;

	fuzz_send(w, client, preface, sizeof(preface) - 1, reads);
	for (; size > 4; data += used, size -= used) {
		used = fuzz_frame(data, size, frame, &len);
		fuzz_send(w, client, frame, len, reads);
	}
	close(client);
	for (i = 0; i < TURNS_MAX && (w->nconns > 0 || w->busy > 0); i++) {
		event_base_loop(w->base, EVLOOP_NONBLOCK);
		if (i > 100)
			usleep(1000);
	}
	if (w->nconns > 0 || w->busy > 0 || w->nready + w->queued > 0)
		abort();
	return 0;
}
