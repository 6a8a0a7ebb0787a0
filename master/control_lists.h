/* Lists for the control socket: of worker processes, of cores. */
#ifndef WM_MASTER_CONTROL_LISTS_H
#define WM_MASTER_CONTROL_LISTS_H

#include <jansson.h>

struct control_client;

/* Each process, and each worker id that has none now. */
void	 control_list_workers(struct control_client *c,
	    const json_t *request);
/*
 * The busy cores; with "all" the idle ones too, with "worker" those of one
 * worker id only, with "oldest": N the N whose requests are oldest.
 */
void	 control_list_cores(struct control_client *c, const json_t *request);

#endif
