#!/usr/bin/env bats
# Caches: what survives what, what is refused, and caches in Redis.

load lifecycle
load engines
load services
load tls

setup_file() {
	tls_certificates
	REDIS_TLS=$(WM_TMP=$BATS_FILE_TMPDIR wm_port)
	export REDIS_TLS
	redis_start --bind 127.0.0.1 127.0.0.2 --tls-port "$REDIS_TLS" \
	    --tls-cert-file "$CERTS/site.pem" \
	    --tls-key-file "$CERTS/site.key" --tls-auth-clients optional \
	    --tls-ca-cert-file "$CERTS/ca.pem"
}

teardown_file() {
	services_stop
}

# cache_start ARGS...: a server of the cache app on PORT, with STATS.
cache_start() {
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --wsgi-file "$WM_APPS/cache_cases.py" \
	    --add-cache-item "c begun=yes" "$@"
}

# same WHAT WANTED
same() {
	[ "$1" = "$2" ] || wm_fail "got $1, not $2"
}

@test "a cache is there at import, in all workers, and survives a reload and a worker's death" {
	cache_start -p 2 --cache2 name=c,items=100
	same "$(get /imported | cut -d, -f1,2)" '["yes", true'
	same "$(get "/put?key=a&value=b")" true
	kill -KILL "$(worker_pid 1)"
	kill -KILL "$(worker_pid 2)"
	wm_wait_for "two new workers" 30 workers_ready
	same "$(get "/get?key=a")" '"b"'
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 30 wm_log_has "generation 2 serves"
	same "$(get "/get?key=a")" '"b"'
	same "$(get "/num?key=imports")" 2
	get "/get?key=none" >/dev/null
	stats "s['caches'][0]"
	stats_say "s['caches'][0]['items'] == 3"
	stats_say "s['caches'][0]['max_items'] == 100"
	stats_say "s['caches'][0]['miss'] >= 1"
	wm_stop
}

@test "killed writers leave nothing broken, under every engine" {
	local engine i
	for engine in $(engines); do
		engine_start "$engine" -p 2 --stats "$WM_TMP/s" \
		    --wsgi-file "$WM_APPS/cache_cases.py" \
		    --cache2 name=c,items=10 --add-cache-item "c begun=1" \
		    --cache2 name=churn,items=30,blocksize=128,blocks=200,bitmap=1,lru=1 \
		    --respawn-delay-max 0
		for i in 1 2 3; do
			get "/dies?after=0.05" 30 2>/dev/null || true
		done
		wm_wait_for "two workers" 30 workers_ready_at "$WM_TMP/s"
		same "$(get "/churn?seconds=0.2" 30 | sed 's/.*, //')" "0]"
		wm_stop
	done
}

workers_ready_at() {
	STATS=$1 workers_ready
}

@test "a store outlives the server, and its workers' deaths" {
	cache_start --cache2 "name=c,items=100,store=$WM_TMP/store"
	wm_log_has "store .*: new"
	get "/put?key=a&value=kept"
	get "/put?key=e&value=gone&expires=0.01"
	kill -KILL "$(worker_pid 1)"
	wm_stop
	cache_start --cache2 "name=c,items=100,store=$WM_TMP/store"
	wm_log_has "items are there"
	same "$(get "/get?key=a")" '"kept"'
	same "$(get "/get?key=e")" null
	wm_stop
	# The master, too, at any moment.
	cache_start --cache2 "name=c,items=100,store=$WM_TMP/store"
	get "/put?key=b&value=too"
	wm_end_session "$WM_PID"
	cache_start --cache2 "name=c,items=100,store=$WM_TMP/store"
	same "$(get "/get?key=b")" '"too"'
	wm_stop
}

# refused WHAT ARGS...: nothing is started, and the reason says so.
refused() {
	local what=$1 output
	shift
	output=$("$WSGIMASTER" --http-socket 127.0.0.1:0 \
	    --wsgi-file "$WM_APPS/cache_cases.py" "$@" 2>&1) &&
		wm_fail "started: $*"
	[[ $output == *$what* ]] || wm_fail "$*: $output"
}

@test "what no cache can be made of is refused" {
	refused 'it needs a "name"' --cache2 items=3
	refused 'it needs "items"' --cache2 name=c
	refused 'did you mean "items"' --cache2 name=c,itms=3
	refused 'from 1 to' --cache2 name=c,items=0
	refused '"blocks" must be a whole number from 10' \
	    --cache2 name=c,items=10,blocks=9
	refused 'redis://' --cache2 name=c,items=3,udp=127.0.0.1:1
	refused 'two caches "c"' --cache2 name=c,items=3 --cache2 name=c,items=4
	refused 'must be siphash' --cache2 name=c,items=3,hash=rand
	refused 'there is no cache "d"' --cache2 name=c,items=3 \
	    --add-cache-item "d a=b"
	echo "somebody else's" >other
	refused "not a cache's store" --cache2 name=c,items=3,store=other
	same "$(cat other)" "somebody else's"
	refused "cannot open it" --cache2 name=c,items=3,store=no/such/folder
	cache_start --cache2 "name=c,items=100,store=$WM_TMP/store"
	wm_stop
	refused "it was made with items=100" \
	    --cache2 "name=c,items=99,store=$WM_TMP/store"
	cache_start --cache2 "name=c,items=99,store=$WM_TMP/store,store_delete"
	wm_stop
}

@test "uWSGI's older options make the cache \"default\"" {
	cache_start --cache 50 --cache-blocksize 100 --cache2 name=c,items=9
	same "$(get "/put?key=a&value=b&cache=default")" true
	same "$(get "/put?key=a&cache=default&value=$(printf %101s | tr ' ' x)")" null
	stats_say "s['caches'][0]['name'] == 'default'"
	stats_say "s['caches'][0]['blocksize'] == 100"
	wm_stop
}

