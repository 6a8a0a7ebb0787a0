#!/usr/bin/env bats
# Statistics: the JSON document that a connection gets.

load lifecycle

@test "there is everything that uWSGI's tools read" {
	life_start -p 2
	get / >/dev/null
	stats "[s[k] for k in '''version listen_queue listen_queue_errors
	    signal_queue load pid uid gid cwd locks caches metrics
	    sockets workers'''.split()]"
	stats "[s['sockets'][0][k] for k in '''name proto queue max_queue
	    shared can_offload'''.split()]"
	stats "[w[2][k] for k in '''id pid accepting requests delta_requests
	    exceptions harakiri_count signals signal_queue status rss vsz
	    running_time last_spawn respawn_count tx avg_rt apps
	    cores'''.split()]"
	stats "[w[1]['apps'][0][k] for k in '''id modifier1 mountpoint
	    startup_time requests exceptions chdir'''.split()]"
	stats "[w[1]['cores'][0][k] for k in '''id requests static_requests
	    routed_requests offloaded_requests write_errors read_errors
	    in_request vars req_info'''.split()]"
	[ "$(stats "s['pid']")" -eq "$WM_PID" ]
	[ "$(stats "s['cwd']")" = "$(pwd -P)" ]
	wm_stop
}

@test "requests, bytes and times are counted" {
	life_start
	for i in 1 2 3; do
		get / >/dev/null
	done
	wm_wait_for "three requests" 5 stats_say "w[1]['requests'] == 3"
	stats_say "w[1]['cores'][0]['requests'] == 3 and
	    w[1]['delta_requests'] == 3 and w[1]['tx'] > 0 and
	    w[1]['running_time'] > 0 and w[1]['avg_rt'] > 0 and
	    w[1]['rss'] > 1000000 and w[1]['status'] == 'idle' and
	    w[1]['accepting'] == 1"
	stats_say "w[1]['apps'][0]['requests'] == 3"
	wm_stop
}

@test "a running request is told, without its query and cookies" {
	life_start
	curl -s -m 20 -H 'Cookie: secret=1' -H 'Authorization: secret' \
	    "http://127.0.0.1:$PORT/sleep/3?password=secret" >/dev/null &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	stats "[w[1]['status'], w[1]['cores'][0]]"
	# In one go: the request does not run for long.
	stats_say "w[1]['status'] == 'busy' and
	    [w[1]['cores'][0][key] for key in
	    ('in_request', 'method', 'path', 'addr', 'vars')] ==
	    [1, 'GET', '/sleep/3', '127.0.0.1', []] and
	    len(w[1]['cores'][0]['request']) == 36 and
	    abs(w[1]['cores'][0]['req_info']['request_start'] -
	    __import__('time').time()) < 10 and
	    'secret' not in json.dumps(s)"
	wait $!
	wm_wait_for "its end" 5 stats_say "w[1]['cores'][0]['in_request'] == 0"
	wm_stop
}

@test "every core is there" {
	life_start --async 50 --greenlet
	[ "$(stats "[c['id'] for c in w[1]['cores']] == list(range(50))")" = True ]
	wm_stop
}

@test "stuck workers do not keep the statistics from answering" {
	life_start -p 2 --worker-reload-mercy 0
	get /stuck 20 >/dev/null 2>&1 &
	get /stuck 20 >/dev/null 2>&1 &
	wm_wait_for "both to be stuck" 10 stats_say \
	    "w[1]['busy_cores'] + w[2]['busy_cores'] == 2"
	stats_say "w[1]['cores'][0]['path'] == '/stuck'"
	wm_stop
}

@test "over TCP" {
	local port
	PORT=$(wm_port)
	port=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --stats "127.0.0.1:$port" \
	    --wsgi-file "$WM_APPS/lifecycle.py"
	[ "$(stats "s['state']" "127.0.0.1:$port")" = running ]
	wm_stop
}

@test "a port alone, as uWSGI takes it" {
	local port
	PORT=$(wm_port)
	port=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --stats ":$port" \
	    --wsgi-file "$WM_APPS/lifecycle.py"
	[ "$(stats "s['state']" "127.0.0.1:$port")" = running ]
	wm_stop
}

@test "an address in use is one clear line" {
	PORT=$(wm_port)
	wm_launch --http-socket "127.0.0.1:$PORT" --stats "127.0.0.1:$PORT" \
	    --wsgi-file "$WM_APPS/lifecycle.py"
	wm_wait_left
	[ "$WM_STATUS" -eq 1 ]
	wm_log_has "cannot bind 127.0.0.1:$PORT: Address already in use"
}

@test "clients that do not read cannot fill it up" {
	life_start --async 500 --greenlet
	"$PYTHON" - "$STATS" <<-'END'
	import json, socket, sys, time
	path = sys.argv[1]
	lazy = []
	for i in range(16):
	    c = socket.socket(socket.AF_UNIX)
	    c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
	    c.connect(path)
	    lazy.append(c)
	c = socket.socket(socket.AF_UNIX)
	c.settimeout(15)
	begin = time.time()
	c.connect(path)
	data = b""
	while True:
	    more = c.recv(65536)
	    if not more:
	        break
	    data += more
	json.loads(data)
	print("answered after %.1f s" % (time.time() - begin))
	END
	get / >/dev/null
	wm_stop
}

@test "a path that is not UTF-8 is still JSON" {
	life_start
	printf 'GET /sl\xffeep HTTP/1.1\r\nHost: a\r\n\r\n' |
	    timeout 2 bash -c "cat >/dev/tcp/127.0.0.1/$PORT" || true
	stats "s['version']"
	wm_stop
}
