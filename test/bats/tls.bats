#!/usr/bin/env bats
# https-socket: HTTP over TLS.
#
# WM_TLS_MIB=50 sends bodies of that size under each engine.

load noloss
load tls

setup_file() {
	tls_certificates
}

setup() {
	wm_needs tls
	cd "$WM_TMP" || return 1
}

# mib: how much is sent; a lot under those that differ most.
mib() {
	case $engine in
	greenlet | threads) echo "${WM_TLS_MIB:-10}" ;;
	*) echo "${WM_TLS_MIB:-4}" ;;
	esac
}

@test "large bodies come and go byte by byte, under every engine" {
	local engine
	for engine in $(engines); do
		echo "$engine"
		tls_start "$engine"
		check_all tls_checks "$PORT" "plenty $WM_TMP/file $(mib)" kept
		wm_stop
	done
}

@test "clients that leave, and those that read slowly, under every engine" {
	local engine
	for engine in $(engines); do
		echo "$engine"
		tls_start "$engine" --write-timeout 1
		case $engine in
		none | greenlet | threads)
			check_all tls_checks "$PORT" "leaves $STATS" cut \
			    "reader $STATS"
			;;
		*)
			check_all tls_checks "$PORT" "leaves $STATS" cut
			;;
		esac
		wm_stop
	done
}

@test "curl is served, with post-buffering as well" {
	head -c 3000000 /dev/urandom >body
	tls_start none --post-buffering 4096
	curl -fsS --cacert "$CERTS/ca.pem" "https://localhost:$PORT/env" |
		grep -q '"wsgi.url_scheme": "https"'
	[ "$(curl -fsS --cacert "$CERTS/ca.pem" --data-binary @body \
	    "https://localhost:$PORT/digest")" = \
	    "3000000 $(sha256sum body | cut -d' ' -f1)" ]
	[ "$(curl -fsS --cacert "$CERTS/ca.pem" --data-binary @body \
	    -H "Transfer-Encoding: chunked" \
	    "https://localhost:$PORT/digest")" = \
	    "3000000 $(sha256sum body | cut -d' ' -f1)" ]
	wm_stop
}

# openssl's client, with more options: what it says is in the file said, what
# it is told comes from descriptor 5. Returns after the handshake.
talk() {
	rm -f told
	mkfifo told
	timeout 30 openssl s_client "$@" -connect "127.0.0.1:$PORT" \
	    <told >said 2>&1 3>&- 4>&- &
	exec 5>told
	wm_wait_for "a handshake" 10 grep -q "Verify return code" said
}

# Have keys changed so often?
has_new_keys() {
	[ "$(grep -c KEYUPDATE said)" -eq "$1" ]
}

@test "TLS 1.2 and 1.3 are spoken, with good ciphers, and no older ones" {
	tls_start none
	check tls_checks versions "$PORT"
	s_client -tls1_2 >said
	grep -q "Compression: NONE" said
	grep -q "Verify return code: 0" said
	grep -q "Server Temp Key: X25519" said
	# -legacy: the client would, if the server did.
	talk -tls1_2
	echo R >&5
	wm_wait_for "a refusal" 10 grep -qi "no renegotiation" said
	exec 5>&-
	grep -q "RENEGOTIATING" said
	# Keys may change, as often as they like.
	talk -tls1_3 -crlf
	for n in 1 2 3 4 5; do
		echo K >&5
		wm_wait_for "new keys" 10 has_new_keys "$n"
	done
	printf 'GET /env HTTP/1.1\nHost: x\nConnection: close\n\n' >&5
	wm_wait_for "an answer" 10 grep -q "HTTP/1.1 200" said
	exec 5>&-
	wm_stop
}

@test "tls-protocols and tls-ciphers choose" {
	tls_start none --tls-protocols 1.3
	check tls_checks only "$PORT" 3
	wm_stop
	tls_start none --tls-protocols TLSv1.2 \
	    --tls-ciphers ECDHE-ECDSA-CHACHA20-POLY1305
	check tls_checks only "$PORT" 2
	s_client | grep -q "Cipher is ECDHE-ECDSA-CHACHA20-POLY1305"
	wm_stop
	tls_start none --tls-ciphersuites TLS_CHACHA20_POLY1305_SHA256
	s_client | grep -q "Cipher is TLS_CHACHA20_POLY1305_SHA256"
	wm_stop
}

@test "the certificate is the one that has the name" {
	tls_start none --tls-certificate "$(pair other)" \
	    --tls-certificate "$(pair wild)" --tls-certificate "$(pair exact)"
	check tls_checks sni "$PORT"
	wm_stop
}

