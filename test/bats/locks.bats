#!/usr/bin/env bats
# Locks between processes, cores and threads, whose owners end and die.

load engines

# locks_start ENGINE ARGS...: two workers, or five that handle one request each,
# or as many as ARGS say.
locks_start() {
	local processes=2
	[ "$1" != none ] || processes=5
	STATS=$(wm_port)
	engine_start "$1" --processes $processes --locks 3 \
	    --module lock_cases --stats "127.0.0.1:$STATS" "${@:2}"
}

@test "a lock excludes processes, cores and threads; the dead have none" {
	local engine
	for engine in $(engines); do
		locks_start "$engine"
		check lock_checks excludes "$PORT" -- times-out "$PORT" \
		    -- over "$PORT" -- dies "$PORT"
		wm_log_has 'ended with lock "user 1": it is unlocked'
		wm_log_has 'lock "user 1": its owner .* died with it'
		wm_stop
	done
}

@test "who waits for a lock is parked, and served in turn" {
	local engine
	for engine in $(engines); do
		[ "$engine" != none ] || continue
		locks_start "$engine" --processes 1
		check lock_checks parks "$PORT" "$STATS" \
		    -- in-turn "$PORT" "$STATS"
		wm_stop
	done
}

@test "mules and spoolers take locks as requests do, and keep none" {
	local name
	mkdir spool
	locks_start none --mules 1 --spooler spool --spooler-max-tries 1
	for name in mule spool; do
		check lock_checks in-background "$PORT" $name
	done
	wm_log_has "a message's handler has ended with lock \"user 2\""
	wm_log_has 'uwsgi_spoolfile_on_.* has ended with lock "user 2"'
	[ "$(grep -c 'lock "user 3": its owner .* died with it' "$WM_LOG")" \
	    -eq 2 ]
	wm_stop
}

@test "requests that are ended by harakiri keep no lock" {
	[ "$WM_GREENLET" != no ] || skip "built without greenlet"
	locks_start greenlet --harakiri 1
	not check lock_checks text "$PORT" /stuck
	check lock_checks text "$PORT" "/take?timeout=20"
	wm_stop
}

@test "the statistics name who has a lock; @lock takes lock 0" {
	locks_start none
	check lock_checks shown "$PORT" "$STATS"
	check lock_checks decorated "$PORT"
	wm_stop
}

@test "workers that are killed anywhere neither keep nor double a lock" {
	locks_start threads --processes 3
	check lock_checks killed "$PORT" 3
	wm_stop
}
