/* What the log says of a request that is past its deadline. */
#ifndef WM_WORKER_HARAKIRI_LOG_H
#define WM_WORKER_HARAKIRI_LOG_H

struct core;

/*
 * One record: the request line, its client, core and age, which limit that is,
 * what it waits for, and its Python stack, if no more than
 * HARAKIRI_LOG_STACKS were shown in this second. With harakiri-verbose another
 * one: what the worker's other requests are at. Loop thread, or the only core.
 */
#define HARAKIRI_LOG_STACKS	50

void	 harakiri_log(struct core *core);

#endif
