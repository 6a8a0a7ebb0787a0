#!/usr/bin/env bats
# USR2: a new binary takes over from the old one, or the old one serves on.
#
# WM_UPGRADES=20 replaces the server under load so often under each engine.
# Runs early: it takes long.

load engines
load lifecycle

# up_start ARGS...: a server with a pidfile, and a unix socket beside the port.
up_start() {
	life_start --http-socket "$WM_TMP/app.sock" --pidfile "$WM_TMP/pid" "$@"
	OLD=$WM_PID
}

# up_start_config JSON: the same from app.json, which can be changed.
up_start_config() {
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	up_config "$1"
	wm_start -c app.json
	OLD=$WM_PID
}

up_config() {
	cat >app.json <<-END
	{"http-socket": ["127.0.0.1:$PORT", "$WM_TMP/app.sock"],
	 "stats": "$STATS", "pidfile": "$WM_TMP/pid",
	 "wsgi-file": "$WM_APPS/lifecycle.py"${1:+, $1}}
	END
}

# Whether somebody else's pid is in the pidfile, and the old master is gone.
replaced() {
	local pid
	pid=$(cat "$WM_TMP/pid") && [ "$pid" != "$OLD" ] && wm_is_gone "$OLD"
}

# up USR2 and wait; NEW is the new master, OLD will be that the next time.
up() {
	OLD=$(cat "$WM_TMP/pid")
	kill -USR2 "$OLD"
	wm_wait_for "the upgrade" 30 replaced || {
		ps -o pid,ppid,stat,wchan:20,comm -s "$WM_PID" >&2
		wm_fail "old master $OLD, pidfile $(cat "$WM_TMP/pid")" ||
			return
	}
	NEW=$(cat "$WM_TMP/pid")
}

version_is() {
	[ "$(get / | cut -d' ' -f3)" = "$1" ]
}

# up_stop: TERM to the master that serves; all processes and files must go.
up_stop() {
	local pid left
	pid=$(cat "$WM_TMP/pid")
	kill -TERM "$pid"
	wm_wait_for "the server to leave" "$WM_LIMIT" wm_is_gone "$pid"
	wm_wait_for "its processes to leave" 10 wm_session_is_gone "$WM_PID"
	left=$(find "$WM_TMP" -type s -o -name 'pid*')
	[ -z "$left" ] || wm_fail "left behind: $left"
}

# The new master's pid while it is tried, of the log.
tried_pid() {
	sed -n 's/.*starts as the new master, with pid \([0-9]*\)$/\1/p' \
	    "$WM_LOG" | tail -n 1
}

# What makes the next master's app load until there is a file "go".
load_until_go() {
	cat >>import.py <<-'END'
	for _ in range(1200):
	    if os.path.exists("go"):
	        break
	    time.sleep(0.05)
	END
}

@test "USR2 starts the program again, and it takes over" {
	local status=0
	ln -s "$WSGIMASTER" server
	cp "$WSGIMASTER" other
	WSGIMASTER=./server up_start -p 2
	ln -sf other server		# what an installation does
	echo 'VERSION = "2"' >import.py
	up
	wait "$WM_PID" || status=$?
	[ "$status" -eq 0 ]
	[ "$(readlink "/proc/$NEW/exe")" = "$WM_TMP/other" ]
	version_is 2
	[ "$(curl -fsS --unix-socket app.sock http://x/ | cut -d' ' -f3)" = 2 ]
	[ "$(stats "s['pid']")" = "$NEW" ]
	[ "$(ps -o ppid= -p "$(worker_pid 1)" | tr -d ' ')" -eq "$NEW" ]
	[ "$(stats "len(w), s['other_workers']")" = "(2, [])" ]
	# Two listeners and its control socket: nothing of the old master's.
	[ "$(find "/proc/$(worker_pid 1)/fd" -lname 'socket:*' | wc -l)" -eq 3 ]
	up_stop
}

