/* One certificate with its chain and its key, as files have them. */
#ifndef WM_WORKER_TLS_TLS_CERTIFICATE_H
#define WM_WORKER_TLS_TLS_CERTIFICATE_H

#include <openssl/ssl.h>

struct strlist;

/*
 * Reads both (key NULL: it is in the certificate's file) into the context; the
 * names that the certificate is for are added to names, what is worth a warning
 * (it ends soon) to notes. -1 and *cause, which names the file.
 */
int	 tls_certificate_read(SSL_CTX *ctx, const char *certificate,
	    const char *key, struct strlist *names, struct strlist *notes,
	    char **cause);

#endif
