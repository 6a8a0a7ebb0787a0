#!/usr/bin/env bats
# What a request learns of its client's leaving, under every engine.

load engines

setup() {
	cd "$WM_TMP" || return 1
	export NOTES=$WM_TMP/notes
}

# waits ENGINE: the app's ways to wait that it has.
waits() {
	echo "sleep wait suspend by_yield told_once await_"
	case $1 in
	none | threads) ;;
	asyncio | tornado) echo "child switched" ;;
	*) echo "child" ;;
	esac
}

@test "a wait ends when the client's connection is reset" {
	for engine in $(engines); do
		engine_start "$engine" --module client_gone --client-gone reset
		check_all gone_checks "$PORT" \
		    "ends reset $WM_LOG $(waits "$engine")" \
		    "elsewhere reset" disconnected half
		wm_stop
	done
}

@test "a wait ends when the client closes, if that counts" {
	for engine in $(engines); do
		engine_start "$engine" --module client_gone --client-gone close
		check_all gone_checks "$PORT" \
		    "ends close $WM_LOG $(waits "$engine")" \
		    "elsewhere close" disconnected
		wm_stop
	done
}

@test "without the option no wait ends early" {
	for engine in $(engines); do
		engine_start "$engine" --module client_gone
		check_all gone_checks "$PORT" ignored half disconnected
		wm_stop
		! wm_log_has "HTTP/1.1 499" || wm_fail "$engine: 499"
	done
}

@test "a client that waits for a core and leaves gets none" {
	engine_start none --module client_gone --client-gone close
	check gone_checks queued "$PORT" "$WM_LOG"
	wm_stop
}
