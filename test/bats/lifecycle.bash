# Serves test/apps/lifecycle.py and looks at the processes.
#
#	load lifecycle
#
#	@test "..." {
#		life_start -p 2
#		get /sleep/1
#	}

load helper

# life_start ARGS...: a server of the lifecycle app, ready, on PORT, with its
# statistics on the unix socket STATS. What it does at import stands in
# import.py of the test's folder.
life_start() {
	life_args "$@"
	wm_start "${LIFE_ARGS[@]}"
}

# life_launch ARGS...: the same without waiting.
life_launch() {
	life_args "$@"
	wm_launch "${LIFE_ARGS[@]}"
}

life_args() {
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	LIFE_ARGS=(--http-socket "127.0.0.1:$PORT" --stats "$STATS"
	    --wsgi-file "$WM_APPS/lifecycle.py" "$@")
}

# get PATH [SECONDS]: the body of an answer.
get() {
	curl -fsS -m "${2:-10}" "http://127.0.0.1:$PORT$1"
}

# stats EXPRESSION [ADDRESS]: what a Python expression makes of the statistics
# (s is all of it, w is a worker by its id).
stats() {
	wm_python - "${2:-$STATS}" "$1" <<-'END'
	import json, socket, sys
	address, expression = sys.argv[1:]
	if "/" in address:
	    c = socket.socket(socket.AF_UNIX)
	    c.settimeout(10)
	    c.connect(address)
	else:
	    host, port = address.rsplit(":", 1)
	    c = socket.create_connection((host.strip("[]"), port), 10)
	c.shutdown(socket.SHUT_WR)  # nothing will come: no need to wait for it
	data = b""
	while True:
	    more = c.recv(65536)
	    if not more:
	        break
	    data += more
	s = json.loads(data.decode("utf-8"))
	w = {worker["id"]: worker for worker in s["workers"]}
	print(eval(expression))
	END
}

# stats_say EXPRESSION: whether it is true, to wait for.
stats_say() {
	[ "$(stats "bool($1)")" = True ]
}

# The pid of a worker, of the spawner that serves.
worker_pid() {
	stats "w[$1]['pid']"
}

spawner_pid() {
	stats "[g['spawner_pid'] for g in s['generations']
	    if g['id'] == s['generation']][0]"
}

# Whether all the workers that shall be there are ready.
workers_ready() {
	stats_say "len(w) == s['processes'] and
	    all(x['state'] == 'ready' for x in w.values())"
}

# log_count PATTERN: how many lines of the log match.
log_count() {
	grep -cE -- "$1" "$WM_LOG" || true
}
