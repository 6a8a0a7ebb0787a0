/* OpenSSL's contexts: what is spoken, and with whom. */
#include "worker/tls/tls_context.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "worker/tls/tls_bio.h"
#include "worker/tls/tls_certificate.h"
#include "worker/tls/tls_error.h"
#include "worker/tls/tls_sni.h"
#include "worker/tls/tls_tickets.h"

/* Forward secrecy and authenticated encryption; who chooses is the client. */
#define TLS_CIPHERS	"ECDHE-ECDSA-AES128-GCM-SHA256:"	\
			"ECDHE-RSA-AES128-GCM-SHA256:"		\
			"ECDHE-ECDSA-AES256-GCM-SHA384:"	\
			"ECDHE-RSA-AES256-GCM-SHA384:"		\
			"ECDHE-ECDSA-CHACHA20-POLY1305:"	\
			"ECDHE-RSA-CHACHA20-POLY1305"
#define TLS_GROUPS	"X25519:P-256:P-384"
/* A client's chain of certificates may be so long. */
#define TLS_CLIENT_CHAIN	32768
#define TLS_ULP_PATH	"/proc/sys/net/ipv4/tcp_available_ulp"

/* Protocols as ALPN has them, each behind its length. */
static const unsigned char	 tls_alpn_http1[] = "\10http/1.1\10http/1.0";
static const unsigned char	 tls_alpn_http2[] =
	"\2h2\10http/1.1\10http/1.0";

