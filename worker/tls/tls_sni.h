/* Which names a certificate is for, and whether a client means one of them. */
#ifndef WM_WORKER_TLS_TLS_SNI_H
#define WM_WORKER_TLS_TLS_SNI_H

#include <stdbool.h>
#include <stddef.h>

struct strlist;

/*
 * Is name (as a client sent it) what pattern means (RFC 6125)? A "*" stands for
 * one whole label, the first one. Case does not matter, nor does a dot at the
 * name's end.
 */
bool	 tls_sni_matches(const char *pattern, const char *name);
/* How well the patterns match: 2 by the name itself, 1 by a "*", 0. */
int	 tls_sni_rank(const struct strlist *patterns, const char *name);

#endif
