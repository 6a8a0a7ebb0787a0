#!/usr/bin/env bats
# Processes: start, stop, signals, and what happens when one of them dies.

load lifecycle

@test "the server says once that it is ready, with its address" {
	life_start -p 3
	sleep 0.2
	[ "$(log_count 'wsgimaster ready')" -eq 1 ]
	wm_log_has "wsgimaster ready: 3 workers, http://127.0.0.1:$PORT\$"
	wm_stop
}

@test "the processes have names of their own" {
	life_start -p 2
	ps -o comm= -s "$WM_PID" | sort >names
	printf '%s\n' wm-master wm-spawner wm-worker-1 wm-worker-2 >wanted
	diff wanted names
	wm_stop
}

@test "workers are children of the master, which has no Python" {
	life_start -p 2
	[ "$(ps -o ppid= -p "$(worker_pid 1)" | tr -d ' ')" -eq "$WM_PID" ]
	[ "$(ps -o ppid= -p "$(worker_pid 2)" | tr -d ' ')" -eq "$WM_PID" ]
	wm_log_has "\[spawner pid [0-9]+\] info: Python"
	not wm_log_has "\[master pid [0-9]+\] info: Python"
	wm_stop
}

@test "a worker has no descriptor it does not need" {
	local pid fd
	exec 7</dev/zero
	life_start -p 2
	exec 7<&-
	get / >/dev/null
	for pid in $(worker_pid 1) $(worker_pid 2); do
		for fd in "/proc/$pid/fd"/*; do
			[ "${fd##*/}" -le 2 ] || readlink "$fd" || true
		done | sed 's/:.*\(event\|timer\).*/:\1/' | sort | uniq -c |
		    awk '{ sub(/[0-9]+\]$/, "]"); print $1, $2 }' >found
		# libevent's and the watchdog's two, a doorbell for each of the
		# four slots, the cores' timer, libevent's pipe for signals,
		# the one for Python's; the listener, the control.
		printf '%s\n' '7 anon_inode:event' '1 anon_inode:timer' \
		    '2 pipe:[]' '2 pipe:[]' '1 socket:[]' '1 socket:[]' >wanted
		diff wanted found
	done
	wm_stop
}

@test "connections that come all at once are shared by the workers" {
	local i
	life_start -p 2
	for i in 1 2 3 4 5; do
		"$PYTHON" "$WM_SOURCE/test/clients/burst.py" "$PORT" 48 \
		    "$STATS" >>shares
	done
	cat shares
	# Of 240 the lesser worker has a quarter in all; mostly it is 100.
	[ "$(awk '{ n += $1 } END { print n }' shares)" -ge 60 ]
	wm_stop
}

@test "the spawner has no descriptor of the master's" {
	life_start
	[ "$(find "/proc/$(spawner_pid)/fd" -lname 'socket:*' | wc -l)" -eq 2 ]
	[ -z "$(find "/proc/$(spawner_pid)/fd" -lname '*signalfd*')" ]
	wm_stop
}

@test "a request under way is finished when the server stops" {
	life_start
	get /sleep/3 20 >answer &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	wm_stop
	wait $!
	grep -q '^slept' answer
}

@test "the statistics answer while the server stops" {
	life_start
	get /sleep/3 20 >answer &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	kill -TERM "$WM_PID"
	wm_wait_for "stopping" 5 stats_say "s['state'] == 'stopping'"
	wm_wait_left
	[ "$WM_STATUS" -eq 0 ]
}

@test "INT stops like TERM" {
	life_start
	kill -INT "$WM_PID"
	wm_wait_left
	[ "$WM_STATUS" -eq 0 ]
}

@test "a stuck worker is killed when its time to finish is over" {
	life_start --worker-reload-mercy 0.5
	get /stuck 20 >/dev/null 2>&1 &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	wm_stop
	wm_log_has 'has not finished within 0.5 seconds'
	wm_log_has 'core 0: running GET /stuck from 127.0.0.1'
}

@test "a second TERM stops at once" {
	life_start
	get /stuck 20 >/dev/null 2>&1 &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	kill -TERM "$WM_PID"
	wm_wait_for "stopping" 5 stats_say "s['state'] == 'stopping'"
	kill -TERM "$WM_PID"
	wm_wait_for "the server to leave" 4 wm_is_gone "$WM_PID"
	wm_wait_left
	[ "$WM_STATUS" -eq 0 ]
}

