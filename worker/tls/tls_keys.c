/* The keys that tickets are sealed with. */
#include "worker/tls/tls_keys.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#include "shm/secret.h"

/* The epoch of a time. */
uint64_t
tls_epoch(uint64_t now_us, uint64_t lasts_us)
{
	return now_us / lasts_us;
}

/* HKDF-SHA-256 of the secret: out, for what info says. */
static int
tls_keys_hkdf(unsigned char *out, size_t len, const unsigned char *secret,
    const void *info, size_t info_len)
{
	EVP_KDF		*kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX	*ctx = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
	char		 digest[] = "SHA256";
	OSSL_PARAM	 params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
		    digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
		    (void *)secret, SECRET_SIZE),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO,
		    (void *)info, info_len),
		OSSL_PARAM_construct_end()
	};
	int		 good;

	good = ctx != NULL && EVP_KDF_derive(ctx, out, len, params) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return good ? 0 : -1;
}

/* The keys of an epoch. */
int
tls_keys_derive(struct tls_keys *keys, const unsigned char *secret,
    uint64_t epoch)
{
	struct {
		char		 what[24];
		uint64_t	 epoch;
	} info = { .what = "wsgimaster TLS tickets", .epoch = epoch };

	_Static_assert(sizeof(*keys) == TLS_KEY_NAME + 2 * TLS_KEY_SIZE,
	    "no holes");
	return tls_keys_hkdf((unsigned char *)keys, sizeof(*keys), secret,
	    &info, sizeof(info));
}
