#!/usr/bin/env bats
# The pidfile: whose it is, when it is there, and when it goes.

load lifecycle

@test "the pidfile has the master's pid, and goes with it" {
	life_start --pidfile "$WM_TMP/pid"
	[ "$(cat pid)" = "$WM_PID" ]
	[ "$(stat -c %a pid)" = 644 ]
	wm_stop
	[ -z "$(find . -name 'pid*')" ]
}

@test "it is there as soon as signals work, also while the app is loaded" {
	echo 'time.sleep(1)' >import.py
	life_launch --pidfile "$WM_TMP/pid"
	wm_wait_for "the pidfile" 10 test -s pid
	not wm_log_has 'wsgimaster ready'
	kill -HUP "$(cat pid)"
	wm_wait_for "the reload" 20 wm_log_has 'reload done'
	wm_stop
}

@test "a server does not start beside the one whose pidfile it is" {
	local first
	life_start --pidfile "$WM_TMP/pid"
	first=$WM_PID
	life_launch --pidfile "$WM_TMP/pid"
	wm_wait_left
	[ "$WM_STATUS" -eq 1 ]
	wm_log_has "the pidfile $WM_TMP/pid is that of a server that runs, with pid $first"
	[ "$(cat pid)" = "$first" ]
	wm_stop "$first"
}

@test "a pidfile that a dead server or another program left is replaced" {
	local name
	for name in "$$" 999999999 nonsense ""; do
		echo "$name" >pid
		life_start --safe-pidfile "$WM_TMP/pid"
		[ "$(cat pid)" = "$WM_PID" ]
		wm_stop
	done
}

@test "what somebody else has put there stays" {
	life_start --pidfile "$WM_TMP/pid"
	echo 1 >pid
	wm_stop
	[ "$(cat pid)" = 1 ]
}

@test "without vacuum the pidfile stays" {
	life_start --pidfile "$WM_TMP/pid" --vacuum=false
	kill -TERM "$WM_PID"
	wm_wait_left
	[ "$(cat pid)" = "$WM_PID" ]
	rm stats.sock
}

@test "a pidfile that cannot be written ends the start" {
	life_launch --pidfile "$WM_TMP/nowhere/pid"
	wm_wait_left
	[ "$WM_STATUS" -eq 1 ]
	wm_log_has "cannot write the pidfile $WM_TMP/nowhere/pid: No such file"
	[ -z "$(find . -type s)" ]
}
