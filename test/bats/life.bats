#!/usr/bin/env bats
# Two things at the same time in the master's life.

load engines
load lifecycle

# The new master's pid, of the log.
tried_pid() {
	sed -n 's/.*starts as the new master, with pid \([0-9]*\)$/\1/p' \
	    "$WM_LOG" | tail -n 1
}

@test "a log that is opened again while a request holds the loop is found" {
	life_start --logto "$WM_TMP/app.log"
	get /sleep/3 >answer 3>&- 4>&- &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	mv app.log old.log
	kill -USR1 "$WM_PID"
	wm_wait_for "the new file" 5 grep -q 'opened the log again' app.log
	wait $!
	get /
	wm_wait_for "the request's line" 5 grep -q 'GET / =>' app.log
	not grep -q 'GET / =>' old.log
	wm_stop
}
