#!/usr/bin/env bats
# The spooler: tasks are files, which are run at least once.

load lifecycle

# spool_start ARGS...: a server of spool_cases.py, with a spooler on "spool".
spool_start() {
	export NOTES=$WM_TMP/notes
	: >"$NOTES"
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --wsgi-file "$WM_APPS/spool_cases.py" --spooler spool "$@"
}

# spool JSON [PATH]: spools it; what the app answers.
spool() {
	curl -fsS -m 60 -d "$1" "http://127.0.0.1:$PORT${2:-/spool}"
}

# noted PATTERN [COUNT]: has the file of notes so many such lines?
noted() {
	[ "$(grep -cE -- "$1" "$NOTES" || true)" -ge "${2:-1}" ]
}

# The tasks that are left.
tasks() {
	find "${1:-spool}" -name 'uwsgi_spoolfile_on_*' -not -path '*/failed/*' \
	    -not -path '*/.tries/*'
}

no_tasks() {
	[ -z "$(tasks "$@")" ]
}

spooler_pid_is_not() {
	local pid
	pid=$(get /pids) && [ "${pid%% *}" -gt 0 ] && [ "${pid%% *}" != "$1" ]
}

@test "a task is run at once, once, and its file goes" {
	spool_start
	path=$(spool '{"name": "one", "large": 100000}')
	[ "${path%/*}" = "$PWD/spool" ]
	wm_wait_for "the task" 20 noted "end one whole"
	wm_wait_for "its file's end" 20 no_tasks
	[ "$(stat -c %a spool)" = 700 ]
	[ "$(wc -l <"$NOTES")" -eq 2 ]
	wm_log_has "uwsgi_spoolfile_on_.*: done after"
	wm_stop
}

@test "priorities come first, and the earlier before the later" {
	spool_start
	spool '{"name": "first", "do": "hold"}'
	wm_wait_for "the first" 20 noted "begin first"
	for task in '"none-a"' '"10", "priority": 10' '"2", "priority": "2"' \
	    '"none-b"' '"2b", "priority": "2"'; do
		spool "{\"name\": $task}"
	done
	touch "$NOTES.go"
	wm_wait_for "all" 20 noted " end " 6
	[ "$(awk '$2 == "end" { print $3 }' "$NOTES" | xargs)" = \
	    "first 2 2b 10 none-a none-b" ]
	wm_stop
}

@test "at: not before its time, also after a restart" {
	spool_start
	at=$("$PYTHON" -c 'import time; print(time.time() + 2)')
	spool "{\"name\": \"later\", \"at\": $at}"
	spool '{"name": "now"}'
	wm_wait_for "the other" 20 noted "end now"
	wm_stop
	# On a slow machine its time may have come by now.
	if ! noted "end later"; then
		spool_start
		wm_wait_for "its time" 20 noted "end later"
		wm_stop
	fi
	# A file's time comes of a clock that ticks, some milliseconds late.
	"$PYTHON" -c "import os; assert os.stat('$NOTES').st_mtime > $at - 0.05"
}

@test "retry: again after the frequency, which can be changed" {
	spool_start --spooler-frequency 3600
	spool '{"name": "again", "do": "retry"}'
	spool '{"name": "other"}'
	wm_wait_for "the other" 20 noted "end other"
	[ "$(grep -c again "$NOTES")" -eq 1 ]
	[ "$(get "/frequency?0.2")" = True ]
	spool '{"name": "quick", "do": "retry"}'
	wm_wait_for "the second try" 20 noted "end quick"
	# Somebody's in a hurry.
	touch spool/uwsgi_spoolfile_on_*
	wm_wait_for "the second try" 20 noted "end again"
	wm_stop
}

