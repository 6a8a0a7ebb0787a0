/* Fuzzes the parser of fcgi requests: cuts change nothing, views lie inside. */
#include <stdint.h>

#include "test/fuzz/fuzz_gateway.h"
#include "worker/gateway/fcgi_parse.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Runs one input. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_gateway(fcgi_parse, data, size);
	return 0;
}
