/* The server as a whole, for the control socket. */
#ifndef WM_MASTER_CONTROL_STATUS_H
#define WM_MASTER_CONTROL_STATUS_H

#include <jansson.h>

struct master;

/* New references; the keys are in doc/control.md. */
json_t	*control_status(const struct master *m);
json_t	*control_ping(const struct master *m);

#endif