@test "an exception is logged, and the task is tried again; then put away" {
	spool_start --spooler-frequency 0.2 --spooler-max-tries 3
	spool '{"name": "bad", "do": "raise"}'
	spool '{"name": "none", "do": "none"}'
	wm_wait_for "the end" 20 wm_log_has "failed 3 times.*moved to.*failed"
	wm_wait_for "the other's end" 20 no_tasks
	[ "$(log_count "RuntimeError: as it was told")" -eq 3 ]
	wm_log_has "must return uwsgi.SPOOL_OK.*not NoneType"
	[ "$(ls spool/failed | wc -l)" -eq 2 ]
	wm_wait_for "the count" 20 stats_say "s['spoolers'][0]['put_away'] == 2"
	wm_stop
}

@test "a task that kills its process does not keep others from running" {
	spool_start --spooler-frequency 1 --spooler-max-tries 4 \
	    --respawn-delay-max 0.1
	spool '{"name": "poison", "do": "die", "priority": 0}'
	spool '{"name": "good"}'
	wm_wait_for "the other one" 60 noted "end good"
	wm_wait_for "the end" 60 wm_log_has "its process has died.*4 times"
	[ "$(grep -c "begin poison" "$NOTES")" -eq 4 ]
	wm_wait_for "its file's end" 20 no_tasks
	wm_stop
}

@test "a task that takes too long is killed with its process" {
	spool_start --spooler-harakiri 1 --spooler-max-tries 1
	spool '{"name": "slow", "do": "sleep 600"}'
	wm_wait_for "the kill" 30 wm_log_has "longer than it may"
	wm_wait_for "its end" 30 wm_log_has "its process has died"
	spool '{"name": "next"}'
	wm_wait_for "another one" 30 noted "end next"
	wm_stop
}

@test "two processes share a folder, and no task runs twice at a time" {
	spool_start --spooler-processes 2
	for i in 1 2 3 4 5 6; do
		spool "{\"name\": \"t$i\", \"do\": \"hold\"}"
	done
	wm_wait_for "two at a time" 30 noted " begin " 2
	touch "$NOTES.go"
	wm_wait_for "all" 30 noted " end " 6
	[ "$(grep -c " begin " "$NOTES")" -eq 6 ]
	[ "$(awk '{ print $1 }' "$NOTES" | sort -u | wc -l)" -eq 2 ]
	wm_stop
}

@test "a reload lets a long task finish, and the next one comes after it" {
	spool_start
	spool '{"name": "long", "do": "hold"}'
	wm_wait_for "its begin" 20 noted "begin long"
	old=$(get /pids)
	kill -HUP "$WM_PID"
	spool '{"name": "behind"}'
	wm_wait_for "its leave" 30 stats_say \
	    "s['spoolers'][0]['state'] == 'draining'"
	touch "$NOTES.go"
	wm_wait_for "both" 30 noted "end behind"
	[ "$(awk '{ print $2, $3 }' "$NOTES" | xargs)" = \
	    "begin long end long begin behind end behind" ]
	new=$(awk '/behind/ { print $1; exit }' "$NOTES")
	[ "$old" != "$new" ]
	wm_stop
}

@test "kill -9 anywhere: what was spooled is run, and nothing seen in part" {
	spool_start --spooler-frequency 0.3 --respawn-delay-max 0.1 \
	    --processes 2 --spooler-processes 2 --spooler-quiet
	"$PYTHON" "$WM_SOURCE/test/clients/spool_kill.py" "$PORT" "$NOTES" 3
	wm_wait_for "no task is left" 60 no_tasks
	rm -f "$WM_TMP"/sanitizer.*
}

@test "a full disk: OSError, and nothing is left" {
	spool_start
	run spool '{"name": "large", "large": 100000}' /limited
	[[ $output == OSError*"File too large"* ]]
	[ -z "$(find spool -type f)" ]
	spool '{"name": "small"}' /limited
	wm_wait_for "a small one" 20 noted "end small"
	wm_stop
}

