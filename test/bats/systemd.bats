#!/usr/bin/env bats
# systemd: what the service manager is told, sockets that it opens, the units.

load lifecycle

# manager [SOCKET]: one that writes what it is told to the file told.
manager() {
	export NOTIFY_SOCKET=${1:-@wm-$$-$RANDOM-$BATS_TEST_NUMBER}
	setsid "$PYTHON" "$WM_SOURCE/test/clients/notify.py" \
	    "$NOTIFY_SOCKET" >told 2>&1 </dev/null 3>&- 4>&- &
	echo $! >>"$WM_TMP/servers"
	wm_wait_for "the manager" 20 grep -q listening told
}

# told PATTERN: whether it was told that, to wait for.
told() {
	grep -Eq -- "$1" "$WM_TMP/told"
}

told_count() {
	grep -Ec -- "$1" "$WM_TMP/told" || true
}

# told_in_order PATTERN...: whether lines that match come in this order.
told_in_order() {
	"$PYTHON" - "$WM_TMP/told" "$@" <<-'END'
	import re, sys
	lines = iter(open(sys.argv[1]).read().splitlines())
	for pattern in sys.argv[2:]:
	    if not any(re.search(pattern, line) for line in lines):
	        sys.exit("not told in this order: " + pattern)
	END
}

@test "READY when all workers are ready, and not before" {
	echo 'time.sleep(1)' >import.py
	manager
	life_launch -p 2
	wm_wait_for "the start" 20 told 'STATUS=starting EXTEND_TIMEOUT_USEC='
	wm_wait_for "the app" 20 stats_say "s['state'] == 'starting'"
	not told READY
	wm_wait_for "READY" 20 told "^$WM_PID [0-9]+ READY=1\$"
	wm_log_has 'wsgimaster ready'
	wm_wait_for "STATUS" 5 told ' STATUS=2 workers, generation 1$'
	[ "$(get /environment/NOTIFY_SOCKET)" = "not set" ]
	wm_stop
	told_in_order 'READY=1$' 'STOPPING=1 EXTEND_TIMEOUT_USEC=' \
	    'STATUS=stopping'
	[ "$(told_count READY)" -eq 1 ]
}

@test "a notification socket may be a path" {
	manager "$WM_TMP/notify"
	life_start
	wm_wait_for "READY" 5 told 'READY=1'
	rm notify
	wm_stop
}

@test "a socket that nobody reads, or that is none, holds nothing up" {
	NOTIFY_SOCKET=/nowhere/notify life_start
	get / >/dev/null
	wm_stop
	NOTIFY_SOCKET=nonsense life_start
	wm_log_has 'NOTIFY_SOCKET: cannot use "nonsense"'
	wm_stop
}

# The monotonic time now, in microseconds.
now() {
	"$PYTHON" -c 'import time; print(time.monotonic_ns() // 1000)'
}

@test "RELOADING with the time, then READY, for each reload" {
	local before after usec
	manager
	life_start
	before=$(now)
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 20 told 'STATUS=1 worker, generation 2$'
	after=$(now)
	told_in_order 'READY=1$' 'RELOADING=1 MONOTONIC_USEC=' 'READY=1$'
	usec=$(sed -n 's/.*MONOTONIC_USEC=//p' told)
	[ "$usec" -ge "$before" ]
	[ "$usec" -le "$after" ]
	wm_stop
}

@test "a reload that fails is over, too, and STATUS says why" {
	manager
	life_start
	echo 'raise RuntimeError("broken code")' >import.py
	kill -HUP "$WM_PID"
	wm_wait_for "the failure" 20 told \
	    'generation 1; the last reload failed: .*broken code'
	told_in_order 'RELOADING=1' 'READY=1$'
	rm import.py
	wm_stop
	# One that is over at once: the configuration is bad.
	manager
	cat >app.json <<-END
	{"http-socket": "127.0.0.1:$PORT", "wsgi-file": "$WM_APPS/lifecycle.py"}
	END
	wm_start -c app.json
	echo '{' >app.json
	kill -HUP "$WM_PID"
	wm_wait_for "the failure" 20 told 'the last reload failed: app.json'
	told_in_order 'RELOADING=1' 'READY=1$'
	wm_stop
}

@test "a reload that is asked for during another is told by itself" {
	manager
	echo 'time.sleep(1)' >import.py
	life_start
	kill -HUP "$WM_PID"
	wm_wait_for "the first" 20 told RELOADING
	kill -HUP "$WM_PID"
	wm_wait_for "both" 30 told 'STATUS=1 worker, generation 3$'
	[ "$(told_count RELOADING)" -eq 2 ]
	told_in_order RELOADING RELOADING 'READY=1$'
	wm_stop
}

told_again() {
	[ "$(told_count WATCHDOG=1)" -gt "$1" ]
}

