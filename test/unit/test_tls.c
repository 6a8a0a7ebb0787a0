/* Tests the pure parts of TLS: names, keys of tickets, https-socket. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strlist.h"
#include "config/tls_socket.h"
#include "shm/secret.h"
#include "test/unit/unit.h"
#include "worker/tls/tls_keys.h"
#include "worker/tls/tls_sni.h"

TEST(a_name_matches_itself)
{
	CHECK(tls_sni_matches("example.com", "example.com"));
	CHECK(tls_sni_matches("Example.COM", "eXample.com"));
	CHECK(tls_sni_matches("example.com", "example.com."));
	CHECK(!tls_sni_matches("example.com", "www.example.com"));
	CHECK(!tls_sni_matches("www.example.com", "example.com"));
	CHECK(!tls_sni_matches("example.com", "example.co"));
	CHECK(!tls_sni_matches("example.com", "xexample.com"));
	CHECK(!tls_sni_matches("example.com", ""));
	CHECK(!tls_sni_matches("", ""));
	CHECK(!tls_sni_matches("", "."));
}

TEST(a_star_is_one_label)
{
	CHECK(tls_sni_matches("*.example.com", "www.example.com"));
	CHECK(tls_sni_matches("*.example.com", "WWW.example.com."));
	CHECK(!tls_sni_matches("*.example.com", "example.com"));
	CHECK(!tls_sni_matches("*.example.com", ".example.com"));
	CHECK(!tls_sni_matches("*.example.com", "a.b.example.com"));
	CHECK(!tls_sni_matches("*.example.com", "www.example.org"));
	CHECK(!tls_sni_matches("*.example.com", "wwwexample.com"));
	/* A star elsewhere is none, and a name that has one is a name. */
	CHECK(!tls_sni_matches("w*.example.com", "www.example.com"));
	CHECK(!tls_sni_matches("www.*.com", "www.example.com"));
	CHECK(!tls_sni_matches("*", "com"));
	CHECK(!tls_sni_matches("*.", "com."));
	CHECK(!tls_sni_matches("www.example.com", "*.example.com"));
}

TEST(a_name_is_better_than_a_star)
{
	struct strlist	 names = { .items = NULL };

	CHECK_INT(tls_sni_rank(&names, "a.test"), 0);
	strlist_add(&names, "*.test");
	CHECK_INT(tls_sni_rank(&names, "a.test"), 1);
	strlist_add(&names, "a.test");
	CHECK_INT(tls_sni_rank(&names, "a.test"), 2);
	CHECK_INT(tls_sni_rank(&names, "b.test"), 1);
	CHECK_INT(tls_sni_rank(&names, "b.c.test"), 0);
	strlist_done(&names);
}

TEST(epochs_last_as_long_as_sessions)
{
	CHECK_INT(tls_epoch(0, 1000000), 0);
	CHECK_INT(tls_epoch(999999, 1000000), 0);
	CHECK_INT(tls_epoch(1000000, 1000000), 1);
	CHECK_INT(tls_epoch(7200ull * 1000000, 3600ull * 1000000), 2);
}

TEST(keys_are_the_same_everywhere_and_others_each_time)
{
	unsigned char	 one[SECRET_SIZE], two[SECRET_SIZE];
	struct tls_keys	 a, b;

	memset(one, 1, sizeof(one));
	memset(two, 2, sizeof(two));
	REQUIRE(tls_keys_derive(&a, one, 7) == 0);
	REQUIRE(tls_keys_derive(&b, one, 7) == 0);
	CHECK(memcmp(&a, &b, sizeof(a)) == 0);
	REQUIRE(tls_keys_derive(&b, one, 8) == 0);
	CHECK(memcmp(a.name, b.name, sizeof(a.name)) != 0);
	CHECK(memcmp(a.cipher, b.cipher, sizeof(a.cipher)) != 0);
	CHECK(memcmp(a.mac, b.mac, sizeof(a.mac)) != 0);
	CHECK(memcmp(a.mac, a.cipher, sizeof(a.mac)) != 0);
	REQUIRE(tls_keys_derive(&b, two, 7) == 0);
	CHECK(memcmp(a.name, b.name, sizeof(a.name)) != 0);
	CHECK(memcmp(a.cipher, b.cipher, sizeof(a.cipher)) != 0);
}

