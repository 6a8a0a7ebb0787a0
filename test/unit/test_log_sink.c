/* Tests base/log_sink.c: what a place may be called, and readers that stop. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_place.h"
#include "base/log_sink.h"
#include "test/unit/unit.h"

/* Is it a place, and if not, does the message have this? */
static bool
is_wrong(const char *spec, const char *why)
{
	char	*cause;
	bool	 wrong = !log_place_check(spec, &cause);

	if (!wrong)
		return false;
	if (strstr(cause, why) == NULL)
		printf("# %s\n", cause);
	wrong = strstr(cause, why) != NULL;
	free(cause);
	return wrong;
}

/* May it be said? */
static bool
is_right(const char *spec)
{
	char	*cause = NULL;
	bool	 right = log_place_check(spec, &cause);

	free(cause);
	return right;
}

TEST(log_sink_names)
{
	CHECK(is_right("stderr"));
	CHECK(is_right("stdout"));
	CHECK(is_right("file:/var/log/a.log"));
	CHECK(is_right("file:relative"));
	CHECK(is_right("syslog"));
	CHECK(is_right("syslog:shop"));
	CHECK(is_right("syslog:shop,local3"));
	CHECK(is_right("syslog:shop,local3,/run/log"));
	CHECK(is_right("systemd"));
	CHECK(is_right("systemd:shop"));
	CHECK(is_wrong("", "none of"));
	CHECK(is_wrong("mongodb:x", "none of"));
	CHECK(is_wrong("file", "file:/PATH"));
	CHECK(is_wrong("file:", "file:/PATH"));
	CHECK(is_wrong("stderr:x", "is not stderr"));
	CHECK(is_wrong("syslog:shop,nowhere", "syslog:IDENT,FACILITY"));
	CHECK(is_wrong("syslog:a b", "syslog:IDENT,FACILITY"));
	CHECK(is_wrong("systemd:shop,local3", "systemd:IDENT"));
}

/* A target that is the writing end of a pipe or a socket. */
static void
target_on(struct log_target *target, int fd)
{
	log_target_init(target);
	target->fd = -1;
	log_target_take(target, fd);
	close(fd);
}

/* Reads all there is. */
static size_t
drain(int fd)
{
	char	 buf[65536];
	ssize_t	 n;
	size_t	 sum = 0;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		sum += (size_t)n;
	return sum;
}

TEST(log_sink_waits_for_a_stuck_pipe_only_so_long)
{
	static char		 line[1000];
	struct log_target	 target;
	uint64_t		 start, longest = 0, all;
	int			 ends[2], i, lost = 0;

	REQUIRE(pipe(ends) == 0);
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	target_on(&target, ends[1]);
	CHECK(target.kind != LOG_TARGET_BLOCKS);
	memset(line, 'x', sizeof(line));
	alarm(60);
	all = clock_mono_us();
	for (i = 0; i < 1000; i++) {
		start = clock_mono_us();
		if (log_target_put(&target, line, sizeof(line)) == -1)
			lost++;
		if (clock_mono_us() - start > longest)
			longest = clock_mono_us() - start;
	}
	all = clock_mono_us() - all;
	alarm(0);
	CHECK(lost > 900);
	/* Once for all of them, with room for a busy machine. */
	CHECK(longest < 10 * LOG_PATIENCE_US);
	CHECK(all < 20 * LOG_PATIENCE_US);
	CHECK(drain(ends[0]) >= (size_t)(1000 - lost) * sizeof(line));
	CHECK_INT(log_target_put(&target, line, sizeof(line)), 0);
	CHECK_INT(drain(ends[0]), sizeof(line));
	log_target_done(&target);
	close(ends[0]);
}

TEST(log_sink_leaves_the_pipe_of_others_blocking)
{
	struct log_target	 target;
	int			 ends[2], copy;

	REQUIRE(pipe(ends) == 0);
	copy = dup(ends[1]);
	target_on(&target, ends[1]);
	CHECK_INT(fcntl(copy, F_GETFL) & O_NONBLOCK, 0);
	CHECK_INT(log_target_put(&target, "a\n", 2), 0);
	log_target_done(&target);
	close(copy);
	close(ends[0]);
}

TEST(log_sink_does_not_block_on_a_socket)
{
	static char		 line[10000];
	struct log_target	 target;
	int			 ends[2], i, lost = 0;

	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	target_on(&target, ends[1]);
	CHECK_INT(target.kind, LOG_TARGET_SOCKET);
	alarm(60);
	for (i = 0; i < 1000; i++) {
		if (log_target_put(&target, line, sizeof(line)) == -1)
			lost++;
	}
	alarm(0);
	CHECK(lost > 0);
	close(ends[0]);
	/* Nobody is there any more: no signal, only an error. */
	CHECK_INT(log_target_put(&target, line, sizeof(line)), -1);
	log_target_done(&target);
}
