#!/usr/bin/env bats
# Listening sockets: every kind of address, and what is said when one fails.

load lifecycle

APP() {
	echo --wsgi-file "$WM_APPS/lifecycle.py"
}

# Launches a server that shall not start: leaves with STATUS, saying TEXT.
refused() {
	local status=$1 text=$2
	shift 2
	wm_launch $(APP) "$@"
	wm_wait_left
	wm_log_has "$text" || wm_fail "not in the log: $text" || return
	[ "$WM_STATUS" -eq "$status" ] ||
		wm_fail "left with status $WM_STATUS"
}

has_ipv6() {
	[ -e /proc/net/if_inet6 ] && grep -q '^0\{31\}1 ' /proc/net/if_inet6
}

@test "an IPv4 address" {
	PORT=$(wm_port)
	wm_start $(APP) --http-socket "127.0.0.1:$PORT"
	curl -fsS "http://127.0.0.1:$PORT/"
	wm_stop
}

@test "an IPv6 address" {
	has_ipv6 || skip "no IPv6 here"
	PORT=$(wm_port)
	wm_start $(APP) --http-socket "[::1]:$PORT"
	wm_log_has "ready: 1 worker, http://\[::1\]:$PORT"
	curl -fsS "http://[::1]:$PORT/"
	not curl -fsS -m 2 "http://127.0.0.1:$PORT/"
	wm_stop
}

@test "a host name" {
	PORT=$(wm_port)
	wm_start $(APP) --http-socket "localhost:$PORT"
	curl -fsS "http://localhost:$PORT/"
	wm_stop
}

@test "a port alone is all interfaces, of both families" {
	PORT=$(wm_port)
	wm_start $(APP) --http-socket ":$PORT"
	wm_log_has "http://:$PORT\$"
	curl -fsS "http://127.0.0.1:$PORT/"
	! has_ipv6 || curl -fsS "http://[::1]:$PORT/"
	wm_stop
}

@test "port 0 is a free one, which the log tells" {
	wm_start $(APP) --http-socket 127.0.0.1:0
	PORT=$(grep -oE 'ready: .*127.0.0.1:[0-9]+' "$WM_LOG" | grep -oE '[0-9]+$')
	[ "$PORT" -gt 0 ]
	curl -fsS "http://127.0.0.1:$PORT/"
	wm_stop
}

@test "a unix socket, which is removed at the end" {
	wm_start $(APP) --http-socket "$WM_TMP/app.sock"
	curl -fsS --unix-socket app.sock http://localhost/
	wm_stop
	[ ! -e app.sock ]
}

@test "a relative path" {
	wm_start $(APP) --http-socket ./app.sock
	curl -fsS --unix-socket app.sock http://localhost/
	wm_stop
	[ ! -e app.sock ]
}

@test "without vacuum the unix socket stays" {
	wm_start $(APP) --http-socket ./app.sock --vacuum=false
	kill -TERM "$WM_PID"
	wm_wait_left
	[ -S app.sock ]
	rm app.sock
}

@test "a unix socket that somebody else put there meanwhile stays" {
	wm_start $(APP) --http-socket ./app.sock
	rm app.sock
	echo other >app.sock
	wm_stop
	[ "$(cat app.sock)" = other ]
}

@test "what a killed server left is replaced" {
	wm_start $(APP) --http-socket ./app.sock
	kill -KILL "$WM_PID"
	wm_wait_for "all to leave" 5 wm_session_is_gone "$WM_PID"
	[ -S app.sock ]
	wm_start $(APP) --http-socket ./app.sock
	curl -fsS --unix-socket app.sock http://localhost/
	wm_stop
}

@test "a unix socket of a running server is not taken away" {
	wm_start $(APP) --http-socket ./app.sock
	first=$WM_PID
	refused 1 'cannot bind ./app.sock: a server is listening on it' \
	    --http-socket ./app.sock
	curl -fsS --unix-socket app.sock http://localhost/
	wm_stop "$first"
}

@test "a file that is no socket is not taken away" {
	echo precious >app.sock
	refused 1 'cannot bind ./app.sock: the file exists and is no socket' \
	    --http-socket ./app.sock
	[ "$(cat app.sock)" = precious ]
}

@test "chmod-socket and its default" {
	wm_start $(APP) --http-socket ./app.sock --chmod-socket 600
	[ "$(stat -c %a app.sock)" = 600 ]
	wm_stop
	wm_start $(APP) --http-socket ./app.sock --chmod-socket
	[ "$(stat -c %a app.sock)" = 666 ]
	wm_stop
}

@test "chown-socket" {
	[ "$(id -u)" -eq 0 ] || skip "not root"
	wm_start $(APP) --http-socket ./app.sock --chown-socket nobody:1234
	[ "$(stat -c %U:%g app.sock)" = nobody:1234 ]
	wm_stop
	refused 1 'chown-socket: no user nosuchuser' \
	    --http-socket ./app.sock --chown-socket nosuchuser
	[ ! -e app.sock ]
}

@test "several addresses at once" {
	PORT=$(wm_port)
	wm_start $(APP) --http-socket "127.0.0.1:$PORT" \
	    --http-socket ./a.sock --http-socket ./b.sock
	curl -fsS "http://127.0.0.1:$PORT/"
	curl -fsS --unix-socket a.sock http://localhost/
	curl -fsS --unix-socket b.sock http://localhost/
	wm_stop
}

