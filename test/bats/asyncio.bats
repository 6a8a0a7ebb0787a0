#!/usr/bin/env bats
# The asyncio engine: the loop is the worker's, and requests are outside of it.

load lifecycle

setup_file() {
	cd "$WM_TMP" || return 1
	[ "$WM_GREENLET" != no ] || return 0
	cases_start
	export CASES_PORT=$PORT CASES_LOG=$WM_LOG
}

setup() {
	[ "$WM_GREENLET" != no ] || skip "built without greenlet"
	cd "$WM_TMP" || return 1
	PORT=$CASES_PORT
}

teardown_file() {
	wm_teardown
}

# cases_start ARGS...: a server of the cases, on PORT and STATS.
cases_start() {
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --wsgi-file "$WM_APPS/asyncio_cases.py" --asyncio 100 --greenlet "$@"
}

# example_start NAME [SHORT] ARGS...: an example, its pauses of 2 and 10
# seconds made short.
example_start() {
	local name=$1
	shift
	PORT=$(wm_port)
	sed -e 's/(2\b/(0.2/' -e 's/ + 10,/ + 0.2,/' \
	    "$WM_SOURCE/examples/$name" >"$WM_TMP/app.py"
	wm_start --http-socket "127.0.0.1:$PORT" --wsgi-file app.py \
	    --asyncio 10 --greenlet "$@"
}

# is CASE TEXT: what a case answers.
is() {
	local text
	text=$(get "/$1") || return
	[ "$text" = "$2" ] || wm_fail "$1: $text"
}

@test "example: a callback after the response" {
	example_start asyncio/callback.py
	[ "$(get /)" = "Hello World" ]
	wm_wait_for "the callback" 5 wm_log_has "Hello 2 seconds elapsed"
	wm_stop
}

@test "example: a request waits for a callback" {
	example_start asyncio/suspend.py
	[ "$(get /)" = "Hello World" ]
	wm_log_has "Hello 2 seconds elapsed"
	wm_stop
}

@test "example: a generator waits for callbacks" {
	example_start asyncio/generator.py
	[ "$(get /)" = "OneTwo" ]
	[ "$(log_count "Hello 2 seconds elapsed")" -eq 2 ]
	wm_stop
}

@test "example: a request waits for a task" {
	example_start asyncio/task.py
	[ "$(get /)" = "Hello World" ]
	wm_stop
}

@test "example: a request gets a future's result" {
	example_start asyncio/future.py
	[ "$(get /)" = "Hello World" ]
	wm_stop
}

@test "example: a request fetches a page with aiohttp" {
	"$PYTHON" -c 'import aiohttp' || skip "needs aiohttp"
	export URL=http://127.0.0.1:$CASES_PORT/imported
	example_start asyncio/client.py
	[ "$(get /)" = "True" ]
	wm_stop
}

@test "example: await_ in one line" {
	example_start asyncio/await.py
	[ "$(get /)" = "Hello World" ]
	wm_stop
}

@test "example: ten things at once in one request" {
	example_start asyncio/gather.py
	[ "$(get /)" = "[0, 1, 4, 9, 16, 25, 36, 49, 64, 81]" ]
	wm_stop
}

@test "example: what blocks goes to a thread, and others go on" {
	local n begin pids=
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --asyncio 10 --greenlet \
	    --wsgi-file "$WM_SOURCE/examples/asyncio/blocking.py"
	begin=${EPOCHREALTIME/[^0-9]/}
	for n in 1 2 3 4; do
		get / >"answer$n" &
		pids+=" $!"
	done
	wait $pids
	[ $((${EPOCHREALTIME/[^0-9]/} - begin)) -lt 3500000 ]
	[ "$(cat answer* | grep -c 'at last')" -eq 4 ]
	wm_stop
}

@test "no loop runs in a request, wherever it is resumed from" {
	is outside "True [True, True, True]"
	is throw "thrown True"
}

@test "asyncio.run() works in a request, and others go on meanwhile" {
	local n begin=${EPOCHREALTIME/[^0-9]/}
	for n in $(seq 10); do
		is run "ran True" &
		pids+=" $!"
	done
	for n in $pids; do
		wait "$n"
	done
	[ $((${EPOCHREALTIME/[^0-9]/} - begin)) -lt 2500000 ]
}

@test "await_ gives results, exceptions, timeouts, and knows the context" {
	is await "value mine timeout 'inside' future complete ['value', 'value']"
}

@test "an exception thrown into a request ends its await_" {
	is await-thrown "thrown cancelled"
}

@test "await_ works from threads and greenlets, and not in a coroutine" {
	is await-thread "from a thread"
	is await-child "value"
	is await-wrong "await_() is for plain code; here, use await"
}

@test "readers, writers, streams, subprocesses and executors work" {
	is reader "read written"
	is streams "echo"
	is subprocess "piped 3"
	is executor "True"
	is threadsafe "True"
	is huge OSError
}

@test "a signal's handler runs while everything waits" {
	is signal "1 True"
	is loop-signal "1 True"
	is signal "1 True"
}

