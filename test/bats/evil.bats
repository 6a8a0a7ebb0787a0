#!/usr/bin/env bats
# Workers that somebody has taken over: the master does not do what they want.

load lifecycle

# evil_start WHAT ARGS...: a server whose app does that (test/apps/evil.py).
evil_start() {
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	CONTROL=$WM_TMP/control.sock
	export EVIL=$1
	shift
	cp "$WM_APPS/evil.py" "$WM_TMP"
	wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --control-socket "$CONTROL" --wsgi-file "$WM_TMP/evil.py" \
	    --processes 2 --stats-page "$@"
}

# asked PATH: the statistics' HTTP answers.
asked() {
	curl -sf -m 10 --unix-socket "$STATS" "http://localhost$1"
}

# is_json: standard input is, in UTF-8.
is_json() {
	"$PYTHON" -c 'import json, sys
json.loads(sys.stdin.buffer.read().decode("utf-8"))'
}

# looked_at: everything that shows what workers do can be had.
looked_at() {
	local what
	for what in stats live; do
		asked "/$what" | is_json || wm_fail "/$what"
	done
	asked /metrics >/dev/null || wm_fail "/metrics"
	for what in status workers "cores --all" stacks; do
		# shellcheck disable=SC2086 # options
		"$WSGIMASTER" ctl -s "$CONTROL" $what --json | is_json ||
		    wm_fail "ctl $what"
	done
}

# descriptors: how many the master has.
descriptors() {
	find "/proc/$WM_PID/fd" -type l | wc -l
}

descriptors_at_most() {
	[ "$(descriptors)" -le "$1" ]
}

# queue_is_short: hardly any signal waits.
queue_is_short() {
	asked /stats | "$PYTHON" -c 'import json, sys
sys.exit(json.load(sys.stdin)["signal_queue"] > 300)'
}

@test "what a worker writes to the shared memory does not harm the master" {
	local byte
	for byte in 255 34 127; do
		evil_start "$byte" --cheaper 1 --cheaper-initial 2 --mules 1
		get /begin >/dev/null
		looked_at
		looked_at
		kill -KILL "$(asked /stats | "$PYTHON" -c 'import json, sys
print(json.load(sys.stdin)["workers"][0]["pid"])')"
		looked_at
		kill -HUP "$WM_PID"
		wm_wait_for "the reload" 30 wm_log_has "generation 2 serves"
		looked_at
		wm_stop
	done
}

@test "what a worker says to the master does not harm it, and leaves nothing there" {
	local before
	evil_start messages
	asked /livez >/dev/null
	before=$(descriptors)
	get /begin >/dev/null
	looked_at
	# A moment longer there are those of who has just looked.
	wm_wait_for "at most $((before + 2)) descriptors" 20 \
	    descriptors_at_most $((before + 2))
	wm_stop
}

@test "what a worker says of signals does not harm the master, nor others' signals" {
	local before
	evil_start signals
	before=$(descriptors)
	get /begin 30 >/dev/null
	looked_at
	wm_wait_for "at most $((before + 3)) descriptors" 20 \
	    descriptors_at_most $((before + 3))
	# What nobody can ever take does not wait in the way of others.
	wm_wait_for "an empty queue" 20 queue_is_short
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 20 wm_log_has "generation 2 serves"
	looked_at
	wm_stop
}

@test "queues of mules that somebody has ended: mules neither spin nor die" {
	local before
	evil_start queues --mules 1 --processes 1
	wm_wait_for "the mule" 20 wm_log_has "mule 1 .* is ready"
	get /begin >/dev/null || true
	wm_wait_for "the mule's word" 20 \
	    wm_log_has "somebody has ended a queue of the mules"
	ticks() {
		cat /proc/[0-9]*/stat 2>/dev/null | awk -v s="$WM_PID" \
		    '$2 == "(wm-mule-1)" && $6 == s { print $14 + $15 }'
	}
	before=$(ticks)
	sleep 1
	[ $(($(ticks) - before)) -le 20 ]
	looked_at
	wm_stop
}

# reachable: the app's user gets to this test's folder, and may write there.
reachable() {
	local folder=$WM_TMP
	while [ "$folder" != "${BATS_RUN_TMPDIR%/*}" ] && [ "$folder" != / ]; do
		chmod a+rx "$folder"
		folder=$(dirname "$folder")
	done
	chmod 1777 "$WM_TMP"
}

@test "a process that is said to be a worker but is somebody else's gets no signal" {
	local victim
	[ "$(id -u)" -eq 0 ] || skip "takes root"
	reachable
	sleep 60 3>&- 4>&- &
	victim=$!
	evil_start "pid=$victim" --processes 1 --uid nobody --worker-timeout 1
	curl -s -m 30 -o "$WM_TMP/answer" "http://127.0.0.1:$PORT/lock" \
	    3>&- 4>&- &
	wm_wait_for "the refusal" 20 wm_log_has "it gets no signal"
	kill -0 "$victim"
	kill "$victim"
	wm_is_running "$WM_PID"
}

@test "a process that is said to be a mule but is somebody else's gets no signal" {
	local victim
	[ "$(id -u)" -eq 0 ] || skip "takes root"
	reachable
	sleep 60 3>&- 4>&- &
	victim=$!
	cat >hangs.py <<-'END'
	import signal, time
	signal.signal(signal.SIGTERM, lambda *args: None)
	while True:
	    time.sleep(100)
	END
	evil_start "pid=$victim" --processes 1 --uid nobody \
	    --mule=hangs.py --mule-reload-mercy 1
	wm_wait_for "the mule" 20 wm_log_has "mule 1 .* is ready"
	wm_log_has "mule 1 .pid $victim. .* is ready" || skip "it was too late"
	kill -HUP "$WM_PID"
	wm_wait_for "the refusal" 20 \
	    wm_log_has "mule 1 is said to be process $victim"
	kill -0 "$victim"
	kill "$victim"
	wm_is_running "$WM_PID"
}

@test "a group that is said to be a script's but is somebody else's is not killed" {
	local victim worker
	[ "$(id -u)" -eq 0 ] || skip "takes root"
	reachable
	setsid sleep 60 3>&- 4>&- &
	victim=$!
	wm_wait_for "a group" 10 kill -0 -- "-$victim"
	evil_start "group=$victim" --processes 1 --uid nobody
	worker=$(asked /stats | "$PYTHON" -c 'import json, sys
print(json.load(sys.stdin)["workers"][0]["pid"])')
	get /begin >/dev/null
	sleep 0.2		# it has written
	kill -KILL "$worker"
	wm_wait_for "its replacement" 20 get /
	kill -0 -- "-$victim"
	kill -KILL -- "-$victim"
	wm_is_running "$WM_PID"
}
