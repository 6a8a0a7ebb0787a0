#!/usr/bin/env bats
# /metrics: what Prometheus reads, and whether it is true.

load lifecycle

# metrics_start ARGS...: a server of apps/metrics_cases.py.
metrics_start() {
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --wsgi-file "$WM_APPS/metrics_cases.py" "$@"
}

# check CHECK [ARGUMENT...]: on the test's server.
check() {
	"$PYTHON" "$WM_SOURCE/test/clients/metrics_checks.py" "$1" "$STATS" \
	    "${@:2}"
}

status() {
	curl -s -o /dev/null -m 20 -w '%{http_code}' "http://127.0.0.1:$PORT$1"
}

@test "both forms are what Prometheus' parsers read" {
	metrics_start -p 2 --mount "/a\"b\\c=$WM_APPS/metrics_cases.py"
	get / >/dev/null
	check forms
	check is-value 0 requests_total 'mount=/a"b\c' code=2xx
	wm_stop
}

@test "each metric is in the manual" {
	metrics_start --metric a --metric b,type=gauge --queue 1
	check documented
	wm_stop
}

@test "requests are counted by mount and status, and exceptions" {
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --mount "/one=$WM_APPS/metrics_cases.py" \
	    --mount "/two=$WM_APPS/metrics_cases.py"
	for path in /one/ /one/status/302 /one/status/404 /one/status/503 \
	    /one/status/700 /one/raise /two/ /two/ /nowhere; do
		status "$path"
	done
	check is-value 1 requests_total mount=/one code=2xx
	check is-value 1 requests_total mount=/one code=3xx
	check is-value 1 requests_total mount=/one code=4xx
	check is-value 2 requests_total mount=/one code=5xx
	check is-value 1 requests_total mount=/one code=none
	check is-value 1 exceptions_total mount=/one
	check is-value 2 requests_total mount=/two code=2xx
	check is-value 0 exceptions_total mount=/two
	check is-value 1 requests_total mount=none code=4xx
	check is-value 9 worker_requests_total worker=1
	wm_stop
}

@test "a request falls into the step of its time" {
	metrics_start
	check histogram "$PORT"
	wm_stop
}

@test "the time that cores are busy is counted while they are" {
	metrics_start --async 4 --greenlet --respawn-delay-max 0.1
	check busy "$PORT"
	wm_stop
}

@test "threads count as well" {
	metrics_start --threads 4 --respawn-delay-max 0.1
	check histogram "$PORT"
	check busy "$PORT"
	wm_stop
}

@test "a queue is seen, and how old it is" {
	metrics_start --async 2 --greenlet
	check queue "$PORT"
	check refused "$PORT"
	check cut "$PORT"
	wm_stop
}

@test "no counter goes down when workers die, nor over a reload that moves mounts" {
	local app=$WM_APPS/metrics_cases.py
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	cat >app.json <<-END
	{ "http-socket": "127.0.0.1:$PORT", "stats": "$STATS", "processes": 2,
	  "wsgi-file": "$app", "respawn-delay-max": 0.1,
	  "mount": { "/one": "$app", "/two": "$app" } }
	END
	wm_start -c app.json
	sed -i "s|\"mount\".*|\"mount\": { \"/two\": \"$app\", \"/new\": \"$app\", \"/one\": \"$app\" } }|" app.json
	check never-down "$PORT" 2
	wm_stop
}

@test "what ended workers, and how reloads went" {
	metrics_start
	kill -KILL "$(worker_pid 1)"
	check is-value 1 worker_endings_total reason=died
	check is-value 1 worker_respawns_total
	check is-value 1 workers state=ready
	kill -HUP "$WM_PID"
	check is-value 1 reloads_total result=ok
	check is-value 2 generation
	check is-value 1 last_reload_success
	check is-value 1 worker_endings_total reason=reload
	check is-value 0 reload_running
	wm_stop
}

@test "a reload that fails is counted as such" {
	life_start
	echo 'raise ValueError("no")' >import.py
	kill -HUP "$WM_PID"
	check is-value 1 reloads_total result=failed
	check is-value 0 reloads_total result=ok
	check is-value 0 last_reload_success
	check is-value 1 ready
	check is-value 1 generation
	wm_stop
}

@test "it answers while every worker is stuck" {
	life_start -p 2 --worker-reload-mercy 0
	get /stuck 20 >/dev/null 2>&1 &
	get /stuck 20 >/dev/null 2>&1 &
	check is-value 2 requests_in_flight
	check is-value 1 worker_cores_busy worker=2
	wm_stop
}

@test "a loop that is held, and a request whose time is over, are counted" {
	metrics_start --async 4 --greenlet --loop-lag-warn 0.2 --harakiri 3
	check is-value 0 worker_loop_lags_total worker=1
	get /hold/0.7 >/dev/null
	check lagged
	[ "$(status /sleep/18)" = 504 ]
	check is-value 1 harakiri_total
	check is-value 1 requests_total mount=/ code=5xx
	stats_say "w[1]['harakiri_count'] == 1"
	wm_stop
}