# up_loaded ENGINE N: N upgrades under load; every byte of every answer counts.
up_loaded() {
	local i
	rm -f enough
	STATS=$WM_TMP/stats.sock
	engine_start "$1" --stats "$STATS" --pidfile "$WM_TMP/pid" \
	    --module noloss -p 2 --disable-logging
	"$PYTHON" "$WM_SOURCE/test/clients/noloss.py" "$PORT" \
	    --until "$WM_TMP/enough" >load 3>&- 4>&- &
	wm_wait_for "the load" 30 stats_say \
	    "sum(x['requests'] for x in s['workers']) > 20"
	for ((i = 0; i < $2; i++)); do
		up
	done
	touch enough
	wait $! || {
		cat load
		wm_fail "$1: requests were lost"
	}
	echo "$1: $(cat load)"
	grep -Eq '"ok": [0-9]{2,}, "failed": 0,' load
	up_stop
}

@test "no request fails while the server is replaced again and again" {
	up_loaded greenlet "${WM_UPGRADES:-5}"
}

@test "nor does one under any other engine" {
	local engine
	for engine in $(engines); do
		[ "$engine" = greenlet ] ||
			up_loaded "$engine" "${WM_UPGRADES:-2}"
	done
}

@test "with reuse-port each socket is handed over, and the number may change" {
	local i
	up_start_config '"processes": 3, "reuse-port": true'
	up_config '"processes": 2, "reuse-port": true'
	up
	[ "$(stats "sorted(x['worker'] for x in s['sockets'])")" = \
	    "[0, 1, 1, 2]" ]
	for i in $(seq 40); do
		get / 5 >/dev/null	# also those of the third socket
	done
	up_config '"processes": 4, "reuse-port": true'
	up
	[ "$(stats "sorted(x['worker'] for x in s['sockets'])")" = \
	    "[0, 1, 2, 3, 4]" ]
	for i in $(seq 40); do
		get / 5 >/dev/null
	done
	up_stop
}

@test "a port that the system has chosen stays" {
	STATS=$WM_TMP/stats.sock
	wm_start --http-socket 127.0.0.1:0 --stats "$STATS" \
	    --pidfile "$WM_TMP/pid" --wsgi-file "$WM_APPS/lifecycle.py"
	PORT=$(sed -n 's/.*ready: .*127.0.0.1:\([0-9]*\)$/\1/p' "$WM_LOG")
	up
	get / >/dev/null
	up_stop
}

@test "folder, arguments and environment are those of the start" {
	mkdir one two
	echo 'VERSION = "1"' >one/import.py
	echo 'VERSION = "2"' >two/import.py
	ln -s one current
	cd current
	SOME=thing up_start --chdir "$WM_TMP/current" --env OTHER=thing
	version_is 1
	ln -sfn two "$WM_TMP/current"
	up
	version_is 2
	[ "$(readlink "/proc/$NEW/cwd")" = "$WM_TMP/two" ]
	[ "$(get /environment/SOME)" = thing ]
	[ "$(get /environment/WSGIMASTER_INHERIT)" = "not set" ]
	[ "$(get /environment/WSGIMASTER_UPGRADE)" = "not set" ]
	cd "$WM_TMP"
	up_stop
}

@test "a socket that the new configuration does not name is given up" {
	up_start_config '"processes": 1'
	cat >app.json <<-END
	{"http-socket": "127.0.0.1:$PORT", "stats": "$STATS",
	 "pidfile": "$WM_TMP/pid", "wsgi-file": "$WM_APPS/lifecycle.py"}
	END
	up
	wm_log_has "from the old master: no option names $WM_TMP/app.sock"
	[ ! -e app.sock ]
	get / >/dev/null
	up_stop
}

# serves_on WHY: the upgrade has failed, and nothing has changed.
serves_on() {
	wm_wait_for "the failure" 20 wm_log_has \
	    "upgrade failed: .*$1.*; this master serves on"
	wm_wait_for "the new master to leave" 10 no_other_master
	[ "$(cat pid)" = "$OLD" ]
	[ "$(stats "s['pid']")" = "$OLD" ]
	get / >/dev/null
	curl -fsS --unix-socket app.sock http://x/ >/dev/null
	[ "$(stats "len(w), s['other_workers']")" = \
	    "($(stats "s['processes']"), [])" ]
}

no_other_master() {
	[ "$(ps -o comm= -s "$WM_PID" | grep -c '^wm-master\|^wsgimaster')" = 1 ]
}

