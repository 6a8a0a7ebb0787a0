/* Caches in shared memory: what they promise to one process. */
#include "shm/cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/siphash.h"
#include "base/strbuf.h"
#include "shm/cache_layout.h"
#include "test/unit/cache_whole.h"
#include "test/unit/unit.h"

#define SECOND	1000000

static struct cache	*c;

/* Makes the cache of a test. */
static void
make(struct cache_spec spec)
{
	char	*cause = NULL;

	if (spec.name == NULL)
		spec.name = (char *)"test";
	if (spec.keysize == 0)
		spec.keysize = 64;
	if (spec.blocksize == 0)
		spec.blocksize = 16;
	if (spec.blocks == 0)
		spec.blocks = spec.items;
	c = cache_new(&spec, &cause);
	if (c == NULL)
		printf("# %s\n", cause);
	CHECK(c != NULL);
	free(cause);
}

/* Its end: it must be whole. */
static void
done(void)
{
	CHECK_STR(cache_whole(c), NULL);
	cache_free(c);
}

static enum cache_result
set(const char *key, const char *value)
{
	return cache_set(c, key, strlen(key), value, strlen(value), 0, false,
	    true);
}

static enum cache_result
update(const char *key, const char *value)
{
	return cache_set(c, key, strlen(key), value, strlen(value), 0, true,
	    true);
}

/* The value, or NULL; overwritten by the next call. */
static const char *
get(const char *key)
{
	static char	 room[65536];
	size_t		 len = 0;

	if (cache_get(c, key, strlen(key), room, sizeof(room) - 1, &len,
	    true) != CACHE_OK)
		return NULL;
	room[len] = '\0';
	return room;
}

/* As if somebody were in the midst of each stripe. */
static void
set_odd(bool odd)
{
	size_t	 i;

	for (i = 0; i < CACHE_STRIPES; i++)
		c->seqs[i].seq += odd ? 1 : (uint32_t)-1;
}

static struct cache_stats
stats(void)
{
	struct cache_stats	 s;

	cache_stats(c, &s);
	return s;
}

TEST(siphash_is_the_published_one)
{
	struct siphash_key	 key = { 0x0706050403020100ULL,
		    0x0f0e0d0c0b0a0908ULL };
	static const uint64_t	 of_len[] = { 0x726fdb47dd0e0e31ULL,
		    0x74f839c593dc67fdULL, 0x0d6c8009d9a94f5aULL,
		    0x85676696d7fb7e2dULL, 0xcf2794e0277187b7ULL,
		    0x18765564cd99a68dULL, 0xcbc9466e58fee3ceULL,
		    0xab0200f58b01d137ULL, 0x93f5f5799a932462ULL };
	unsigned char		 text[15];
	size_t			 i;

	for (i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)i;
	CHECK(siphash(&key, text, 15, 2, 4) == 0xa129ca6149be45e5ULL);
	for (i = 0; i < sizeof(of_len) / sizeof(*of_len); i++)
		CHECK(siphash(&key, text, i, 2, 4) == of_len[i]);
}

TEST(a_sum_sees_each_byte)
{
	struct siphash_key	 key = { 1, 2 };
	char			 text[700];
	uint64_t		 sum;
	size_t			 len, i;

	for (i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7);
	for (len = 0; len <= sizeof(text); len += len < 200 ? 1 : 25) {
		sum = cache_sum(&key, text, len);
		for (i = 0; i < len; i++) {
			text[i] ^= 4;
			CHECK(cache_sum(&key, text, len) != sum);
			text[i] ^= 4;
		}
		/* One byte of nothing more. */
		if (len > 0 && len < sizeof(text)) {
			text[len] = 0;
			CHECK(cache_sum(&key, text, len + 1) != sum);
			text[len] = (char)(len * 7);
		}
	}
}

