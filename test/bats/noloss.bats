#!/usr/bin/env bats
# No request is lost: a client that checks every byte, while things happen.

load noloss

# reload_under_load ENGINE: an even number of workers, many reloads.
reload_under_load() {
	noloss_start "$1" -p 2
	load_begin
	reloads "${NOLOSS_RELOADS:-6}"
	load_end
	nothing_lost
	# The first generation's two, and two for each reload, but for what a
	# worker that lives shortly may not get.
	[ "$(count workers)" -gt "${NOLOSS_RELOADS:-6}" ]
	[ "$(count told)" -gt 0 ]
	wm_wait_for "the old ones to leave" 10 no_others
	[ "$(stats "s['endings']['died'] + s['endings']['mercy']")" = 0 ]
	wm_stop
}

@test "reloads lose nothing: no engine" {
	reload_under_load none
}

@test "reloads lose nothing: greenlet" {
	[ "$WM_GREENLET" != no ] || skip "built without greenlet"
	reload_under_load greenlet
}

@test "reloads lose nothing: asyncio" {
	not_missing asyncio
	reload_under_load asyncio
}

@test "reloads lose nothing: tornado" {
	not_missing tornado
	reload_under_load tornado
}

@test "reloads lose nothing: gevent" {
	not_missing gevent
	reload_under_load gevent
}

@test "reloads lose nothing: threads" {
	reload_under_load threads
}

# Skips a test of an engine that was not built.
not_missing() {
	local why
	! why=$(engine_missing "$1") || skip "$why"
}

@test "a stop under load answers everybody who is connected" {
	local engine
	for engine in $(engines); do
		noloss_start "$engine" -p 2
		load_begin --down --close 30 --keep 6
		wm_stop
		load_wait
		nothing_lost
		[ "$(count refused)" -eq 38 ]
	done
}

@test "a stop with reuse-port answers everybody who is connected" {
	noloss_start none -p 2 --reuse-port
	load_begin --down --close 30 --keep 6
	wm_stop
	load_wait
	nothing_lost
	[ "$(count refused)" -eq 38 ]
}

@test "a stop under load on a unix socket answers everybody" {
	noloss_start none -p 2 --http-socket "$WM_TMP/app.sock"
	ADDRESS=$WM_TMP/app.sock load_begin --down --close 30 --keep 6
	wm_stop
	load_wait
	nothing_lost
	[ "$(count refused)" -eq 38 ]
}

# queue_behind COUNT [PAUSE]: with its only worker busy, lets clients connect,
# which send at once or after a while; the server is stopped, and each must be
# answered.
queue_behind() {
	get /slow/1/3000 20 >slow &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	timeout 60 "$PYTHON" "$WM_SOURCE/test/clients/backlog.py" \
	    "${ADDRESS:-$PORT}" "$@" --tell queued >answers &
	BACKLOG_PID=$!
	wm_wait_for "the clients to be queued" 10 test -e queued
	wm_stop
	wait "$BACKLOG_PID"
	[ "$(cat answers)" = "answered $1" ]
	grep -q 'slow 1' slow
}

@test "who is in the listen queue when the server stops is answered" {
	noloss_start none
	queue_behind 50
}

@test "who has connected and sends a moment later is answered, too" {
	noloss_start none
	queue_behind 20 3.5
}

@test "who is in a unix socket's queue is answered" {
	noloss_start none --http-socket "$WM_TMP/app.sock"
	ADDRESS=$WM_TMP/app.sock queue_behind 50
}

@test "who is in the queues of two workers with reuse-port is answered" {
	# The system keeps them back until they have sent (TCP_DEFER_ACCEPT).
	noloss_start greenlet -p 2 --reuse-port
	timeout 60 "$PYTHON" "$WM_SOURCE/test/clients/backlog.py" \
	    "$PORT" 60 0.3 --tell queued >answers &
	BACKLOG_PID=$!
	wm_wait_for "the clients to be queued" 10 test -e queued
	wm_stop
	wait "$BACKLOG_PID"
	[ "$(cat answers)" = "answered 60" ]
}

@test "who found the queue full when the server stops is answered" {
	# They send again after up to a few seconds.
	noloss_start none --listen 2 --drain-idle 10
	queue_behind 6
}

@test "who comes while the last requests are finished is refused" {
	noloss_start threads --http-socket "$WM_TMP/app.sock"
	get /slow/1/4000 20 >slow &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	kill -TERM "$WM_PID"
	wm_wait_for "the socket to refuse" 3 refuses "http://127.0.0.1:$PORT/"
	wm_wait_for "the unix socket to refuse" 3 refuses \
	    --unix-socket app.sock http://x/
	stats_say "s['state'] == 'stopping'"
	wm_wait_left
	grep -q 'slow 1' slow
}

# refuses ARGS...: whether curl cannot connect, which it says with 7.
refuses() {
	local status=0
	curl -sS -m 5 "$@" || status=$?
	[ "$status" -eq 7 ]
}

@test "silent clients hold up a stop for a moment only" {
	noloss_start none -p 2 --drain-idle 0.5
	exec 8<>"/dev/tcp/127.0.0.1/$PORT"
	exec 9<>"/dev/tcp/127.0.0.1/$PORT"
	sleep 1.3		# accepted, although they have sent nothing
	wm_stop
	exec 8<&- 9<&-
	wm_log_has 'draining: [12] connections'
}

