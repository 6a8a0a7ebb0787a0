#!/usr/bin/env bats
# Attached daemons: started, started again, ended; pidfiles; who they run as.

load lifecycle

setup() {
	cd "$WM_TMP" || return 1
	# A daemon that writes down what it gets; "note" is in its folder.
	cat >daemon.sh <<-'END'
	#!/bin/sh
	name=$1
	note() {
		echo "$name $$ $*" >>"${NOTES:-notes}"
	}
	trap 'note TERM; kill "$child"; exit 0' TERM
	trap 'note HUP; kill "$child"; exit 0' HUP
	note starts
	while :; do
		sleep 1000 &
		child=$!
		wait "$child"
	done
	END
	chmod +x daemon.sh
	: >notes
}

teardown() {
	local pid
	for pid in $(cat d.pid 2>/dev/null); do
		kill -KILL -- "-$pid" 2>/dev/null || true
	done
	wm_teardown
}

noted() {
	grep -qE "$1" notes
}

noted_times() {
	[ "$(grep -cE "$1" notes)" -eq "$2" ]
}

# daemon_pid N
daemon_pid() {
	stats "s['daemons'][$1]['pid']"
}

@test "a daemon lives as long as the server, and is shown" {
	local pid
	life_start --attach-daemon "./daemon.sh one" \
	    --control-socket "$WM_TMP/control.sock"
	wm_wait_for "the daemon" 20 noted "one [0-9]+ starts"
	pid=$(daemon_pid 0)
	noted "one $pid starts"		# no shell between
	[ "$(stats "s['daemons'][0]['cmd'], s['daemons'][0]['respawns']")" = \
	    "('./daemon.sh one', 0)" ]
	[ "$(ps -o pgid= -p "$pid" | tr -d ' ')" = "$pid" ]
	[ "$(readlink "/proc/$pid/fd/0")" = /dev/null ]
	[ "$(readlink "/proc/$pid/fd/2")" = "$(readlink -f "$WM_LOG")" ]
	# The shell itself opens and blocks, too, while it starts a process.
	few_descriptors() {
		[ "$(find "/proc/$pid/fd" -type l | wc -l)" -le 4 ]
	}
	wm_wait_for "a few descriptors" 20 few_descriptors
	wm_wait_for "no blocked signals" 20 \
	    grep -Eqx 'SigBlk:\s+0{16}' "/proc/$pid/status"
	"$WSGIMASTER" ctl -s "$WM_TMP/control.sock" status >status
	grep -E "daemons +runs, pid $pid, 0 respawns: ./daemon.sh one" status
	wm_stop
	noted_times "one $pid TERM" 1
	wm_is_gone "$pid"
}

@test "it is started again when it ends, later and later" {
	local begun=$EPOCHSECONDS
	life_start --attach-daemon2 \
	    "cmd=echo x >>starts; exit 3,max_throttle=1" \
	    --attach-daemon "./daemon.sh two"
	wm_wait_for "the second" 20 noted "two [0-9]+ starts"
	kill -KILL "$(daemon_pid 0)"
	wm_wait_for "it again" 20 noted_times "two [0-9]+ starts" 2
	[ "$(stats "s['daemons'][0]['respawns']")" = 1 ]
	several() {
		[ "$(wc -l <starts)" -ge 4 ]
	}
	wm_wait_for "the fourth start" 20 several
	# Not more than one a second, after the first ones.
	[ "$(wc -l <starts)" -le $((8 + EPOCHSECONDS - begun)) ]
	wm_log_has "daemon .*exit status 3"
	wm_stop
}

@test "what it has started ends with it; who does not end is killed" {
	local groups
	life_start --attach-daemon2 \
	    "cmd=trap '' TERM; sleep 1000 & >up; while :; do sleep 0.1; done,mercy=1"
	wm_wait_for "the daemon" 20 test -e up
	groups=$(daemon_pid 0)
	life_stop_at=$EPOCHSECONDS
	wm_stop
	[ $((EPOCHSECONDS - life_stop_at)) -ge 1 ]
	wm_log_has "has not ended within 1 seconds; killing it"
	[ -z "$(ps -eo pgid=,stat= | awk -v g="$groups" \
	    '$1 == g && $2 !~ /^Z/')" ]
}

@test "who ends and leaves somebody behind: that one has the mercy, too" {
	cat >leaves.sh <<-'END'
	#!/bin/sh
	(trap '' TERM; echo ignores >left; while :; do sleep 0.1; done) &
	echo $! >child
	wait
	END
	chmod +x leaves.sh
	life_start --attach-daemon2 "cmd=./leaves.sh,mercy=1"
	wm_wait_for "the one behind" 20 test -s left
	wm_wait_for "its pid" 20 test -s child
	wm_is_running "$(cat child)"
	wm_stop
	wm_log_has "has not ended within 1 seconds; killing it"
	wm_is_gone "$(cat child)"
}

