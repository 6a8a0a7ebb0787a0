#!/usr/bin/env bats
# Websockets: what a client and an app can expect of one.
# Runs early: it takes long.

load engines
load websockets

setup() {
	websockets_setup
}

@test "messages, closes and the API are the same under every engine" {
	for engine in $(engines); do
		ws_start "$engine" --sharedarea 1
		check_all websocket_checks "$PORT" echoes closes api in_order \
		    handshakes
		wm_stop
		[ "$(grep -c Traceback "$WM_LOG")" -eq 1 ] ||
			wm_fail "$engine: not one traceback (/fails)"
		wm_log_has 'GET /echo => generated [0-9]+ .*HTTP/1.1 101' ||
			wm_fail "$engine: no line in the access log"
		rm -f "$NOTES"
	done
}

@test "who receives beside the request is told of its end" {
	for engine in threads gevent; do
		not engine_missing "$engine" >/dev/null || continue
		ws_start "$engine"
		ws left_behind "$engine"
		wm_stop
		rm -f "$NOTES"
	done
}

@test "RFC 6455, case by case" {
	for engine in none greenlet; do
		ws_start "$engine"
		ws conforms
		wm_stop
	done
}

@test "clients' frames mixed at random: each gets what is its own" {
	for engine in greenlet threads; do
		ws_start "$engine"
		check_all websocket_checks "$PORT" \
		    "interleaved $RANDOM 2000" "resets 60" ping_flood
		wm_stop
	done
}
