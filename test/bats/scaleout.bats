#!/usr/bin/env bats
# Three hosts behind HAProxy, with examples/scale-out's configuration: what
# doc/scale-out.md promises. The hosts are network namespaces.

load helper
load hosts

setup_file() {
	WHY=$(hosts_possible) || skip "$WHY"
	command -v haproxy >/dev/null || skip "haproxy is missing"
	hosts_up 3
}

teardown_file() {
	hosts_down
}

setup() {
	cd "$WM_TMP" || return 1
	local i
	for i in 1 2 3; do
		printf '#!/bin/sh\nexec ip netns exec %s %s "$@"\n' \
		    "$HOSTS-$i" "$WSGIMASTER" >"host$i"
		chmod +x "host$i"
		host_start "$i"
	done
}

teardown() {
	touch "$WM_TMP/enough"
	[ -z "${CLIENT_PID:-}" ] || wait "$CLIENT_PID" || true
	if [ -n "${FRONT_PID:-}" ]; then
		kill -TERM "$FRONT_PID" 2>/dev/null || true
		wait "$FRONT_PID" || true
	fi
	wm_teardown
}

# host_start I: a server there, ready; its pid is PIDS[I], its log LOGS[I].
host_start() {
	WSGIMASTER=$WM_TMP/host$1 wm_start --http-socket 0.0.0.0:8080 \
	    --stats 0.0.0.0:9191 --stats-http -p 2 --async 50 --greenlet \
	    --listen 1024 --drain-delay "${DRAIN_DELAY:-3}" \
	    --wsgi-file "$WM_APPS/noloss.py"
	PIDS[$1]=$WM_PID
	LOGS[$1]=$WM_LOG
}

# nginx in front of them.
nginx_start() {
	{
		echo "daemon off; master_process off; pid $WM_TMP/nginx.pid;"
		echo "error_log $WM_TMP/nginx.log; events {}"
		echo "http { access_log off;"
		for i in body proxy fastcgi uwsgi scgi; do
			case $i in
			body) echo "client_body_temp_path $WM_TMP/$i;" ;;
			*) echo "${i}_temp_path $WM_TMP/$i;" ;;
			esac
		done
		sed -e 's/10\.0\.0\./10.77.0./' -e 's/listen 80;/listen 8000;/' \
		    "$WM_SOURCE/examples/scale-out/nginx.conf"
		echo "}"
	} >nginx.test.conf
	ip netns exec "$HOSTS-front" nginx -c "$WM_TMP/nginx.test.conf" \
	    </dev/null >nginx.out 2>&1 3>&- 4>&- &
	FRONT_PID=$!
	wm_wait_for "nginx" 30 ip netns exec "$HOSTS-front" \
	    curl -fs http://127.0.0.1:8000/fast/1
}

# HAProxy in front of them, when it has seen all three.
haproxy_start() {
	BIND=127.0.0.1:8000 ADMIN=$WM_TMP/haproxy.admin HOST1=10.77.0.1 \
	HOST2=10.77.0.2 HOST3=10.77.0.3 ip netns exec "$HOSTS-front" haproxy \
	    -W -f "$WM_SOURCE/examples/scale-out/haproxy.cfg" \
	    </dev/null >haproxy.log 2>&1 3>&- 4>&- &
	FRONT_PID=$!
	wm_wait_for "HAProxy to see all hosts" 30 front_sees 1 UP
	wm_wait_for "HAProxy to see all hosts" 30 front_sees 2 UP
	wm_wait_for "HAProxy to see all hosts" 30 front_sees 3 UP
}

# front_sees I STATE: whether HAProxy thinks so of a host.
front_sees() {
	"$PYTHON" - "$WM_TMP/haproxy.admin" "host$1" "$2" <<-'END'
	import csv, socket, sys
	path, host, state = sys.argv[1:]
	with socket.socket(socket.AF_UNIX) as s:
	    s.settimeout(5)
	    s.connect(path)
	    s.sendall(b"show stat\n")
	    data = b""
	    while more := s.recv(65536):
	        data += more
	for row in csv.DictReader(data.decode().lstrip("# ").splitlines()):
	    if row["svname"] == host:
	        sys.exit(row["status"].split()[0] != state)
	sys.exit(1)
	END
}

