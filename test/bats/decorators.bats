#!/usr/bin/env bats
# uwsgidecorators: postfork and thread.

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
	get / | jq -e '.[2:] == ["every", "In each worker.", []]'
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
	! wm_log_has "wsgimaster ready"
}
