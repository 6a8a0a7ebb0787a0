#!/usr/bin/env bats
# wsgimaster ctl top: the live view, in a terminal and on a pipe.

load control

# top_check NAME...: in a pty.
top_check() {
	local name
	for name; do
		"$PYTHON" "$WM_SOURCE/test/clients/top_checks.py" "$name" \
		    "$WSGIMASTER" "$CONTROL" || wm_fail "$name" || return
	done
}

# Two workers, two requests, both in the second worker.
top_start() {
	control_start -p 2 --async 10 --greenlet
	ctl workers 1
	wm_wait_for "one worker" 10 ctl_say workers "len(r['workers']) == 1"
	kill -STOP "$(ctl_get workers "r['workers'][0]['pid']")"
	stopped=$(ctl_get workers "r['workers'][0]['pid']")
	ctl workers 2
	wm_wait_for "two workers" 10 ctl_say status "r['ready_workers'] == 2"
	get /park/90 90 >/dev/null 2>&1 &
	get /park/91 90 >/dev/null 2>&1 &
	wm_wait_for "two requests" 20 requests_run 2
	kill -CONT "$stopped"
}

top_stop() {
	kill -QUIT "$WM_PID"
	wm_wait_left
}

@test "on a pipe it prints frames" {
	top_start
	COLUMNS=80 ctl top -n 2 -d 0.3 >frames
	cat frames
	narrow 80 <frames
	[ "$(grep -c "^wsgimaster .* pid $WM_PID  running" frames)" -eq 2 ]
	[ "$(grep -c "^running    2 of 20 cores \[##  *\]" frames)" -eq 2 ]
	[ "$(grep -cE "^ +2 +0 .* sleep +127.0.0.1 +GET /park/9[01]$" frames)" \
	    -eq 2 ]
	not grep -q $'\e' frames
	# Rates are of the time between two frames.
	curl -fsS -m 60 "http://127.0.0.1:$PORT/?[1-300]" >/dev/null
	before=$(ctl_get status "r['requests']")
	ctl top -n 1 -d 2 >frames &
	pid=$!
	while wm_is_running "$pid"; do
		get / >/dev/null
		sleep 0.1
	done
	wait "$pid"
	after=$(ctl_get status "r['requests']")
	grep "^requests " frames
	"$PYTHON" -c "
rate = float(open('frames').read().split('requests')[1].split('/s')[0])
assert 0 < 2 * rate <= $after - $before + 0.2 < 300, rate"
	top_stop
	ctl_fails 3 "no server" top -n 1
}

@test "in a terminal it shows frames, obeys keys and leaves no trace" {
	top_start
	top_check keys sorting resize dumb
	top_stop
}

@test "a signal, a stop and a hangup give the terminal back" {
	top_start
	top_check signals stopped hangup
	top_stop
}

@test "it waits for the next server when this one leaves" {
	control_start -p 2
	top_check server_leaves >said 3>&- &
	checker=$!
	wm_wait_for "the first frames" 30 grep -q shown said
	ctl stop
	wm_wait_left
	wm_wait_for "it to miss the server" 30 grep -q missed said
	control_start -p 2
	wait "$checker"
	wm_stop
}
