# Certificates of a small authority, and servers that show them.
#
#	load tls
#
#	setup_file() {
#		tls_certificates
#	}
#
#	@test "..." {
#		tls_start none
#		check tls_checks kept "$PORT"
#		wm_stop
#	}

load engines
load lifecycle

# tls_certificates: into CERTS, for all tests of a file.
tls_certificates() {
	export CERTS=$BATS_FILE_TMPDIR/certs
	mkdir -p "$CERTS"
	chmod 755 "$CERTS"
	tls_authority ca "/CN=Test CA"
	tls_authority stranger "/CN=Stranger"
	tls_certificate site ca "/CN=site.test" \
	    "subjectAltName=DNS:site.test,DNS:localhost,IP:127.0.0.1"
	tls_certificate other ca "/CN=other.test" "subjectAltName=DNS:other.test"
	tls_certificate wild ca "/CN=x" "subjectAltName=DNS:*.wild.test"
	tls_certificate exact ca "/CN=x" "subjectAltName=DNS:exact.wild.test"
	tls_certificate alice ca "/O=Wonderland/CN=Alice"
	tls_certificate bob ca "/O=Wonderland/CN=Bob é"
	tls_certificate mallory stranger "/O=Wonderland/CN=Alice"
}

tls_key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -utf8)

# tls_authority NAME SUBJECT
tls_authority() {
	openssl req -x509 "${tls_key[@]}" -subj "$2" -days 30 \
	    -keyout "$CERTS/$1.key" -out "$CERTS/$1.pem" 2>/dev/null
}

# tls_certificate NAME AUTHORITY SUBJECT [EXTENSIONS [DAYS]]
tls_certificate() {
	openssl req "${tls_key[@]}" -subj "$3" -keyout "$CERTS/$1.key" \
	    -out "$CERTS/$1.csr" 2>/dev/null
	openssl x509 -req -in "$CERTS/$1.csr" -CA "$CERTS/$2.pem" \
	    -CAkey "$CERTS/$2.key" -days "${5:-30}" -out "$CERTS/$1.pem" \
	    -CAserial "$CERTS/serial" -CAcreateserial \
	    -extfile <(echo "${4:-subjectAltName=DNS:$1.test}") 2>/dev/null
}

# pair NAME: its files, as tls-certificate has them.
pair() {
	echo "$CERTS/$1.pem,$CERTS/$1.key"
}

# tls_start ENGINE ARGS...: a server on PORT that shows site.test, its
# statistics on the unix socket STATS.
tls_start() {
	local engine=$1
	shift
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	# Unquoted: words.
	wm_start --https-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --tls-certificate "$(pair site)" --pythonpath "$WM_APPS" \
	    --module tls_cases $(engine_options "$engine") "$@"
}

# s_client ARGS...: what openssl's client says, with nothing to send.
s_client() {
	timeout 20 openssl s_client -connect "127.0.0.1:$PORT" \
	    -servername site.test -CAfile "$CERTS/ca.pem" "$@" \
	    </dev/null 2>&1
}

# refused STATUS "what is said" ARGS...: the server does not start.
refused() {
	local what=$2 expected=$1
	shift 2
	run timeout 60 "$WSGIMASTER" --module x "$@"
	[ "$status" -eq "$expected" ] || wm_fail "$*: status $status: $output"
	[[ $output = *"$what"* ]] || wm_fail "$*: $output"
}
