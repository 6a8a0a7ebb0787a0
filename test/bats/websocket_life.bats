#!/usr/bin/env bats
# Websockets: limits, slow and silent clients, harakiri, draining, TLS.
# Runs early: it takes long.

load engines
load lifecycle
load tls
load websockets

setup() {
	websockets_setup
}

# ws_open PATH COUNT: so many are open, until the server says goodbye.
ws_open() {
	rm -f opened
	ws opened "$1" "$2" >opened 3>&- &
	OPENED=$!
	wm_wait_for "the websockets" 30 grep -q open opened
}

# ws_closed CODE: they were told this.
ws_closed() {
	wait "$OPENED" || wm_fail "they were not closed well"
	[ "$(tail -n 1 opened)" = "$1" ] || wm_fail "closed with $(cat opened)"
}

@test "a slow reader is waited for, and holds up nobody else" {
	for engine in $(engines); do
		[ "$engine" != none ] || continue
		ws_start "$engine"
		ws slow
		wm_stop
		rm -f "$NOTES"
	done
}

@test "who takes nothing for write-timeout is given up" {
	for engine in none greenlet threads; do
		ws_start "$engine" --write-timeout 0.5
		ws stuck
		wm_stop
		rm -f "$NOTES"
	done
}

@test "pings are answered while the app sleeps; a silent client is asked" {
	for engine in none greenlet threads; do
		ws_start "$engine" --websockets-ping-freq 0.2 \
		    --websockets-pong-tolerance 1
		ws pings
		ws slow_pongs
		[ "$engine" = none ] || ws answers_ping_asleep
		wm_stop
		rm -f "$NOTES"
	done
}

@test "a reload says 1012, a stop 1001, and none waits for clients" {
	for engine in $(engines); do
		ws_start "$engine"
		count=5
		[ "$engine" != none ] || count=1
		ws_open /echo $count
		kill -HUP "$WM_PID"
		ws_closed 1012
		wm_wait_for "the reload" 30 wm_log_has "generation 2 serves"
		# Also those whose app is at something else.
		case $engine in
		none) ws_open /echo 1 ;;
		*) ws_open /parked 2 ;;
		esac
		kill -TERM "$WM_PID"
		ws_closed 1001
		case $engine in
		none) wm_wait_left ;;
		*) kill -QUIT "$WM_PID" && wm_wait_left ;;
		esac
	done
}

@test "without an engine: what is unsent goes out, and the master may die" {
	ws_start none
	ws unsent
	ws_open /echo 1
	kill -KILL "$WM_PID"
	ws_closed 1001
	wm_wait_for "the worker" 20 wm_log_has "leaves after"
	[ "$(grep -c "the master is gone" "$WM_LOG")" -eq 1 ]
}

@test "harakiri spares open websockets, unless it shall not" {
	ws_start greenlet --harakiri 0.5
	ws spared 2 none
	ws own_harakiri
	wm_stop
	not grep -q Traceback "$WM_LOG"
	ws_start greenlet --harakiri 0.5 --websockets-harakiri
	ws spared 10 1011
	wm_stop
}

@test "client-gone ends any wait of a websocket that is over" {
	for engine in greenlet threads; do
		ws_start "$engine" --client-gone close
		ws told
		wm_stop
		rm -f "$NOTES"
	done
}

@test "the scoreboard, the statistics and the metrics show websockets" {
	for engine in none greenlet; do
		stats=$(wm_port)
		ws_start "$engine" --stats "127.0.0.1:$stats" --stats-http
		ws shown "$stats"
		wm_stop
	done
}

@test "websockets over TLS, and none over HTTP/2" {
	wm_needs tls
	BATS_FILE_TMPDIR=$WM_TMP tls_certificates
	for engine in none greenlet threads; do
		PORT=$(wm_port)
		# Unquoted: words.
		wm_start --https-socket "127.0.0.1:$PORT,$CERTS/site.pem,$CERTS/site.key" \
		    --pythonpath "$WM_APPS" --module websocket_cases \
		    $(engine_options "$engine")
		ws echoes tls
		ws early
		[ "$engine" != greenlet ] || ws conforms tls
		[ "$WM_HTTP2" = no ] || ws http2
		wm_stop
	done
}

@test "bad values of the options are named" {
	for bad in "--websockets-max-size 0" "--websockets-ping-freq -1" \
	    "--websockets-close-timeout 0" "--websockets-send-queue x"; do
		# Unquoted: words.
		not "$WSGIMASTER" --module x $bad --check
		run "$WSGIMASTER" --module x $bad --check
		[[ $output == *"${bad%% *}"* || \
		    $output == *"$(cut -d' ' -f1 <<<"${bad#--}")"* ]] ||
			wm_fail "$output"
	done
}
