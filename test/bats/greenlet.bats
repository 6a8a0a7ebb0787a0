#!/usr/bin/env bats
# Cores on greenlets: nobody gets into another request, whoever switches.

load probe

setup_file() {
	cd "$WM_TMP" || return 1
	[ "$WM_GREENLET" != no ] || return 0
	greenlet_start --async 20
	export CORES_PORT=$PORT CORES_LOG=$WM_LOG
}

setup() {
	[ "$WM_GREENLET" != no ] || skip "built without greenlet"
	cd "$WM_TMP" || return 1
}

teardown_file() {
	wm_teardown
}

greenlet_start() {
	PORT=$(wm_port)
	STATS=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --stats "127.0.0.1:$STATS" \
	    --pythonpath "$WM_APPS" --module wsgi_greenlets --greenlet "$@"
}

@test "a late switch() never reaches another request" {
	check greenlet_checks late-switches "$CORES_PORT" 40
}

@test "a late switch() never reaches another request, with three cores" {
	greenlet_start --async 3
	check greenlet_checks late-switches "$PORT" 30
	wm_stop
}

@test "a request that switches into one that is over harms nobody" {
	check greenlet_checks late-switch-by-a-request "$CORES_PORT"
}

@test "a greenlet that nobody has kept is used again" {
	greenlet_start --async 2
	check greenlet_checks reuse "$PORT"
	check greenlet_checks no-leak "$PORT"
	wm_stop
}

@test "requests that are ready together share a few switches" {
	check greenlet_checks ready-together "$CORES_PORT" 15
	greenlet_start --async 100 --processes 1
	check greenlet_checks ready-together "$PORT" 60
	wm_stop
}

@test "requests that are ready together do not get into each other" {
	greenlet_start --async 70
	check greenlet_checks ready-of-every-kind "$PORT" 5
	wm_stop
	greenlet_start --async 6 --queue-size 100
	check greenlet_checks ready-of-every-kind "$PORT" 5
	wm_stop
}

@test "a request may end inside another one's frame" {
	check greenlet_checks ends-elsewhere "$CORES_PORT"
}

@test "a start_response that ends late does not touch the next request's" {
	greenlet_start --async 2
	check greenlet_checks late-start-response "$PORT"
	wm_stop
}

@test "what a finalizer waits for before the app is called is not its own" {
	greenlet_start --async 2
	check greenlet_checks waits-before "$PORT"
	wm_stop
}

@test "a foreign switch() does not end a sleep" {
	check greenlet_checks disturbed "$CORES_PORT"
}

@test "a foreign throw() ends a sleep with that exception" {
	check greenlet_checks thrown "$CORES_PORT"
	check greenlet_checks thrown-and-not-caught "$CORES_PORT"
	grep -q "LookupError: thrown" "$CORES_LOG"
}

@test "greenlets that a request has started wait in its name" {
	check greenlet_checks children "$CORES_PORT"
}

@test "a request may end although a greenlet of it still waits" {
	check greenlet_checks children-left "$CORES_PORT"
}

@test "a body of one piece is sent while a greenlet still waits" {
	check greenlet_checks one-piece "$CORES_PORT"
}

@test "a descriptor closed while a core waits for it harms no client" {
	check greenlet_checks closed-descriptor "$CORES_PORT"
}

@test "an exception that arrives in the loop is logged and no more" {
	greenlet_start --async 4
	check greenlet_checks children-die "$PORT"
	wm_log_has "^ValueError: of a child"
	wm_log_has "^SystemExit: 5"
	wm_log_has "^KeyboardInterrupt: of a child"
	wm_stop
}

@test "a request cannot read another one's body" {
	check greenlet_checks others-input "$CORES_PORT"
}

@test "100 requests sleep at the same time" {
	greenlet_start --async 100
	check greenlet_checks parked-together "$PORT" 100
	wm_stop
}

@test "stacks of any depth are parked" {
	greenlet_start --async 30
	check greenlet_checks deep-stacks "$PORT"
	wm_stop
}

@test "a client that leaves while its request sleeps costs nothing" {
	greenlet_start --async 4
	check greenlet_checks client-leaves "$PORT" "$STATS"
	if wm_log_has Traceback; then
		wm_fail "a traceback for a client that has left"
	fi
	wm_stop
}

@test "parked requests are answered while the server stops" {
	local client
	greenlet_start --async 10
	check greenlet_checks drains "$PORT" "$WM_TMP/stop" 3>&- &
	client=$!
	wm_wait_for "the requests to sleep" 20 test -e "$WM_TMP/stop"
	wm_stop
	wait "$client"
}

@test "without async, greenlet is refused" {
	run "$WSGIMASTER" --http-socket 127.0.0.1:0 --module wsgi_greenlets \
	    --pythonpath "$WM_APPS" --greenlet
	[ "$status" -eq 2 ]
	[[ $output == *async* ]]
}

@test "what a call costs does not grow with the cores" {
	greenlet_start --async 20000
	check greenlet_checks call-cost "$CORES_PORT" "$PORT"
	wm_stop
}

@test "a worker in a dead one's place imports neither the app nor greenlet" {
	cat >warm.py <<-END
	import os, sys
	with open("$WM_TMP/imported", "a") as f:
	    f.write("x")

	def forked():
	    with open("$WM_TMP/forked", "a") as f:
	        f.write("%s\n" % ("greenlet" in sys.modules))

	os.register_at_fork(after_in_child=forked)

	def application(environ, start_response):
	    start_response("200 OK", [])
	    return [b"%d" % os.getpid()]
	END
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --pythonpath "$WM_TMP" \
	    --module warm --async 2 --greenlet
	before=$(curl -fs --max-time 20 "http://127.0.0.1:$PORT/")
	kill -KILL "$before"
	changed() {
		now=$(curl -fs --max-time 20 "http://127.0.0.1:$PORT/") &&
		    [ -n "$now" ] && [ "$now" != "$before" ]
	}
	wm_wait_for "another worker" 20 changed
	[ "$(cat imported)" = x ]
	[ "$(sort -u forked)" = True ]
	[ "$(wc -l <forked)" -ge 2 ]
	wm_stop
}
