/* What OpenSSL has to say about what failed. */
#include "worker/tls/tls_error.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "base/xmalloc.h"

/* The first error, in words. */
void
tls_error_take(char *text, size_t size)
{
	unsigned long	 code = ERR_get_error();
	const char	*why = NULL;

	if (ERR_SYSTEM_ERROR(code))
		why = strerror(ERR_GET_REASON(code));
	else if (code != 0)
		why = ERR_reason_error_string(code);
	if (why != NULL)
		snprintf(text, size, "%s", why);
	else
		snprintf(text, size, "error %lx", code);
	ERR_clear_error();
}

/* The same as a cause. */
int
tls_error_cause(char **cause, const char *what)
{
	char	 text[256];

	tls_error_take(text, sizeof(text));
	*cause = xasprintf("%s: %s", what, text);
	return -1;
}