@test "files of uWSGI's are run; what is damaged is put away" {
	mkdir -m 700 spool spool/3
	cp "$WM_SOURCE/test/fuzz/corpus/spool_packet/uwsgi" \
	    spool/3/uwsgi_spoolfile_on_vm_13626_2_1740025872_1795306162_288746
	ln -s "$WM_SOURCE/test/fuzz/corpus/spool_packet/hello" \
	    spool/uwsgi_spoolfile_on_link
	mkfifo spool/uwsgi_spoolfile_on_pipe
	printf '\021\377\0\0half' >spool/uwsgi_spoolfile_on_half
	touch spool/another_file
	spool_start --spooler-frequency 1
	wm_wait_for "uWSGI's" 20 noted "end ?"
	wm_wait_for "the damaged one" 30 test -e \
	    spool/failed/uwsgi_spoolfile_on_half
	wm_wait_for "a word on the link" 20 \
	    wm_log_has "on_link: it is a symbolic link; it is left alone"
	wm_wait_for "a word on the pipe" 20 wm_log_has "on_pipe.*left alone"
	[ "$(log_count "on_pipe.*left alone")" -eq 1 ]
	[ -e spool/another_file ] && [ -p spool/uwsgi_spoolfile_on_pipe ]
	wm_stop
}

@test "a file that another program puts there is run at once" {
	spool_start --spooler-frequency 3600
	cp "$WM_SOURCE/test/fuzz/corpus/spool_packet/hello" spool/.new-x
	mv spool/.new-x spool/uwsgi_spoolfile_on_elsewhere
	wm_wait_for "the task" 20 noted "end ?"
	mkdir spool/5
	cp "$WM_SOURCE/test/fuzz/corpus/spool_packet/hello" spool/.new-x
	mv spool/.new-x spool/5/uwsgi_spoolfile_on_elsewhere
	wm_wait_for "the other" 20 noted "end ?" 2
	wm_stop
}

@test "a process leaves after spooler-max-tasks, and another one comes" {
	spool_start --spooler-max-tasks 2
	for i in 1 2 3; do
		spool "{\"name\": \"t$i\"}"
	done
	wm_wait_for "all" 20 noted " end " 3
	[ "$(awk '$2 == "end" { print $1 }' "$NOTES" | uniq -c |
	    awk '{ print $1 }' | xargs)" = "2 1" ]
	wm_stop
}

@test "an ignored task stays, and is not asked for all the time" {
	spool_start --spooler-frequency 3600
	spool '{"name": "no", "do": "ignore"}'
	spool '{"name": "yes"}'
	wm_wait_for "the other" 20 noted "end yes"
	[ "$(tasks | wc -l)" -eq 1 ]
	[ "$(grep -c "begin no" "$NOTES")" -eq 1 ]
	[ "$(get /jobs)" = 1 ]
	wm_stop
}

@test "without a handler tasks stay, however many, and nobody spins" {
	cat >app.py <<-'END'
	def application(environ, start_response):
	    start_response("200 OK", [])
	    return [b"ok"]
	END
	mkdir -m 700 spool
	printf '\021\0\0\0' |
		tee spool/uwsgi_spoolfile_on_{1..300} >/dev/null
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --wsgi-file app.py --spooler spool --spooler-quiet
	wm_wait_for "a look at all" 20 stats_say \
	    "s['spoolers'][0]['tasks'] >= 300"
	before=$(stats "s['spoolers'][0]['tasks']")
	sleep 0.5
	[ "$(stats "s['spoolers'][0]['tasks']")" = "$before" ]
	[ "$(log_count "has set no function uwsgi.spooler")" -eq 1 ]
	[ "$(tasks | wc -l)" -eq 300 ]
	wm_stop
}

@test "spoolers of other servers, imports and the working folder" {
	mkdir -m 700 elsewhere work
	echo >spool_imported.py
	spool_start --spooler-external elsewhere --pythonpath "$WM_TMP" \
	    --spooler-import spool_imported --spooler-chdir "$WM_TMP/work"
	spool "{\"name\": \"theirs\", \"spooler\": \"$PWD/elsewhere\"}"
	[ "$(tasks elsewhere | wc -l)" -eq 1 ]
	spool '{"name": "d", "do": "dir"}'
	wm_wait_for "the task" 20 noted "end d"
	grep -qx "$PWD/spool $PWD/work True" "$NOTES"
	run spool '{"spooler": "/nowhere"}'
	[[ $output == ValueError*"no spooler"* ]]
	run spool '{"priority": "../../x"}'
	[[ $output == ValueError*"priority is a number"* ]]
	run spool '{"x": [1]}'
	[[ $output == ValueError*"only bytes"* ]]
	run spool "{\"x\": \"$(printf '%070000d' 1)\"}"
	[[ $output == ValueError*"64 KiB"* ]]
	wm_wait_for "the task's end" 20 no_tasks
	not noted theirs
	wm_stop
}

