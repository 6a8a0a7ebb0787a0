#!/usr/bin/env bats
# Timeouts, and what slow clients may not cost.

load probe

setup_file() {
	probe_start_file --header-timeout 1 --body-timeout 1 \
	    --write-timeout 1 --keepalive-timeout 1
}

teardown_file() {
	wm_teardown
}

@test "half a head is 408 after header-timeout" {
	each_at_once timeout_checks header
}

@test "a head that drips in does not live longer" {
	each_at_once timeout_checks header-dripping
}

@test "a connection on which nothing comes is closed after header-timeout" {
	each_at_once timeout_checks nothing
}

@test "an idle connection is closed without a word after keepalive-timeout" {
	each_at_once timeout_checks idle
}

@test "every response gives an idle connection its time anew" {
	each_at_once timeout_checks idle-used-again
}

@test "a pause in the body is an error of the app's read after body-timeout" {
	run each timeout_checks body 408
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = $'1\n1\n1' ]
}

@test "a slow body without long pauses is read" {
	each_at_once timeout_checks body-slow
}

@test "a client that takes nothing loses its response after write-timeout" {
	check timeout_checks write "$SYNC_PORT" "$SYNC_STATS"
	check timeout_checks write "$CORES_PORT" "$CORES_STATS"
	check timeout_checks write "$THREADS_PORT" "$THREADS_STATS"
}

@test "a client that takes something now and then gets all" {
	each_at_once timeout_checks write-slow
}

@test "with post-buffering a pause in the body is 408 and no app is called" {
	probe_start --post-buffering 64k --body-timeout 1
	run check timeout_checks body "$PORT" 408
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = 0 ]
	wm_stop
}

@test "clients that send slowly hold no core" {
	probe_start
	check timeout_checks slow-senders-cost-no-core "$PORT" "$STATS"
	wm_stop
}
