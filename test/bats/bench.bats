#!/usr/bin/env bats
# bench/: that its load client counts rightly, and that its scripts run.
# Runs alone: it loads the machine.

load helper

setup() {
	[ "$WM_GREENLET" != no ] || skip "built without greenlet"
	cd "$WM_TMP" || return 1
	make -s -C "$WM_SOURCE/bench/park" BUILD="$WM_TMP"
	PORT=$(wm_port)
}

# park ARGS...: what the client says; its status in STATUS.
park() {
	STATUS=0
	"$WM_TMP/park" -t 30 "$PORT" "$@" >park.txt || STATUS=$?
	cat park.txt
}

@test "park takes what was answered in time for right" {
	wm_start --http-socket "127.0.0.1:$PORT" --async 30 --greenlet \
	    --pythonpath "$WM_SOURCE/bench/apps" --module sleep_wsgimaster:park
	park 30 200
	[ "$STATUS" -eq 0 ]
	grep -q " requests=30 ok=30 wrong=0 lost=0 wake_min=[0-9]" park.txt
	park -e 30 200
	[ "$STATUS" -eq 0 ]
	wm_stop
}

@test "park counts wrong answers" {
	cat >app.py <<-'END'
	import parking
	import wsgimaster
	right = parking.app(wsgimaster.sleep)
	def application(environ, start_response):
	    if environ["PATH_INFO"].endswith("/3"):
	        environ["PATH_INFO"] = "/1/4"
	    if environ["PATH_INFO"].endswith("/5"):
	        start_response("200 OK", [("Content-Length", "5")])
	        return [b"hello"]
	    return right(environ, start_response)
	END
	wm_start --http-socket "127.0.0.1:$PORT" --async 10 --greenlet \
	    --pythonpath "$WM_SOURCE/bench/apps" --wsgi-file app.py
	park 10 100
	[ "$STATUS" -eq 1 ]
	grep -q " requests=10 ok=8 wrong=2 lost=0 " park.txt
	wm_stop
}

@test "park counts lost answers" {
	cat >app.py <<-'END'
	import parking
	import uwsgi
	right = parking.app(uwsgi.sleep)
	def application(environ, start_response):
	    if environ["PATH_INFO"].endswith("/7"):
	        uwsgi.disconnect()
	    return right(environ, start_response)
	END
	wm_start --http-socket "127.0.0.1:$PORT" --async 10 --greenlet \
	    --pythonpath "$WM_SOURCE/bench/apps" --wsgi-file app.py
	park 10 100
	[ "$STATUS" -eq 1 ]
	grep -q " requests=10 ok=9 wrong=0 lost=1 " park.txt
	wm_stop
	park 10 100
	[ "$STATUS" -eq 1 ]
	grep -q " requests=10 ok=0 wrong=0 lost=10" park.txt
}

@test "run-engines puts its tables between its marks" {
	command -v taskset >/dev/null || skip "taskset is missing"
	{
		echo before
		grep "^<!-- bench/run-engines" "$WM_SOURCE/bench/RESULTS.md"
		echo after
	} >results.md
	cpu=$("$PYTHON" -c 'import os; print(min(os.sched_getaffinity(0)))')
	WSGIMASTER=$WSGIMASTER PYTHON=$PYTHON PARK_BUILD=$WM_TMP \
	    "$PYTHON" "$WM_SOURCE/bench/run-engines" park -n 40 -r 1 \
	    -s wsgimaster-greenlet --sleep-ms 500 --long-ms 3000 \
	    --server-cpus "$cpu" --client-cpus "$cpu" --into results.md
	cat results.md
	[ "$(head -n 1 results.md)" = before ]
	[ "$(tail -n 1 results.md)" = after ]
	grep -q "^| wsgimaster-greenlet | 40 | 0 | 0 | 40 |" results.md
}
