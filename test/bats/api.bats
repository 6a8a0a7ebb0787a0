#!/usr/bin/env bats
# The module as a whole: is all of uWSGI's here? And what belongs to no subsystem:
# the request's log line, alarms, imports, apps that mount themselves.

load engines

# Everything that makes functions appear.
SUBSYSTEMS=(
	"locks 2" "queue 10" "sharedarea 1" "mule" "farm all:1"
	"cache2 name=one,items=10" "metric name=one"
)

# api_options: those of SUBSYSTEMS as arguments; what the server lacks is told
# on standard error.
api_options() {
	local known subsystem
	known=$("$WSGIMASTER" --options-markdown)
	for subsystem in "${SUBSYSTEMS[@]}" "spooler $WM_TMP/spool"; do
		if [[ $known == *"\`${subsystem%% *}\`"* ]]; then
			echo "--$subsystem"
		else
			echo "no option ${subsystem%% *}" >&2
		fi
	done
}

@test "every name of uWSGI's module is here and documented, or refused with a reason" {
	mkdir "$WM_TMP/spool"
	# Unquoted: words.
	engine_start greenlet --module api_names --mode m \
	    --pidfile "$WM_TMP/pid" $(api_options)
	check api_checks names "$PORT" "$WM_SOURCE/test/uwsgi_names.txt" \
	    "$WM_SOURCE/doc/api.md"
	wm_stop
}

@test "what an app notes about its request is in its access line" {
	local engine
	for engine in none greenlet threads; do
		engine_start "$engine" --module api_names --log-format \
		    'L %(uri) "%(who)" %(var.ADDED) %(other) %(var.HTTP_X)'
		[ "$(curl -fs "http://127.0.0.1:$PORT/noted" -H 'X: 1')" = \
		    $'me and "you"' ]
		curl -fs "http://127.0.0.1:$PORT/called" >/dev/null
		wm_wait_for "the lines" 30 wm_log_has 'L /called "-" - - -'
		wm_log_has 'L /noted "me and \\x22you\\x22\\x0A" a var - 1'
		wm_stop
	done
	engine_start greenlet --module api_names --log-encoder json \
	    --disable-logging
	curl -fs "http://127.0.0.1:$PORT/noted"
	curl -fs "http://127.0.0.1:$PORT/noted?log"
	wm_wait_for "the line" 30 wm_log_has '"uri":"/noted\?log"'
	not wm_log_has '"uri":"/noted"'
	grep '"type":"access"' "$WM_LOG" |
	    jq -e '.logvars == {"who": "me and \"you\"\n"}'
	wm_stop
}

@test "after_req_hook is called once behind each request, with its id" {
	local engine
	for engine in none asyncio threads; do
		engine_start "$engine" --module api_names
		curl -fs "http://127.0.0.1:$PORT/noted" >/dev/null
		curl -s "http://127.0.0.1:$PORT/fails" >/dev/null
		ASKED=2
		wm_wait_for "the hooks" 30 api_called
		wm_stop
	done
}

# Was a hook called for each request so far, and each with an id of its own?
api_called() {
	local asked=$ASKED
	ASKED=$((ASKED + 1))
	[ "$(curl -fs "http://127.0.0.1:$PORT/called")" = "$asked $asked" ]
}

@test "an alarm is raised once for a message, as a record and by a command" {
	engine_start none --module api_names --alarm 'both log:' \
	    --alarm "both cmd:cat >>$WM_TMP/told; echo . >>$WM_TMP/times" \
	    --alarm 'other log:'
	curl -fs "http://127.0.0.1:$PORT/alarm"
	wm_wait_for "the command" 30 api_told
	[ "$(grep -c 'alarm both: ' "$WM_LOG")" = 2 ]
	not wm_log_has 'alarm other'
	wm_stop
	run "$WSGIMASTER" --module x --alarm "one mail:me" --check
	[ "$status" -eq 2 ]
	[[ $output == *'"alarm": "one mail:me": an alarm is "log:" or "cmd:'* ]]
}

api_told() {
	[ "$(wc -l <"$WM_TMP/times")" = 2 ] && grep -q 'it burns' \
	    "$WM_TMP/told" && grep -q another "$WM_TMP/told"
}

@test "mode, pidfile, unbit and applications are what uWSGI's are" {
	engine_start none --module api_names --mode "a mode" --pidfile pid
	[ "$(curl -fs "http://127.0.0.1:$PORT/")" = \
	    "(b'a mode', b'pid', None, None)" ]
	wm_stop
	engine_start none --module api_names
	[ "$(curl -s -o /dev/null -w '%{http_code}' \
	    "http://127.0.0.1:$PORT/")" = 500 ]
	wm_log_has "has no attribute 'mode'"
	wm_stop
}

@test "connections that wait to be accepted are told of, of unix sockets, too" {
	engine_start none --module api_names --uwsgi-socket "$WM_TMP/u" \
	    --listen 7 --stats "$WM_TMP/stats" --enable-metrics
	[ "$(curl -fs "http://127.0.0.1:$PORT/queue?$PORT&$WM_TMP/u&$WM_TMP/stats")" = \
	    "[[0, 1, 2, 3], [[2, 2, 2, 2, 2], [3, 3, 3, 3, 3]], 5, 0, [7, 7]]" ]
	wm_stop
}

@test "an app mounts its apps by a dict" {
	local path
	engine_start none --module api_apps
	for path in "/:one " "/twoo:one " "/two:two /two" "/two/x:two /two" \
	    "/by/name/y:two /by/name"; do
		[ "$(curl -fs "http://127.0.0.1:$PORT${path%%:*}")" = \
		    "${path#*:}" ]
	done
	wm_stop
	cat >module_dict.py <<-END
	from api_apps import one, two
	import uwsgi
	uwsgi.applications = None
	applications = {"/a": two, "/": "one"}
	END
	engine_start none --wsgi-file module_dict.py
	[ "$(curl -fs "http://127.0.0.1:$PORT/a/b")" = "two /a" ]
	[ "$(curl -fs "http://127.0.0.1:$PORT/b")" = "one " ]
	wm_stop
	echo 'applications = {"/a": 3}' >module_dict.py
	run "$WSGIMASTER" --http-socket 127.0.0.1:0 --wsgi-file module_dict.py
	[ "$status" -ne 0 ]
	[[ $output == *'what "applications" has for "/a" cannot be called'* ]]
}

@test "what is imported is there in every worker, also without an app" {
	local node
	node=$(wm_port)
	engine_start none --import api_import --processes 2 \
	    --uwsgi-socket "127.0.0.1:$node" --shared-import json
	check rpc_checks imported "$node"
	wm_stop
	engine_start none --pyimport "$WM_APPS/api_import.py" \
	    --uwsgi-socket "127.0.0.1:$node" --module rpc_cases
	check rpc_checks imported "$node"
	wm_stop
	run "$WSGIMASTER" --http-socket 127.0.0.1:0 --import no_such_module
	[ "$status" -ne 0 ]
	[[ $output == *'cannot load module "no_such_module"'* ]]
}
