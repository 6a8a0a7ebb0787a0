/* What an app is told of its client's TLS connection: variables of environ. */
#ifndef WM_WORKER_TLS_TLS_VARS_H
#define WM_WORKER_TLS_TLS_VARS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* In the order of tls_var_names. */
enum tls_var_name {
	TLS_VAR_PROTOCOL,
	TLS_VAR_CIPHER,
	TLS_VAR_RESUMED,
	TLS_VAR_SNI,
	TLS_VAR_CLIENT_VERIFY,
	/* These only of a certificate that was found good. */
	TLS_VAR_CLIENT_S_DN,
	TLS_VAR_CLIENT_I_DN,
	TLS_VAR_CLIENT_SERIAL,
	TLS_VAR_CLIENT_START,
	TLS_VAR_CLIENT_END,
	TLS_VAR_HTTPS_DN,
	TLS_VAR_HTTPS_CC,
	TLS_VARS
};

struct tls_var {
	enum tls_var_name	 name;
	uint32_t		 len;
	const char		*value;		/* Latin-1, no NUL */
};

/*
 * Made once, when the handshake is over, and never changed: any thread may read
 * it. A connection has it (conn.tls), and each of its streams, which may live
 * longer.
 */
struct tls_vars {
	_Atomic uint32_t holders;
	size_t		 count;
	struct tls_var	 items[TLS_VARS];
};

/* One more has it. Gives it back. */
static inline struct tls_vars *
tls_vars_hold(struct tls_vars *vars)
{
	vars->holders++;
	return vars;
}

/* One less has it; the last one frees it. */
static inline void
tls_vars_release(struct tls_vars *vars)
{
	if (--vars->holders == 0)
		free(vars);
}

/* As mod_ssl and uWSGI call them; HTTPS=on is the origin's (origin.h). */
static const char *const tls_var_names[TLS_VARS]
    __attribute__((unused)) = {
	[TLS_VAR_PROTOCOL] = "SSL_PROTOCOL",
	[TLS_VAR_CIPHER] = "SSL_CIPHER",
	[TLS_VAR_RESUMED] = "SSL_SESSION_RESUMED",
	[TLS_VAR_SNI] = "SSL_TLS_SNI",
	[TLS_VAR_CLIENT_VERIFY] = "SSL_CLIENT_VERIFY",
	[TLS_VAR_CLIENT_S_DN] = "SSL_CLIENT_S_DN",
	[TLS_VAR_CLIENT_I_DN] = "SSL_CLIENT_I_DN",
	[TLS_VAR_CLIENT_SERIAL] = "SSL_CLIENT_M_SERIAL",
	[TLS_VAR_CLIENT_START] = "SSL_CLIENT_V_START",
	[TLS_VAR_CLIENT_END] = "SSL_CLIENT_V_END",
	[TLS_VAR_HTTPS_DN] = "HTTPS_DN",
	[TLS_VAR_HTTPS_CC] = "HTTPS_CC",
};

#endif