# Clients, until the file "enough" is there; what they say is in client.json.
clients_start() {
	ip netns exec "$HOSTS-front" "$PYTHON" \
	    "$WM_SOURCE/test/clients/noloss.py" 8000 \
	    --until "$WM_TMP/enough" --keep 6 --close 6 "$@" \
	    >client.json 2>client.err 3>&- 4>&- &
	CLIENT_PID=$!
	sleep 1			# of load before anything happens
}

# They end; their exit status.
clients_end() {
	local status=0
	sleep 1			# and behind it
	touch "$WM_TMP/enough"
	wait "$CLIENT_PID" || status=$?
	CLIENT_PID=
	cat client.json client.err
	return $status
}

# client EXPRESSION: of what they said.
client() {
	"$PYTHON" -c 'import json, sys
c = json.load(open("client.json"))
sys.exit(not eval(sys.argv[1]))' "$1"
}

@test "a rolling upgrade of three hosts loses no request" {
	local i
	haproxy_start
	clients_start
	for i in 1 2 3; do
		kill -TERM "${PIDS[$i]}"
		wm_wait_for "HAProxy to see host $i leave" 30 \
		    front_sees "$i" DOWN
		wm_wait_left "${PIDS[$i]}"
		[ "$WM_STATUS" -eq 0 ]
		host_start "$i"
		wm_wait_for "HAProxy to see host $i again" 30 front_sees "$i" UP
	done
	clients_end
	client "c['failed'] == 0 and c['ok'] > 100"
	client "c['workers'] >= 8"		# old ones and new ones
}

@test "a rolling reload of three hosts loses no request, and no host leaves" {
	local i
	haproxy_start
	clients_start
	for i in 1 2 3; do
		kill -HUP "${PIDS[$i]}"
		wm_wait_for "host $i's new generation" 30 grep -q \
		    "reload done in" "${LOGS[$i]}"
	done
	clients_end
	client "c['failed'] == 0 and c['ok'] > 100"
	not grep -q DOWN haproxy.log
}

@test "a rolling upgrade by USR2 loses no request, and no host leaves" {
	local i
	haproxy_start
	clients_start
	for i in 1 2 3; do
		kill -USR2 "${PIDS[$i]}"
		wm_wait_for "host $i's old master to leave" 30 \
		    wm_is_gone "${PIDS[$i]}"
	done
	clients_end
	client "c['failed'] == 0 and c['ok'] > 100"
	client "c['workers'] >= 8"
	not grep -q DOWN haproxy.log
}

@test "a host whose master is killed loses what it had, and nothing more" {
	local i
	haproxy_start
	clients_start
	kill -KILL "${PIDS[2]}"
	wm_wait_for "HAProxy to see host 2 leave" 30 front_sees 2 DOWN
	wm_wait_for "host 2's processes to leave" 30 \
	    wm_session_is_gone "${PIDS[2]}"
	clients_end || true
	# Twelve clients have a request each; a third of them are on this host.
	client "c['failed'] <= 12 and c['ok'] > 100"
	host_start 2
	wm_wait_for "HAProxy to see host 2 again" 30 front_sees 2 UP
}

@test "a host that dies as a whole loses what it had, and nothing more" {
	haproxy_start
	clients_start
	kill -KILL $(wm_session "${PIDS[3]}")
	wm_wait_for "HAProxy to see host 3 leave" 30 front_sees 3 DOWN
	clients_end || true
	client "c['failed'] <= 12 and c['ok'] > 100"
}

@test "nginx: a rolling upgrade loses no request" {
	local i
	command -v nginx >/dev/null || skip "nginx is missing"
	nginx_start
	clients_start
	for i in 1 2 3; do
		kill -TERM "${PIDS[$i]}"
		wm_wait_left "${PIDS[$i]}"
		host_start "$i"
	done
	clients_end
	client "c['failed'] == 0 and c['ok'] > 100"
}
