/* Tests worker/lookup.c: names are looked up while the worker goes on. */
#include "worker/lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "test/unit/rig.h"
#include "test/unit/unit.h"
#include "worker/core.h"
#include "worker/request.h"
#include "worker/worker.h"

#define GET	"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define CORES	12

static const char *const cores[] = { "--async", "12", "--greenlet", NULL };

static atomic_int	 asking;	/* threads in getaddrinfo now */
static atomic_int	 asking_max;
static atomic_int	 asked;

/*
 * In the place of the C library's: "slow.test" takes 0.2 s, "never.test" 30;
 * numbers are known, everything else does not exist.
 */
int
getaddrinfo(const char *node, const char *service,
    const struct addrinfo *hints, struct addrinfo **found)
{
	struct addrinfo		*ai;
	struct sockaddr_in	*sin;
	bool			 slow = strcmp(node, "slow.test") == 0;
	bool			 never = strcmp(node, "never.test") == 0;
	int			 now;

	if (hints->ai_flags & AI_NUMERICHOST) {
		if (strcmp(node, "127.0.0.9") != 0)
			return EAI_NONAME;
	} else if (slow || never) {
		now = ++asking;
		asked++;
		if (now > asking_max)
			asking_max = now;
		usleep(slow ? 200000 : 30000000);
		asking--;
	} else if (strcmp(node, "127.0.0.9") != 0) {
		return EAI_NONAME;
	}
	ai = calloc(1, sizeof(*ai) + sizeof(*sin));
	sin = (struct sockaddr_in *)(void *)(ai + 1);
	sin->sin_family = AF_INET;
	sin->sin_port = htons((uint16_t)(service == NULL ? 0 :
	    atoi(service)));
	sin->sin_addr.s_addr = htonl(0x7f000009);
	ai->ai_addr = (struct sockaddr *)sin;
	ai->ai_addrlen = sizeof(*sin);
	*found = ai;
	return 0;
}

void
freeaddrinfo(struct addrinfo *ai)
{
	free(ai);
}

/* What the requests ask for, and what came. */
static struct {
	const char		*name;
	double			 timeout;
	int			 n;
	enum wait_reason	 reason;
	int			 done;
	char			*text;
} it;

/* Looks up the name. */
static int
handler_lookup(struct request *req)
{
	struct sockaddr_any	 list[LOOKUP_ADDRESSES];
	struct address		 addr;
	char			*cause;

	if (address_parse(&addr, it.name, &cause) == -1)
		return -1;
	it.n = lookup_address(req->core, &addr, list, it.timeout, &it.reason);
	address_done(&addr);
	free(it.text);
	it.text = it.n > 0 ? address_print(&list[0]) : NULL;
	it.done++;
	return response_begin(req, "204 No Content", 14) == NULL ? 0 : -1;
}

static struct worker	*worker;
static int		 clients[CORES];

/* So many requests ask for the name. */
static void
begin(bool parking, const char *name, double timeout, int n)
{
	int	 i;

	free(it.text);
	memset(&it, 0, sizeof(it));
	asked = asking_max = 0;
	it.name = name;
	it.timeout = timeout;
	rig_handler = handler_lookup;
	worker = rig_start(parking, parking ? cores : NULL);
	for (i = 0; i < n; i++) {
		clients[i] = rig_client(worker);
		rig_send(clients[i], GET);
	}
}

/* They are answered. */
static void
end(int n)
{
	int	 i;

	for (i = 0; i < n; i++) {
		CHECK(strstr(rig_receive(worker, clients[i], "\r\n\r\n"),
		    " 204 ") != NULL);
		close(clients[i]);
	}
	rig_turn(worker, 20);
	CHECK_INT(it.done, n);
	CHECK_INT(worker->nconns, 0);
	rig_stop(worker);
}

TEST(lookup_of_numbers_and_paths_asks_nobody)
{
	int	 i;

	for (i = 0; i < 2; i++) {
		begin(i == 1, "127.0.0.9:80", -1, 1);
		end(1);
		CHECK_INT(it.n, 1);
		CHECK_STR(it.text, "127.0.0.9:80");
		begin(i == 1, "/run/x.sock", -1, 1);
		end(1);
		CHECK_STR(it.text, "/run/x.sock");
		CHECK_INT(asked, 0);
	}
}

TEST(lookup_parks_the_core)
{
	begin(true, "slow.test:80", -1, 1);
	rig_turn(worker, 50);
	CHECK_INT(it.done, 0);
	CHECK_INT(worker->busy, 1);
	end(1);
	CHECK_INT(it.reason, WAIT_READY);
	CHECK_STR(it.text, "127.0.0.9:80");
}

TEST(lookup_without_an_engine_waits)
{
	begin(false, "slow.test:80", -1, 1);
	end(1);
	CHECK_INT(it.n, 1);
}

TEST(lookup_of_what_does_not_exist_finds_nothing)
{
	begin(true, "nowhere.test:80", -1, 1);
	end(1);
	CHECK_INT(it.n, 0);
	CHECK_INT(it.reason, WAIT_READY);
}

TEST(lookups_share_a_few_threads)
{
	begin(true, "slow.test:80", -1, CORES);
	end(CORES);
	CHECK_INT(asked, CORES);
	CHECK_INT(asking_max, 4);
	CHECK_STR(it.text, "127.0.0.9:80");
}

TEST(lookup_keeps_to_its_time)
{
	uint64_t	 start = clock_mono_us();

	begin(true, "never.test:80", 0.1, CORES);
	end(CORES);
	CHECK_INT(it.reason, WAIT_TIMEOUT);
	CHECK_INT(it.n, 0);
	CHECK(clock_mono_us() - start < 10000000);
	/* Those that nobody waits for any more are not even asked. */
	CHECK(asked <= 4);
	free(it.text);
	it.text = NULL;
}
