/* Session tickets that every worker opens. */
#include "worker/tls/tls_tickets.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <string.h>

#include "base/clock.h"
#include "shm/secret.h"
#include "worker/tls/tls_keys.h"

/*
 * The keys of the present epoch and of the one before. Handshakes are the loop
 * thread's alone, and so is this; a child forked meanwhile has a copy.
 */
static struct {
	bool		 known;
	uint64_t	 lasts_us;
	uint64_t	 epoch;
	struct tls_keys	 now;
	struct tls_keys	 before;
} tls_tickets;

/* The keys are those of this moment. */
static int
tls_tickets_renew(void)
{
	uint64_t	 epoch;

	/* The same clock in all processes, which nobody sets. */
	epoch = tls_epoch(clock_mono_us(), tls_tickets.lasts_us) + 1;
	if (tls_tickets.known && tls_tickets.epoch == epoch)
		return 0;
	tls_tickets.known = false;
	if (tls_keys_derive(&tls_tickets.now, secret_bytes(), epoch) == -1 ||
	    tls_keys_derive(&tls_tickets.before, secret_bytes(), epoch - 1) ==
	    -1)
		return -1;
	tls_tickets.epoch = epoch;
	tls_tickets.known = true;
	return 0;
}

/* Gives OpenSSL's HMAC its key. */
static int
tls_tickets_mac(EVP_MAC_CTX *mac, struct tls_keys *keys)
{
	char		 digest[] = "SHA256";
	OSSL_PARAM	 params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
		    keys->mac, sizeof(keys->mac)),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
		    digest, 0),
		OSSL_PARAM_construct_end()
	};

	return EVP_MAC_CTX_set_params(mac, params) == 1 ? 0 : -1;
}

/* A ticket is to be sealed: 1, or -1. */
static int
tls_tickets_seal(unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
	struct tls_keys	*keys = &tls_tickets.now;

	memcpy(name, keys->name, TLS_KEY_NAME);
	if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1 ||
	    EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, keys->cipher,
	    iv) != 1 || tls_tickets_mac(mac, keys) == -1)
		return -1;
	return 1;
}

/* A ticket is to be opened: 1; 2: and to be replaced; 0: not ours; -1. */
static int
tls_tickets_open(const unsigned char *name, const unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
	struct tls_keys	*keys;

	if (CRYPTO_memcmp(name, tls_tickets.now.name, TLS_KEY_NAME) == 0)
		keys = &tls_tickets.now;
	else if (CRYPTO_memcmp(name, tls_tickets.before.name,
	    TLS_KEY_NAME) == 0)
		keys = &tls_tickets.before;
	else
		return 0;
	if (EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, keys->cipher,
	    iv) != 1 || tls_tickets_mac(mac, keys) == -1)
		return -1;
	return keys == &tls_tickets.now ? 1 : 2;
}

/* OpenSSL asks for keys. */
static int
tls_tickets_cb(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int seal)
{
	(void)ssl;
	if (tls_tickets_renew() == -1)
		return -1;
	return seal ? tls_tickets_seal(name, iv, cipher, mac) :
	    tls_tickets_open(name, iv, cipher, mac);
}

/* How the context's sessions are resumed. */
int
tls_tickets_set(SSL_CTX *ctx, double lasts)
{
	/* No process keeps sessions: their clients do. */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	if (lasts <= 0) {
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
		SSL_CTX_set_num_tickets(ctx, 0);
		return 0;
	}
	tls_tickets.lasts_us = lasts < 1 ? 1000000 : (uint64_t)(lasts * 1e6);
	SSL_CTX_set_timeout(ctx, lasts < 1 ? 1 : (long)lasts);
	return SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, tls_tickets_cb) == 1 ?
	    0 : -1;
}
