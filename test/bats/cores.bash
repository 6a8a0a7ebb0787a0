# For the tests of cores.

load probe

setup() {
	cd "$WM_TMP" || return 1
	export TEST_GATE=$WM_TMP/gate
}

# core_check CHECK ARGUMENT...: with the addresses that most checks take.
core_check() {
	check core_checks "$1" "$PORT" "$STATS" "$TEST_GATE" "${@:2}"
}