@test "one file may have both, and a socket its own, as in uWSGI" {
	local ports
	cat "$CERTS/other.pem" "$CERTS/other.key" >both.pem
	ports=$(wm_port 3)
	tls_start none \
	    --https-socket "127.0.0.1:$ports,both.pem" \
	    --https-socket "127.0.0.1:$((ports + 1)),$(pair other),HIGH" \
	    --https-socket \
	    "127.0.0.1:$((ports + 2)),$(pair other),HIGH,!$CERTS/ca.pem"
	check tls_checks serves "$PORT" site
	s_client -connect "127.0.0.1:$ports" | grep -q "CN = other.test"
	s_client -connect "127.0.0.1:$((ports + 1))" |
		grep -q "CN = other.test"
	s_client -connect "127.0.0.1:$((ports + 2))" -tls1_2 |
		grep -q "alert handshake failure"
	s_client -connect "127.0.0.1:$((ports + 2))" -tls1_2 \
	    -cert "$CERTS/alice.pem" -key "$CERTS/alice.key" |
		grep -q "Cipher is ECDHE"
	wm_stop
}

@test "who the client is, is told to its own requests only" {
	local engine
	for engine in none greenlet threads; do
		tls_start "$engine" --tls-client-ca "$CERTS/ca.pem" \
		    --tls-verify optional
		check tls_checks clients "$PORT"
		wm_stop
	done
}

@test "a client certificate can be required, or not asked for" {
	tls_start none --tls-client-ca "$CERTS/ca.pem"
	check tls_checks required "$PORT"
	wm_stop
	tls_start none --tls-client-ca "$CERTS/ca.pem" --tls-verify off
	check tls_checks unasked "$PORT"
	wm_stop
}

@test "ALPN agrees on http/1.1, or on nothing" {
	tls_start none --http2=false
	check tls_checks alpn "$PORT"
	s_client -alpn h2,http/1.1 | grep -q "ALPN protocol: http/1.1"
	wm_stop
}

@test "ALPN offers HTTP/2, whose streams know who the client is" {
	local engine
	wm_needs http2
	for engine in none greenlet threads; do
		engine_missing "$engine" && continue
		tls_start "$engine" --tls-client-ca "$CERTS/ca.pem" \
		    --tls-verify optional
		s_client -alpn h2,http/1.1 | grep -q "ALPN protocol: h2"
		s_client -alpn http/1.1 | grep -q "ALPN protocol: http/1.1"
		curl -fsS --http2 --cacert "$CERTS/ca.pem" \
		    --cert "$CERTS/alice.pem" --key "$CERTS/alice.key" \
		    -o one "https://localhost:$PORT/env" \
		    -o two "https://localhost:$PORT/env"
		[ "$(jq -r '.SERVER_PROTOCOL + .SSL_CLIENT_S_DN + .HTTPS' two)" \
		    = "HTTP/2.0CN=Alice,O=Wonderlandon" ]
		[ "$(curl -fsS --http2 --cacert "$CERTS/ca.pem" \
		    "https://localhost:$PORT/env" |
		    jq -r '.SERVER_PROTOCOL + .SSL_CLIENT_VERIFY')" \
		    = "HTTP/2.0NONE" ]
		wm_stop
	done
}

@test "a session goes on at another worker, after a reload and an upgrade" {
	tls_start none -p 2 --pidfile "$WM_TMP/pid"
	mkfifo tell
	check tls_checks tickets "$PORT" HUP USR2 <tell >told &
	local client=$! old=$WM_PID
	exec 9>tell
	wm_wait_for "the first sessions" 30 grep -q ready told
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 30 wm_log_has "reload done"
	echo >&9
	said_twice() {
		[ "$(grep -c ready told)" -eq 2 ]
	}
	wm_wait_for "the sessions after the reload" 30 said_twice
	kill -USR2 "$WM_PID"
	replaced() {
		[ "$(cat "$WM_TMP/pid")" != "$old" ] && wm_is_gone "$old"
	}
	wm_wait_for "the upgrade" 30 replaced
	echo >&9
	exec 9>&-
	wait "$client"
	kill -TERM "$(cat "$WM_TMP/pid")"
	wm_wait_for "the server to leave" 30 wm_session_is_gone "$WM_PID"
}

@test "no session goes on where that is not wanted, or others are trusted" {
	local strict
	tls_start none --tls-session-timeout 0
	check tls_checks untold "$PORT"
	wm_stop
	strict=$(wm_port)
	tls_start none --https-socket \
	    "127.0.0.1:$strict,$(pair site),,!$CERTS/ca.pem"
	check tls_checks bound "$PORT" "$strict"
	wm_stop
}

@test "handshakes that do not go on end, and hold nobody up" {
	local engine
	for engine in none threads; do
		tls_start "$engine" --header-timeout 1
		check tls_checks slow "$PORT" "$STATS"
		wm_stop
	done
}

