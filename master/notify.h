/* Telling the service manager how this process is: sd_notify's protocol. */
#ifndef WM_MASTER_NOTIFY_H
#define WM_MASTER_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A notification is a datagram of lines "NAME=value" to the unix socket that
 * NOTIFY_SOCKET names: a path, or '@' and a name of Linux's abstract ones. None
 * blocks: what the manager has no room for is lost, as is everything when there
 * is none.
 */

/*
 * Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and removes them from
 * the environment, so that no app talks in the server's name.
 */
void	 notify_init(void);
bool	 notify_is_on(void);
/* Microseconds that the manager waits for WATCHDOG=1; 0: it does not. */
uint64_t notify_watchdog_us(void);
void	 notify_send(const char *fmt, ...)
	    __attribute__((format(printf, 1, 2)));

#endif
