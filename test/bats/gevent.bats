#!/usr/bin/env bats
# The gevent engine: its hub turns the worker's base.

load lifecycle

setup_file() {
	cd "$WM_TMP" || return 1
	has_gevent || return 0
	cases_start
	export CASES_PORT=$PORT CASES_LOG=$WM_LOG CASES_STATS=$STATS
}

setup() {
	has_gevent || skip "needs gevent"
	cd "$WM_TMP" || return 1
	PORT=$CASES_PORT
}

teardown_file() {
	wm_teardown
}

has_gevent() {
	[ "$WM_GREENLET" != no ] && "$PYTHON" -c 'import gevent' 2>/dev/null
}

# cases_start ARGS...: a server of the cases, on PORT and STATS.
cases_start() {
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --wsgi-file "$WM_APPS/gevent_cases.py" --gevent 100 "$@"
}

# is CASE TEXT: what a case answers.
is() {
	local text
	text=$(get "/$1") || return
	[ "$text" = "$2" ] || wm_fail "$1: $text"
}

# at_once N CASE: so many requests together; their answers are in out.
at_once() {
	seq "$1" | sed "s|.*|url = http://127.0.0.1:$PORT/$2|" >urls
	curl -sS --no-progress-meter -Z --parallel-max "$1" \
	    --parallel-immediate -K urls >out
}

# check CLIENT CHECK ARGUMENT...: a check of test/clients.
check() {
	"$PYTHON" "$WM_SOURCE/test/clients/$1.py" "${@:2}"
}

# example_start NAME ARGS...: an example, its pauses of 2 seconds made short.
example_start() {
	PORT=$(wm_port)
	sed -e 's/(2)/(0.5)/' "$WM_SOURCE/examples/gevent/$1" >"$WM_TMP/app.py"
	shift
	wm_start --http-socket "127.0.0.1:$PORT" --wsgi-file app.py \
	    --gevent 100 --gevent-early-monkey-patch "$@"
}

@test "example: a body in pieces, with pauses" {
	example_start sleep.py
	[ "$(get / | tr '\n' ' ')" = "piece 0 piece 1 piece 2 " ]
	wm_stop
}

@test "example: a page is fetched with the standard library" {
	export URL=http://127.0.0.1:$CASES_PORT/hello
	export no_proxy=127.0.0.1
	example_start fetch.py
	[ "$(get /)" = "19 bytes" ]
	wm_stop
}

@test "example: several things at once" {
	example_start together.py
	[ "$(get /)" = "0.1, 0.2" ]
	wm_stop
}

@test "the examples' app.json is good" {
	cd "$WM_SOURCE/examples/gevent"
	"$WSGIMASTER" -c app.json --check
}

@test "the loop is the server's, and uwsgi.loop says so" {
	is hello "b'gevent' libevent"
}

@test "a request that sleeps holds nobody up" {
	local begin=${EPOCHREALTIME/[^0-9]/}
	at_once 20 sleep
	[ "$(grep -c "slept True" out)" -eq 20 ]
	[ $((${EPOCHREALTIME/[^0-9]/} - begin)) -lt 8000000 ]
}

@test "greenlets, pools, events, queues and locks work" {
	is spawn "9 [0, 1, 4, 9] KeyError('inside') 5 True"
	is events "result [0, 1, 2]"
}

@test "gevent's Timeout ends gevent's waits and the server's" {
	is timeout "gevent's the server's"
}

@test "the server's waits and gevent's work beside each other" {
	is waits True
	is switched True
}

@test "sockets, files and closed descriptors work" {
	is socket "LINE timeout"
	is closed cancel_wait_ex
	is regular "file error"
}

@test "all kinds of watchers work" {
	is "watchers?$WM_TMP/watched" "idle prepare check stat True async True [1]"
	is wrong "ValueError ValueError AttributeError TypeError ValueError ValueError called"
}

@test "subprocesses, the thread pool and the name service work" {
	is subprocess "piped 3 [0, 1, 2, 3, 4]"
	is threadpool "True 80"
	is threadsafe True
}

@test "a signal's handler runs while everything waits" {
	is signal "2 True"
	is signal "2 True"
}

@test "the worker goes on when a greenlet exits" {
	local pid
	pid=$(stats "w[1]['pid']" "$CASES_STATS")
	is exit "goes on"
	is callback-forks 0
	grep -q "SystemExit: 3" "$CASES_LOG"
	grep -q "KeyboardInterrupt" "$CASES_LOG"
	grep -q "SystemExit: 4" "$CASES_LOG"
	is hello "b'gevent' libevent"
}

@test "a request cannot turn the server's loop" {
	is run "the loop is running; a request cannot run the server's loop"
}

