#!/usr/bin/env bats
# The module, abused: odd arguments, leaks, handlers that fork.

load lifecycle

# noted PATTERN [COUNT [FILE]]: has the file (of notes) so many such lines?
noted() {
	[ "$(grep -cE -- "$1" "${3:-notes}" || true)" -eq "${2:-1}" ]
}

# forks_start ARGS...: a server of background_forks.py.
forks_start() {
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --mules 1 --spooler spool \
	    --wsgi-file "$WM_APPS/background_forks.py" "$@"
}

@test "what a spooler's handler forks is no spooler" {
	forks_start
	get /spool/fork
	wm_wait_for "the child's end" 20 noted "over task"
	get /spool/raise
	wm_wait_for "the other one's" 20 noted "over raised"
	get /spool/plain
	wm_wait_for "the next task" 20 noted "task plain"
	# The child has returned from the handler, and settled nothing.
	noted "task fork" 2
	wm_wait_for "the records" 20 noted "done after" 2 "$WM_LOG"
	wm_stop
}

@test "what a signal's handler forks is no mule, spooler or worker" {
	forks_start
	get /signal/1
	wm_wait_for "the mule's child's end" 20 noted "over signal"
	get /signal/2
	wm_wait_for "the spooler's" 20 noted "over signal" 2
	get /wait
	wm_wait_for "the worker's" 20 noted "over signal" 3
	noted "child signal" 3
	wm_stop
}

# abuse_start APP ARGS...: a server of an app that has everything.
abuse_start() {
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --wsgi-file "$WM_APPS/$1" \
	    --cache2 name=default,items=100,blocksize=8192 --queue 10 \
	    --queue-blocksize 8192 --sharedarea 1 --locks 2 --metric a \
	    --enable-metrics --mules 1 --farm farm:1 --spooler spool \
	    "${@:2}"
}

@test "odd arguments: numbers that are none, NULs, what is given twice" {
	abuse_start api_odd.py
	[ "$(get / 60)" = ok ]
	wm_stop
}

@test "no function leaks, whatever it is given" {
	abuse_start api_leaks.py
	times=10000
	[ "$WM_SANITIZERS" != yes ] || times=1000
	get "/leaks/$times" 100 | tee leaks
	[ "$(cat leaks)" = ok ]
	wm_stop
}

@test "arguments of random types crash nothing, in any process" {
	"$WM_SOURCE/scripts/fuzz-api" "$WM_BUILD" 1000 1
}