TEST(set_get_update_del)
{
	make((struct cache_spec){ .items = 4 });
	CHECK_STR(get("a"), NULL);
	CHECK_INT(set("a", "one"), CACHE_OK);
	CHECK_STR(get("a"), "one");
	CHECK_INT(set("a", "two"), CACHE_EXISTS);
	CHECK_STR(get("a"), "one");
	CHECK_INT(update("a", "two"), CACHE_OK);
	CHECK_STR(get("a"), "two");
	CHECK_INT(update("b", "three"), CACHE_OK);
	CHECK_INT(cache_exists(c, "b", 1, true), CACHE_OK);
	CHECK_INT(cache_del(c, "a", 1, true), CACHE_OK);
	CHECK_INT(cache_del(c, "a", 1, true), CACHE_MISSING);
	CHECK_STR(get("a"), NULL);
	CHECK_INT(stats().items, 1);
	CHECK_INT(stats().hits, 3);
	CHECK_INT(stats().miss, 2);
	done();
}

TEST(any_bytes)
{
	char	 room[16], key[64];
	size_t	 len;

	make((struct cache_spec){ .items = 4 });
	CHECK_INT(cache_set(c, "", 0, "", 0, 0, false, true), CACHE_OK);
	CHECK_INT(cache_set(c, "a\0b", 3, "x\0y", 3, 0, false, true),
	    CACHE_OK);
	CHECK_INT(cache_get(c, "a\0b", 3, room, 16, &len, true), CACHE_OK);
	CHECK_INT(len, 3);
	CHECK(memcmp(room, "x\0y", 3) == 0);
	CHECK_INT(cache_get(c, "a\0c", 3, room, 16, &len, true),
	    CACHE_MISSING);
	CHECK_INT(cache_get(c, "", 0, room, 16, &len, true), CACHE_OK);
	CHECK_INT(len, 0);
	memset(key, 'k', sizeof(key));
	CHECK_INT(cache_set(c, key, 64, "long", 4, 0, false, true), CACHE_OK);
	CHECK_INT(cache_get(c, key, 64, room, 3, &len, true), CACHE_MORE);
	CHECK_INT(len, 4);
	CHECK_INT(cache_get(c, key, 63, room, 16, &len, true),
	    CACHE_MISSING);
	CHECK_INT(cache_set(c, key, 65, "x", 1, 0, false, true),
	    CACHE_TOO_BIG);
	CHECK_INT(cache_set(c, "k", 1, key, 17, 0, false, true),
	    CACHE_TOO_BIG);
	CHECK_INT(cache_set(c, "k", 1, key, 16, 0, false, true), CACHE_OK);
	done();
}

/* Room for a value, where a test wants it; counts in its first byte. */
static bool
grow(struct cache_room *room, size_t len)
{
	char	*to = room->arg;

	to[0]++;
	room->buf = to + 1;
	room->size = len;
	return len <= 16;
}

TEST(room_is_made_for_what_is_there)
{
	char			 to[1 + 48] = { 0 };
	struct cache_room	 room = { .grow = grow, .arg = to };

	make((struct cache_spec){ .items = 4, .bitmap = true });
	CHECK_INT(cache_read(c, "a", 1, &room, true), CACHE_MISSING);
	CHECK_INT(set("a", ""), CACHE_OK);
	CHECK_INT(cache_read(c, "a", 1, &room, true), CACHE_OK);
	CHECK_INT(to[0], 0);
	CHECK_INT(update("a", "0123456789"), CACHE_OK);
	CHECK_INT(cache_read(c, "a", 1, &room, true), CACHE_OK);
	CHECK_INT(to[0], 1);
	CHECK_STR(to + 1, "0123456789");
	CHECK_INT(update("a", "abc"), CACHE_OK);
	CHECK_INT(cache_read(c, "a", 1, &room, true), CACHE_OK);
	CHECK_INT(to[0], 1);
	CHECK_INT(room.len, 3);
	CHECK_INT(update("a", "0123456789abcdef!"), CACHE_OK);
	CHECK_INT(cache_read(c, "a", 1, &room, true), CACHE_MORE);
	CHECK_INT(room.len, 17);
	/* A stripe that is being written: with the lock, so without it. */
	memset(&room, 0, sizeof(room));
	room.grow = grow;
	room.arg = to;
	to[0] = 0;
	CHECK_INT(update("a", "abc"), CACHE_OK);
	set_odd(true);
	CHECK_INT(cache_read(c, "a", 1, &room, true), CACHE_MORE);
	set_odd(false);
	CHECK_INT(to[0], 0);
	CHECK_INT(room.len, 3);
	done();
}

