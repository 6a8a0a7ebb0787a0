/* Fuzzes the reader of tasks' files: views are inside, and round trips. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "worker/spool/spool_packet.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process unless it is so. */
static void
must(int is_so)
{
	if (!is_so)
		abort();
}

/* Is the text inside of the variables? */
static void
must_hold(const struct spool_packet *packet, const char *text, size_t len)
{
	must(text >= packet->vars && len <= packet->vars_len &&
	    text + len <= packet->vars + packet->vars_len);
}

/* Runs one input. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spool_packet	 packet;
	struct spool_var	 var;
	struct strbuf		 again = STRBUF_INIT;
	size_t			 at = 0;

	if (spool_packet_parse(&packet, (const char *)data, size) != NULL)
		return 0;
	must(packet.vars_len + packet.body_len + SPOOL_HEADER == size);
	spool_packet_begin(&again);
	while (spool_packet_next(&packet, &at, &var)) {
		must_hold(&packet, var.key, var.key_len);
		must_hold(&packet, var.value, var.value_len);
		must(spool_packet_add(&again, var.key, var.key_len,
		    var.value, var.value_len) == 0);
	}
	must(at == packet.vars_len && again.len == SPOOL_HEADER + at);
	/* modifier2 says nothing. */
	again.buf[3] = (char)data[3];
	must(memcmp(again.buf, data, again.len) == 0);
	strbuf_done(&again);
	return 0;
}
