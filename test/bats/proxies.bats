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

@test "half a PROXY header is closed when its time is over, and never spins" {
	proxies_start --trusted-proxies 127.0.0.1 --proxy-protocol \
	    --header-timeout 2
	proxies silent "$PORT" $(pgrep -P "$WM_PID")
	wm_log_has 'no request is taken: the PROXY header took too long'
	wm_stop
}

@test "behind nginx the client is who nginx says, on tcp and unix sockets" {
	command -v nginx >/dev/null || skip "nginx is missing"
	local folder port
	folder=$(service_new "$(id -un)")
	port=$(wm_port 2)
	cat >"$folder/nginx.conf" <<-END
	daemon off; master_process off; pid $folder/pid;
	error_log $folder/log; events {}
	http {
	    access_log off;
	    client_body_temp_path $folder/b; proxy_temp_path $folder/p;
	    fastcgi_temp_path $folder/f; uwsgi_temp_path $folder/u;
	    scgi_temp_path $folder/s;
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
	}
	END
	service_run "$folder" nginx -c "$folder/nginx.conf"
	proxies through-nginx "$port" "$FIELDS"
	proxies through-nginx $((port + 1)) "$FIELDS"
}

@test "behind HAProxy the client is who its PROXY header says" {
	command -v haproxy >/dev/null || skip "haproxy is missing"
	local folder port i=0
	folder=$(service_new "$(id -un)")
	port=$(wm_port 5)
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -days 2 -subj /CN=test -keyout "$folder/key" -out "$folder/crt" \
	    2>/dev/null
	cat "$folder/crt" "$folder/key" >"$folder/pem"
	{
		echo "defaults"
		echo " timeout connect 10s"
		echo " timeout client 60s"
		echo " timeout server 60s"
		echo " mode tcp"
		for options in "send-proxy" "send-proxy-v2" \
		    "send-proxy-v2 proxy-v2-options crc32c,unique-id,authority" \
		    "send-proxy-v2-ssl"; do
			echo "listen l$i"
			echo " bind 127.0.0.1:$((port + i))" \
			    "$([ "$i" -lt 3 ] || echo "ssl crt $folder/pem")"
			echo " server s 127.0.0.1:$HEADER $options"
			i=$((i + 1))
		done
		echo "listen l4"
		echo " bind 127.0.0.1:$((port + 4)) ssl crt $folder/pem"
		echo " server s unix@$HEADER_UNIX send-proxy-v2-ssl-cn"
	} >"$folder/cfg"
	service_run "$folder" haproxy -db -f "$folder/cfg"
	for i in 0 1 2; do
		proxies through-haproxy $((port + i)) http $((port + i))
	done
	for i in 3 4; do
		proxies through-haproxy $((port + i)) https $((port + i))
	done
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