TEST(full_refuses_and_still_updates)
{
	make((struct cache_spec){ .items = 2, .ignore_full = true });
	CHECK_INT(set("a", "1"), CACHE_OK);
	CHECK_INT(set("b", ""), CACHE_OK);
	CHECK_INT(set("c", "3"), CACHE_FULL);
	CHECK_INT(stats().full, 1);
	CHECK_INT(update("b", "22"), CACHE_OK);
	CHECK_INT(update("a", "11"), CACHE_OK);
	CHECK_INT(update("a", "111"), CACHE_OK);
	CHECK_STR(get("a"), "111");
	CHECK_STR(get("b"), "22");
	CHECK_INT(cache_del(c, "a", 1, true), CACHE_OK);
	CHECK_INT(set("c", "3"), CACHE_OK);
	done();
}

TEST(values_over_several_blocks)
{
	char	 big[161], room[200];
	size_t	 len;
	int	 i;

	make((struct cache_spec){ .items = 4, .blocks = 10, .bitmap = true,
	    .ignore_full = true });
	for (i = 0; i < 161; i++)
		big[i] = (char)('a' + i % 26);
	CHECK_INT(cache_set(c, "x", 1, big, 161, 0, true, true),
	    CACHE_TOO_BIG);
	CHECK_INT(cache_set(c, "x", 1, big, 160, 0, true, true), CACHE_OK);
	CHECK_INT(cache_get(c, "x", 1, room, 200, &len, true), CACHE_OK);
	CHECK_INT(len, 160);
	CHECK(memcmp(room, big, 160) == 0);
	CHECK_INT(set("y", "1"), CACHE_FULL);
	/* There is no room for both, so the old one goes first. */
	CHECK_INT(cache_set(c, "x", 1, big + 1, 159, 0, true, true),
	    CACHE_OK);
	CHECK_INT(cache_get(c, "x", 1, room, 200, &len, true), CACHE_OK);
	CHECK(len == 159 && memcmp(room, big + 1, 159) == 0);
	CHECK_INT(update("x", "small"), CACHE_OK);
	CHECK_INT(cache_set(c, "y", 1, big, 144, 0, true, true), CACHE_OK);
	CHECK_INT(cache_set(c, "x", 1, big, 17, 0, true, true), CACHE_FULL);
	CHECK_STR(get("x"), "small");
	done();
}

TEST(lru_drops_what_was_used_longest_ago)
{
	make((struct cache_spec){ .items = 3, .lru = true });
	set("a", "1"), usleep(2000);
	set("b", "2"), usleep(2000);
	set("c", "3"), usleep(2000);
	CHECK_STR(get("a"), "1"), usleep(2000);
	CHECK_INT(set("d", "4"), CACHE_OK), usleep(2000);
	CHECK_STR(get("b"), NULL);
	CHECK_STR(get("c"), "3"), usleep(2000);
	CHECK_STR(get("a"), "1"), usleep(2000);
	CHECK_INT(set("e", "5"), CACHE_OK), usleep(2000);
	CHECK_STR(get("d"), NULL);
	CHECK_INT(update("c", "33"), CACHE_OK), usleep(2000);
	CHECK_INT(set("f", "6"), CACHE_OK);
	CHECK_STR(get("a"), NULL);
	CHECK_STR(get("c"), "33");
	CHECK_INT(stats().evicted, 3);
	CHECK_INT(stats().items, 3);
	done();
}

