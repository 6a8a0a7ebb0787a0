#!/usr/bin/env bats
# The app's signals: targets, timers, crons, file monitors, reloads, floods.
# Runs early: it takes long.

load engines
load lifecycle

# The files that every test has, and the options of its server.
signals_prepare() {
	STATS=$WM_TMP/stats.sock
	export NOTES=$WM_TMP/notes
	: >"$NOTES"
	rm -f "$NOTES.go"
}

# signals_start ARGS...: a server of test/apps/user_signals.py.
signals_start() {
	signals_prepare
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --pythonpath "$WM_APPS" --module user_signals "$@"
}

# noted PATTERN [N]: so many lines of the notes (at least one) match.
noted() {
	[ "$(grep -cxE "$1" "$NOTES")" -ge "${2:-1}" ]
}

# loaded N: so many spawners have loaded.
loaded() {
	[ "$(grep -c "has loaded in" "$WM_LOG")" -ge "$1" ]
}

# metric NAME: its value in /metrics.
metric() {
	curl -fsS --unix-socket "$STATS" http://localhost/metrics |
		sed -n "s/^wsgimaster_$1 //p"
}

wait_noted() {
	wm_wait_for "$1 in the notes" 30 noted "$@"
}

@test "every target, under every engine; handlers wait while requests go on" {
	local engine
	signals_prepare
	for engine in $(engines); do
		: >"$NOTES"
		engine_start "$engine" --module user_signals --processes 2 \
		    --mules 2 --stats "$STATS"
		wm_wait_for "the mules" 20 stats_say \
		    "all(m['state'] == 'ready' for m in s['mules'])"
		get /raise/1/2/3/5/6/8/9
		wait_noted "one [12] 1 1"
		wait_noted "everybody 1"
		wait_noted "everybody 2"
		wait_noted "second 2"
		wait_noted "mule mule[12] 8"
		wait_noted "mules mule1"
		wait_noted "mules mule2"
		wait_noted "asks [12]( RuntimeError){4} AttributeError RuntimeError None"
		wait_noted "fails [12]"
		wm_wait_for "its traceback" 20 wm_log_has "a handler that fails"
		wm_log_has "exception in the handler of signal 5"
		wm_wait_for "its lock" 20 wm_log_has \
		    'the job \(signal:5\) has ended with lock "user 0": it is unlocked'
		# Several handlers that wait: requests are answered meanwhile.
		get /raise/4
		wait_noted "waits [12]"
		for _ in 1 2 3 4 5; do get /id; done
		wait_noted "waited [12]"
		# One that a worker has registered runs there only.
		number=$(get /own)
		wait_noted "own $((number - 100)) $number"
		for _ in 1 2 3 4 5 6; do get "/raise/$number"; done
		wait_noted "own $((number - 100)) $number" 7
		[ "$(grep -c "^own" "$NOTES")" -eq 7 ]
		wm_wait_for "the count" 20 stats_say \
		    "sum(w[i]['signal_errors'] for i in w) == 1"
		wm_stop
	done
}

@test "what is for all workers is kept for who starts, and for who comes after a death" {
	local lost n
	export GATE=$WM_TMP/gate
	signals_prepare
	PORT=$(wm_port)
	wm_launch --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --pythonpath "$WM_APPS" --module user_signals --processes 2
	# Worker 2 waits at its gate. 1 has the signals at once, 2 when it has
	# started.
	wm_wait_for "worker 1" 30 get /raise/2
	get /raise/2/2
	wait_noted "everybody 1" 3
	not noted "everybody 2"
	stats_say "s['signal_queue'] >= 3 and w[2]['state'] != 'ready'"
	touch gate
	wait_noted "everybody 2" 3
	wm_wait_for "no more" 20 stats_say "s['signal_queue'] == 0"
	noted "everybody 1" 3 && not noted "everybody 1" 4
	# The next one, one that dies while it starts, and an empty seat.
	rm gate
	: >"$NOTES"
	kill -9 "$(worker_pid 2)"
	wm_wait_for "the next one" 30 stats_say "w[2]['state'] == 'starting'"
	get /raise/2
	wait_noted "everybody 1"
	kill -9 "$(worker_pid 2)"
	wm_wait_for "a pause" 30 wm_log_has "worker 2 is started again in"
	get /raise/2
	wait_noted "everybody 1" 2
	touch gate
	wait_noted "everybody 2" 2
	# Not without end.
	rm gate
	kill -9 "$(worker_pid 2)"
	wm_wait_for "the next one" 30 stats_say "w[2]['state'] == 'starting'"
	: >"$NOTES"
	lost=$(stats "s['signals_lost']")
	for n in 100 200 300; do
		get /flood/2/100
		wait_noted "everybody 1" "$n"
	done
	stats_say "s['signals_lost'] - $lost == 300 - 256"
	wm_log_has "is lost: a worker has too many to come"
	stats_say "s['signal_queue'] == 256"
	[ "$(metric signals_waiting)" -eq 256 ]
	touch gate
	wait_noted "everybody 2" 256
	wm_wait_for "no more" 20 stats_say "s['signal_queue'] == 0"
	# Here 5 and 300 were raised; a timer goes on.
	[ "$(metric signals_lost_total)" -eq "$(stats "s['signals_lost']")" ]
	n=$(stats "s['signals_routed']")
	[ "$n" -ge 305 ]
	[ "$(metric signals_routed_total)" -ge "$n" ]
	[ "$(metric signals_raised_total)" -ge "$n" ]
	[ "$(metric worker_signals_total)" -ge 305 ]
	[ "$(metric worker_signal_exceptions_total)" -eq 0 ]
	not noted "everybody 2" 257
	wm_stop
}