@test "a bad configuration changes nothing, and the next try may succeed" {
	up_start_config '"processes": 2'
	up_config '"processes": "many"'
	kill -USR2 "$OLD"
	serves_on '"processes"'
	up_config '"processes": 1'
	up
	[ "$(stats "len(w)")" = 1 ]
	up_stop
}

@test "an address that is in use changes nothing" {
	local other
	other=$(wm_port)
	wm_start --http-socket "127.0.0.1:$other" \
	    --wsgi-file "$WM_APPS/lifecycle.py"
	up_start_config '"processes": 1'
	sed -i "s/\[/[\"127.0.0.1:$other\", /" app.json
	kill -USR2 "$OLD"
	serves_on "cannot bind 127.0.0.1:$other"
	up_stop
}

@test "an app that does not load changes nothing" {
	up_start -p 2
	echo 'raise RuntimeError("broken code")' >import.py
	kill -USR2 "$OLD"
	serves_on 'broken code'
	up_stop
}

@test "a worker that does not start changes nothing, also for its neighbour" {
	local i slow=()
	up_start -p 2
	cat >import.py <<-'END'
	VERSION = "2"
	def hook():
	    if uwsgi.worker_id() == 2:
	        time.sleep(1)
	        os._exit(3)
	uwsgi.post_fork_hook = hook
	END
	kill -USR2 "$OLD"
	wm_wait_for "the new master" 20 wm_log_has 'starts as the new master'
	wm_wait_for "its first worker" 20 wm_log_has \
	    "master pid $(tried_pid)\] info: worker 1 .* is ready"
	for i in 1 2 3; do
		get /sleep/2 20 >"slept$i" 3>&- 4>&- &
		slow+=($!)
	done
	serves_on 'worker died before it was ready'
	wait "${slow[@]}"
	[ "$(grep -l '^slept' slept? | wc -l)" -eq 3 ]
	grep -q ' 2$' slept?		# one of them was the new worker's
	rm import.py
	up
	get / >/dev/null
	up_stop
}

@test "a new master that is not ready in time is given up" {
	up_start --start-timeout 1
	echo 'time.sleep(1000)' >import.py
	kill -USR2 "$OLD"
	serves_on 'not loaded within 1 seconds'
	up_stop
}

@test "a new master that hangs is killed" {
	up_start --start-timeout 1
	cat >hang <<-'END'
	#!/bin/sh
	exec sleep 1000
	END
	chmod +x hang
	# By its name, from a folder of its own.
	up_stop
	mkdir bin
	ln -s "$WSGIMASTER" bin/wsgimaster
	PATH=$WM_TMP/bin:$PATH WSGIMASTER=wsgimaster up_start --start-timeout 1
	ln -sf ../hang bin/wsgimaster
	kill -USR2 "$OLD"
	serves_on 'was not ready in time'
	up_stop
}

@test "a program that is not there any more changes nothing" {
	ln -s "$WSGIMASTER" server
	WSGIMASTER=./server up_start
	rm server
	kill -USR2 "$OLD"
	serves_on "cannot execute $WM_TMP/./server: No such file"
	up_stop
}

@test "until it takes over nobody sees the new one; a second USR2 is refused" {
	local i
	up_start
	load_until_go
	kill -USR2 "$OLD"
	wm_wait_for "the new master" 10 wm_log_has 'starts as the new master'
	for i in 1 2 3 4 5 6; do
		[ "$(stats "s['pid']")" = "$OLD" ]
	done
	[ "$(cat pid)" = "$OLD" ]
	kill -USR2 "$OLD"
	wm_wait_for "the refusal" 5 wm_log_has \
	    "upgrade \(SIGUSR2\) refused: one is under way, .* pid $(tried_pid)"
	kill -USR2 "$(tried_pid)"
	wm_wait_for "the other refusal" 5 wm_log_has \
	    'refused: this master has not taken over'
	touch go
	wm_wait_for "the upgrade" 30 replaced
	up_stop
}

