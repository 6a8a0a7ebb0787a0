#!/usr/bin/env bats
# HTTP/2 without TLS, under every engine: streams as requests, rules, floods.

load tls

setup_file() {
	tls_certificates
}

setup() {
	wm_needs http2
	cd "$WM_TMP" || return 1
	export NOTES=$WM_TMP/notes BIG_FILE=$WM_TMP/file
	: >"$NOTES"
	head -c 1000000 /dev/urandom >"$BIG_FILE"
}

# h2_start ENGINE ARGS...: a server of one worker.
h2_start() {
	engine_start "$1" --module http2_app --http2-cleartext "${@:2}"
}

# h2_check CHECK ARGUMENT...: on the server of PORT.
h2_check() {
	check h2_checks "$1" "$PORT" "${@:2}"
}

@test "curl, nghttp and h2load get their answers, HTTP/1.1 beside them" {
	h2_start none
	url=http://127.0.0.1:$PORT
	[ "$(curl -fsS --http2-prior-knowledge "$url/hello")" = hello ]
	[ "$(curl -fsS --http1.1 "$url/hello")" = hello ]
	curl -fsS --http2-prior-knowledge -o got "$url/sent_file"
	cmp got "$BIG_FILE"
	curl -fsS --http2-prior-knowledge --data-binary "@$BIG_FILE" \
	    "$url/echo" | grep -q "^1000000 $(sha256sum <"$BIG_FILE" |
	    cut -d' ' -f1)"
	[ "$(nghttp "$url/hello")" = hello ]
	h2load -n 3000 -c 5 -m 20 "$url/hello" >load
	grep -q "3000 succeeded, 0 failed, 0 errored" load
	wm_log_has 'GET /hello => .* \(HTTP/2\.0 200\)'
	wm_log_has 'GET /hello => .* \(HTTP/1\.1 200\)'
	wm_stop
}

@test "without http2-cleartext the preface is refused as HTTP/1" {
	engine_start none --module http2_app
	not curl -fsS --http2-prior-knowledge -m 10 \
	    "http://127.0.0.1:$PORT/hello"
	wm_log_has "answered 505"
	wm_stop
	# Nor where another protocol is spoken.
	PORT=$(wm_port)
	wm_start --uwsgi-socket "127.0.0.1:$PORT" --pythonpath "$WM_APPS" \
	    --module http2_app --http2-cleartext
	not curl -fsS --http2-prior-knowledge -m 10 \
	    "http://127.0.0.1:$PORT/hello"
	wm_stop
}

@test "with it, a gateway's socket knows no preface" {
	scgi=$(wm_port)
	h2_start none --scgi-socket "127.0.0.1:$scgi"
	not curl -fsS --http2-prior-knowledge -m 10 \
	    "http://127.0.0.1:$scgi/hello"
	curl -fsS --http2-prior-knowledge "http://127.0.0.1:$PORT/hello"
	wm_stop
}

# One server for all of it, since starting takes longer than most of them.
@test "under every engine: requests, bodies, many streams, resets" {
	for engine in $(engines); do
		: >"$NOTES"
		h2_start "$engine" --client-gone reset
		checks=(environ bodies unread sent_file at_once cut
		    long_heads refused_head broken_body "many 20000" crossed resets_io)
		[ "$engine" = none ] || checks+=("parallel 8" slow_reader)
		check_all h2_checks "$PORT" "${checks[@]}"
		if [ "$engine" != none ]; then
			: >"$NOTES"
			h2_check resets
		fi
		wm_stop
		! grep -q slept "$NOTES" || wm_fail "$engine: slept"
	done
}

@test "streams that are given up in the queue get no core" {
	h2_start none --queue-size 50
	h2_check queued
	wm_stop
}

@test "more streams than http2-max-concurrent-streams are refused" {
	h2_start greenlet --http2-max-concurrent-streams 4
	h2_check too_many_streams
	wm_stop
}