# The request that waits for what nobody raises is there.
waits_at() {
	stats_say "any(c.get('path') == '$1'
	    for c in w[1]['cores'] + w[2]['cores'])"
}

@test "signal_wait parks the request until the signal has come, or the worker leaves" {
	local engine answer
	signals_prepare
	for engine in $(engines); do
		: >"$NOTES"
		engine_start "$engine" --module user_signals --processes 2 \
		    --stats "$STATS"
		get /wait/1 30 >answer &
		answer=$!
		until ! kill -0 $answer 2>/dev/null; do
			get /raise/1
			sleep 0.1
		done
		grep -Fx "[-1, \"b''\", 1]" answer || wm_fail "$(cat answer)"
		# Nobody raises this one.
		get /leave 30 >left &
		answer=$!
		wm_wait_for "the request" 20 waits_at /leave
		sleep 0.1	# it is in the call
		case $engine in
		none | threads) kill -HUP "$WM_PID" ;;
		*) wm_stop ;;
		esac
		wait $answer
		grep -Fx '"error waiting for signal: this worker leaves"' \
		    left || wm_fail "$(cat left)"
		case $engine in
		none | threads)
			# A stop would kill who is still starting.
			wm_wait_for "the reload" 20 wm_log_has "reload done"
			wm_stop
			;;
		esac
		not wm_log_has "was killed|its deadline"
	done
}

@test "what cannot be is refused where it is asked for" {
	signals_start
	get /bad >bad
	jq -e 'to_entries | map(.value) | unique == ["ValueError"]' bad
	[ "$(get /registered)" = "[true, null, 0]" ]
	get /unregister/1
	[ "$(get /registered)" = "[null, null, 0]" ]
	wm_stop
	run "$WSGIMASTER" --check --module user_signals \
	    --remote-signals 29-20 --remote-signals 256
	[ "$status" -ne 0 ]
	[[ $output == *'"remote-signals" must be'*'"29-20"'*'"256"'* ]]
	run "$WSGIMASTER" --check --module user_signals --timer "1 0" \
	    --timer "256 1" --timer 5 --touch-signal file --fs-signal "5 x"
	[ "$status" -ne 0 ]
	[[ $output == *'"signal-timer" must'*'"1 0"'*'"256 1"'*'"5"'* ]]
	[[ $output == *'"touch-signal" must be'*'"fs-signal" must be'* ]]
}

@test "timers tick while every core is taken, so often as they shall, until removed" {
	local before request
	signals_start --async 1 --greenlet
	get /hold 60 >/dev/null &
	request=$!
	wm_wait_for "the request" 20 stats_say "w[1]['busy_cores'] == 1"
	before=$(grep -c tick "$NOTES") || :
	wait_noted "tick 1" $((before + 6))
	stats_say "w[1]['busy_cores'] == 1"
	wait_noted "thrice 1" 3
	before=$(grep -c tick "$NOTES") || :
	wait_noted "tick 1" $((before + 3))
	[ "$(grep -c thrice "$NOTES")" -eq 3 ]
	touch "$NOTES.go"
	wait $request
	wm_stop
	signals_start
	wait_noted "tick 1" 3
	get /remove/10
	# Its one worker handles this behind whatever ticks there were.
	get /raise/1
	wait_noted "one 1 1 1"
	before=$(grep -c tick "$NOTES") || :
	sleep 0.5
	[ "$(grep -c tick "$NOTES")" -eq "$before" ]
	wm_stop
}

