/* Tests ctl/ctl_show.c: the status, as people read it. */
#include "ctl/ctl_show.h"

#include "test/unit/unit.h"

static const char	 show_status[] =
"{\"version\": \"1.2\", \"pid\": 10, \"state\": \"running\", \"ready\": true,"
" \"generation\": 3, \"uptime_ms\": 12000, \"ready_workers\": 2,"
" \"workers\": 2, \"max_workers\": 4, \"respawns\": 1, \"busy\": 1,"
" \"processes\": 2, \"cores\": 1, \"queued\": 0, \"requests\": 1234,"
" \"exceptions\": 5, \"shed\": 0, \"tx\": 2048, \"connections\": 6,"
" \"accepted\": 7, \"log_level\": \"info\","
" \"sockets\": [{\"name\": \"127.0.0.1:80\", \"queue\": 3,"
"  \"max_queue\": 100}, {\"name\": \"a\\u001b\", \"queue\": 0,"
"  \"max_queue\": 1}],"
" \"generations\": [{\"id\": 2, \"state\": \"leaving\","
"  \"spawner_pid\": 11, \"workers\": 1, \"failure\": \"\"},"
"  {\"id\": 4, \"state\": \"failed\", \"spawner_pid\": 0, \"workers\": 0,"
"  \"failure\": \"no app\"}],"
" \"mules\": [{\"id\": 1, \"state\": \"runs\", \"pid\": 20,"
"  \"messages\": 8, \"exceptions\": 1, \"respawns\": 2,"
"  \"failure\": \"\"}, {\"id\": 2, \"state\": \"waits\", \"pid\": 0,"
"  \"messages\": 0, \"exceptions\": 0, \"respawns\": 9,"
"  \"failure\": \"died\"}],"
" \"daemons\": [{\"state\": \"runs\", \"pid\": 30, \"respawns\": 0,"
"  \"cmd\": \"./d one\"}, {\"state\": \"ended\", \"pid\": 0,"
"  \"respawns\": 4, \"cmd\": \"x\\n\"}],"
" \"reload\": {\"running\": false}, \"endings\": {\"died\": 2}}";

static const char	 show_wanted[] =
"wsgimaster   1.2, pid 10: running, generation 3, up 12.0 s\n"
"workers      2 of 2 ready (at most 4), 1 respawned\n"
"requests     1 run now in 2 processes of 1 core each, 0 wait\n"
"             1,234 done, 5 exceptions, 0 shed (503), 2.0 kB sent\n"
"connections  6 open, 7 accepted\n"
"listening    127.0.0.1:80  (3 of 100 wait)\n"
"             a?  (0 of 1 wait)\n"
"generations  2 is leaving, spawner 11, 1 processes\n"
"             4 is failed, spawner 0, 0 processes: no app\n"
"mules        1 is runs, pid 20, 8 messages, 1 exceptions, 2 respawns\n"
"             2 is waits, pid 0, 0 messages, 0 exceptions, 9 respawns: died\n"
"daemons      runs, pid 30, 0 respawns: ./d one\n"
"             ended, pid 0, 4 respawns: x?\n"
"ended        died 2\n"
"log level    info\n";

TEST(the_status_names_each_list_once_and_cleans_foreign_text)
{
	json_t		*result = json_loads(show_status, 0, NULL);
	struct strbuf	 sb = STRBUF_INIT;

	REQUIRE(result != NULL);
	ctl_show_status(NULL, result, &sb);
	CHECK_STR(strbuf_str(&sb), show_wanted);
	strbuf_done(&sb);
	json_decref(result);
}