TEST(lru_makes_room_for_large_values)
{
	char	 key[16], big[160];
	int	 i;

	memset(big, 'x', sizeof(big));
	make((struct cache_spec){ .items = 10, .blocks = 10, .bitmap = true,
	    .lru = true });
	for (i = 0; i < 10; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		CHECK_INT(set(key, "small"), CACHE_OK);
		usleep(1000);
	}
	CHECK_INT(cache_set(c, "big", 3, big, 64, 0, true, true), CACHE_OK);
	CHECK_INT(stats().items, 7);
	CHECK_STR(get("k3"), NULL);
	CHECK_STR(get("k4"), "small");
	/* All others go, not the one that grows. */
	CHECK_INT(cache_set(c, "k4", 2, big, 160, 0, true, true), CACHE_OK);
	CHECK_INT(stats().items, 1);
	CHECK_INT(strlen(get("k4")), 160);
	done();
}

TEST(expired_items_are_gone_and_make_room)
{
	make((struct cache_spec){ .items = 3, .ignore_full = true });
	CHECK_INT(cache_set(c, "a", 1, "1", 1, 50000, false, true), CACHE_OK);
	CHECK_INT(cache_set(c, "b", 1, "2", 1, 100 * SECOND, false, true),
	    CACHE_OK);
	CHECK_INT(set("c", "3"), CACHE_OK);
	CHECK_STR(get("a"), "1");
	CHECK_INT(set("d", "4"), CACHE_FULL);
	usleep(60000);
	CHECK_STR(get("a"), NULL);
	CHECK_INT(cache_exists(c, "a", 1, true), CACHE_MISSING);
	CHECK_INT(cache_del(c, "a", 1, true), CACHE_MISSING);
	CHECK_STR(get("b"), "2");
	CHECK_INT(set("d", "4"), CACHE_OK);
	CHECK_INT(stats().expired, 1);
	CHECK_INT(stats().items, 3);
	done();
}

TEST(the_sweep_comes_round)
{
	char	 key[16];
	int	 i;

	make((struct cache_spec){ .items = 100 });
	for (i = 0; i < 50; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		cache_set(c, key, strlen(key), "x", 1, 1000, false, true);
	}
	usleep(2000);
	/* Two slots with each: one key is enough. */
	for (i = 0; i < 160; i++)
		update("other", "x");
	CHECK_INT(stats().items, 1);
	CHECK_INT(stats().expired, 50);
	CHECK_INT(c->head->soonest_us, 0);
	done();
}

TEST(numbers_are_uwsgis)
{
	int64_t	 n;
	size_t	 len;

	make((struct cache_spec){ .items = 4 });
	CHECK_INT(cache_math(c, "n", 1, CACHE_INC, 5, 0, true), CACHE_OK);
	CHECK_INT(cache_math(c, "n", 1, CACHE_MUL, 3, 0, true), CACHE_OK);
	CHECK_INT(cache_math(c, "n", 1, CACHE_DEC, 18, 0, true), CACHE_OK);
	CHECK_INT(cache_get(c, "n", 1, &n, 8, &len, true), CACHE_OK);
	CHECK(len == 8 && n == -3);
	cache_math(c, "n", 1, CACHE_DIV, 0, 0, true);
	cache_get(c, "n", 1, &n, 8, &len, true);
	CHECK_INT(n, 0);
	cache_math(c, "m", 1, CACHE_INC, INT64_MAX, 0, true);
	cache_math(c, "m", 1, CACHE_INC, 1, 0, true);
	cache_math(c, "m", 1, CACHE_DIV, -1, 0, true);
	cache_get(c, "m", 1, &n, 8, &len, true);
	CHECK(n == INT64_MIN);
	set("t", "text");
	CHECK_INT(cache_math(c, "t", 1, CACHE_INC, 1, 0, true),
	    CACHE_NO_NUMBER);
	CHECK_STR(get("t"), "text");
	done();
	make((struct cache_spec){ .items = 4, .math_initial = 10 });
	cache_math(c, "n", 1, CACHE_MUL, 3, 0, true);
	cache_get(c, "n", 1, &n, 8, &len, true);
	CHECK_INT(n, 30);
	done();
}