@test "an idle connection has drain-idle to send its last request" {
	local reply
	noloss_start none --drain-idle 4
	exec 9<>"/dev/tcp/127.0.0.1/$PORT"
	printf 'GET /fast/1 HTTP/1.1\r\nHost: x\r\n\r\n' >&9
	wm_wait_for "the answer" 5 stats_say "w[1]['requests'] == 1"
	kill -TERM "$WM_PID"
	wm_wait_for "the worker to drain" 5 wm_log_has 'draining: 1 connections'
	sleep 1
	printf 'GET /fast/2 HTTP/1.1\r\nHost: x\r\n\r\n' >&9
	cat <&9 >answers
	exec 9<&-
	wm_wait_left
	grep -q 'fast 1' answers
	grep -q 'fast 2' answers
	[ "$(grep -c 'Connection: close' answers)" -eq 1 ]
}

@test "drain-idle counts from the drain, also after an empty moment" {
	noloss_start threads --drain-idle 0.5 --keepalive-timeout 600
	# The timer of idle connections is armed for ten minutes.
	get /fast/1 >/dev/null
	# A response whose head is out before the drain keeps its connection.
	exec 9<>"/dev/tcp/127.0.0.1/$PORT"
	printf 'GET /fast/1 HTTP/1.1\r\nHost: x\r\n\r\n' >&9
	wm_wait_for "the answer" 5 stats_say "w[1]['requests'] == 2"
	printf 'GET /stream/1/9/400 HTTP/1.1\r\nHost: x\r\n\r\n' >&9
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	wm_stop
	exec 9<&-
}

ends_connection() {
	curl -sSi -m 10 "http://127.0.0.1:$PORT/fast/1" |
	    grep -qi '^connection: close'
}

@test "drain-delay: serves on, says the end of connections, then stops" {
	noloss_start none -p 2 --drain-delay 6
	load_begin --down
	kill -TERM "$WM_PID"
	wm_wait_for "leaving" 5 wm_log_has 'stopping in 6 seconds \(SIGTERM\)'
	[ "$(stats "s['state']")" = leaving ]
	# A worker in the midst of a request hears of it afterwards.
	wm_wait_for "the word to get round" 4 ends_connection
	ends_connection
	wm_wait_left
	[ "$WM_STATUS" -eq 0 ]
	load_wait
	nothing_lost
	[ "$(count refused)" -eq 14 ]
	wm_log_has 'stopping \(drain-delay is over\)'
}

@test "drain-delay: a worker that dies meanwhile is replaced" {
	local pid
	noloss_start none --drain-delay 20
	sleep 1.1
	pid=$(worker_pid 1)
	kill -TERM "$WM_PID"
	wm_wait_for "leaving" 5 stats_say "s['state'] == 'leaving'"
	kill -KILL "$pid"
	wm_wait_for "a new worker" 10 stats_say \
	    "w[1]['pid'] not in (0, $pid) and w[1]['state'] == 'ready'"
	curl -sSi -m 10 "http://127.0.0.1:$PORT/fast/1" >answer
	grep -qi '^connection: close' answer
	kill -HUP "$WM_PID"
	wm_wait_for "the refusal" 5 wm_log_has 'no reload .SIGHUP'
	kill -TERM "$WM_PID"
	wm_wait_left
	[ "$WM_STATUS" -eq 0 ]
	wm_log_has 'stopping \(SIGTERM\)'
}

@test "TTOU and TTIN lose nothing" {
	local i
	noloss_start greenlet -p 3
	load_begin
	for i in 1 2 3 4; do
		kill -TTOU "$WM_PID"
		wm_wait_for "two workers" 10 stats_say "len(w) == 2"
		kill -TTIN "$WM_PID"
		wm_wait_for "three workers" 10 stats_say "len(w) == 3 and
		    all(x['state'] == 'ready' for x in w.values())"
	done
	load_end
	nothing_lost
	[ "$(stats "s['endings']['scale']")" -ge 3 ]
	wm_stop
}

# kill_worker ENGINE: at most what it had at the time is lost.
kill_worker() {
	local pid had lost
	noloss_start "$1" -p 2
	load_begin
	pid=$(worker_pid 1)
	# Standing still, it gets nothing new.
	kill -STOP "$pid"
	sleep 0.2
	had=$(stats "w[1]['connections']")
	kill -KILL "$pid"
	wm_wait_for "a new worker" 20 stats_say \
	    "w[1]['pid'] not in (0, $pid) and w[1]['state'] == 'ready'"
	load_end
	lost=$(($(count failed) + $(count races)))
	echo "engine $1: $had connections, $lost lost"
	[ "$lost" -le "$had" ]
	[ "$(count ok)" -gt 30 ]
	wm_stop
}

@test "a worker that is killed loses only what ran in it" {
	local engine
	for engine in $(engines); do
		kill_worker "$engine"
	done
}

@test "a spawner that is killed loses nothing" {
	local i old
	noloss_start greenlet -p 2
	load_begin
	for i in 1 2 3; do
		old=$(spawner_pid)
		kill -KILL "$old"
		wm_wait_for "a new spawner" 20 stats_say \
		    "s['generations'][0]['spawner_pid'] not in (0, $old) and
		    s['generations'][0]['state'] == 'loaded'"
	done
	load_end
	nothing_lost
	[ "$(stats "s['endings']['died']")" = 0 ]
	wm_stop
}

@test "a master that is killed: requests are answered, no orphan stays" {
	local engine
	for engine in $(engines); do
		noloss_start "$engine" -p 2 --drain-idle 1
		load_begin --down
		kill -KILL "$WM_PID"
		wm_wait_for "all to leave" 20 wm_session_is_gone "$WM_PID"
		load_wait
		# Who connects at this very moment may find nobody.
		[ "$(count ok)" -gt 30 ]
		[ "$(count failed)" -eq "$(count unanswered)" ]
		[ "$(count refused)" -gt 0 ]
		rm "$STATS"
	done
}
