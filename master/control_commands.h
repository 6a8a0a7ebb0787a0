/* What can be asked for on the control socket: a table of commands. */
#ifndef WM_MASTER_CONTROL_COMMANDS_H
#define WM_MASTER_CONTROL_COMMANDS_H

#include <jansson.h>

struct control_client;

/* Does what the request asks for; see control_client.h for how it ends. */
void	 control_command(struct control_client *c, const json_t *request);

#endif
