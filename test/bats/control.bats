#!/usr/bin/env bats
# wsgimaster ctl: what it shows of a running server, and what it does to it.

load control

@test "status says what the server is" {
	control_start -p 2
	get / >/dev/null
	export COLUMNS=80
	ctl status | tee status
	grep -qE "^wsgimaster .* pid $WM_PID: running, generation 1, up " status
	grep -q "^workers      2 of 2 ready" status
	grep -q "^listening    127.0.0.1:$PORT  (0 of 100 wait)" status
	narrow 80 <status
	wm_wait_for "the request" 10 ctl_say status "r['requests'] == 1"
	ctl_say status "(r['pid'], r['state'], r['ready'], r['workers'],
	    r['ready_workers'], r['busy'], r['cores'], r['log_level']) ==
	    ($WM_PID, 'running', True, 2, 2, 0, 1, 'info')"
	[ "$(ctl ping)" = "pid $WM_PID, running, ready" ]
	wm_stop
}

@test "workers shows the processes, and changes how many there are" {
	control_start -p 3
	COLUMNS=80 ctl workers | tee workers
	[ "$(wc -l <workers)" -eq 4 ]
	narrow 80 <workers
	ctl_say workers "[w['worker'] for w in r['workers']] == [1, 2, 3] and
	    all(w['state'] == 'ready' and w['rss'] > 1e6 and w['seated']
	    for w in r['workers'])"
	[ "$(ctl workers -1)" = "2 workers (before: 3)" ]
	wm_wait_for "two workers" 10 ctl_say workers "len(r['workers']) == 2"
	[ "$(ctl workers +1)" = "3 workers (before: 2)" ]
	[ "$(ctl workers 1)" = "1 workers (before: 3)" ]
	wm_wait_for "one worker" 10 ctl_say workers "len(r['workers']) == 1"
	ctl_say status "r['endings'] == {'scale': 3} or
	    r['endings']['scale'] >= 2"
	ctl_fails 1 "no more than at the start" workers 4
	ctl_fails 1 "one worker must stay" workers -1
	ctl_fails 1 "no number of workers" workers many
	ctl_say status "r['workers'] == 1"
	wm_stop
}

@test "cores shows every request, and what it waits for" {
	local port
	control_start -p 2 --async 20 --greenlet
	port=$(wm_port)
	"$PYTHON" -c "import socket, time
with socket.create_server(('127.0.0.1', $port)):
    time.sleep(60)" &
	LISTENER=$!
	wm_wait_for "the listener" 20 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
	[ "$(ctl cores)" = "no request is running" ]
	get "/wait_port/$port" 60 >/dev/null 2>&1 &
	wm_wait_for "the first to wait" 20 ctl_say cores \
	    "[c['state'] for c in r['cores']] == ['wait-read']"
	for i in 1 2 3; do
		get "/park/60?password=secret" 60 >/dev/null 2>&1 &
	done
	wm_wait_for "four requests to wait" 20 ctl_say cores \
	    "sorted(c['state'] for c in r['cores']) ==
	    ['sleep', 'sleep', 'sleep', 'wait-read']"
	COLUMNS=80 ctl cores | tee cores
	narrow 80 <cores
	grep -qE "wait-read +tcp 127.0.0.1:$port +127.0.0.1 +GET /wait_port/" \
	    cores
	[ "$(grep -cE 'sleep .* GET /park/60$' cores)" -eq 3 ]
	ctl_say cores "all(len(c['request']) >= 16 and c['age_ms'] >= 0 and
	    c['method'] == 'GET' for c in r['cores']) and
	    'secret' not in str(r)"
	ctl_say "cores --all" "len(r['cores']) == 40"
	ctl_say "cores --all --worker 2" "[c['core'] for c in r['cores']] ==
	    list(range(20)) and {c['worker'] for c in r['cores']} == {2}"
	ctl_say "cores --oldest 1" "[c['path'] for c in r['cores']] ==
	    ['/wait_port/$port']"
	ctl_say "cores --oldest 99" "len(r['cores']) == 4 and
	    sorted(c['age_ms'] for c in r['cores']) ==
	    [c['age_ms'] for c in r['cores']][::-1]"
	kill "$LISTENER"
	kill -QUIT "$WM_PID"
	wm_wait_left
}

