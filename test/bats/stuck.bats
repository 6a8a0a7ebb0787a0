#!/usr/bin/env bats
# Requests that hold up the event loop: seen, logged, and in the end killed.

load engines
load lifecycle

# stuck_start ENGINE ARGS...: a server of test/apps/stuck.py.
stuck_start() {
	local engine=$1
	shift
	STATS=$BATS_FILE_TMPDIR/stats-${WM_COUNT:-0}.sock	# others may run on
	engine_start "$engine" --wsgi-file "$WM_APPS/stuck.py" \
	    --stats "$STATS" "$@"
}

# Several servers at a time: keep NAME notes this one, use NAME goes back to it.
keep() {
	KEPT[$1]="$PORT $STATS $WM_PID $WM_LOG"
}

use() {
	read -r PORT STATS WM_PID WM_LOG <<<"${KEPT[$1]}"
}

declare -gA KEPT=()

# ask PATH: a request that is not waited for.
ask() {
	curl -s -m 60 -o "$WM_TMP/answer$1" "http://127.0.0.1:$PORT/$1" \
	    3>&- 4>&- &
	echo $! >>"$WM_TMP/clients"
}

# Ends the requests that nobody answers.
teardown() {
	local pid
	[ ! -e "$WM_TMP/clients" ] || while read -r pid; do
		kill "$pid" 2>/dev/null || true
	done <"$WM_TMP/clients"
	wm_teardown
}

# ended_by REASON: so many workers did.
ended_by() {
	stats "s['endings'].get('$1')"
}