@test "what is no TLS is answered or closed, and fills no log" {
	tls_start none
	check tls_checks nonsense "$PORT" "$STATS"
	[ "$(log_count 'warning|error')" -eq 0 ]
	curl -sS "http://127.0.0.1:$PORT/" >said
	[ "$(curl -sS -o /dev/null -w '%{http_code}' \
	    "http://127.0.0.1:$PORT/")" = 400 ]
	stats_say "w[1]['tls_failed'] > 0 and
	    s['sockets'][0]['proto'] == 'https'"
	wm_stop
}

@test "what is wrong with a certificate is said at the start" {
	local address=127.0.0.1:1 refusal
	refused 2 "needs a certificate" --https-socket "$address"
	refused 2 "certificate: gone.pem: No such file" \
	    --https-socket "$address" --tls-certificate gone.pem
	refused 2 "key: gone.key: No such file" --https-socket "$address" \
	    --tls-certificate "$CERTS/site.pem,gone.key"
	refused 2 "other.key is not the key of" --https-socket "$address" \
	    --tls-certificate "$CERTS/site.pem,$CERTS/other.key"
	echo nonsense >bad.pem
	refused 2 "certificate: bad.pem: " --https-socket "$address" \
	    --tls-certificate bad.pem
	refused 2 "client CA: bad.pem: " --https-socket "$address" \
	    --tls-certificate "$(pair site)" --tls-client-ca bad.pem
	refused 2 '"tls-ciphers": no cipher match' --https-socket "$address" \
	    --tls-certificate "$(pair site)" --tls-ciphers ROT13
	refused 2 '"tls-protocols": "1.1" is neither' \
	    --https-socket "$address" --tls-certificate "$(pair site)" \
	    --tls-protocols 1.1
	refused 2 "site.key is not the key of" --check \
	    --https-socket "$address,$CERTS/other.pem,$CERTS/site.key"
	openssl pkey -in "$CERTS/site.key" -aes128 -passout pass:x -out locked
	refused 2 "key: locked: " --https-socket "$address" \
	    --tls-certificate "$CERTS/site.pem,locked"
	tls_certificate soon ca /CN=soon.test "" 3
	tls_certificate past ca /CN=past.test "" 0
	has_expired() {
		openssl x509 -checkend 0 -in "$CERTS/past.pem" && return 1
		return 0
	}
	wm_wait_for "its end" 10 has_expired
	sleep 1.1		# it still is in that second
	refused 0 "soon.pem expires in " --check --https-socket "$address" \
	    --tls-certificate "$(pair soon)"
	refused 0 "past.pem has expired" --check --https-socket "$address" \
	    --tls-certificate "$(pair past)"
}

@test "a reload takes new certificates, and refuses bad ones" {
	local client
	cp "$CERTS/site.pem" mine.pem
	cp "$CERTS/site.key" mine.key
	PORT=$(wm_port)
	wm_start --https-socket "127.0.0.1:$PORT" --tls-certificate \
	    mine.pem,mine.key --pythonpath "$WM_APPS" --module tls_cases \
	    --drain-idle 30
	check tls_checks serves "$PORT" site
	mkfifo tell
	check tls_checks stays "$PORT" <tell >told &
	client=$!
	exec 9>tell
	wm_wait_for "a connection" 30 grep -q ready told
	# A new key alone does not go with the certificate.
	tls_certificate renewed ca /CN=site.test \
	    "subjectAltName=DNS:site.test"
	cp "$CERTS/renewed.key" mine.key
	kill -HUP "$WM_PID"
	wm_wait_for "the refusal" 30 wm_log_has \
	    "reload failed: key: mine.key is not the key of mine.pem"
	check tls_checks serves "$PORT" site
	cp "$CERTS/renewed.pem" mine.pem
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 30 wm_log_has "reload done"
	check tls_checks serves "$PORT" renewed
	echo >&9
	exec 9>&-
	wait "$client"
	wm_stop
}

@test "a reload under load loses no request" {
	local engine
	for engine in greenlet threads; do
		noloss_start "$engine" -p 2 --https-socket \
		    "127.0.0.1:$(wm_port),$(pair site)"
		ADDRESS=$(stats "s['sockets'][1]['name'].split(':')[1]")
		load_begin --tls "$CERTS/ca.pem"
		kill -HUP "$WM_PID"
		wm_wait_for "the reload" 30 wm_log_has "reload done"
		sleep 0.5
		load_end
		nothing_lost
		wm_stop
	done
}

@test "the key is root's, and the app cannot read it" {
	local folder=$WM_TMP
	[ "$(id -u)" -eq 0 ] || skip "takes root"
	while [ "$folder" != "${BATS_RUN_TMPDIR%/*}" ] && [ "$folder" != / ]; do
		chmod a+rx "$folder"
		folder=$(dirname "$folder")
	done
	chmod 1777 .
	cp "$CERTS/site.key" secret.key
	chmod 600 secret.key
	PORT=$(wm_port)
	wm_start --https-socket \
	    "127.0.0.1:$PORT,$CERTS/site.pem,$WM_TMP/secret.key" \
	    --pythonpath "$WM_APPS" --module tls_cases --uid nobody
	[ "$(curl -fsS --cacert "$CERTS/ca.pem" \
	    "https://localhost:$PORT/peek?$WM_TMP/secret.key")" = \
	    PermissionError ]
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 30 wm_log_has "reload done"
	check tls_checks serves "$PORT" site
	wm_stop
}

@test "a server that stops does not wait for handshakes that never end" {
	tls_start none --header-timeout 100
	exec 7<>"/dev/tcp/127.0.0.1/$PORT" 8<>"/dev/tcp/127.0.0.1/$PORT"
	printf '\x16\x03\x01' >&7
	wm_stop
	exec 7>&- 8>&-
}
