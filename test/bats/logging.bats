#!/usr/bin/env bats
# The log: the access line, JSON, reopening, and who an error belongs to.

load probe

# uWSGI's line, which programs parse.
ACCESS='^\[pid: [0-9]+\|app: [0-9]+\|req: [0-9]+/[0-9]+\] 127\.0\.0\.1 \(\) '
ACCESS+='\{[0-9]+ vars in [0-9]+ bytes\} '
ACCESS+='\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} [0-9]{4}\] '
ACCESS+='GET /hello\?a=b => generated 11 bytes in [0-9]+ msecs '
ACCESS+='\(HTTP/1\.1 200\) [0-9]+ headers in [0-9]+ bytes '
ACCESS+='\([0-9]+ switches on core [0-9]+\)$'

# log_waits_for PATTERN: polls, since a line may come after the answer.
log_waits_for() {
	wm_wait_for "a line like $1" "$WM_LIMIT" wm_log_has "$1"
}

get() {
	curl -s --max-time 60 "http://127.0.0.1:$PORT$1"
}

@test "a request leaves uWSGI's line in the log" {
	probe_start
	get "/hello?a=b"
	log_waits_for "$ACCESS"
	wm_stop
}

@test "the line of a greenlet core is the same, with its core" {
	probe_start --async 4 --greenlet
	get "/hello?a=b"
	log_waits_for "$ACCESS"
	wm_stop
}

@test "the line tells pid, status, bytes and time as they were" {
	probe_start --async 2 --greenlet
	pid=$(get /worker | cut -d ' ' -f 1)
	get "/sleep?s=0.3"
	get /pieces?n=10\&size=50 >/dev/null
	get /none
	log_waits_for "^\[pid: $pid\|.* GET /sleep\?s=0\.3 => generated 5 bytes in [3-9][0-9]{2} msecs"
	log_waits_for "GET /pieces.* => generated 500 bytes in .*200\)"
	log_waits_for "GET /none => generated 9 bytes in .*\(HTTP/1.1 404\)"
	wm_stop
}

@test "a request that was refused has a line in the log" {
	probe_start
	check http_checks bad-line "$PORT" two-spaces
	log_waits_for "400"
	wm_stop
}

@test "every line of the JSON log is JSON, whatever the client sent" {
	probe_start --log-encoder json --async 2 --greenlet
	for path in '/a"b' '/a\b' '/%22%5c%0a%00' '/%ff%fe' '/{}[]<>' \
	    '/?q="\u0000"' '/%e2%82%ac' '/%1b[31m'; do
		curl -s --max-time 60 -g --path-as-is -A $'a"\\\xff\t' \
		    -e $'\xc3\x28"' "http://127.0.0.1:$PORT$path" >/dev/null
	done
	printf 'GET /raw"\\\x7e HTTP/1.1\r\nHost: x\r\nReferer: \xff\xfe"\\\r\nConnection: close\r\n\r\n' |
		timeout 60 "$PYTHON" -c 'import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(sys.stdin.buffer.read())
while s.recv(1000):
    pass' "$PORT"
	get /raise >/dev/null
	get /last >/dev/null
	log_waits_for '/last'
	# -e fails for no input at all; -s would hide where the mistake is.
	while IFS= read -r line; do
		echo "$line" | jq -e type >/dev/null ||
			wm_fail "not JSON: $line"
	done <"$WM_LOG"
	wm_stop
}

@test "the JSON access record has the request's values with their types" {
	probe_start --log-encoder json
	get "/hello?a=b"
	log_waits_for '/hello'
	grep /hello "$WM_LOG" | jq -e '.status == 200 and .method == "GET" and
	    (.worker | type) == "number" and (.core | type) == "number" and
	    (.request | type) == "string"'
	wm_stop
}

@test "disable-logging leaves out the requests and keeps the errors" {
	probe_start --disable-logging
	get /hello
	get /raise
	log_waits_for "ValueError: raised on purpose"
	! wm_log_has "=> generated" || wm_fail "a request was logged"
	wm_stop
}

@test "an error's record names worker, core and request" {
	probe_start --async 3 --greenlet
	get /raise
	log_waits_for "ValueError: raised on purpose"
	wm_log_has "\[worker 1 pid [0-9]+ core [0-2] request [0-9a-f-]{36}\] error: "
	wm_stop
}