TEST(a_secret_is_handed_on)
{
	unsigned char	 before[SECRET_SIZE];
	char		 text[16];
	int		 fd;

	secret_init(NULL);
	memcpy(before, secret_bytes(), sizeof(before));
	fd = secret_hand_on();
	REQUIRE(fd != -1);
	snprintf(text, sizeof(text), "%d", fd);
	secret_init(NULL);
	CHECK(memcmp(before, secret_bytes(), sizeof(before)) != 0);
	secret_init(text);
	CHECK(memcmp(before, secret_bytes(), sizeof(before)) == 0);
	/* What is no such descriptor is not believed. */
	secret_init(text);
	CHECK(memcmp(before, secret_bytes(), sizeof(before)) != 0);
	secret_init("nonsense");
	secret_init("-1");
}

/* One value of https-socket, whose parts must be these. */
static void
check_socket(const char *value, const char *address, const char *certificate,
    const char *key, const char *ciphers, const char *ca, bool required)
{
	struct tls_socket	 s;
	char			*cause = NULL, *alone;

	CHECK_INT(tls_socket_parse(&s, value, &cause), 0);
	CHECK_STR(s.address, address);
	CHECK_STR(s.certificate, certificate);
	CHECK_STR(s.key, key);
	CHECK_STR(s.ciphers, ciphers);
	CHECK_STR(s.client_ca, ca);
	CHECK(s.client_required == required);
	alone = tls_socket_address(value);
	CHECK_STR(alone, address);
	free(alone);
	free(cause);
	tls_socket_done(&s);
}

TEST(https_socket_is_uwsgis)
{
	struct tls_socket	 s;
	char			*cause = NULL;

	check_socket(":443", ":443", NULL, NULL, NULL, NULL, false);
	check_socket(":443,c,k", ":443", "c", "k", NULL, NULL, false);
	check_socket(":443,c", ":443", "c", NULL, NULL, NULL, false);
	check_socket(":443,c,", ":443", "c", NULL, NULL, NULL, false);
	check_socket(":443,c,k,HIGH", ":443", "c", "k", "HIGH", NULL, false);
	check_socket(":443,c,k,HIGH,ca", ":443", "c", "k", "HIGH", "ca",
	    false);
	check_socket(":443,c,k,,!ca", ":443", "c", "k", NULL, "ca", true);
	CHECK_INT(tls_socket_parse(&s, ",c,k", &cause), -1);
	CHECK_STR(cause, "the address is empty");
	free(cause);
	tls_socket_done(&s);
	CHECK_INT(tls_socket_parse(&s, ":443,,k", &cause), -1);
	CHECK_STR(cause, "the certificate is empty");
	free(cause);
	tls_socket_done(&s);
	CHECK_INT(tls_socket_parse(&s, ":443,c,k,x,ca,more", &cause), -1);
	free(cause);
	tls_socket_done(&s);
}

TEST(protocols_are_read)
{
	CHECK_INT(tls_protocols_parse("1.2"), TLS_PROTOCOL_1_2);
	CHECK_INT(tls_protocols_parse("TLSv1.3"), TLS_PROTOCOL_1_3);
	CHECK_INT(tls_protocols_parse("1.2, TLSv1.3"), TLS_PROTOCOL_1_2 |
	    TLS_PROTOCOL_1_3);
	CHECK_INT(tls_protocols_parse("1.1"), 0);
	CHECK_INT(tls_protocols_parse("1.2,1.1"), 0);
	CHECK_INT(tls_protocols_parse("1.20"), 0);
	CHECK_INT(tls_protocols_parse(""), 0);
}
