#!/usr/bin/env bats
# Who the app runs as: from its import on, and with no way back.

load engines
load lifecycle

setup() {
	local folder=$WM_TMP
	cd "$WM_TMP" || return 1
	cp "$WM_APPS/privileges.py" .
	# Another user has to get here, and to leave a sanitizer's report.
	[ "$(id -u)" -ne 0 ] || chmod 1777 .
	while [ "$folder" != "${BATS_RUN_TMPDIR%/*}" ] && [ "$folder" != / ]; do
		chmod a+rx "$folder"
		folder=$(dirname "$folder")
	done
	NOBODY=$(id -u nobody)
	NOGROUP=$(id -g nobody)
}

as_root() {
	[ "$(id -u)" -eq 0 ] || skip "takes root"
	setpriv --reuid "$NOBODY" --regid "$NOGROUP" --clear-groups \
	    test -r privileges.py || skip "nobody cannot come to $WM_TMP"
}

# priv_start ARGS...: a server of the app, its statistics on STATS.
priv_start() {
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --wsgi-file privileges.py "$@"
}

# rights EXPRESSION [PATH]: of what the app tells; i at its import, n now.
rights() {
	get "${2:-/}" | "$PYTHON" -c 'import json, sys
d = json.load(sys.stdin)
i, n = d["imported"], d["now"]
print(eval(sys.argv[1]))' "$1"
}

# rights_are EXPRESSION: whether it is true, both at the import and now.
rights_are() {
	local said
	said=$(rights "[r for r in (i, n) if not ($1)]")
	[ "$said" = "[]" ] || wm_fail "not $1: $said"
}

# refused "what is said" COMMAND...: with status 2.
refused() {
	local what=$1
	shift
	run timeout 60 "$@"
	[ "$status" -eq 2 ] || wm_fail "$*: status $status"
	[[ $output = *"$what"* ]] || wm_fail "$*: $output"
}

@test "the app is another user from its import on, under every engine" {
	as_root
	for engine in $(engines); do
		engine_start "$engine" --wsgi-file privileges.py --uid nobody
		rights_are "r['Uid'] == ['$NOBODY'] * 4"
		rights_are "r['Gid'] == ['$NOGROUP'] * 4"
		rights_are "r['Groups'] == ['$NOGROUP']"
		rights_are "{int(r[c][0], 16) for c in
		    ('CapInh', 'CapPrm', 'CapEff', 'CapAmb')} == {0}"
		# /proc/self is its own, as it is for every process.
		rights_are "r['fds'] and r['dumpable'] == 1"
		[ "$(rights "d['back']" /back)" = "[]" ]
		grep -q '^Uid:	0	0	0	0$' "/proc/$WM_PID/status"
		wm_stop
	done
}

@test "the kernel ends spawner and workers with the master all the same" {
	as_root
	priv_start -p 2 --uid nobody --worker-reload-mercy 1
	# It is forgotten when credentials change, and so set anew.
	[ "$(rights "[i['death'], n['death']]")" = "[9, $(($(
		"$PYTHON" -c 'import signal; print(int(signal.SIGRTMAX))') - 1))]" ]
	get /stuck 20 >/dev/null 2>&1 &
	wm_wait_for "a stuck one" 10 stats_say "any(x['busy_cores']
	    for x in w.values())"
	kill -KILL "$WM_PID"
	wm_wait_for "all to be gone" 20 wm_session_is_gone "$WM_PID"
	rm -f "$STATS"
}

@test "the master reloads, scales and kills workers of another user" {
	as_root
	priv_start -p 3 --cheaper 1 --cheaper-algo manual --uid nobody \
	    --worker-reload-mercy 0.5
	kill -TTIN "$WM_PID"
	wm_wait_for "two" 10 stats_say "w[2]['state'] == 'ready'"
	get /stuck 20 >/dev/null 2>&1 &
	wm_wait_for "a stuck one" 10 stats_say "any(x.get('busy_cores')
	    for x in w.values())"
	kill -HUP "$WM_PID"
	wm_wait_for "its end" 20 wm_log_has 'was killed'
	wm_wait_for "the reload" 20 wm_log_has 'reload done'
	rights_are "r['Uid'][0] == '$NOBODY'"
	stats_say "w[1]['rss'] > 1000000"
	wm_stop
}

@test "numbers and groups" {
	as_root
	echo '{ "uid": 54321, "gid": 54322, "add-gid": [54323, "daemon"] }' \
	    >app.json
	priv_start -c app.json
	rights_are "r['Uid'] == ['54321'] * 4 and r['Gid'] == ['54322'] * 4"
	rights_are "r['Groups'] == sorted(['54322', '54323', '$(
		getent group daemon | cut -d: -f3)'], key=int)"
	wm_stop
	# A user's own groups come without being asked for.
	priv_start --uid nobody --gid daemon --add-gid 77
	rights_are "r['Gid'][0] == '$(getent group daemon | cut -d: -f3)'"
	rights_are "'77' in r['Groups'] and '0' not in r['Groups']"
	wm_stop
}

