/* What an app is told of its client's TLS connection. */
#include "worker/tls/tls_vars_new.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/xmalloc.h"
#include "worker/tls/tls_vars.h"

/* The values one after the other, before they have their place. */
struct tls_vars_text {
	struct strbuf	 sb;
	struct tls_vars	 vars;		/* value: NULL, len: set */
};

/* Adds one; what cannot be in environ's text is left out. */
static void
tls_vars_add(struct tls_vars_text *t, enum tls_var_name name,
    const char *value, size_t len)
{
	if (memchr(value, '\0', len) != NULL)
		return;
	t->vars.items[t->vars.count++] = (struct tls_var){ .name = name,
	    .len = (uint32_t)len };
	strbuf_add(&t->sb, value, len);
}

/* The same of text that ends with NUL. */
static void
tls_vars_adds(struct tls_vars_text *t, enum tls_var_name name,
    const char *value)
{
	if (value != NULL)
		tls_vars_add(t, name, value, strlen(value));
}

/* Adds what was printed, and empties it. */
static void
tls_vars_add_bio(struct tls_vars_text *t, enum tls_var_name name, BIO *bio)
{
	char	*data;
	long	 len = BIO_get_mem_data(bio, &data);

	if (len > 0)
		tls_vars_add(t, name, data, (size_t)len);
	(void)BIO_reset(bio);
}

/* A certificate's names, number and times. */
static void
tls_vars_certificate(struct tls_vars_text *t, X509 *cert)
{
	BIO	*bio = BIO_new(BIO_s_mem());
	char	*dn;

	if (bio == NULL)
		return;
	X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0,
	    XN_FLAG_RFC2253);
	tls_vars_add_bio(t, TLS_VAR_CLIENT_S_DN, bio);
	X509_NAME_print_ex(bio, X509_get_issuer_name(cert), 0,
	    XN_FLAG_RFC2253);
	tls_vars_add_bio(t, TLS_VAR_CLIENT_I_DN, bio);
	i2a_ASN1_INTEGER(bio, X509_get0_serialNumber(cert));
	tls_vars_add_bio(t, TLS_VAR_CLIENT_SERIAL, bio);
	ASN1_TIME_print(bio, X509_get0_notBefore(cert));
	tls_vars_add_bio(t, TLS_VAR_CLIENT_START, bio);
	ASN1_TIME_print(bio, X509_get0_notAfter(cert));
	tls_vars_add_bio(t, TLS_VAR_CLIENT_END, bio);
	dn = X509_NAME_oneline(X509_get_subject_name(cert), NULL, 0);
	tls_vars_adds(t, TLS_VAR_HTTPS_DN, dn);
	OPENSSL_free(dn);
	PEM_write_bio_X509(bio, cert);
	tls_vars_add_bio(t, TLS_VAR_HTTPS_CC, bio);
	BIO_free(bio);
}

/* The client's certificate, if it has shown one. */
static void
tls_vars_client(struct tls_vars_text *t, SSL *ssl)
{
	X509		*cert = SSL_get0_peer_certificate(ssl);
	long		 result = SSL_get_verify_result(ssl);
	struct strbuf	 failed = STRBUF_INIT;

	if (cert == NULL) {
		tls_vars_adds(t, TLS_VAR_CLIENT_VERIFY, "NONE");
	} else if (result == X509_V_OK) {
		tls_vars_adds(t, TLS_VAR_CLIENT_VERIFY, "SUCCESS");
		tls_vars_certificate(t, cert);
	} else {
		strbuf_addf(&failed, "FAILED:%s",
		    X509_verify_cert_error_string(result));
		tls_vars_adds(t, TLS_VAR_CLIENT_VERIFY, strbuf_str(&failed));
	}
	strbuf_done(&failed);
}

/* The name that the client has asked for, if it can be one. */
static void
tls_vars_sni(struct tls_vars_text *t, SSL *ssl)
{
	const char	*name, *at;

	name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	for (at = name; at != NULL && *at != '\0'; at++) {
		if (*at <= ' ' || *at >= 0x7f)
			return;
	}
	tls_vars_adds(t, TLS_VAR_SNI, name);
}

/* One piece of memory for all. */
static struct tls_vars *
tls_vars_pack(const struct tls_vars_text *t)
{
	struct tls_vars	*vars;
	size_t		 i, head, at = 0;
	char		*text;

	head = offsetof(struct tls_vars, items) +
	    t->vars.count * sizeof(struct tls_var);
	vars = xmalloc(head + t->sb.len);
	memcpy(vars, &t->vars, head);
	vars->holders = 1;
	text = (char *)vars + head;
	memcpy(text, t->sb.buf, t->sb.len);
	for (i = 0; i < vars->count; i++) {
		vars->items[i].value = text + at;
		at += vars->items[i].len;
	}
	return vars;
}

/* Makes them. */
struct tls_vars *
tls_vars_new(SSL *ssl)
{
	struct tls_vars_text	 t = { .sb = STRBUF_INIT };
	struct tls_vars		*vars;

	tls_vars_adds(&t, TLS_VAR_PROTOCOL, SSL_get_version(ssl));
	tls_vars_adds(&t, TLS_VAR_CIPHER, SSL_get_cipher_name(ssl));
	tls_vars_adds(&t, TLS_VAR_RESUMED, SSL_session_reused(ssl) ?
	    "Resumed" : "Initial");
	tls_vars_sni(&t, ssl);
	tls_vars_client(&t, ssl);
	vars = tls_vars_pack(&t);
	strbuf_done(&t.sb);
	ERR_clear_error();
	return vars;
}
