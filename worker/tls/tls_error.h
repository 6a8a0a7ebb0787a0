/* What OpenSSL has to say about what failed. */
#ifndef WM_WORKER_TLS_TLS_ERROR_H
#define WM_WORKER_TLS_TLS_ERROR_H

#include <stddef.h>

/* Takes the thread's first error off the queue, which is empty then. */
void	 tls_error_take(char *text, size_t size);
/* *cause becomes "what: why", with the thread's first error. Gives -1. */
int	 tls_error_cause(char **cause, const char *what);

#endif
