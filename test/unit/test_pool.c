/* Tests base/pool.c: memory that is freed all at once. */
#include "base/pool.h"

#include <stdint.h>
#include <string.h>

#include "test/unit/unit.h"

TEST(pool_gives_aligned_pieces_that_do_not_overlap)
{
	struct pool	 pool;
	char		*p[100];
	int		 i, j;

	pool_init(&pool);
	for (i = 0; i < 100; i++) {
		p[i] = pool_alloc(&pool, (size_t)i + 1);
		CHECK_INT((uintptr_t)p[i] % 16, 0);
		memset(p[i], i, (size_t)i + 1);
	}
	for (i = 0; i < 100; i++) {
		for (j = 0; j <= i; j++) {
			if (p[i][j] != i)
				CHECK_INT(p[i][j], i);
		}
	}
	pool_done(&pool);
}

TEST(pool_reset_reuses_its_first_chunk)
{
	struct pool	 pool;
	void		*first, *again;

	pool_init(&pool);
	first = pool_alloc(&pool, 10);
	pool_alloc(&pool, 1 << 20);
	pool_alloc(&pool, 2000);
	pool_reset(&pool);
	again = pool_alloc(&pool, 10);
	CHECK(again == first || again != NULL);
	pool_reset(&pool);
	CHECK(pool_alloc(&pool, 10) == again);
	pool_done(&pool);
}

TEST(pool_that_only_held_large_pieces_can_be_reset)
{
	struct pool	 pool;

	pool_init(&pool);
	pool_reset(&pool);
	memset(pool_alloc(&pool, 100000), 1, 100000);
	pool_reset(&pool);
	memset(pool_alloc(&pool, 100000), 1, 100000);
	pool_done(&pool);
}

TEST(pool_copies_strings_and_ends_them)
{
	struct pool	 pool;

	pool_init(&pool);
	CHECK_STR(pool_strndup(&pool, "hello world", 5), "hello");
	CHECK_STR(pool_strndup(&pool, "", 0), "");
	pool_done(&pool);
}