@test "QUIT stops at once" {
	life_start -p 2
	get /sleep/20 20 >/dev/null 2>&1 &
	wm_wait_for "the request to run" 5 stats_say \
	    "w[1]['busy_cores'] + w[2]['busy_cores'] == 1"
	kill -QUIT "$WM_PID"
	wm_wait_for "the server to leave" 4 wm_is_gone "$WM_PID"
	wm_wait_left
	[ "$WM_STATUS" -eq 0 ]
}

@test "a terminal's ^C, which all processes get, lets requests finish" {
	life_start
	get /sleep/3 20 >answer &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	kill -INT -- "-$WM_PID"
	wm_wait_left
	[ "$WM_STATUS" -eq 0 ]
	wait $!
	grep -q '^slept' answer
}

@test "TERM to all processes lets requests finish" {
	life_start -p 2
	get /sleep/3 20 >answer &
	wm_wait_for "the request to run" 5 stats_say \
	    "w[1]['busy_cores'] + w[2]['busy_cores'] == 1"
	kill -TERM -- "-$WM_PID"
	wm_wait_left
	[ "$WM_STATUS" -eq 0 ]
	wait $!
	grep -q '^slept' answer
}

@test "an app can terminate the processes it starts" {
	life_start
	[ "$(get /terminate)" = -15 ]
	wm_stop
}

@test "a worker that is killed is replaced, under the same id" {
	local pid
	life_start -p 2
	sleep 1.1		# longer than what counts as dying at once
	pid=$(worker_pid 1)
	kill -KILL "$pid"
	wm_wait_for "a new worker" 5 stats_say \
	    "w[1]['pid'] not in (0, $pid) and w[1]['state'] == 'ready'"
	wm_log_has "worker 1 \(pid $pid\) of generation 1 died: killed by signal 9"
	[ "$(stats "w[1]['respawn_count'], w[2]['respawn_count']")" = "(1, 0)" ]
	[ "$(stats "s['endings']['died']")" = 1 ]
	wm_stop
}

@test "the log says what a worker did when it died" {
	life_start
	sleep 1.1
	get /kill/14 >/dev/null 2>&1 || true
	wm_wait_for "the log" 5 wm_log_has 'died: killed by signal 14'
	wm_log_has 'core 0: running GET /kill/14 from 127.0.0.1 for [0-9.]+ s'
	wm_wait_for "a new worker" 5 workers_ready
	get /leave/3 >/dev/null 2>&1 || true
	wm_wait_for "the log" 5 wm_log_has 'died: exit status 3'
	wm_wait_for "a new worker" 10 workers_ready
	get / >/dev/null
	wm_stop
}

@test "what a dead worker did stays in the statistics" {
	life_start
	get / >/dev/null
	get / >/dev/null
	wm_wait_for "two requests" 5 stats_say "w[1]['requests'] == 2"
	kill -KILL "$(worker_pid 1)"
	wm_wait_for "a new worker" 5 stats_say \
	    "w[1]['respawn_count'] == 1 and w[1]['state'] == 'ready'"
	get / >/dev/null
	wm_wait_for "a third request" 5 stats_say "w[1]['requests'] == 3"
	[ "$(stats "w[1]['delta_requests']")" = 1 ]
	wm_stop
}

@test "a worker that always dies at start is tried ever more rarely" {
	echo 'uwsgi.post_fork_hook = lambda: os._exit(3)' >import.py
	life_launch
	sleep 2.5
	wm_is_running "$WM_PID"
	wm_log_has 'died before it was ready: exit status 3'
	wm_log_has 'started again in 0.1 seconds'
	wm_log_has 'started again in 0.8 seconds'
	# After 0, 0.1, 0.3, 0.7, 1.5 seconds.
	[ "$(log_count 'died before it was ready')" -le 6 ]
	kill -TERM "$WM_PID"
	wm_wait_left
}

@test "respawn-delay-max limits the pause" {
	echo 'uwsgi.post_fork_hook = lambda: os._exit(3)' >import.py
	life_launch --respawn-delay-max 0.2
	wm_wait_for "many tries" 10 wm_log_count_is 8 'died before it was ready'
	not wm_log_has 'started again in 0.4 seconds'
	kill -TERM "$WM_PID"
	wm_wait_left
}

wm_log_count_is() {
	[ "$(log_count "$2")" -ge "$1" ]
}

@test "an app that cannot be loaded ends the start with status 1" {
	echo 'raise RuntimeError("no database")' >import.py
	life_launch
	wm_wait_left
	[ "$WM_STATUS" -eq 1 ]
	wm_log_has 'no database'
	wm_log_has '\[master pid [0-9]+\] error: cannot start: '
}

