/* Tests base/uuid.c: the bits of a UUID version 7, their order, forks. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/uuid.h"
#include "test/unit/unit.h"

#define MANY	100000
#define SOME	1000
#define WHEN_US	1645557742000000u	/* of the example in RFC 9562 A.6 */

static char	many[MANY][UUID_TEXT];

/* A part of an id as a number. */
static uint64_t
part(const char *id, size_t at, size_t len)
{
	char	 text[UUID_TEXT + 1] = "";

	memcpy(text, id + at, len);
	return strtoull(text, NULL, 16);
}

/* For qsort. */
static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, UUID_TEXT);
}

/* How many of them are there twice; sorts them. */
static int
count_twice(char ids[][UUID_TEXT], int n)
{
	int	 i, twice = 0;

	qsort(ids, (size_t)n, UUID_TEXT, compare);
	for (i = 1; i < n; i++) {
		if (memcmp(ids[i - 1], ids[i], UUID_TEXT) == 0)
			twice++;
	}
	return twice;
}

/* Is it of hexadecimal digits and four hyphens, of version 7 and variant 2? */
static bool
is_uuid7(const char *id)
{
	size_t	 i;

	for (i = 0; i < UUID_TEXT; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (id[i] != '-')
				return false;
		} else if (id[i] == '\0' ||
		    strchr("0123456789abcdef", id[i]) == NULL)
			return false;
	}
	return id[14] == '7' && strchr("89ab", id[19]) != NULL;
}

TEST(uuid_has_its_time_version_and_variant)
{
	char	 id[UUID_TEXT];

	uuid_make(WHEN_US, id);
	CHECK(is_uuid7(id));
	CHECK_MEM(id, 13, "017f22e2-79b0");
	CHECK_INT(part(id, 15, 3), 0);
	uuid_make(WHEN_US + 500, id);	/* half a millisecond later */
	CHECK_MEM(id, 13, "017f22e2-79b0");
	CHECK_INT(part(id, 15, 3), 2048);
}

TEST(uuid_goes_up_whatever_the_clock_does)
{
	uint64_t	 us = WHEN_US + 1000000;
	int		 i, wrong = 0, down = 0;

	for (i = 0; i < MANY; i++) {
		/* It stands still, and goes back by an hour. */
		if (i % 100 == 0)
			us++;
		if (i == MANY / 2)
			us -= 3600000000u;
		uuid_make(us, many[i]);
		if (!is_uuid7(many[i]))
			wrong++;
		if (i > 0 && memcmp(many[i - 1], many[i], UUID_TEXT) >= 0)
			down++;
	}
	CHECK_INT(wrong, 0);
	CHECK_INT(down, 0);
	CHECK_INT(count_twice(many, MANY), 0);
}

TEST(uuid_is_random_behind_the_time)
{
	int	 bit[62] = { 0 };
	char	 id[UUID_TEXT];
	int	 i, j, poor = 0;

	for (i = 0; i < 4096; i++) {
		uuid_make(WHEN_US, id);
		for (j = 0; j < 62; j++)
			bit[j] += (int)((part(id, 24, 12) |
			    (part(id, 19, 4) & 0x3fff) << 48) >> j & 1);
	}
	/* 2048 of each, with a standard deviation of 32. */
	for (j = 0; j < 62; j++) {
		if (bit[j] < 2048 - 320 || bit[j] > 2048 + 320)
			poor++;
	}
	CHECK_INT(poor, 0);
}

/* A child makes some ids at a time that is past, and tells them. */
static pid_t
fork_and_make(char ids[][UUID_TEXT])
{
	int	 ends[2], i;
	pid_t	 pid;

	if (pipe(ends) == -1)
		return -1;
	pid = fork();
	if (pid == 0) {
		for (i = 0; i < SOME; i++) {
			uuid_make(WHEN_US, ids[i]);
			if (write(ends[1], ids[i], UUID_TEXT) != UUID_TEXT)
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	for (i = 0; i < SOME; i++) {
		if (read(ends[0], ids[i], UUID_TEXT) != UUID_TEXT)
			break;
	}
	close(ends[0]);
	return pid;
}

TEST(uuid_of_a_forked_child_is_another)
{
	char	 id[UUID_TEXT];
	int	 i, status = 1;

	uuid_make(WHEN_US, id);		/* random numbers are there */
	for (i = 0; i < 2; i++) {
		REQUIRE(waitpid(fork_and_make(many + i * SOME), &status, 0) >
		    0);
		CHECK_INT(status, 0);
	}
	for (i = 0; i < SOME; i++)
		uuid_make(WHEN_US, many[2 * SOME + i]);
	/* Times may be the same: it is the random part that differs. */
	CHECK_INT(part(many[0], 0, 8), part(many[SOME], 0, 8));
	for (i = 0; i < 3 * SOME; i++)
		memcpy(many[i], "00000000-0000-0000", 18);
	CHECK_INT(count_twice(many, 3 * SOME), 0);
}
