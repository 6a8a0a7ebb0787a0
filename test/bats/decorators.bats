#!/usr/bin/env bats
# uwsgidecorators: postfork, thread, and what is not here.

load helper

decorators_start() {
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --pythonpath "$WM_APPS" \
	    --module decorators "$@"
}

get() {
	curl -sS --fail --max-time 60 "http://127.0.0.1:$PORT$1"
}

@test "postfork runs in each worker, in order, after the earlier hook" {
	local worker=
	decorators_start --processes 2
	until [ -n "${seen1:-}" ] && [ -n "${seen2:-}" ]; do
		answer=$(get /)
		worker=$(jq '.[0]' <<<"$answer")
		want='["the hook that was there before",
		    "every \($id) True",
		    (if $id == 2 then "only two" else empty end),
		    "twice", "twice"]'
		jq -e --argjson id "$worker" \
		    '(.[1] | map(select(. != "in the background"))) == '"$want" \
		    <<<"$answer"
		jq -e '.[1] | index("in the background") != null' <<<"$answer"
		printf -v "seen$worker" yes
	done
	wm_stop
}

@test "a decorated function keeps its name and can be called" {
	decorators_start
	get / | jq -e '.[2:] == ["every", "In each worker."]'
	get /call | jq -e '.[1] | map(select(. == "every 1 True")) | length == 2'
	wm_stop
}

@test "thread runs a function in a daemon thread" {
	decorators_start --async 4 --greenlet
	get /thread | jq -e '.[1] | index([["computed", 3, true]]) != null'
	wm_stop
}

@test "a postfork function that raises keeps the worker from starting" {
	wm_launch --http-socket "127.0.0.1:$(wm_port)" \
	    --pythonpath "$WM_APPS" --module decorators --env FAIL=1
	wm_wait_for "the reason in the log" "$WM_LIMIT" \
	    wm_log_has "LookupError: a hook that fails"
	not wm_log_has "wsgimaster ready"
}

@test "import * gives uwsgi, and the names of all of uWSGI's decorators" {
	PORT=$(wm_port)
	cat >app.py <<-'END'
	from uwsgidecorators import *
	names = """cron erlang farm filemon harakiri lock mstimer mule mulefunc
	    muleloop mulemsg postfork rbtimer rpc signal spool spoolforever
	    spoolraw thread timer get_free_signal""".split()
	ran = []
	@postfork
	def hook():
	    ran.append(uwsgi.worker_id())
	def application(environ, start_response):
	    start_response("200 OK", [])
	    lost = [name for name in names if not callable(globals()[name])]
	    return [f"{ran} {lost}".encode()]
	END
	wm_start --http-socket "127.0.0.1:$PORT" --wsgi-file app.py
	[ "$(get /)" = "[1] []" ]
	wm_stop
}

@test "a decorator of something that is not here says what" {
	local use what
	while IFS='|' read -r use what; do
		cat >app.py <<-END
		from uwsgidecorators import *
		@$use
		def function(*arguments):
		    pass
		def application(environ, start_response):
		    pass
		END
		run timeout 60 "$WSGIMASTER" --http-socket 127.0.0.1:0 \
		    --wsgi-file app.py
		[ "$status" -eq 1 ]
		name=${use%%(*}
		grep -F "NotImplementedError: uwsgidecorators.$name: this\
 server has no $what" <<<"$output" || wm_fail "$use: $output"
	done <<-'END'
	erlang('hello')|Erlang nodes
	END
}

@test "hooks of the app's own: a later post_fork_hook takes the place" {
	PORT=$(wm_port)
	cat >app.py <<-'END'
	import uwsgi
	from uwsgidecorators import postfork
	ran = []
	@postfork
	def one():
	    ran.append("one")
	chain = uwsgi.post_fork_hook
	def mine():
	    ran.append("mine")
	    chain()
	uwsgi.post_fork_hook = mine
	@postfork
	def two():
	    ran.append("two")
	def application(environ, start_response):
	    start_response("200 OK", [])
	    return [" ".join(ran).encode()]
	END
	wm_start --http-socket "127.0.0.1:$PORT" --wsgi-file app.py
	[ "$(get /)" = "mine one two" ]
	wm_stop
}

@test "@spool and its kin: calls become tasks, with and without arguments" {
	PORT=$(wm_port)
	cat >app.py <<-'END'
	import os
	from uwsgidecorators import *
	tries = []
	def note(*words):
	    with open("notes", "a") as notes:
	        print(*words, file=notes)
	@spool
	def plain(arguments):
	    """Its text."""
	    del arguments["spooler_task_name"]
	    note("plain", arguments, uwsgi.i_am_the_spooler())
	@spool(pass_arguments=True)
	def passed(*args, **keywords):
	    note("passed", args, keywords)
	@spoolraw
	def raw(arguments):
	    tries.append(arguments)
	    note("raw", len(tries), arguments["number"])
	    return uwsgi.SPOOL_RETRY if len(tries) < 2 else uwsgi.SPOOL_OK
	@spoolforever(pass_arguments=True)
	def ever(what):
	    note("ever", what)
	def application(environ, start_response):
	    start_response("200 OK", [])
	    plain.spool(text="\u00e4", body="x" * 3)
	    plain({"text": "two", b"more": b"\xff"}, priority="1")
	    passed({"key": 1}, len, spooler=uwsgi.spoolers[0], at=1, other={2})
	    raw(number="7")
	    return [ever("and", ).rpartition(b"/")[2], b" ",
	            plain.__doc__.encode()]
	END
	wm_start --http-socket "127.0.0.1:$PORT" --wsgi-file app.py \
	    --spooler spool --spooler-frequency 0.3
	[[ $(get /) == uwsgi_spoolfile_on_*" Its text." ]]
	third() {
		[ "$(grep -c "^ever and$" notes)" -ge 3 ]
	}
	wm_wait_for "all of them" 20 third
	grep -Fqx "plain {'ud_spool_func': 'plain', 'ud_spool_ret': '-2',\
 'text': 'ä', 'body': 'xxx'} True" notes
	grep -Fq "'text': 'two', 'more': b'\\xff', 'priority': '1'}" notes
	grep -Fqx "passed ({'key': 1}, <built-in function len>)\
 {'other': {2}}" notes
	[ "$(grep ^raw notes | xargs)" = "raw 1 7 raw 2 7" ]
	[ "$(find spool -name 'uwsgi_*' -not -path '*/.tries/*' | wc -l)" -eq 1 ]
	wm_stop
}

@test "@spool without a spooler says which option is missing" {
	cat >app.py <<-'END'
	from uwsgidecorators import spool
	@spool
	def function(arguments):
	    pass
	END
	run timeout 60 "$WSGIMASTER" --http-socket 127.0.0.1:0 \
	    --wsgi-file app.py
	[ "$status" -eq 1 ]
	grep -F 'to use @spool: give the option "spooler"' <<<"$output"
}