@test "post-buffering collects bodies of streams, limit-post holds" {
	h2_start greenlet --post-buffering 4096 --limit-post 2000000
	h2_check bodies
	h2_check many 20000
	head -c 3000000 /dev/zero >large
	[ "$(curl -sS --http2-prior-knowledge -o got -w '%{http_code}' \
	    --data-binary @large "http://127.0.0.1:$PORT/echo")" = 413 ]
	wm_stop
}

@test "RFC 9113: what is wrong ends the connection, or the stream" {
	h2_start none
	check_all h2_spec "$PORT" goaways resets answers prefaces every_cut
	wm_stop
	h2_start threads
	check_all h2_spec "$PORT" goaways resets every_cut
	wm_stop
}

@test "floods end their connection, and no other" {
	h2_start greenlet --client-gone reset
	h2_check polite
	h2_check floods
	wm_log_has "sends too many"
	wm_stop
}

@test "clients that do nothing, or too slowly, are shown out" {
	h2_start greenlet --header-timeout 1 --keepalive-timeout 1 \
	    --body-timeout 1 --write-timeout 1
	h2_check timeouts
	wm_stop
}

@test "idle connections make room where descriptors run out" {
	h2_start greenlet --max-fd 64
	h2_check shed
	wm_stop
}

@test "keepalive-requests ends connections in order" {
	h2_start greenlet --keepalive-requests 5
	h2_check limited
	wm_stop
}

@test "bodies that nobody reads take no more than their windows" {
	h2_start greenlet --post-buffering 0
	[ "$WM_SANITIZERS" = yes ] || h2_check memory \
	    "$(pgrep -P "$WM_PID" -f . | tail -1)"
	wm_stop
}

# reloaded ENGINE: while clients send all the time.
reloaded() {
	rm -f ready
	h2_check goes_on 3 "$PWD/ready" >goaways &
	local client=$!
	wm_wait_for "requests" 20 test -e ready
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 60 wm_log_has "generation 2 .*serves|worker 1 .*of generation 2 is ready"
	wait "$client"
	[ "$(cat goaways)" -ge 1 ]
}

@test "a reload loses no request, and clients are told" {
	for engine in greenlet threads; do
		h2_start "$engine" --master
		reloaded
		wm_stop
	done
}

# A server of one worker on https-socket.
h2_start_tls() {
	PORT=$(wm_port)
	# Unquoted: words.
	wm_start --https-socket "127.0.0.1:$PORT,$(pair site)" \
	    --pythonpath "$WM_APPS" --module http2_app \
	    $(engine_options "$1") "${@:2}"
}

@test "over TLS: ALPN chooses" {
	wm_needs tls
	export H2_TLS=1
	for engine in none greenlet threads; do
		engine_missing "$engine" && continue
		: >"$NOTES"
		h2_start_tls "$engine" --client-gone reset
		check_all h2_checks "$PORT" environ bodies sent_file \
		    "many 20000" crossed resets_io
		[ "$engine" = none ] || h2_check parallel 8
		wm_stop
	done
	h2_start_tls none
	curl -fsSk --http2 -o got -w '%{http_version}' \
	    "https://127.0.0.1:$PORT/sent_file" | grep -qx 2
	cmp got "$BIG_FILE"
	[ "$(curl -fsSk --http1.1 "https://127.0.0.1:$PORT/hello")" = hello ]
	wm_stop
	h2_start_tls none --http2=false
	curl -fsSk --http2 -o got -w '%{http_version}' \
	    "https://127.0.0.1:$PORT/hello" | grep -qx 1.1
	wm_stop
}

@test "static files on streams" {
	mkdir files
	cp "$BIG_FILE" files/a.bin
	h2_start greenlet --static-map "/files=$PWD/files"
	url=http://127.0.0.1:$PORT/files/a.bin
	curl -fsS --http2-prior-knowledge -o got "$url"
	cmp got "$BIG_FILE"
	[ "$(curl -fsS --http2-prior-knowledge -r 5-9 "$url" | xxd -p)" = \
	    "$(tail -c +6 "$BIG_FILE" | head -c 5 | xxd -p)" ]
	[ "$(curl -sS --http2-prior-knowledge -o /dev/null \
	    -w '%{http_code}' "${url}x")" = 404 ]
	curl -fsS --http2-prior-knowledge -I "$url" | grep -q "^HTTP/2 200"
	h2_check given_up_file
	! wm_log_has "answered 499"
	h2load -n 300 -c 3 -m 10 -w 14 "$url" >load
	grep -q "300 succeeded, 0 failed, 0 errored" load
	wm_stop
}
