#!/usr/bin/env bats
# wsgimaster.await_() and asyncio.run() under every engine.

load engines

is() {
	local text
	text=$(curl -fsS --max-time 60 "http://127.0.0.1:$PORT/$1") || return
	[ "$text" = "$2" ] || wm_fail "$engine: $1: $text"
}

# together CASE TEXT N SECONDS: N requests at once, in so many seconds.
together() {
	local begin=${EPOCHREALTIME/[^0-9]/} pids="" n
	for n in $(seq "$3"); do
		is "$1" "$2" &
		pids+=" $!"
	done
	for n in $pids; do
		wait "$n" || return
	done
	[ $((${EPOCHREALTIME/[^0-9]/} - begin)) -lt "$4"000000 ] ||
		wm_fail "$engine: $1: not at the same time"
}

awaits() {
	is results "value 'inside' timeout True in time a b"
	is context "mine mine"
	is seen none
	is streams echo
	is executor True
	is thread "from a thread twice"
	is wrong "await_() is for plain code; here, use await"
	is forked "child parent"
	is many "1000 True"
	is run-twice "a b False"
	is nested begun
}

@test "await_() and asyncio.run() do the same under every engine" {
	for engine in $(engines); do
		engine_start "$engine" --module await_cases
		awaits
		if [ "$engine" != none ]; then
			together slow slow 6 2
			together runs ran 6 2
		fi
		if [ "$engine" != none ] && [ "$engine" != threads ]; then
			# The loop is the worker's.
			is exits "goes on"
			wm_log_has "SystemExit: 3"
			is later-done True
			is results "value 'inside' timeout True in time a b"
		fi
		wm_stop
		! wm_log_has "Traceback.*Runtime|ResourceWarning" || wm_log
	done
}

@test "asyncio imported by the app works in the same way" {
	export IMPORT_ASYNCIO=1
	for engine in $(engines); do
		engine_start "$engine" --module await_cases
		is at-import "at import in the hook"
		awaits
		[ "$engine" = none ] || together runs ran 6 2
		case $engine in
		none | threads) ;;
		*) is ticks True ;;
		esac
		wm_stop
	done
}

@test "asyncio is not imported before somebody wants it" {
	for engine in none greenlet; do
		engine_start "$engine" --module await_cases
		is imported "False False"
		wm_stop
	done
}