# served: does somebody answer again?
served() {
	[ "$(curl -s -m 2 "http://127.0.0.1:$PORT/hello")" = ok ]
}

# busy COUNT: so many requests are under way.
busy() {
	stats_say "w[1]['busy_cores'] == $1"
}

# The engines where one request can hold up all others.
held_engines() {
	engines | grep -v threads
}

@test "a request that computes past its deadline ends its worker alone, under every engine" {
	local engine
	for engine in $(held_engines); do
		stuck_start "$engine" --harakiri 1 -p 2
		keep "$engine"
		ask "spin?60"
	done
	for engine in $(held_engines); do
		use "$engine"
		wm_wait_for "$engine: the worker to be killed" 40 \
		    wm_log_has "is killed: its event loop does not turn"
		wm_log_has "a request is past its deadline"
		wm_log_has 'stuck.py", line [0-9]+, in spin$'
		wm_log_has "running GET /spin from .* s past its deadline"
		wm_wait_for "$engine: the other one" 20 \
		    wm_log_has "died: killed by signal 9"
		[ "$(ended_by harakiri)" = 1 ]
		[ "$(ended_by stuck)" = 0 ]
		wm_wait_for "$engine: both workers" 20 workers_ready
		served
		wm_stop
	done
}

@test "so does one that sleeps in C, or keeps the interpreter's lock there; both are seen" {
	local engine
	stuck_start greenlet --harakiri 1
	keep block
	ask "block?1000"
	for engine in none greenlet threads; do
		stuck_start "$engine" --harakiri 1 --loop-lag-warn 0
		keep "$engine"
		ask keep_lock
	done
	use block
	wm_wait_for "the worker to be killed" 40 \
	    wm_log_has "is killed: its event loop does not turn"
	wm_log_has 'stuck.py", line [0-9]+, in block$'
	wm_wait_for "its successor" 20 served
	[ "$(ended_by harakiri)" = 1 ]
	kill -TERM "$WM_PID"
	for engine in none greenlet threads; do
		use "$engine"
		wm_wait_for "$engine: the worker to be killed" 40 \
		    wm_log_has "is killed: its event loop does not turn"
		# The answer says so, if it comes in time.
		wm_log_has "interpreter's lock is kept|no answer within 3 s"
		# As faulthandler writes it.
		wm_log_has 'File ".*stuck.py", line [0-9]+ in keep_lock$'
		wm_wait_for "$engine: its successor" 20 served
		[ "$(ended_by harakiri)" = 1 ]
		wm_stop
	done
}

@test "worker-timeout ends a worker whose loop does not turn, without it none" {
	stuck_start none
	keep without
	ask "spin?5"
	stuck_start greenlet --worker-timeout 2
	ask "spin?60"
	wm_wait_for "the worker to be killed" 40 \
	    wm_log_has "is killed: its event loop does not turn"
	wm_log_has "and that is worker-timeout"
	wm_wait_for "its successor" 20 served
	[ "$(ended_by stuck)" = 1 ]
	wm_stop
	use without
	wm_wait_for "the end" 40 wm_log_has "GET /spin\?5 => generated"
	not wm_log_has "is killed"
	wm_stop
}

@test "what is parked beside a stuck request is in the log, with its tasks and greenlets" {
	local engine name
	for engine in greenlet asyncio gevent; do
		engine_missing "$engine" && continue
		stuck_start "$engine" --worker-timeout 2 --loop-lag-warn 0
		keep "$engine"
		for name in park park_deep park_task park_limited_task \
		    park_own_loop park_greenlet; do
			ask "$name?100"
		done
		[ "$engine" != gevent ] || ask "park_gevent?100"
		wm_wait_for "all of them" 20 \
		    busy "$([ "$engine" = gevent ] && echo 7 || echo 6)"
		ask "block?100"
	done
	for engine in "${!KEPT[@]}"; do
		use "$engine"
		wm_wait_for "the worker to be killed" 40 \
		    wm_log_has "is killed: its event loop does not turn"
		wm_log_has 'core [0-9]+, running, for [0-9.]+ s:$'
		for name in block park park_task inner_step child_sleeps; do
			wm_log_has "stuck.py\", line [0-9]+, in $name\$"
		done
		# Once for each of the three.
		[ "$(log_count ', in inner_step$')" -ge 3 ]
		wm_log_has "  in a task of the request:"
		wm_log_has "  in a greenlet of the request:"
		[ "$engine" != gevent ] ||
			wm_log_has ', in spawned_sleeps$'
		# A deep one is cut, at its outer end.
		[ "$(log_count ', in park_deep$')" -eq 64 ]
		wm_log_has "  \(38 outer frames left out\)"
		wm_stop
	done
}

@test "a stopped worker is not killed, unless that is wanted" {
	local pid
	stuck_start none --worker-timeout 2
	keep spared
	pid=$(worker_pid 1)
	kill -STOP "$pid"
	stuck_start greenlet --worker-timeout 2 --worker-timeout-stopped
	kill -STOP "$(worker_pid 1)"
	wm_wait_for "the worker to be killed" 40 \
	    wm_log_has "is killed: its event loop does not turn"
	wm_log_has "no answer within 3 s"
	wm_wait_for "its successor" 20 served
	wm_stop
	# That one was stopped first, and as long.
	use spared
	kill -CONT "$pid"
	wm_wait_for "the same worker" 20 served
	[ "$(worker_pid 1)" = "$pid" ]
	not wm_log_has "is killed"
	wm_stop
}

# warned COUNT: so often, or oftener.
warned() {
	[ "$(log_count 'has held the event loop')" -ge "$1" ]
}

@test "who holds the event loop is logged while he does, again after twice the time, and the end" {
	local engine
	for engine in greenlet asyncio tornado gevent; do
		engine_missing "$engine" && continue
		stuck_start "$engine" --loop-lag-warn 0.4
		keep "$engine"
		ask "spin?3.5"
	done
	for engine in "${!KEPT[@]}"; do
		use "$engine"
		wm_wait_for "$engine: a third warning" 20 warned 3
		wm_log_has "core [0-9]+ request .*GET /spin, has held the"
		wm_log_has 'stuck.py", line [0-9]+, in spin$'
		wm_wait_for "$engine: the end" 20 wm_log_has \
		    "the event loop turns again, after [2-9]"
		# 0.4, 0.8, 1.6, 3.2 seconds; one more on a slow machine.
		not warned 6
		wm_stop
	done
}

@test "a task that holds the event loop is no request, and its stack is logged" {
	stuck_start asyncio --loop-lag-warn 0.5
	get "/spin_in_task?1.2"
	wm_log_has "something that is no request has held the event loop"
	wm_log_has ', in spinning_step$'
	wm_stop
}

@test "no warning for requests that wait, for a child of the app's, or when it is off" {
	stuck_start none --loop-lag-warn 0.5
	keep none
	ask "block?2"
	stuck_start greenlet --loop-lag-warn 0
	keep off
	ask "block?2"
	stuck_start greenlet --loop-lag-warn 0.5
	get "/park?1.5"
	not wm_log_has "has held the event loop"
	# waitpid holds it; the child does not say so once more.
	get "/spin_forked?1.5"
	wm_wait_for "the end" 20 wm_log_has "the event loop turns again"
	[ "$(grep 'has held the event loop' "$WM_LOG" |
	    sed 's/.*pid \([0-9]*\).*/\1/' | sort -u | wc -l)" -eq 1 ]
	wm_stop
	for name in none off; do
		use "$name"
		wm_wait_for "$name: the end" 20 wm_log_has "GET /block"
		not wm_log_has "has held the event loop"
		wm_stop
	done
}
