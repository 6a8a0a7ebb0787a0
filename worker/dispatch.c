/* Whose a request is: handlers are asked in order. */
#include "worker/dispatch.h"

#include <stddef.h>

#include "worker/handler.h"
#include "worker/request.h"
#include "worker/worker.h"

/* Asks the handlers in order. */
const struct handler *
dispatch_find(struct request *req)
{
	const struct handler	**h;

	for (h = req->worker->handlers; *h != NULL; h++) {
		if ((*h)->match(req))
			return *h;
	}
	return NULL;
}
