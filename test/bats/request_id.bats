#!/usr/bin/env bats
# A request's id: whose it is, and that it is the same everywhere.

load engines
load lifecycle

UUID='[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'

id_start() {
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --pythonpath "$WM_APPS" \
	    --module request_ids "$@"
}

get() {
	curl -sS --max-time 60 "$@"
}

# What the app has of the id in its environ, sorted.
environ() {
	get "http://127.0.0.1:$PORT/environ" "$@" | jq -cS .
}

log_waits_for() {
	wm_wait_for "a line like $1" "$WM_LIMIT" wm_log_has "$1"
}

# many ENGINE COUNT ARGS...: so many requests at once have their own ids.
many() {
	local engine=$1 count=$2
	shift 2
	engine_start "$engine" --module request_ids --log-encoder json \
	    --request-id-response --listen 4096 "$@"
	check request_id_checks many "$PORT" "$WM_LOG" "$count"
	check request_id_checks body "$PORT"
	check request_id_checks task "$PORT"
	wm_stop
}

@test "1000 parked greenlets: each id is its own in environ, page and log" {
	many greenlet 1000 --async 1000
}

@test "1000 parked requests on asyncio: the same" {
	! why=$(engine_missing asyncio) || skip "$why"
	many asyncio 1000 --asyncio 1000
}

@test "1000 parked requests on Tornado: the same" {
	! why=$(engine_missing tornado) || skip "$why"
	many tornado 1000 --tornado 1000
}

@test "1000 parked requests on gevent: the same" {
	! why=$(engine_missing gevent) || skip "$why"
	many gevent 1000 --gevent 1000
}

@test "100 requests in threads: the same" {
	many threads 100 --threads 100
}

@test "requests one after the other on one core: the same" {
	many none 4
}

@test "the ids of several workers, and of a reload's, are distinct" {
	id_start -p 4 --async 4 --greenlet
	ids() {
		get "http://127.0.0.1:$PORT/park?n=[1-300]" -Z \
		    --parallel-max 20 -H "Connection: close" |
			grep -oE "$UUID"
	}
	ids >ids
	reloads=$(grep -c "reload done" "$WM_LOG") || true
	kill -HUP "$WM_PID"
	log_waits_for "reload done"
	ids >>ids
	# Each request tells its own three times.
	sort ids | uniq -c >counted
	[ "$(wc -l <counted)" -eq 600 ]
	not grep -qv "^ *3 " counted
	wm_stop
}

@test "a client's id is taken over if it is sane; else there is a new one" {
	id_start
	want='{"HTTP_X_REQUEST_ID":"a-b/c=1;d","wsgimaster.request_id":"a-b/c=1;d"}'
	[ "$(environ -H "X-Request-ID: a-b/c=1;d")" = "$want" ]
	[[ $(environ) =~ ^\{\"wsgimaster.request_id\":\"$UUID\"\}$ ]]
	long=$(printf '%0129d' 0)
	for bad in "a b" 'a"b' "a\\b" "a<b" $'\xe4' "$long"; do
		environ -H "X-Request-ID: $bad" |
			grep -qE "\"wsgimaster.request_id\":\"$UUID\""
	done
	[ "$(environ -H "X-Request-ID: ${long#0}" | jq -r \
	    '."wsgimaster.request_id"')" = "${long#0}" ]
	wm_stop
}

@test "another header brings the id, or none does" {
	id_start --request-id-header X-Amzn-Trace-Id
	environ -H "X-Request-ID: mine" |
		grep -qE "\"wsgimaster.request_id\":\"$UUID\""
	environ -H "X-Amzn-Trace-Id: Root=1-2" |
		grep -q '"wsgimaster.request_id":"Root=1-2"'
	wm_stop
	id_start --request-id-header ""
	environ -H "X-Request-ID: mine" |
		grep -qE "\"wsgimaster.request_id\":\"$UUID\""
	wm_stop
}

@test "a header that no request can have is a configuration error" {
	for name in X_Request_ID "X Request" "X:Y"; do
		run "$WSGIMASTER" --module x --request-id-header "$name" --check
		[ "$status" -eq 2 ]
		[[ $output == *'"request-id-header": "'"$name"'" is not'* ]]
	done
}

@test "the client is told the id if that is wanted, and the app's wins" {
	id_start --request-id-response
	get -i "http://127.0.0.1:$PORT/" | grep -qE "^X-Request-ID: $UUID"
	get -i "http://127.0.0.1:$PORT/own" >answer
	[ "$(grep -ic '^x-request-id: ' answer)" -eq 1 ]
	grep -q '^x-request-id: the-apps' answer
	get -i "http://127.0.0.1:$PORT/raise" -H "X-Request-ID: mine" >answer
	grep -q '^X-Request-ID: mine' answer
	grep -q '^request mine$' answer
	wm_stop
	id_start
	get -i "http://127.0.0.1:$PORT/" >answer
	not grep -qi '^x-request-id' answer
	wm_stop
}

@test "every record about a request names it, and the app's own can" {
	id_start --async 4 --greenlet
	get "http://127.0.0.1:$PORT/park" -H "X-Request-ID: parked-1"
	get "http://127.0.0.1:$PORT/raise" -H "X-Request-ID: raised-1"
	get "http://127.0.0.1:$PORT/task" -H "X-Request-ID: tasked-1"
	[ "$(get "http://127.0.0.1:$PORT/thread")" = "[null]" ]
	log_waits_for "core [0-3] request parked-1\] error: wsgi.errors of /park"
	log_waits_for "core [0-3] request raised-1\] error: exception in the app"
	log_waits_for "^parked-1 says after the switch"
	log_waits_for "^tasked-1 says task"
	log_waits_for "^- says imported"
	wm_stop
}

@test "the statistics and a dead worker's last words have the id" {
	id_start --async 4 --greenlet --stats "$WM_TMP/stats.sock"
	get "http://127.0.0.1:$PORT/park?s=60" -H "X-Request-ID: parked-7" &
	client=$!
	STATS=$WM_TMP/stats.sock
	wm_wait_for "the request in the statistics" "$WM_LIMIT" stats_say \
	    "[c['state'] for c in w[1]['cores']
	    if c.get('request') == 'parked-7'] == ['sleep']"
	kill -KILL "$(pgrep -P "$WM_PID" -x wm-worker-1)"
	log_waits_for "sleep GET /park from 127.0.0.1 for .* request parked-7,"
	wait "$client" || true
	wm_stop
}