@test "limits, umask and no-new-privileges hold for the app" {
	# A sanitizer needs room, so the limit is more than there is.
	priv_start --umask 027 --no-new-privileges --limit-as 100000000 \
	    --limit-nproc 4321 --limit-core 0
	rights_are "r['NoNewPrivs'] == ['1'] and r['umask'] == 0o27"
	rights_are "r['limits'] == [[100000000 << 20] * 2, [4321] * 2,
	    [0] * 2]"
	wm_stop
	priv_start
	rights_are "r['NoNewPrivs'] == ['0'] and r['limits'] != [
	    [100000000 << 20] * 2, [4321] * 2, [0] * 2]"
	wm_stop
}

@test "unix sockets are the user's, and as the umask says" {
	as_root
	WM_LOGTO=$WM_TMP/own.log wm_start --http-socket "$WM_TMP/a.sock" \
	    --wsgi-file privileges.py --logto "$WM_TMP/own.log" \
	    --stats "$WM_TMP/stats.sock" --uid nobody --umask 007
	[ "$(stat -c '%u:%g %a' a.sock)" = "$NOBODY:$NOGROUP 770" ]
	[ "$(stat -c '%u:%g %a' stats.sock)" = "$NOBODY:$NOGROUP 770" ]
	# The log was opened before, by root.
	[ "$(stat -c '%u %a' own.log)" = "0 640" ]
	curl -fsS --unix-socket a.sock http://x/ >/dev/null
	wm_stop
	wm_start --http-socket "$WM_TMP/a.sock" --wsgi-file privileges.py \
	    --uid nobody --chown-socket root:daemon
	[ "$(stat -c '%U:%G' a.sock)" = "root:daemon" ]
	wm_stop
}

@test "an app as root must be asked for" {
	as_root
	local refuse=(refused 'the app would run as root: name a user for it'
	    "$WSGIMASTER" --http-socket 127.0.0.1:0 --wsgi-file privileges.py)
	unset WSGIMASTER_ALLOW_ROOT
	"${refuse[@]}"
	[[ $output = *'"allow-root": true'*'WSGIMASTER_ALLOW_ROOT=1'* ]]
	"${refuse[@]}" --gid nogroup
	WSGIMASTER_ALLOW_ROOT=0 "${refuse[@]}"
	WSGIMASTER_ALLOW_ROOT=maybe refused 'WSGIMASTER_ALLOW_ROOT must be' \
	    "${refuse[@]:2}"
	run "${refuse[@]:2}" --check
	[ "$status" -eq 0 ]
	[[ $output = *'warning: the app would run as root'* ]]

	priv_start --allow-root
	rights_are "r['Uid'] == ['0'] * 4"
	wm_stop
	priv_start --uid root
	rights_are "r['Uid'] == ['0'] * 4"
	wm_stop
	WSGIMASTER_ALLOW_ROOT=1 priv_start
	rights_are "r['Uid'] == ['0'] * 4"
	wm_stop
}

@test "a reload cannot make root of the app" {
	as_root
	unset WSGIMASTER_ALLOW_ROOT
	echo '{ "uid": "nobody" }' >app.json
	priv_start -c app.json
	echo '{}' >app.json
	kill -HUP "$WM_PID"
	wm_wait_for "a refusal" 10 wm_log_has \
	    'reload failed: the app would run as root'
	rights_are "r['Uid'] == ['$NOBODY'] * 4"
	echo '{ "uid": "nobodyatall" }' >app.json
	kill -HUP "$WM_PID"
	wm_wait_for "another" 10 wm_log_has 'there is no user "nobodyatall"'
	echo '{ "uid": "daemon" }' >app.json
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 10 wm_log_has 'reload done'
	rights_are "r['Uid'] == ['$(id -u daemon)'] * 4"
	wm_stop
}

@test "unknown users and groups are named before anything starts" {
	local server=("$WSGIMASTER" --http-socket 127.0.0.1:0 --module x)
	refused '"uid": there is no user "nobodyatall"' \
	    "${server[@]}" --uid nobodyatall
	refused '"uid": there is no user "nobodyatall"' \
	    "${server[@]}" --uid nobodyatall --check
	refused '"gid": there is no group "nowhere"' \
	    "${server[@]}" --gid nowhere
	refused '"add-gid": there is no group "nowhere"' \
	    "${server[@]}" --add-gid nowhere
	refused '"uid": 54321 is nobody whom the system knows' \
	    "${server[@]}" --uid 54321
}

