/* Unit tests of the configuration: sources, values, errors, printing. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/strbuf.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/config_print.h"
#include "config/option_table.h"
#include "test/unit/unit.h"

#define ARGS_MAX	24
#define PATH_TEMPLATE	"/tmp/wm_test_config_XXXXXX"

/* Loads from a command line written as one text, words split at blanks. */
static int
load(struct config *cfg, enum config_action *action, char **cause,
    const char *line)
{
	char *copy = xstrdup(line), *rest = copy, *word;
	char *argv[ARGS_MAX + 1] = { "wsgimaster" };
	int argc = 1, result;

	while (argc < ARGS_MAX && (word = strsep(&rest, " ")) != NULL)
		argv[argc++] = word;
	if (line[0] == '\0')
		argc = 1;
	result = config_load(cfg, argc, argv, action, cause);
	free(copy);
	return result;
}

/* Loads options with an app beside them. */
static int
load_app(struct config *cfg, char **cause, const char *line)
{
	enum config_action action;
	char *with = xasprintf("-w app %s", line);
	int result = load(cfg, &action, cause, with);

	free(with);
	return result;
}

/* Writes a JSON file; the caller frees the path and removes the file. */
static char *
json_file(const char *text)
{
	char *path = xstrdup(PATH_TEMPLATE);
	int fd = mkstemp(path);

	if (fd == -1 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fatal("%s", path);
	close(fd);
	return path;
}

/* Loads one JSON text, and what else stands on the command line. */
static int
load_json(struct config *cfg, char **cause, const char *text,
    const char *more)
{
	enum config_action action;
	char *path = json_file(text);
	char *line = xasprintf("-c %s --no-need-app%s", path, more);
	int result = load(cfg, &action, cause, line);

	unlink(path);
	free(line);
	free(path);
	return result;
}

/* Does this JSON text fail with this message after the file's name? */
static void
check_json_error(const char *text, const char *message)
{
	struct config cfg;
	char *cause;

	CHECK_INT(load_json(&cfg, &cause, text, ""), -1);
	CHECK_STR(cause == NULL ? NULL : cause + strlen(PATH_TEMPLATE),
	    message);
	free(cause);
	config_done(&cfg);
}

/* Does this command line fail with this message? */
static void
check_cli_error(const char *line, const char *message)
{
	struct config cfg;
	char *cause;

	CHECK_INT(load_app(&cfg, &cause, line), -1);
	CHECK_STR(cause, message);
	free(cause);
	config_done(&cfg);
}

TEST(config_has_the_documented_defaults)
{
	struct config cfg;
	enum config_action action;
	char *cause;

	REQUIRE(load(&cfg, &action, &cause, "-w app") == 0);
	CHECK_INT(action, CONFIG_RUN);
	CHECK_STR(cause, NULL);
	CHECK_INT(cfg.processes, 1);
	CHECK(cfg.master && cfg.need_app && cfg.vacuum && !cfg.lazy_apps);
	CHECK_INT(cfg.listen, 100);
	CHECK_INT(cfg.limit_request_line, 8190);
	CHECK_INT(cfg.limit_request_fields, 100);
	CHECK_INT(cfg.buffer_size, 32768);
	CHECK(cfg.keepalive_timeout == 65 && cfg.queue_timeout == 30);
	CHECK(cfg.header_timeout == 15 && cfg.write_timeout == 60);
	CHECK_STR(cfg.callable, "application");
	CHECK_STR(cfg.chdir, NULL);
	CHECK_INT(cfg.log_level, LOG_LEVEL_INFO);
	CHECK_INT(cfg.http_socket.count, 0);
	CHECK_INT(config_cores(&cfg), 1);
	CHECK_INT(config_queue_size(&cfg), 1);
	config_done(&cfg);
	config_done(&cfg);
}

TEST(the_command_line_sets_every_type)
{
	struct config cfg;
	char *cause;

	REQUIRE(load_app(&cfg, &cause, "-p4 --async=10 --greenlet "
	    "--limit-post 2m --buffer-size=64K --queue-timeout 1.5 "
	    "--log-level debug --http-socket :1 --http-socket [::1]:2 "
	    "--no-vacuum --lazy-apps=true --chdir /tmp --env A=b=c") == 0);
	CHECK_INT(cfg.processes, 4);
	CHECK_INT(cfg.processes_at_start, 4);
	CHECK_INT(cfg.async, 10);
	CHECK_INT(config_cores(&cfg), 10);
	CHECK_INT(config_queue_size(&cfg), 10);
	CHECK(cfg.greenlet && cfg.lazy_apps && !cfg.vacuum);
	CHECK_INT(cfg.limit_post, 2 * 1024 * 1024);
	CHECK_INT(cfg.buffer_size, 64 * 1024);
	CHECK(cfg.queue_timeout == 1.5);
	CHECK_INT(cfg.log_level, LOG_LEVEL_DEBUG);
	REQUIRE(cfg.http_socket.count == 2);
	CHECK_STR(cfg.http_socket.items[1], "[::1]:2");
	CHECK_STR(cfg.chdir, "/tmp");
	REQUIRE(cfg.env.count == 1);
	CHECK_STR(cfg.env.items[0], "A=b=c");
	config_done(&cfg);
}

TEST(uwsgis_short_and_other_names_work)
{
	struct config cfg;
	enum config_action action;
	char *cause;

	REQUIRE(load(&cfg, &action, &cause, "--wsgi a:b --workers 3 -H /venv "
	    "--pp x --pp y --reload-mercy 5 --http-keepalive 7") == 0);
	CHECK_STR(cfg.module, "a:b");
	CHECK_INT(cfg.processes, 3);
	CHECK_STR(cfg.home, "/venv");
	CHECK_INT(cfg.pythonpath.count, 2);
	CHECK(cfg.worker_reload_mercy == 5 && cfg.keepalive_timeout == 7);
	config_done(&cfg);
}

TEST(chmod_socket_needs_no_value)
{
	struct config cfg;
	char *cause;

	REQUIRE(load_app(&cfg, &cause, "--chmod-socket --lazy-apps") == 0);
	CHECK_STR(cfg.chmod_socket, "666");
	CHECK(cfg.lazy_apps);
	config_done(&cfg);
	REQUIRE(load_app(&cfg, &cause, "--chmod-socket=0660") == 0);
	CHECK_STR(cfg.chmod_socket, "0660");
	config_done(&cfg);
	REQUIRE(load_app(&cfg, &cause, "--chmod-socket 600 -p 2") == 0);
	CHECK_STR(cfg.chmod_socket, "600");
	CHECK_INT(cfg.processes, 2);
	config_done(&cfg);
	check_cli_error("--chmod-socket=888", "command line: --chmod-socket "
	    "must be an octal mode up to \"777\", like \"660\", not \"888\"");
	check_cli_error("--chmod-socket=1777", "command line: --chmod-socket "
	    "must be an octal mode up to \"777\", like \"660\", not \"1777\"");
}

TEST(a_value_may_begin_with_a_dash_where_text_is_free)
{
	struct config cfg;
	char *cause;

	REQUIRE(load_app(&cfg, &cause, "--pyargv --foo") == 0);
	CHECK_STR(cfg.pyargv, "--foo");
	config_done(&cfg);
	check_cli_error("--chdir --lazy-apps", "command line: --chdir needs a "
	    "value: text that is not empty");
	check_cli_error("-p", "command line: -p needs a value: an integer "
	    "from 1 to 1024");
}

TEST(letters_are_those_of_uwsgi_and_flags_join)
{
	struct config cfg;
	char *cause;

	REQUIRE(load_app(&cfg, &cause, "-MTiLp3 -s :0 -l 64 -t 30 -z4 -b 8192 "
	    "-C -L") == 0);
	CHECK_INT(cfg.processes, 3);
	CHECK(cfg.disable_logging);
	CHECK_INT(cfg.listen, 64);
	CHECK(cfg.harakiri == 30 && cfg.socket_timeout == 4);
	CHECK_INT(cfg.buffer_size, 8192);
	CHECK_STR(cfg.chmod_socket, "666");
	CHECK_INT(cfg.uwsgi_socket.count, 1);
	config_done(&cfg);
	check_cli_error("-Mp0", "command line: -p must be an integer from 1 "
	    "to 1024, not \"0\"");
	check_cli_error("-MY", "command line: unknown option -Y");
}

TEST(the_command_line_refuses_what_it_does_not_know)
{
	check_cli_error("--proceses 4", "command line: unknown option "
	    "--proceses; did you mean --processes?\n"
	    "command line: unexpected argument \"4\"");
	check_cli_error("--gone :80", "command line: unknown option --gone; "
	    "did you mean --client-gone?\n"
	    "command line: unexpected argument \":80\"");
	check_cli_error("--zzzzzzzz", "command line: unknown option "
	    "--zzzzzzzz");
	check_cli_error("--no-processes", "command line: unknown option "
	    "--no-processes; did you mean --processes?");
	check_cli_error("-q", "command line: unknown option -q");
	check_cli_error("app.py", "command line: unexpected argument "
	    "\"app.py\"; did you mean --wsgi-file?");
	check_cli_error("--check=1", "command line: --check takes no value");
}

TEST(bad_values_on_the_command_line_are_named)
{
	check_cli_error("-p 0", "command line: -p must be an integer from 1 "
	    "to 1024, not \"0\"");
	check_cli_error("--processes 4x", "command line: --processes must be "
	    "an integer from 1 to 1024, not \"4x\"");
	check_cli_error("--workers=", "command line: --workers must be an "
	    "integer from 1 to 1024, not \"\"");
	check_cli_error("--limit-post 99999999999999g", "command line: "
	    "--limit-post must be a number of bytes of at least 0, not "
	    "\"99999999999999g\"");
	check_cli_error("--limit-post -1", "command line: --limit-post must "
	    "be a number of bytes of at least 0, not \"-1\"");
	check_cli_error("--queue-timeout nan", "command line: --queue-timeout "
	    "must be a number of seconds from 0.01 to 86400, not \"nan\"");
	check_cli_error("--queue-timeout 0x10", "command line: "
	    "--queue-timeout must be a number of seconds from 0.01 to 86400, "
	    "not \"0x10\"");
	check_cli_error("--lazy-apps=maybe", "command line: --lazy-apps must "
	    "be true or false, not \"maybe\"");
	check_cli_error("--log-encoder xml", "command line: --log-encoder "
	    "must be \"text\" or \"json\", not \"xml\"");
	check_cli_error("--env =x", "command line: --env must be "
	    "\"NAME=value\", not \"=x\"");
	check_cli_error("--chown-socket a:", "command line: --chown-socket "
	    "must be \"user\" or \"user:group\", not \"a:\"");
}

TEST(a_file_sets_every_type)
{
	struct config cfg;
	char *cause;

	REQUIRE(load_json(&cfg, &cause, "{\"$schema\": \"x\", "
	    "\"http-socket\": [\":1\", \":2\"], \"pythonpath\": \"lib\", "
	    "\"processes\": 2, \"buffer-size\": 4096, \"limit-post\": \"1k\", "
	    "\"header-timeout\": 0.5, \"body-timeout\": 3.0, "
	    "\"listen\": 50.0, \"lazy-apps\": true, \"log-encoder\": \"json\", "
	    "\"env\": {\"A\": \"b\", \"C\": \"\"}, \"chdir\": null, "
	    "\"mount\": {\"/app\": \"mod:callable\"}}", "") == 0);
	CHECK_INT(cfg.http_socket.count, 2);
	CHECK_INT(cfg.pythonpath.count, 1);
	CHECK_INT(cfg.processes, 2);
	CHECK_INT(cfg.buffer_size, 4096);
	CHECK_INT(cfg.limit_post, 1024);
	CHECK(cfg.header_timeout == 0.5 && cfg.body_timeout == 3);
	CHECK_INT(cfg.listen, 50);
	CHECK(cfg.lazy_apps);
	CHECK_INT(cfg.log_encoder, LOG_ENCODER_JSON);
	REQUIRE(cfg.env.count == 2 && cfg.mount.count == 1);
	CHECK_STR(cfg.env.items[0], "A=b");
	CHECK_STR(cfg.env.items[1], "C=");
	CHECK_STR(cfg.mount.items[0], "/app=mod:callable");
	CHECK_STR(cfg.chdir, NULL);
	config_done(&cfg);
}

TEST(the_options_may_stand_under_a_top_key)
{
	struct config cfg;
	char *cause;

	REQUIRE(load_json(&cfg, &cause, "{\"wsgimaster\": {\"processes\": 3}, "
	    "\"uwsgi\": {\"processes\": 9}}", "") == 0);
	CHECK_INT(cfg.processes, 3);
	config_done(&cfg);
	check_json_error("{\"wsgimaster\": {\"processes\": \"3\"}}",
	    ": \"processes\" must be an integer from 1 to 1024, not the "
	    "string \"3\"");
	check_json_error("{\"uwsgi\": {}, \"processes\": 2}",
	    ": \"processes\" stands beside \"uwsgi\"; options must stand "
	    "inside it");
	check_json_error("{\"uwsgi\": []}", ": \"uwsgi\" must be an object "
	    "with the options");
}

TEST(uwsgis_files_may_write_everything_as_text)
{
	struct config cfg;
	char *cause;

	REQUIRE(load_json(&cfg, &cause, "{\"uwsgi\": {\"processes\": \"3\", "
	    "\"master\": \"true\", \"lazy-apps\": 1, \"vacuum\": \"0\", "
	    "\"socket-timeout\": \"2.5\", \"chmod-socket\": 664, "
	    "\"http-socket\": 9090, \"env\": [\"A=b\"]}}", "") == 0);
	CHECK_INT(cfg.processes, 3);
	CHECK(cfg.lazy_apps && !cfg.vacuum);
	CHECK(cfg.socket_timeout == 2.5);
	CHECK_STR(cfg.chmod_socket, "664");
	REQUIRE(cfg.http_socket.count == 1);
	CHECK_STR(cfg.http_socket.items[0], "9090");
	config_done(&cfg);
	REQUIRE(load_json(&cfg, &cause, "{\"uwsgi\": {\"chmod-socket\": true}}",
	    "") == 0);
	CHECK_STR(cfg.chmod_socket, "666");
	config_done(&cfg);
}

TEST(errors_in_files_name_file_key_and_value)
{
	check_json_error("{\"proceses\": 1}", ": unknown option \"proceses\"; "
	    "did you mean \"processes\"?");
	check_json_error("{\"processes\": 1.5}", ": \"processes\" must be an "
	    "integer from 1 to 1024, not the number 1.5");
	check_json_error("{\"processes\": null}", ": \"processes\" must be an "
	    "integer from 1 to 1024, not null");
	check_json_error("{\"processes\": 2000}", ": \"processes\" must be an "
	    "integer from 1 to 1024, not the number 2000");
	check_json_error("{\"lazy-apps\": 1}", ": \"lazy-apps\" must be true "
	    "or false, not the number 1");
	check_json_error("{\"chdir\": true}", ": \"chdir\" must be text that "
	    "is not empty, not true");
	check_json_error("{\"http-socket\": {}}", ": \"http-socket\" must be "
	    "text that is not empty, not an object");
	check_json_error("{\"http-socket\": [\":1\", []]}", ": "
	    "\"http-socket\" must be text that is not empty, not a list");
	check_json_error("{\"log-level\": 1}", ": \"log-level\" must be "
	    "\"debug\", \"info\", \"warn\" or \"error\", not the number 1");
	check_json_error("{\"env\": {\"A\": 1}}", ": \"env\" must map \"A\" "
	    "to text, not to the number 1");
	check_json_error("{\"mount\": {\"app\": \"x\"}}", ": \"mount\" must "
	    "be \"/prefix=module:callable\" or \"/prefix=file.py\", not "
	    "\"app=x\"");
	check_json_error("{\"config\": \"x\"}", ": \"config\" can only be "
	    "given on the command line");
	check_json_error("{\"module\": \"a\", \"wsgi\": \"b\"}", ": "
	    "\"module\" and \"wsgi\" are the same option; give one of them");
}

TEST(files_that_are_no_json_are_refused_with_the_place)
{
	check_json_error("{\n\"processes\": 1,\n}", ":3:1: string or '}' "
	    "expected near '}'");
	check_json_error("{\"processes\": 1, \"processes\": 2}", ":1:28: "
	    "duplicate object key near '\"processes\"'");
	check_json_error("[]", ": must hold a JSON object with the options");
	check_cli_error("-c /tmp", "/tmp: is a folder");
	check_cli_error("nowhere.json", "nowhere.json: No such file or "
	    "directory");
}

TEST(all_problems_are_told_at_once)
{
	struct config cfg;
	char *cause;

	CHECK_INT(load_json(&cfg, &cause, "{\"listen\": 0, \"async\": -1}",
	    " -p x"), -1);
	REQUIRE(cause != NULL);
	CHECK(strstr(cause, "\"listen\" must") != NULL);
	CHECK(strstr(cause, "\n/tmp/") != NULL);
	CHECK(strstr(cause, "\"async\" must") != NULL);
	CHECK(strstr(cause, "\ncommand line: -p must") != NULL);
	free(cause);
	config_done(&cfg);
}

TEST(the_command_line_wins_and_lists_are_joined)
{
	struct config cfg;
	char *cause, *line, *second = json_file("{\"processes\": 5, "
	    "\"listen\": 7, \"env\": \"C=3\"}");

	line = xasprintf(" --env D=4 --processes 6 --json %s", second);
	REQUIRE(load_json(&cfg, &cause, "{\"processes\": 4, \"listen\": 6, "
	    "\"max-fd\": 512, \"env\": [\"A=1\", \"B=2\"]}", line) == 0);
	CHECK_INT(cfg.processes, 6);
	CHECK_INT(cfg.listen, 7);
	CHECK_INT(cfg.max_fd, 512);
	REQUIRE(cfg.env.count == 4);
	CHECK_STR(cfg.env.items[0], "A=1");
	CHECK_STR(cfg.env.items[2], "C=3");
	CHECK_STR(cfg.env.items[3], "D=4");
	config_done(&cfg);
	unlink(second);
	free(second);
	free(line);
}

TEST(threads_exclude_what_parks_requests_otherwise)
{
	struct config cfg;
	char *cause;

	REQUIRE(load_app(&cfg, &cause, "--threads 8") == 0);
	CHECK_INT(config_cores(&cfg), 8);
	CHECK_INT(config_queue_size(&cfg), 8);
	config_done(&cfg);
	REQUIRE(load_app(&cfg, &cause, "--threads 1 --async 4 --greenlet") ==
	    0);
	CHECK_INT(config_cores(&cfg), 4);
	config_done(&cfg);
	check_cli_error("--threads 2 --async 4", "\"async\": 4 needs "
	    "\"greenlet\": without it nothing can put a waiting request "
	    "aside\n\"threads\": 2 and \"async\" exclude each other: a "
	    "request runs either in a thread or in the one that turns the "
	    "event loop");
	check_cli_error("--threads 2 --asyncio 4 --greenlet", "\"threads\": 2 "
	    "and \"greenlet\" exclude each other: a request runs either in a "
	    "thread or in the one that turns the event loop\n\"threads\": 2 "
	    "and \"asyncio\" exclude each other: a request runs either in a "
	    "thread or in the one that turns the event loop");
	check_cli_error("--threads 2 --threads-stacksize 64",
	    "\"thread-stacksize\": 64 KiB is too little; at least 256 are "
	    "needed");
}

TEST(what_is_not_there_yet_is_refused_with_a_reason)
{
	check_cli_error("--ugreen", "command line: --ugreen cannot be true: "
	    "ugreen is not available yet in this version; use greenlet");
	check_json_error("{\"master\": false}", ": \"master\" cannot be "
	    "false: the master is always on");
}

TEST(impossible_combinations_are_refused)
{
	struct config cfg;
	enum config_action action;
	char *cause;

	check_cli_error("--async 10", "\"async\": 10 needs \"greenlet\": "
	    "without it nothing can put a waiting request aside");
	check_cli_error("--greenlet", "\"greenlet\" needs \"async\": say how "
	    "many requests a worker handles at the same time, like "
	    "\"async\": 100");
	check_cli_error("--wsgi-file x.py", "\"module\" and \"wsgi-file\" "
	    "both name the app; give one of them");
	check_cli_error("--mount /a=x --mount /b=x --mount /a=y",
	    "\"mount\": two apps for \"/a\"");
	check_cli_error("--buffer-size 4096 --limit-request-line 5000",
	    "\"limit-request-line\": 5000 cannot be above \"buffer-size\": "
	    "4096, which holds the whole request head");
	CHECK_INT(load(&cfg, &action, &cause, ""), -1);
	CHECK_STR(cause, "no app: give \"module\", \"wsgi-file\" or \"mount\" "
	    "(or set \"need-app\" to false)");
	free(cause);
	config_done(&cfg);
	CHECK_INT(load(&cfg, &action, &cause, "--check-static /"), 0);
	CHECK(!config_needs_python(&cfg));
	config_done(&cfg);
	CHECK_INT(load_app(&cfg, &cause, "--async 1"), 0);
	config_done(&cfg);
	CHECK_INT(load_app(&cfg, &cause, "--async 1 --greenlet"), 0);
	config_done(&cfg);
	CHECK_INT(load_app(&cfg, &cause, "--buffer-size 4096"), 0);
	config_done(&cfg);
}

TEST(socket_timeout_stands_in_for_what_is_not_given)
{
	struct config cfg;
	char *cause;

	REQUIRE(load_app(&cfg, &cause, "--socket-timeout 4 "
	    "--body-timeout 60") == 0);
	CHECK(cfg.header_timeout == 4 && cfg.write_timeout == 4);
	CHECK(cfg.body_timeout == 60);
	config_done(&cfg);
}

TEST(odd_settings_are_warned_of)
{
	struct config cfg;
	char *cause;

	REQUIRE(load_app(&cfg, &cause, "--no-die-on-term") == 0);
	REQUIRE(cfg.warnings.count == 1);
	CHECK_STR(cfg.warnings.items[0], "turning \"die-on-term\" off has no "
	    "effect: TERM always stops the server.");
	config_done(&cfg);
	REQUIRE(load_app(&cfg, &cause, "-w a:b --callable c --check "
	    "--chdir /nowhere") == 0);
	REQUIRE(cfg.warnings.count == 2);
	CHECK_STR(cfg.warnings.items[0], "\"callable\" is not used, since "
	    "\"module\": \"a:b\" names the callable");
	CHECK_STR(cfg.warnings.items[1], "\"chdir\": /nowhere: No such file "
	    "or directory");
	config_done(&cfg);
}

TEST(actions_are_found_and_help_wins)
{
	struct config cfg;
	enum config_action action;
	char *cause;

	CHECK_INT(load(&cfg, &action, &cause, "--bogus --check -h"), 0);
	CHECK_INT(action, CONFIG_HELP);
	config_done(&cfg);
	CHECK_INT(load(&cfg, &action, &cause, "-V"), 0);
	CHECK_INT(action, CONFIG_VERSION);
	config_done(&cfg);
	CHECK_INT(load(&cfg, &action, &cause, "--print-config"), 0);
	CHECK_INT(action, CONFIG_PRINT);
	config_done(&cfg);
	CHECK_INT(load(&cfg, &action, &cause, "--check --lazy-apps -w x"), 0);
	CHECK_INT(action, CONFIG_CHECK);
	CHECK(cfg.lazy_apps);
	config_done(&cfg);
}

TEST(reload_keeps_what_is_fixed_at_start)
{
	struct config old, fresh;
	char *cause;
	char *argv[] = { "wsgimaster", "-wapp", "-p3", "--listen=9",
	    "--http-socket=:2", "--lazy-apps" };

	REQUIRE(load_app(&old, &cause, "-p 2 --http-socket :1") == 0);
	REQUIRE(config_reload(&fresh, &old, 6, argv, &cause) == 0);
	CHECK(fresh.lazy_apps);
	CHECK_INT(fresh.listen, 100);
	CHECK_STR(fresh.http_socket.items[0], ":1");
	CHECK_INT(fresh.processes, 2);
	REQUIRE(fresh.warnings.count == 3);
	CHECK_STR(fresh.warnings.items[0], "\"http-socket\" changed; that "
	    "takes a restart, the old value stays");
	CHECK(strstr(fresh.warnings.items[2], "\"processes\": 3 is above 2, "
	    "the number at start") != NULL);
	config_done(&old);

	/* Lowered by one reload, raised again by the next. */
	argv[2] = "-p1";
	REQUIRE(config_reload(&old, &fresh, 6, argv, &cause) == 0);
	CHECK_INT(old.processes, 1);
	config_done(&fresh);
	argv[2] = "-p2";
	REQUIRE(config_reload(&fresh, &old, 6, argv, &cause) == 0);
	CHECK_INT(fresh.processes, 2);
	config_done(&fresh);

	argv[2] = "-px";
	CHECK_INT(config_reload(&fresh, &old, 6, argv, &cause), -1);
	CHECK(cause != NULL);
	free(cause);
	config_done(&fresh);
	config_done(&old);
}

TEST(the_printed_configuration_reads_back_the_same)
{
	struct strbuf first = STRBUF_INIT, second = STRBUF_INIT;
	struct config cfg;
	char *cause;

	REQUIRE(load_app(&cfg, &cause, "--async 10 --greenlet --chmod-socket "
	    "--socket-timeout 0.1 --limit-post 9g --env A=b=c --no-vacuum "
	    "--http-socket :1 --http-socket /tmp/s --log-encoder json "
	    "--keepalive-timeout 0.3 --mount /x=a.py:b --pyargv é") == 0);
	config_print_json(&cfg, &first);
	config_done(&cfg);
	REQUIRE(load_json(&cfg, &cause, first.buf, " --need-app") == 0);
	config_print_json(&cfg, &second);
	CHECK_STR(second.buf, first.buf);
	CHECK_INT(cfg.warnings.count, 0);
	config_done(&cfg);
	strbuf_done(&first);
	strbuf_done(&second);
}

/* Every default must be a value the option takes, and read back. */
TEST(every_default_is_within_its_limits)
{
	struct strbuf text = STRBUF_INIT, again = STRBUF_INIT;
	struct config cfg;
	enum config_action action;
	char *cause;

	REQUIRE(load(&cfg, &action, &cause, "--print-config") == 0);
	config_print_json(&cfg, &text);
	config_done(&cfg);
	REQUIRE(load_json(&cfg, &cause, text.buf, " --need-app --print-config")
	    == 0);
	config_print_json(&cfg, &again);
	CHECK_STR(again.buf, text.buf);
	config_done(&cfg);
	strbuf_done(&text);
	strbuf_done(&again);
}

TEST(every_option_is_whole_and_named_once)
{
	const struct option_row *row;
	size_t i, len;
	int a;

	for (i = 0; i < option_count; i++) {
		row = &option_table[i];
		len = strlen(row->help);
		CHECK(len > 10 && row->help[len - 1] == '.');
		CHECK(option_find(row->name) == row);
		CHECK_INT(option_index(row), i);
		for (a = 0; a < OPTION_ALIASES && row->alias[a] != NULL; a++)
			CHECK(option_find(row->alias[a]) == row);
		if (row->letter != '\0')
			CHECK(option_find_letter(row->letter) == row);
		if (row->type == OPT_TEXT || row->type == OPT_LIST ||
		    row->type == OPT_INT || row->type == OPT_CHOICE)
			CHECK(row->arg != NULL);
		if (row->type == OPT_INT || row->type == OPT_SECONDS)
			CHECK(row->initial >= row->min &&
			    row->initial <= row->max);
	}
	CHECK(option_find_letter('j') == option_find("config"));
	CHECK(option_find_letter('\0') == NULL);
	CHECK(option_find("") == NULL);
}

TEST(no_two_options_share_a_member)
{
	size_t i, j;

	for (i = 0; i < option_count; i++) {
		for (j = 0; j < i; j++) {
			if (option_table[i].type == OPT_ACTION ||
			    option_table[j].type == OPT_ACTION)
				continue;
			CHECK(option_table[i].offset != option_table[j].offset);
		}
	}
}

TEST(suggestions_are_near_or_none)
{
	CHECK_STR(option_suggest("proceses", true), "processes");
	CHECK_STR(option_suggest("asnyc", true), "async");
	CHECK_STR(option_suggest("wsgi_file", true), "wsgi-file");
	CHECK_STR(option_suggest("virtual-env", true), "virtualenv");
	CHECK_STR(option_suggest("socket", true), "http-socket");
	CHECK_STR(option_suggest("gone", false), "client-gone");
	CHECK_STR(option_suggest("chek", false), "check");
	CHECK(option_suggest("completely-unlike", true) == NULL);
	CHECK(option_suggest("", true) == NULL);
	CHECK(option_suggest("check", true) == NULL ||
	    strcmp(option_suggest("check", true), "check") != 0);
}

TEST(the_schema_is_json_and_names_every_option)
{
	struct strbuf sb = STRBUF_INIT;
	const struct option_row *row;
	json_t *schema, *properties, *one;
	size_t i;

	config_print_schema(&sb);
	schema = json_loads(sb.buf, JSON_REJECT_DUPLICATES, NULL);
	strbuf_done(&sb);
	REQUIRE(schema != NULL);
	CHECK(json_is_false(json_object_get(schema, "additionalProperties")));
	properties = json_object_get(schema, "properties");
	for (i = 0; i < option_count; i++) {
		row = &option_table[i];
		one = json_object_get(properties, row->name);
		if (!option_in_files(row)) {
			CHECK(one == NULL);
			continue;
		}
		CHECK(json_is_string(json_object_get(one, "description")));
		CHECK(json_object_get(one, "default") != NULL);
		if (row->alias[0] != NULL)
			CHECK(json_object_get(properties, row->alias[0]) !=
			    NULL);
	}
	json_decref(schema);
}

TEST(help_and_manual_name_every_option_in_80_columns)
{
	struct strbuf help = STRBUF_INIT, manual = STRBUF_INIT;
	char *rest, *line, *name;
	size_t i;

	config_print_help(&help);
	config_print_markdown(&manual);
	for (i = 0; i < option_count; i++) {
		name = xasprintf("--%s", option_table[i].name);
		CHECK(strstr(help.buf, name) != NULL);
		free(name);
		name = xasprintf("\n| `%s`", option_table[i].name);
		CHECK(strstr(manual.buf, name) != NULL);
		free(name);
	}
	rest = help.buf;
	while ((line = strsep(&rest, "\n")) != NULL)
		CHECK(strlen(line) < 80);
	strbuf_done(&help);
	strbuf_done(&manual);
}

TEST(the_version_names_the_parts)
{
	struct strbuf sb = STRBUF_INIT;

	config_print_version(&sb);
	CHECK(strncmp(sb.buf, "wsgimaster ", 11) == 0);
	CHECK(strstr(sb.buf, "libevent ") != NULL);
	CHECK(strstr(sb.buf, "jansson ") != NULL);
	CHECK(sb.buf[sb.len - 1] == '\n');
	strbuf_done(&sb);
}