@test "a reload starts it again, adds new ones and ends those left out" {
	cat >conf.json <<-END
	{"attach-daemon2": ["cmd=./daemon.sh hup,reloadsignal=HUP",
	    "cmd=./daemon.sh goes,stopsignal=15"]}
	END
	life_start -c conf.json
	wm_wait_for "both" 20 noted_times starts 2
	cat >conf.json <<-END
	{"attach-daemon2": ["cmd=./daemon.sh hup,reloadsignal=HUP"],
	 "attach-daemon": ["./daemon.sh new"]}
	END
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 20 wm_log_has "generation 2 serves"
	wm_wait_for "the first one again" 20 noted_times "hup [0-9]+ starts" 2
	noted_times "hup [0-9]+ HUP" 1
	wm_wait_for "the new one" 20 noted_times "new [0-9]+ starts" 1
	wm_wait_for "the old one's end" 20 noted_times "goes [0-9]+ TERM" 1
	wm_wait_for "two" 20 stats_say "len(s['daemons']) == 2"
	wm_stop
}

@test "a file that is touched starts it again" {
	: >touched
	life_start --attach-daemon2 "cmd=./daemon.sh t,touch=other;touched"
	wm_wait_for "it" 20 noted "t [0-9]+ starts"
	touch -d "1 minute" touched
	wm_wait_for "it again" 20 noted_times "t [0-9]+ starts" 2
	noted_times "t [0-9]+ TERM" 1
	wm_stop
}

@test "a control daemon's end is the server's" {
	life_start --attach-control-daemon \
	    "until [ -e go ]; do sleep 0.1; done"
	touch go
	wm_wait_left
	[ "$WM_STATUS" -eq 0 ]
	wm_log_has "a control daemon has ended"
}

@test "smart ones outlive the server, and are found again" {
	local pid
	life_start --smart-attach-daemon2 "d.pid,1 ./daemon.sh smart"
	wm_wait_for "its pidfile" 20 test -s d.pid
	pid=$(cat d.pid)
	wm_wait_for "its pid" 20 stats_say "s['daemons'][0]['pid'] == $pid"
	kill -TERM "$WM_PID"
	wm_wait_for "the server's end" 20 wm_is_gone "$WM_PID"
	wm_is_running "$pid"
	life_start --smart-attach-daemon2 "d.pid,1 ./daemon.sh smart"
	wm_log_has "is there, with pid $pid"
	noted_times "smart [0-9]+ starts" 1
	kill -KILL "$pid"
	wm_wait_for "another one" 20 noted_times "smart [0-9]+ starts" 2
	wm_stop
}

@test "one that goes into the background itself; it hears of reload and stop" {
	cat >goes.sh <<-'END'
	#!/bin/sh
	setsid ./daemon.sh back &
	echo $! >d.pid
	END
	chmod +x goes.sh
	life_start --attach-daemon2 \
	    "cmd=./goes.sh,pidfile=d.pid,freq=1,notifypid,reloadsignal=HUP"
	wm_wait_for "its pid" 20 stats_say "s['daemons'][0]['pid'] > 0"
	wm_wait_for "its start" 20 noted "back [0-9]+ starts"
	kill -HUP "$WM_PID"
	wm_wait_for "HUP" 20 noted "back [0-9]+ HUP"
	wm_wait_for "the second" 20 noted_times "back [0-9]+ starts" 2
	wm_wait_for "its pid" 20 stats_say "s['daemons'][0]['state'] == 'runs'"
	kill -TERM "$WM_PID"
	wm_wait_for "TERM" 20 noted "back [0-9]+ TERM"
	wm_wait_for "the server's end" 20 wm_is_gone "$WM_PID"
}

@test "the master is killed: a daemon dies with it" {
	local pid
	life_start --attach-daemon "./daemon.sh orphan"
	wm_wait_for "it" 20 noted "starts"
	pid=$(daemon_pid 0)
	kill -KILL "$WM_PID"
	wm_wait_for "its end" 20 wm_is_gone "$pid"
}

@test "a pidfile is not believed: not of others' processes, not for ever" {
	local victim
	[ "$(id -u)" -eq 0 ] || skip "takes root"
	chmod 1777 .
	setsid sleep 60 3>&- 4>&- &
	victim=$!
	echo "$victim" >d.pid
	chmod 666 d.pid notes
	mkfifo fifo
	chmod 666 fifo
	life_start --uid nobody --attach-daemon2 \
	    "cmd=id -un >who; sleep 15,pidfile=d.pid,freq=1,notifypid" \
	    --attach-daemon2 "cmd=sleep 15,pidfile=fifo,freq=1,notifypid"
	wm_wait_for "the command" 20 test -s who
	[ "$(cat who)" = nobody ]
	[ "$(daemon_pid 0)" = 0 ]
	kill -TERM "$WM_PID"
	wm_wait_for "the end" 20 wm_is_gone "$WM_PID"
	kill -0 "$victim"
	kill "$victim"
	rm d.pid
}

@test "bad values are refused, by name" {
	wm_refuses '"attach-daemon2": "cmd" is missing' --attach-daemon2 freq=3
	wm_refuses '"attach-daemon2": "stopsignal" must be a signal' \
	    --attach-daemon2 cmd=x,stopsignal=NONE
	wm_refuses '"attach-daemon2": "daemonize" needs "pidfile"' \
	    --attach-daemon2 cmd=x,daemonize
	wm_refuses '"attach-daemon2": "uid": there is no user "nobody-here"' \
	    --attach-daemon2 cmd=x,uid=nobody-here
	wm_refuses 'ns_pid' --attach-daemon2 cmd=x,ns_pid=1
	wm_refuses '"smart-attach-daemon": must be' --smart-attach-daemon x
}