@test "with lazy-apps, too, it ends the start with status 1" {
	echo 'raise RuntimeError("no database")' >import.py
	life_launch --lazy-apps -p 2
	wm_wait_left
	[ "$WM_STATUS" -eq 1 ]
	wm_log_has 'cannot start: .*no database'
}

@test "a spawner that dies while it loads ends the start with status 1" {
	echo 'os.kill(os.getpid(), signal.SIGALRM)' >import.py
	life_launch
	wm_wait_left
	[ "$WM_STATUS" -eq 1 ]
	wm_log_has 'cannot start: the spawner has ended: killed by signal 14'
}

@test "an app that loads for ever is given up after start-timeout" {
	echo 'time.sleep(1000)' >import.py
	life_launch --start-timeout 1
	wm_wait_left
	[ "$WM_STATUS" -eq 1 ]
	wm_log_has 'cannot start: not loaded within 1 seconds'
}

@test "TERM while the app is loaded stops the server" {
	echo 'time.sleep(1000)' >import.py
	life_launch
	wm_wait_for "the statistics" 10 stats_say "s['state'] == 'starting'"
	kill -TERM "$WM_PID"
	wm_wait_for "the server to leave" 5 wm_is_gone "$WM_PID"
	wm_wait_left
	[ "$WM_STATUS" -eq 0 ]
}

