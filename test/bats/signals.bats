#!/usr/bin/env bats
# The app's own signal handlers run at once, also while everything waits.

load engines

get() {
	curl -fsS --max-time 60 "http://127.0.0.1:$PORT/$1"
}

@test "a handler runs while a request waits, and in an idle worker" {
	export NOTES=$WM_TMP/notes
	for engine in $(engines); do
		rm -f "$NOTES"
		engine_start "$engine" --module signal_cases
		[ "$(get waiting)" = "1 True True" ] || wm_fail "$engine"
		kill -USR2 "$(get pid)"
		# The base sleeps a second at most; a handler comes before.
		wm_wait_for "the handler" 20 grep -q 12 "$NOTES"
		wm_stop
	done
}

@test "a handler that raises ends the wait, or is logged" {
	engine_start none --module signal_cases
	[ "$(get interrupted)" = "the alarm" ]
	wm_stop
	engine_start greenlet --module signal_cases
	[ "$(get interrupted)" = "slept" ]
	wm_log_has "exception in a signal handler"
	wm_stop
}
