#!/usr/bin/env bats
# Metrics, the queue and shared areas: between all processes, as in uWSGI.

load engines

# shared_start ENGINE ARGS...: with two workers and one of everything.
shared_start() {
	STATS=$(wm_port)
	truncate -s 100 "$WM_TMP/area"
	engine_start "$1" --processes 2 --module shared_cases \
	    --stats "127.0.0.1:$STATS" --enable-metrics --metric a \
	    --metric name=b,type=gauge,initial_value=50,oid=100.1 \
	    --metric name=c.d-e_f,type=absolute --queue 8 --queue-blocksize 2k \
	    --sharedarea 1 --sharedarea pages=2 \
	    --sharedarea "file=$WM_TMP/area,size=100" --py-sharedarea 10 \
	    "${@:2}"
}

@test "metrics, queue and areas answer as uWSGI's, under every engine" {
	local engine
	for engine in $(engines); do
		shared_start "$engine"
		check shared_checks same "$PORT" METRICS -- same "$PORT" QUEUE \
		    -- same "$PORT" AREAS -- counts "$PORT" -- locks "$PORT"
		[ "$(head -c 4 "$WM_TMP/area")" = file ]
		wm_stop
	done
}

@test "readers of an area share it, and a writer is not kept out by more" {
	shared_start threads
	check shared_checks shares "$PORT" "$STATS"
	wm_stop
}

@test "metrics are in the statistics and in /metrics" {
	shared_start none
	check shared_checks shown "$PORT" "$STATS"
	wm_stop
	shared_start none --stats-http
	check shared_checks scraped "$PORT" "$STATS"
	wm_stop
}

@test "functions of what is not asked for are not there" {
	engine_start none --module shared_cases
	check shared_checks names "$PORT" "metric_dec metric_div metric_get \
metric_inc metric_mul metric_set metric_set_max metric_set_min"
	wm_stop
}

@test "workers that are killed anywhere tear no message" {
	shared_start none --processes 3
	check shared_checks killed "$PORT" 4
	wm_stop
}

@test "a stored queue outlives the server, and belongs to one at a time" {
	local store=$WM_TMP/queue
	shared_start none --queue-store "$store" --queue-store-sync 1
	check shared_checks text "$PORT" "/queue_push/('kept',)"
	run "$WSGIMASTER" --http-socket 127.0.0.1:0 --module shared_cases \
	    --queue 8 --queue-store "$store"
	[ "$status" -ne 0 ]
	[[ $output == *"another server's now"* ]]
	kill -KILL "$WM_PID"
	wm_wait_left
	shared_start none --queue-store "$store"
	[ "$(check shared_checks text "$PORT" "/queue_pull/()")" = "b'kept'" ]
	wm_stop
	run "$WSGIMASTER" --http-socket 127.0.0.1:0 --module shared_cases \
	    --queue 9 --queue-store "$store"
	[ "$status" -ne 0 ]
	[[ $output == *"is no queue of 9 messages"* ]]
}

@test "all of it outlives a reload" {
	shared_start none
	check shared_checks text "$PORT" "/metric_set/('a', 77)"
	check shared_checks text "$PORT" "/queue_push/('kept',)"
	check shared_checks text "$PORT" "/sharedarea_write/(0, 0, 'kept')"
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 30 wm_log_has "generation 2 serves"
	[ "$(check shared_checks text "$PORT" "/metric_get/('a',)")" = 77 ]
	[ "$(check shared_checks text "$PORT" "/queue_pull/()")" = "b'kept'" ]
	[ "$(check shared_checks text "$PORT" \
	    "/sharedarea_read/(0, 0, 4)")" = "b'kept'" ]
	wm_stop
}

# refused WORDS ARGS...: the server does not start, and says WORDS.
refused() {
	local words=$1
	shift
	run "$WSGIMASTER" --http-socket 127.0.0.1:0 --module shared_cases "$@"
	[ "$status" -ne 0 ] && [[ $output == *"$words"* ]] && return
	echo "$* is not refused with \"$words\": $output"
	return 1
}

@test "bad values are refused and named" {
	truncate -s 100 "$WM_TMP/short"
	refused '"metric": there is no "typ"; did you mean "type"?' \
	    --metric a,typ=gauge
	refused '"metric": "a" is there twice' --metric a --metric name=a
	refused '"metric": "a b" is no name' --metric "a b"
	refused '"type" must be counter, gauge or absolute' \
	    --metric a,type=alias
	refused '"initial_value" must be' --metric a,initial_value=1.5
	refused '"sharedarea": "pages" must be' --sharedarea 0
	refused 'either "pages" or a "size"' --sharedarea pages=1,size=1
	refused 'has 100 bytes; 101 are needed' \
	    --sharedarea "file=$WM_TMP/short,size=101"
	refused 'cannot open /nowhere/at/all' \
	    --sharedarea file=/nowhere/at/all,size=1
	refused '"offset" must be a multiple of' \
	    --sharedarea "file=$WM_TMP/short,size=1,offset=1"
	refused '"queue-store" needs "queue"' --queue-store x
	refused '--locks must be an integer' --locks -1
}