@test "an address in use is one clear line" {
	PORT=$(wm_port)
	wm_start $(APP) --http-socket "127.0.0.1:$PORT"
	first=$WM_PID
	refused 1 "error: cannot bind 127.0.0.1:$PORT: Address already in use\$" \
	    --http-socket "127.0.0.1:$PORT"
	[ "$(wc -l <"$WM_LOG")" -eq 1 ]
	wm_stop "$first"
}

@test "an address that is not this machine's is one clear line" {
	refused 1 'cannot bind 192.0.2.1:80: Cannot assign requested address' \
	    --http-socket 192.0.2.1:80
}

@test "a host that does not exist is one clear line" {
	refused 1 'cannot find the host nosuchhost.invalid' \
	    --http-socket nosuchhost.invalid:8000
}

@test "what is no address is a bad configuration" {
	refused 2 '"http-socket": not an address: "127.0.0.1:http"' \
	    --http-socket 127.0.0.1:http
	refused 2 '"stats": not an address: "9191"' \
	    --http-socket :0 --stats 9191
}

@test "no address at all is an error" {
	refused 1 'nowhere to listen: give "http-socket"'
}

@test "the second server may bind at once after the first has left" {
	PORT=$(wm_port)
	wm_start $(APP) --http-socket "127.0.0.1:$PORT"
	curl -fsS "http://127.0.0.1:$PORT/"
	wm_stop
	wm_start $(APP) --http-socket "127.0.0.1:$PORT"
	curl -fsS "http://127.0.0.1:$PORT/"
	wm_stop
}

@test "with reuse-port every worker has a socket, and all are served" {
	life_start -p 3 --reuse-port
	[ "$(stats "sorted(x['worker'] for x in s['sockets'])")" = "[1, 2, 3]" ]
	for i in $(seq 40); do
		get / 5
		echo
	done >answers
	[ "$(cut -d' ' -f1 answers | sort -u | wc -l)" -gt 1 ]
	kill -TTOU "$WM_PID"
	wm_wait_for "the refusal" 5 wm_log_has 'SIGTTOU: with "reuse-port"'
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 10 wm_log_has 'reload done'
	for i in $(seq 20); do
		get / 5 >/dev/null
	done
	wm_stop
}

@test "a backlog above the system's limit is told" {
	[ "$(cat /proc/sys/net/core/somaxconn)" -lt 65535 ] ||
		skip "the system queues as many"
	PORT=$(wm_port)
	wm_start $(APP) --http-socket "127.0.0.1:$PORT" --listen 65535
	wm_log_has '"listen": 65535 is above net.core.somaxconn'
	wm_stop
}

# Runs the server as systemd would: with a listening socket as descriptor 3.
# The first argument is the address; wait for it with wm_launch's WM_PID.
activated() {
	cat >activate.py <<-'END'
	import os, socket, sys
	address = sys.argv[1]
	if "/" in address:
	    s = socket.socket(socket.AF_UNIX)
	    s.bind(address)
	else:
	    host, port = address.rsplit(":", 1)
	    s = socket.socket()
	    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	    s.bind((host, int(port)))
	s.listen(10)
	os.dup2(s.fileno(), 3)
	os.set_inheritable(3, True)
	os.environ["LISTEN_FDS"] = "1"
	os.environ["LISTEN_FDNAMES"] = "web"
	os.environ["LISTEN_PID"] = str(os.getpid())
	os.execv(sys.argv[2], sys.argv[2:])
	END
	local real=$WSGIMASTER address=$1
	shift
	printf '#!/bin/sh\nexec "%s" "%s" "%s" "%s" "$@"\n' "$PYTHON" \
	    "$WM_TMP/activate.py" "$address" "$real" >server
	chmod +x server
	WSGIMASTER=$WM_TMP/server wm_start $(APP) "$@"
}

@test "a socket from systemd is used for its address" {
	PORT=$(wm_port)
	activated "127.0.0.1:$PORT" --http-socket "127.0.0.1:$PORT"
	curl -fsS "http://127.0.0.1:$PORT/"
	[ "$(get /environment/LISTEN_FDS)" = "not set" ]
	[ "$(get /environment/LISTEN_PID)" = "not set" ]
	[ "$(get /environment/LISTEN_FDNAMES)" = "not set" ]
	wm_stop
}

@test "without http-socket every socket from systemd serves HTTP" {
	PORT=$(wm_port)
	activated "127.0.0.1:$PORT"
	curl -fsS "http://127.0.0.1:$PORT/"
	wm_stop
}

@test "a unix socket from systemd is used and left alone" {
	activated "$WM_TMP/app.sock" --http-socket "$WM_TMP/app.sock"
	curl -fsS --unix-socket app.sock http://localhost/
	kill -TERM "$WM_PID"
	wm_wait_left
	[ -S app.sock ]
	rm app.sock
}

@test "a socket from systemd that no option names is closed, with a warning" {
	local other
	PORT=$(wm_port)
	other=$(wm_port)
	activated "127.0.0.1:$other" --http-socket "127.0.0.1:$PORT"
	wm_log_has "LISTEN_FDS: no option names 127.0.0.1:$other"
	curl -fsS "http://127.0.0.1:$PORT/"
	not curl -fsS -m 2 "http://127.0.0.1:$other/"
	wm_stop
}

@test "variables meant for another process are not believed" {
	PORT=$(wm_port)
	LISTEN_PID=1 LISTEN_FDS=1 wm_start $(APP) \
	    --http-socket "127.0.0.1:$PORT"
	not wm_log_has LISTEN_FDS
	wm_stop
}
