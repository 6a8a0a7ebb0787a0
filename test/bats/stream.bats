#!/usr/bin/env bats
# Bodies in pieces: joined while the app is quick, held back never.

load engines

setup() {
	cd "$WM_TMP" || return 1
	export NOTES=$WM_TMP/notes
	mkdir "$NOTES"
}

# stream_each CHECK [ARGUMENT...]: on a server of each engine.
stream_each() {
	local engine
	for engine in $(engines); do
		echo "$engine"
		engine_start "$engine" --module stream_cases
		check stream_checks "$1" "$PORT" "${@:2}"
		wm_stop
	done
}

@test "no piece is held back while the app takes its time" {
	stream_each waits wait sleep select spin parked
}

@test "no piece of write() is held back" {
	stream_each waits write sleep spin parked
}

@test "what is sent while the app blocks is counted meanwhile" {
	local engine
	for engine in $(engines); do
		engine_start "$engine" --module stream_cases \
		    --stats "$WM_TMP/stats"
		check stream_checks counted "$PORT" "$WM_TMP/stats"
		wm_stop
	done
}

@test "what a full socket did not take is not held back" {
	stream_each full sleep parked
}

@test "a piece comes within milliseconds" {
	stream_each soon
}

@test "a hundred thousand pieces come whole to a slow client" {
	stream_each many
}

@test "pieces of all sizes come whole" {
	stream_each sizes
}

@test "what came before an exception is sent" {
	stream_each raises
}

@test "a client that leaves midway ends its request" {
	stream_each leaves
}

@test "a child that is forked midway sends nothing" {
	# A lock of its allocator that the pusher's thread holds stays locked in
	# the child: it hung once, on a busy machine.
	[ "$WM_SANITIZERS" != yes ] || skip "AddressSanitizer is not fork-safe"
	stream_each forks
}

@test "who streams without a pause lets others have their turns" {
	local engine
	for engine in $(engines); do
		case $engine in
		none | threads) continue ;;	# no others; Python's turns
		esac
		engine_start "$engine" --module stream_cases
		check stream_checks shares "$PORT" 200000
		wm_stop
	done
}

@test "many who stream without a pause hold nobody up for long" {
	local engine
	for engine in $(engines); do
		case $engine in
		none | threads) continue ;;	# no others; Python's turns
		greenlet) set -- --async 420 ;;
		*) set -- "--$engine" 420 ;;
		esac
		engine_start "$engine" --module stream_cases "$@"
		check stream_checks crowd "$PORT" 400
		wm_stop
	done
}

@test "the thread that pushes is there when it is needed, and sleeps" {
	stream_each thread
}

@test "a body that is under way when the server stops comes whole" {
	local engine stopper
	for engine in $(engines); do
		rm -rf "$NOTES" && mkdir "$NOTES"
		engine_start "$engine" --module stream_cases
		(
			wm_wait_for "the stream" 60 test -e "$NOTES/stop"
			kill -TERM "$WM_PID"
		) 3>&- &
		stopper=$!
		check stream_checks stops "$PORT" "$WM_LOG"
		wait "$stopper"
		wm_wait_left
		[ "$WM_STATUS" -eq 0 ]
	done
}
