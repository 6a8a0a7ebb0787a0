#!/usr/bin/env bats
# Two things at the same time in the master's life.

load engines
load lifecycle

# The new master's pid, of the log.
tried_pid() {
	sed -n 's/.*starts as the new master, with pid \([0-9]*\)$/\1/p' \
	    "$WM_LOG" | tail -n 1
}

@test "an upgrade does not leave a recycled worker's replacement behind" {
	cat >import.py <<-'END'
	def hook():
	    if not os.path.exists("first"):
	        open("first", "w").close()
	        return
	    open("second", "w").close()
	    while not os.path.exists("go"):
	        time.sleep(0.02)
	wsgimaster.post_fork_hook = hook
	END
	life_start --pidfile pid --max-requests 1 --min-worker-lifetime 0
	get /
	wm_wait_for "the replacement" 10 test -e second
	echo 'VERSION = "2"' >import.py
	kill -USR2 "$WM_PID"
	wm_wait_for "the handover" 20 wm_log_has 'taking over from'
	touch go
	wm_wait_for "the old master to leave" 10 wm_is_gone "$WM_PID"
	get /
	kill -TERM "$(cat pid)"
	wm_wait_for "its processes to leave" 10 wm_session_is_gone "$WM_PID"
}

@test "TERM to the new master ends both, while the old one's workers finish" {
	local status=0
	life_start --pidfile pid
	get /sleep/4 >answer 3>&- 4>&- &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	kill -USR2 "$WM_PID"
	wm_wait_for "the handover" 20 wm_log_has 'taking over from'
	kill -TERM "$(tried_pid)"
	wait $!
	grep -q '^slept' answer
	wm_wait_for "all to leave" 5 wm_session_is_gone "$WM_PID"
	not wm_log_has 'upgrade failed'
	wait "$WM_PID" || status=$?
	[ "$status" -eq 0 ]
	[ -z "$(find . -type s -o -name pid)" ]
}

@test "ctl stop waits for drain-delay, which refuses reloads and upgrades" {
	export WSGIMASTER_CONTROL=$WM_TMP/c.sock
	life_start --control-socket "$WM_TMP/c.sock" --drain-delay 60
	"$WSGIMASTER" ctl stop --no-wait
	wm_log_has 'stopping in 60 seconds \(control socket'
	get /
	run timeout 5 "$WSGIMASTER" ctl reload
	[ "$status" -eq 1 ]
	[[ $output == *"the server is about to stop"* ]]
	run timeout 5 "$WSGIMASTER" ctl upgrade
	[ "$status" -eq 1 ]
	[[ $output == *"the server is about to stop"* ]]
	"$WSGIMASTER" ctl stop
	wm_wait_left
	[ "$WM_STATUS" -eq 0 ]
}

@test "a log that is opened again while a request holds the loop is found" {
	life_start --logto "$WM_TMP/app.log"
	get /sleep/3 >answer 3>&- 4>&- &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	mv app.log old.log
	kill -USR1 "$WM_PID"
	wm_wait_for "the new file" 5 grep -q 'opened the log again' app.log
	wait $!
	get /
	wm_wait_for "the request's line" 5 grep -q 'GET / =>' app.log
	not grep -q 'GET / =>' old.log
	wm_stop
}

# others N: so many processes still drain.
others() {
	stats_say "len([x for x in s['other_workers']
	    if x['state'] == 'draining']) == $1 and w[1]['state'] == 'ready'"
}

@test "a worker gives up its seat only while there is room for another one" {
	local i
	engine_missing greenlet >/dev/null && skip "no greenlets"
	export NOTES=$WM_TMP/notes STATS=$WM_TMP/stats.sock
	engine_start greenlet --module harakiri_cases --stats "$STATS" \
	    --harakiri 0.2 --harakiri-graceful-timeout 0.2 \
	    --worker-reload-mercy 25
	for i in 1 2; do
		curl -s -m 60 -o "answer.$i" \
		    "http://127.0.0.1:$PORT/stubborn" 3>&- 4>&- &
		wm_wait_for "the request to be hopeless" 10 eval \
		    "[ \"\$(log_count 'this worker finishes the others')\" = $i ]"
		sleep 0.3	# the master has heard of it
		get /free/ping 5
	done
	others 1
	kill -KILL "$(stats "s['other_workers'][0]['pid']")"
	wm_wait_for "the second one to be replaced" 10 others 1
	get /free/ping 5
	kill -QUIT "$WM_PID"
	wm_wait_left
}

