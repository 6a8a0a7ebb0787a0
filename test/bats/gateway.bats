#!/usr/bin/env bats
# uwsgi, FastCGI and SCGI: behind a real nginx, and asked directly.

load engines

setup_file() {
	export TEST_FILE=$WM_TMP/file.bin
	head -c 5000001 /dev/urandom >"$TEST_FILE"
}

setup() {
	cd "$WM_TMP" || return 1
	export NOTES=$WM_TMP/notes
}

teardown() {
	nginx_stop
	[ -z "${UWSGI_PID:-}" ] || kill -KILL "$UWSGI_PID" 2>/dev/null ||
		true
	wm_teardown
}

# The virtual hosts of nginx: over TCP, over a unix socket, and without buffers.
TCP="uwsgi-tcp scgi-tcp fastcgi-tcp fastcgi-keep"
UNIX="uwsgi-unix scgi-unix fastcgi-unix"
STREAM="uwsgi-stream scgi-stream fastcgi-stream fastcgi-keep-stream"

# gateway_start ENGINE ARGS...: a server on all three, over TCP and unix sockets.
gateway_start() {
	UWSGI=$(wm_port 5)
	SCGI=$((UWSGI + 1)) FASTCGI=$((UWSGI + 2)) STATS=$((UWSGI + 3))
	NGINX=$((UWSGI + 4))
	local engine=$1
	shift
	# Unquoted: words.
	wm_start --pythonpath "$WM_APPS" --module gateway_cases \
	    --socket "127.0.0.1:$UWSGI" --uwsgi-socket "$WM_TMP/u" \
	    --scgi-socket "127.0.0.1:$SCGI" --scgi-socket "$WM_TMP/s" \
	    --fastcgi-socket "127.0.0.1:$FASTCGI" \
	    --fastcgi-socket "$WM_TMP/f" --chmod-socket=666 \
	    --stats "127.0.0.1:$STATS" $(engine_options "$engine") "$@"
}

# nginx_host PROTOCOL NAME ADDRESS [DIRECTIVES]: a virtual host, with Debian's
# own lists of variables.
nginx_host() {
	local p=$1
	local more="${p}_param X_OF_NGINX 'its own'; ${p}_param REMOTE_USER
	    somebody; ${p}_next_upstream off; ${p}_pass $3; $4"
	cat <<-END
	server {
		listen 127.0.0.1:$NGINX;
		server_name $2;
		location / { include /etc/nginx/${p}_params; $more }
		location /tls/ {
			include /etc/nginx/${p}_params; $more
			${p}_param HTTPS on;
		}
		location /stripped/ {
			rewrite ^/stripped(/.*) \$1 break;
			${p}_param REQUEST_METHOD \$request_method;
			${p}_param REQUEST_URI \$request_uri;
			${p}_param SCRIPT_NAME /stripped;
			${p}_param SCGI 1;
			${p}_param PATH_INFO \$document_uri;
			${p}_pass $3;
		}
	}
	END
}

# Writes nginx's configuration: all hosts.
nginx_conf() {
	local p port stream path i
	echo "daemon off; master_process off; pid $WM_TMP/nginx.pid;"
	echo "error_log $WM_TMP/nginx.log; events {}"
	echo "http { access_log off; client_max_body_size 50m;"
	for i in client_body proxy fastcgi uwsgi scgi; do
		echo "${i}_temp_path $WM_TMP/$i;"
	done
	echo "upstream keep { server 127.0.0.1:$FASTCGI; keepalive 4; }"
	for p in uwsgi scgi fastcgi; do
		port=${p^^}
		path=$WM_TMP/${p:0:1}
		stream="${p}_buffering off;"
		# For SCGI nginx 1.22 announces only what it has of the body.
		[ $p = scgi ] || stream+=" ${p}_request_buffering off;"
		nginx_host $p $p-tcp "127.0.0.1:${!port}"
		nginx_host $p $p-unix "unix:$path"
		nginx_host $p $p-stream "127.0.0.1:${!port}" "$stream"
	done
	nginx_host fastcgi fastcgi-keep keep "fastcgi_keep_conn on;"
	nginx_host fastcgi fastcgi-keep-stream keep \
	    "fastcgi_keep_conn on; $stream"
	echo "}"
}

# nginx in front of the server.
nginx_start() {
	nginx_conf >nginx.conf
	nginx_run nginx.conf
}

# nginx_run FILE: nginx with this configuration.
nginx_run() {
	setpriv --pdeathsig KILL nginx -e "$WM_TMP/nginx.log" \
	    -c "$WM_TMP/$1" </dev/null >nginx.out 2>&1 3>&- 4>&- &
	NGINX_PID=$!
	wm_wait_for "nginx" 30 curl -s "http://127.0.0.1:$NGINX/"
}

nginx_stop() {
	[ -n "${NGINX_PID:-}" ] || return 0
	kill -TERM "$NGINX_PID" 2>/dev/null || true
	wait "$NGINX_PID" || true
	NGINX_PID=
}

