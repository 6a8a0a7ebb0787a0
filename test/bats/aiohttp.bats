#!/usr/bin/env bats
# aiohttp in requests under asyncio: sessions, many at once, timeouts.

load lifecycle

setup_file() {
	cd "$WM_TMP" || return 1
	[ "$WM_GREENLET" != no ] && "$PYTHON" -c 'import aiohttp' || return 0
	cases_start
	export CASES_PORT=$PORT CASES_LOG=$WM_LOG
}

setup() {
	[ "$WM_GREENLET" != no ] || skip "built without greenlet"
	"$PYTHON" -c 'import aiohttp' || skip "needs aiohttp"
	cd "$WM_TMP" || return 1
	PORT=$CASES_PORT
}

teardown_file() {
	wm_teardown
}

# cases_start ARGS...: a server of the cases.
cases_start() {
	export SELF_PORT BASE_PORT
	PORT=$(wm_port)
	SELF_PORT=$PORT
	BASE_PORT=$(wm_port 3)
	STATS=$WM_TMP/stats.sock
	wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --wsgi-file "$WM_APPS/aiohttp_cases.py" --asyncio 200 --greenlet \
	    "$@"
}

# is CASE TEXT: what a case answers.
is() {
	local text
	text=$(get "/$1" 60) || return
	[ "$text" = "$2" ] || wm_fail "$1: $text"
}

# fifty CASE: 50 requests at once, each with its own answer.
fifty() {
	seq 50 | sed "s|.*|url = http://127.0.0.1:$PORT/$1?&\noutput = got.&|" \
	    >urls
	curl -fsS --no-progress-meter -m 60 -Z --parallel-max 50 \
	    --parallel-immediate -K urls
	[ "$(cat got.* | grep -o True | wc -l)" -eq 50 ]
	rm got.*
}

@test "50 requests at once share a session that was made at import" {
	fifty imported
	fifty imported
}

@test "50 requests at once share a session that was made behind the fork" {
	fifty forked
	fifty forked
}

@test "50 requests at once have a session of their own each" {
	fifty own
	fifty own
}

@test "a request fetches ten pages at once" {
	is gather True
}

@test "timeouts and errors are the request's own" {
	is timeouts "TimeoutError TimeoutError ClientConnectorError InvalidURL\
 True"
}

@test "3 MB go to a server beside the app and come back" {
	is big True
}

@test "a request passes on a stream" {
	get /stream 60 | cmp - <("$PYTHON" -c '
import sys
sys.stdout.buffer.write(bytes(range(256)) * 4096)')
}

@test "a websocket to a server beside the app" {
	is websocket HELLO
}

@test "two workers share nothing of what was made at import" {
	local n
	cases_start -p 2
	for n in 1 2 3; do
		fifty imported
		fifty forked
	done
	is websocket HELLO
	wm_stop
}

@test "a stop finds nothing to complain about" {
	cases_start
	fifty forked
	wm_stop
	not wm_log_has "Traceback|never retrieved|was destroyed"
}

@test "example: one session for all requests of a worker" {
	export URL=http://127.0.0.1:$CASES_PORT/page?1
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --asyncio 10 --greenlet \
	    --wsgi-file "$WM_SOURCE/examples/asyncio/session.py"
	[ "$(get /)" = "$(printf '200, 6 bytes\n%.0s' 1 2 3)" ]
	[ "$(get /)" = "$(printf '200, 6 bytes\n%.0s' 1 2 3)" ]
	wm_stop
}
