#!/usr/bin/env bats
# Beyond the spooler: Celery and RQ beside the server, as attached daemons.

load lifecycle
load services

setup_file() {
	"${PYTHON:?}" -c 'import celery, redis, rq' &&
		command -v redis-server && command -v rq || return 0
	redis_start
}

setup() {
	[ -n "${REDIS_SOCKET:-}" ] ||
		skip "needs redis-server, python3-celery, python3-rq"
	cd "$WM_TMP" || return 1
}

teardown() {
	wm_teardown
}

teardown_file() {
	services_stop
}

# result PATH VALUE: is that what has come of it?
result() {
	[ "$(get "$1")" = "$2" ]
}

@test "the example leaves work to Celery and RQ, and gets its results" {
	local celery rq
	PORT=$(wm_port)
	cp "$WM_SOURCE"/examples/queues/* .
	sed -i "s|unix:///run/redis/redis-server.sock|unix://$REDIS_SOCKET|
	    s|127.0.0.1:8080|127.0.0.1:$PORT|
	    s|python3|$PYTHON|" app.json
	wm_start -c app.json
	celery=$(get "/celery?2+3")
	rq=$(get "/rq?30+4")
	wm_wait_for "Celery's result" 60 result "/celery/$celery" 5
	wm_wait_for "RQ's result" 60 result "/rq/$rq" 34
	wm_stop
}
