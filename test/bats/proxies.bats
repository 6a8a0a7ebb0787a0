#!/usr/bin/env bats
# Behind proxies: who asks, and who is not believed. 127.0.0.1 is a trusted
# proxy here, 127.0.0.2 is not.

load engines
load services

setup_file() {
	cd "$WM_TMP" || return 1
	proxies_start --trusted-proxies 127.0.0.1 --trusted-proxies 10.0.0.0/8 \
	    --trusted-proxies unix --http-socket "$WM_TMP/fields.sock" \
	    --async 4 --greenlet
	export FIELDS=$PORT FIELDS_UNIX=$WM_TMP/fields.sock FIELDS_LOG=$WM_LOG
	proxies_start --trusted-proxies 127.0.0.1 --trusted-proxies 10.0.0.0/8 \
	    --trusted-proxies unix --proxy-protocol \
	    --http-socket "$WM_TMP/header.sock"
	export HEADER=$PORT HEADER_UNIX=$WM_TMP/header.sock HEADER_LOG=$WM_LOG
}

# nginx and HAProxy leave at TERM.
teardown_file() {
	local folder
	if [ -e "$BATS_FILE_TMPDIR/services" ]; then
		while read -r folder; do
			kill -TERM "$(cat "$folder/wm.pid")" || true
		done <"$BATS_FILE_TMPDIR/services"
	fi
	services_stop
	wm_teardown
}

proxies_start() {
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" \
	    --wsgi-file "$WM_APPS/origin.py" "$@"
}

proxies() {
	check proxy_checks "$@"
}

# nginx_config FOLDER: nginx's configuration, with an http block's lines of
# standard input.
nginx_config() {
	echo "daemon off; master_process off; pid $1/pid; error_log $1/log;"
	echo "events {} http { access_log off;"
	for i in client_body proxy fastcgi uwsgi scgi; do
		echo "${i}_temp_path $1/$i;"
	done
	cat
	echo "}"
}

# haproxy_config BIND SERVER...: what it passes on, as bytes.
haproxy_config() {
	echo "defaults"
	echo " mode tcp"
	for i in connect client server; do
		echo " timeout $i 60s"
	done
	while [ $# -gt 1 ]; do
		echo "listen l$#"
		echo " bind $1"
		echo " server s $2"
		shift 2
	done
}

# certificate FOLDER: crt and key there, and pem with both.
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -days 2 -subj /CN=test -keyout "$1/key" -out "$1/crt" 2>/dev/null
	cat "$1/crt" "$1/key" >"$1/pem"
}

# A server that must not start, and why.
refuses() {
	run "$WSGIMASTER" --http-socket :1 --module x --check "${@:2}"
	[ "$status" -ne 0 ]
	grep -qF -- "$1" <<<"$output" || wm_fail "$output"
}

@test "without the options nothing is believed and nothing is removed" {
	proxies_start
	proxies defaults "$PORT"
	wm_stop
}

@test "a client that lies in each field is not believed, and no lie is seen" {
	proxies lies "$FIELDS"
}

@test "a trusted proxy says who its client is, by which scheme and port" {
	proxies believed "$FIELDS"
}

@test "a lie that a trusted proxy passes on is not believed" {
	proxies relayed-lies "$FIELDS"
}

@test "a proxy may connect to a unix socket" {
	proxies unix "$FIELDS_UNIX"
}

@test "requests of many clients on a proxy's connection are each one's own" {
	proxies many-clients "$FIELDS"
	proxies many-clients "$FIELDS_UNIX"
}

@test "equal heads of a proxy and of another are not taken for each other" {
	proxies two-peers "$FIELDS"
}

@test "the access log shows the client and not the proxy" {
	proxies_start --trusted-proxies 127.0.0.1 --threads 2
	proxies believed "$PORT"
	proxies two-peers "$PORT"
	wm_log_has '\] 203\.0\.113\.9 \(\)'
	wm_log_has '\] 2001:db8::9 \(\)'
	wm_log_has '\] 127\.0\.0\.2 \(\)'
	wm_stop
}

