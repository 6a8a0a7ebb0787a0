/* Tests worker/spool/: packets, names, folders, and what becomes of a task. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/strbuf.h"
#include "base/xmalloc.h"
#include "test/unit/unit.h"
#include "worker/spool/spool_folder.h"
#include "worker/spool/spool_name.h"
#include "worker/spool/spool_packet.h"
#include "worker/spool/spool_task.h"
#include "worker/spool/spool_write.h"

static char			 base[] = "/tmp/wm-spool-XXXXXX";
static struct spool_folder	 folder;
static const struct spool_rules	 rules = { .pause_us = 3600 * 1000000ull };

/* A folder of its own for one test. */
static void
begin(void)
{
	memcpy(base + sizeof(base) - 7, "XXXXXX", 6);
	CHECK(mkdtemp(base) != NULL);
	CHECK_INT(spool_folder_open(&folder, base), 0);
}

/* Runs a command of the shell in the folder. */
static void
sh(const char *command)
{
	char	*line = xasprintf("cd %s && %s", base, command);

	CHECK_INT(system(line), 0);
	free(line);
}

/* Removes it. */
static void
end(void)
{
	spool_folder_close(&folder);
	sh("rm -rf $PWD");
}

/* A packet with one variable. */
static struct strbuf
packet_of(const char *key, const char *value)
{
	struct strbuf	 packet = STRBUF_INIT;

	spool_packet_begin(&packet);
	CHECK_INT(spool_packet_add(&packet, key, strlen(key), value,
	    strlen(value)), 0);
	return packet;
}

/* Spools one; its place below the folder, which the caller frees. */
static char *
put(const char *value, int priority, uint64_t at_us, const char *body)
{
	struct strbuf		 packet = packet_of("v", value);
	struct spool_order	 order = { .folder = base,
	    .priority = priority, .at_us = at_us, .packet = packet.buf,
	    .packet_len = packet.len, .body = body,
	    .body_len = body == NULL ? 0 : strlen(body) };
	char			*path = NULL, *place;

	CHECK_INT(spool_write(&order, &path), 0);
	strbuf_done(&packet);
	if (path == NULL)
		return xstrdup("nothing");
	place = xstrdup(path + strlen(base) + 1);
	free(path);
	return place;
}

/* A task's time is past, two hours ago; and its tries', if it has any, one. */
static void
make_due(const char *place)
{
	char	*command = xasprintf("touch -d '2 hours ago' %s && "
	    "find .tries -type f -exec touch -d '1 hour ago' {} +", place);

	sh(command);
	free(command);
}

