/* What https-socket says: an address and, as in uWSGI, its own certificate. */
#ifndef WM_CONFIG_TLS_SOCKET_H
#define WM_CONFIG_TLS_SOCKET_H

#include <stdbool.h>

struct config;
struct strlist;

/* Which client certificates are asked for (tls-verify). */
enum tls_verify {
	TLS_VERIFY_OFF,
	TLS_VERIFY_OPTIONAL,	/* a bad one is told to the app */
	TLS_VERIFY_REQUIRED
};

/* Protocols (tls-protocols), as bits. */
#define TLS_PROTOCOL_1_2	0x1u
#define TLS_PROTOCOL_1_3	0x2u

/*
 * "ADDRESS[,CERTIFICATE[,KEY[,CIPHERS[,CLIENT_CA]]]]": what is not given is
 * NULL. A "!" before CLIENT_CA makes a certificate of it required.
 */
struct tls_socket {
	char	*address;
	char	*certificate;
	char	*key;
	char	*ciphers;
	char	*client_ca;
	bool	 client_required;
};

/* Takes a value apart; -1 and *cause. tls_socket_done in either case. */
int	 tls_socket_parse(struct tls_socket *s, const char *value,
	    char **cause);
void	 tls_socket_done(struct tls_socket *s);
/* The address alone. New. */
char	*tls_socket_address(const char *value);

/* The protocols that one item of tls-protocols names; 0: none. */
unsigned tls_protocols_parse(const char *text);
/* Those of the configuration. */
unsigned tls_protocols(const struct config *cfg);

/* For config_check: all that can be told without reading the files. */
void	 tls_check_options(struct config *cfg, struct strlist *problems);

#endif
