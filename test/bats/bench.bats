#!/usr/bin/env bats
# bench/: that its load client counts rightly, and that its scripts run.
# Runs early: it takes long.

load helper

setup() {
	[ "$WM_GREENLET" != no ] || skip "built without greenlet"
	[ "$WM_SANITIZERS" != yes ] || skip "nobody measures sanitizers"
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

# bench PROGRAM ARGS...: runs it on one processor, its tables in out.md.
bench() {
	local program=$1
	shift
	WSGIMASTER=$WSGIMASTER PYTHON=$PYTHON PARK_BUILD=$WM_TMP \
	    FLOOR_BUILD=$WM_TMP/floor \
	    "$PYTHON" "$WM_SOURCE/bench/$program" "$@" >out.md 2>err.txt || {
		cat out.md err.txt
		return 1
	}
	cat out.md
}

one_cpu() {
	"$PYTHON" -c 'import os; print(min(os.sched_getaffinity(0)))'
}

# needs TOOL...: skips where one of them is missing or cannot work.
needs() {
	local tool
	for tool in taskset "$@"; do
		command -v "$tool" >/dev/null || skip "$tool is missing"
	done
	# Sanitizers do not run under valgrind or ptrace.
	[ $# -eq 0 ] || [ "$1" = wrk ] || ! grep -q __asan_init "$WSGIMASTER" ||
		skip "built with sanitizers"
}

@test "goals measures a ratio, in a table with a verdict" {
	needs wrk
	make -s -C "$WM_SOURCE/bench/floor" BUILD="$WM_TMP/floor"
	cpu=$(one_cpu)
	bench goals -r 1 --only hello_nolen --server-cpus "$cpu" \
	    --client-cpus "$cpu"
	grep -Eq '^\| no Content-Length \| ≤ 1.20 x floor-py \| [0-9.]+ x \|' \
	    out.md
	grep -Eq '^\| no Content-Length: no stall, p99 \| ≤ 20 ms \| [0-9]' out.md
}

@test "goals paces the sleeps of many connections" {
	needs
	cpu=$(one_cpu)
	bench goals --quick -n 50 --only "asleep 10000" --server-cpus "$cpu" \
	    --client-cpus "$cpu"
	grep -Eq '^\| 50 ms asleep, 50 connections, .*CPU \| < 40 us \| [0-9]' \
	    out.md
}

@test "scrape measures each kind, with requests asleep too" {
	needs
	cpu=$(one_cpu)
	bench scrape --workers 2 --cores 20 -n 30 -r 1 -T 0 \
	    --server-cpus "$cpu" --client-cpus "$cpu"
	grep -q '^30 asleep:' out.md
	[ "$(grep -cE '^    (raw|/stats|/metrics|/readyz) +[0-9.]+ ' out.md)" -eq 8 ]
}

@test "edge measures in turns, and shows what fails as failed" {
	needs wrk nginx openssl
	cpu=$(one_cpu)
	bench edge --quick --only gateway,idle -n 20 -c 4 -s "nginx alone*" \
	    -s "wsgimaster alone*" -s "wsgimaster, HTTP kept, unix" \
	    -s "wsgimaster" --server-cpus "$cpu" --client-cpus "$cpu"
	# Two programs: CPU of both, of the app server, of nginx.
	grep -Eq '^\| wsgimaster, HTTP kept, unix \| [0-9,.]+ \| 1.00 x \|'`
	    `' [0-9.,]+ \| [0-9.]*[1-9][0-9.]* \| [0-9.]*[1-9][0-9.]* \|'`
	    `'.* \| 0 \|$' out.md
	grep -Eq '^\| nginx alone, return 200 \| [0-9,.]+ \| [0-9.]+ x \|'`
	    `' [0-9.]+ \| 0 \| .* \| 0 \|$' out.md
	grep -Eq '^\| wsgimaster \| .* \| 0 \| goal: within 5 %: ' out.md
	not grep -q "uWSGI," out.md
}

@test "edge gives memory of idle connections, and says what is missing" {
	needs
	cpu=$(one_cpu)
	bench edge --quick --only memory -n 200 -s "wsgimaster*" \
	    --server-cpus "$cpu" --client-cpus "$cpu"
	grep -Eq '^\| wsgimaster \| -?[0-9.]+ \| 0.00 \| -?[0-9.]+ \| .*'`
	    `'goal: at most 1 KiB: ' out.md
	WSGIMASTER=/bin/false bench edge --quick --only memory -n 200 \
	    -s "wsgimaster" --server-cpus "$cpu" --client-cpus "$cpu"
	grep -q '^| wsgimaster | - .* | not run: refused:' out.md
}

@test "edge has no number for a server whose answers fail" {
	needs wrk
	"$PYTHON" - "$WM_SOURCE/bench" <<-'END' >out.md
	import sys
	sys.path.insert(0, sys.argv[1])
	import edge_case, edge_rows, edge_load
	rows = [edge_rows.Row(name, None) for name in ("good", "bad", "gone")]
	case = edge_case.Case("t", rows, edge_load.wrk, None)
	good = {"requests": 1000, "failed": 0, "why": "", "bytes": 1,
	        "seconds": 1.0, "cpu": 0.01, "app": 0.01, "nginx": 0.0,
	        "kernel": 0.5, "foreign": 0.0}
	bad = {**good, "failed": 7, "why": "7 status"}
	runs = {"good": [good, good], "bad": [good, bad]}
	assert edge_case.table(case, runs, {"gone": "not run: x is missing"})
	assert not edge_case.table(case, {"good": [good]}, {
	    "bad": "not run: refused", "gone": "not run: x is missing"})
	out = ("finished in 500.00ms, 200.00 req/s, 1KB/s\n"
	       "requests: 99 total, 99 started, 98 done, 95 succeeded, "
	       "3 failed, 3 errored, 0 timeout\n"
	       "status codes: 95 2xx, 0 3xx, 2 4xx, 1 5xx\n")
	got = edge_load.h2load_result(out, "")
	assert (got["requests"], got["failed"], got["seconds"]) == (95, 6, 0.5)
	END
	cat out.md
	grep -q '^| good | 1,000 | 1.00 x (1.00 to 1.00) | 10 |' out.md
	grep -q '^| bad | - | .*\*\*7 failed\*\*: 7 status |$' out.md
	grep -q '^| gone | - | .* | not run: x is missing |$' out.md
}

@test "instructions counts requests that are there at the same time" {
	needs valgrind setarch
	cpu=$(one_cpu)
	bench instructions -n 4 --requests 100 --stages --server-cpus "$cpu" \
	    wsgimaster-greenlet
	grep -Eq '^wsgimaster-greenlet [1-9][0-9]{3,4}$' out.md
	grep -Eq '^\| parse the head \| [1-9]' out.md
	grep -Eq '^\| the app, in CPython \| 0 \| [1-9]' out.md
}

@test "syscalls counts the calls of one request" {
	needs strace
	strace -o /dev/null true || skip "strace may not trace"
	cpu=$(one_cpu)
	bench syscalls -w hello --server-cpus "$cpu" wsgimaster-greenlet
	# Two, and some turns of the loop more on a busy machine.
	grep -q '^| wsgimaster-greenlet | [2-4]\.[0-9]* |.*recvfrom.*sendto' out.md
}

@test "cache counts what each of two workers has done" {
	bench cache -s wsgimaster -w 2 --sizes 20 --seconds 0.05 -r 1 --best
	for what in get mixed update; do
		grep -Eq "^\\| $what 20 B \\| [1-9][0-9]* \\|$" out.md
	done
	WSGIMASTER=/bin/false run "$PYTHON" "$WM_SOURCE/bench/cache" \
	    -s wsgimaster -w 1 --sizes 20 --seconds 0.05 -r 1
	[ "$status" -eq 1 ]
	[[ $output == *"wsgimaster has ended"* ]]
}

@test "all names its parts, and each has its section" {
	bench all --list
	while read -r part _ _ program rest; do
		echo "$part $program $rest"
		case "$part" in
		trend) name=trend file=RESULTS.md ;;
		stages) name="instructions --stages" file=../doc/performance.md ;;
		*) name=${program#bench/} file=RESULTS.md ;;
		esac
		grep -q "^<!-- bench/$name --into writes from here -->" \
		    "$WM_SOURCE/bench/$file"
		grep -q "^<!-- bench/$name --into writes to here -->" \
		    "$WM_SOURCE/bench/$file"
	done <out.md
}