/* How many entries of the folder begin so. */
static int
count_of(const char *prefix)
{
	DIR		*dir = opendir(base);
	struct dirent	*entry;
	int		 n = 0;

	while ((entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
			n++;
	}
	closedir(dir);
	return n;
}

/* Tries to take one; what it said is thrown away. */
static enum spool_take
take(struct spool_task *task, const char *place)
{
	char			*why = NULL;
	enum spool_take		 took;

	took = spool_task_take(task, &folder, place, &rules, &why);
	CHECK((why != NULL) == (took >= SPOOL_TAKE_FAILED));
	free(why);
	return took;
}

TEST(a_packet_is_uwsgis)
{
	struct strbuf		 sb = packet_of("hello", "world");
	struct spool_packet	 packet;
	struct spool_var	 var;
	size_t			 at = 0;

	CHECK_INT(sb.len, 18);
	CHECK_INT(memcmp(sb.buf, "\x11\x0e\0\0\5\0hello\5\0world", 18), 0);
	strbuf_add(&sb, "body", 4);
	CHECK_STR(spool_packet_parse(&packet, sb.buf, sb.len), NULL);
	CHECK_MEM(packet.body, packet.body_len, "body");
	REQUIRE(spool_packet_next(&packet, &at, &var));
	CHECK_MEM(var.key, var.key_len, "hello");
	CHECK_MEM(var.value, var.value_len, "world");
	CHECK(!spool_packet_next(&packet, &at, &var));
	strbuf_done(&sb);
}

TEST(what_is_cut_anywhere_is_no_packet)
{
	struct strbuf		 sb = packet_of("hello", "world");
	struct spool_packet	 packet;
	size_t			 len;

	for (len = 0; len < sb.len; len++)
		CHECK(spool_packet_parse(&packet, sb.buf, len) != NULL);
	CHECK(spool_packet_parse(&packet, "\x11\5\0\0\3\0abc", 9) != NULL);
	CHECK(spool_packet_parse(&packet, "\x11\4\0\0\0\0\0\0", 8) != NULL);
	CHECK(spool_packet_parse(&packet, "\0\0\0\0", 4) != NULL);
	CHECK_STR(spool_packet_parse(&packet, "\x11\0\0\0", 4), NULL);
	strbuf_done(&sb);
}

TEST(a_packet_has_a_limit)
{
	struct strbuf		 sb = STRBUF_INIT;
	struct spool_packet	 packet;
	static char		 text[SPOOL_VARS_MAX];

	spool_packet_begin(&sb);
	CHECK_INT(spool_packet_add(&sb, "", 0, "x", 1), -1);
	CHECK_INT(spool_packet_add(&sb, "k", 1, text, SPOOL_VARS_MAX - 4), -1);
	CHECK_INT(spool_packet_add(&sb, "k", 1, text, SPOOL_VARS_MAX - 5), 0);
	CHECK_INT(spool_packet_add(&sb, "k", 1, text, 0), -1);
	CHECK_INT(sb.len, SPOOL_VARS_MAX + SPOOL_HEADER);
	CHECK_STR(spool_packet_parse(&packet, sb.buf, sb.len), NULL);
	strbuf_done(&sb);
}

TEST(names_sort_by_time_and_priority)
{
	struct spool_name	 parts = { .us = 999, .count = 7, .pid = 1,
	    .host = "a/../b c" };
	char			 one[SPOOL_NAME_MAX], two[SPOOL_NAME_MAX];

	spool_name_make(one, &parts);
	parts.us = 1000, parts.count = 1;
	spool_name_make(two, &parts);
	CHECK(spool_name_is_task(one));
	CHECK(strchr(one, '/') == NULL);
	CHECK(spool_name_compare(-1, one, -1, two) < 0);
	parts.count = 2;
	spool_name_make(one, &parts);
	CHECK(spool_name_compare(-1, one, -1, two) > 0);
	CHECK(spool_name_compare(-1, one, 999999999, two) > 0);
	CHECK(spool_name_compare(0, one, -1, two) < 0);
	CHECK(spool_name_compare(9, one, 10, one) < 0);
	CHECK_INT(spool_name_priority("007", 3), 7);
	CHECK_INT(spool_name_priority("1234567890", 10), -1);
	CHECK_INT(spool_name_priority("..", 2), -1);
	CHECK_INT(spool_name_priority("", 0), -1);
	CHECK(!spool_name_is_task(".new-uwsgi_spoolfile_on_x"));
}

TEST(a_task_is_written_taken_and_done)
{
	struct spool_task	 task;
	struct stat		 st;
	char			*place, *path;

	begin();
	place = put("1", SPOOL_PRIORITY_NONE, 0, "the body");
	path = xasprintf("%s/%s", base, place);
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	CHECK_INT(count_of(SPOOL_NEW), 0);
	REQUIRE(take(&task, place) == SPOOL_TAKE_DONE);
	CHECK_MEM(task.packet.body, task.packet.body_len, "the body");
	CHECK_INT(task.tries, 1);
	CHECK_INT(spool_task_done(&task), 0);
	CHECK_INT(stat(path, &st), -1);
	CHECK_INT(take(&task, place), SPOOL_TAKE_NOT_NOW);
	free(path);
	free(place);
	end();
}

TEST(what_is_due_comes_in_order)
{
	static const int	 wanted[] = { 2, 10, 10, -1, -1 };
	struct spool_list	 list = { NULL, 0, false, 0, 0 };
	uint64_t		 later = clock_real_us() + 3600 * 1000000ull;
	size_t			 i;

	begin();
	free(put("a", SPOOL_PRIORITY_NONE, 0, NULL));
	free(put("b", SPOOL_PRIORITY_NONE, 1000000, NULL));
	free(put("c", 10, 0, NULL));
	free(put("d", 10, 0, NULL));
	free(put("e", 2, 0, NULL));
	free(put("f", 2, later + 1000, NULL));
	free(put("g", SPOOL_PRIORITY_NONE, later, NULL));
	sh("mkdir x 99 && touch other x/uwsgi_spoolfile_on_x .new-a && "
	    "ln -s x 5");
	CHECK_INT(spool_folder_scan(&folder, &list), 0);
	REQUIRE(list.count == 5);
	for (i = 0; i < list.count; i++) {
		CHECK_INT(list.items[i].priority, wanted[i]);
		CHECK(i == 0 || wanted[i] != wanted[i - 1] ||
		    strcmp(list.items[i - 1].name, list.items[i].name) < 0);
	}
	CHECK_INT(list.waiting, 2);
	CHECK_INT(list.next_us, later);
	spool_list_done(&list);
	end();
}

TEST(a_locked_task_is_anothers)
{
	struct spool_task	 task, again;
	char			*place;
	int			 status;
	pid_t			 pid;

	begin();
	place = put("1", 3, 0, NULL);
	REQUIRE(take(&task, place) == SPOOL_TAKE_DONE);
	CHECK_INT(take(&again, place), SPOOL_TAKE_NOT_NOW);
	pid = fork();
	if (pid == 0) {
		fd_close(&task.fd);
		_exit(take(&again, place) == SPOOL_TAKE_NOT_NOW ? 0 : 1);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	CHECK_INT(spool_task_again(&task, &rules), 0);
	CHECK_INT(take(&task, place), SPOOL_TAKE_NOT_NOW);
	make_due(place);
	CHECK_INT(take(&task, place), SPOOL_TAKE_DONE);
	/* Its own wish is no failure. */
	CHECK_INT(task.tries, 1);
	CHECK_INT(spool_task_done(&task), 0);
	free(place);
	end();
}

/* Takes it in a process that is killed then. */
static void
take_and_die(const char *place)
{
	struct spool_task	 task;
	pid_t			 pid = fork();

	if (pid == 0) {
		if (take(&task, place) == SPOOL_TAKE_DONE)
			raise(SIGKILL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
}

/* Files' times move in ticks. */
static void
wait_a_tick(void)
{
	usleep(20 * 1000);
}

TEST(a_task_that_kills_waits_and_is_put_away)
{
	const struct spool_rules hard = { .max_tries = 3,
	    .pause_us = 3600 * 1000000ull };
	struct spool_task	 task;
	char			*place, *why = NULL, *path;
	struct stat		 st;

	begin();
	place = put("1", SPOOL_PRIORITY_NONE, 0, NULL);
	take_and_die(place);
	/* The first death costs nothing, the second one a second. */
	wait_a_tick();
	take_and_die(place);
	sh("touch -d 'next hour' .tries/*");
	CHECK_INT(spool_task_take(&task, &folder, place, &hard, &why),
	    SPOOL_TAKE_SOON);
	make_due(place);
	REQUIRE(spool_task_take(&task, &folder, place, &hard, &why) ==
	    SPOOL_TAKE_DONE);
	CHECK_INT(task.tries, 3);
	CHECK_INT(spool_task_fail(&task, &hard), 1);
	path = xasprintf("%s/failed/%s", base, place);
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(take(&task, place), SPOOL_TAKE_NOT_NOW);
	free(path);
	free(place);
	sh("test -z \"$(ls .tries)\"");
	end();
}

TEST(one_whose_last_try_was_its_death_is_put_away)
{
	const struct spool_rules hard = { .max_tries = 1, .pause_us = 1000 };
	struct spool_task	 task;
	char			*place, *why = NULL;

	begin();
	place = put("1", 4, 0, NULL);
	take_and_die(place);
	wait_a_tick();
	CHECK_INT(spool_task_take(&task, &folder, place, &hard, &why),
	    SPOOL_TAKE_FAILED);
	CHECK(why != NULL && strstr(why, "tried 1 time") != NULL);
	free(why);
	free(place);
	sh("test -f failed/uwsgi_spoolfile_on_*");
	end();
}

TEST(a_failure_is_counted_and_waits)
{
	struct spool_task	 task;
	char			*place;

	begin();
	place = put("1", SPOOL_PRIORITY_NONE, 0, NULL);
	REQUIRE(take(&task, place) == SPOOL_TAKE_DONE);
	CHECK_INT(spool_task_fail(&task, &rules), 0);
	CHECK_INT(take(&task, place), SPOOL_TAKE_NOT_NOW);
	make_due(place);
	REQUIRE(take(&task, place) == SPOOL_TAKE_DONE);
	CHECK_INT(task.tries, 2);
	CHECK_INT(spool_task_ignore(&task), 0);
	REQUIRE(take(&task, place) == SPOOL_TAKE_DONE);
	CHECK_INT(spool_task_done(&task), 0);
	free(place);
	end();
}

TEST(links_pipes_and_what_others_may_write_are_refused)
{
	struct spool_task	 task;
	char			*place, *command;

	begin();
	place = put("1", SPOOL_PRIORITY_NONE, 0, NULL);
	command = xasprintf("ln -s %s uwsgi_spoolfile_on_link && "
	    "mkfifo uwsgi_spoolfile_on_pipe && "
	    "mkdir uwsgi_spoolfile_on_folder && "
	    "cp %s uwsgi_spoolfile_on_open && "
	    "chmod 666 uwsgi_spoolfile_on_open", place, place);
	sh(command);
	CHECK_INT(take(&task, "uwsgi_spoolfile_on_link"),
	    SPOOL_TAKE_REFUSED);
	CHECK_INT(take(&task, "uwsgi_spoolfile_on_pipe"),
	    SPOOL_TAKE_REFUSED);
	CHECK_INT(take(&task, "uwsgi_spoolfile_on_folder"),
	    SPOOL_TAKE_REFUSED);
	CHECK_INT(take(&task, "uwsgi_spoolfile_on_open"),
	    SPOOL_TAKE_REFUSED);
	if (geteuid() == 0) {
		sh("chown 1:1 uwsgi_spoolfile_on_1*");
		CHECK_INT(take(&task, place), SPOOL_TAKE_REFUSED);
	}
	free(command);
	free(place);
	end();
}

TEST(what_is_damaged_is_put_away_when_nobody_writes_it)
{
	struct spool_task	 task;

	begin();
	sh("printf '\\021\\100\\0\\0abc' >uwsgi_spoolfile_on_half && "
	    "touch -d '1 hour ago' uwsgi_spoolfile_on_half");
	/* Just written, perhaps by uWSGI. */
	CHECK_INT(take(&task, "uwsgi_spoolfile_on_half"), SPOOL_TAKE_SOON);
	CHECK_INT(count_of("uwsgi_spoolfile_on_half"), 1);
	end();
}

TEST(a_full_disk_leaves_nothing)
{
	static char		 body[100000];
	struct strbuf		 packet = packet_of("v", "1");
	struct spool_order	 order = { .folder = base, .priority = 8,
	    .packet = packet.buf, .packet_len = packet.len, .body = body,
	    .body_len = sizeof(body) };
	struct rlimit		 old, limit;
	char			*path = NULL;

	begin();
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = old;
	limit.rlim_cur = 50000;
	setrlimit(RLIMIT_FSIZE, &limit);
	errno = 0;
	CHECK_INT(spool_write(&order, &path), -1);
	CHECK_INT(errno, EFBIG);
	setrlimit(RLIMIT_FSIZE, &old);
	sh("test -z \"$(ls -A 8)\"");
	strbuf_done(&packet);
	end();
}

TEST(folders_of_others_are_refused)
{
	char	*cause = NULL, *path, *full;

	begin();
	path = xasprintf("%s/new", base);
	full = spool_folder_make(path, true, &cause);
	CHECK(full != NULL);
	sh("test $(stat -c %a new) = 700");
	free(full);
	sh("chmod 777 new");
	CHECK(spool_folder_make(path, true, &cause) == NULL);
	CHECK(strstr(cause, "everybody may write there") != NULL);
	free(cause);
	sh("rmdir new && touch new");
	CHECK(spool_folder_make(path, true, &cause) == NULL);
	CHECK(strstr(cause, "not a folder") != NULL);
	free(cause);
	if (geteuid() == 0) {
		sh("rm new && mkdir new && chown 1 new");
		CHECK(spool_folder_make(path, true, &cause) == NULL);
		free(cause);
		full = spool_folder_make(path, false, &cause);
		CHECK(full != NULL);
		free(full);
	}
	free(path);
	end();
}

TEST(leftovers_are_cleaned_and_nothing_else)
{
	char	*place;

	begin();
	place = put("1", 2, 0, NULL);
	take_and_die(place);
	sh("touch .new-now .tries/uwsgi_spoolfile_on_gone 2/.new-now && "
	    "touch -d '2 hours ago' .new-old");
	spool_folder_clean(&folder);
	/* Its change is new, whatever its time says. */
	CHECK_INT(count_of(SPOOL_NEW), 2);
	sh("test \"$(ls .tries)\" = \"$(basename 2/uwsgi*)\" && "
	    "test -e 2/.new-now");
	free(place);
	end();
}

TEST(more_than_a_list_holds)
{
	struct spool_list	 list = { NULL, 0, false, 0, 0 };

	begin();
	sh("seq -f uwsgi_spoolfile_on_%05g 1 20500 | xargs touch -d "
	    "2000-01-01");
	CHECK_INT(spool_folder_scan(&folder, &list), 0);
	CHECK_INT(list.count, SPOOL_LIST_MAX);
	CHECK(list.cut);
	CHECK_STR(list.items[0].name, "uwsgi_spoolfile_on_00001");
	CHECK_STR(list.items[SPOOL_LIST_MAX - 1].name,
	    "uwsgi_spoolfile_on_10000");
	spool_list_done(&list);
	end();
}
