#!/usr/bin/env bats
# Requests that take too long, under every engine: each ends alone.
#
# The file has a server for each engine; a test's checks run on all of them
# side by side, since they mostly wait.

load engines
load lifecycle

setup_file() {
	local engine
	cd "$WM_TMP" || return 1
	for engine in $(engines); do
		hara_start "$engine" --harakiri-verbose
		export "PORT_$engine=$PORT" "LOG_$engine=$WM_LOG"
	done
}

teardown_file() {
	wm_teardown
}

# hara_start ENGINE ARGS...: a server with a limit of half a second.
hara_start() {
	export NOTES=$WM_TMP/$1.notes
	STATS=$WM_TMP/$1.sock
	engine_start "$1" --module harakiri_cases --stats "$STATS" \
	    --harakiri 0.5 --harakiri-graceful-timeout "${GRACE:-2}" \
	    --harakiri-path /free=0 --harakiri-path /soon=0.3 "${@:2}"
}

# hara_check ENGINE CHECK ARGUMENT...: on its server.
hara_check() {
	local port=PORT_$1
	NOTES=$BATS_FILE_TMPDIR/$1.notes check harakiri_checks "$2" \
	    "${!port}" "${@:3}"
}

# each_engine FUNCTION: FUNCTION ENGINE for all, side by side.
each_engine() {
	local engine pids=() pid status=0
	for engine in $(engines); do
		LOG=LOG_$engine
		LOG=${!LOG} "$1" "$engine" >"$engine.output" 2>&1 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || status=1
	done
	[ $status -eq 0 ] || tail -n 30 ./*.output
	return $status
}

# status_of PATH: the status of its answer.
status_of() {
	curl -s -m 60 -o answer.output -w '%{http_code}' \
	    "http://127.0.0.1:$PORT$1"
}

# How many requests an engine's server told to end, by its statistics.
told() {
	stats "sum(x['harakiri_count'] for x in w.values())" \
	    "$BATS_FILE_TMPDIR/$1.sock"
}

# waits ENGINE: what a request may be at when its time is over.
waits() {
	echo "sleep wait suspend by_yield await_ sleep?called wait?called"
	case $1 in
	none) ;;
	greenlet) echo "run child switched left" ;;
	asyncio) echo "run child switched left" ;;
	tornado) echo "run child switched left tornado_sleep" ;;
	gevent) echo "child left gevent_sleep gevent_socket gevent_join" ;;
	threads) echo "python lock lock?called" ;;
	esac
}

waiting() {
	local before
	before=$(told "$1") || return
	if [ "$1" = none ]; then	# and two more, from the queue
		hara_check "$1" one-by-one "$LOG" $(waits "$1") &&
		[ "$(told "$1")" -eq $((before + 9)) ]
	else
		# Unquoted: words.
		hara_check "$1" ends "$LOG" $(waits "$1") &&
		[ "$(told "$1")" -eq $((before + $(waits "$1" | wc -w))) ]
	fi
}

@test "a request that waits gets Harakiri, its client 504" {
	each_engine waiting
}

cut_off() {
	hara_check "$1" cut "$LOG"
}

@test "with the head out the client sees that the response is not whole" {
	each_engine cut_off
}

at_the_client() {
	hara_check "$1" by-client && hara_check "$1" by-close "$LOG"
}

@test "a slow upload and a slow reader end as well" {
	each_engine at_the_client
}

@test "an upload ends at the first time, however late its thread gets the lock" {
	! engine_missing threads >/dev/null || skip "no threads"
	GRACE=100 hara_start threads
	check harakiri_checks drips "$PORT"
	kill -QUIT "$WM_PID"
	wm_wait_left
}

deadlines() {
	hara_check "$1" answers && hara_check "$1" user
}

@test "an app may answer by itself, and set deadlines of its own" {
	each_engine deadlines
}

later_requests() {
	case $1 in
	none) hara_check "$1" again 1 sleep wait ;;
	threads) hara_check "$1" again 4 python wait sleep await_ ;;
	gevent) hara_check "$1" again 4 gevent_sleep wait left gevent_join ;;
	*) hara_check "$1" again 4 wait switched await_ left child ;;
	esac
}

@test "cores that ended so serve the next requests, and nothing late comes" {
	each_engine later_requests
}

@test "the log has no exception and no 500 by then" {
	local engine log
	for engine in $(engines); do
		log=LOG_$engine
		not grep "HTTP/1.1 500" "${!log}"
		# The one of /wraps, which is another.
		[ "$(grep -c "error: exception" "${!log}")" -eq 1 ] && continue
		grep -A 20 "error: exception" "${!log}"
		wm_fail "$engine"
	done
}

# many ENGINE: its options for a hundred cores and more.
many() {
	case $1 in
	greenlet) echo --async 128 --greenlet ;;
	asyncio | tornado) echo "--$1" 128 --greenlet ;;
	*) echo "--$1" 128 ;;
	esac
}

@test "99 neighbours in the midst of their responses lose not a byte" {
	local engine
	for engine in $(engines); do
		[ "$engine" != none ] || continue
		hara_start "$engine" $(many "$engine")
		NOTES=$WM_TMP/$engine.notes check harakiri_checks neighbours \
		    "$PORT" 99
		[ "$(stats "w[1]['harakiri_count']")" -eq 1 ]
		wm_stop
	done
}

@test "who does not end is told again, then its worker is replaced" {
	local engine first path
	for engine in greenlet threads; do
		! engine_missing "$engine" >/dev/null || continue
		path=stubborn
		[ "$engine" != threads ] || path=blocks
		GRACE=0.5 hara_start "$engine" --harakiri-verbose \
		    --worker-reload-mercy 4
		first=$(worker_pid 1)
		export NOTES=$WM_TMP/$engine.notes
		(check harakiri_checks neighbour "$PORT" >neighbour.output 2>&1 &&
		    echo well >>neighbour.output) &
		wm_wait_for "the neighbour's begin" 30 grep -q begun "$NOTES"
		curl -s -m 60 "http://127.0.0.1:$PORT/$path" >got.output || true
		wm_wait_for "the stubborn one's end" 30 wm_is_gone "$first"
		wait $!
		grep -qx well neighbour.output
		wm_wait_for "another worker" 30 workers_ready
		[ "$(worker_pid 1)" != "$first" ]
		wm_log_has "told to end once before"
		wm_log_has "told to end more than once before"
		[ "$(log_count "this worker finishes the others")" -eq 1 ]
		[ "$(stats "w[1]['harakiri_count']")" -eq 1 ]
		[ "$engine" != threads ] ||
			wm_log_has "its thread in the kernel: .*system call"
		get /free/ping
		wm_stop
	done
}

@test "a reload changes the limits" {
	cat >app.json <<-END
	{"harakiri": 0.3, "harakiri-path": {"/free": 0, "/a": 60, "/a/b": "0.2"}}
	END
	export NOTES=$WM_TMP/notes
	engine_start greenlet --module harakiri_cases --stats "$WM_TMP/s.sock" \
	    -c app.json
	[ "$(status_of "/nap")" = 504 ]
	[ "$(status_of "/a/b/nap")" = 504 ]
	[ "$(status_of "/%61/%62/nap")" = 504 ]
	[ "$(status_of "/a/bc/nap")" = 200 ]
	echo '{"harakiri-path": {"/a": 0.3}}' >app.json
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" "$WM_LIMIT" wm_log_has "generation 2 serves"
	[ "$(status_of "/nap")" = 200 ]
	[ "$(status_of "/a/nap")" = 504 ]
	wm_stop
}

@test "a limit that is none is refused" {
	local wrong
	for wrong in a=3 /a /a= /a=x /a=-1 /a=1e9 /a=nan; do
		run "$WSGIMASTER" --module x --harakiri-path "$wrong" --check
		[ "$status" -eq 2 ] || wm_fail "$wrong"
		grep -F '"/prefix=seconds"' <<<"$output"
	done
	run "$WSGIMASTER" --module x --harakiri-path /a=1 --harakiri-path /a=2 \
	    --check
	[ "$status" -eq 2 ]
	grep -F 'two limits for "/a"' <<<"$output"
}
