#!/usr/bin/env bats
# The Tornado engine: the IOLoop is the worker's.

load lifecycle

setup_file() {
	cd "$WM_TMP" || return 1
	[ "$WM_GREENLET" != no ] && "$PYTHON" -c 'import tornado' || return 0
	tornado_start --wsgi-file "$WM_APPS/tornado_cases.py"
	export CASES_PORT=$PORT CASES_LOG=$WM_LOG
}

setup() {
	[ "$WM_GREENLET" != no ] || skip "built without greenlet"
	"$PYTHON" -c 'import tornado' || skip "needs Tornado"
	cd "$WM_TMP" || return 1
	PORT=$CASES_PORT
}

teardown_file() {
	wm_teardown
}

# tornado_start ARGS...: a server on PORT and STATS.
tornado_start() {
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --tornado 100 --greenlet "$@"
}

# example_start NAME ARGS...: an example, its pause of 10 seconds made short.
example_start() {
	local name=$1
	shift
	sed -e 's/ + 10,/ + 0.2,/' "$WM_SOURCE/examples/tornado/$name" >app.py
	tornado_start --wsgi-file app.py "$@"
}

# is CASE TEXT: what a case answers.
is() {
	local text
	text=$(get "/$1") || return
	[ "$text" = "$2" ] || wm_fail "$1: $text"
}

# port_says PORT TEXT: whether an app of Tornado's answers so.
port_says() {
	[ "$(curl -fsS -m 5 "http://127.0.0.1:$1/")" = "$2" ]
}

@test "example: a request waits for AsyncHTTPClient" {
	export URL=http://127.0.0.1:$CASES_PORT/callback
	example_start fetch.py
	[ "$(get /)" = called ]
	wm_stop
}

@test "example: await_ takes Tornado's futures" {
	export URL=http://127.0.0.1:$CASES_PORT/callback
	example_start await.py
	[ "$(get /)" = called ]
	wm_stop
}

@test "example: two callbacks in a chain" {
	export URL=http://127.0.0.1:$CASES_PORT/callback
	example_start chain.py
	[ "$(get /)" = called ]
	wm_stop
}

@test "example: a standard WSGI generator" {
	example_start generator.py
	[ "$(get /)" = onetwothree ]
	wm_stop
}

@test "example: each worker listens on a port of its own" {
	export BASE_PORT=$(wm_port 3)
	example_start listen.py -p 2
	get / | grep -E '^Hello from WSGI, worker [12]$'
	port_says $((BASE_PORT + 1)) "Hello, world from worker 1"
	port_says $((BASE_PORT + 2)) "Hello, world from worker 2"
	[ "$(stats "all(x['owns_listeners'] for x in w.values())")" = True ]
	[ "$(stats "all(any(l.endswith(':%d' % ($BASE_PORT + i)) for l in
	    x['listeners']) for i, x in w.items())")" = True ]
	# replaced in place, one after the other
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 20 stats_say "s['generation'] == 2"
	wm_wait_for "the workers" 20 workers_ready
	port_says $((BASE_PORT + 1)) "Hello, world from worker 1"
	port_says $((BASE_PORT + 2)) "Hello, world from worker 2"
	not wm_log_has "Address already in use"
	# and after a death
	kill -KILL "$(worker_pid 2)"
	wm_wait_for "a new worker 2" 20 port_says $((BASE_PORT + 2)) \
	    "Hello, world from worker 2"
	wm_stop
}

@test "the loop is the server's" {
	is current "True True"
	is callback called
	is handler "True 1"
	is coroutine "old new"
	is ticks "True True"
}

@test "AsyncHTTPClient works in a request, also towards its own server" {
	is "fetch?http://127.0.0.1:$CASES_PORT/callback" "200 called"
	is failing "ConnectionRefusedError"
}

@test "callbacks begun at import run in each worker" {
	local n
	tornado_start --wsgi-file "$WM_APPS/tornado_cases.py" -p 2
	for n in $(seq 6); do
		is ticks "True True"
	done
	wm_stop
}

@test "the engine needs greenlet" {
	run "$WSGIMASTER" --tornado 10 --check
	[ "$status" -eq 2 ]
	[[ "$output" == *'"tornado": 10 needs "greenlet"'* ]]
}