@test "USR1 opens the log file anew, so that it can be rotated" {
	probe_start --logto "$WM_TMP/server.log"
	get /hello?before
	log_waits_for "hello\?before"
	mv server.log server.log.1
	kill -USR1 "$WM_PID"
	wm_wait_for "a new log file" "$WM_LIMIT" test -e server.log
	# The worker may learn of it a moment later.
	logged_anew() {
		get /hello?after
		grep -q "hello?after" server.log
	}
	wm_wait_for "a record in the new file" "$WM_LIMIT" logged_anew
	size=$(stat -c %s server.log.1)
	get /hello?again
	log_waits_for "hello\?again"
	[ "$(stat -c %s server.log.1)" -eq "$size" ]
	wm_stop
}

log_checks() {
	"$PYTHON" "$WM_SOURCE/test/clients/log_checks.py" "$@"
}

@test "the JSON log stays JSON, with all fields, for any bytes of a head" {
	probe_start --log-encoder json --async 4 --greenlet \
	    --logto "$WM_TMP/server.log"
	log_checks fuzz "$PORT" 300 "$RANDOM"
	get /last >/dev/null
	log_waits_for '/last'
	# Heads that are refused have no access record.
	log_checks json_lines "$WM_LOG" 100
	wm_stop
}

@test "log-format makes the line, of uWSGI's variables" {
	probe_start --async 2 --greenlet --log-format \
	    '%(addr) %(user) [%(ltime)] "%(method) %(uri) %(proto)" %(status) %(rsize) %(msecs)ms "%(referer)" "%(uagent)" %(var.HTTP_X_A) %(request_id) w%(wid) c%(core) 100%'
	curl -s "http://127.0.0.1:$PORT/hello?a" -A 'me "you\' -H "X-A: 1 2" \
	    -H "X-Request-ID: an-id"
	log_waits_for '^127\.0\.0\.1 - \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} [+-][0-9]{4}\] "GET /hello\?a HTTP/1\.1" 200 11 [0-9]+ms "-" "me \\x22you\\x5C" 1 2 an-id w1 c[01] 100%$'
	not wm_log_has "=> generated"
	wm_stop
}

@test "log-format that begins with a brace has its values as JSON wants them" {
	probe_start --log-format \
	    '{"uri":"%(uri)","agent":"%(uagent)","status":%(status),"size":%(size),"hsize":%(hsize),"headers":%(headers),"vars":%(vars),"pktsize":%(pktsize),"secs":%(secs),"micros":%(micros),"time":%(time),"tmsecs":%(tmsecs),"tmicros":%(tmicros),"epoch":%(epoch),"ctime":"%(ctime)","host":"%(host)","pid":%(pid),"app":%(app),"switches":%(switches),"cl":%(cl)}'
	curl -s "http://127.0.0.1:$PORT/hello" -A $'a"\\\xff\tb' -d 12345
	log_waits_for '^\{"uri":"/hello"'
	grep '^{"uri"' "$WM_LOG" | jq -e '.agent == "a\"\\ÿ\tb" and
	    .status == 200 and .size > .hsize and .headers >= 1 and
	    .vars > 10 and .pktsize > 100 and .secs == 0 and .micros >= 0 and
	    (.time - now | fabs) < 100 and (.epoch - .time | fabs) < 100 and
	    (.tmsecs / 1000 | floor) == .time and
	    (.tmicros / 1000000 | floor) == .time and
	    (.host | startswith("127.0.0.1:")) and .app == 0 and .cl == 5 and
	    (.ctime | test("^[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] "))'
	wm_stop
}

@test "a variable that is unknown is a configuration error that names it" {
	run "$WSGIMASTER" --module x --log-format "%(uri) %(rssM)" --check
	[ "$status" -eq 2 ]
	[[ $output == *'"log-format": %(rssM) is not known'* ]]
	run "$WSGIMASTER" --module x --log-format "%(uri)" --log-encoder json \
	    --check
	[ "$status" -eq 2 ]
	[[ $output == *'"log-format" and "log-encoder": "json" exclude'* ]]
}

@test "with disable-logging slow and failed requests can still be logged" {
	probe_start --disable-logging --log-slow 300 --log-5xx
	get /hello
	get /none
	get /raise
	get "/sleep?s=0.4"
	log_waits_for "GET /raise => generated"
	log_waits_for "GET /sleep\?s=0\.4 => generated"
	not wm_log_has "GET /(hello|none)"
	wm_stop
	probe_start --disable-logging --log-4xx
	get /none
	get /raise
	log_waits_for "GET /none => generated"
	not wm_log_has "GET /raise"
	wm_stop
}
