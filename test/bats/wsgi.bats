#!/usr/bin/env bats
# WSGI by PEP 3333: what the app gets, and what becomes of what it gives.

load probe

wsgi_start() {
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --pythonpath "$WM_APPS" "$@"
}

setup_file() {
	cd "$WM_TMP" || return 1
	wsgi_start --module wsgi_cases
	export SYNC_PORT=$PORT SYNC_LOG=$WM_LOG
	wsgi_start --module wsgi_cases --threads 8
	export THREADS_PORT=$PORT THREADS_LOG=$WM_LOG
	export CORES_PORT= CORES_LOG=
	[ "$WM_GREENLET" != no ] || return 0
	wsgi_start --module wsgi_cases --async 8 --greenlet
	CORES_PORT=$PORT CORES_LOG=$WM_LOG
}

teardown_file() {
	wm_teardown
}

# lacks LOG PATTERN: fails when the log has such a line.
lacks() {
	if grep -E -- "$2" "$1"; then
		wm_fail "$1 has $2"
	fi
}

# each CLIENT CHECK: the same check with one core, threads and greenlet cores.
each() {
	check "$1" "$2" "$SYNC_PORT"
	check "$1" "$2" "$THREADS_PORT"
	[ -z "$CORES_PORT" ] || check "$1" "$2" "$CORES_PORT"
}

# The same, with each server's log as an argument.
each_log() {
	check wsgi_checks "$1" "$SYNC_PORT" "$SYNC_LOG"
	check wsgi_checks "$1" "$THREADS_PORT" "$THREADS_LOG"
	[ -z "$CORES_PORT" ] ||
		check wsgi_checks "$1" "$CORES_PORT" "$CORES_LOG"
}

needs_greenlet() {
	[ "$WM_GREENLET" != no ] || skip "built without greenlet"
}

@test "wsgiref.validate finds nothing, with one core" {
	wsgi_start --module wsgi_validated
	check wsgi_checks validated "$PORT"
	lacks "$WM_LOG" Traceback
	wm_log_has "from the validated app"
	wm_stop
}

@test "wsgiref.validate finds nothing, with greenlet cores" {
	needs_greenlet
	wsgi_start --module wsgi_validated --async 4 --greenlet
	check wsgi_checks validated "$PORT"
	lacks "$WM_LOG" Traceback
	wm_stop
}

@test "wsgiref.validate finds nothing, with threads" {
	wsgi_start --module wsgi_validated --threads 4
	check wsgi_checks validated "$PORT"
	lacks "$WM_LOG" Traceback
	wm_stop
}

@test "wsgiref.validate finds nothing, with collected bodies" {
	wsgi_start --module wsgi_validated --post-buffering 8
	check wsgi_checks validated "$PORT"
	lacks "$WM_LOG" Traceback
	wm_stop
}

@test "environ has what PEP 3333 and uWSGI put there" {
	check wsgi_checks environ "$SYNC_PORT" 1
	check wsgi_checks environ "$THREADS_PORT" 8 True
	[ -z "$CORES_PORT" ] || check wsgi_checks environ "$CORES_PORT" 8
}

@test "paths are decoded to latin-1, hosts come from the request" {
	each wsgi_checks paths
}

@test "requests that are nearly alike get environs of their own" {
	each wsgi_checks environ-repeated
}

@test "an environ that the app keeps stays as it was" {
	each wsgi_checks environ-kept
}

@test "requests leave nothing behind them" {
	each wsgi_checks blocks
}

@test "header values of one request never show up in another" {
	each wsgi_checks repeated-values
}

@test "a bad status or header is a 500 that names it" {
	each_log bad-heads
}

@test "start_response comes first, once" {
	each wsgi_checks heads
}

@test "exc_info replaces a head that is not out, and raises if it is" {
	each wsgi_checks exc-info
}

@test "bodies of every kind are framed right" {
	each wsgi_checks bodies
}

@test "a body that is not bytes is an error that shows it" {
	each_log bad-bodies
}

@test "write() sends before what is returned" {
	each wsgi_checks writes
}

@test "close() is called once, however the response ended" {
	each wsgi_checks closes
	grep -q "close on purpose" "$SYNC_LOG"
}

@test "a generator is closed when the client leaves, with no traceback" {
	needs_greenlet
	check wsgi_checks client-leaves "$CORES_PORT"
	lacks "$CORES_LOG" BrokenPipe
}

@test "a generator is closed when the client leaves, with threads" {
	check wsgi_checks client-leaves "$THREADS_PORT"
	lacks "$THREADS_LOG" BrokenPipe
}

@test "a client that leaves in its body is a ClientGone" {
	each wsgi_checks client-leaves-in-body
}

@test "whatever an app raises, the client gets 500 and the worker stays" {
	each_log exceptions
}

@test "wsgi.input reads pieces, lines and into buffers" {
	each wsgi_checks inputs
	each wsgi_checks input-mixed
}

@test "wsgi.input can seek only in a collected body" {
	each wsgi_checks seek-streamed
	wsgi_start --module wsgi_cases --post-buffering 100
	check wsgi_checks seek-collected "$PORT"
	wm_stop
}

@test "input, start_response and write() are dead after their request" {
	each wsgi_checks kept
}

@test "wsgi.file_wrapper sends files of every kind and closes them" {
	each wsgi_checks files
}

@test "wsgi.errors, log() and print() land in the log at once" {
	local line log
	each wsgi_checks complains
	for log in "$SYNC_LOG" "$THREADS_LOG" ${CORES_LOG:+"$CORES_LOG"}; do
		for line in "first half, second half" "another line" \
		    "in pieces" "unfinished" 'at the end € \\udcff' \
		    "by log\(\)" "by log\(\) in bytes"; do
			grep -qE "core [0-7] request [0-9a-f-]{36}\] [a-z]+: $line\$" \
			    "$log" || wm_fail "no \"$line\" in $log"
		done
		grep -qx "printed to stdout" "$log"
		grep -qx "printed to stderr" "$log"
	done
}

@test "the module is one under two names and knows the server" {
	check wsgi_checks module "$SYNC_PORT" 1 1
	check wsgi_checks module "$THREADS_PORT" 8 1 threads
	[ -z "$CORES_PORT" ] ||
		check wsgi_checks module "$CORES_PORT" 8 1 greenlet
}

@test "every request has a context of its own" {
	each wsgi_checks contexts
}

@test "no request finds what another one did with its context" {
	each wsgi_checks context_kept
}

@test "sleep() and wait() work in a request and in a thread" {
	each wsgi_checks waits
}