TEST(a_number_keeps_its_expiry)
{
	make((struct cache_spec){ .items = 4 });
	cache_math(c, "n", 1, CACHE_INC, 1, 50000, true);
	cache_math(c, "n", 1, CACHE_INC, 1, 100 * SECOND, true);
	CHECK_INT(cache_exists(c, "n", 1, true), CACHE_OK);
	usleep(60000);
	CHECK_INT(cache_exists(c, "n", 1, true), CACHE_MISSING);
	done();
}

TEST(keys_and_clear)
{
	struct strbuf	 out = STRBUF_INIT;
	char		 key[16];
	size_t		 at = 0, n = 0;
	int		 i;

	make((struct cache_spec){ .items = 1000 });
	for (i = 0; i < 600; i++) {
		snprintf(key, sizeof(key), "%05d", i);
		set(key, "x");
	}
	while (cache_keys(c, &at, &out, true) == CACHE_OK)
		n++;
	CHECK_INT(n, 4);
	CHECK_INT(out.len, 600 * 9);
	strbuf_done(&out);
	CHECK_INT(cache_clear(c, true), CACHE_OK);
	CHECK_INT(stats().items, 0);
	CHECK_STR(get("00001"), NULL);
	CHECK_INT(stats().repairs, 0);
	done();
	make((struct cache_spec){ .items = 2, .clear_on_full = true });
	set("a", "1"), set("b", "2"), set("c", "3");
	CHECK_STR(get("a"), NULL);
	CHECK_STR(get("c"), "3");
	done();
	/* An item that grows goes with all the others. */
	make((struct cache_spec){ .items = 4, .clear_on_full = true,
	    .bitmap = true });
	set("a", "1"), set("b", "2");
	CHECK_INT(update("a", "0123456789abcdef0123456789abcdef0123456789"
	    "abcdef0123456789"), CACHE_OK);
	CHECK_INT(strlen(get("a")), 58);
	CHECK_STR(get("b"), NULL);
	CHECK_INT(stats().items, 1);
	done();
}

/* A cache with something in it, that an evil process writes into. */
static void
make_evil(uint32_t seed)
{
	char	 key[16];
	int	 i;

	make((struct cache_spec){ .items = 20, .blocks = 40, .bitmap = true,
	    .lru = true, .name = (char *)"evil" });
	for (i = 0; i < 15; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		cache_set(c, key, strlen(key), "0123456789abcdefghij",
		    i + 5, seed % 2 ? 1000 : 0, false, true);
	}
}

/* Writes one word of all that is shared but the lock. */
static void
do_evil(unsigned *seed)
{
	static const uint32_t	 values[] = { 0, 1, 2, 3, 20, 21, 41, 42,
		    0x7fffffff, 0xffffffff };
	size_t			 words = ((char *)c->data - (char *)c->head)
		    / 4, at, lock, end;
	uint32_t		 value;

	lock = offsetof(struct cache_head, lock) / 4;
	end = lock + sizeof(c->head->lock) / 4;
	do {
		at = (size_t)rand_r(seed) % words;
		if (rand_r(seed) % 3 != 0)
			at = (size_t)((char *)c->item - (char *)c->head) / 4 +
			    (size_t)rand_r(seed) % (c->items * 32);
	} while (at >= lock && at < end);
	value = rand_r(seed) % 4 == 0 ? (uint32_t)rand_r(seed) :
	    values[(size_t)rand_r(seed) % 10];
	((uint32_t *)c->head)[at] = value;
}

