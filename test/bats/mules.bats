#!/usr/bin/env bats
# Mules: messages, farms, scripts; their death, reloads, stops, floods.

load engines
load lifecycle

# mules_start ARGS...: a server of test/apps/mules.py, with statistics.
mules_start() {
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	: >notes
	wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --wsgi-file "$WM_APPS/mules.py" "$@"
	wm_wait_for "the mules" 20 stats_say \
	    "all(m['state'] == 'ready' for m in s['mules'])"
}

# tell TO BODY: what mule_msg() says; TO may be empty.
tell() {
	curl -fsS -m 20 --data-binary "$2" "http://127.0.0.1:$PORT/msg/$1"
}

# noted PATTERN: a line of the notes matches.
noted() {
	grep -qE "$1" notes
}

# noted_times PATTERN N
noted_times() {
	[ "$(grep -cE "$1" notes)" -eq "$2" ]
}

mule_pid() {
	stats "s['mules'][$1 - 1]['pid']"
}

# mule_is STATE GENERATION: the first one.
mule_is() {
	stats_say "(s['mules'][0]['state'], s['mules'][0]['generation']) ==
	    ('$1', $2)"
}

# mule_kill SIGNAL N: if that mule is there (0 would be this test's group).
mule_kill() {
	local pid
	pid=$(mule_pid "$2")
	[ "$pid" -le 1 ] || kill "-$1" "$pid" || true
}

@test "messages go to a mule, to any, to a farm; names, numbers, hooks" {
	mules_start --mules 3 --farm odd:1,3 --farm two:2
	noted_times "forked 0 True True" 2
	noted_times "^2 [0-9]+ forked 0 True None" 1
	ps -o comm= -s "$WM_PID" | grep -x wm-mule-2
	[ "$(tell 2 'to the second')" = '[True]' ]
	wm_wait_for "the message" 20 noted "^2 $(mule_pid 2) ends to the second"
	[ "$(tell two farm)" = '[True]' ]
	wm_wait_for "the farm's" 20 noted "^2 $(mule_pid 2) ends farm"
	tell odd $'f\nf\nf\nf\nf\nf'
	wm_wait_for "the farm's six" 20 noted_times " ends f\$" 6
	not grep -E "^2 .*begins f\$" notes
	tell '' any
	wm_wait_for "any mule's" 20 noted " ends any"
	[ "$(tell 4 x)" = "ValueError: invalid mule number" ]
	[ "$(tell none x)" = "ValueError: unknown farm" ]
	wm_stop
	noted_times " atexit" 3
}

@test "without mules mule_msg raises ValueError" {
	mules_start
	[ "$(tell '' x)" = "ValueError: no mule configured" ]
	wm_stop
}

@test "a handler that raises is logged, and the mule goes on; what it forks ends" {
	mules_start --mules 1
	tell 1 $'raise\nfork\nnext'
	wm_wait_for "the next" 20 noted "ends next"
	wm_log_has "LookupError: as told"
	noted_times "ends fork" 1
	noted_times "begins next" 1
	# The last is counted when it is over.
	wm_wait_for "the count" 20 stats_say "s['mules'][0]['messages'] == 3"
	[ "$(stats "s['mules'][0]['exceptions']")" = 1 ]
	wm_stop
}

@test "a mule that is killed at work loses that message only" {
	local i lines=
	mules_start --mules 1
	for i in {1..40}; do
		lines+="n$i"$'\n'
	done
	lines+=kill$'\n'
	for i in {41..80}; do
		lines+="n$i"$'\n'
	done
	tell 1 "${lines}last"
	wm_wait_for "the last one" 30 noted "ends last"
	noted_times "ends n[0-9]+" 80
	noted_times "begins n[0-9]+" 80
	noted_times "begins kill" 1
	[ "$(stats "s['mules'][0]['respawns']")" = 1 ]
	wm_log_has "mule 1 .* died: killed by signal 9"
	wm_stop
}