@test "Forwarded is read with \"forwarded\", and its host if that is wanted" {
	proxies_start --trusted-proxies 127.0.0.1 --forwarded forwarded \
	    --forwarded-host
	proxies rfc7239 "$PORT"
	wm_stop
}

@test "with \"forwarded\": \"off\" the app reads the fields of trusted proxies" {
	proxies_start --trusted-proxies 127.0.0.1 --forwarded off
	proxies off "$PORT"
	wm_stop
}

@test "PROXY headers of both versions say who the client is" {
	proxies headers "$HEADER"
	proxies headers "$HEADER_UNIX"
}

@test "a PROXY header may come in pieces, together with the request" {
	proxies dripping "$HEADER"
}

@test "what is no PROXY header is closed without an answer, and logged" {
	proxies malformed "$HEADER"
	grep -q '127.0.0.1 port [0-9]*: no request is taken: no PROXY header' \
	    "$HEADER_LOG"
	grep -q 'no request is taken: a wrong checksum' "$HEADER_LOG"
}

@test "a PROXY header of somebody else's is a bad request" {
	proxies strangers-header "$HEADER"
}

@test "fields behind a PROXY header are the client's, unless it is a proxy" {
	proxies behind-header "$HEADER"
}

@test "equal heads of connections with other PROXY headers are kept apart" {
	proxies different-clients "$HEADER"
}

@test "half a PROXY header is read, and closed when its time is over" {
	proxies half "$HEADER"
	proxies_start --trusted-proxies 127.0.0.1 --proxy-protocol \
	    --header-timeout 1
	proxies silent "$PORT"
	wm_log_has 'no request is taken: the PROXY header took too long'
	wm_stop
}

