#!/usr/bin/env bats
# Many requests at once, by wrk and curl: not one may fail.
# Runs alone: it loads the machine.

load probe

setup_file() {
	probe_start_file --disable-logging
}

teardown_file() {
	wm_teardown
}

# load_test PORT ARGS...: a second of wrk.
load_test() {
	wrk -t 1 -c 50 -d 1s --timeout 60s "${@:2}" \
	    "http://127.0.0.1:$1/hello" >wrk.txt
	cat wrk.txt
	! grep -q "Non-2xx\|Socket errors" wrk.txt || wm_fail "errors"
	[ "$(awk '/requests in/ { print $1 }' wrk.txt)" -gt 100 ]
}

@test "wrk over keep-alive has no error" {
	load_test "$SYNC_PORT"
	load_test "$CORES_PORT"
}

@test "wrk with a connection for every request has no error" {
	load_test "$SYNC_PORT" -H "Connection: close"
	load_test "$CORES_PORT" -H "Connection: close"
}

@test "wrk over two workers has no error" {
	probe_start --disable-logging --processes 2 --async 20 --greenlet
	load_test "$PORT"
	load_test "$PORT" -H "Connection: close"
	wm_stop
}

@test "wrk with more connections than cores and queue has no error" {
	probe_start --disable-logging --async 4 --greenlet --listen 1000
	wrk -t 1 -c 200 -d 2s --timeout 60s \
	    "http://127.0.0.1:$PORT/sleep?s=0.01" >wrk.txt
	cat wrk.txt
	! grep -q "Non-2xx\|Socket errors" wrk.txt || wm_fail "errors"
	wm_stop
}

@test "curl gets 500 pages in parallel" {
	for port in "$SYNC_PORT" "$CORES_PORT"; do
		curl -sS --http1.1 --fail --max-time 100 --parallel \
		    --parallel-max 20 -o "page#1" \
		    "http://127.0.0.1:$port/number?[1-500]"
		for n in $(seq 500); do
			[ "$(cat "page$n")" = "$n" ]
		done
		rm page*
	done
}
