#!/usr/bin/env bats
# Redis: requests that listen to a channel, under the built-in engine and under
# asyncio.

load lifecycle
load services

setup_file() {
	"${PYTHON:?}" -c 'import redis.asyncio' && command -v redis-server ||
		return 0
	redis_start
}

setup() {
	[ "$WM_GREENLET" != no ] || skip "built without greenlet"
	[ -n "${REDIS_SOCKET:-}" ] || skip "needs redis-server, python3-redis"
	cd "$WM_TMP" || return 1
}

teardown() {
	wm_teardown
}

teardown_file() {
	services_stop
}

# listen_start EXAMPLE ARGS...: a server of one worker, or as ARGS say.
listen_start() {
	local example=$1
	shift
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --wsgi-file "$WM_SOURCE/examples/redis/$example" --greenlet "$@"
}

# publish CHANNEL TEXT: to how many it went.
publish() {
	curl -fsS -m 30 -d "$2" "http://127.0.0.1:$PORT/?$1"
}

# follow N: N clients that listen, and whose answers are in heard.1 to N.
follow() {
	local n
	for n in $(seq "$1"); do
		printf 'url = http://127.0.0.1:%s/?news\noutput = heard.%s\n' \
		    "$PORT" "$n"
	done >urls
	curl -sS --no-progress-meter -N -m 100 -Z --parallel-max "$1" \
	    --parallel-immediate -K urls &
	client=$!
	wm_wait_for "the listeners" 30 listeners_are "$1"
}

listeners_are() {
	[ "$(redis-cli -s "$REDIS_SOCKET" pubsub numsub news | tail -n 1)" \
	    = "$1" ]
}

# What each of 50 listeners must have heard.
check_news() {
	local n
	follow 50
	[ "$(publish other nothing)" = 0 ]
	[ "$(publish news one)" = 50 ]
	# Several at once, by one command.
	redis-cli -s "$REDIS_SOCKET" eval 'for n = 1, 100 do
	    redis.call("publish", "news", "line " .. n) end' 0
	publish news bye
	wait $client
	{
		printf '%s\n' "listening to news" one
		seq -f 'line %g' 100
		echo bye
	} >want
	for n in $(seq 50); do
		grep -v '^$' "heard.$n" | cmp want -
	done
	wm_wait_for "the connections to end" 30 listeners_are 0
}

@test "50 requests in one worker hear what is published" {
	listen_start subscribe.py --async 60
	check_news
	wm_stop
}

@test "50 requests in one worker hear what is published, under asyncio" {
	listen_start subscribe_asyncio.py --asyncio 60
	check_news
	wm_stop
}

@test "each of two workers has its own connections under asyncio" {
	local n
	listen_start subscribe_asyncio.py --asyncio 60 -p 2
	follow 20
	for n in $(seq 10); do
		[ "$(publish news "$n")" = 20 ]
	done
	publish news bye
	wait $client
	[ "$(cat heard.*  | grep -cE '^[0-9]+$')" -eq 200 ]
	wm_stop
}

@test "a listener whose client leaves goes at the next silence" {
	local example
	export SILENCE=0.2
	for example in "subscribe.py --async" "subscribe_asyncio.py --asyncio"
	do
		# Unquoted: words.
		listen_start $example 10
		follow 1
		kill "$client"
		wm_wait_for "the listener to go" 30 listeners_are 0
		wm_wait_for "the core" 10 stats_say "w[1]['busy_cores'] == 0"
		wm_stop
	done
}

@test "Redis does not answer: the request fails, the worker lives" {
	local example
	for example in "subscribe.py --async" "subscribe_asyncio.py --asyncio"
	do
		REDIS_SOCKET=$WM_TMP/none listen_start $example 10
		run publish news one
		[ "$status" -ne 0 ]
		wm_wait_for "the reason" 10 wm_log_has "ConnectionError"
		kill -0 "$(worker_pid 1)"
		wm_stop
	done
}