@test "a folder that everybody may write to is refused" {
	mkdir spool
	chmod 777 spool
	wm_launch --http-socket 127.0.0.1:0 --spooler spool \
	    --wsgi-file "$WM_APPS/spool_cases.py" --env NOTES=x
	wm_wait_for "the end" 20 wm_is_gone "$WM_PID"
	wm_log_has '"spooler": spool: everybody may write there'
	not wm_log_has "wsgimaster ready"
}

@test "as another user, in a sandbox: the folder is that user's, and works" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	chmod 711 "$BATS_RUN_TMPDIR" "${WM_TMP%/*}" "$WM_TMP"
	mkdir work
	chown www-data work
	touch work/notes
	chown www-data work/notes
	cp "$WM_APPS/spool_cases.py" work/
	cd work
	export NOTES=$PWD/notes
	PORT=$(wm_port)
	wm_launch --http-socket "127.0.0.1:$PORT" --uid www-data \
	    --wsgi-file spool_cases.py --spooler spool \
	    --landlock-write "$NOTES" --spooler-max-tries 1
	wm_wait_for "the server" 30 wm_ready_or_gone
	wm_log_has "wsgimaster ready" || not wm_log_has "Landlock" ||
		skip "no Landlock here"
	spool '{"name": "good", "priority": 1}'
	spool '{"name": "bad", "do": "raise"}'
	wm_wait_for "the task" 20 noted "end good"
	wm_wait_for "the other" 20 wm_log_has "failed 1 time.*moved to"
	[ "$(stat -c '%U %a' spool spool/failed | sort -u)" = \
	    "www-data 700" ]
	wm_stop
}

@test "the stats tell of each spooler" {
	spool_start --spooler-frequency 3600
	spool '{"name": "one"}'
	spool '{"name": "later", "at": 99999999999}'
	wm_wait_for "the task" 20 noted "end one"
	wm_wait_for "the count" 20 stats_say "s['spoolers'][0]['later'] == 1"
	[ "$(stats "s['spoolers'][0]['dir']")" = "$PWD/spool" ]
	[ "$(stats "s['spoolers'][0]['pid']")" = "$(get /pids)" ]
	wm_wait_for "the other counts" 20 stats_say \
	    "[s['spoolers'][0][k] for k in ('tasks', 'running', 'respawns',
	    'failed', 'put_away')] == [1, 0, 0, 0, 0]"
	wm_stop
}

@test "while a task is being written other requests run" {
	[ "$WM_SANITIZERS" != yes ] || skip "a sanitizer must come first"
	cat >gate.c <<-'END'
	#include <stdlib.h>
	#include <unistd.h>
	int
	fsync(int fd)
	{
		int i;
		for (i = 0; access(getenv("GATE"), F_OK) == -1 && i < 3000;
		    i++)
			usleep(10000);
		return fdatasync(fd);
	}
	END
	command -v cc || skip "needs a C compiler"
	cc -shared -fPIC -o gate.so gate.c
	export GATE=$WM_TMP/gate
	for engine in "--async 4 --greenlet" "--asyncio 4 --greenlet"; do
		wm_needs greenlet
		rm -f gate
		# Unquoted: words.
		LD_PRELOAD=$WM_TMP/gate.so spool_start $engine
		spool "{\"name\": \"slow\"}" >path &
		wm_wait_for "its file" 20 being_written
		[ "$(get /other)" -gt 0 ]
		[ ! -s path ]
		not noted slow
		touch gate
		wait $!
		[ -s path ]
		wm_wait_for "the task" 20 noted "end slow"
		wm_stop
	done
}

