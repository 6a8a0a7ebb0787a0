/* The Python stacks of all requests, for the control socket. */
#include "master/control_stacks.h"

#include "master/control_client.h"

/* stacks */
void
control_do_stacks(struct control_client *c, const json_t *request)
{
	(void)request;
	control_refuse(c, "not yet");
}