@test "a HUP during an upgrade is a reload by the new master" {
	up_start
	echo 'VERSION = "2"' >import.py
	echo 'print("loading", file=open("loading", "w"))' >>import.py
	load_until_go
	kill -USR2 "$OLD"
	# The new one has read this when it says so.
	wm_wait_for "the app" 20 wm_log_has 'is to take over'
	wm_wait_for "the app" 20 grep -q loading loading
	echo 'VERSION = "3"' >import.py
	kill -HUP "$OLD"
	touch go
	wm_wait_for "the upgrade" 30 replaced
	wm_wait_for "the reload" 20 version_is 3
	wm_log_has 'reload \(asked of the old master\)'
	up_stop
}

@test "USR2 during a reload is an upgrade afterwards" {
	up_start
	echo 'time.sleep(1)' >import.py
	kill -HUP "$OLD"
	wm_wait_for "the reload" 5 stats_say "s['reload']['running']"
	up
	wm_log_has 'upgrade \(SIGUSR2\): after the reload'
	wm_log_has 'reload done'
	up_stop
}

@test "TERM during an upgrade stops both" {
	local status=0
	up_start
	echo 'time.sleep(1000)' >import.py
	kill -USR2 "$OLD"
	wm_wait_for "the new master" 10 wm_log_has 'is to take over'
	kill -TERM "$OLD"
	wm_wait_left
	[ "$WM_STATUS" -eq 0 ]
	[ -z "$(find . -type s)" ]
	[ ! -e pid ]
}

@test "QUIT during an upgrade ends both at once" {
	up_start
	echo 'time.sleep(1000)' >import.py
	get /sleep/100 100 >/dev/null 2>&1 3>&- 4>&- &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	kill -USR2 "$OLD"
	wm_wait_for "the new master" 10 wm_log_has 'is to take over'
	kill -QUIT "$OLD"
	wm_wait_for "the server to leave" 8 wm_is_gone "$OLD"
	wm_wait_left
	[ "$WM_STATUS" -eq 0 ]
}

@test "USR1 during an upgrade is for both" {
	up_start --logto "$WM_TMP/log"
	load_until_go
	kill -USR2 "$OLD"
	wm_wait_for "the new master" 10 wm_log_has 'is to take over'
	mv log rotated
	WM_LOG=$WM_TMP/rotated
	NEW=$(tried_pid)
	WM_LOG=$WM_TMP/log
	kill -USR1 "$OLD"
	wm_wait_for "the new one's log" 10 wm_log_has \
	    "master pid $NEW\] info: opened the log again"
	wm_log_has "master pid $OLD\] info: opened the log again"
	touch go
	wm_wait_for "the upgrade" 30 replaced
	up_stop
}

@test "a new master that is told to stop leaves the old one alone" {
	up_start
	echo 'time.sleep(1000)' >import.py
	kill -USR2 "$OLD"
	wm_wait_for "the new master" 10 wm_log_has 'is to take over'
	kill -TERM "$(tried_pid)"
	serves_on SIGTERM
	up_stop
}

@test "a new master that is killed leaves the old one and no orphan" {
	local new
	up_start -p 2 --worker-reload-mercy 2
	cat >import.py <<-'END'
	uwsgi.post_fork_hook = lambda: uwsgi.worker_id() == 2 and time.sleep(1000)
	END
	kill -USR2 "$OLD"
	wm_wait_for "the new master" 10 wm_log_has 'is to take over'
	new=$(tried_pid)
	wm_wait_for "its first worker" 10 wm_log_has \
	    "master pid $new\] info: worker 1 .* is ready"
	kill -KILL "$new"
	serves_on "the new master \(pid $new\) has ended: killed by signal 9"
	# The stuck one is killed when its time is over; the rest leave at once.
	rm import.py
	up_stop
}

@test "if the old master is killed first the new one serves" {
	local new
	up_start -p 2
	load_until_go
	kill -USR2 "$OLD"
	wm_wait_for "the new master" 10 wm_log_has 'is to take over'
	new=$(tried_pid)
	kill -KILL "$OLD"
	touch go
	wm_wait_for "the new master to serve" 20 wm_log_has \
	    "master pid $new\] info: wsgimaster ready"
	wm_log_has "the old master \(pid $OLD\) has died"
	[ "$(cat pid)" = "$new" ]
	[ "$(stats "s['pid']")" = "$new" ]
	get / >/dev/null
	wm_wait_for "the old workers to leave" 20 only_the_new "$new"
	up_stop
}