/* The client has a list: takes what both can, else ends it (RFC 7301). */
static int
tls_alpn_cb(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned in_len, void *arg)
{
	const unsigned char	*ours = arg;

	(void)ssl;
	if (SSL_select_next_proto((unsigned char **)out, out_len, ours,
	    (unsigned)strlen((const char *)ours), in, in_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	return SSL_TLSEXT_ERR_OK;
}

/* The client has named a name: shows the certificate that has it. */
static int
tls_sni_cb(SSL *ssl, int *alert, void *arg)
{
	const struct tls_site	*site = arg;
	const char		*name;
	size_t			 i, best = 0;
	int			 rank, best_rank = 0;

	(void)alert;
	name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	if (name == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	for (i = 0; i < site->count; i++) {
		rank = tls_sni_rank(&site->items[i].names, name);
		if (rank <= best_rank)
			continue;
		best = i;
		best_rank = rank;
	}
	if (best != 0)
		SSL_set_SSL_CTX(ssl, site->items[best].ctx);
	return SSL_TLSEXT_ERR_OK;
}

/* A client's certificate that is not good: the app is told. */
static int
tls_verify_cb(int good, X509_STORE_CTX *store)
{
	(void)good, (void)store;
	return 1;
}

/* Can this kernel encrypt? To try it at each connection would cost a call. */
static bool
tls_kernel_can(void)
{
	char	 line[256] = "";
	FILE	*f = fopen(TLS_ULP_PATH, "re");

	if (f == NULL)
		return false;
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	fclose(f);
	return strstr(line, "tls") != NULL;
}

/* What is the same for all. */
static void
tls_context_modes(SSL_CTX *ctx)
{
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION |
	    SSL_OP_NO_RENEGOTIATION);
	if (tls_kernel_can())
		SSL_CTX_set_options(ctx, SSL_OP_ENABLE_KTLS);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	/*
	 * A record that is none of the app's ends a read, so that a client
	 * that sends nothing else does not keep the worker.
	 */
	SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_max_cert_list(ctx, TLS_CLIENT_CHAIN);
	SSL_CTX_set_max_early_data(ctx, 0);
}

/* Versions and ciphers. */
static int
tls_context_ciphers(SSL_CTX *ctx, const struct tls_want *want, char **cause)
{
	const char	*ciphers = want->ciphers;

	if (SSL_CTX_set_min_proto_version(ctx, want->protocols &
	    TLS_PROTOCOL_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, want->protocols &
	    TLS_PROTOCOL_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION) != 1)
		return tls_error_cause(cause, "\"tls-protocols\"");
	if (SSL_CTX_set_cipher_list(ctx, ciphers != NULL ? ciphers :
	    TLS_CIPHERS) != 1)
		return tls_error_cause(cause, "\"tls-ciphers\"");
	if (want->ciphersuites != NULL &&
	    SSL_CTX_set_ciphersuites(ctx, want->ciphersuites) != 1)
		return tls_error_cause(cause, "\"tls-ciphersuites\"");
	if (SSL_CTX_set1_groups_list(ctx, TLS_GROUPS) != 1)
		return tls_error_cause(cause, "groups");
	return 0;
}

/* Whose certificates clients must have. */
static int
tls_context_clients(SSL_CTX *ctx, const struct tls_want *want, char **cause)
{
	const char		*path = want->client_ca;
	STACK_OF(X509_NAME)	*names;
	char			*what;
	int			 result;
	FILE			*f;

	if (path == NULL || want->verify == TLS_VERIFY_OFF)
		return 0;
	f = fopen(path, "re");
	if (f == NULL) {
		*cause = xasprintf("client CA: %s: %s", path,
		    strerror(errno));
		return -1;
	}
	fclose(f);
	names = SSL_load_client_CA_file(path);
	if (names == NULL || SSL_CTX_load_verify_file(ctx, path) != 1) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		what = xasprintf("client CA: %s", path);
		result = tls_error_cause(cause, what);
		free(what);
		return result;
	}
	SSL_CTX_set_client_CA_list(ctx, names);
	SSL_CTX_set_verify(ctx, want->verify == TLS_VERIFY_REQUIRED ?
	    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT :
	    SSL_VERIFY_PEER, want->verify == TLS_VERIFY_REQUIRED ? NULL :
	    tls_verify_cb);
	return 0;
}

/* Adds a file's bytes to a digest. */
static void
tls_context_digest_file(EVP_MD_CTX *md, const char *path)
{
	char	 buf[4096];
	size_t	 n;
	FILE	*f = fopen(path, "re");

	if (f == NULL)
		return;
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		EVP_DigestUpdate(md, buf, n);
	fclose(f);
}

/*
 * Who may resume what: a session that was begun where other clients are
 * trusted (or before a reload that trusts others) counts for nothing here.
 */
static int
tls_context_sessions(SSL_CTX *ctx, const struct tls_want *want, char **cause)
{
	EVP_MD_CTX	*md = EVP_MD_CTX_new();
	unsigned char	 id[EVP_MAX_MD_SIZE];
	unsigned	 len = 0;
	bool		 good;

	good = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
	if (good && want->client_ca != NULL) {
		EVP_DigestUpdate(md, &want->verify, sizeof(want->verify));
		tls_context_digest_file(md, want->client_ca);
	}
	good = good && EVP_DigestFinal_ex(md, id, &len) == 1 &&
	    SSL_CTX_set_session_id_context(ctx, id, len >
	    SSL_MAX_SID_CTX_LENGTH ? SSL_MAX_SID_CTX_LENGTH : len) == 1 &&
	    tls_tickets_set(ctx, want->session_timeout) == 0;
	EVP_MD_CTX_free(md);
	return good ? 0 : tls_error_cause(cause, "sessions");
}

/* A context without a certificate. NULL and *cause. */
static SSL_CTX *
tls_context_new(const struct tls_want *want, char **cause)
{
	SSL_CTX	*ctx;

	ERR_clear_error();
	ctx = SSL_CTX_new(TLS_server_method());
	if (ctx == NULL || tls_bio_init() == -1) {
		(void)tls_error_cause(cause, "OpenSSL");
		SSL_CTX_free(ctx);
		return NULL;
	}
	tls_context_modes(ctx);
	if (tls_context_ciphers(ctx, want, cause) == 0 &&
	    tls_context_clients(ctx, want, cause) == 0 &&
	    tls_context_sessions(ctx, want, cause) == 0) {
		SSL_CTX_set_alpn_select_cb(ctx, tls_alpn_cb, (void *)
		    (want->http2 ? tls_alpn_http2 : tls_alpn_http1));
		return ctx;
	}
	SSL_CTX_free(ctx);
	return NULL;
}

/* Adds one. */
int
tls_site_add(struct tls_site *site, const struct tls_want *want,
    const char *certificate, const char *key, struct strlist *notes,
    char **cause)
{
	struct tls_identity	*identity;
	SSL_CTX			*ctx = tls_context_new(want, cause);

	if (ctx == NULL)
		return -1;
	site->items = xrealloc(site->items, (site->count + 1) *
	    sizeof(*site->items));
	identity = &site->items[site->count++];
	memset(identity, 0, sizeof(*identity));
	identity->ctx = ctx;
	SSL_CTX_set_tlsext_servername_callback(ctx, tls_sni_cb);
	SSL_CTX_set_tlsext_servername_arg(ctx, site);
	return tls_certificate_read(ctx, certificate, key, &identity->names,
	    notes, cause);
}

/* Frees all. */
void
tls_site_done(struct tls_site *site)
{
	size_t	 i;

	for (i = 0; i < site->count; i++) {
		SSL_CTX_free(site->items[i].ctx);
		strlist_done(&site->items[i].names);
	}
	free(site->items);
	memset(site, 0, sizeof(*site));
}
