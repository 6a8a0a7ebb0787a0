#!/usr/bin/env bats
# Threads as cores: apps that block, and what else a thread means.

load probe

threads_start() {
	PORT=$(wm_port)
	STATS=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --stats "127.0.0.1:$STATS" \
	    --pythonpath "$WM_APPS" --module thread_cases "$@"
}

@test "requests that block hold up nobody" {
	threads_start --threads 4
	check thread_checks blocks "$PORT" "$STATS" 4
	wm_stop
}

@test "requests that compute let others run" {
	threads_start --threads 4
	check thread_checks computes "$PORT"
	wm_stop
}

@test "the loop goes on while all threads are blocked" {
	threads_start --threads 2 --queue-timeout 1 --header-timeout 1
	check thread_checks loop-goes-on "$PORT" "$STATS" 2
	wm_stop
}

@test "a core keeps its thread, and the thread what is its own" {
	threads_start --threads 3
	check thread_checks keeps "$PORT" 3
	wm_stop
	[ "$(grep -c "thread of core [012] ends" "$WM_LOG")" -eq 3 ]
	# The threads' own things end before the app's atexit.
	grep -oE "thread of core|the app's atexit" "$WM_LOG" | tail -n 1 |
		grep -q atexit
}

@test "signal handlers run at once, on the main thread" {
	threads_start --threads 2
	check thread_checks handles-signals "$PORT"
	wm_log_has "exception in a signal handler"
	wm_stop
}

@test "a child that a signal handler forks does not go on as a server" {
	threads_start --threads 2
	check thread_checks forks-in-handler "$PORT"
	wm_stop
	[ "$WM_GREENLET" != no ] || return 0
	threads_start --async 2 --greenlet
	check thread_checks forks-in-handler "$PORT"
	wm_stop
}

@test "subprocesses, asyncio.run and the app's own threads work" {
	threads_start --threads 2
	check thread_checks runs "$PORT"
	wm_stop
}

@test "thread-stacksize is the stack's size in KiB" {
	threads_start --threads 2 --thread-stacksize 1000
	check thread_checks stack "$PORT" 1000
	wm_stop
}

@test "one thread is the main thread" {
	threads_start --threads 1 --enable-threads
	curl -s "http://127.0.0.1:$PORT/signals" | grep -qx "\[\]"
	[ -z "$(ps -L -o comm= -s "$WM_PID" | grep wm-core)" ]
	wm_stop
}

@test "a stop lets blocked requests end" {
	threads_start --threads 4
	check thread_checks finishes "$PORT" "$WM_PID"
	wm_wait_left
	[ "$WM_STATUS" -eq 0 ]
}

@test "a request that never ends is killed after worker-reload-mercy" {
	threads_start --threads 4 --worker-reload-mercy 1
	check thread_checks stuck "$PORT" "$STATS"
	kill -TERM "$WM_PID"
	wm_wait_left
}

@test "the app's own threads may use the loop while the worker leaves" {
	threads_start --threads 2
	check thread_checks starts-daemons "$PORT"
	wm_stop
	! wm_log_has "killed by signal"
}

@test "no request is lost over reloads" {
	threads_start --threads 4 --processes 2
	check thread_checks reloads "$PORT" "$WM_PID"
	wm_stop
}

@test "who leaves while waiting takes nobody's place" {
	export TEST_GATE=$WM_TMP/gate
	probe_start --threads 3 --queue-size 10
	check core_checks waiter-leaves "$PORT" "$STATS" "$TEST_GATE" 3
	wm_stop
}

@test "answers are never another client's" {
	probe_start --threads 8
	check core_checks many-clients "$PORT" 20 100
	wm_stop
}

@test "everything at once, with clients that leave" {
	threads_start --threads 6
	check thread_checks stress "$PORT" "$STATS" 16 300
	wm_stop
}

@test "the first requests of all may import asyncio at once" {
	local i
	cat >first.py <<-'END'
	import wsgimaster
	def application(environ, start_response):
	    import asyncio
	    wsgimaster.await_(asyncio.sleep(0.01))
	    start_response("200 OK", [])
	    return [b"ok"]
	END
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --wsgi-file first.py -p 4 \
	    --threads 8
	for i in {1..32}; do
		curl -s -m 30 -o /dev/null -w '%{http_code}\n' \
		    "http://127.0.0.1:$PORT/" >"answer$i" 3>&- 4>&- &
	done
	wait_for_answers() {
		[ "$(cat answer* | wc -l)" -eq 32 ]
	}
	wm_wait_for "all answers" 40 wait_for_answers
	[ "$(sort -u answer*)" = 200 ]
	wm_stop
}
