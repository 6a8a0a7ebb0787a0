/* The Python stacks of all requests, for the control socket. */
#ifndef WM_MASTER_CONTROL_STACKS_H
#define WM_MASTER_CONTROL_STACKS_H

#include <jansson.h>

struct control_client;

/* Asks all workers at once, or with "worker" those of one id. */
void	 control_do_stacks(struct control_client *c, const json_t *request);

#endif
