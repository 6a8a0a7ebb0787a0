/* Fuzzes the parser of uwsgi packets: cuts change nothing, views are inside. */
#include <stdint.h>

#include "test/fuzz/fuzz_gateway.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Runs one input. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_gateway(gateway_text_uwsgi, data, size);
	return 0;
}
