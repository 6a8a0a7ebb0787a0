#!/usr/bin/env bats
# Reloading: a new generation takes over, or the old one serves on.

load lifecycle

# Whether the server answers with this version.
version_is() {
	[ "$(get / | cut -d' ' -f3)" = "$1" ]
}

reload_done() {
	stats_say "s['generation'] == $1 and not s['reload']['running'] and
	    s['other_workers'] == [] and len(s['generations']) == 1"
}

@test "HUP brings the new code" {
	echo 'VERSION = "1"' >import.py
	life_start -p 2
	version_is 1
	echo 'VERSION = "2"' >import.py
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 10 reload_done 2
	version_is 2
	version_is 2
	wm_log_has 'reload done in [0-9.]+ s: generation 2 serves'
	[ "$(stats "s['reload']['last']")" = \
	    "{'generation': 2, 'ok': True, 'error': ''}" ]
	wm_stop
}

@test "worker ids stay the same" {
	life_start -p 3
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 10 reload_done 2
	[ "$(stats "sorted(w)")" = "[1, 2, 3]" ]
	[ "$(stats "{x['generation'] for x in w.values()}")" = "{2}" ]
	wm_stop
}

@test "no request fails while reloads go on" {
	local failed=0 i
	life_start -p 2
	(
		while [ ! -e enough ]; do
			get / >/dev/null || echo failed >>failures
		done
	) &
	for i in 2 3 4 5; do
		kill -HUP "$WM_PID"
		wm_wait_for "reload $i" 10 reload_done "$i"
	done
	touch enough
	wait $!
	[ ! -e failures ]
	wm_stop
}

@test "a request under way is finished by the old worker" {
	echo 'VERSION = "1"' >import.py
	life_start
	get /sleep/3 20 >answer &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	echo 'VERSION = "2"' >import.py
	kill -HUP "$WM_PID"
	wm_wait_for "the new version" 5 version_is 2
	stats_say "[x['state'] for x in s['other_workers']] == ['draining']"
	wait $!
	grep -q '^slept .* 1$' answer
	wm_wait_for "the reload" 10 reload_done 2
	wm_stop
}

@test "an old worker that does not finish is killed" {
	life_start --worker-reload-mercy 0.5
	get /stuck 20 >/dev/null 2>&1 &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 10 reload_done 2
	wm_log_has 'has not finished within 0.5 seconds'
	get / >/dev/null
	wm_stop
}

@test "code that cannot be loaded changes nothing" {
	echo 'VERSION = "1"' >import.py
	life_start -p 2
	echo 'raise RuntimeError("broken code")' >import.py
	kill -HUP "$WM_PID"
	wm_wait_for "the failure" 10 wm_log_has \
	    'reload failed: .*broken code.*generation 1 serves on'
	version_is 1
	stats_say "not s['reload']['last']['ok'] and
	    'broken code' in s['reload']['last']['error']"
	wm_wait_for "the new spawner to leave" 5 stats_say \
	    "len(s['generations']) == 1"
	echo 'VERSION = "3"' >import.py
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 10 reload_done 3
	version_is 3
	wm_stop
}

@test "with lazy-apps, too, code that cannot be loaded changes nothing" {
	echo 'VERSION = "1"' >import.py
	life_start -p 2 --lazy-apps
	echo 'raise RuntimeError("broken code")' >import.py
	kill -HUP "$WM_PID"
	wm_wait_for "the failure" 10 wm_log_has \
	    'reload failed: worker 1 died before .*broken code'
	version_is 1
	version_is 1
	wm_stop
}

@test "code whose workers die at start changes nothing" {
	life_start -p 2
	cat >import.py <<-'END'
	VERSION = "2"
	uwsgi.post_fork_hook = lambda: os._exit(3)
	END
	kill -HUP "$WM_PID"
	wm_wait_for "the failure" 10 wm_log_has \
	    'reload failed: worker 1 died before it was ready'
	version_is 0
	wm_wait_for "the rest to leave" 5 reload_done 1
	wm_stop
}

@test "code that loads for ever is given up" {
	life_start --start-timeout 1
	echo 'time.sleep(1000)' >import.py
	kill -HUP "$WM_PID"
	wm_wait_for "the failure" 10 wm_log_has \
	    'reload failed: not loaded within 1 seconds'
	get / >/dev/null
	wm_stop
}

@test "code whose first worker does not get ready in time is given up" {
	life_start -p 2 --start-timeout 2
	cat >import.py <<-'END'
	VERSION = "2"
	uwsgi.post_fork_hook = lambda: time.sleep(1000)
	END
	kill -HUP "$WM_PID"
	wm_wait_for "the failure" 15 wm_log_has 'reload failed: worker 1 .*not '"\
"'ready within 2 seconds .*generation 1 serves on'
	version_is 0
	wm_wait_for "the rest to leave" 5 reload_done 1
	[ "$(stats "s['endings']['start-failed']")" = 1 ]
	wm_stop
}

@test "a bad configuration changes nothing" {
	PORT=$(wm_port)
	cat >app.json <<-END
	{"http-socket": "127.0.0.1:$PORT", "wsgi-file": "$WM_APPS/lifecycle.py"}
	END
	wm_start -c app.json
	echo '{"http-sockets": 1}' >app.json
	kill -HUP "$WM_PID"
	wm_wait_for "the failure" 10 wm_log_has 'reload failed: .*http-sockets'
	get / >/dev/null
	wm_stop
}