@test "the options: timers, files that raise signals, that start mules and spoolers anew" {
	local mule spooler worker
	mkdir spool
	signals_start --mules 1 --spooler spool --timer "1 0.2" \
	    --rbtimer "2 0.3" --touch-signal "$WM_TMP/a 9" --fs-signal "b 8" \
	    --touch-mules-reload "$WM_TMP/c" \
	    --touch-spoolers-reload "$WM_TMP/d"
	wait_noted "one 1 1 1" 2
	wait_noted "everybody 1" 2
	wm_wait_for "the mule and the spooler" 30 stats_say \
	    "s['mules'][0]['state'] == s['spoolers'][0]['state'] == 'ready'"
	wm_wait_for "the first look" 20 wm_log_has \
	    '"touch-signal": .*/a is not there yet'
	: >a
	wait_noted "mules mule1"
	: >b
	wait_noted "mule mule1 8"
	mule=$(stats "s['mules'][0]['pid']") worker=$(worker_pid 1)
	spooler=$(stats "s['spoolers'][0]['pid']")
	: >c
	wm_wait_for "another mule" 30 stats_say "s['mules'][0]['pid'] not in
	    (0, $mule) and s['mules'][0]['state'] == 'ready'"
	[ "$(stats "s['spoolers'][0]['pid']")" = "$spooler" ]
	: >d
	wm_wait_for "another spooler" 30 stats_say "s['spoolers'][0]['pid']
	    not in (0, $spooler) and s['spoolers'][0]['state'] == 'ready'"
	[ "$(worker_pid 1)" = "$worker" ]
	# One that the app removes is gone.
	get /remove/1
	sleep 0.3
	: >"$NOTES"
	wait_noted "everybody 1" 3
	not noted "one 1 1 1"
	not wm_log_has "was killed"
	wm_stop
}

@test "a file monitor sees writes, replacements, removals, and what comes after" {
	local step n=0
	mkdir folder
	echo 1 >folder/watched
	export WATCHED=$WM_TMP/folder/watched
	signals_start
	wait_noted "version 1 None" 1
	for step in "echo 2 >>folder/watched" \
	    "echo 3 >new && mv new folder/watched" \
	    "echo 4 >>folder/watched" "rm folder/watched" \
	    "echo 5 >folder/watched" "touch folder/watched"; do
		: >"$NOTES"
		eval "$step"
		wm_wait_for "$step" 20 noted "changed 1"
		sleep 0.7	# what else it causes
	done
	wm_stop
	export WATCHED=$WM_TMP/folder
	signals_start
	wait_noted "version 1 None" 1
	echo 6 >>folder/watched
	wait_noted "changed 1"
	wm_stop
}

@test "a reload replaces the timers; one that fails changes nothing" {
	local before request
	cp "$WM_APPS/user_signals.py" app.py
	signals_prepare
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --pythonpath . --module app --async 2 --greenlet
	wait_noted "tick 1" 2
	cat >>app.py <<-END
	uwsgi.add_ms_timer(7, 100)      # it must not start
	time.sleep(1.5)
	raise LookupError('code that does not load')
	END
	kill -HUP "$WM_PID"
	wm_wait_for "the failure" 30 wm_log_has "reload failed"
	not noted "slow 1"
	before=$(grep -c tick "$NOTES") || :
	wait_noted "tick 1" $((before + 3))
	not noted "slow 1"
	sed -e '$d' -e 's/^if os.environ.get("VERSION") == "2":/if True:/' \
	    -e 's/"version", os.environ.get("VERSION")/"version", "new"/' \
	    "$WM_APPS/user_signals.py" >app.py
	sed -n '$p' "$WM_APPS/user_signals.py" >>app.py
	# The old worker, and so its generation, stays for a while.
	get /hold 60 >/dev/null &
	request=$!
	wm_wait_for "the request" 20 stats_say "w[1]['busy_cores'] == 1"
	kill -HUP "$WM_PID"
	wait_noted "version 1 new" 2
	before=$(stats "s['signals_lost']")
	# What the old timers have raised may be on its way for a moment.
	only_new_ones() {
		: >"$NOTES"
		wait_noted "version 1 new" 4
		not noted "tick 1"
		not noted "version 1 None"
	}
	wm_wait_for "the end of the old timers" 20 only_new_ones
	stats_say "s['signals_lost'] == $before"
	kill -0 $request
	touch "$NOTES.go"
	wait $request
	wm_stop
}