@test "without need-app the server starts and answers 500" {
	echo 'raise RuntimeError("no database")' >import.py
	life_start --need-app=false
	wm_log_has 'no database'
	[ "$(curl -s -o /dev/null -w '%{http_code}' \
	    "http://127.0.0.1:$PORT/")" = 500 ]
	wm_stop
}

@test "a spawner that is killed comes back, and workers serve on" {
	local old
	life_start -p 2
	old=$(spawner_pid)
	kill -KILL "$old"
	get / >/dev/null
	wm_wait_for "a new spawner" 10 stats_say \
	    "s['generations'][0]['spawner_pid'] not in (0, $old) and
	    s['generations'][0]['state'] == 'loaded'"
	[ "$(stats "w[1]['respawn_count']")" = 0 ]
	kill -KILL "$(worker_pid 1)"
	wm_wait_for "a new worker" 5 stats_say \
	    "w[1]['respawn_count'] == 1 and w[1]['state'] == 'ready'"
	wm_stop
}

@test "a worker that dies while there is no spawner waits for it" {
	life_start
	sleep 1.1
	echo 'time.sleep(1)' >import.py
	kill -KILL "$(spawner_pid)" "$(worker_pid 1)"
	# Who is seen dead first decides whether a spawn is tried in vain.
	wm_wait_for "a new worker" 10 stats_say \
	    "w[1]['respawn_count'] >= 1 and w[1]['state'] == 'ready'"
	get / >/dev/null
	wm_stop
}

@test "a spawner that hangs is replaced when a worker is needed" {
	life_start --start-timeout 1
	sleep 1.1
	kill -STOP "$(spawner_pid)"
	kill -KILL "$(worker_pid 1)"
	wm_wait_for "a new worker" 10 stats_say \
	    "w[1]['respawn_count'] >= 1 and w[1]['state'] == 'ready'"
	wm_log_has 'killing the spawner .* it does not fork workers'
	wm_stop
}

@test "a worker that never gets ready ends the start with status 1" {
	echo 'uwsgi.post_fork_hook = lambda: time.sleep(1000)' >import.py
	life_launch --start-timeout 0.5
	wm_wait_left
	[ "$WM_STATUS" -eq 1 ]
	wm_log_has 'cannot start: not ready within 0.5 seconds'
}

@test "a new worker that never gets ready is killed after start-timeout" {
	cat >import.py <<-'END'
	def hang():
	    if os.path.exists("hang"):
	        time.sleep(1000)
	uwsgi.post_fork_hook = hang
	END
	life_start --start-timeout 0.5
	touch hang
	kill -KILL "$(worker_pid 1)"
	wm_wait_for "the log" 10 wm_log_has 'not ready within 0.5 seconds'
	rm hang
	wm_wait_for "a new worker" 10 workers_ready
	wm_stop
}

@test "when the master is killed everybody leaves" {
	life_start -p 2
	kill -KILL "$WM_PID"
	wm_wait_for "all to leave" 5 wm_session_is_gone "$WM_PID"
}

@test "when the master is killed requests are finished" {
	life_start
	get /sleep/3 20 >answer &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	kill -KILL "$WM_PID"
	wait $!
	grep -q '^slept' answer
	wm_wait_for "all to leave" 5 wm_session_is_gone "$WM_PID"
}

@test "when the master is killed a stuck worker is ended, too" {
	life_start --worker-reload-mercy 1
	get /stuck 20 >/dev/null 2>&1 &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	kill -KILL "$WM_PID"
	wm_wait_for "all to leave" 8 wm_session_is_gone "$WM_PID"
}

@test "when the master is killed while the app is loaded all leave" {
	echo 'time.sleep(1000)' >import.py
	life_launch
	wm_wait_for "the statistics" 10 stats_say "s['state'] == 'starting'"
	kill -KILL "$WM_PID"
	wm_wait_for "all to leave" 5 wm_session_is_gone "$WM_PID"
}

@test "a process that an app left behind is reaped by the master" {
	local pid
	life_start
	pid=$(get /child/60)
	kill -KILL "$(worker_pid 1)"
	wm_wait_for "the orphan to have the master as its parent" 5 \
	    has_parent "$pid" "$WM_PID"
	kill -KILL "$pid"
	wm_wait_for "the orphan to be reaped" 30 is_reaped "$pid"
	wm_stop
}

# has_parent PID PARENT
has_parent() {
	[ "$(ps -o ppid= -p "$1" | tr -d ' ')" = "$2" ]
}

is_reaped() {
	! ps -p "$1"
}

@test "a copy of a worker that outlives it keeps nobody from replacing it" {
	life_start
	sleep 1.1
	get /fork/5 >/dev/null
	kill -KILL "$(worker_pid 1)"
	wm_wait_for "a new worker" 4 stats_say \
	    "w[1]['respawn_count'] == 1 and w[1]['state'] == 'ready' and
	    s['other_workers'] == []"
	wm_end_session "$WM_PID"
}

@test "TTOU takes a worker away, TTIN brings it back" {
	life_start -p 2
	kill -TTIN "$WM_PID"
	wm_wait_for "the refusal" 5 wm_log_has 'SIGTTIN: there are 2 workers'
	kill -TTOU "$WM_PID"
	wm_wait_for "one worker" 5 stats_say "len(w) == 1"
	kill -TTOU "$WM_PID"
	wm_wait_for "the refusal" 5 wm_log_has 'SIGTTOU: one worker must stay'
	get / >/dev/null
	kill -TTIN "$WM_PID"
	wm_wait_for "two workers" 5 stats_say \
	    "len(w) == 2 and w[2]['state'] == 'ready'"
	wm_stop
}

@test "threads that an app starts when it is loaded are warned of, once" {
	cat >import.py <<-'END'
	import threading
	threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
	END
	life_start -p 3
	[ "$(log_count 'has started 1 thread while it was loaded')" -eq 1 ]
	wm_stop
}

@test "USR1 opens the log again, in all processes" {
	life_start --logto "$WM_TMP/server.log" -p 2
	mv server.log old.log
	kill -USR1 "$WM_PID"
	wm_wait_for "a new log" 5 test -s server.log
	get /printed/afterwards
	wm_wait_for "the worker's line" 5 grep -q 'printed afterwards' server.log
	kill -KILL "$(worker_pid 2)"
	wm_wait_for "a line of a new worker" 5 grep -q 'worker 2 .* is ready' \
	    server.log
	get /printed/again
	get /printed/again
	wm_wait_for "the worker's line" 5 grep -q 'printed again' server.log
	not grep -q 'afterwards\|again$' old.log
	wm_stop
}

@test "an app can ask for the end" {
	life_start
	get /stop
	wm_wait_left
	[ "$WM_STATUS" -eq 0 ]
}

@test "signals that are ignored where it is started still work" {
	PORT=$(wm_port)
	(
		trap '' INT QUIT HUP CHLD
		wm_start --http-socket "127.0.0.1:$PORT" \
		    --wsgi-file "$WM_APPS/lifecycle.py"
		kill -HUP "$WM_PID"
		wm_wait_for "the reload" 5 wm_log_has 'reload done'
		kill -INT "$WM_PID"
		wm_wait_for "the server to leave" 5 wm_is_gone "$WM_PID"
	)
}

@test "max-fd is the limit that workers have" {
	life_start --max-fd 333
	grep -q 'Max open files *333 ' "/proc/$(worker_pid 1)/limits"
	wm_stop
}
