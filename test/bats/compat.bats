#!/usr/bin/env bats
# The same app under Debian's uWSGI and under this server: what differs is
# listed in test/compat/differences.txt, and documented.

load helper

COMPAT=$WM_SOURCE/test/compat/compat.py

# compat SETUP: both servers, every case of that set-up.
compat() {
	local first status=0
	command -v uwsgi >/dev/null || skip "uwsgi is not installed"
	wm_needs greenlet
	first=$(wm_port 2)
	WSGIMASTER=$WSGIMASTER "$PYTHON" "$COMPAT" \
	    --ports "$first,$((first + 1))" "$1" || status=$?
	return $status
}

@test "a plain server does what uWSGI does" {
	compat plain
}

@test "the async functions do what uWSGI's do" {
	compat async
}

@test "an app in threads finds what it finds under uWSGI" {
	compat threads
}

@test "spooler, mules, queue, cache, metrics, locks do what uWSGI's do" {
	compat subsystems
}

@test "uWSGI's calls are answered here, and ours there; caches are refused" {
	compat remote
}

@test "signals and timers do what uWSGI's do" {
	compat signals
}

@test "websockets do what uWSGI's do" {
	compat websockets
}

@test "every difference is in the manual" {
	"$PYTHON" "$COMPAT" --documented
}

@test "the list of differences in the manual is the one that is tested" {
	"$PYTHON" "$COMPAT" --markdown >list
	sed -n '/^| case /,$p' "$WM_SOURCE/doc/compatibility.md" | diff list -
}
