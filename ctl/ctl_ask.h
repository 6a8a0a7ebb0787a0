/* One request to the control socket, and its answer. */
#ifndef WM_CTL_CTL_ASK_H
#define WM_CTL_CTL_ASK_H

#include <jansson.h>

struct ctl;

/*
 * Sends the request, whose reference it takes, and waits for the answer for
 * as long as timeout seconds. CTL_OK and *result (new reference); or another
 * exit status and *why, a message that the caller frees.
 */
int	 ctl_ask(const struct ctl *ctl, double timeout, json_t *request,
	    json_t **result, char **why);
/*
 * Finds the socket's path, by -s, -c or the environment; 0, or -1 and *why.
 */
int	 ctl_find_socket(struct ctl *ctl, char **why);

#endif
