/*
 * The keys that tickets are sealed with. All processes derive them from one
 * secret (shm/secret.h) and the time, so that each worker opens the tickets of
 * every other, also those of the generation before, and nobody has to tell
 * anybody anything: time is cut into epochs as long as a session lasts; tickets
 * are sealed with the keys of the present epoch, and opened with those of the
 * one before, too.
 */
#ifndef WM_WORKER_TLS_TLS_KEYS_H
#define WM_WORKER_TLS_TLS_KEYS_H

#include <stdint.h>

#define TLS_KEY_NAME	16
#define TLS_KEY_SIZE	32

struct tls_keys {
	unsigned char	 name[TLS_KEY_NAME];	/* to be told by */
	unsigned char	 cipher[TLS_KEY_SIZE];	/* AES-256-CBC */
	unsigned char	 mac[TLS_KEY_SIZE];	/* HMAC-SHA-256 */
};

/* The epoch of a time; lasts is how long sessions do, not 0. */
uint64_t tls_epoch(uint64_t now_us, uint64_t lasts_us);
/* The keys of an epoch; -1: OpenSSL cannot. */
int	 tls_keys_derive(struct tls_keys *keys, const unsigned char *secret,
	    uint64_t epoch);

#endif
