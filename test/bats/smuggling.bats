#!/usr/bin/env bats
# No request reaches an app that no client has sent, behind a real nginx and a
# real HAProxy, whose connections to the server all clients share.

load engines

setup_file() {
	command -v nginx >/dev/null || skip "nginx is missing"
	command -v haproxy >/dev/null || skip "haproxy is missing"
}

# backend_start ENGINE ARGS...: the app that notes what it sees, on PORT.
backend_start() {
	export SMUGGLE_LOG=$WM_TMP/seen.json
	: >"$SMUGGLE_LOG"
	engine_start "$1" --module smuggle_cases --body-timeout 5 "${@:2}"
}

# An nginx before the server: on NGINX, and without its own buffer on DIRECT.
nginx_start() {
	NGINX=$(wm_port 2)
	cat >nginx.conf <<-END
	daemon off; master_process off; pid $WM_TMP/nginx.pid;
	error_log $WM_TMP/nginx.log; events {}
	http {
	    access_log off;
	    client_body_temp_path $WM_TMP/nginx-body;
	    proxy_temp_path $WM_TMP/nginx-proxy;
	    fastcgi_temp_path $WM_TMP/nginx-1;
	    uwsgi_temp_path $WM_TMP/nginx-2;
	    scgi_temp_path $WM_TMP/nginx-3;
	    underscores_in_headers on;
	    ignore_invalid_headers off;
	    upstream app { server 127.0.0.1:$PORT; keepalive 1; }
	    proxy_http_version 1.1;
	    proxy_set_header Connection "";
	    proxy_read_timeout 10s;
	    server {
	        listen 127.0.0.1:$NGINX;
	        location / {
	            proxy_set_header X-Proxy $SECRET-1;
	            proxy_pass http://app;
	        }
	    }
	    server {
	        listen 127.0.0.1:$((NGINX + 1));
	        location / {
	            proxy_set_header X-Proxy $SECRET-2;
	            proxy_request_buffering off;
	            proxy_pass http://app;
	        }
	    }
	}
	END
	nginx -c "$WM_TMP/nginx.conf" -e "$WM_TMP/nginx.log" \
	    </dev/null >nginx.out 2>&1 3>&- 4>&- &
	echo $! >>proxies
	wm_wait_for "nginx" "$WM_LIMIT" curl -fs "http://127.0.0.1:$NGINX/up"
}

# HAProxy before the server, on HAPROXY; the second frontend forgives as much
# as it can.
haproxy_start() {
	HAPROXY=$(wm_port 2)
	cat >haproxy.cfg <<-END
	global
	    nbthread 1
	defaults
	    mode http
	    timeout client 10s
	    timeout server 10s
	    timeout connect 10s
	    http-reuse always
	frontend strict
	    bind 127.0.0.1:$HAPROXY
	    http-request set-header X-Proxy $SECRET-3
	    default_backend app
	frontend forgiving
	    bind 127.0.0.1:$((HAPROXY + 1))
	    option accept-invalid-http-request
	    http-request set-header X-Proxy $SECRET-4
	    default_backend app
	backend app
	    server app 127.0.0.1:$PORT pool-max-conn 1
	END
	haproxy -f "$WM_TMP/haproxy.cfg" </dev/null >haproxy.log 2>&1 \
	    3>&- 4>&- &
	echo $! >>proxies
	wm_wait_for "HAProxy" "$WM_LIMIT" \
	    curl -fs "http://127.0.0.1:$HAPROXY/up"
}

teardown() {
	local pid
	if [ -e "$WM_TMP/proxies" ]; then
		while read -r pid; do
			kill -TERM "$pid" 2>/dev/null || true
			wait "$pid" 2>/dev/null || true
		done <"$WM_TMP/proxies"
	fi
	wm_teardown
}

# smuggle_behind ENGINE ARGS...: all cases through all proxies.
smuggle_behind() {
	SECRET=$("$PYTHON" -c 'import uuid; print(uuid.uuid4().hex)')
	backend_start "$@"
	nginx_start
	haproxy_start
	: >"$SMUGGLE_LOG"
	"$PYTHON" "$WM_SOURCE/test/clients/smuggle.py" "$SMUGGLE_LOG" \
	    "nginx=$NGINX=$SECRET-1" "nginxun=$((NGINX + 1))=$SECRET-2" \
	    "haproxy=$HAPROXY=$SECRET-3" "haprofo=$((HAPROXY + 1))=$SECRET-4"
	[ "$(wc -l <"$SMUGGLE_LOG")" -gt 1000 ]
	wm_stop
}

@test "behind nginx and HAProxy no request is made up: greenlet" {
	smuggle_behind greenlet
}

@test "behind nginx and HAProxy no request is made up: collected bodies" {
	smuggle_behind none --post-buffering 20
}

@test "without a proxy no body is taken for a request" {
	backend_start greenlet
	"$PYTHON" "$WM_SOURCE/test/clients/smuggle.py" "$SMUGGLE_LOG" \
	    "direct=$PORT"
	wm_stop
	backend_start threads --post-buffering 20
	"$PYTHON" "$WM_SOURCE/test/clients/smuggle.py" "$SMUGGLE_LOG" \
	    "direct=$PORT"
	wm_stop
}