@test "the watchdog is fed while a worker's loop turns, and only then" {
	local n
	manager
	WATCHDOG_USEC=4000000 life_start
	wm_wait_for "the watchdog" 10 told_again 1
	[ "$(get /environment/WATCHDOG_USEC)" = "not set" ]
	get /stuck 60 >/dev/null 2>&1 &
	wm_wait_for "the silence" 20 wm_log_has "no worker's loop turns"
	n=$(told_count WATCHDOG=1)
	sleep 4
	[ "$(told_count WATCHDOG=1)" -eq "$n" ]
	kill -KILL "$(worker_pid 1)"
	wm_wait_for "the watchdog" 10 told_again "$n"
	wm_stop
}

@test "one worker of two that turns is enough for the watchdog" {
	local n
	manager
	WATCHDOG_USEC=4000000 life_start -p 2 --worker-reload-mercy 1
	get /stuck 60 >/dev/null 2>&1 &
	wm_wait_for "the request to run" 5 stats_say \
	    "sum(x['busy_cores'] for x in s['workers']) == 1"
	sleep 5
	n=$(told_count WATCHDOG=1)
	wm_wait_for "the watchdog" 10 told_again "$n"
	not wm_log_has "no worker's loop turns"
	wm_stop
}

@test "another process's watchdog is left alone" {
	manager
	WATCHDOG_USEC=1000000 WATCHDOG_PID=1 life_start
	wm_wait_for "READY" 5 told READY
	sleep 2
	not told WATCHDOG
	wm_stop
}

@test "in an upgrade the new master becomes the main process" {
	local new
	manager
	WATCHDOG_USEC=2000000 life_start --pidfile "$WM_TMP/pid"
	wm_wait_for "READY" 5 told "^$WM_PID [0-9]+ READY=1\$"
	kill -USR2 "$WM_PID"
	wm_wait_for "the old master to leave" 20 wm_is_gone "$WM_PID"
	new=$(cat pid)
	[ "$new" != "$WM_PID" ]
	wm_wait_for "the new one's watchdog" 10 told "^$new .*WATCHDOG=1"
	told_in_order "^$WM_PID .* MAINPID=$new\$" "^$new .*READY=1\$"
	# Until then the new one says nothing, from then on the old one.
	not told_in_order "^$new " "^$WM_PID "
	not told "^$WM_PID .*STOPPING"
	kill -TERM "$new"
	wm_wait_for "the end" 20 told "^$new .*STOPPING=1"
	wm_wait_for "its processes to leave" 10 wm_session_is_gone "$WM_PID"
}

@test "systemd-socket-activate: sockets by address, and by the name stats" {
	local real=$WSGIMASTER
	STATS=$WM_TMP/stats.sock
	command -v systemd-socket-activate >/dev/null ||
		skip "no systemd-socket-activate here"
	PORT=$(wm_port)
	cat >server <<-END
	#!/bin/sh
	exec systemd-socket-activate -l 127.0.0.1:$PORT -l "$STATS" \\
	    -E WSGIMASTER_ALLOW_ROOT=1 --fdname=web:stats "$real" "\$@"
	END
	chmod +x server
	WSGIMASTER=$WM_TMP/server wm_launch \
	    --wsgi-file "$WM_APPS/lifecycle.py" --pidfile "$WM_TMP/pid"
	wm_wait_for "the socket" 10 test -S "$STATS"
	# The first connection starts the server, which answers it.
	wm_wait_for "an answer" 20 get / 20
	[ "$(get /environment/LISTEN_FDS)" = "not set" ]
	stats_say "s['state'] == 'running'"
	[ "$(stats "len(s['sockets'])")" = 1 ]
	# And they go on to the next binary.
	kill -USR2 "$WM_PID"
	wm_wait_for "the old master to leave" 20 wm_is_gone "$WM_PID"
	get / >/dev/null
	[ "$(stats "s['pid']")" = "$(cat pid)" ]
	kill -TERM "$(cat pid)"
	wm_wait_for "its processes to leave" 10 wm_session_is_gone "$WM_PID"
	[ -S "$STATS" ]			# it is systemd's
}

@test "the example units are right" {
	command -v systemd-analyze >/dev/null || skip "no systemd-analyze here"
	mkdir units
	sed "s|/usr/local/bin/wsgimaster|$WSGIMASTER|" \
	    "$WM_SOURCE/examples/systemd/wsgimaster.service" \
	    >units/wsgimaster.service
	cp "$WM_SOURCE/examples/systemd/wsgimaster.socket" units/
	systemd-analyze verify --man=no --recursive-errors=no \
	    units/wsgimaster.service units/wsgimaster.socket >verified 2>&1 || {
		cat verified
		wm_fail "systemd-analyze verify"
	}
	cat verified
	not grep -q wsgimaster verified
}