# behind CHECK ARGUMENT...: a check through nginx.
behind() {
	check gateway_checks "$1" "$NGINX" "${@:2}"
}

# direct CHECK: on all three, over TCP and unix sockets.
direct() {
	check gateway_checks "$1" uwsgi "$UWSGI" -- "$1" scgi "$SCGI" -- \
	    "$1" fastcgi "$FASTCGI" -- "$1" uwsgi "$WM_TMP/u"
}

core_is_busy() {
	curl -s "telnet://127.0.0.1:$STATS" </dev/null |
		jq -e '.workers[0].busy_cores == 1'
}

# Unquoted below: names of hosts.

@test "nginx asks under every engine, in all three, over TCP and unix sockets" {
	for engine in $(engines); do
		gateway_start "$engine" --mount /mounted=gateway_cases \
		    --client-gone close
		nginx_start
		behind everything-of "$TEST_FILE" $TCP $UNIX
		behind piecemeal "$WM_TMP" $STREAM
		rm -f -- *.go
		[ "$engine" = none ] || behind leave "$NOTES" $TCP uwsgi-unix
		nginx_stop
		wm_stop
	done
}

@test "20 MB pass in both directions, with nginx's buffers and without" {
	gateway_start greenlet
	nginx_start
	behind requests $STREAM
	behind bodies uwsgi-tcp fastcgi-unix $STREAM
	wm_stop
	nginx_stop
	gateway_start greenlet --post-buffering 100k
	nginx_start
	behind bodies scgi-unix fastcgi-keep-stream
	wm_stop
}

@test "a FastCGI connection is kept and used again" {
	gateway_start none
	nginx_start
	behind reused "$STATS" fastcgi-keep fastcgi-keep-stream
	run behind reused "$STATS" fastcgi-tcp
	[ "$status" -ne 0 ]
}

@test "a response that is cut off is not taken for a whole one" {
	gateway_start none
	nginx_start
	behind cut /breaks $TCP $STREAM fastcgi-keep
	behind cut /short $TCP $UNIX $STREAM
	behind requests $TCP
}

@test "a reload under load loses nothing" {
	gateway_start greenlet -p 2
	nginx_start
	behind until "$WM_TMP/enough" uwsgi-tcp scgi-unix fastcgi-tcp \
	    uwsgi-stream 3>&- 4>&- &
	local clients=$!
	for generation in 2 3; do
		kill -HUP "$WM_PID"
		wm_wait_for "generation $generation" 60 \
		    wm_log_has "generation $generation serves"
	done
	touch enough
	wait $clients
	wm_stop
}

@test "limits, deadlines and a full queue answer over all three" {
	gateway_start none --harakiri 1 --limit-post 20000
	nginx_start
	behind too_large $TCP $UNIX
	behind status 504 "/sleeps?30" uwsgi-tcp
	behind status 500 /raises $TCP
	nginx_stop
	wm_stop
	gateway_start none --async 1 --greenlet --queue-timeout 0.2
	nginx_start
	curl -s -H "Host: uwsgi-tcp" "http://127.0.0.1:$NGINX/sleeps?3" \
	    >/dev/null 3>&- &
	local first=$!
	wm_wait_for "the core to be busy" 20 core_is_busy
	behind status 503 / $TCP
	wait $first
}

@test "asked directly: heads, refusals, the server's own names" {
	gateway_start none
	direct heads
	direct refusals
	direct reserved
	run curl -s "http://127.0.0.1:$UWSGI/"
	wm_log_has "modifier1 is none of 0 .app., 9 .CGI., 110 .signal. and 173 .RPC."
	wm_log_has "above buffer-size"
}

@test "SCRIPT_NAME and PATH_INFO are split by several mounts" {
	gateway_start none --mount /m=gateway_cases --mount /m/n=gateway_cases
	direct splits
}

@test "a client may leave at any byte" {
	gateway_start greenlet
	direct truncated
	not wm_log_has "error|Traceback"
}

@test "FastCGI: values, roles, ids, what is left of a body, aborts" {
	for engine in none greenlet threads; do
		engine_missing $engine >/dev/null && continue
		gateway_start $engine --client-gone reset
		check gateway_checks fastcgi "$FASTCGI"
		check gateway_checks fastcgi "$WM_TMP/f"
		[ $engine = none ] ||
			check gateway_checks aborts "$FASTCGI" "$NOTES"
		wm_stop
	done
}

@test "the sockets' protocols are in the stats and the modes as they are set" {
	gateway_start none
	[ "$(stat -c %a u s f | sort -u)" = 666 ]
	curl -s "telnet://127.0.0.1:$STATS" </dev/null >stats
	[ "$(jq -r '.sockets[].proto' stats | xargs)" = \
	    "uwsgi uwsgi fastcgi fastcgi scgi scgi" ]
}

