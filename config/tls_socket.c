/* What https-socket says: an address and, as in uWSGI, its own certificate. */
#include "config/tls_socket.h"

#include <stdlib.h>
#include <string.h>

#include "base/strlist.h"
#include "base/xmalloc.h"
#include "build_config.h"
#include "config/config.h"

#define TLS_SOCKET_FIELDS	5

/* The address alone. */
char *
tls_socket_address(const char *value)
{
	return xstrndup(value, strcspn(value, ","));
}

/* Takes a value apart. */
int
tls_socket_parse(struct tls_socket *s, const char *value, char **cause)
{
	char	**fields[TLS_SOCKET_FIELDS] = { &s->address, &s->certificate,
	    &s->key, &s->ciphers, &s->client_ca };
	size_t	  len;
	int	  i = 0;

	memset(s, 0, sizeof(*s));
	for (;;) {
		len = strcspn(value, ",");
		if (i == TLS_SOCKET_FIELDS) {
			*cause = xstrdup("there is more behind the client CA; "
			    "it must be ADDRESS,CERTIFICATE,KEY,CIPHERS,"
			    "CLIENT_CA or the first of these");
			return -1;
		}
		if (len == 0 && i < 2) {
			*cause = xasprintf("the %s is empty", i == 0 ?
			    "address" : "certificate");
			return -1;
		}
		if (i == TLS_SOCKET_FIELDS - 1 && *value == '!') {
			s->client_required = true;
			value++;
			len--;
		}
		if (len > 0)
			*fields[i] = xstrndup(value, len);
		i++;
		value += len;
		if (*value == '\0')
			return 0;
		value++;
	}
}

/* Frees it. */
void
tls_socket_done(struct tls_socket *s)
{
	free(s->address);
	free(s->certificate);
	free(s->key);
	free(s->ciphers);
	free(s->client_ca);
	memset(s, 0, sizeof(*s));
}

/* The protocols that one item names, as "1.2", "TLSv1.3" or "1.2,1.3". */
unsigned
tls_protocols_parse(const char *text)
{
	unsigned	 protocols = 0;
	size_t		 len;

	for (;; text += len) {
		text += strspn(text, ", ");
		if (*text == '\0')
			return protocols;
		if (strncmp(text, "TLSv", 4) == 0)
			text += 4;
		len = strcspn(text, ", ");
		if (len == 3 && memcmp(text, "1.2", 3) == 0)
			protocols |= TLS_PROTOCOL_1_2;
		else if (len == 3 && memcmp(text, "1.3", 3) == 0)
			protocols |= TLS_PROTOCOL_1_3;
		else
			return 0;
	}
}

/* Those of the configuration. */
unsigned
tls_protocols(const struct config *cfg)
{
	unsigned	 protocols = 0;
	size_t		 i;

	for (i = 0; i < cfg->tls_protocols.count; i++)
		protocols |= tls_protocols_parse(cfg->tls_protocols.items[i]);
	return protocols != 0 ? protocols : TLS_PROTOCOL_1_2 |
	    TLS_PROTOCOL_1_3;
}

/* One https-socket; false in *certified when it has no certificate. */
static void
tls_check_socket(const char *value, bool *certified, struct strlist *problems)
{
	struct tls_socket	 s;
	char			*why;

	if (tls_socket_parse(&s, value, &why) == -1) {
		strlist_add_steal(problems, xasprintf("\"https-socket\": "
		    "\"%s\": %s", value, why));
		free(why);
	} else if (s.certificate == NULL) {
		*certified = false;
	}
	tls_socket_done(&s);
}

/* Options that do nothing without another one. */
static void
tls_check_effect(struct config *cfg)
{
	const struct {
		const char	*name;
		bool		 given;
	} options[] = {
		{ "tls-certificate", cfg->tls_certificate.count > 0 },
		{ "tls-client-ca", cfg->tls_client_ca != NULL },
		{ "tls-protocols", cfg->tls_protocols.count > 0 },
		{ "tls-ciphers", cfg->tls_ciphers != NULL },
		{ "tls-ciphersuites", cfg->tls_ciphersuites != NULL },
	};
	size_t	 i;

	/* Without any socket option systemd may bring one that speaks it. */
	if (cfg->https_socket.count > 0 || cfg->http_socket.count == 0)
		return;
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (options[i].given)
			strlist_add_steal(&cfg->warnings, xasprintf("\"%s\" "
			    "has no effect without \"https-socket\"",
			    options[i].name));
	}
}

/* What can be told without reading the files. */
void
tls_check_options(struct config *cfg, struct strlist *problems)
{
	bool	 certified = true;
	size_t	 i;

	for (i = 0; i < cfg->https_socket.count; i++)
		tls_check_socket(cfg->https_socket.items[i], &certified,
		    problems);
	if (!certified && cfg->tls_certificate.count == 0)
		strlist_add(problems, "\"https-socket\" needs a certificate: "
		    "give \"tls-certificate\", like \"tls-certificate\": "
		    "\"cert.pem,key.pem\"");
	for (i = 0; i < cfg->tls_protocols.count; i++) {
		if (tls_protocols_parse(cfg->tls_protocols.items[i]) == 0)
			strlist_add_steal(problems, xasprintf(
			    "\"tls-protocols\": \"%s\" is neither 1.2 nor "
			    "1.3; older ones are not spoken",
			    cfg->tls_protocols.items[i]));
	}
	tls_check_effect(cfg);
#ifndef WM_HAVE_TLS
	if (cfg->https_socket.count > 0)
		strlist_add(problems, "\"https-socket\": this wsgimaster was "
		    "built without TLS (--without-tls)");
#endif
}
