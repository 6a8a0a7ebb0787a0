#!/usr/bin/env bats
# Process 1 of a container: it reaps, its signals work, its log is a pipe.

load lifecycle

setup() {
	cd "$WM_TMP" || return 1
	unshare --pid --fork --mount-proc true 2>/dev/null ||
		skip "no PID namespaces may be made here"
}

# contained ARGS...: a server that is process 1; INIT is its pid outside.
contained() {
	cat >server <<-END
	#!/bin/sh
	exec unshare --pid --fork --mount-proc --kill-child \
	    "$WSGIMASTER" "\$@"
	END
	chmod +x server
	WSGIMASTER=$WM_TMP/server life_start "$@"
	INIT=$(ps -o pid= --ppid "$WM_PID" | tr -d ' ')
}

# inside COMMAND...: runs it in the container.
inside() {
	nsenter -t "$INIT" -p -m -- "$@"
}

@test "TERM from inside stops process 1 with status 0" {
	contained -p 2
	grep -q '^NSpid:.*\b1$' "/proc/$INIT/status"
	get / >/dev/null
	inside kill -TERM 1 || true	# it may go with the container
	wm_wait_left
	[ "$WM_STATUS" -eq 0 ]
}

@test "INT, HUP, USR1 and USR2 from inside are taken, too" {
	contained
	inside kill -USR2 1
	wm_wait_for "the refusal" 5 wm_log_has \
	    'upgrade \(SIGUSR2\) refused: this is process 1 of a container'
	inside kill -USR1 1
	wm_wait_for "the log" 5 wm_log_has 'opened the log again'
	inside kill -HUP 1
	wm_wait_for "the reload" 10 wm_log_has 'reload done'
	inside kill -INT 1 || true
	wm_wait_left
	[ "$WM_STATUS" -eq 0 ]
}

no_zombies() {
	! ps -o stat= --ppid "$INIT" | grep -q Z
}

has_orphan() {
	ps -o comm= --ppid "$INIT" | grep -q '^sleep$'
}

@test "process 1 reaps what others leave behind" {
	contained
	inside sh -c '(sleep 1 & sleep 1 &)'
	wm_wait_for "the orphans to come" 5 has_orphan
	wm_wait_for "the orphans to end" 10 not_orphan
	wm_wait_for "them to be reaped" 5 no_zombies
	inside kill -TERM 1 || true	# it may go with the container
	wm_wait_left
}

not_orphan() {
	! has_orphan
}

@test "the log goes to standard output, text and JSON, also if it is a pipe" {
	local form
	for form in text json; do
		cat >piped <<-END
		#!/bin/sh
		exec "$WSGIMASTER" "\$@" 2>errors | cat >output
		END
		chmod +x piped
		PORT=$(wm_port)
		WM_LOGTO=$WM_TMP/output WSGIMASTER=$WM_TMP/piped wm_launch \
		    --http-socket "127.0.0.1:$PORT" --logto - \
		    --log-encoder "$form" --pidfile "$WM_TMP/pid" \
		    --wsgi-file "$WM_APPS/lifecycle.py"
		wm_wait_for "the server" "$WM_LIMIT" grep -q \
		    'wsgimaster ready' output
		get /printed/something >/dev/null
		kill -USR1 "$(cat pid)"
		wm_wait_for "the log" 5 grep -q 'opened the log again' output
		wm_wait_for "what was printed" 5 grep -q \
		    'printed something' output
		[ ! -s errors ]
		[ "$form" = text ] || grep -q '^{"time".*"message":"stop\|ready' \
		    output
		kill -TERM "$(cat pid)"
		wm_wait_left
		rm output
	done
	[ ! -e ./- ]
}

@test "/dev/stdout is standard output where it cannot be opened" {
	PORT=$(wm_port)
	# A socket, as journald's: open(2) of /dev/stdout says ENXIO.
	cat >socketed <<-END
	#!$PYTHON
	import os, socket, subprocess, sys
	a, b = socket.socketpair()
	p = subprocess.Popen(["$WSGIMASTER"] + sys.argv[1:], stdout=b, stderr=b)
	b.close()
	with open("output", "wb", 0) as f:
	    while True:
	        data = a.recv(65536)
	        if not data:
	            break
	        f.write(data)
	sys.exit(p.wait())
	END
	chmod +x socketed
	: >output
	echo '{"logto": "/dev/stdout"}' >log.json
	WM_LOGTO=$WM_TMP/output WSGIMASTER=$WM_TMP/socketed wm_start \
	    --http-socket "127.0.0.1:$PORT" -c log.json \
	    --pidfile "$WM_TMP/pid" --wsgi-file "$WM_APPS/lifecycle.py"
	get / >/dev/null
	kill -TERM "$(cat pid)"
	wm_wait_left
	[ "$WM_STATUS" -eq 0 ]
}