# Of the session: the master, its spawner and its two workers.
only_the_new() {
	[ "$(wm_session "$WM_PID" | wc -l)" -eq 4 ] &&
	    [ "$(ps -o ppid= -s "$WM_PID" | grep -cw "$1")" -eq 3 ]
}

@test "if the new master is killed while the old one leaves, that comes back" {
	local slow new
	up_start -p 2
	get /sleep/3 >answer &
	slow=$!
	wm_wait_for "the request to run" 5 stats_say \
	    "sum(x['busy_cores'] for x in s['workers']) == 1"
	kill -USR2 "$OLD"
	wm_wait_for "the handover" 10 wm_log_has 'taking over from'
	new=$(tried_pid)
	kill -KILL "$new"
	wm_wait_for "the old master" 10 wm_log_has \
	    'upgrade failed: .*; this master serves on'
	wm_wait_for "its workers" 10 workers_ready
	[ "$(stats "s['pid']")" = "$OLD" ]
	[ "$(cat pid)" = "$OLD" ]
	get / >/dev/null
	wait "$slow"
	grep -q '^slept' answer
	up
	up_stop
}

@test "a request of the old one is finished, and its end is not the new one's" {
	up_start
	get /sleep/3 >answer &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	kill -USR2 "$OLD"
	wm_wait_for "the handover" 10 wm_log_has 'taking over from'
	kill -TERM "$OLD"
	wait $!
	grep -q '^slept' answer
	wm_wait_for "the old master to leave" 10 wm_is_gone "$OLD"
	get / >/dev/null
	curl -fsS --unix-socket app.sock http://x/ >/dev/null
	[ "$(stats "s['pid']")" = "$(cat pid)" ]
	up_stop
}

@test "a HUP while the old one leaves is a reload by the new master" {
	up_start
	get /sleep/3 >answer 3>&- 4>&- &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	kill -USR2 "$OLD"
	wm_wait_for "the handover" 10 wm_log_has 'taking over from'
	echo 'VERSION = "3"' >import.py
	kill -HUP "$OLD"
	wm_wait_for "the reload" 20 version_is 3
	wm_log_has 'reload: the new master does it'
	wait $!
	grep -q '^slept' answer
	wm_wait_for "the upgrade" 30 replaced
	up_stop
}

@test "workers with listeners of their own refuse an upgrade" {
	cat >import.py <<-'END'
	import socket
	def hook():
	    global own
	    own = socket.socket()
	    own.bind(("127.0.0.1", 0))
	    own.listen(5)
	uwsgi.post_fork_hook = hook
	END
	up_start
	kill -USR2 "$OLD"
	wm_wait_for "the refusal" 5 wm_log_has \
	    'upgrade \(SIGUSR2\) refused: workers listen on sockets of their own'
	up_stop
}

# up_stores SLOTS: the configuration with a queue and a cache in files.
up_stores() {
	echo "\"processes\": 2, \"queue\": $1, \"queue-store\": \"$WM_TMP/queue\",
	    \"cache2\": \"name=c,items=9,store=$WM_TMP/cache\",
	    \"add-cache-item\": \"version=1\""
}

