# An app with websockets, and its checks.
#
#	load engines
#	load websockets
#
#	setup() {
#		websockets_setup
#	}

# websockets_setup: for setup, in each file that loads this.
websockets_setup() {
	[ -z "${WM_SKIP:-}" ] || skip "$WM_SKIP"
	cd "$WM_TMP" || return 1
	export NOTES=$WM_TMP/notes
	wm_needs websockets
}

# ws_start ENGINE ARGS...: the app under an engine.
ws_start() {
	engine_start "$1" --module websocket_cases "${@:2}"
}

# ws CHECK ARGS...: a check on PORT.
ws() {
	check websocket_checks "$1" "$PORT" "${@:2}"
}
