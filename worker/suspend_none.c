/* No suspend engine: a request runs whole, and blocks the worker to wait. */
#include <stddef.h>

#include "worker/core.h"
#include "worker/suspend.h"

const struct suspend_engine suspend_none = {
	.name = "none",
	.can_park = false,
	.start = core_main,
};
