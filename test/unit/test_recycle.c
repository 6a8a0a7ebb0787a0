/* Tests master/recycle_due.c and memory.c: when a worker has done enough. */
#include "master/recycle_due.h"

#include <unistd.h>

#include "config/config.h"
#include "master/memory.h"
#include "test/unit/unit.h"

#define MIB	(1024 * 1024)

TEST(recycle_without_limits_nobody_is_due)
{
	struct config		 cfg = { 0 };
	struct recycle_facts	 facts = { .id = 1, .seconds = 1e9,
	    .requests = 1ULL << 60, .mem = { .rss = 1ULL << 60 } };

	CHECK_INT(recycle_due(&cfg, &facts), ENDING_DIED);
	CHECK(!recycle_is_wanted(&cfg));
}

TEST(recycle_max_requests_with_and_without_delta)
{
	struct config		 cfg = { .max_requests = 1000 };
	struct recycle_facts	 facts = { .id = 3, .requests = 999 };

	CHECK(recycle_is_wanted(&cfg));
	CHECK_INT(recycle_due(&cfg, &facts), ENDING_DIED);
	facts.requests = 1000;
	CHECK_INT(recycle_due(&cfg, &facts), ENDING_MAX_REQUESTS);
	facts.jitter = 0.5;
	CHECK_INT(recycle_due(&cfg, &facts), ENDING_DIED);
	facts.requests = 1050;
	CHECK_INT(recycle_due(&cfg, &facts), ENDING_MAX_REQUESTS);
	cfg.max_requests_delta = 100;	/* uWSGI's: id times delta */
	CHECK_INT(recycle_due(&cfg, &facts), ENDING_DIED);
	facts.requests = 1299;
	CHECK_INT(recycle_due(&cfg, &facts), ENDING_DIED);
	facts.requests = 1300;
	CHECK_INT(recycle_due(&cfg, &facts), ENDING_MAX_REQUESTS);
}

TEST(recycle_jitter_never_moves_the_smallest_limit)
{
	struct config		 cfg = { .max_requests = 1 };
	struct recycle_facts	 facts = { .id = 1, .jitter = 0.99,
	    .requests = 1 };

	CHECK_INT(recycle_due(&cfg, &facts), ENDING_MAX_REQUESTS);
}

TEST(recycle_lifetimes)
{
	struct config		 cfg = { .max_worker_lifetime = 60,
	    .max_worker_lifetime_delta = 5, .max_requests = 1 };
	struct recycle_facts	 facts = { .id = 2, .seconds = 69.9 };

	CHECK_INT(recycle_due(&cfg, &facts), ENDING_DIED);
	facts.seconds = 70;
	CHECK_INT(recycle_due(&cfg, &facts), ENDING_LIFETIME);
	cfg.min_worker_lifetime = 71;
	facts.requests = 5;
	CHECK_INT(recycle_due(&cfg, &facts), ENDING_DIED);
	facts.seconds = 71;
	CHECK_INT(recycle_due(&cfg, &facts), ENDING_MAX_REQUESTS);
}

TEST(recycle_each_kind_of_memory)
{
	struct config		 cfg = { .reload_on_rss = 100 };
	struct recycle_facts	 facts = { .id = 1, .mem = {
	    .as = 400ULL * MIB, .rss = 100ULL * MIB, .uss = 50ULL * MIB,
	    .pss = 70ULL * MIB } };

	CHECK_INT(recycle_due(&cfg, &facts), ENDING_DIED);
	facts.mem.rss++;
	CHECK_INT(recycle_due(&cfg, &facts), ENDING_MEMORY);
	CHECK(recycle_wants_memory(&cfg) && !recycle_wants_shares(&cfg));
	cfg = (struct config){ .reload_on_as = 399 };
	CHECK_INT(recycle_due(&cfg, &facts), ENDING_MEMORY);
	cfg = (struct config){ .reload_on_uss = 49 };
	CHECK_INT(recycle_due(&cfg, &facts), ENDING_MEMORY);
	CHECK(recycle_wants_shares(&cfg) && !recycle_wants_memory(&cfg));
	cfg = (struct config){ .reload_on_pss = 71 };
	CHECK_INT(recycle_due(&cfg, &facts), ENDING_DIED);
	facts.mem = (struct memory){ 0 };	/* it could not be read */
	cfg = (struct config){ .reload_on_rss = 1, .reload_on_as = 1,
	    .reload_on_uss = 1, .reload_on_pss = 1 };
	CHECK_INT(recycle_due(&cfg, &facts), ENDING_DIED);
}

TEST(memory_texts_of_the_kernel)
{
	static const char	 rollup[] =
	    "55d0c000-7ffd0000 ---p 00000000 00:00 0      [rollup]\n"
	    "Rss:               11000 kB\n"
	    "Pss:                5000 kB\n"
	    "Pss_Dirty:          1234 kB\n"
	    "Shared_Clean:       7000 kB\n"
	    "Private_Clean:       100 kB\n"
	    "Private_Dirty:      2000 kB\n";
	struct memory		 mem = { 0 };

	CHECK(memory_parse_statm("5000 300 20 1 0 90 0\n", 4096, &mem));
	CHECK(mem.as == 5000ULL * 4096 && mem.rss == 300ULL * 4096);
	CHECK(!memory_parse_statm("", 4096, &mem));
	CHECK(!memory_parse_statm("12\n", 4096, &mem));
	CHECK(memory_parse_rollup(rollup, &mem));
	CHECK(mem.pss == 5000ULL * 1024 && mem.uss == 2100ULL * 1024);
	CHECK(!memory_parse_rollup("Rss: 1 kB\nPss: 2 kB\n", &mem));
	CHECK(!memory_parse_rollup("", &mem));
}

TEST(memory_of_this_process)
{
	struct memory	 mem = { 0 };

	CHECK(memory_read(getpid(), &mem));
	CHECK(mem.as >= mem.rss && mem.rss > 100000);
	CHECK(memory_read_shares(getpid(), &mem));
	CHECK(mem.pss >= mem.uss && mem.uss > 0);
	CHECK(!memory_read(0x7ffffff0, &mem));
}