@test "what workers have registered outlives the spawner's death" {
	local before spawner
	signals_start --lazy-apps --processes 2
	wait_noted "tick [12]" 2
	spawner=$(pgrep -P "$WM_PID" -x wm-spawner)
	kill -KILL "$spawner"
	wm_wait_for "another one" 20 loaded 2
	before=$(grep -c tick "$NOTES") || :
	wait_noted "tick [12]" $((before + 3))
	wm_stop
}

@test "a flood of signals starves nobody, and what is lost is counted" {
	signals_start --processes 2
	get /flood/7/20000 60
	get /id
	stats_say "s['signal_queue'] <= 1024"
	wm_wait_for "a loss" 20 wm_log_has "is lost"
	wm_wait_for "room in the queue" 30 stats_say "s['signal_queue'] < 900"
	: >"$NOTES"
	get /raise/1
	wait_noted "one [12] 1 1"
	wm_stop
}

@test "signal_wait ends, where it blocks the worker, when the master is gone" {
	local worker
	signals_start
	worker=$(worker_pid 1)
	# Nobody raises it; a timer raises 13.
	get /wait/7 30 >/dev/null 2>&1 &
	wm_wait_for "the request" 20 stats_say \
	    "any(c['path'] == '/wait/7' for c in w[1]['cores'])"
	sleep 0.2
	kill -KILL "$WM_PID"
	wm_wait_for "the worker's end" 30 wm_is_gone "$worker"
	[ "$(wm_log | grep -c "the master is gone")" -eq 1 ]
}

@test "a worker that drains finishes its handler, one that dies loses only its own" {
	signals_start --processes 2 --async 2 --greenlet
	get /raise/4
	wait_noted "waits [12]"
	wm_stop
	noted "waited [12]"
	signals_start --processes 2
	get /raise/14
	wait_noted "holds [12]"
	kill -9 "$(worker_pid "$(sed -n 's/^holds //p' "$NOTES")")"
	wm_wait_for "its death" 30 wm_log_has "JOB signal:14"
	wm_wait_for "the next worker" 30 workers_ready
	get /raise/1
	wait_noted "one [12] 1 1"
	wm_stop
}

@test "the decorators, and a post_fork_hook that waits for a signal, as in uWSGI's examples" {
	signals_prepare
	PORT=$(wm_port)
	cat >app.py <<-'END'
	import os
	import uwsgi
	from uwsgidecorators import *

	def note(*words):
	    with open(os.environ["NOTES"], "a") as f:
	        print(*words, file=f)

	@signal(17, target="workers")
	def hello(number):
	    note("hello", uwsgi.worker_id(), number)

	@timer(1)
	def second(number):
	    note("second", number)

	@mstimer(500)
	def half(number):
	    note("half", number)

	@rbtimer(0.2, iterations=2, signum=60, target="worker2")
	def twice(number):
	    note("twice", number)

	@filemon(".")
	def here(number):
	    note("here", number)

	@cron(59, -1, -1, -1, -1)
	def hourly(number):
	    pass

	@postfork
	def wait_for_signal():
	    if uwsgi.worker_id() == 1:
	        uwsgi.signal_wait(17)
	        note("received", uwsgi.signal_received())

	def application(environ, start_response):
	    uwsgi.signal(17)
	    start_response("200 OK", [])
	    return [str(hourly.__name__).encode()]
	END
	wm_launch --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --wsgi-file app.py --processes 2
	# Worker 2 raises it; 1 may not wait for it yet.
	wm_wait_for "worker 2" 30 get /
	wait_noted "received 17"
	wm_wait_for "the server" 30 wm_log_has "wsgimaster ready"
	[ "$(get /)" = hourly ]
	wait_noted "received 17"
	wait_noted "hello 1 17"
	wait_noted "hello 2 17"
	wait_noted "second 0"
	wait_noted "half 1" 2
	wait_noted "twice 60" 2
	touch changed
	wait_noted "here 2"
	wm_stop
}
