#!/usr/bin/env bats
# What must be the same under every loop: isolation, switches by tasks, timers,
# descriptors, workers, the end.

load lifecycle
load probe

setup_file() {
	cd "$WM_TMP" || return 1
	[ "$WM_GREENLET" != no ] || return 0
	# Some cores only, so that they are used again and again.
	export ENGINES="async asyncio" LOOPS=asyncio
	if "$PYTHON" -c 'import tornado'; then
		ENGINES+=" tornado"
		LOOPS+=" tornado"
	fi
	local engine
	for engine in $ENGINES; do
		loop_start --$engine 8
		export PORT_$engine=$PORT STATS_$engine=$STATS
		export LOG_$engine=$WM_LOG
	done
}

setup() {
	[ "$WM_GREENLET" != no ] || skip "built without greenlet"
	cd "$WM_TMP" || return 1
}

teardown_file() {
	wm_teardown
}

# loop_start ARGS...: a server of the cases.
loop_start() {
	PORT=$(wm_port)
	STATS=$WM_TMP/stats$PORT.sock
	wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --wsgi-file "$WM_APPS/loop_cases.py" --greenlet "$@"
}

# under ENGINES CHECK ARGS...: a check on the file's server of each engine.
under() {
	local engine port
	for engine in $1; do
		port=PORT_$engine
		echo "under $engine"
		check loop_checks "$2" "${!port}" "${@:3}"
	done
}

@test "nobody sees another request's variables" {
	under "$ENGINES" variables
}

@test "a request is resumed in a task's step, and resumes another one in it" {
	under "$LOOPS" nested
}

@test "an exception thrown by a task, or raised in its step, is the request's" {
	local engine log
	under "$LOOPS" thrown
	for engine in $LOOPS; do
		log=LOG_$engine
		grep -q "LookupError: thrown by a task" "${!log}"
		grep -q "LookupError: raised in a step" "${!log}"
	done
}

@test "asyncio's debug mode has nothing to say about any of it" {
	local engine
	for engine in $LOOPS; do
		loop_start --$engine 8 --env PYTHONASYNCIODEBUG=1
		check loop_checks variables "$PORT"
		check loop_checks nested "$PORT"
		check loop_checks executors "$PORT"
		wm_stop
		not wm_log_has "RuntimeError|never awaited|never retrieved|Traceback"
	done
}

@test "cores that nobody resumes hold up nobody" {
	local engine
	for engine in $ENGINES; do
		loop_start --$engine 8 --worker-reload-mercy 1
		check loop_checks never "$PORT" "$STATS" 7
		kill -TERM "$WM_PID"
		wm_wait_left
	done
}

@test "thousands of timers at once: none is early, none is lost" {
	local engine
	for engine in $ENGINES; do
		loop_start --$engine 3000 --listen 1000
		check loop_checks timers "$PORT" 2500
		wm_stop
	done
}

@test "10,000 timers of one request under the loops" {
	under "$LOOPS" loop-timers 10000
}

@test "40 requests read and write one descriptor each" {
	under "$ENGINES" echoes
}

@test "20 children at once, by every child watcher" {
	under "$LOOPS" processes
}

@test "threads and processes of executors work for requests" {
	under "$LOOPS" executors
}

@test "no wake-up, signal or timer crosses between workers" {
	local engine pid
	for engine in $LOOPS; do
		loop_start --$engine 30 -p 3
		pid=$(check loop_checks workers "$PORT" "$STATS" 3)
		# The same once more, with one that came later.
		kill -KILL "${pid%% *}"
		wm_wait_for "the death" 20 wm_is_gone "${pid%% *}"
		wm_wait_for "the worker" 20 workers_ready
		get /wake | grep -q "true, true"
		wm_stop
	done
}

@test "at the end tasks are cancelled and awaited, generators closed" {
	local engine
	for engine in $LOOPS; do
		loop_start --$engine 8
		[ "$(get /leave-tasks)" = 1 ]
		wm_stop
		wm_log_has "the task has ended"
		wm_log_has "the task has awaited others"
		wm_log_has "the generator has ended"
		wm_log_has "LookupError: a task at the end"
		not wm_log_has "never retrieved|was destroyed|never awaited"
	done
}

@test "a task that does not want to end is given up" {
	local engine begin
	for engine in $LOOPS; do
		loop_start --$engine 8
		get /leave-stubborn
		begin=$SECONDS
		wm_stop
		[ $((SECONDS - begin)) -ge 4 ]
		wm_log_has "not yet"
		wm_log_has "goes on although it was cancelled at the end"
	done
}

@test "a stop and a reload let requests finish under every loop" {
	local engine n pids
	for engine in $ENGINES; do
		loop_start --$engine 20 -p 2
		pids=
		for n in $(seq 20); do
			get "/slow?$WM_TMP/go1" 90 >"slow.$n" &
			pids+=" $!"
		done
		wm_wait_for "the requests" 30 stats_say \
		    "sum(x['busy_cores'] for x in w.values()) == 20"
		kill -HUP "$WM_PID"
		wm_wait_for "the reload" 20 stats_say "s['generation'] == 2"
		touch go1
		for n in $pids; do
			wait "$n"
		done
		wm_wait_for "the workers" 20 workers_ready
		pids=
		for n in $(seq 20 40); do
			get "/slow?$WM_TMP/go2" 90 >"slow.$n" &
			pids+=" $!"
		done
		wm_wait_for "the requests" 30 stats_say \
		    "sum(x['busy_cores'] for x in w.values()) == 21"
		kill -TERM "$WM_PID"
		wm_wait_for "the stop" 20 wm_log_has "stopping .SIGTERM"
		touch go2
		wm_wait_left
		[ "$WM_STATUS" -eq 0 ]
		for n in $pids; do
			wait "$n"
		done
		[ "$(cat slow.* | grep -o slow | wc -l)" -eq 40 ]
		rm slow.* go1 go2
	done
}
