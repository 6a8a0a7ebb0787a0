#!/usr/bin/env bats
# Locks between processes, cores and threads, whose owners end and die.

load engines

# locks_start ENGINE ARGS...: two workers, or as many as ARGS say.
locks_start() {
	STATS=$(wm_port)
	engine_start "$1" --processes 2 --locks 3 --module lock_cases \
	    --stats "127.0.0.1:$STATS" "${@:2}"
}

@test "a lock excludes processes, cores, threads and children of the app's" {
	local engine
	for engine in $(engines); do
		locks_start "$engine"
		check lock_checks excludes "$PORT"
		check lock_checks times-out "$PORT"
		wm_stop
	done
}

@test "who waits for a lock is parked, and served in turn" {
	local engine
	for engine in $(engines); do
		[ "$engine" != none ] || continue
		locks_start "$engine" --processes 1
		check lock_checks parks "$PORT" "$STATS"
		check lock_checks in-turn "$PORT" "$STATS"
		wm_stop
	done
}

@test "what ends or dies keeps no lock" {
	local engine
	for engine in $(engines); do
		locks_start "$engine"
		check lock_checks over "$PORT"
		wm_log_has 'ended with lock "user 1": it is unlocked'
		check lock_checks dies "$PORT"
		wm_log_has 'lock "user 1": its owner .* died with it'
		wm_stop
	done
}

@test "requests that are ended by harakiri keep no lock" {
	[ "$WM_GREENLET" != no ] || skip "built without greenlet"
	locks_start greenlet --harakiri 1
	not check lock_checks text "$PORT" /stuck
	check lock_checks text "$PORT" "/take?timeout=20"
	wm_stop
}

@test "the statistics name who has a lock" {
	locks_start none
	check lock_checks shown "$PORT" "$STATS"
	wm_stop
}

@test "workers that are killed anywhere neither keep nor double a lock" {
	locks_start threads --processes 3
	check lock_checks killed "$PORT" 4
	wm_stop
}
