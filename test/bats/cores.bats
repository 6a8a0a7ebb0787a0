#!/usr/bin/env bats
# Cores: how many requests run at a time, and how the others wait.

load cores

@test "requests beyond the cores get one in the order they came" {
	probe_start --async 4 --greenlet --queue-size 20
	core_check in-order 4
	wm_stop
}

@test "who waits longer than queue-timeout gets 503" {
	probe_start --async 2 --greenlet --queue-timeout 0.5
	core_check queue-timeout 2
	wm_stop
}

@test "who leaves while waiting takes nobody's place" {
	probe_start --async 3 --greenlet --queue-size 10
	core_check waiter-leaves 3
	wm_stop
}

@test "cores wait at the same time" {
	probe_start --async 50 --greenlet
	check core_checks together "$PORT" 50 1
	wm_stop
}

@test "more requests than cores are all answered" {
	probe_start --async 10 --greenlet
	check core_checks together "$PORT" 60 0.5
	wm_stop
}

@test "without cores a worker does one request after the other" {
	probe_start
	check core_checks one-at-a-time "$PORT" 4 0.3
	wm_stop
}

@test "several workers share the connections" {
	probe_start --processes 3
	check core_checks workers-share "$PORT" 3 0.3
	wm_stop
}

@test "answers are never another client's" {
	probe_start --async 8 --greenlet --processes 2
	check core_checks many-clients "$PORT" 20 100
	wm_stop
	probe_start --processes 2
	check core_checks many-clients "$PORT" 20 100
	wm_stop
}
