#!/usr/bin/env bats
# Static files: without a core and without Python, from their folder only.

load engines

# static_start ENGINE ARGS...: the files of static_checks.py at /s.
static_start() {
	local engine=$1
	shift
	engine_start "$engine" --module static_cases \
	    --static-map "/s=$FILES/www" --static-map "/one.ico=$FILES/one.ico" \
	    --static-index missing.html --static-index index.html \
	    --static-skip-ext .php "$@"
}

setup_file() {
	cd "$WM_TMP" || return 1
	export FILES=$WM_TMP/files
	"$PYTHON" "$WM_SOURCE/test/clients/static_checks.py" make "$FILES"
	static_start greenlet --static-gzip-all --static-safe "$FILES/safe" \
	    --stats "$WM_TMP/stats.sock"
	export PORT STATS=$WM_TMP/stats.sock SERVER_LOG=$WM_LOG
	export SERVER_PID=$WM_PID
}

teardown_file() {
	wm_teardown
}

# files CHECK [ARGUMENT...]: a check on the file's server.
files() {
	check static_checks "$1" "$PORT" "$FILES" "${@:2}"
}

@test "a file comes with its type, tag, date and length" {
	files plain
}

@test "HEAD says what GET would" {
	files head
}

@test "what is no file, or no GET, is the app's" {
	files others
}

@test "nothing outside the folder is sent, however it is asked for" {
	files escapes
}

@test "links lead into static-safe folders only" {
	files safe
	static_start greenlet
	files not-safe
	files no-codings
}

@test "conditions are judged in their order" {
	files conditions
}

@test "ranges: one, many, suffixes, If-Range" {
	files ranges
}

@test "precompressed files are chosen by weight, with Vary" {
	files codings
	static_start greenlet --static-gzip '\.css$'
	[ "$(curl -sI -H 'Accept-Encoding: br' \
	    "127.0.0.1:$PORT/s/style.css" | grep -ci "content-encoding: br")" = 1 ]
	[ "$(curl -sI -H 'Accept-Encoding: br' \
	    "127.0.0.1:$PORT/s/a.txt" | grep -ci "vary")" = 0 ]
}

@test "a folder has an index, and is redirected to its slash" {
	files indexes
}

@test "check-static looks for every path; a redirect stays on its host" {
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --pythonpath "$WM_APPS" \
	    --module static_cases --check-static "$FILES/www" \
	    --static-index index.html
	files check-static
}

@test "static-map2 looks for the whole path" {
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --pythonpath "$WM_APPS" \
	    --module static_cases --static-map2 "/sub=$FILES/www"
	files map2
}

@test "a thousand pipelined requests are answered in order" {
	files pipelined
	# Each core's stack may serve for the next request.
	static_start none
	files pipelined
}

@test "100 MB reach a slow reader whole, and others are served meanwhile" {
	files slow
}

@test "a quick reader of a large file does not hold the loop" {
	files fast
}

@test "clients that leave at any byte leave nothing behind" {
	files leaves "$(pgrep -P "$SERVER_PID" wm-worker)"
}

@test "a file that shrinks while it is sent is cut, not taken for whole" {
	files shrinks
}

@test "a file that changes has another tag" {
	files changes
}

@test "a body of a GET is skipped, or ends the connection" {
	files bodies
}

@test "static-expires: by type, path, target and path info" {
	static_start greenlet --static-expires-type text/css=3600 \
	    --static-expires '/sub/.*\.html$ 100' \
	    --static-expires-uri '\?v= 200' \
	    --static-expires-path-info-mtime '^/s/a\.txt$ 10' \
	    --static-expires-path-info '^/s/dots 300'
	files expires
}

@test "files are sent while all cores wait, under every engine" {
	local engine
	for engine in $(engines); do
		# One that runs holds the loop itself.
		[ "$engine" != none ] || continue
		static_start "$engine" --queue-timeout 0.3
		files parked 8
		kill -QUIT "$WM_PID"
		wm_wait_left || true
	done
}

@test "they are counted apart, and told in the metrics" {
	files counted "$STATS"
	local stats
	stats=$(wm_port)
	static_start none --stats "127.0.0.1:$stats" --stats-http
	curl -fs "127.0.0.1:$PORT/s/a.txt" >/dev/null
	curl -fs "127.0.0.1:$PORT/s/a.txt" >/dev/null
	curl -fs "127.0.0.1:$stats/metrics" >metrics
	grep -qE '^wsgimaster_static_requests_total 2$' metrics
}

@test "the access log has them in each of its formats" {
	curl -fs "127.0.0.1:$PORT/s/none?x" >/dev/null
	wm_wait_for "the line" 30 grep -E \
	    "app: -1\|req: -1/[0-9]+\] 127.0.0.1 .* GET /s/none\?x => generated 9 bytes in [0-9]+ msecs \(HTTP/1.1 200\) 6 headers in [0-9]+ bytes" \
	    "$SERVER_LOG"
	static_start none --log-encoder json --request-id-response
	id=$(curl -fsi "127.0.0.1:$PORT/s/none" -H "X-Request-ID: abc" |
	    tr -d '\r' | sed -n 's/^X-Request-ID: //p')
	[ "$id" = abc ]
	wm_wait_for "the record" 30 wm_log_has \
	    '"request":"abc".*"uri":"/s/none".*"status":200,"bytes":9,.*"app":-1'
	static_start none --log-format 'F %(status) %(rsize) %(app) %(uri)'
	curl -s -r 0-1 "127.0.0.1:$PORT/s/none" >/dev/null
	wm_wait_for "the line" 30 wm_log_has '^F 206 2 -1 /s/none$'
}

