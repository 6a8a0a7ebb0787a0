/*
 * Caches in shared memory: a process that dies inside a write. Each store of
 * each operation is one at which it dies; and writers are killed by SIGKILL
 * while others look at what there is.
 */
static void cache_step(void);
#define CACHE_STEP()	cache_step()

#include "shm/cache_find.c"
#include "shm/cache_lock.c"
#include "shm/cache_new.c"
#include "shm/cache_read.c"
#include "shm/cache_repair.c"
#include "shm/cache_room.c"
#include "shm/cache_store.c"
#include "shm/cache_sum.c"
#include "shm/cache_write.c"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "test/unit/cache_whole.h"
#include "test/unit/unit.h"

#define STEPS_MAX	3000
#define KEYS		24

static long	 steps_left;	/* 0: nobody dies */

/* One store. */
static void
cache_step(void)
{
	if (steps_left > 0 && --steps_left == 0)
		_exit(99);
}

/* A cache for any operation: small, so that a repair is, too. */
static struct cache *
make(bool lru)
{
	struct cache_spec	 spec = { .name = (char *)"death",
	    .items = 6, .blocks = 9, .blocksize = 8, .keysize = 40,
	    .hashsize = 2, .bitmap = true, .lru = lru, .ignore_full = true };
	char			*cause = NULL;
	struct cache		*c = cache_new(&spec, &cause);

	if (c == NULL)
		printf("# %s\n", cause);
	return c;
}

/* What is in it before. */
static void
fill(struct cache *c)
{
	static const char	 long_key[] =
	    "a key that does not fit into an item";

	cache_set(c, "a", 1, "old value of a", 14, 0, false, true);
	cache_set(c, "b", 1, "b", 1, 0, false, true);
	cache_set(c, long_key, strlen(long_key), "long", 4, 0, false, true);
	cache_math(c, "n", 1, CACHE_INC, 7, 0, true);
	cache_set(c, "x", 1, "gone", 4, 1, false, true);
	usleep(2);
}

static void
do_set(struct cache *c)
{
	cache_set(c, "new", 3, "new value of new", 16, 0, false, true);
}

static void
do_update(struct cache *c)
{
	cache_set(c, "a", 1, "new value of a", 14, 0, true, true);
}

static void
do_grow(struct cache *c)
{
	cache_set(c, "a", 1, "new value of a, which takes all of the room "
	    "there is", 52, 0, true, true);
}

static void
do_del(struct cache *c)
{
	cache_del(c, "a", 1, true);
}

static void
do_inc(struct cache *c)
{
	cache_math(c, "n", 1, CACHE_INC, 1, 0, true);
}

static void
do_many(struct cache *c)
{
	cache_set(c, "k1", 2, "1", 1, 0, false, true);
	cache_set(c, "k2", 2, "2", 1, 0, false, true);
	cache_get(c, "a", 1, NULL, 0, &(size_t){ 0 }, true);
	cache_set(c, "k3", 2, "3", 1, 0, false, true);
	cache_set(c, "k4", 2, "4", 1, 0, false, true);
}

static void
do_clear(struct cache *c)
{
	cache_clear(c, true);
}

static void
do_repair(struct cache *c)
{
	cache_enter(c, true);
	cache_repair(c, false);
	cache_leave(c);
}

static const struct {
	const char	*name;
	void		(*run)(struct cache *c);
} operations[] = {
	{ "set", do_set }, { "update", do_update }, { "grow", do_grow },
	{ "del", do_del }, { "inc", do_inc }, { "many", do_many },
	{ "clear", do_clear }, { "repair", do_repair },
};

/* The value of a key is one of these, or it is not there. */
static bool
is_one_of(struct cache *c, const char *key, const char *const *values)
{
	char	 room[100];
	size_t	 len;

	if (cache_get(c, key, strlen(key), room, sizeof(room), &len, true) !=
	    CACHE_OK)
		return true;
	for (; *values != NULL; values++) {
		if (len == strlen(*values) && memcmp(room, *values, len) == 0)
			return true;
	}
	return false;
}

