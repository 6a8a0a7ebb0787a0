#!/usr/bin/env bats
# HTTP on the stats socket, beside those who say nothing.

load lifecycle

setup_file() {
	cd "$WM_TMP" || return 1
	PORT=$(wm_port)
	WEB=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --stats "127.0.0.1:$WEB" \
	    --wsgi-file "$WM_APPS/lifecycle.py" --stats-host stats.example
	export WEB
}

teardown_file() {
	wm_teardown
}

# check CHECK [ARGUMENT...]: on the file's server.
check() {
	check_at "$1" "$WEB" "${@:2}"
}

# check_at CHECK ADDRESS [ARGUMENT...]
check_at() {
	"$PYTHON" "$WM_SOURCE/test/clients/stats_checks.py" "$@"
}

@test "who sends nothing gets the JSON document and the end" {
	check silent
}

@test "so does who sends what is not HTTP" {
	check gibberish
}

@test "each path has its answer, and 404 names them all" {
	check paths
}

@test "GET and HEAD, everything else is 405" {
	check methods
}

@test "HTTP/1.0 and 1.1, with keep-alive and without" {
	check versions
}

@test "a connection serves many requests, one after the other" {
	check reused
}

@test "a head has a limit" {
	check bounds
}

@test "half a head is not waited for for ever" {
	check slow-head
}

@test "a name that is not this server's is refused where requests are shown" {
	check hosts stats.example
}

@test "idle connections keep nobody out" {
	check crowd
}

@test "half requests keep nobody out" {
	check silent-crowd
}

@test "clients that leave at any point do no harm" {
	check leavers
}

@test "over a unix socket, whatever Host says" {
	life_start
	check_at silent "$STATS"
	check_at paths "$STATS"
	check_at reused "$STATS"
	check_at unguarded "$STATS"
	[ "$(curl -fs -m 10 --unix-socket "$STATS" http://x/livez)" = ok ]
	wm_stop
}

@test "a long document comes in chunks, and in memory only piece by piece" {
	life_start -p 4 --async 4000 --greenlet
	check_at chunks "$STATS"
	check_at lazy-readers "$STATS"
	wm_stop
}

@test "stats-http: nothing but HTTP, and no haste" {
	life_start --stats-http
	check_at only-http "$STATS"
	check_at paths "$STATS"
	wm_stop
}

@test "livez and readyz answer while every worker is stuck" {
	life_start -p 2 --worker-reload-mercy 0
	get /stuck 30 >/dev/null 2>&1 &
	get /stuck 30 >/dev/null 2>&1 &
	wm_wait_for "both to be stuck" 10 stats_say \
	    "w[1]['busy_cores'] + w[2]['busy_cores'] == 2"
	check_at live "$STATS"
	check_at readyz "$STATS" 200 ok
	wm_stop
}

@test "readyz is 503 while the app loads, 200 after it, 503 at the end" {
	echo 'time.sleep(2)' >import.py
	life_launch
	check_at readyz "$STATS" 503 starting
	check_at live "$STATS"
	check_at readyz "$STATS" 200 ok
	rm import.py
	curl -s -m 30 "http://127.0.0.1:$PORT/sleep/8" >/dev/null &
	wm_wait_for "the request to run" 10 stats_say "w[1]['busy_cores'] == 1"
	kill -TERM "$WM_PID"
	check_at readyz "$STATS" 503 stopping
	check_at live "$STATS"
	wm_wait_left
}

@test "readyz is 503 while no worker lives, and stays 200 over a reload" {
	life_start
	kill -HUP "$WM_PID"
	check_at ready-until "$STATS" 2
	echo 'raise SystemExit("no")' >import.py
	kill -KILL "$(spawner_pid)"
	kill -KILL "$(worker_pid 1)"
	check_at readyz "$STATS" 503 "no worker is ready"
	check_at live "$STATS"
	rm import.py
	check_at readyz "$STATS" 200 ok
	wm_stop
}
