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

# tools CHECK [ADDRESS]: a check of test/clients/uwsgi_tools.py.
tools() {
	"$PYTHON" "$WM_SOURCE/test/clients/uwsgi_tools.py" "$1" \
	    "${2:-$STATS}"
}

@test "the exporter and uwsgitop can read it, idle and busy, with 70 apps" {
	local app=$WM_APPS/lifecycle.py mounts=() i
	for i in {1..70}; do
		mounts+=(--mount "/m$i=$app")
	done
	life_start -p 2 --async 3 --greenlet "${mounts[@]}"
	tools exporter
	curl -s -m 30 "http://127.0.0.1:$PORT/m70/sleep/5" >/dev/null &
	wm_wait_for "the request to run" 10 stats_say \
	    "w[1]['busy_cores'] + w[2]['busy_cores'] == 1"
	tools exporter
	tools exporter-http
	tools uwsgitop
	wait $!
	wm_stop
}

@test "and while workers are missing, and during a reload" {
	life_start -p 3
	kill -TTOU "$WM_PID"
	kill -HUP "$WM_PID"
	for i in 1 2 3 4 5 6 7 8; do
		tools exporter
		tools uwsgitop
	done
	wm_stop
}

@test "stats-minified: the same without a line or a space" {
	life_start --stats-minified
	tools exporter
	curl -fsS -m 10 --unix-socket "$STATS" http://x/stats >minified
	[ "$(tr -d '\n' <minified | wc -l)" -eq 0 ]
	[ "$(wc -l <minified)" -eq 1 ]
	not grep -q '": ' minified
	wm_stop
}

@test "stats-no-cores leaves the cores out, and nothing else" {
	life_start --async 1000 --greenlet --stats-no-cores
	stats_say "'cores' not in w[1] and w[1]['apps'] and w[1]['rss'] > 0"
	tools uwsgitop
	wm_stop
}

@test "thousands of cores are told whole, to a slow reader too" {
	life_start -p 4 --async 1000 --greenlet
	curl -s -m 30 "http://127.0.0.1:$PORT/sleep/1" >/dev/null &
	"$PYTHON" - "$STATS" <<-'END'
	import json, socket, sys, time
	c = socket.socket(socket.AF_UNIX)
	c.connect(sys.argv[1])
	c.sendall(b"GET /stats HTTP/1.0\r\n\r\n")
	data = b""
	while more := c.recv(30000):
	    data += more
	    time.sleep(0.02)
	head, body = data.split(b"\r\n\r\n", 1)
	assert b"Length" not in head and b"chunked" not in head
	s = json.loads(body)
	for worker in s["workers"]:
	    assert [core["id"] for core in worker["cores"]] == list(range(1000))
	END
	wait $!
	wm_stop
}

@test "workers that change while it is told leave it whole" {
	life_start -p 4 --async 4000 --greenlet
	"$PYTHON" - "$STATS" <<-'END'
	import json, os, signal, socket, sys, time
	def ask(path):
	    c = socket.socket(socket.AF_UNIX)
	    c.connect(sys.argv[1])
	    c.sendall(b"GET %s HTTP/1.0\r\n\r\n" % path)
	    return c, []
	def text(c, data):
	    while more := c.recv(1 << 20):
	        data.append(more)
	    return b"".join(data).split(b"\r\n\r\n", 1)[1]
	def reloaded():
	    told = text(*ask(b"/metrics"))
	    return (b"wsgimaster_generation 2\n" in told
	            and b"wsgimaster_reload_running 0\n" in told)
	s = json.loads(text(*ask(b"/stats")))
	pids = [worker["pid"] for worker in s["workers"]]
	readers = [ask(b"/stats") for _ in range(4)]
	step = 0
	while step <= 20 or not reloaded():
	    for number, (c, data) in enumerate(readers):
	        data.append(c.recv(2000 + 400 * number))
	    if step == 5:
	        for pid in pids:
	            os.kill(pid, signal.SIGKILL)
	    if step == 20:
	        os.kill(s["pid"], signal.SIGHUP)
	    step += 1
	    time.sleep(0.01)
	cut = 0
	for c, data in readers:
	    told = json.loads(text(c, data))["workers"]
	    assert len(told) == 4, len(told)
	    cut += sum(len(worker["cores"]) < 4000 for worker in told)
	assert cut > 0, "no worker was replaced while it was told"
	END
	wm_stop
}