@test "reload waits until the new generation serves, or says why not" {
	control_start -p 2
	echo 'VERSION = "1"' >import.py
	ctl reload | tee said
	grep -qE "^reloaded in [0-9.]+ (s|ms): generation 2 serves$" said
	[ "$(get / | cut -d' ' -f3)" = 1 ]
	echo 'raise ValueError("\033[1mnot today")' >import.py
	ctl_fails 1 "reload failed: .*: \?\[1mnot today" reload
	ctl_say status "r['reload']['last']['ok'] is False and
	    'not today' in r['reload']['last']['error']"
	ctl --json reload >out || [ $? -eq 1 ]
	"$PYTHON" -c 'import json; assert "not today" in json.load(
	    open("out"))["error"]'
	[ "$(get / | cut -d' ' -f3)" = 1 ]
	echo 'VERSION = "2"' >import.py
	[ "$(ctl reload --no-wait)" = "asked for a reload" ]
	wm_wait_for "generation 5" 20 ctl_say status "r['generation'] == 5"
	wm_stop
}

@test "who asks during a reload is told of the next one" {
	control_start
	local pids
	echo 'import time; open("loads", "w"); time.sleep(2)' >import.py
	ctl reload >first &
	pids=$!
	wm_wait_for "the reload to load the app" 20 test -e loads
	echo 'VERSION = "new"' >import.py
	ctl reload >second &
	pids+=" $!"
	ctl reload >third &
	pids+=" $!"
	timeout 0.3 "$WSGIMASTER" ctl -s "$CONTROL" reload || [ $? -eq 124 ]
	wait $pids
	[ "$(get / | cut -d' ' -f3)" = new ]
	grep -q "generation 2 serves" first
	grep -q "generation 3 serves" second
	grep -q "generation 3 serves" third
	wm_stop
}

@test "stop waits until the server is gone" {
	control_start -p 2
	get /sleep/3 20 >answer &
	curl=$!
	wm_wait_for "the request to run" 10 requests_run 1
	[ "$(ctl stop)" = stopped ]
	not test -e "$CONTROL"
	wait "$curl"
	grep -q slept answer
	wm_wait_left
	[ "$WM_STATUS" -eq 0 ]
	ctl_fails 3 "no server at $CONTROL" status
}

@test "stop --now does not wait for requests, stop --no-wait for nothing" {
	control_start
	get /stuck 20 >/dev/null 2>&1 &
	wm_wait_for "it to be stuck" 10 requests_run 1
	[ "$(ctl stop --no-wait)" = stopping ]
	wm_wait_for "it to be stopping" 5 ctl_say ping "r['state'] ==
	    'stopping' and not r['ready']"
	ctl_fails 1 "the server is stopping" reload
	ctl_fails 1 "the server is stopping" upgrade
	ctl_fails 1 "the server is stopping" workers 1
	ctl stop --now
	wm_wait_left
}

# logs_debug WORD ID: whether that process has logged a line of level debug.
logs_debug() {
	get / >/dev/null
	grep -qE "\[$1 ?$2 pid [0-9]+.*\] debug:" "$WM_LOG"
}