# same_bytes COMMAND...: whether it prints the first 5 MB of big.bin.
same_bytes() {
	"$@" | cmp - <(head -c 5000000 "$FILES/www/big.bin")
}

@test "TLS and HTTP/2 carry files as plain HTTP does" {
	wm_needs tls http2
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem \
	    -out cert.pem -days 2 -subj /CN=localhost 2>/dev/null
	local tls version
	tls=$(wm_port)
	static_start greenlet \
	    --https-socket "127.0.0.1:$tls,$PWD/cert.pem,$PWD/key.pem"
	for version in --http1.1 --http2; do
		same_bytes curl -sk $version -r 0-4999999 \
		    "https://127.0.0.1:$tls/s/big.bin"
		curl -sk $version -o one -o two -o three \
		    -w '%{http_code} %{http_version}\n' \
		    "https://127.0.0.1:$tls/s/none" \
		    "https://127.0.0.1:$tls/s/sub" \
		    "https://127.0.0.1:$tls/x" >codes
		[ "$(cut -d' ' -f1 codes | tr '\n' ' ')" = "200 301 200 " ]
		[ "$version" = --http1.1 ] || [ "$(grep -c ' 2$' codes)" = 3 ]
		[ "$(cat one)" = "no ending" ] && [ "$(cat three)" = "app GET /x" ]
		curl -skI $version "https://127.0.0.1:$tls/s/big.bin" |
		    grep -i "^content-length: 104857600"
	done
}

@test "FastCGI carries files in its records" {
	command -v cgi-fcgi >/dev/null || skip "cgi-fcgi is missing"
	local port
	port=$(wm_port)
	static_start greenlet --fastcgi-socket "127.0.0.1:$port"
	cp "$FILES/www/big.bin" "$FILES/www/five.bin"
	truncate -s 5000000 "$FILES/www/five.bin"
	REQUEST_METHOD=GET REQUEST_URI=/s/five.bin SCRIPT_NAME= \
	PATH_INFO=/s/five.bin SERVER_PROTOCOL=HTTP/1.1 QUERY_STRING= \
	    cgi-fcgi -bind -connect "127.0.0.1:$port" >answer
	head -1 answer | grep "^Status: 200 OK"
	! head -20 answer | grep -ai "^connection:"
	same_bytes tail -c 5000000 answer
}

@test "reloads under load lose nothing" {
	local i
	static_start greenlet -p 2 --disable-logging \
	    --stats "$WM_TMP/reload.sock"
	check static_checks load "$PORT" "$FILES" "$WM_TMP/enough" >counts &
	LOAD_PID=$!
	wm_wait_for "the load" 60 test -e enough.begun
	for i in 2 3 4 5; do
		kill -HUP "$WM_PID"
		wm_wait_for "reload $i" 30 wm_log_has "generation $i serves"
	done
	touch enough
	wait "$LOAD_PID" || wm_fail "$(cat counts)"
}

# status PATH: of the server on PORT.
status_of() {
	curl -s -o body -w '%{http_code}' "http://127.0.0.1:$PORT$1"
}

@test "without an app there is no Python, and what is no file is 404" {
	local engine
	mkdir site && echo hello >site/a
	for engine in none greenlet threads; do
		engine_missing "$engine" && continue
		PORT=$(wm_port)
		# Unquoted: words.
		wm_start --http-socket "127.0.0.1:$PORT" --check-static site \
		    $(engine_options "$engine")
		[ "$(status_of /a)" = 200 ]
		[ "$(cat body)" = hello ]
		[ "$(status_of /none)" = 404 ]
		[ "$(curl -s -o body -w '%{http_code}' -d x \
		    "http://127.0.0.1:$PORT/a")" = 404 ]
		[ "$engine" = greenlet ] || not wm_log_has "Python 3"
		wm_stop
	done
}

@test "a folder that is not there, or a bad rule, is an error" {
	run "$WSGIMASTER" --http-socket 127.0.0.1:0 --pythonpath "$WM_APPS" \
	    --module static_cases --static-map /s=/nowhere/at/all
	[ "$status" -ne 0 ]
	[[ "$output" == *'"static-map": a folder is expected: /nowhere/at/all'* ]]
	for bad in "--static-map s=/tmp" "--static-map /s" \
	    "--static-expires-type text/css" "--static-expires (=3" \
	    "--static-gzip (" "--mimefile /nowhere"; do
		run "$WSGIMASTER" --http-socket 127.0.0.1:0 \
		    --pythonpath "$WM_APPS" --module static_cases \
		    --check-static /tmp $bad
		echo "$bad: $output"
		[ "$status" -ne 0 ]
		[[ "$output" == *"${bad%% *}"* || "$output" == *"\"${bad:2:6}"* ]]
	done
}
