# Other servers that tests talk to: Redis and PostgreSQL, on unix sockets.
#
#	load services
#
#	setup_file() {
#		redis_start			# REDIS_SOCKET
#	}
#	teardown_file() {
#		services_stop
#	}
#
# They are started in a folder of their own in /tmp, whose path is short enough
# for a socket and which PostgreSQL's user may enter, and never as a service of
# the system. services_stop ends them and removes the folders.

# service_new USER: a folder for a server that runs as USER; prints its path.
service_new() {
	local folder
	folder=$(mktemp -d /tmp/wm-service.XXXXXX) || return
	echo "$folder" >>"$BATS_FILE_TMPDIR/services"
	chown "$1" "$folder"
	echo "$folder"
}

# service_run FOLDER COMMAND...: runs a server; its pid is in FOLDER/wm.pid. It
# ends with the tests, also when nobody can call services_stop any more.
service_run() {
	local folder=$1
	shift
	setpriv --pdeathsig INT "$@" </dev/null >"$folder/wm.log" 2>&1 \
	    3>&- 4>&- &
	echo $! >"$folder/wm.pid"
}

# Ends them and removes what they have written.
services_stop() {
	local folder pid
	[ -e "$BATS_FILE_TMPDIR/services" ] || return 0
	while read -r folder; do
		pid=$(cat "$folder/wm.pid" 2>/dev/null) || pid=
		if [ -n "$pid" ] && kill -INT "$pid" 2>/dev/null; then
			wait "$pid" 2>/dev/null || true
			wm_wait_for "$folder to end" 30 wm_is_gone "$pid" ||
				kill -KILL "$pid"
		fi
		rm -rf "$folder"
	done <"$BATS_FILE_TMPDIR/services"
	rm -f "$BATS_FILE_TMPDIR/services"
}

# service_failed FOLDER: what it wrote, when it did not start.
service_failed() {
	cat "$1/wm.log" >&2
	return 1
}

# redis_start ARGS...: REDIS_SOCKET is its address.
redis_start() {
	local folder
	folder=$(service_new "$(id -un)")
	export REDIS_SOCKET=$folder/redis.sock
	service_run "$folder" redis-server --port 0 --save "" \
	    --unixsocket "$REDIS_SOCKET" --dir "$folder" "$@"
	wm_wait_for "Redis" 30 redis-cli -s "$REDIS_SOCKET" ping ||
		service_failed "$folder"
}

# Where PostgreSQL's server programs are; Debian has them not on the PATH.
postgres_bin() {
	local bin
	for bin in "$(pg_config --bindir 2>/dev/null)" \
	    /usr/lib/postgresql/*/bin; do
		[ -x "$bin/initdb" ] && [ -x "$bin/postgres" ] || continue
		echo "$bin"
		return
	done
	return 1
}

# Starts PostgreSQL, which refuses to run as root; PGHOST is its folder, and
# whoever connects is the superuser.
postgres_start() {
	local bin folder user as=()
	bin=$(postgres_bin)
	user=$(id -un)
	if [ "$(id -u)" -eq 0 ]; then
		user=postgres
		as=(setpriv --reuid=postgres --regid=postgres --clear-groups
		    --pdeathsig INT)
	fi
	folder=$(service_new "$user")
	(cd "$folder" && "${as[@]}" "$bin/initdb" -D "$folder/data" \
	    -U postgres -A trust -E UTF8 --locale=C --no-sync) \
	    >"$folder/wm.log" 2>&1 || service_failed "$folder"
	export PGHOST=$folder PGUSER=postgres PGDATABASE=postgres
	service_run "$folder" "${as[@]}" "$bin/postgres" -D "$folder/data" \
	    -k "$folder" -c listen_addresses= -c fsync=off \
	    -c max_connections=200
	wm_wait_for "PostgreSQL" 60 "$bin/pg_isready" -q ||
		service_failed "$folder"
}