@test "log-level changes every process there is and will be" {
	control_start -p 2
	[ "$(ctl log-level)" = "log level info" ]
	[ "$(ctl log-level debug)" = "log level debug (configured: info)" ]
	wm_wait_for "the workers' words" 10 logs_debug worker 1
	# A worker that is forked now, and a spawner that is started now.
	: >"$WM_LOG"
	kill -KILL "$(worker_pid 1)"
	wm_wait_for "the new worker's words" 20 logs_debug worker 1
	wm_wait_for "the master's words" 10 logs_debug master ""
	kill -KILL "$(spawner_pid)"
	wm_wait_for "the next spawner" 20 ctl_say status \
	    "r['generations'][0]['state'] == 'loaded'"
	: >"$WM_LOG"
	kill -KILL "$(worker_pid 2)"
	wm_wait_for "its worker's words" 20 logs_debug worker 2
	# And what comes with a reload.
	ctl reload
	: >"$WM_LOG"
	wm_wait_for "the next generation's words" 10 logs_debug worker 1
	[ "$(ctl log-level default)" = "log level info" ]
	get / >/dev/null
	get / >/dev/null
	: >"$WM_LOG"
	for i in 1 2 3 4; do
		get / >/dev/null
	done
	not grep -q debug: "$WM_LOG"
	ctl_fails 1 "no log level \"loud\": debug, info" log-level loud
	wm_stop
}

@test "reopen-logs goes on in a new file" {
	control_start --logto "$WM_TMP/the.log"
	mv the.log old.log
	[ "$(ctl reopen-logs)" = "opened the log again" ]
	get / >/dev/null
	wm_wait_for "a line of a worker" 10 grep -q "GET /" the.log
	wm_stop
}

@test "config shows what is in force, who set it, and no secrets" {
	cat >one.json <<-END
	{"processes": 2, "env": {"TOKEN": "geheim", "OTHER": "x"},
	 "pyargv": "--password geheim"}
	END
	CONTROL=$WM_TMP/control.sock
	# It does not say in its log that it is ready.
	life_launch --control-socket "$CONTROL" -c one.json --log-level warn
	wm_wait_for "readiness" 20 ctl wait-ready
	ctl config | tee config
	grep -qE "^processes +.*one.json +2$" config
	grep -qE "^log-level +command line +warn$" config
	not grep -q "^listen " config
	grep -q "TOKEN=\*\*\*" config
	ctl config --all | grep -qE "^listen +100$"
	not grep -q geheim config
	not grep -q geheim <(ctl --json config)
	ctl_say config "r['config']['processes'] == 2 and
	    r['config']['env'] == ['OTHER=***', 'TOKEN=***'] or
	    r['config']['env'] == ['TOKEN=***', 'OTHER=***']"
	wm_stop
}

@test "wait-ready waits for a server that is yet to come" {
	CONTROL=$WM_TMP/control.sock
	ctl_fails 3 "no server at" wait-ready --timeout 0.3
	ctl wait-ready >said 2>&1 &
	waiter=$!
	echo 'import time; time.sleep(1)' >import.py
	life_launch --control-socket "$CONTROL"
	wait "$waiter"
	get / >/dev/null
	[ ! -s said ]
	kill -STOP "$WM_PID"
	ctl_fails 1 "in time" wait-ready --timeout 0.5
	ctl_fails 1 "no answer from .* in time" ping --timeout 0.5
	kill -CONT "$WM_PID"
	wm_stop
}

@test "the socket is found by -s, -c or the environment" {
	control_start
	echo "{\"control-socket\": \"$CONTROL\"}" >found.json
	echo '{"processes": 2}' >lost.json
	"$WSGIMASTER" ctl ping -c found.json
	"$WSGIMASTER" ctl --config=found.json ping
	WSGIMASTER_CONTROL=$CONTROL "$WSGIMASTER" ctl ping
	"$WSGIMASTER" ctl "-s$CONTROL" ping
	status=0
	"$WSGIMASTER" ctl ping -c lost.json 2>said || status=$?
	[ $status -eq 2 ]
	grep -q 'lost.json has no "control-socket"' said
	status=0
	env -u WSGIMASTER_CONTROL "$WSGIMASTER" ctl ping 2>said || status=$?
	[ $status -eq 2 ]
	grep -q "where is the server" said
	wm_stop
}

