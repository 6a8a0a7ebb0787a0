#!/usr/bin/env bats
# Recycling: workers are replaced when they have done enough, and nothing is lost.

load noloss

# recycled REASON N: whether so many workers have ended for that reason.
recycled() {
	stats_say "s['endings']['$1'] >= $2"
}

# recycle_under_load ENGINE REASON ARGS...: two workers at least are replaced.
recycle_under_load() {
	local engine=$1 reason=$2
	shift 2
	noloss_start "$engine" -p 2 --min-worker-lifetime 0 "$@"
	load_begin
	wm_wait_for "two recycled workers ($reason)" 60 recycled "$reason" 2
	load_end
	nothing_lost
	[ "$(count workers)" -ge 3 ]
	[ "$(stats "s['endings']['died'] + s['endings']['mercy']")" = 0 ]
	wm_log_has "worker [12] \(pid [0-9]+\) is replaced: $reason"
	[ "$(stats "sorted(w)")" = "[1, 2]" ]
	[ "$(stats "s['generation']")" = 1 ]
	wm_stop
}

@test "max-requests loses nothing" {
	local engine
	for engine in $(engines); do
		recycle_under_load "$engine" max-requests --max-requests 40
	done
}

@test "max-worker-lifetime loses nothing" {
	recycle_under_load none lifetime --max-worker-lifetime 0.7
	recycle_under_load threads lifetime --max-worker-lifetime 0.7
}

@test "the replacement is ready before the old worker drains" {
	cat >import.py <<-'END'
	import time
	wsgimaster.post_fork_hook = lambda: time.sleep(0.5)
	END
	noloss_start none --max-requests 3 --min-worker-lifetime 0
	load_begin --keep 2 --close 2 --pipeline 0 --kinds fast
	wm_wait_for "two recycled workers" 60 recycled max-requests 2
	load_end
	nothing_lost
	# Nobody has waited for the half second that a new worker needs.
	[ "$("$PYTHON" -c "print($(count longest) < 0.4)")" = True ] ||
		[ "$WM_SANITIZERS" = yes ]
	wm_log >log
	"$PYTHON" - <<-'END'
	ready = drains = 0
	for line in open("log"):
	    ready += "is ready" in line
	    drains += "draining: " in line
	    assert drains == 0 or drains < ready, line
	assert drains >= 2
	END
	wm_stop
}

# mib KIND PID: a process's memory: as, rss, uss or pss.
mib() {
	awk '/^(Pss|Private_Clean|Private_Dirty|VmSize|VmRSS):/ { m[$1] = $2 }
	    END { m["as"] = m["VmSize:"]; m["rss"] = m["VmRSS:"]
	    m["uss"] = m["Private_Clean:"] + m["Private_Dirty:"]
	    m["pss"] = m["Pss:"]; print int(m["'"$1"'"] / 1024) }' \
	    "/proc/$2/status" "/proc/$2/smaps_rollup"
}

@test "reload-on-rss, -as, -uss and -pss replace who has too much memory" {
	local kind before limit
	noloss_start none
	before=$(worker_pid 1)
	for kind in as rss uss pss; do
		mib "$kind" "$before" >"$kind"
	done
	wm_stop
	for kind in as rss uss pss; do
		limit=$(($(cat "$kind") + 80))
		noloss_start none --min-worker-lifetime 0 \
		    "--reload-on-$kind" "$limit"
		before=$(worker_pid 1)
		# Much, but not too much.
		get /hog/1/20 >/dev/null
		sleep 1.2
		[ "$(worker_pid 1)" -eq "$before" ]
		get /hog/1/100 >/dev/null
		wm_wait_for "another worker ($kind)" 10 recycled memory 1
		[ "$(worker_pid 1)" -ne "$before" ]
		get /fast/1 >/dev/null
		wm_stop
	done
}

@test "min-worker-lifetime comes before all limits" {
	local pid
	noloss_start none --max-requests 1 --min-worker-lifetime 3
	pid=$(worker_pid 1)
	get /fast/1 >/dev/null
	sleep 1.5
	[ "$(worker_pid 1)" -eq "$pid" ]
	wm_wait_for "another worker" 10 recycled max-requests 1
	wm_stop
}

@test "with max-requests-delta workers leave one after the other" {
	noloss_start none -p 2 --max-requests 5 --max-requests-delta 100000 \
	    --min-worker-lifetime 0
	load_begin
	sleep 2
	load_end
	# The limit of worker 1 is 100,005.
	[ "$(stats "s['endings']['max-requests']")" = 0 ]
	wm_stop
}

@test "a worker whose replacement does not start serves on" {
	local pid
	noloss_start none --max-requests 1 --min-worker-lifetime 0 \
	    --lazy-apps
	pid=$(worker_pid 1)
	echo 'raise RuntimeError("not now")' >import.py
	get /fast/1 >/dev/null
	wm_wait_for "the trouble" 10 wm_log_has \
	    'worker 1 is not replaced, since the new one did not start: .*not now'
	[ "$(worker_pid 1)" -eq "$pid" ]
	get /fast/1 >/dev/null
	rm import.py
	wm_wait_for "another worker" 20 recycled max-requests 1
	[ "$(worker_pid 1)" -ne "$pid" ]
	wm_stop
}

@test "a reload comes first" {
	noloss_start none -p 2 --max-requests 1 --min-worker-lifetime 0
	load_begin
	reloads 3
	load_end
	nothing_lost
	wm_stop
}

@test "a worker that listens itself is replaced in its place" {
	local port pid
	port=$(wm_port)
	cat >import.py <<-END
	import socket
	def hook():
	    global own
	    own = socket.socket()
	    own.bind(("127.0.0.1", $port))
	    own.listen()
	wsgimaster.post_fork_hook = hook
	END
	noloss_start none --max-requests 1 --min-worker-lifetime 0
	pid=$(worker_pid 1)
	stats_say "w[1]['owns_listeners']"
	get /fast/1 >/dev/null
	wm_wait_for "another worker" 20 stats_say "s['endings']['max-requests']
	    >= 1 and w[1]['pid'] not in (0, $pid) and w[1]['state'] == 'ready'"
	not wm_log_has 'Address already in use'
	[ "$(stats "s['endings']['died'] + s['endings']['start-failed']")" = 0 ]
	get /fast/1 >/dev/null
	wm_stop
}

@test "one that is killed while its replacement starts is replaced once" {
	cat >import.py <<-'END'
	import time
	wsgimaster.post_fork_hook = lambda: time.sleep(1)
	END
	noloss_start none --max-requests 1 --min-worker-lifetime 1.2
	local pid
	pid=$(worker_pid 1)
	get /fast/1 >/dev/null
	wm_wait_for "the replacement" 10 stats_say "s['other_workers'] != []"
	kill -KILL "$pid"
	wm_wait_for "another worker" 10 stats_say \
	    "w[1]['pid'] not in (0, $pid) and w[1]['state'] == 'ready'"
	[ "$(log_count 'of generation 1 is ready')" -eq 2 ]
	wm_stop
}