@test "stores go over, with what the old one's last requests write" {
	local slow
	up_start_config "$(up_stores 64)"
	get /note/first
	get /note_when/go >answer 3>&- 4>&- &
	slow=$!
	wm_wait_for "the request to run" 5 stats_say \
	    "sum(x['busy_cores'] for x in s['workers']) == 1"
	kill -USR2 "$OLD"
	wm_wait_for "the handover" 10 wm_log_has 'taking over from'
	wm_log_has "queue-store: shared with the old server's processes"
	wm_log_has 'cache "c": store .*: in use by another server, shared'
	get /note/second		# by a new worker, beside the old one
	touch go
	wait "$slow"
	wm_wait_for "the upgrade" 30 replaced
	[ "$(get /notes)" = "first second go 3" ]
	# Another queue is an error before anything has changed.
	OLD=$(cat pid)
	get /note/third
	up_config "$(up_stores 65)"
	kill -USR2 "$OLD"
	serves_on 'is no queue of 65 messages'
	up_config "$(up_stores 64)"
	up
	# Killed: its last request still writes when the next server has begun.
	get /note_when/gone >answer 3>&- 4>&- &
	slow=$!
	wm_wait_for "the request to run" 5 stats_say \
	    "sum(x['busy_cores'] for x in s['workers']) == 1"
	kill -KILL "$NEW"
	wm_wait_for "its end" 10 wm_is_gone "$NEW"
	PORT=$(wm_port)
	rm -f pid app.sock
	up_config "$(up_stores 64)"
	wm_start -c app.json
	wm_log_has "queue-store: shared with the old server's processes"
	wm_log_has 'cache "c": store .*: in use by another server, shared'
	get /note/fourth
	touch gone
	wait "$slow"
	[ "$(get /notes)" = "third fourth gone 6" ]
	up_stop
	run "$WSGIMASTER" -c app.json --queue 63
	[[ $output == *"is no queue of 63 messages"* ]]
}

# Whether one master is left in the session, with a spawner and two workers that
# are its children.
one_server() {
	local masters
	masters=$(ps -o pid=,comm= -s "$WM_PID" |
	    awk '$2 == "wm-master" { print $1 }')
	[ "$(wc -w <<<"$masters")" -eq 1 ] && only_the_new "$masters"
}

# Notes numbers until there is a file "enough"; keeps those that were answered.
note_on() {
	local i=0
	while [ ! -e enough ]; do
		echo $((++i)) >>tried
		if get "/note/$i" 5 >/dev/null 2>&1; then
			echo "$i" >>acked
		fi
	done
}

# What was answered is in the queue and the cache, and what is there was asked
# for once.
all_noted() {
	local told=() count
	read -ra told <<<"$(get /notes)"
	count=${told[-1]}
	unset "told[-1]"
	printf '%s\n' "${told[@]}" | sort >noted
	[ -s acked ]
	[ -z "$(uniq -d noted)" ]
	[ -z "$(sort acked | comm -23 - noted)" ]
	[ -z "$(sort tried | comm -13 - noted)" ]
	# One may have been killed between the two.
	[ $((${#told[@]} - count)) -ge 0 ]
	[ $((${#told[@]} - count)) -le 2 ]
}

# kill_one old|new MILLISECONDS: USR2, and so much later kill -9.
kill_one() {
	local new notes
	echo 'time.sleep(0.2)' >import.py
	rm -f queue cache enough acked tried
	touch acked tried
	up_start -p 2 --worker-reload-mercy 3 --queue 4000 \
	    --queue-store "$WM_TMP/queue" --cache2 "name=c,items=9,store=$WM_TMP/cache"
	note_on 3>&- 4>&- &
	notes=$!
	kill -USR2 "$OLD"
	sleep "$(printf '0.%03d' "$2")"
	new=$(tried_pid)
	if [ "$1" = old ]; then
		wm_wait_for "the new master" 20 wm_log_has 'starts as the new'
		kill -KILL "$OLD" 2>/dev/null || true
	elif [ -n "$new" ]; then
		kill -KILL "$new" 2>/dev/null || true
	fi
	# If the old one had left before, that was no upgrade any more.
	if [ "$1" = old ] ||
	    ! wm_log_has 'stopping \(the new master serves\)'; then
		wm_wait_for "an answer" 20 get / 5
		wm_wait_for "one server" 20 one_server
		get / >/dev/null
		curl -fsS --unix-socket app.sock http://x/ >/dev/null
		stats_say "s['state'] == 'running'"
		touch enough
		wait "$notes"
		all_noted
	fi
	touch enough
	wait "$notes"
	wm_end_session "$WM_PID"
	rm -f pid app.sock stats.sock
}

@test "kill -9 of either master at any time leaves one server" {
	local i ms
	for ((i = 0; i < ${WM_KILLS:-6}; i++)); do
		ms=$((RANDOM % 600))
		echo "$ms ms"
		if ((i % 2)); then
			kill_one old "$ms"
		else
			kill_one new "$ms"
		fi
	done
}