@test "what is not understood is refused before anything is asked" {
	CONTROL=$WM_TMP/nobody.sock
	ctl_fails 2 'unknown command "stauts"; did you mean "status"?' stauts
	ctl_fails 2 "unknown option --jsn" --jsn status
	ctl_fails 2 "status has no --now" status --now
	ctl_fails 2 "reload takes no \"hard\"" reload hard
	ctl_fails 2 "\"-3\" is no number" cores --worker -3
	ctl_fails 2 "is no number of seconds" ping --timeout 0
	ctl_fails 2 "what is \"2\"?" workers 1 2
	ctl_fails 2 "none of id, rate" top --sort size
	ctl_fails 2 "say what to do"
	ctl_fails 0 "^  reload  .*new configuration" --help
	ctl --help | narrow 80
	ctl reload --help | grep -q -- "--no-wait"
}

@test "nobody but the server's user and root is obeyed" {
	control_start --chmod-socket 666
	[ "$(stat -c %a "$CONTROL")" = 600 ]
	[ "$(id -u)" -eq 0 ] || skip "needs root to be somebody else"
	# Only the socket itself shall keep him out.
	chmod a+x "$WM_TMP" "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test"
	"$PYTHON" "$WM_SOURCE/test/clients/control_checks.py" \
	    stranger "$CONTROL"
	chmod 666 "$CONTROL"
	"$PYTHON" "$WM_SOURCE/test/clients/control_checks.py" \
	    stranger_let_in "$CONTROL"
	wm_log_has "control socket: user 65534 .* is refused"
	get / >/dev/null
	wm_stop
}

@test "a dead server's socket is replaced, a living one's is not" {
	control_start
	kill -KILL "$WM_PID"
	wm_wait_for "its end" 10 wm_is_gone "$WM_PID"
	test -S "$CONTROL"
	ctl_fails 3 "no server at" status
	control_start
	ctl ping
	first=$WM_PID
	wm_launch --http-socket "127.0.0.1:$(wm_port)" \
	    --control-socket "$CONTROL" --wsgi-file "$WM_APPS/lifecycle.py"
	wm_wait_left
	[ "$WM_STATUS" -eq 1 ]
	wm_log_has "control-socket: cannot bind .* a server is listening"
	WM_PID=$first
	ctl ping
	wm_stop
}

@test "what else is said on the socket does no harm" {
	control_start -p 2 --async 2000 --greenlet
	for check in garbage huge half_closed slow many no_reader waiting; do
		"$PYTHON" "$WM_SOURCE/test/clients/control_checks.py" \
		    "$check" "$CONTROL"
	done
	get / >/dev/null
	# The last one has left a reload that loads for long.
	kill -QUIT "$WM_PID"
	wm_wait_left
}

@test "it works while every worker is stuck" {
	control_start -p 2 --worker-reload-mercy 1
	get /stuck 20 >/dev/null 2>&1 &
	get /stuck 20 >/dev/null 2>&1 &
	wm_wait_for "both to be stuck" 20 requests_run 2
	ctl_say cores "[c['path'] for c in r['cores']] == ['/stuck'] * 2"
	ctl status | grep -q "2 run now"
	ctl workers | grep -c ready
	ctl log-level debug
	ctl top -n 1 -d 0.2 | grep -q "running    2 of 2 cores"
	ctl reload
	get / >/dev/null
	wm_stop
}

# Begins a reload that loads for a minute, and waits for it: $waiter.
reload_slowly() {
	echo 'import time; time.sleep(60)' >import.py
	ctl reload >said 2>&1 &
	waiter=$!
	wm_wait_for "the reload to begin" 10 ctl_say status \
	    "r['reload']['running']"
}

@test "who waits is told that the server ends" {
	control_start
	reload_slowly
	ctl stop
	status=0
	wait "$waiter" || status=$?
	[ $status -eq 1 ]
	grep -q "reload failed: the server stops" said
	wm_wait_left
	rm import.py
	control_start
	reload_slowly
	kill -KILL "$WM_PID"
	status=0
	wait "$waiter" || status=$?
	[ $status -eq 1 ]
	grep -q "the server left" said
}