@test "kill -9 of a mule again and again, under load: nothing else is lost" {
	local i
	mules_start --mules 2
	for i in {1..10}; do
		tell '' "m$i"$'\n'"sleep 0.2" >/dev/null
		mule_kill KILL $((i % 2 + 1))
	done
	# A kill loses the message that it hits, also one that was just taken and
	# is not noted yet; all others are done, once.
	tell '' last
	wm_wait_for "the last one" 60 noted "ends last"
	all_done() {
		local ended kills
		ended=$(grep -cE "ends (m|sleep)" notes)
		kills=$(stats "sum(m['respawns'] for m in s['mules'])")
		[ "$kills" -le 10 ] && [ $((ended + kills)) -ge 20 ]
	}
	wm_wait_for "all of them" 20 all_done
	[ "$(grep -oE "begins m[0-9]+" notes | sort | uniq -d)" = "" ]
	wm_stop
}

@test "one that keeps dying waits longer each time" {
	cat >dies.py <<-'END'
	raise SystemExit(7)
	END
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" \
	    --wsgi-file "$WM_APPS/mules.py" --mule=dies.py
	wm_wait_for "the third pause" 20 \
	    wm_log_has "mule 1 is started again in 0.4 seconds"
	wm_log_has "mule 1 .* died: exit status 7"
	[ "$(curl -fsS -d x "http://127.0.0.1:$PORT/msg")" = '[True]' ]
	wm_stop
}

@test "a reload: the old one finishes its message, then the new one goes on" {
	local old
	mules_start --mules 1
	old=$(mule_pid 1)
	tell 1 $'hold\nafter'
	wm_wait_for "the first" 20 noted "begins hold"
	kill -HUP "$WM_PID"
	wm_wait_for "its leave" 30 stats_say \
	    "s['mules'][0]['state'] == 'draining'"
	touch go
	wm_wait_for "the second" 30 noted "ends after"
	noted "^1 $old ends hold"
	noted "^1 $old atexit"
	not grep -E "^1 $old (begins|ends) after" notes
	noted_times "begins" 2
	# Never two at once.
	[ "$(grep -nE "^1 $old atexit" notes | cut -d: -f1)" -lt \
	    "$(grep -nE "forked" notes | tail -1 | cut -d: -f1)" ]
	wm_stop
}

@test "a reload that fails leaves the old mule" {
	local old
	cat "$WM_APPS/mules.py" >app.py
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --wsgi-file app.py --mules 1
	wm_wait_for "the mule" 20 wm_log_has "mule 1 .* is ready"
	old=$(mule_pid 1)
	echo "raise LookupError" >>app.py
	kill -HUP "$WM_PID"
	wm_wait_for "the failure" 20 wm_log_has "reload failed"
	[ "$(mule_pid 1)" = "$old" ]
	tell 1 still
	wm_wait_for "its answer" 20 noted "^1 $old ends still"
	wm_stop
}

@test "a reload and a stop do not wait for a mule that is not ready yet" {
	local old new
	cat "$WM_APPS/mules.py" - >app.py <<-'END'
	with open("loads", "a") as loads:
	    loads.write("x")
	LOADED = os.path.getsize("loads")
	def hold():
	    if os.path.exists(f"hold{LOADED}"):
	        time.sleep(100)
	os.register_at_fork(after_in_child=hold)
	END
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --wsgi-file app.py --mules 1
	wm_wait_for "the mule" 20 mule_is ready 1
	touch hold1
	mule_kill KILL 1
	wm_wait_for "another, which hangs" 20 mule_is starting 1
	old=$(mule_pid 1)
	kill -HUP "$WM_PID"
	wm_wait_for "the new one" 20 mule_is ready 2
	wm_log_has "mule 1 .pid $old. has left: it was killed"
	touch hold2
	mule_kill KILL 1
	wm_wait_for "another, which hangs" 20 mule_is starting 2
	new=$(mule_pid 1)
	wm_stop
	wm_log_has "mule 1 .pid $new. has left: it was killed"
}

@test "a stop: what waits is worked off; who does not end is killed" {
	local i lines=
	mules_start --mules 1
	for i in {1..20}; do
		lines+="sleep 0.02"$'\n'
	done
	tell 1 "${lines}last"
	wm_stop
	noted "ends last"
	noted " atexit"
	mules_start --mules 1 --mule-reload-mercy 1
	tell 1 hang
	wm_wait_for "the hang" 20 noted "begins hang"
	wm_stop
	wm_log_has "mule 1 .* has not left within 1 seconds .*killing it"
}

@test "a flood: False when the queue is full, and nobody blocks" {
	local answer full i
	mules_start --mules 1 --mule-msg-size 4096
	tell 1 hold
	wm_wait_for "that it is busy" 20 noted "begins hold"
	answer=$(tell 1 "$(printf 'x%s\n' {1..200})")
	grep -q "True, False" <<<"$answer"
	full=$(grep -o True <<<"$answer" | wc -l)
	wm_log_has "a queue of the mules is full .mule-msg-size"
	touch go
	wm_wait_for "what was taken" 30 noted_times "ends x" "$full"
	wm_stop
}

@test "a script is a program of its own: __main__, SystemExit, finally" {
	cat >script.py <<-'END'
	import os, uwsgi, wsgimaster
	def note(text):
	    with open("notes", "a") as f:
	        f.write(f"{uwsgi.mule_id()} {os.getpid()} {text}\n")
	if __name__ == "__main__":
	    note(f"{__file__} {uwsgi.mule_file().decode()}")
	try:
	    wsgimaster.sleep(0.01)
	    while True:
	        note("got " + repr(uwsgi.mule_get_msg(timeout=30)))
	finally:
	    note("finally")
	END
	cat >called.py <<-'END'
	import time, uwsgi
	from script_note import note
	def forever():
	    note("called")
	    try:
	        while True:
	            time.sleep(1000)
	    except SystemExit as end:
	        note(f"exit {end.code}")
	        raise
	END
	cat >script_note.py <<-'END'
	import uwsgi
	def note(text):
	    with open("notes", "a") as f:
	        f.write(f"{uwsgi.mule_id()} 0 {text}\n")
	END
	mules_start --mule=script.py --mule=called:forever --mules 1
	wm_wait_for "the script" 20 noted "^1 [0-9]+ script.py script.py"
	wm_wait_for "the function" 20 noted "^2 0 called"
	tell 1 hello
	wm_wait_for "the message" 20 noted "^1 [0-9]+ got b'hello'"
	tell 3 bare
	wm_wait_for "the bare one's" 20 noted "^3 [0-9]+ ends bare"
	kill -HUP "$WM_PID"
	wm_wait_for "the end of both" 20 noted "finally"
	wm_wait_for "the end of both" 20 noted "^2 0 exit 0"
	wm_wait_for "both again" 20 noted_times "script.py|called" 4
	wm_stop
	noted_times "finally|exit 0" 4
}

@test "a script's own handler of SIGTERM is what it gets" {
	cat >script.py <<-'END'
	import signal, sys, time
	def term(number, frame):
	    open("termed", "w").close()
	    sys.exit(0)
	signal.signal(signal.SIGTERM, term)
	open("up", "w").close()
	while True:
	    time.sleep(1000)
	END
	mules_start --mule=script.py
	wm_wait_for "the script" 20 test -e up
	wm_stop
	[ -e termed ]
}

@test "a group's TERM does not end a mule before the master does" {
	mules_start --mules 1
	mule_kill TERM 1
	mule_kill INT 1
	tell 1 here
	wm_wait_for "the message" 20 noted "ends here"
	noted_times forked 1
	wm_stop
}

@test "the master is killed: its mules leave" {
	local one two
	cat >script.py <<-'END'
	import time
	while True:
	    time.sleep(1000)
	END
	mules_start --mule=script.py --mules 1 --pidfile pid
	one=$(mule_pid 1) two=$(mule_pid 2)
	kill -KILL "$WM_PID"
	wm_wait_for "the script" 20 wm_is_gone "$one"
	wm_wait_for "the bare one" 20 wm_is_gone "$two"
	noted " atexit"
}

@test "mule-harakiri: one that works too long is killed, with its stack" {
	mules_start --mules 1 --mule-harakiri 1
	tell 1 $'hang\nnext'
	wm_wait_for "the next one" 30 noted "ends next"
	wm_log_has "works on one thing for longer"
	wm_log_has "File .*mules.py"
	wm_stop
}

@test "a mule can ask for a reload, and for a stop; an empty message is one" {
	mules_start --mules 1
	tell 1 $'\nreload'
	wm_wait_for "the reload" 20 wm_log_has "generation 2 serves"
	noted "^1 [0-9]+ ends \$"
	wm_log_has "reload .mule 1 "
	tell 1 stop
	wm_wait_left
	[ "$WM_STATUS" -eq 0 ]
	wm_log_has "stopping .mule 1 "
}

@test "set_user_harakiri in a mule: what it does now has a limit" {
	cat >script.py <<-'END'
	import time, uwsgi
	from uwsgidecorators import harakiri
	with open("runs", "a") as f:
	    f.write("x")
	@harakiri(20)
	def quick():
	    pass
	quick()
	uwsgi.set_user_harakiri(1)
	time.sleep(1000)
	END
	mules_start --mule=script.py
	wm_wait_for "the second run" 20 grep -q xx runs
	wm_log_has "works on one thing for longer"
	wm_stop
}

@test "a mule lets no clients in: it has no listening socket" {
	local pid
	mules_start --mules 1
	pid=$(mule_pid 1)
	tell 1 hold
	wm_wait_for "that it is busy" 20 noted "begins hold"
	kill -TERM "$WM_PID"
	refused_now() {
		! curl -s -m 2 -o /dev/null "http://127.0.0.1:$PORT/" &&
		    [ "$(curl -s -m 2 -o /dev/null -w '%{exitcode}' \
		    "http://127.0.0.1:$PORT/")" = 7 ]
	}
	wm_wait_for "a refusal" 10 refused_now
	wm_is_running "$pid"
	touch go
	wm_wait_left
}

@test "log files are opened again, and the level is taken, by a busy mule" {
	mules_start --mules 1 --logto "$WM_TMP/log" --log-level info \
	    --control-socket "$WM_TMP/control.sock"
	tell 1 hold
	wm_wait_for "that it is busy" 20 noted "begins hold"
	mv log old
	kill -USR1 "$WM_PID"
	wm_wait_for "the new file" 20 test -s log
	mule_writes_there() {
		[ "$(readlink -f "/proc/$(mule_pid 1)/fd/2")" = \
		    "$(readlink -f log)" ]
	}
	wm_wait_for "the mule's" 20 mule_writes_there
	not noted "ends hold"
	touch go
	wm_stop
}

ready_twice() {
	[ "$(log_count "wsgimaster ready")" -ge 2 ]
}

@test "an upgrade: the new mule starts when the old one is gone" {
	local old
	mules_start --mules 1 --pidfile "$WM_TMP/pid"
	old=$(mule_pid 1)
	tell 1 $'hold\nafter'
	wm_wait_for "the first" 20 noted "begins hold"
	kill -USR2 "$WM_PID"
	wm_wait_for "the new server" 30 ready_twice
	noted_times "forked" 1
	touch go
	wm_wait_for "the new mule" 30 noted_times "forked" 2
	noted "^1 $old ends after"
	[ "$(tail -1 notes | cut -d' ' -f3)" = forked ]
	wm_wait_for "the old master's end" 30 wm_is_gone "$WM_PID"
	kill -TERM "$(cat pid)"
	wm_wait_left
}

@test "a mule that was just about to wait hears that it is to leave" {
	[ "$WM_SANITIZERS" != yes ] || skip "a sanitizer must come first"
	command -v cc || skip "needs a C compiler"
	cat >gate.c <<-'END'
	#define _GNU_SOURCE
	#include <fcntl.h>
	#include <poll.h>
	#include <string.h>
	#include <sys/prctl.h>
	#include <unistd.h>
	/* A mule's main thread stands before poll() while "gate" is there. */
	int
	poll(struct pollfd *fds, nfds_t n, int ms)
	{
		struct timespec	 t = { ms / 1000, ms % 1000 * 1000000L };
		char		 name[17] = "";
		int		 i;

		prctl(PR_GET_NAME, name);
		for (i = 0; strcmp(name, "wm-mule-1") == 0 &&
		    gettid() == getpid() && access("gate", F_OK) == 0 &&
		    i < 3000; i++) {
			close(open("stands", O_CREAT | O_WRONLY, 0600));
			usleep(10000);
		}
		return ppoll(fds, n, ms < 0 ? NULL : &t, NULL);
	}
	END
	cc -shared -fPIC -o gate.so gate.c
	echo 'import uwsgi; uwsgi.mule_get_msg(signals=False)' >script.py
	touch gate
	LD_PRELOAD=$WM_TMP/gate.so wm_start --mule=script.py \
	    --http-socket "127.0.0.1:$(wm_port)" --log-level debug \
	    --wsgi-file "$WM_APPS/mules.py"
	wm_wait_for "the mule" 20 test -e stands
	kill -TERM "$WM_PID"
	wm_wait_for "the word" 20 wm_log_has "mule 1 .*told to leave"
	sleep 0.2		# for the signal behind it
	rm gate
	wm_wait_left
}

@test "decorators: mule, muleloop, mulemsg, farm, mulefunc" {
	cat >app.py <<-'END'
	import sys, time
	from uwsgidecorators import *
	def note(text):
	    with open("notes", "a") as f:
	        f.write(f"{uwsgi.mule_id()} 0 {text}\n")
	@mule(1)
	def once():
	    note("mule")
	    time.sleep(1000)
	@muleloop(2)
	def again():
	    note("loop")
	    time.sleep(0.3)
	@mulemsg(3)
	def message(m):
	    if m != b"m":	# it hears what is for any mule, too
	        time.sleep(0.1)
	        uwsgi.mule_msg(m)
	        return
	    note("message " + m.decode())
	@farm("f")
	def farmed(m):
	    note("farm " + m.decode())
	@mulefunc
	def anywhere(a, b=0):
	    "What it does."
	    note(f"anywhere {a} {b}")
	@mulefunc(5)
	def there(a):
	    note(f"there {a}")
	def application(environ, start_response):
	    start_response("200 OK", [])
	    return [repr([uwsgi.mule_msg(b"m", 3), uwsgi.farm_msg("f", b"n"),
	        anywhere(1, b=[2]), there("x"), anywhere.__name__,
	        anywhere.__doc__, uwsgi.mule_msg(b"not pickled", 5)]).encode()]
	END
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --wsgi-file app.py --mules 6 \
	    --farm f:4
	[ "$(curl -fsS "http://127.0.0.1:$PORT/")" = \
	    "[True, True, True, True, 'anywhere', 'What it does.', True]" ]
	wm_wait_for "mule" 20 noted "^1 0 mule"
	wm_wait_for "muleloop" 20 noted_times "^2 0 loop" 3
	wm_wait_for "mulemsg" 20 noted "^3 0 message m"
	wm_wait_for "farm" 20 noted "^4 0 farm n"
	wm_wait_for "mulefunc" 20 noted "^[56] 0 anywhere 1 .2."
	wm_wait_for "mulefunc(5)" 20 noted "^5 0 there x"
	wm_stop
}

@test "in a mule anything that blocks works, under every engine" {
	local engine
	cp "$WM_APPS/mule_engines.py" .
	for engine in $(engines); do
		rm -f done
		engine_start "$engine" --module mules --mule=mule_engines.py
		wm_wait_for "$engine's mule" 30 test -e done
		wm_stop
		[ "$(cat done)" = ok ] || wm_fail "$engine: $(cat done)"
	done
}

@test "bad values are refused, by name" {
	wm_refuses '"farm": the farm "f" names mule 3; there are 2' \
	    --mules 2 --farm f:3
	wm_refuses '"farm": must be "name:1,2"' --mules 2 --farm f
	wm_refuses 'where the number of a mule is expected' --mules 2 --farm f:1,x
	wm_refuses 'there are two with the name "f"' --mules 2 --farm f:1 \
	    --farm f:2
	wm_refuses '"mule" and "mules" make 257 mules' --mules 256 --mule
	wm_refuses 'mules must be an integer from 0' --mules -1
}
