#!/usr/bin/env bats
# PostgreSQL: psycopg2's wait callback over uwsgi.wait_fd_read and suspend().

load lifecycle
load services

setup_file() {
	[ "$WM_GREENLET" != no ] && "${PYTHON:?}" -c 'import psycopg2' &&
	    postgres_bin || return 0
	cd "$WM_TMP" || return 1
	postgres_start
	cases_start --async 50
	export CASES_PORT=$PORT CASES_STATS=$STATS CASES_LOG=$WM_LOG
}

setup() {
	[ "$WM_GREENLET" != no ] || skip "built without greenlet"
	[ -n "${PGHOST:-}" ] || skip "needs postgresql, python3-psycopg2"
	cd "$WM_TMP" || return 1
	PORT=$CASES_PORT STATS=$CASES_STATS
}

teardown_file() {
	wm_teardown
	services_stop
}

# cases_start ARGS...: a server of the cases.
cases_start() {
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --pythonpath "$WM_SOURCE/examples/postgresql" \
	    --wsgi-file "$WM_APPS/postgresql_cases.py" --greenlet "$@"
}

# is CASE TEXT: what a case answers.
is() {
	local text
	text=$(get "/$1" 60) || return
	[ "$text" = "$2" ] || wm_fail "$1: $text"
}

# at_once N PATH: N requests at the same time; out has what they answered and
# took the seconds.
at_once() {
	local n begin
	for n in $(seq "$1"); do
		echo "url = http://127.0.0.1:$PORT$2"
	done >urls
	begin=${EPOCHREALTIME/[^0-9]/}
	curl -fsS --no-progress-meter -m 60 -Z --parallel-max "$1" \
	    --parallel-immediate -K urls >out
	took=$((${EPOCHREALTIME/[^0-9]/} - begin))
	echo "$1 requests took $took us"
}

@test "20 requests that sleep in the database sleep at the same time" {
	at_once 20 /sleep
	[ "$(grep -cx 'slept True True' out)" -eq 20 ]
	# One after the other they would take 10 s.
	[ $took -ge 490000 ]
	[ $took -lt 5000000 ]
}

@test "example: psycopg2 parks the request, and the generator does" {
	local path
	PORT=$(wm_port)
	jq --arg port "$PORT" '.["http-socket"] = "127.0.0.1:\($port)"' \
	    "$WM_SOURCE/examples/postgresql/app.json" >here.json
	cp "$WM_SOURCE/examples/postgresql/"*.py .
	wm_start -c here.json
	for path in / /generator; do
		at_once 20 $path
		[ "$(grep -c 'PostgreSQL .* slept half a second' out)" -eq 20 ]
		[ $took -ge 490000 ]
		[ $took -lt 5000000 ]
	done
	wm_stop
}

@test "example: Django's requests have a transaction each" {
	local engine
	"$PYTHON" -c 'import django' || skip "needs Django"
	for engine in async asyncio; do
		PORT=$(wm_port)
		wm_start --http-socket "127.0.0.1:$PORT" --greenlet \
		    --wsgi-file "$WM_SOURCE/examples/postgresql/django_green.py" \
		    --pythonpath "$WM_SOURCE/examples/postgresql" --$engine 50
		at_once 20 /
		[ "$(grep -c 'transaction .* True' out)" -eq 20 ]
		[ "$(sort -u out | wc -l)" -eq 20 ]
		[ $took -lt 5000000 ]
		# Its connections are closed with the request.
		wm_wait_for "Django to close" 10 connections_are 1
		wm_stop
	done
}

# How many clients PostgreSQL has, the asking one included.
connections_are() {
	[ "$(psql -At -c "select count(*) from pg_stat_activity
	    where backend_type = 'client backend'")" = "$1" ]
}

@test "an error of a query is the request's that made it" {
	is error "DivisionByZero failed 1"
}

@test "another request cancels a query" {
	get /long 60 >out &
	wm_wait_for "the query" 30 is running running
	is cancel "done"
	wait $!
	[ "$(cat out)" = "cancelled 2" ]
}

@test "a connection that the database ends is an error" {
	get /mortal 60 >out &
	wm_wait_for "the query" 30 is running running
	is kill True
	wait $!
	[ "$(cat out)" = "lost True" ]
}

@test "a query that takes too long is cancelled, and no other" {
	PG_TIMEOUT=3 cases_start --async 50
	at_once 5 /sleep >/dev/null &
	is timeout "True 3"
	wait $!
	[ "$(grep -cx 'slept True True' out)" -eq 5 ]
	wm_stop
}

@test "a database that does not answer is an error" {
	PG_TIMEOUT=0.3 cases_start --async 50
	"$PYTHON" -c 'import socket
s = socket.socket(socket.AF_UNIX)
s.bind(".s.PGSQL.5432")
s.listen()
client = s.accept()
s.accept()' 3>&- 4>&- &
	silent=$!
	wm_wait_for "the socket" 10 test -S .s.PGSQL.5432
	is "silent?$PWD" "the database does not answer"
	kill "$silent"
	rm .s.PGSQL.5432
	wm_stop
}

@test "more than a socket holds goes there and back" {
	is big "3000000 5000000"
}

@test "wsgimaster.wait() does it from threads, and keeps what is registered" {
	is thread "[4]"
	is registered "1 True"
}

@test "the example's callback works under asyncio too" {
	cases_start --asyncio 50
	at_once 20 /sleep
	[ "$(grep -cx 'slept True True' out)" -eq 20 ]
	[ $took -lt 5000000 ]
	is error "DivisionByZero failed 1"
	wm_stop
}

@test "a stop lets queries end, and their requests be answered" {
	cases_start --async 50
	get /sleep 60 >out &
	wm_wait_for "the request" 10 stats_say "w[1]['busy_cores'] == 1"
	wm_stop
	wait $!
	[ "$(cat out)" = "slept True True" ]
}