@test "bodies are read and sent meanwhile" {
	head -c 300000 /dev/zero >body
	[ "$(curl -fsS -m 20 --data-binary @body \
	    "http://127.0.0.1:$PORT/body")" = 300000 ]
}

@test "what a request has set is never seen by another" {
	local n
	for n in 1 2 3; do
		at_once 30 "context?$n"
		[ "$(grep -c "^True True$" out)" -eq 30 ]
	done
}

@test "a child that a request forks has gevent, and nothing of others" {
	is fork "42 ['child'] 5 [\"b'x'\", 'callback', 'timer'] pool 5"
}

@test "requests are not gone on with in a child" {
	local n
	for n in 1 2 3; do
		get "/forked-slow?$WM_TMP/steps$n" >>slow &
		pids+=" $!"
	done
	sleep 0.2
	for n in 1 2 3; do
		is fork "42 ['child'] 5 [\"b'x'\", 'callback', 'timer'] pool 5"
	done
	wait $pids
	[ "$(grep -c stepped slow)" -eq 3 ]
	for n in 1 2 3; do
		[ "$(grep -c step "steps$n")" -eq 10 ]
	done
}

@test "what is begun at import goes on in every worker, and in its own" {
	local n
	cases_start -p 2 --env RUNS_AT_IMPORT=1
	for n in $(seq 8); do
		is imported True
		is threadpool "True 80"
		is import-signal 1
	done
	at_once 40 threadsafe
	[ "$(grep -c True out)" -eq 40 ]
	is signal "2 True"
	wm_stop
}

@test "a gevent server of the app's own serves beside" {
	local own
	own=$(wm_port)
	cases_start --env "LISTENS=$own"
	[ "$(curl -fsS -m 10 "http://127.0.0.1:$own/spawn")" = \
	    "9 [0, 1, 4, 9] KeyError('inside') 5 True" ]
	is sleep "slept True"
	wm_stop
}

@test "an app may fork at import" {
	cases_start --env FORKS_AT_IMPORT=1
	wm_log_has "the child at import: 7"
	is imported True
	wm_stop
}

@test "lazy-apps works" {
	cases_start -p 2 --lazy-apps
	is imported True
	is spawn "9 [0, 1, 4, 9] KeyError('inside') 5 True"
	wm_stop
}

patched() {
	is is-patched True
	is patched "slept True slept True True done 127.0.0.1"
	is spawn "9 [0, 1, 4, 9] KeyError('inside') 5 True"
	is subprocess "piped 3 [0, 1, 2, 3, 4]"
	is multiprocessing "True 0"
	is fork "42 ['child'] 5 [\"b'x'\", 'callback', 'timer'] pool 5"
	is signal "2 True"
	at_once 30 "threadlocal?1"
	[ "$(grep -c "^none True True$" out)" -eq 30 ]
	at_once 30 "threadlocal?2"
	[ "$(grep -c "^none True True$" out)" -eq 30 ]
	wm_stop
}

@test "gevent-early-monkey-patch patches before the app" {
	is is-patched False
	cases_start --gevent-early-monkey-patch
	patched
}

@test "gevent-monkey-patch does too" {
	cases_start --gevent-monkey-patch
	patched
}

@test "an app that patches itself works" {
	cases_start --env PATCHES_ITSELF=1
	patched
}

@test "uwsgi's async functions work as under libevent" {
	local port stats one
	export TEST_FILE=$WM_TMP/lines
	seq 100000 >"$TEST_FILE"
	port=$(wm_port)
	stats=$(wm_port)
	wm_start --http-socket "127.0.0.1:$port" --stats "127.0.0.1:$stats" \
	    --pythonpath "$WM_APPS" --module async_api --gevent 8
	for one in registers "waits $stats" "writable $stats" \
	    "one-for-all $stats" one-shot leaves-registered sleeps errors \
	    outside "child $stats" "fair 4 /count /suspends" spins \
	    timers-under-load \
	    "closed $stats os" "closed $stats reused" "keys 10" ngx \
	    "connects $WM_TMP" sends disconnects client-gone chunks \
	    body-by-recv sends-file "process 1 gevent" accepting; do
		set -- $one
		check async_checks "$1" "$port" "${@:2}"
	done
	wm_stop
}

@test "a late switch() never reaches another request" {
	local one
	PORT=$(wm_port)
	STATS=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --stats "127.0.0.1:$STATS" \
	    --pythonpath "$WM_APPS" --module wsgi_greenlets --gevent 20
	for one in "late-switches $PORT 20" "ends-elsewhere $PORT" \
	    "disturbed $PORT" "thrown $PORT" "children $PORT"; do
		# Unquoted: words.
		check greenlet_checks $one
	done
	wm_stop
}

@test "a child that an app forks answers nobody" {
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --pythonpath "$WM_APPS" \
	    --module wsgi_forks --gevent 4
	check fork_checks children-do-not-serve "$PORT"
	wm_stop
}

@test "a stop lets requests finish, and what they have left behind is let go" {
	cases_start
	get /slow >out &
	client=$!
	wm_wait_for "the request" 5 stats_say "w[1]['busy_cores'] == 1"
	wm_stop
	wait $client
	[ "$(cat out)" = slow ]
}

@test "gevent-wait-for-hub waits for all" {
	cases_start --gevent-wait-for-hub
	is "left?$WM_TMP/left" leaves
	wm_stop
	[ "$(cat left)" = left ]
}

@test "a reload loses no request" {
	local n
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
