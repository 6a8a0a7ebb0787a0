/*
 * TLS (OpenSSL 3): certificates, who gets which, and the contexts that
 * connections are made from.
 *
 * A spawner reads all certificates and keys while it is still root, before it
 * becomes the app's user (spawner.c); workers inherit them. So each generation
 * has its own, and a reload reads them anew. What cannot be read or does not
 * fit together makes the spawner fail: the server does not start, or the reload
 * is refused and the old generation serves on.
 */
#ifndef WM_WORKER_TLS_TLS_H
#define WM_WORKER_TLS_TLS_H

struct config;
struct listeners;
struct strlist;
struct tls;

/*
 * Reads everything that https-socket and the tls options name, and forgets it
 * again. -1 and *cause; what is worth a warning is added to notes.
 */
int	 tls_check(const struct config *cfg, struct strlist *notes,
	    char **cause);
/*
 * Reads what these listeners need and logs what it notes; *tls becomes NULL
 * when none of them speaks TLS. -1 and *cause.
 */
int	 tls_load(struct tls **tls, const struct config *cfg,
	    const struct listeners *listeners, char **cause);
void	 tls_free(struct tls *tls);

#endif