# own_start: a server whose only worker, with a listener of its own, drains,
# since it is recycled, but finishes a request ($!) for some seconds.
own_start() {
	local port
	port=$(wm_port)
	cat >import.py <<-END
	def hook():
	    global own
	    own = socket.socket()
	    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	    own.bind(("127.0.0.1", $port))
	    own.listen()
	wsgimaster.post_fork_hook = hook
	END
	life_start --threads 4 --max-requests 1 --min-worker-lifetime 0
	get /sleep/4 >answer 3>&- 4>&- &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	get /
	wm_wait_for "the worker to drain" 5 wm_log_has 'draining: '
}

@test "who is queued while the only worker drains is answered when TERM comes" {
	local first second
	engine_missing threads >/dev/null && skip "no threads"
	own_start
	first=$!
	get / >queued 3>&- 4>&- &
	second=$!
	sleep 0.2	# it is in the queue
	kill -TERM "$WM_PID"
	wait "$second"
	wait "$first"
	grep -q '^slept' answer
	wm_wait_left
	[ "$WM_STATUS" -eq 0 ]
}

@test "a worker that has been told too much still learns that it shall leave" {
	local pid i
	life_start --control-socket "$WM_TMP/c.sock" --worker-reload-mercy 20
	pid=$(worker_pid 1)
	kill -STOP "$pid"
	"$PYTHON" - "$WM_TMP/c.sock" <<-'END'
	import socket, sys
	for i in range(600):
	    with socket.socket(socket.AF_UNIX) as c:
	        c.connect(sys.argv[1])
	        c.sendall(b'{"command": "log-level", "level": "warn"}\n')
	        while c.recv(4096):
	            pass
	END
	kill -HUP "$WM_PID"
	wm_wait_for "another worker" 10 stats_say \
	    "w[1]['pid'] != $pid and w[1]['state'] == 'ready'"
	kill -CONT "$pid"
	wm_wait_for "the worker to leave" 5 wm_is_gone "$pid"
	[ "$(stats "s['endings']['mercy']")" = 0 ]
	get /
	wm_stop
}

@test "a reload waits for a recycled worker that listens itself" {
	engine_missing threads >/dev/null && skip "no threads"
	own_start
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 20 wm_log_has 'reload (done|failed)'
	not wm_log_has 'reload failed'
	not wm_log_has 'Address already in use'
	wait $!
	grep -q '^slept' answer
	wm_stop
}

@test "TERM to both masters is one TERM, in whatever order it is heard" {
	life_start
	get /sleep/3 >answer 3>&- 4>&- &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	kill -USR2 "$WM_PID"
	wm_wait_for "the handover" 20 wm_log_has 'taking over from'
	kill -TERM "$(tried_pid)"
	wm_wait_for "the old master to hear it" 5 wm_log_has \
	    "master pid $WM_PID\] info: stopping \(the other master stops\)"
	kill -TERM "$WM_PID"
	wait $!
	grep -q '^slept' answer
	wm_wait_for "all to leave" 5 wm_session_is_gone "$WM_PID"
	not wm_log_has 'at once'
}

@test "so it is before the new master serves" {
	local new old
	life_start -p 2
	old=("$(worker_pid 1)" "$(worker_pid 2)")
	cat >import.py <<-'END'
	def hook():
	    while uwsgi.worker_id() == 2 and not os.path.exists("go"):
	        time.sleep(0.02)
	wsgimaster.post_fork_hook = hook
	END
	kill -USR2 "$WM_PID"
	wm_wait_for "a new worker" 20 wm_log_has 'is to take over from'
	new=$(tried_pid)
	wm_wait_for "a new worker" 20 wm_log_has \
	    "master pid $new\] info: worker 1 .* is ready"
	# The old one's workers cannot take this one.
	kill -STOP "${old[@]}"
	get /sleep/2 >answer 3>&- 4>&- &
	sleep 0.5
	kill -CONT "${old[@]}"
	kill -TERM "$WM_PID"
	wm_wait_for "the new master to hear it" 5 wm_log_has \
	    "master pid $new\] info: stopping \(the other master stops\)"
	kill -TERM "$new"
	wait $!
	grep -q '^slept' answer
	wm_wait_for "all to leave" 10 wm_session_is_gone "$WM_PID"
	not wm_log_has 'at once'
}

@test "a server that was suspended does not take its workers for stuck" {
	local pids
	life_start -p 2 --worker-timeout 2 --worker-timeout-stopped
	mapfile -t pids < <(wm_session "$WM_PID")
	kill -STOP "${pids[@]}"
	sleep 4
	# The master wakes first, as the most unlucky order is.
	kill -CONT "$WM_PID"
	sleep 0.2
	kill -CONT "${pids[@]}"
	sleep 1
	not wm_log_has 'has not turned'
	get /
	wm_stop
}
