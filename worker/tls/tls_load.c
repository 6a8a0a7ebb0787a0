/* TLS: from the configuration to what each listening socket shows. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/strlist.h"
#include "base/xmalloc.h"
#include "build_config.h"
#include "config/config.h"
#include "config/tls_socket.h"
#include "shm/listener.h"
#include "worker/tls/tls.h"
#include "worker/tls/tls_context.h"

/*
 * The sites of the sockets that https-socket's values opened, in their order;
 * the last one is what the tls options say, for all values that say no more
 * than an address, and for sockets that no value opened.
 */
struct tls {
	size_t		 count;
	struct tls_site	 sites[];
};

/* What the tls options say. */
static struct tls_want
tls_want_general(const struct config *cfg)
{
	struct tls_want	 want = { .protocols = tls_protocols(cfg),
	    .ciphers = cfg->tls_ciphers, .ciphersuites = cfg->tls_ciphersuites,
	    .client_ca = cfg->tls_client_ca,
	    .verify = (enum tls_verify)cfg->tls_verify,
	    .session_timeout = cfg->tls_session_timeout };

#ifdef WM_HAVE_HTTP2
	want.http2 = cfg->http2;
#endif
	return want;
}

/* Adds all of tls-certificate. */
static int
tls_load_general(struct tls_site *site, const struct config *cfg,
    const struct tls_want *want, struct strlist *notes, char **cause)
{
	char	*certificate, *key;
	size_t	 i, len;
	int	 result = 0;

	for (i = 0; i < cfg->tls_certificate.count && result == 0; i++) {
		certificate = xstrdup(cfg->tls_certificate.items[i]);
		len = strcspn(certificate, ",");
		key = certificate[len] == ',' ? certificate + len + 1 : NULL;
		certificate[len] = '\0';
		result = tls_site_add(site, want, certificate, key, notes,
		    cause);
		free(certificate);
	}
	return result;
}

/* What one value of https-socket says beyond its address. */
static int
tls_load_own(struct tls_site *site, const struct config *cfg,
    const char *value, struct strlist *notes, char **cause)
{
	struct tls_want		 want = tls_want_general(cfg);
	struct tls_socket	 s;
	int			 result;

	result = tls_socket_parse(&s, value, cause);
	if (s.ciphers != NULL)
		want.ciphers = s.ciphers;
	if (s.client_ca != NULL) {
		want.client_ca = s.client_ca;
		want.verify = s.client_required ? TLS_VERIFY_REQUIRED :
		    TLS_VERIFY_OPTIONAL;
	}
	if (result == 0 && s.certificate != NULL)
		result = tls_site_add(site, &want, s.certificate, s.key,
		    notes, cause);
	tls_socket_done(&s);
	return result;
}

/* Reads everything. NULL and *cause. */
static struct tls *
tls_new(const struct config *cfg, struct strlist *notes, char **cause)
{
	const struct strlist	*values = &cfg->https_socket;
	struct tls_want		 want = tls_want_general(cfg);
	struct tls		*tls;
	size_t			 i;

	tls = xcalloc(1, sizeof(*tls) + (values->count + 1) *
	    sizeof(tls->sites[0]));
	tls->count = values->count + 1;
	for (i = 0; i < values->count; i++) {
		if (tls_load_own(&tls->sites[i], cfg, values->items[i],
		    notes, cause) == -1)
			goto fail;
	}
	if (tls_load_general(&tls->sites[i], cfg, &want, notes, cause) == 0)
		return tls;
fail:
	tls_free(tls);
	return NULL;
}

/* Reads everything and forgets it. */
int
tls_check(const struct config *cfg, struct strlist *notes, char **cause)
{
	struct tls	*tls;

	if (cfg->https_socket.count == 0)
		return 0;
	tls = tls_new(cfg, notes, cause);
	tls_free(tls);
	return tls != NULL ? 0 : -1;
}

/* Does any of them speak TLS? */
static bool
tls_is_spoken(const struct listeners *listeners)
{
	size_t	 i;

	for (i = 0; i < listeners->count; i++) {
		if (listeners->items[i].protocol == LISTENER_HTTPS)
			return true;
	}
	return false;
}

/* Has each of them something to show? */
static int
tls_is_complete(const struct tls *tls, const struct listeners *listeners,
    char **cause)
{
	size_t	 i;

	for (i = 0; i < listeners->count; i++) {
		if (listeners->items[i].protocol != LISTENER_HTTPS ||
		    tls_site_of(tls, &listeners->items[i])->count > 0)
			continue;
		*cause = xasprintf("%s: there is no \"tls-certificate\"",
		    listeners->items[i].name);
		return -1;
	}
	return 0;
}

/* Reads what the listeners need. */
int
tls_load(struct tls **tls, const struct config *cfg,
    const struct listeners *listeners, char **cause)
{
	struct strlist	 notes = { .items = NULL };
	size_t		 i;

	*tls = NULL;
	if (!tls_is_spoken(listeners))
		return 0;
	*tls = tls_new(cfg, &notes, cause);
	for (i = 0; i < notes.count; i++)
		log_warn("%s", notes.items[i]);
	strlist_done(&notes);
	if (*tls == NULL)
		return -1;
	if (tls_is_complete(*tls, listeners, cause) == 0)
		return 0;
	tls_free(*tls);
	*tls = NULL;
	return -1;
}

/* A listening socket's. */
const struct tls_site *
tls_site_of(const struct tls *tls, const struct listener *listener)
{
	size_t	 general = tls->count - 1, i = (size_t)listener->value;

	return listener->value >= 0 && i < general &&
	    tls->sites[i].count > 0 ? &tls->sites[i] : &tls->sites[general];
}

/* Frees all. */
void
tls_free(struct tls *tls)
{
	size_t	 i;

	if (tls == NULL)
		return;
	for (i = 0; i < tls->count; i++)
		tls_site_done(&tls->sites[i]);
	free(tls);
}