TEST(evil_words_neither_crash_nor_hang)
{
	struct strbuf	 out = STRBUF_INIT;
	unsigned	 seed, rnd;
	size_t		 at, len;
	char		 key[16], room[700];
	int		 i;

	for (seed = 0; seed < 400; seed++) {
		rnd = seed;
		make_evil(seed);
		if (seed % 2)
			usleep(1000);
		for (i = 0; i < 60; i++) {
			do_evil(&rnd);
			snprintf(key, sizeof(key), "k%d", i % 25);
			cache_get(c, key, strlen(key), room, sizeof(room),
			    &len, true);
			cache_set(c, key, strlen(key), room,
			    (size_t)i * 10, 0, i % 3, true);
			cache_math(c, key, strlen(key), CACHE_INC, 1, 0, true);
			if (i % 5 == 0)
				cache_del(c, key, strlen(key), true);
			at = 0;
			cache_keys(c, &at, &out, true);
			strbuf_truncate(&out, 0);
		}
		/* Once it has left, a repair is enough. */
		cache_repair(c, false);
		done();
	}
	strbuf_done(&out);
}

/* A name for a store. */
static char *
store_name(void)
{
	static char	 name[64];

	snprintf(name, sizeof(name), "/tmp/test_cache.%d", (int)getpid());
	return name;
}

/* Why a store is refused. */
static const char *
refused(struct cache_spec spec)
{
	static char	 text[512];
	char		*cause = NULL;
	struct cache	*made;

	spec.name = (char *)"s";
	spec.store = store_name();
	made = cache_new(&spec, &cause);
	snprintf(text, sizeof(text), "%s", made != NULL ? "not" : cause);
	cache_free(made);
	free(cause);
	return text;
}

TEST(a_store_outlives_its_server)
{
	struct cache_spec	 spec = { .items = 10, .blocks = 10,
	    .blocksize = 16, .keysize = 64, .store = store_name() };
	struct stat		 st;

	unlink(store_name());
	make(spec);
	CHECK_STR(cache_store_said(c), "new");
	set("a", "1"), set("b", "2"), update("b", "3");
	cache_set(c, "e", 1, "x", 1, 1000, false, true);
	done();
	CHECK(stat(store_name(), &st) == 0 && (st.st_mode & 0777) == 0600);
	usleep(2000);
	make(spec);
	CHECK_STR(cache_store_said(c), "3 items are there");
	CHECK_STR(get("a"), "1");
	CHECK_STR(get("b"), "3");
	CHECK_STR(get("e"), NULL);
	/* A page that was torn: one byte of a value. */
	c->data[(c->item[0].values[0].first - 1) * 16] ^= 1;
	done();
	make(spec);
	CHECK_STR(get("a"), NULL);
	CHECK_STR(get("b"), "3");
	done();
	unlink(store_name());
}

TEST(a_store_in_use_is_shared)
{
	struct cache_spec	 spec = { .items = 10, .blocks = 10,
	    .blocksize = 16, .keysize = 64, .store = store_name() };
	struct cache		*first;

	unlink(store_name());
	make(spec);
	set("a", "1");
	first = c;
	make(spec);
	CHECK(strstr(cache_store_said(c), "shared") != NULL);
	CHECK_STR(get("a"), "1");
	CHECK_INT(set("b", "2"), CACHE_OK);
	done();
	c = first;
	CHECK_STR(get("b"), "2");
	done();
	unlink(store_name());
}

TEST(a_store_that_does_not_fit_is_refused)
{
	struct cache_spec	 spec = { .items = 10, .blocks = 10,
	    .blocksize = 16, .keysize = 64, .store = store_name() };
	FILE			*f;

	unlink(store_name());
	make(spec);
	done();
	spec.items = 9;
	CHECK(strstr(refused(spec), "it was made with items=10,") != NULL);
	spec.store_delete = true;
	CHECK_STR(refused(spec), "not");
	spec.store_delete = false;
	CHECK_STR(refused(spec), "not");
	CHECK(truncate(store_name(), 5000) == 0);
	CHECK(strstr(refused(spec), "bytes, not") != NULL);
	f = fopen(store_name(), "w");
	fputs("a file of somebody else's", f);
	fclose(f);
	spec.store_delete = true;
	CHECK(strstr(refused(spec), "not a cache's store") != NULL);
	unlink(store_name());
	CHECK(symlink("/tmp", store_name()) == 0);
	CHECK(strstr(refused(spec), "cannot open it") != NULL);
	unlink(store_name());
}
