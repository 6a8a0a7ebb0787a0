# Serves test/apps/http_probe.py and runs the checks of test/clients on it.
#
#	load probe
#
#	setup_file() {
#		probe_start_file		# SYNC_, CORES_, THREADS_PORT
#	}
#	teardown_file() {
#		wm_teardown
#	}
#
#	@test "..." {
#		each http_checks keep-alive
#	}

load helper

# probe_start ARGS...: a server of the probe app, ready; PORT and STATS are its
# addresses' ports.
probe_start() {
	PORT=$(wm_port)
	STATS=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --stats "127.0.0.1:$STATS" \
	    --pythonpath "$WM_APPS" --module http_probe "$@"
}

# With one core a worker, with four on greenlets, and with four threads, for all
# tests of a file.
probe_start_file() {
	cd "$WM_TMP" || return 1
	export TEST_FILE=$WM_TMP/pattern.bin
	"$PYTHON" -c 'import sys
sys.stdout.buffer.write(b"".join(b"%07d\n" % n for n in range(500001)))' \
	    >"$TEST_FILE"
	probe_start "$@"
	export SYNC_PORT=$PORT SYNC_STATS=$STATS SYNC_LOG=$WM_LOG
	probe_start --async 4 --greenlet "$@"
	export CORES_PORT=$PORT CORES_STATS=$STATS CORES_LOG=$WM_LOG
	probe_start --threads 4 "$@"
	export THREADS_PORT=$PORT THREADS_STATS=$STATS THREADS_LOG=$WM_LOG
}

# check CLIENT CHECK PORT [ARGUMENT...]: a check of test/clients.
check() {
	"$PYTHON" "$WM_SOURCE/test/clients/$1.py" "${@:2}"
}

# each CLIENT CHECK [ARGUMENT...]: the same on each server of the file.
each() {
	check "$1" "$2" "$SYNC_PORT" "${@:3}"
	check "$1" "$2" "$CORES_PORT" "${@:3}"
	check "$1" "$2" "$THREADS_PORT" "${@:3}"
}

# wait_all PID...: until all have ended; do they agree that it went well?
wait_all() {
	local pid status=0
	for pid; do
		wait "$pid" || status=1
	done
	return $status
}

# each_at_once CLIENT CHECK [ARGUMENT...]: the same, for what mostly waits.
each_at_once() {
	local port pids=()
	for port in "$SYNC_PORT" "$CORES_PORT" "$THREADS_PORT"; do
		check "$1" "$2" "$port" "${@:3}" &
		pids+=($!)
	done
	wait_all "${pids[@]}"
}

# check_all CLIENT PORT "CHECK [ARGUMENT...]"...: checks one after the other, in
# one process: to start one takes longer than most checks.
check_all() {
	local client=$1 port=$2 words arguments=()
	shift 2
	for words; do
		# Unquoted: words.
		set -- $words
		arguments+=(-- "$1" "$port" "${@:2}")
	done
	"$PYTHON" "$WM_SOURCE/test/clients/$client.py" "${arguments[@]:1}"
}
