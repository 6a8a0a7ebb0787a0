#!/usr/bin/env bats
# Children that an app forks: they are not the server.

load probe

fork_start() {
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --pythonpath "$WM_APPS" \
	    --module wsgi_forks "$@"
}

@test "a child that an app forks answers nobody" {
	fork_start
	check fork_checks children-do-not-serve "$PORT"
	wm_log_has "^ValueError: of a child"
	wm_stop
}

@test "a child that an app forks answers nobody, with greenlet cores" {
	[ "$WM_GREENLET" != no ] || skip "built without greenlet"
	fork_start --async 4 --greenlet
	check fork_checks children-do-not-serve "$PORT"
	check fork_checks waits-on "$PORT"
	wm_stop
}

@test "a child that an app forks answers nobody, with threads" {
	fork_start --threads 4
	check fork_checks children-do-not-serve "$PORT"
	wm_log_has "^ValueError: of a child"
	wm_stop
}

@test "threads fork while others are served" {
	# A lock of its allocator that another thread holds stays locked in the
	# child: seen, in the end of a thread.
	[ "$WM_SANITIZERS" != yes ] || skip "AddressSanitizer is not fork-safe"
	fork_start --threads 8
	check fork_checks under-load "$PORT" 40
	wm_stop
	! wm_log_has "killed by signal"
}