@test "the loop goes on when a callback exits or stops it" {
	is exit "goes on"
	wm_wait_for "the log" 5 grep -q "SystemExit: 3" "$CASES_LOG"
	grep -q "the app has stopped the event loop; it goes on" "$CASES_LOG"
	is await-child "value"
}

@test "the selector answers as the selectors module says" {
	is selector "KeyError KeyError KeyError KeyError ValueError ValueError\
 ValueError ValueError OSError RuntimeError PermissionError"
}

@test "CPython's own tests of the selector loop pass on it" {
	"$PYTHON" -c 'import test.test_asyncio' ||
		skip "needs CPython's tests (libpython3.11-testsuite)"
	"$WM_SOURCE/test/asyncio/run-cpython-tests" "$WM_BUILD"
}

@test "what is begun at import goes on in every worker, and in its own" {
	local n
	cases_start -p 2 --env EXECUTOR=1
	for n in $(seq 8); do
		is imported True
		is executor True
	done
	for n in $(seq 40); do
		get /threadsafe >>out &
		pids+=" $!"
	done
	wait $pids
	[ "$(grep -c True out)" -eq 40 ]
	is signal "1 True"
	wm_stop
}

@test "a late switch() never reaches another request" {
	local check
	PORT=$(wm_port)
	STATS=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --stats "127.0.0.1:$STATS" \
	    --pythonpath "$WM_APPS" --module wsgi_greenlets \
	    --asyncio 20 --greenlet
	for check in "late-switches $PORT 20" "ends-elsewhere $PORT" \
	    "disturbed $PORT" "thrown $PORT" "children $PORT"; do
		# Unquoted: words.
		"$PYTHON" "$WM_SOURCE/test/clients/greenlet_checks.py" $check
	done
	wm_stop
}

@test "100 requests are parked at once" {
	local n begin
	begin=${EPOCHREALTIME/[^0-9]/}
	seq 100 | sed "s|.*|url = http://127.0.0.1:$PORT/park|" >urls
	curl -sS --no-progress-meter -Z --parallel-max 100 \
	    --parallel-immediate -K urls >out
	[ "$(grep -c parked out)" -eq 100 ]
	[ $((${EPOCHREALTIME/[^0-9]/} - begin)) -lt 8000000 ]
}

@test "asyncio's debug mode finds nothing to complain about" {
	cases_start --env ASYNCIO_DEBUG=1 --env PYTHONASYNCIODEBUG=1
	is outside "True [True, True, True]"
	is await "value mine timeout 'inside' future complete ['value', 'value']"
	is run "ran True"
	is reader "read written"
	is subprocess "piped 3"
	not wm_log_has "RuntimeError|never awaited|never retrieved"
	wm_stop
}

@test "asyncio-expose-loop shows the loop to requests" {
	cases_start --asyncio-expose-loop
	is running "True value"
	wm_stop
}

@test "a stop lets parked requests finish, and ends what else runs" {
	cases_start
	is asyncgen 0
	get /slow >out &
	client=$!
	wm_wait_for "the request" 5 stats_say "w[1]['busy_cores'] == 1"
	wm_stop
	wait $client
	[ "$(cat out)" = slow ]
	wm_log_has "the task was cancelled"
	wm_log_has "the generator was closed"
}

@test "a reload loses no parked request" {
	cases_start -p 2
	for n in $(seq 10); do
		get /slow >>out &
		pids+=" $!"
	done
	sleep 0.3
	kill -HUP "$WM_PID"
	wait $pids
	[ "$(grep -c slow out)" -eq 10 ]
	wm_wait_for "the reload" 20 stats_say "s['generation'] == 2"
	wm_wait_for "the workers" 20 workers_ready
	is imported True
	wm_stop
}

@test "the engine needs greenlet" {
	run "$WSGIMASTER" --asyncio 10 --check
	[ "$status" -eq 2 ]
	[[ "$output" == *'"asyncio": 10 needs "greenlet"'* ]]
}

@test "Django's ORM works in a request" {
	"$PYTHON" -c 'import django' || skip "needs Django"
	cat >app.py <<-'END'
	import asyncio, os, sys
	import django
	from django.conf import settings
	settings.configure(DATABASES={"default": {
	    "ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
	django.setup()
	import greenlet
	from django.db import connection
	from asgiref.sync import async_to_sync
	async def seven():
	    await asyncio.sleep(0.01)
	    return 7
	def application(environ, start_response):
	    me = greenlet.getcurrent()
	    async def step():
	        me.switch()
	    asyncio.Task(step())
	    me.parent.switch()
	    with connection.cursor() as cursor:
	        cursor.execute("select 35")
	        n = cursor.fetchone()[0]
	    n += async_to_sync(seven)()
	    start_response("200 OK", [])
	    return [b"%d" % n]
	END
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --wsgi-file app.py \
	    --asyncio 10 --greenlet
	[ "$(get /)" = 42 ]
	[ "$(get /)" = 42 ]
	wm_stop
}
