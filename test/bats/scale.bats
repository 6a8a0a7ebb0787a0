#!/usr/bin/env bats
# Autoscale: as many workers as the load needs. Which number when is tested in
# test/unit/test_scale.c; here, that it happens.

load engines
load lifecycle

# A server that changes its mind quickly.
scale_start() {
	life_start --cheaper-overload 0.5 --cheaper-idle 1 "$@"
}

# workers_are N: whether so many serve, and no other is there any more.
workers_are() {
	stats_say "s['processes'] == $1 and s['other_workers'] == [] and
	    sum(x['state'] == 'ready' for x in w.values()) == $1"
}

# busy SECONDS N: N requests of so many seconds, in the background: BUSY.
busy() {
	local i
	for ((i = 0; i < $2; i++)); do
		get "/sleep/$1" 60 >>answers &
		BUSY+=("$!")
	done
}

@test "more workers come with the load, and leave after it" {
	scale_start -p 3 --cheaper 1
	wm_log_has 'wsgimaster ready: 1 worker,'
	# Those that do not run are there for uWSGI's tools.
	[ "$(stats "[(x['id'], x['status'], x['pid'], x['state'])
	    for x in s['workers'][1:]]")" = \
	    "[(2, 'cheap', 0, 'free'), (3, 'cheap', 0, 'free')]" ]
	[ "$(stats "w[1]['status']")" = idle ]
	busy 2 9
	wm_wait_for "three workers" 20 workers_are 3
	wm_log_has 'autoscale \(spare\): 2 workers instead of 1'
	stats_say "[s['autoscale'][k] for k in
	    ('algo', 'least', 'most', 'workers')] == ['spare', 1, 3, 3]"
	wm_wait_for "one worker" 30 workers_are 1
	wait "${BUSY[@]}"
	[ "$(grep -o slept answers | wc -l)" -eq 9 ]
	stats_say "s['endings']['scale'] == 2 and s['endings']['died'] == 0"
	wm_stop
}

@test "nothing is lost while workers come and go, under every engine" {
	local engine pids=() logs=() servers=() names=()
	for engine in $(engines); do
		engine_start "$engine" -p 3 --cheaper 1 --cheaper-step 2 \
		    --cheaper-overload 0.5 --cheaper-idle 0.6 \
		    --queue-size 64 --module scale_cases --disable-logging \
		    --drain-idle 25
		servers+=("$WM_PID") logs+=("$WM_LOG") names+=("$engine")
		"$PYTHON" "$WM_SOURCE/test/clients/scale_load.py" "$PORT" \
		    2 2.5 2.5 >"$engine.out" 2>&1 &
		pids+=("$!")
	done
	for i in "${!pids[@]}"; do
		wait "${pids[$i]}" || wm_fail "${names[$i]}: $(cat \
		    "${names[$i]}.out")"
		echo "${names[$i]}: $(cat "${names[$i]}.out")"
		# Connections that are kept are closed with an answer only.
		grep -q ' 0 sent again' "${names[$i]}.out"
		WM_LOG=${logs[$i]}
		[ "$(log_count '3 workers instead of')" -ge 1 ] ||
			wm_fail "${names[$i]}: never more"
		[ "$(log_count '1 workers? instead of')" -ge 1 ] ||
			wm_fail "${names[$i]}: never less"
		not wm_log_has ' died|worker-reload-mercy|was killed'
		wm_stop "${servers[$i]}"
	done
}

@test "busyness goes by the share of cores in use" {
	scale_start -p 3 --cheaper 1 --cheaper-algo busyness --threads 4 \
	    --cheaper-busyness-multiplier 2 --cheaper-busyness-verbose
	busy 2 1
	wm_wait_for "a quarter to be in use" 10 \
	    wm_log_has 'busyness of 1 workers is 2[0-9]%'
	busy 3 4
	wm_wait_for "more workers" 10 \
	    wm_log_has 'autoscale \(busyness\): 2 workers instead of 1'
	wm_wait_for "one worker" 30 workers_are 1
	wait "${BUSY[@]}"
	wm_stop
}

