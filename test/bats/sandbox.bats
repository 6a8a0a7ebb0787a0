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
	says 'imported=&read=/etc/passwd&wx=' '["read", "read", "mapped"]'
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

# unit_sandbox: WSGIMASTER runs as examples/systemd's unit says, as far as that
# can be without systemd: a user without capabilities, only WM_TMP writable, the
# unit's system calls, no memory that is written and executed.
unit_sandbox() {
	local folder=$WM_TMP
	[ "$(id -u)" -eq 0 ] || skip "takes root"
	command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
	[ "$WM_SANITIZERS" != yes ] || skip "the sanitizer itself needs more"
	chmod 1777 .
	while [ "$folder" != "${BATS_RUN_TMPDIR%/*}" ] && [ "$folder" != / ]; do
		chmod a+rx "$folder"
		folder=$(dirname "$folder")
	done
	chmod -R a+rwX app data read other
	setpriv --reuid nobody --regid nogroup --clear-groups \
	    test -r "$WM_APPS/sandbox.py" -a -x "$WSGIMASTER" ||
		skip "nobody cannot come to the server"
	cat >unit <<-END
	#!/bin/sh
	exec unshare --mount --propagation private sh -c '
	    mount --bind "$WM_TMP" "$WM_TMP" && mount -o remount,bind,ro / &&
	    exec setpriv --reuid nobody --regid nogroup --clear-groups \\
	    --bounding-set=-all --inh-caps=-all --no-new-privs \\
	    $PYTHON $WM_SOURCE/test/clients/unit_sandbox.py \\
	    $WM_SOURCE/examples/systemd/wsgimaster.service "\$@"' sh \\
	    "$WSGIMASTER" "\$@"
	END
	chmod +x unit
	./unit --version >/dev/null || skip "cannot be emulated here"
	WSGIMASTER=$PWD/unit
}

@test "the server runs under what examples/systemd's unit asks for" {
	unit_sandbox
	local engine
	for engine in asyncio gevent threads; do
		! engine_missing "$engine" >/dev/null || continue
		# Unquoted: words.
		sandbox_start $(engine_options "$engine") --stats "$PWD/stats"
		says "late=wave&run=$PWD/read/file&write=$PWD/data/new" \
		    '["imported", 0, "written"]'
		says "write=$WM_SOURCE/new&write=/var/new" '["EROFS", "EROFS"]'
		says 'wx=&chroot=/' '["EACCES", "EPERM"]'
		kill -HUP "$WM_PID"
		wm_wait_for "the reload" 30 \
		    wm_log_has "worker 1 .* of generation 2 is ready"
		[ "$(head -c 300000 /dev/zero | curl -fsS --data-binary @- \
		    "http://127.0.0.1:$PORT/")" = 300000 ]
		wm_stop
	done
}

@test "Landlock works within what examples/systemd's unit asks for" {
	landlocked 1
	unit_sandbox
	sandbox_start --landlock-read "$PWD/read"
	says "read=/etc/passwd&read=$PWD/read/file" '["EACCES", "read"]'
	wm_stop
}