@test "behind nginx the client is who nginx says, on tcp and unix sockets" {
	command -v nginx >/dev/null || skip "nginx is missing"
	local folder port
	folder=$(service_new "$(id -un)")
	port=$(wm_port 2)
	nginx_config "$folder" >"$folder/nginx.conf" <<-END
	upstream tcp { server 127.0.0.1:$FIELDS; keepalive 2; }
	upstream unix { server unix:$FIELDS_UNIX; keepalive 2; }
	proxy_http_version 1.1;
	proxy_set_header Connection "";
	proxy_set_header Host \$http_host;
	proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;
	proxy_set_header X-Forwarded-Proto \$scheme;
	proxy_set_header X-Forwarded-Port "";
	server { listen $port; location / { proxy_pass http://tcp; } }
	server { listen $((port + 1)); location / { proxy_pass http://unix; } }
	END
	service_run "$folder" nginx -c "$folder/nginx.conf"
	proxies through-nginx "$port" "$FIELDS"
	proxies through-nginx $((port + 1)) "$FIELDS"
}

@test "behind HAProxy the client is who its PROXY header says" {
	command -v haproxy >/dev/null || skip "haproxy is missing"
	local folder port i
	folder=$(service_new "$(id -un)")
	port=$(wm_port 5)
	certificate "$folder"
	haproxy_config "127.0.0.1:$port" "127.0.0.1:$HEADER send-proxy" \
	    "127.0.0.1:$((port + 1))" "127.0.0.1:$HEADER send-proxy-v2" \
	    "127.0.0.1:$((port + 2))" "127.0.0.1:$HEADER send-proxy-v2 \
	    proxy-v2-options crc32c,unique-id,authority" \
	    "127.0.0.1:$((port + 3)) ssl crt $folder/pem" \
	    "127.0.0.1:$HEADER send-proxy-v2-ssl" \
	    "127.0.0.1:$((port + 4)) ssl crt $folder/pem" \
	    "unix@$HEADER_UNIX send-proxy-v2-ssl-cn" >"$folder/cfg"
	service_run "$folder" haproxy -db -f "$folder/cfg"
	for i in 0 1 2; do
		proxies through-haproxy $((port + i)) http $((port + i))
	done
	for i in 3 4; do
		proxies through-haproxy $((port + i)) https $((port + i))
	done
}

@test "a PROXY header comes before TLS, whatever is in its last packet" {
	wm_needs tls
	local port
	port=$(wm_port)
	certificate .
	proxies_start --trusted-proxies 127.0.0.1 --proxy-protocol \
	    --https-socket "127.0.0.1:$port,$PWD/crt,$PWD/key"
	proxies before-tls "$port"
	wm_stop
}

@test "a PROXY header says who the client of HTTP/2 streams is" {
	wm_needs tls http2
	command -v haproxy >/dev/null || skip "haproxy is missing"
	curl --version | grep -q HTTP2 || skip "curl without HTTP/2"
	local folder port
	folder=$(service_new "$(id -un)")
	port=$(wm_port 3)
	certificate "$folder"
	proxies_start --trusted-proxies 127.0.0.1 --proxy-protocol \
	    --https-socket "127.0.0.1:$port,$folder/crt,$folder/key" \
	    --http2-cleartext
	haproxy_config "127.0.0.1:$((port + 1))" \
	    "127.0.0.1:$PORT send-proxy-v2" "127.0.0.1:$((port + 2))" \
	    "127.0.0.1:$port send-proxy" >"$folder/cfg"
	service_run "$folder" haproxy -db -f "$folder/cfg"
	streams http --http2-prior-knowledge "http://127.0.0.1:$((port + 1))/"
	streams https -k --http2 "https://127.0.0.1:$((port + 2))/"
	wm_stop
}

# streams SCHEME CURL...: one of a connection, from 127.0.0.3.
streams() {
	local told
	wm_wait_for "HAProxy" 30 curl -fs "${@:2}"
	told=$(curl -fsS --interface 127.0.0.3 -H 'X-Forwarded-For: 6.6.6.6' \
	    -w '%{http_version}' "${@:2}")
	grep -q '"REMOTE_ADDR": "127.0.0.3"' <<<"$told"
	grep -q "\"wsgi.url_scheme\": \"$1\"" <<<"$told"
	not grep -q 6.6.6.6 <<<"$told"
	[ "${told: -1}" = 2 ] || wm_fail "not HTTP/2: $told"
}

@test "behind nginx over the uwsgi protocol its variables say who asks" {
	command -v nginx >/dev/null || skip "nginx is missing"
	local folder port
	folder=$(service_new "$(id -un)")
	port=$(wm_port)
	proxies_start --trusted-proxies 127.0.0.3 --uwsgi-socket "$PWD/uwsgi"
	nginx_config "$folder" >"$folder/nginx.conf" <<-END
	uwsgi_param REMOTE_ADDR \$remote_addr;
	uwsgi_param REMOTE_PORT \$remote_port;
	uwsgi_param REQUEST_METHOD \$request_method;
	uwsgi_param REQUEST_URI \$request_uri;
	uwsgi_param PATH_INFO \$document_uri;
	uwsgi_param QUERY_STRING \$query_string;
	uwsgi_param SERVER_PORT \$server_port;
	uwsgi_param SERVER_PROTOCOL \$server_protocol;
	server { listen $port; location / { uwsgi_pass unix:$PWD/uwsgi; } }
	END
	service_run "$folder" nginx -c "$folder/nginx.conf"
	proxies through-uwsgi "$port"
	wm_stop
}

@test "options that would trust anybody, or nobody, are refused" {
	refuses '"proxy-protocol" needs "trusted-proxies"' --proxy-protocol
	refuses '"forwarded-host" needs "trusted-proxies"' --forwarded-host
	refuses '"forwarded" needs "trusted-proxies"' --forwarded off
	refuses '"localhost" is no IP address' --trusted-proxies localhost
	refuses 'the network is 10.0.0.0/8' --trusted-proxies 10.1.2.3/8
	refuses 'exclude each other' --trusted-proxies ::1 --forwarded off \
	    --forwarded-host
	run "$WSGIMASTER" --http-socket :1 --module x --check \
	    --trusted-proxies '*'
	[ "$status" -eq 0 ]
	grep -qF 'lets whoever can connect say who he is' <<<"$output"
}