# env_of HOST FILE: the environ that comes of a rich request, in a file.
env_of() {
	curl -fsS -H "Host: $1" -H 'X-Two: 1' -H 'X-Two: 2' -H 'Proxy: evil' \
	    -H 'Cookie: a=b' -d abc \
	    "http://127.0.0.1:$NGINX/a%20b%2Fc/vars?q=%20" |
		jq -S . >"$2"
}

@test "the environ is uWSGI's, but for what the manual says" {
	local uwsgi
	uwsgi=$(command -v uwsgi_python3 || command -v uwsgi-core) ||
		skip "uWSGI is missing"
	[ "${uwsgi##*/}" = uwsgi_python3 ] || uwsgi+=" --plugin python3"
	cat >app.py <<-'END'
	import json
	def application(environ, start_response):
	    found = {key: value if isinstance(value, str) else
	             "<%s>" % type(value).__name__
	             for key, value in environ.items()}
	    start_response("200 OK", [])
	    return [json.dumps(found).encode()]
	END
	gateway_start none
	setpriv --pdeathsig KILL $uwsgi --socket "$WM_TMP/other" \
	    --wsgi-file app.py --die-on-term </dev/null >uwsgi.log 2>&1 \
	    3>&- 4>&- &
	UWSGI_PID=$!
	wm_wait_for "uWSGI" 30 [ -S other ]
	nginx_conf >nginx.conf
	{
		sed '$d' nginx.conf
		nginx_host uwsgi other "unix:$WM_TMP/other"
		echo "}"
	} >nginx.both.conf
	nginx_run nginx.both.conf
	env_of other theirs
	env_of uwsgi-tcp ours
	kill -KILL "$UWSGI_PID"
	wait "$UWSGI_PID" || true
	# Keys that only one of them has, and values that differ.
	jq -rn --slurpfile a theirs --slurpfile b ours '
	    $a[0] as $a | $b[0] as $b | ($a + $b | keys[]) |
	    select($a[.] != $b[.]) |
	    "\(.) \(if $a[.] == null then "ours" elif $b[.] == null
	        then "theirs" else "differs" end)"' >found
	cat >expected <<-'END'
	HTTP_CONTENT_LENGTH theirs
	HTTP_CONTENT_TYPE theirs
	HTTP_HOST differs
	HTTP_PROXY theirs
	HTTP_X_TWO differs
	REMOTE_PORT differs
	SCRIPT_NAME ours
	SERVER_NAME differs
	SERVER_SOFTWARE ours
	wsgi.errors differs
	wsgi.file_wrapper differs
	wsgi.input differs
	wsgi.input_terminated ours
	wsgimaster.request_id ours
	END
	diff expected <(grep -v "^uwsgi\." found)
}

@test "the command line of uWSGI's async examples serves behind nginx" {
	UWSGI=$(wm_port 3)
	NGINX=$((UWSGI + 1)) SCGI=1 FASTCGI=$((UWSGI + 2))
	mkdir tests
	touch tests/__init__.py
	echo 'from gateway_cases import application' >tests/cpubound_async.py
	PYTHONPATH=$WM_APPS wm_start --socket ":$UWSGI" --pythonpath "$WM_TMP" \
	    -w tests.cpubound_async --async 10 --greenlet
	nginx_start
	behind requests uwsgi-tcp
}

@test "the example's configuration of nginx works" {
	UWSGI=$(wm_port 4)
	NGINX=$UWSGI
	local example=$WM_SOURCE/examples/nginx
	sed -e "s|/tmp/wsgimaster-uwsgi.sock|$WM_TMP/u|" \
	    -e "s|:8082|:$((UWSGI + 1))|" -e "s|:8083|:$((UWSGI + 2))|" \
	    -e "s|app.py|$example/app.py|" "$example/app.json" >app.json
	wm_start -c app.json
	{
		echo "daemon off; master_process off; events {}"
		echo "pid $WM_TMP/nginx.pid; error_log $WM_TMP/nginx.log;"
		echo "http { access_log off;"
		for i in client_body proxy fastcgi uwsgi scgi; do
			echo "${i}_temp_path $WM_TMP/$i;"
		done
		sed -e "s|/tmp/wsgimaster-uwsgi.sock|$WM_TMP/u|" \
		    -e "s|:8082|:$((UWSGI + 1))|" \
		    -e "s|:8083|:$((UWSGI + 2))|" \
		    -e "s|:8080|:$NGINX|" "$example/nginx.conf"
		echo "}"
	} >nginx.example.conf
	nginx_run nginx.example.conf
	for path in / /stream/ /fastcgi/ /scgi/; do
		curl -fsS "http://127.0.0.1:$NGINX$path" >page
		grep -qx "PATH_INFO: $path" page
		grep -qx "SCRIPT_NAME: " page
	done
	curl -fsS "http://127.0.0.1:$NGINX/below/x" >page
	grep -qx "PATH_INFO: /x" page
	grep -qx "SCRIPT_NAME: /below" page
	curl -fsS "http://127.0.0.1:$NGINX/" | grep -q "^HTTP_X_REQUEST_ID: "
}