/* What may be there after any of the operations, done or not. */
static const char *
contents(struct cache *c)
{
	static const char *const	 a[] = { "old value of a",
		    "new value of a", "new value of a, which takes all of "
		    "the room there is", NULL };
	static const char *const	 b[] = { "b", NULL };
	static const char *const	 new[] = { "new value of new", NULL };
	int64_t				 number;
	size_t				 len;

	if (cache_get(c, "n", 1, &number, 8, &len, true) == CACHE_OK &&
	    (len != 8 || (number != 7 && number != 8)))
		return "a number that nobody has written";
	return is_one_of(c, "a", a) && is_one_of(c, "b", b) &&
	    is_one_of(c, "new", new) ? NULL : "a value that nobody has written";
}

/* A process that dies at that store; false: it did not get so far. */
static bool
die_at(struct cache *c, long step, void (*run)(struct cache *c))
{
	int	 status;
	pid_t	 pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		steps_left = step;
		run(c);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 99;
}

/* One operation, at each of its stores. */
static long
die_everywhere(bool lru, void (*run)(struct cache *c), const char **wrong)
{
	struct cache	*c;
	bool		 died = true;
	long		 step;

	*wrong = NULL;
	for (step = 1; died && *wrong == NULL && step < STEPS_MAX; step++) {
		c = make(lru);
		fill(c);
		died = die_at(c, step, run);
		/* Readers first: they must not see a part. */
		*wrong = contents(c);
		if (*wrong == NULL && cache_set(c, "b", 1, "b", 1, 0, true,
		    true) == CACHE_BUSY)
			*wrong = "the lock is lost";
		if (*wrong == NULL)
			*wrong = cache_whole(c);
		if (*wrong == NULL)
			*wrong = contents(c);
		if (*wrong == NULL && died && c->counters->repairs == 0)
			*wrong = "nobody has repaired it";
		cache_free(c);
	}
	return step - 1;
}

TEST(dying_at_any_store_corrupts_nothing)
{
	const char	*wrong;
	size_t		 i;
	long		 steps;
	int		 lru;

	log_set_level(LOG_LEVEL_ERROR);
	for (lru = 0; lru < 2; lru++) {
		for (i = 0; i < sizeof(operations) / sizeof(*operations);
		    i++) {
			steps = die_everywhere(lru, operations[i].run,
			    &wrong);
			printf("# %s%s: %ld stores\n", operations[i].name,
			    lru ? " (lru)" : "", steps - 1);
			if (wrong != NULL)
				printf("# at store %ld: %s\n", steps, wrong);
			CHECK(wrong == NULL);
			CHECK(steps > 3 && steps < STEPS_MAX - 1);
		}
	}
}

TEST(dying_in_a_repair_is_repaired)
{
	struct cache	*c;
	long		 step;
	int		 n = 0;

	for (step = 1; step < STEPS_MAX; step++) {
		c = make(true);
		fill(c);
		/* Inside an update; then inside the repair of that. */
		CHECK(die_at(c, 8, do_update));
		if (!die_at(c, step, do_del)) {
			cache_free(c);
			break;
		}
		n++;
		CHECK_STR(contents(c), NULL);
		cache_set(c, "b", 1, "b", 1, 0, true, true);
		CHECK_STR(cache_whole(c), NULL);
		CHECK_STR(contents(c), NULL);
		cache_free(c);
	}
	CHECK(n > 200);
}

/* A value that tells whether it is whole: the key, a length, and a pattern. */
static size_t
pattern(char *to, unsigned key, unsigned *rnd)
{
	size_t	 len = 2 + (size_t)rand_r(rnd) % 400, i;

	to[0] = (char)key;
	to[1] = (char)rand_r(rnd);
	for (i = 2; i < len; i++)
		to[i] = (char)(to[0] + to[1] + (char)i + (char)len);
	return len;
}