@test "a reload can change the number of workers" {
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	config() {
		cat >app.json <<-END
		{"http-socket": "127.0.0.1:$PORT", "processes": $1,
		 "stats": "$STATS", "wsgi-file": "$WM_APPS/lifecycle.py"}
		END
	}
	config 3
	wm_start -c app.json
	config 1
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 10 reload_done 2
	[ "$(stats "sorted(w)")" = "[1]" ]
	config 2
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 10 reload_done 3
	[ "$(stats "sorted(w)")" = "[1, 2]" ]
	config 5
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 10 reload_done 4
	[ "$(stats "sorted(w)")" = "[1, 2, 3]" ]
	wm_log_has 'is above 3, the number at start'
	wm_stop
}

@test "a reload can change what is logged" {
	PORT=$(wm_port)
	cat >app.json <<-END
	{"http-socket": "127.0.0.1:$PORT", "logto": "$WM_TMP/server.log",
	 "wsgi-file": "$WM_APPS/lifecycle.py"}
	END
	WM_LOGTO=$WM_TMP/server.log wm_start -c app.json
	sed -i 's/^{/{"log-level": "debug", "log-encoder": "json", /' app.json
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 10 wm_log_has '"message":"reload done'
	wm_wait_for "a debug line" 5 wm_log_has \
	    '^{.*"level":"debug","process":"master".*ready -> draining'
	kill -USR1 "$WM_PID"
	wm_wait_for "the log" 5 wm_log_has '"message":"opened the log again'
	wm_stop
}

@test "a HUP during a reload is another reload afterwards" {
	echo 'time.sleep(1)' >import.py
	life_start
	kill -HUP "$WM_PID"
	wm_wait_for "the reload to begin" 5 stats_say "s['reload']['running']"
	echo 'VERSION = "3"' >import.py
	kill -HUP "$WM_PID"
	wm_wait_for "both reloads" 10 reload_done 3
	version_is 3
	wm_stop
}

@test "a HUP while the server starts is a reload afterwards" {
	echo 'time.sleep(1)' >import.py
	life_launch
	wm_wait_for "the statistics" 10 stats_say "s['state'] == 'starting'"
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 15 reload_done 2
	wm_stop
}

@test "TERM during a reload stops the server" {
	life_start
	echo 'time.sleep(1000)' >import.py
	kill -HUP "$WM_PID"
	wm_wait_for "the reload to begin" 5 stats_say "s['reload']['running']"
	wm_stop
}

@test "a worker that dies during a reload is replaced by the old spawner" {
	echo 'VERSION = "1"' >import.py
	life_start -p 2
	sleep 1.1
	echo 'time.sleep(1000)' >import.py
	kill -HUP "$WM_PID"
	wm_wait_for "the reload to begin" 5 stats_say "s['reload']['running']"
	kill -KILL "$(worker_pid 2)"
	wm_wait_for "a new worker" 5 stats_say \
	    "w[2]['respawn_count'] == 1 and w[2]['state'] == 'ready' and
	    w[2]['generation'] == 1"
	wm_stop
}

@test "a new spawner that is killed ends the reload" {
	life_start
	echo 'time.sleep(1000)' >import.py
	kill -HUP "$WM_PID"
	wm_wait_for "the reload to begin" 5 stats_say "s['reload']['running']"
	kill -KILL "$(stats "s['generations'][1]['spawner_pid']")"
	wm_wait_for "the failure" 5 wm_log_has \
	    'reload failed: .*killed by signal 9.*generation 1 serves on'
	get / >/dev/null
	wm_stop
}

@test "a later worker that does not start is tried again" {
	life_start -p 2
	cat >import.py <<-'END'
	VERSION = "2"
	def hook():
	    if uwsgi.worker_id() == 2 and not os.path.exists("go"):
	        os._exit(3)
	uwsgi.post_fork_hook = hook
	END
	kill -HUP "$WM_PID"
	wm_wait_for "the trouble" 5 wm_log_has \
	    'worker 2 did not start; the old one serves on'
	[ "$(stats "w[1]['generation'], w[2]['generation']")" = "(2, 1)" ]
	touch go
	wm_wait_for "the reload" 10 reload_done 2
	wm_stop
}

@test "a reload that is stuck gives way to the next one" {
	life_start -p 2
	cat >import.py <<-'END'
	VERSION = "2"
	uwsgi.post_fork_hook = lambda: uwsgi.worker_id() == 2 and os._exit(3)
	END
	kill -HUP "$WM_PID"
	wm_wait_for "the trouble" 5 wm_log_has 'worker 2 did not start'
	echo 'VERSION = "3"' >import.py
	kill -HUP "$WM_PID"
	wm_wait_for "the next reload" 10 reload_done 3
	version_is 3
	wm_log_has 'left incomplete'
	wm_stop
}

@test "an app can ask for a reload" {
	life_start
	get /reload
	wm_wait_for "the reload" 10 reload_done 2
	wm_stop
}

@test "one worker's long request does not hold up the next reloads" {
	life_start --worker-reload-mercy 3
	get /sleep/20 30 >/dev/null 2>&1 &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	kill -HUP "$WM_PID"
	wm_wait_for "reload 2" 5 stats_say \
	    "s['generation'] == 2 and not s['reload']['running']"
	kill -HUP "$WM_PID"
	wm_wait_for "reload 3" 10 reload_done 3
	get / >/dev/null
	wm_stop
}
