/* One certificate with its chain and its key, as files have them. */
#include "worker/tls/tls_certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/strlist.h"
#include "base/xmalloc.h"
#include "worker/tls/tls_error.h"

#define TLS_CERTIFICATE_SOON	14	/* days before it ends */

/* Can the file be read? OpenSSL's own words do not say it well. */
static int
tls_certificate_is_there(const char *what, const char *path, char **cause)
{
	int	 fd = open(path, O_RDONLY | O_CLOEXEC);
	char	 byte;
	int	 result = fd == -1 || read(fd, &byte, 1) == -1 ? -1 : 0;

	if (result == -1)
		*cause = xasprintf("%s: %s: %s", what, path,
		    strerror(errno));
	if (fd != -1)
		close(fd);
	return result;
}

/* Nobody is there to be asked for a password. */
static int
tls_certificate_password(char *buf, int size, int writes, void *arg)
{
	(void)buf, (void)size, (void)writes, (void)arg;
	return -1;
}

/* "certificate PATH" failed. */
static int
tls_certificate_fail(char **cause, const char *what, const char *path)
{
	char	*text = xasprintf("%s: %s", what, path);
	int	 result = tls_error_cause(cause, text);

	free(text);
	return result;
}

/* The names in the extension that is for them. */
static void
tls_certificate_alt_names(X509 *cert, struct strlist *names)
{
	GENERAL_NAMES		*all;
	const GENERAL_NAME	*one;
	int			 i;

	all = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	for (i = 0; i < sk_GENERAL_NAME_num(all); i++) {
		one = sk_GENERAL_NAME_value(all, i);
		if (one->type != GEN_DNS)
			continue;
		strlist_add_steal(names, xstrndup((const char *)
		    ASN1_STRING_get0_data(one->d.dNSName),
		    (size_t)ASN1_STRING_length(one->d.dNSName)));
	}
	GENERAL_NAMES_free(all);
}

/* Whom it is for; without such an extension the subject's common name says. */
static void
tls_certificate_names(X509 *cert, struct strlist *names)
{
	size_t	 before = names->count;
	char	 name[256];

	tls_certificate_alt_names(cert, names);
	if (names->count == before && X509_NAME_get_text_by_NID(
	    X509_get_subject_name(cert), NID_commonName, name,
	    sizeof(name)) > 0)
		strlist_add(names, name);
}

/* Has it ended, or will it soon, or has it not begun? */
static void
tls_certificate_look(X509 *cert, const char *path, struct strlist *notes)
{
	int	 days = 0, seconds = 0;

	if (ASN1_TIME_diff(&days, &seconds, NULL,
	    X509_get0_notBefore(cert)) == 1 && (days > 0 || seconds > 0))
		strlist_add_steal(notes, xasprintf("certificate: %s is not "
		    "valid yet", path));
	if (ASN1_TIME_diff(&days, &seconds, NULL,
	    X509_get0_notAfter(cert)) != 1)
		return;
	if (days < 0 || seconds < 0)
		strlist_add_steal(notes, xasprintf("certificate: %s has "
		    "expired, %d days ago", path, -days));
	else if (days < TLS_CERTIFICATE_SOON)
		strlist_add_steal(notes, xasprintf("certificate: %s expires "
		    "in %d days", path, days));
}

/* Reads the key, which must be this certificate's. */
static int
tls_certificate_key(SSL_CTX *ctx, const char *certificate, const char *key,
    char **cause)
{
	SSL_CTX_set_default_passwd_cb(ctx, tls_certificate_password);
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) {
		if (ERR_GET_REASON(ERR_peek_error()) ==
		    X509_R_KEY_VALUES_MISMATCH ||
		    ERR_GET_REASON(ERR_peek_error()) ==
		    X509_R_KEY_TYPE_MISMATCH) {
			*cause = xasprintf("key: %s is not the key of %s",
			    key, certificate);
			ERR_clear_error();
			return -1;
		}
		return tls_certificate_fail(cause, "key", key);
	}
	if (SSL_CTX_check_private_key(ctx) != 1)
		return tls_certificate_fail(cause, "key", key);
	return 0;
}

/* Reads both. */
int
tls_certificate_read(SSL_CTX *ctx, const char *certificate, const char *key,
    struct strlist *names, struct strlist *notes, char **cause)
{
	X509	*cert;

	if (key == NULL)
		key = certificate;
	if (tls_certificate_is_there("certificate", certificate, cause) ==
	    -1 || tls_certificate_is_there("key", key, cause) == -1)
		return -1;
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1)
		return tls_certificate_fail(cause, "certificate",
		    certificate);
	cert = SSL_CTX_get0_certificate(ctx);
	tls_certificate_names(cert, names);
	tls_certificate_look(cert, certificate, notes);
	ERR_clear_error();
	return tls_certificate_key(ctx, certificate, key, cause);
}