/* Is it? */
static bool
pattern_is_whole(const char *value, size_t len, unsigned key)
{
	size_t	 i;

	if (len < 2 || value[0] != (char)key)
		return false;
	for (i = 2; i < len; i++) {
		if (value[i] != (char)(value[0] + value[1] + (char)i +
		    (char)len))
			return false;
	}
	return true;
}

/* Writes until it is killed. */
static void
writer(struct cache *c, unsigned rnd)
{
	char		 value[512], key[8];
	unsigned	 k;
	size_t		 len;

	for (;;) {
		k = (unsigned)rand_r(&rnd) % KEYS;
		snprintf(key, sizeof(key), "k%u", k);
		len = pattern(value, k, &rnd);
		if (rand_r(&rnd) % 8 == 0)
			cache_del(c, key, strlen(key), true);
		else
			cache_set(c, key, strlen(key), value, len,
			    rand_r(&rnd) % 4 ? 0 : 2000, true, true);
		if (rand_r(&rnd) % 500 == 0)
			cache_clear(c, true);
		cache_math(c, "count", 5, CACHE_INC, 1, 0, true);
	}
}

/* Reads until it is told; its exit status says whether all was whole. */
static void
reader(struct cache *c, unsigned rnd, const volatile int *stop)
{
	char		 value[512], key[8];
	unsigned	 k;
	size_t		 len;
	int		 seen = 0;

	while (!*stop) {
		k = (unsigned)rand_r(&rnd) % KEYS;
		snprintf(key, sizeof(key), "k%u", k);
		if (cache_get(c, key, strlen(key), value, sizeof(value), &len,
		    true) != CACHE_OK)
			continue;
		seen++;
		if (!pattern_is_whole(value, len, k))
			_exit(1);
	}
	_exit(seen > 0 ? 0 : 2);
}

static pid_t
start_writer(struct cache *c, unsigned seed)
{
	pid_t	 pid = fork();

	if (pid == 0)
		writer(c, seed);
	return pid;
}

TEST(killed_writers_corrupt_nothing)
{
	struct cache_spec	 spec = { .name = (char *)"kill",
	    .items = 20, .blocks = 120, .blocksize = 64, .keysize = 40,
	    .bitmap = true, .lru = true };
	const char		*text = getenv("CACHE_KILLS");
	int			 kills = text != NULL ? atoi(text) : 300, i;
	char			*cause = NULL;
	struct cache		*c = cache_new(&spec, &cause);
	int			*stop, status;
	pid_t			 writers[3], readers[2];
	uint64_t		 repairs = 0;

	REQUIRE(c != NULL);
	log_set_level(LOG_LEVEL_ERROR);
	stop = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED |
	    MAP_ANONYMOUS, -1, 0);
	fflush(stdout);
	for (i = 0; i < 2; i++) {
		readers[i] = fork();
		if (readers[i] == 0)
			reader(c, (unsigned)i, stop);
	}
	for (i = 0; i < 3; i++)
		writers[i] = start_writer(c, (unsigned)i);
	for (i = 0; i < kills; i++) {
		usleep(1000 + (useconds_t)(i * 37 % 2000));
		kill(writers[i % 3], SIGKILL);
		waitpid(writers[i % 3], &status, 0);
		writers[i % 3] = start_writer(c, (unsigned)i + 3);
	}
	for (i = 0; i < 3; i++) {
		kill(writers[i], SIGKILL);
		waitpid(writers[i], &status, 0);
	}
	*stop = 1;
	for (i = 0; i < 2; i++) {
		waitpid(readers[i], &status, 0);
		CHECK_INT(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
	}
	CHECK_INT(cache_set(c, "end", 3, "x", 1, 0, true, true), CACHE_OK);
	repairs = c->counters->repairs;
	printf("# %d kills, %llu of them inside a write\n", kills + 3,
	    (unsigned long long)repairs);
	CHECK(repairs > 0);
	CHECK_STR(cache_whole(c), NULL);
	cache_free(c);
	munmap(stop, 4096);
}
