#!/usr/bin/env bats
# wsgimaster ctl stacks: where every request is.

load engines
load control

# A file whose requests are somewhere that has a name.
write_app() {
	cat >stacks_app.py <<-'END'
	import wsgimaster


	def wait_somewhere():
	    wsgimaster.sleep(60)


	def spin_somewhere():
	    while True:
	        pass


	def application(environ, start_response):
	    start_response("200 OK", [])
	    if environ["PATH_INFO"] == "/wait":
	        wait_somewhere()
	    if environ["PATH_INFO"] == "/spin":
	        spin_somewhere()
	    return [b"ok"]
	END
}

@test "a waiting and a stuck request are shown where they are, under every engine" {
	write_app
	CONTROL=$WM_TMP/control.sock
	for engine in $(engines); do
		engine_start "$engine" --control-socket "$CONTROL" -p 2 \
		    --wsgi-file "$WM_TMP/stacks_app.py"
		get /wait 60 >/dev/null 2>&1 &
		wm_wait_for "it to wait" 20 requests_run 1
		ctl stacks | tee stacks
		grep -q "GET /wait" stacks || wm_fail "$engine"
		grep -q 'stacks_app.py", line 5, in wait_somewhere' stacks ||
			wm_fail "$engine"
		get /spin 60 >/dev/null 2>&1 &
		wm_wait_for "it to spin" 20 requests_run 2
		wm_wait_for "the stuck one's stack" 30 stacks_have \
		    ', in spin_somewhere'
		kill -QUIT "$WM_PID"
		wm_wait_left
	done
}

# stacks_have TEXT: whether they are shown with that.
stacks_have() {
	ctl stacks | grep -qF "$1"
}

@test "stacks can be asked of one worker, core or request" {
	local id core worker
	write_app
	CONTROL=$WM_TMP/control.sock
	engine_start greenlet --control-socket "$CONTROL" -p 2 \
	    --wsgi-file "$WM_TMP/stacks_app.py"
	[ "$(ctl_get stacks "sum(len(w['cores']) for w in r['workers'])")" -eq 0 ]
	for i in 1 2 3 4; do
		get "/wait" 60 >/dev/null 2>&1 &
	done
	wm_wait_for "four to wait" 20 requests_run 4
	ctl_say stacks "sum(len(w['cores']) for w in r['workers']) == 4 and
	    sorted(w['worker'] for w in r['workers']) == [1, 2] and
	    all('wait_somewhere' in c['stack'][-1]
	    for w in r['workers'] for c in w['cores'])"
	id=$(ctl_get cores "r['cores'][-1]['request']")
	core=$(ctl_get cores "r['cores'][-1]['core']")
	worker=$(ctl_get cores "r['cores'][-1]['worker']")
	ctl_say "stacks --request $id" "[c['request'] for w in r['workers']
	    for c in w['cores']] == ['$id']"
	ctl_say "stacks --worker $worker --core $core" "[c['core']
	    for w in r['workers'] for c in w['cores']] == [$core]"
	ctl_say "stacks --worker $worker" "[w['worker'] for w in
	    r['workers']] == [$worker]"
	ctl stacks --request "$id" | tee one
	[ "$(grep -c "^worker " one)" -eq 1 ]
	[ "$(ctl stacks --request nobody)" = "no such request is running" ]
	ctl_say "stacks --worker 9" "r['workers'] == []"
	kill -QUIT "$WM_PID"
	wm_wait_left
}

# has_socket PID: that client has begun to ask.
has_socket() {
	find "/proc/$1/fd" -lname "socket:*" | grep -q .
}

@test "a worker that does not answer is named with the reason" {
	write_app
	CONTROL=$WM_TMP/control.sock
	engine_start greenlet --control-socket "$CONTROL" -p 2 \
	    --wsgi-file "$WM_TMP/stacks_app.py"
	get /wait 60 >/dev/null 2>&1 &
	wm_wait_for "it to wait" 20 requests_run 1
	stopped=$(ctl_get workers "r['workers'][1]['pid']")
	kill -STOP "$stopped"
	ctl --json stacks >one &
	first=$!
	# Meanwhile the master answers, and another one asks and leaves.
	timeout 0.2 "$WSGIMASTER" ctl -s "$CONTROL" stacks || true
	ctl ping
	wait "$first"
	"$PYTHON" - "$stopped" <<-'END'
	import json, sys
	workers = json.load(open("one"))["workers"]
	print(workers)
	assert [w["worker"] for w in workers] == [1, 2]
	assert "cores" in workers[0] and workers[1]["error"]
	assert workers[1]["pid"] == int(sys.argv[1])
	END
	ctl stacks --worker 2 | grep -q "^worker 2 (pid $stopped): no stacks: "
	# One that is killed while it is asked.
	"$WSGIMASTER" ctl -s "$CONTROL" --json stacks >one &
	first=$!
	wm_wait_for "the client" 20 has_socket "$first"
	sleep 0.2
	kill -KILL "$stopped"
	wait "$first"
	"$PYTHON" -c 'import json
assert len(json.load(open("one"))["workers"]) == 2'
	kill -QUIT "$WM_PID"
	wm_wait_left
}