being_written() {
	[ -n "$(find spool -name '.new-*')" ]
}

@test "uWSGI's example: a task is spooled at import, and run for ever" {
	cat >spooler_dir.py <<-'END'
	import uwsgi
	def spooler_func(env):
	    print(uwsgi.spooler_dir(), flush=True)
	    return uwsgi.SPOOL_RETRY
	uwsgi.spooler = spooler_func
	uwsgi.spool({"foo": "bar"})
	END
	wm_start --http-socket 127.0.0.1:0 --need-app=false --mule \
	    --mount /=spooler_dir.py --spooler spool --spooler-frequency 0.2
	wm_wait_for "three times" 20 three_times
	wm_stop
}

three_times() {
	[ "$(log_count "^b'$PWD/spool'")" -ge 3 ]
}

@test "uWSGI runs our tasks, and what it has spooled is run here" {
	command -v uwsgi && uwsgi --plugin python3 --version ||
		skip "needs uwsgi-core, uwsgi-plugin-python3"
	mkdir -m 700 theirs
	spool_start --spooler-external theirs --spooler-frequency 1
	port=$(wm_port)
	cat >app.py <<-END
	import uwsgi
	def handler(task):
	    with open("$PWD/ran", "a") as ran:
	        print(task[b"name"], len(task["body"]), file=ran)
	    return uwsgi.SPOOL_OK
	uwsgi.spooler = handler
	def application(environ, start_response):
	    start_response("200 OK", [])
	    return [uwsgi.spool({b"name": b"from-uwsgi", b"body": b"x" * 9,
	        b"spooler": b"$PWD/spool"})]
	END
	setsid uwsgi --plugin python3 --master --need-app \
	    --http-socket "127.0.0.1:$port" --wsgi-file app.py \
	    --spooler theirs --spooler-external spool --spooler-frequency 1 \
	    </dev/null >uwsgi.log 2>&1 3>&- 4>&- &
	echo $! >>servers
	spool "{\"name\": \"from-here\", \"spooler\": \"$PWD/theirs\",
	    \"large\": 5000}"
	wm_wait_for "uWSGI to run ours" 30 grep -qx "b'from-here' 5000" ran
	wm_wait_for "uWSGI" 30 curl -fsS "http://127.0.0.1:$port/"
	wm_wait_for "what uWSGI has spooled" 30 noted "end from-uwsgi"
	wm_wait_for "its file's end" 30 no_tasks
	wm_wait_for "the other file's end" 30 no_tasks theirs
	wm_stop
}

@test "signals reach spoolers between tasks, and tasks raise signals" {
	export NOTES=$WM_TMP/notes
	cat >app.py <<-'END'
	import os
	import uwsgi
	def note(*words):
	    with open(os.environ["NOTES"], "a") as notes:
	        print(*words, uwsgi.worker_id(), uwsgi.i_am_the_spooler(),
	              file=notes)
	def handler(task):
	    note("task")
	    uwsgi.signal(22)
	    return uwsgi.SPOOL_OK
	uwsgi.spooler = handler
	uwsgi.register_signal(21, "spooler", lambda number: note("spooler's"))
	uwsgi.register_signal(22, "worker", lambda number: note("worker's"))
	def application(environ, start_response):
	    start_response("200 OK", [])
	    if environ["PATH_INFO"] == "/pids":
	        return [str(uwsgi.spooler_pid()).encode()]
	    uwsgi.signal(21)
	    return [uwsgi.spool(a="b")]
	END
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --wsgi-file app.py \
	    --spooler spool --spooler-max-tasks 2 --spooler-signal-as-task
	wm_wait_for "the spooler" 20 spooler_pid_is_not none
	first=$(get /pids)
	get /
	wm_wait_for "the worker's" 20 noted "^worker's 1 None"
	noted "^task 0 True"
	wm_wait_for "the spooler's" 20 noted "^spooler's 0 True"
	wm_wait_for "another spooler" 20 spooler_pid_is_not "$first"
	wm_stop
}