@test "spare2 keeps workers in reserve" {
	scale_start -p 4 --cheaper 2 --cheaper-algo spare2
	wm_wait_for "the reserve" 5 workers_are 2
	busy 3 1
	wm_wait_for "one more" 5 workers_are 3
	wm_wait_for "its end" 10 workers_are 2
	wait "${BUSY[@]}"
	wm_stop
}

@test "TTIN and TTOU change the number within the bounds" {
	scale_start -p 3 --cheaper 1 --cheaper-initial 2 --cheaper-algo manual
	workers_are 2
	kill -TTIN "$WM_PID"
	wm_wait_for "three" 5 workers_are 3
	kill -TTIN "$WM_PID"
	wm_wait_for "a refusal" 5 wm_log_has 'there are 3 workers, no more'
	kill -TTOU "$WM_PID"
	wm_wait_for "two" 5 workers_are 2
	kill -TTOU "$WM_PID"
	wm_wait_for "one" 5 workers_are 1
	kill -TTOU "$WM_PID"
	wm_wait_for "a refusal" 5 wm_log_has 'no more workers than "cheaper"'
	workers_are 1
	wm_stop
}

@test "a reload keeps the number, within its new bounds" {
	cat >app.json <<-END
	{ "processes": 4, "cheaper": 1, "cheaper-initial": 3,
	  "cheaper-algo": "manual" }
	END
	life_start -c app.json
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 10 wm_log_has 'reload done'
	wm_wait_for "three" 5 workers_are 3
	stats_say "{x['generation'] for x in s['workers'] if x['pid']} == {2}"
	sed -i 's/: 4/: 2/; s/-initial": 3/-initial": 1/' app.json
	kill -HUP "$WM_PID"
	wm_wait_for "two" 10 workers_are 2
	stats_say "len(w) == 2"
	sed -i 's/"cheaper": 1/"cheaper": 2/' app.json
	kill -HUP "$WM_PID"
	wm_wait_for "a refusal" 10 wm_log_has \
	    'reload failed: "cheaper": 2, .* must be below "processes": 2'
	workers_are 2
	wm_stop
}

@test "nothing is decided while a reload goes on" {
	echo 'import time; time.sleep(3)' >slow.py
	scale_start -p 3 --cheaper 1
	cp slow.py import.py
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 5 stats_say "s['reload']['running']"
	busy 1.5 3
	wm_wait_for "its end" 20 wm_log_has 'reload done'
	# What was decided came after it.
	! grep autoscale "$WM_LOG" ||
		[ "$(grep -n -m1 autoscale "$WM_LOG" | cut -d: -f1)" -gt \
		    "$(grep -n 'reload done' "$WM_LOG" | cut -d: -f1)" ]
	stats_say "s['processes'] <= 2"
	wait "${BUSY[@]}"
	wm_stop
}

# refused "what is said" ARGS...: with status 2.
refused() {
	local what=$1
	shift
	run timeout 60 "$WSGIMASTER" --http-socket 127.0.0.1:0 --module x "$@"
	[ "$status" -eq 2 ] || wm_fail "$*: status $status"
	[[ $output = *"$what"* ]] || wm_fail "$*: $output"
}

@test "what cannot be is refused before anything starts" {
	refused 'must be "spare", "spare2", "busyness" or "manual"' \
	    -p 2 --cheaper 1 --cheaper-algo backlog
	refused 'must be below "processes": 2' -p 2 --cheaper 2
	refused '"cheaper-initial": 1 must be from "cheaper": 2' \
	    -p 4 --cheaper 2 --cheaper-initial 1
	refused '"cheaper" and "reuse-port" exclude each other' \
	    -p 4 --cheaper 2 --reuse-port
	refused 'cannot be above "cheaper-busyness-max": 50' \
	    -p 4 --cheaper 2 --cheaper-busyness-min 60
	run "$WSGIMASTER" --module x --cheaper-step 2 --check
	[[ $output = *'"cheaper-step" has no effect without "cheaper"'* ]]
}
