#!/usr/bin/env bats
# Thousands of requests that wait at the same time, for cores and in them.
# Runs alone: it measures what an idle server costs.

load cores

@test "1,000 connections wait for parked cores and no CPU is used" {
	[ "$(ulimit -n)" -ge 1100 ] || ulimit -n 2000 || skip "too few files"
	[ "$(cat /proc/sys/net/core/somaxconn)" -ge 1000 ] ||
		skip "the system queues too few connections"
	probe_start --async 4 --greenlet --listen 2000 --queue-timeout 600
	core_check all-parked 4 1000
	wm_stop
}

@test "1,000 connections wait in the worker's queue and no CPU is used" {
	[ "$(ulimit -n)" -ge 1100 ] || ulimit -n 2000 || skip "too few files"
	probe_start --async 4 --greenlet --listen 2000 --queue-size 990 \
	    --queue-timeout 600
	core_check all-parked 4 1000
	wm_stop
}

@test "2,000 requests are parked at once in a worker, and all come back" {
	[ "$(ulimit -n)" -ge 2100 ] || ulimit -n 2100 || skip "too few files"
	make -s -C "$WM_SOURCE/bench/park" BUILD="$WM_TMP"
	export PYTHONPATH=$WM_SOURCE/bench/apps
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --module sleep_wsgimaster:park \
	    --async 2000 --greenlet --listen 1000
	"$WM_TMP/park" -t 100 "$PORT" 2000 6000 | tee park.txt
	grep -q " requests=2000 ok=2000 wrong=0 lost=0 wake_min=[0-9]" park.txt
	grep -q " parked=2000 " park.txt
	wm_stop
}
