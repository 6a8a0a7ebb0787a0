#!/usr/bin/env bats
# What hostile clients may not do; each attack is bounded in count and time.
# doc/security.md, "Under attack", is made of these.

load engines

# attack_start ARGS...: the probe app with a worker, on PORT and STATS.
attack_start() {
	export TEST_FILE=$WM_SOURCE/README.md
	probe_start --listen 1000 "$@"
}

# attack CHECK [ARGUMENT...]: one of test/clients/attack_checks.py.
attack() {
	check attack_checks "$1" "$PORT" "$STATS" "${@:2}"
}

# Memory is not what it is elsewhere.
skip_sanitizers() {
	[ "$WM_SANITIZERS" != yes ] || skip "measures memory"
}

# How many connections: 10,000, or what the system allows.
connections() {
	local hard
	hard=$(ulimit -H -n)
	[ "$hard" != unlimited ] && [ "$hard" -lt 11000 ] || hard=11000
	echo $((hard - hard / 11))
}

@test "10,000 idle connections cost 1 KiB each, and others nothing" {
	skip_sanitizers
	attack_start --max-fd 11000 --async 4 --greenlet
	attack idle "$(connections)" 1024
	wm_stop
}

@test "10,000 connections with half a head cost 1.5 KiB each" {
	skip_sanitizers
	attack_start --max-fd 11000 --async 4 --greenlet --header-timeout 120
	attack half-heads "$(connections)" 1536
	wm_stop
}

@test "connections with half a body cost 2 KiB each, and no core" {
	skip_sanitizers
	attack_start --max-fd 5000 --post-buffering 64k --body-timeout 120
	attack half-bodies 3000 2048
	wm_stop
}

@test "half heads beyond the descriptors: nothing spins, the app has its own" {
	attack_start --max-fd 200 --async 4 --greenlet --header-timeout 120
	attack flood 200
	[ "$(grep -c "accepting pauses" "$WM_LOG")" -ge 1 ]
	[ "$(grep -c "accepting pauses" "$WM_LOG")" -le 10 ]
	wm_stop
}

@test "idle connections beyond the descriptors: the oldest make room" {
	attack_start --max-fd 200 --async 4 --greenlet
	attack flood-idle 200
	wm_log_has "idle connections are closed"
	wm_stop
}

@test "silent connections beyond the descriptors: others are answered" {
	attack_start --max-fd 200 --header-timeout 120 \
	    --http-socket "$WM_TMP/silent.sock"
	attack flood-silent 200 "$WM_TMP/silent.sock"
	wm_stop
}

@test "a reload works while a flood lasts" {
	attack_start --max-fd 200 --async 4 --greenlet --header-timeout 120
	"$PYTHON" - "$PORT" <<-'END' &
	import socket, sys, time
	socks = []
	for _ in range(400):
	    socks.append(socket.create_connection(("127.0.0.1", sys.argv[1])))
	    socks[-1].sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
	open("flooded", "w").close()
	time.sleep(60)
	END
	flood=$!
	wm_wait_for "the flood" "$WM_LIMIT" [ -e flooded ]
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" "$WM_LIMIT" wm_log_has "generation 2.*serves|reload.*(done|complete)"
	kill "$flood"
	wm_stop
}

# leaving_under ENGINE ARGS...: leaves at every state.
leaving_under() {
	STATS=$(wm_port)
	export TEST_FILE=$WM_SOURCE/README.md
	engine_start "$1" --stats "127.0.0.1:$STATS" --module http_probe \
	    --write-timeout 2 "${@:2}"
	attack leaving reset fin
	check attack_checks end-after-request "$PORT"
	wm_stop
}

@test "clients that leave at any state leave nothing behind: one core" {
	leaving_under none
}

@test "clients that leave at any state leave nothing behind: greenlet" {
	leaving_under greenlet
	attack_start --post-buffering 10 --write-timeout 2
	attack leaving reset close
	wm_stop
}

@test "clients that leave at any state leave nothing behind: asyncio" {
	leaving_under asyncio
}

@test "clients that leave at any state leave nothing behind: tornado" {
	leaving_under tornado
}

@test "clients that leave at any state leave nothing behind: gevent" {
	leaving_under gevent
}

@test "clients that leave at any state leave nothing behind: threads" {
	leaving_under threads
}

@test "clients that leave the queue leave nothing behind" {
	attack_start --async 2 --greenlet
	attack leaving-the-queue 2
	wm_stop
}

@test "what is oversized is refused with its status" {
	attack_start --limit-post 1m
	attack refused
	wm_stop
	attack_start --limit-post 1m --post-buffering 64k
	attack refused
	wm_stop
}

@test "what never ends is refused, and costs no memory" {
	skip_sanitizers
	attack_start --async 4 --greenlet --limit-post 1m
	attack oversized
	wm_stop
	attack_start --async 4 --greenlet --limit-post 1m --post-buffering 64k
	attack oversized
	wm_stop
}

@test "thousands of requests in one go are answered in order" {
	# A sanitizer keeps what was freed.
	limit=8000000
	[ "$WM_SANITIZERS" != yes ] || limit=500000000
	attack_start --async 4 --greenlet
	attack pipelined $limit
	wm_stop
}

@test "with post-buffering bodies that drip in hold no core" {
	attack_start --post-buffering 64k
	attack drip-bodies
	attack drip-chunks
	wm_stop
}

@test "client-min-rate: a body that drips in too slowly is 408" {
	attack_start --client-min-rate 1000 --body-timeout 1 \
	    --async 4 --greenlet
	attack too-slow-body
	attack fast-enough-body
	wm_stop
	attack_start --client-min-rate 1000 --body-timeout 1 \
	    --post-buffering 64k
	attack too-slow-body
	attack fast-enough-body
	wm_stop
}

@test "client-min-rate: who takes its response too slowly loses its core" {
	attack_start --client-min-rate 1m --write-timeout 1 --threads 2
	attack too-slow-reader
	wm_stop
}

@test "mutated requests leave the server as it was" {
	# Under the sanitizers: here is what they are for.
	count=500
	[ "$WM_SANITIZERS" != yes ] || count=7000
	"$WM_SOURCE/scripts/mutate" "$WM_BUILD" "$count" http 1
}

@test "mutated requests of other protocols leave the server as it was" {
	count=300
	[ "$WM_SANITIZERS" != yes ] || count=2000
	for protocol in http2 uwsgi scgi fastcgi; do
		[ "$protocol" != http2 ] || [ "$WM_HTTP2" != no ] || continue
		"$WM_SOURCE/scripts/mutate" "$WM_BUILD" "$count" "$protocol" 1
	done
}
