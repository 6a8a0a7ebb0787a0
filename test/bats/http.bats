#!/usr/bin/env bats
# HTTP/1.1 on the wire: framing, connections, and what is refused.

load probe

setup_file() {
	probe_start_file
}

teardown_file() {
	wm_teardown
}

@test "a connection serves many requests" {
	each http_checks keep-alive
}

@test "Connection: close ends the connection after the answer" {
	each http_checks connection-close
}

@test "what is sent behind a request with Connection: close is ignored" {
	each http_checks close-ends-pipeline
}

@test "a client that sends no more still gets its answers" {
	each http_checks half-close
}

@test "Python's http.client keeps one connection for all kinds of bodies" {
	each http_checks http-client
}

@test "pipelined requests are answered in order" {
	each http_checks pipelining
}

@test "a quick request that was pipelined behind a slow one comes second" {
	each http_checks pipelining-slow-first
}

@test "requests may arrive byte by byte" {
	each http_checks byte-by-byte
}

@test "a chunked request with extensions and trailers is read to its end" {
	each http_checks chunked-request-trailers
}

@test "a response without Content-Length is chunked and keeps the connection" {
	each http_checks chunked-response
}

@test "a body that is one piece gets a Content-Length" {
	each http_checks length-is-added
}

@test "100 Continue is sent when the app begins to read" {
	each http_checks expect-answered
}

@test "100 Continue is never sent for a body that the app does not read" {
	each http_checks expect-never-read
}

@test "a client that does not wait for 100 Continue is served" {
	each http_checks expect-with-body
}

@test "an unknown expectation is 417" {
	each http_checks expect-unknown
}

@test "HEAD is answered like GET, without a body" {
	each http_checks head
}

@test "204 and 304 have no body and no framing" {
	each http_checks no-body-statuses
}

@test "HTTP/1.0 gets no chunks and a closed connection" {
	each http_checks http10
}

@test "HTTP/1.0 with keep-alive keeps the connection where it can" {
	each http_checks http10-keep-alive
}

@test "of an absolute target the authority counts" {
	each http_checks absolute-form
}

@test "OPTIONS * reaches the app with an empty path" {
	each http_checks options-asterisk
}

@test "empty lines before a request are skipped" {
	each http_checks leading-empty-lines
}

@test "the environ is what PEP 3333 says" {
	each http_checks environ
}

@test "Proxy and names with an underscore never reach the app" {
	each http_checks dropped-fields
}

@test "no malformed head reaches the app, nor what is sent behind it" {
	each http_checks bad-heads
}

@test "no malformed request line reaches the app, nor what comes after it" {
	each http_checks bad-lines
}

@test "a path that decodes to a NUL is 400" {
	each http_checks nul-in-path
}

@test "two Content-Lengths are refused also when they agree" {
	each http_checks same-length-twice
}

@test "a malformed chunk ends the connection, nothing behind it is a request" {
	each http_checks bad-chunks
}

@test "a request line over limit-request-line is 414" {
	probe_start --limit-request-line 500
	check http_checks line-limit "$PORT" 500
	wm_stop
}

@test "more fields than limit-request-fields are 431" {
	probe_start --limit-request-fields 20
	check http_checks field-limit "$PORT" 20
	wm_stop
}

@test "a head over buffer-size is 431" {
	probe_start --buffer-size 4k
	check http_checks head-limit "$PORT" 4096
	wm_stop
}

@test "a body over limit-post is 413, by length and chunked" {
	probe_start --limit-post 20000
	check http_checks body-limit "$PORT" 20000
	wm_stop
	probe_start --limit-post 20000 --async 4 --greenlet
	check http_checks body-limit "$PORT" 20000
	wm_stop
}

@test "keepalive-requests closes a connection after so many" {
	probe_start --keepalive-requests 3
	check http_checks requests-limit "$PORT" 3
	wm_stop
}

@test "keepalive-timeout 0 turns keep-alive off" {
	probe_start --keepalive-timeout 0
	check http_checks no-keep-alive "$PORT"
	wm_stop
}

@test "a unix socket serves the same, without an address of the client" {
	wm_start --http-socket "$WM_TMP/probe.sock" \
	    --pythonpath "$WM_APPS" --module http_probe
	check http_checks keep-alive "$WM_TMP/probe.sock"
	curl -fs --unix-socket "$WM_TMP/probe.sock" http://site/environ |
		jq -e '.HTTP_HOST == "site" and .SERVER_NAME != "" and
		    (.REMOTE_ADDR // "") == ""'
	wm_stop
}

@test "IPv6 is served, and the environ has its addresses" {
	[ -e /proc/net/if_inet6 ] || skip "no IPv6 here"
	port=$(wm_port)
	wm_start --http-socket "[::1]:$port" \
	    --pythonpath "$WM_APPS" --module http_probe
	curl -fs "http://[::1]:$port/environ" >environ.json
	jq -e '.REMOTE_ADDR == "::1"' environ.json
	jq -e --arg host "[::1]:$port" '.HTTP_HOST == $host' environ.json
	wm_stop
}
