#!/usr/bin/env bats
# Websockets with clients of others': python3-websockets, Node's ws, Chromium;
# and the examples.
# Runs early: it takes long.

load browser
load engines
load services

setup_file() {
	if "${PYTHON:?}" -c 'import redis.asyncio' &&
	    command -v redis-server; then
		redis_start
	fi
	browser_prepare
}

setup() {
	cd "$WM_TMP" || return 1
	wm_needs websockets greenlet
	"$PYTHON" -c 'import websockets' || skip "needs python3-websockets"
	EXAMPLES=$WM_SOURCE/examples/websockets
}

teardown_file() {
	services_stop
}

# with_redis: for those that need it.
with_redis() {
	[ -n "${REDIS_SOCKET:-}" ] || skip "needs redis-server, python3-redis"
}

@test "python3-websockets is content, also with compression" {
	wm_needs deflate
	for engine in $(engines); do
		[ "$engine" != none ] || continue
		engine_start "$engine" --module websocket_cases \
		    --websockets-deflate
		check websocket_libraries library "$PORT"
		wm_stop
	done
}

@test "Node's ws is content" {
	wm_needs deflate
	local ws=/usr/share/nodejs
	[ -e $ws/ws/package.json ] && command -v node || skip "needs node-ws"
	for engine in greenlet threads; do
		engine_start "$engine" --module websocket_cases \
		    --websockets-deflate
		NODE_PATH=$ws node "$WM_SOURCE/test/clients/websocket_node.js" \
		    "$PORT"
		wm_stop
	done
}

@test "example: two browsers chat" {
	needs_browser
	PORT=$(wm_port)
	cd "$EXAMPLES"
	for config in app redis asyncio gevent gevent_redis board; do
		"$WSGIMASTER" -c $config.json --check
	done
	jq --arg port "$PORT" '.["http-socket"] = "127.0.0.1:\($port)"' \
	    app.json >"$WM_TMP/here.json"
	wm_start -c "$WM_TMP/here.json"
	node "$WM_SOURCE/test/clients/websocket_page.js" "$CHROMIUM" \
	    "http://127.0.0.1:$PORT/" "$WM_TMP/chat.png"
	wm_stop
	not grep Traceback "$WM_LOG"
}

@test "example: the chat over asyncio and Redis" {
	with_redis
	engine_start asyncio --wsgi-file "$EXAMPLES/chat_asyncio_redis.py"
	check websocket_libraries chat "$PORT" 5
	wm_stop
	not grep Traceback "$WM_LOG"
}

@test "example: the chat over the async API and Redis" {
	with_redis
	engine_start greenlet --wsgi-file "$EXAMPLES/chat_redis.py"
	check websocket_libraries chat "$PORT" 5
	wm_stop
	not grep Traceback "$WM_LOG"
}

@test "example: the chat of gevent's greenlets" {
	engine_missing gevent && skip "needs python3-gevent"
	engine_start gevent --wsgi-file "$EXAMPLES/chat_gevent.py"
	check websocket_libraries chat "$PORT" 5
	wm_stop
	not grep Traceback "$WM_LOG"
}

@test "example: the chat over gevent's select and Redis" {
	with_redis
	engine_missing gevent && skip "needs python3-gevent"
	engine_start gevent --gevent-monkey-patch \
	    --wsgi-file "$EXAMPLES/chat_gevent_redis.py"
	check websocket_libraries chat "$PORT" 5
	wm_stop
	not grep Traceback "$WM_LOG"
}

@test "example: a queue for all who are connected" {
	engine_missing gevent && skip "needs python3-gevent"
	engine_start gevent --wsgi-file "$EXAMPLES/board.py"
	check websocket_libraries board "$PORT"
	wm_stop
	not grep Traceback "$WM_LOG"
}

@test "example: an echo with the time" {
	engine_start none --wsgi-file "$EXAMPLES/echo.py"
	check websocket_libraries echo "$PORT"
	wm_stop
	not grep Traceback "$WM_LOG"
}