@test "the metrics of a cache" {
	cache_start --cache2 name=c,items=2,ignore_full --stats-http
	get "/put?key=a&value=b"
	get "/put?key=b&value=b"
	curl -fs --unix-socket "$STATS" http://x/metrics >metrics
	grep -Fx 'wsgimaster_cache_items{cache="c"} 2' metrics
	grep -Fx 'wsgimaster_cache_items_limit{cache="c"} 2' metrics
	grep -Ex 'wsgimaster_cache_full_total\{cache="c"\} [1-9]' metrics
	wm_stop
}

@test "a cache in Redis, under every engine" {
	local engine want
	want='[true, null, "True", null, [255, 0], true, true, null, true, true, true, true, -2, null, ["key", "number"], true, null, 0]'
	for engine in $(engines); do
		engine_start "$engine" --wsgi-file "$WM_APPS/cache_cases.py" \
		    --cache2 name=c,items=10 --add-cache-item "c begun=1"
		same "$(get "/remote?where=unix://$REDIS_SOCKET?db=1")" "$want"
		same "$(get "/remote?where=unix://$REDIS_SOCKET?db=1")" "$want"
		same "$(get "/remote?where=$(over_tls localhost 2)")" "$want"
		wm_stop
	done
}

# over_tls HOST DB [AUTHORITY [OPTION]]: a cache's name, as a query has it.
over_tls() {
	echo "rediss://$1:$REDIS_TLS/$2?ssl_ca_certs=$CERTS/${3:-ca}.pem${4:+%26$4}"
}

@test "a Redis that cannot show that it is the one is refused" {
	local bad
	cache_start --cache2 name=c,items=10
	for bad in "$(over_tls 127.0.0.1 3 stranger)" \
	    "rediss://127.0.0.1:$REDIS_TLS/3" "$(over_tls 127.0.0.2 3)"; do
		get "/fails?where=$bad" |
		    grep '"ConnectionError: cache .*certificate verify failed'
	done
	same "$(get "/fails?where=$(over_tls 127.0.0.1 3)")" '"None"'
	same "$(get "/fails?where=$(over_tls 127.0.0.2 3 ca \
	    ssl_check_hostname=false)")" '"None"'
	get "/fails?where=$(over_tls localhost 3 ca ssl_validate_ocsp=true)" |
		grep 'ValueError: .*there is no ssl_validate_ocsp'
	wm_stop
}

# A Redis that never answers; a line in FILE.count for who has connected.
silent() {
	rm -f "$1"
	: >"$1.count"
	"$PYTHON" - "$1" <<-'END' 3>&- 4>&- &
	import os, socket, sys
	s = socket.socket(socket.AF_UNIX)
	s.bind(sys.argv[1] + ".new")
	s.listen(50)
	os.rename(sys.argv[1] + ".new", sys.argv[1])
	s.settimeout(100)
	kept = []
	while True:
	    kept.append(s.accept())
	    with open(sys.argv[1] + ".count", "a") as count:
	        count.write("one\n")
	END
	SILENT=$!
	wm_wait_for "the socket" 10 [ -S "$1" ]
}

three_connected() {
	[ "$(wc -l <"$WM_TMP/silent.count")" -ge 3 ]
}

@test "a request that waits for Redis parks its core" {
	local engine i slow
	for engine in $(engines); do
		[ "$engine" != none ] || continue
		silent "$WM_TMP/silent"
		engine_start "$engine" --wsgi-file "$WM_APPS/cache_cases.py" \
		    --cache2 name=c,items=10 --add-cache-item "c begun=1"
		slow=()
		for i in 1 2 3; do
			get "/fails?where=unix://$WM_TMP/silent?socket_timeout=60" \
			    90 >"slow$i" 3>&- &
			slow+=($!)
		done
		wm_wait_for "three who wait" 30 three_connected
		same "$(get "/get?key=begun" 20)" '"1"'
		[ ! -s slow1 ] && [ ! -s slow2 ] && [ ! -s slow3 ] ||
			wm_fail "they have not waited"
		kill "$SILENT"
		wait "${slow[@]}"
		grep -q '"ConnectionError: cache' slow1
		rm -f "$WM_TMP/silent"
		wm_stop
	done
}

@test "waiting for Redis has a timeout" {
	silent "$WM_TMP/silent"
	cache_start --cache2 name=c,items=10
	get "/fails?where=unix://$WM_TMP/silent?socket_timeout=0.5" 60 |
		grep '"TimeoutError: cache'
	kill "$SILENT"
	rm -f "$WM_TMP/silent"
	wm_stop
}

@test "a remote cache takes the numbers that one of ours takes" {
	cache_start --cache2 name=c,items=10
	same "$(get "/remote_numbers?where=unix://$REDIS_SOCKET?db=6")" \
	    '[true, true, true, true, 30, true, true, true, true]'
	wm_stop
}

@test "what is wrong with a remote cache is said" {
	cache_start --cache2 name=c,items=10
	same "$(get "/fails?where=c@127.0.0.1:1" | grep -o redis:)" redis:
	get "/fails?where=c@127.0.0.1:1" | grep -F '"ValueError: '
	get "/fails?where=http://x/" | grep -F 'is redis://'
	get "/fails?where=redis://u:secret@127.0.0.1:1/0" >said
	grep -F '"ConnectionError: cache \"redis://127.0.0.1:1/0\": ' said
	not grep -F secret said
	wm_stop
}
