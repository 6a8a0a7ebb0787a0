#!/usr/bin/env bats
# The processes' sandboxes: Landlock, and what examples/systemd asks for.

load engines

setup() {
	cd "$WM_TMP" || return 1
	mkdir app data read other
	cp "$WM_APPS/sandbox.py" app/
	echo x >read/file
	echo x >other/file
}

sandbox_start() {
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --wsgi-file "$PWD/app/sandbox.py" \
	    "$@"
}

# says QUERY WANT: what the app tells.
says() {
	local told
	told=$(curl -fsS "http://127.0.0.1:$PORT/?$1")
	[ "$told" = "$2" ] || wm_fail "$1: $told, not $2"
}

# landlocked VERSION: skips unless the kernel's Landlock is that new.
landlocked() {
	local version
	version=$("$PYTHON" -c '
import ctypes
print(ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1))')
	[ "$version" -ge "$1" ] || skip "Landlock: version $version"
}

@test "without the options the app touches what its user may" {
	sandbox_start
	says 'imported=&read=/etc/passwd' '["read", "read"]'
	says "write=$PWD/other/new" '["written"]'
	wm_stop
}

@test "in the sandbox the app reads and writes what it was given" {
	landlocked 1
	sandbox_start --landlock-read "$PWD/read" --landlock-write "$PWD/data"
	says "read=$PWD/read/file&list=$PWD/read" '["read", "listed"]'
	says "write=$PWD/data/new" '["written"]'
	says "read=$PWD/app/sandbox.py" '["read"]'
	wm_stop
}

@test "in the sandbox nothing else can be read or written, at import or later" {
	landlocked 1
	sandbox_start --landlock-read "$PWD/read" --landlock-write "$PWD/data"
	says 'imported=&read=/etc/passwd' '["EACCES", "EACCES"]'
	says "read=$PWD/other/file&list=$PWD/other" '["EACCES", "EACCES"]'
	says "write=$PWD/other/new&write=$PWD/read/new&write=$PWD/app/new" \
	    '["EACCES", "EACCES", "EACCES"]'
	wm_stop
}

@test "programs that the app starts are in the sandbox, too" {
	landlocked 1
	sandbox_start --landlock-read "$PWD/read"
	says "run=$PWD/read/file&run=$PWD/other/file&run=/etc/passwd" \
	    '[0, 1, 1]'
	wm_stop
}

@test "in the sandbox modules are imported late, and /tmp is given or is not" {
	landlocked 1
	sandbox_start --landlock-write "$PWD/data" --threads 4
	says 'late=wave&late=sqlite3.dbapi2&late=multiprocessing.pool' \
	    '["imported", "imported", "imported"]'
	wm_stop
	TMPDIR=$PWD/data sandbox_start --landlock-write "$PWD/data" \
	    --post-buffering 1
	says 'temporary=' '["written"]'
	[ "$(head -c 300000 /dev/zero | curl -fsS --data-binary @- \
	    "http://127.0.0.1:$PORT/")" = 300000 ]
	wm_stop
}

@test "in the sandbox a worker cannot signal the master" {
	landlocked 6
	sandbox_start --landlock-read "$PWD/read"
	says "kill=$WM_PID" '["EPERM"]'
	wm_stop
}

@test "workers in the sandbox reload, and are replaced" {
	landlocked 1
	sandbox_start --landlock-read "$PWD/read"
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 30 \
	    wm_log_has "worker 1 .* of generation 2 is ready"
	says 'imported=&read=/etc/passwd' '["EACCES", "EACCES"]'
	wm_stop
}

@test "with each engine the app is served from the sandbox" {
	landlocked 1
	local engine
	for engine in asyncio gevent; do
		! engine_missing "$engine" >/dev/null || continue
		# Unquoted: words.
		sandbox_start --landlock-read "$PWD/read" \
		    $(engine_options "$engine")
		says "read=/etc/passwd&read=$PWD/read/file" '["EACCES", "read"]'
		wm_stop
	done
}

@test "a path that is not there, and a kernel without Landlock, are refused" {
	wm_launch --http-socket "127.0.0.1:$(wm_port)" --landlock-read \
	    "$PWD/nowhere" --wsgi-file "$PWD/app/sandbox.py"
	wm_wait_left
	[ "$WM_STATUS" -ne 0 ]
	wm_log_has "\"landlock-read\": $PWD/nowhere: No such file" ||
		wm_log_has 'kernel has no Landlock'
	# A seccomp filter says ENOSYS to landlock_create_ruleset(2).
	printf '#!/bin/sh\nexec %s %s %s "$@"\n' "$PYTHON" \
	    "$WM_SOURCE/test/clients/no_landlock.py" "$WSGIMASTER" >without
	chmod +x without
	WSGIMASTER=$PWD/without
	wm_launch --http-socket "127.0.0.1:$(wm_port)" --landlock-read \
	    "$PWD/read" --wsgi-file "$PWD/app/sandbox.py"
	wm_wait_left
	[ "$WM_STATUS" -ne 0 ]
	wm_log_has 'kernel has no Landlock.*: Function not implemented'
}
