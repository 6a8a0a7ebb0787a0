#!/usr/bin/env bats
# Remote procedure calls and signals: ours, uWSGI's, and what is none.

load engines

# rpc_start ENGINE ARGS...: a server on HTTP and on two uwsgi sockets.
rpc_start() {
	NODE=$(wm_port)
	export NOTES=$WM_TMP/notes
	: >"$NOTES"
	local engine=$1
	shift
	engine_start "$engine" --module rpc_cases --buffer-size 66000 \
	    --uwsgi-socket "127.0.0.1:$NODE" --uwsgi-socket "$WM_TMP/u" \
	    --remote-signals 17 --remote-signals 255-255 "$@"
}

teardown() {
	[ -z "${UWSGI_PID:-}" ] || kill -KILL "$UWSGI_PID" 2>/dev/null ||
		true
	wm_teardown
}

@test "under every engine a function is called, a signal raised, here and over both kinds of socket" {
	local engine own
	for engine in $(engines); do
		# Its one core is the caller's: somebody else has to answer.
		case $engine in
		none) rpc_start none --processes 2 ;;
		*) rpc_start "$engine" ;;
		esac
		own=("itself $WM_TMP/u" "beside $WM_TMP/u")
		[ "$engine" != none ] || own=()
		check_all rpc_checks "$PORT" \
		    "agrees 127.0.0.1:$NODE $WM_TMP/u localhost:$NODE" \
		    "refuses 127.0.0.1:$NODE" "harakiri 127.0.0.1:$NODE" \
		    "signals $NOTES 127.0.0.1:$NODE $WM_TMP/u" \
		    "refused $WM_TMP/u" \
		    "${own[@]}"
		wm_stop
	done
}

@test "packets that are no calls, cut off or left in the middle do no harm" {
	local fastcgi
	fastcgi=$(wm_port)
	rpc_start greenlet --fastcgi-socket "127.0.0.1:$fastcgi"
	check rpc_checks raw "$NODE"
	wm_log_has 'signal 18 is refused: it is not in "remote-signals"'
	check rpc_checks cut "$NODE"
	check rpc_checks elsewhere "$PORT" "$fastcgi"
	wm_log_has 'echo => generated 7 bytes .* 200\)'
	wm_log_has 'unknown => generated 4 bytes .* 404\)'
	wm_log_has 'ValueError: it fails on purpose'
	wm_log_has 'text has returned str'
	wm_stop
}

@test "whatever a node answers, the caller has None, or OSError, within rpc-timeout" {
	rpc_start greenlet --rpc-timeout 0.5
	check_all rpc_checks "$PORT" bad signals_bad
	check rpc_checks late "$PORT" "$WM_TMP/u"
	wm_log_has 'rpc: name of 127.0.0.1:[0-9]+: no answer within rpc-timeout'
	wm_log_has 'rpc: name of 127.0.0.1:1: no connection'
	wm_log_has 'rpc: name of 127.0.0.1:[0-9]+: the answer was cut off'
	wm_stop
}

@test "a server's only core that calls its own server has None" {
	rpc_start none --rpc-timeout 0.5
	check rpc_checks late "$PORT" "$WM_TMP/u"
	wm_stop
	rpc_start none --rpc-max 14
	check rpc_checks registers "$PORT"
	wm_stop
}

@test "uWSGI calls us, and we call uWSGI" {
	local port node
	port=$(wm_port) node=$(wm_port)
	rpc_start greenlet
	uwsgi --plugins python3,rpc,signal --http-socket "127.0.0.1:$port" \
	    --socket "127.0.0.1:$node" --pythonpath "$WM_APPS" \
	    --module rpc_cases --master --die-on-term --processes 2 \
	    --buffer-size 65535 >"$WM_TMP/uwsgi.log" 2>&1 &
	UWSGI_PID=$!
	wm_wait_for "uWSGI" 30 curl -fs "http://127.0.0.1:$port/"
	check_all rpc_checks "$port" "with_uwsgi 127.0.0.1:$NODE" \
	    "signals $NOTES 127.0.0.1:$NODE"
	check_all rpc_checks "$PORT" "with_uwsgi 127.0.0.1:$node" \
	    "signals $NOTES 127.0.0.1:$node"
	run check rpc_checks refused "$port" "127.0.0.1:$NODE"
	[[ $output == *"node 127.0.0.1:$NODE rejected signal 16"* ]]
	kill -TERM "$UWSGI_PID"
	wait "$UWSGI_PID" || true
	wm_stop
}