@test "who is not root is told what takes root" {
	local user=() uid=$(id -u) gid=$(id -g) server
	if [ "$uid" -eq 0 ]; then
		as_root
		user=(setpriv --reuid nobody --regid "$NOGROUP" --clear-groups)
		uid=$NOBODY gid=$NOGROUP
		"${user[@]}" "$WSGIMASTER" --version ||
			skip "nobody cannot come to $WSGIMASTER"
	fi
	server=("${user[@]}" "$WSGIMASTER" --http-socket 127.0.0.1:0
	    --wsgi-file privileges.py)
	refused '"uid" takes root, and this is the user' \
	    "${server[@]}" --uid daemon
	refused '"gid" takes root' "${server[@]}" --gid daemon
	refused '"add-gid" takes root' "${server[@]}" --add-gid daemon
	refused '"chroot" takes root' "${server[@]}" --chroot /
	run "${server[@]}" --uid daemon --check
	[ "$status" -eq 0 ]
	[[ $output = *'warning: "uid" takes root'* ]]
	# Who is that user already may say so.
	run "${server[@]}" --uid "$uid" --gid "$gid" --check
	[ "$status" -eq 0 ]
	[[ $output != *warning* ]]
}

@test "a root without the capabilities is told which are missing" {
	as_root
	refused '"uid" needs the capability SETUID, which this root does not' \
	    setpriv --bounding-set -setuid "$WSGIMASTER" --uid nobody \
	    --http-socket 127.0.0.1:0 --wsgi-file privileges.py
}

@test "no app gets the master to kill somebody else's process" {
	as_root
	sleep 300 3>&- 4>&- &
	local victim=$!
	cat >liar.py <<-END
	import os, socket, struct

	SPAWNED = 3     # shm/messages.h

	def lie():
	    for fd in map(int, os.listdir("/proc/self/fd")):
	        try:
	            with socket.socket(fileno=os.dup(fd)) as s:
	                if s.type == socket.SOCK_SEQPACKET:
	                    s.send(struct.pack("=I5i232s", SPAWNED, 0, 1, 1,
	                                       $victim, 0, b""))
	        except OSError:
	            pass

	os.register_at_fork(before=lie)

	def application(environ, start_response):
	    start_response("200 OK", [])
	    return [b"lies"]
	END
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --wsgi-file liar.py \
	    --uid nobody
	wm_log_has "worker 1 \(pid $victim\) of generation 1 is ready"
	kill -QUIT "$WM_PID"
	wm_wait_left
	wm_log_has "said to be process $victim, which is none of this server's"
	kill -0 "$victim"
	kill "$victim"
}

# jail_fill FOLDER: what Python needs, without what it does not.
jail_fill() {
	local std
	std=$("$PYTHON" -c 'import os; print(os.path.dirname(os.__file__))')
	mkdir -p "$1$std" "$1/dev" "$1/app" "$1/tmp"
	tar -C "$std" --exclude=test --exclude=__pycache__ \
	    --exclude='*-packages' --exclude='config-*' -cf - . |
		tar -C "$1$std" -xf -
}

@test "chroot: the app and Python see nothing above" {
	as_root
	local jail=$WM_TMP/jail
	jail_fill "$jail"
	echo secret >"$WM_TMP/above"
	cat >"$jail/app/jailed.py" <<-'END'
	import os

	TOP = sorted(os.listdir("/"))
	HERE = os.getcwd()

	def application(environ, start_response):
	    start_response("200 OK", [])
	    return [("%s %s %s" % (os.getuid(), HERE, TOP)).encode()]
	END
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --http-socket \
	    "$WM_TMP/a.sock" --chroot "$jail" --chdir /app \
	    --wsgi-file jailed.py --uid nobody
	get / | tee answer
	grep -q "^$NOBODY /app \['app', 'dev', " answer
	not grep -q above answer
	curl -fsS --unix-socket a.sock http://x/ >/dev/null
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 10 wm_log_has 'reload done'
	get / >/dev/null
	wm_stop
}

# noted NUMBER N: so many lines of the notes are this.
noted() {
	[ "$(grep -cx "$1" "$NOTES")" -ge "$2" ]
}

@test "a root's master watches what the app's user may see, by one descriptor" {
	local monitors
	as_root
	NOTES=$WM_TMP/notes
	: >"$NOTES"
	mkdir -m 700 secret
	echo 1 >secret/watched
	echo 1 >open
	chmod 666 "$NOTES"
	cat >app.py <<-END
	import uwsgi
	def changed(number):
	    with open("$NOTES", "a") as f:
	        f.write(f"{number}\n")
	uwsgi.register_signal(1, "", changed)
	uwsgi.register_signal(2, "", changed)
	uwsgi.register_signal(3, "", changed)
	uwsgi.add_timer(3, 0.2)
	uwsgi.add_file_monitor(1, "$WM_TMP/secret/watched")
	for i in range(50):
	    uwsgi.add_file_monitor(2, "$WM_TMP" + "/." * i + "/open")
	def application(environ, start_response):
	    start_response("200 OK", [])
	    return []
	END
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --module app --uid nobody \
	    --gid "$NOGROUP" --pythonpath .
	wm_wait_for "the timer" 20 noted 3 1
	monitors=$(ls -l "/proc/$WM_PID/fd" | grep -c inotify)
	[ "$monitors" -eq 1 ]
	echo 2 >>secret/watched
	echo 2 >>open
	wm_wait_for "the open one" 20 noted 2 1
	mv secret/watched secret/gone
	sleep 1
	not noted 1 1
	wm_stop
}
