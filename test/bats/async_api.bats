#!/usr/bin/env bats
# uwsgi's async functions and x-wsgiorg.fdevent, with greenlet cores and without.

load probe

setup_file() {
	cd "$WM_TMP" || return 1
	[ "$WM_GREENLET" != no ] || return 0
	export TEST_FILE=$WM_TMP/lines
	seq 100000 >"$TEST_FILE"
	async_start --async 8 --greenlet
	export CORES_PORT=$PORT CORES_STATS=$STATS CORES_LOG=$WM_LOG
}

setup() {
	[ "$WM_GREENLET" != no ] || skip "built without greenlet"
	cd "$WM_TMP" || return 1
}

teardown_file() {
	wm_teardown
}

async_start() {
	PORT=$(wm_port)
	STATS=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --stats "127.0.0.1:$STATS" \
	    --pythonpath "$WM_APPS" --module async_api "$@"
}

# async CHECK ARGUMENT...: on the file's server.
async() {
	check async_checks "$1" "$CORES_PORT" "${@:2}"
}

@test "wait_fd_read, wait_fd_write and async_sleep only register" {
	async registers
}

@test "suspend() and yield wait for any of several descriptors" {
	async waits "$CORES_STATS"
}

@test "one descriptor can be waited for in both directions" {
	async writable "$CORES_STATS"
}

@test "two requests can wait for one descriptor" {
	async two-cores "$CORES_STATS"
}

@test "what was registered counts for one wait" {
	async one-shot
	async leaves-registered
}

@test "async_sleep takes fractions of a second" {
	async sleeps
}

@test "bad descriptors and arguments raise" {
	async errors
}

@test "without a request the functions say so" {
	async outside
}

@test "a greenlet that the request has started can wait" {
	async child "$CORES_STATS"
}

@test "yield and suspend give everybody a turn" {
	async fair
}

@test "who computes and yields keeps nobody out" {
	async spins
}

@test "timers are in time under load" {
	async timers-under-load
}

@test "a descriptor closed while waited for raises within a second or so" {
	async closed "$CORES_STATS" os
}

@test "a closed descriptor's number is good for the next client" {
	async closed "$CORES_STATS" reused
}

@test "environ has x-wsgiorg.fdevent and ngx" {
	async keys 10
	async ngx
}

@test "connect, async_connect, send, recv and close" {
	async connects "$WM_TMP"
	async sends
}

@test "disconnect ends the connection and not the request" {
	async disconnects
}

@test "is_connected sees that the client has gone" {
	async client-gone
}

@test "chunked_read gives the chunks as they were sent" {
	async chunks
	async body-by-recv
}

@test "sendfile sends a file or a part of it" {
	async sends-file
}

@test "the module tells about the server" {
	async process 1
	async_start --async 2 --greenlet --processes 3
	check async_checks process "$PORT" 3
	check async_checks renames "$PORT"
	wm_stop
}

@test "accepting(0) leaves new clients to others" {
	async_start --async 4 --greenlet
	check async_checks accepting "$PORT"
	wm_stop
}

@test "without greenlet the functions block" {
	async_start
	check async_checks registers "$PORT"
	check async_checks one-shot-sync "$PORT"
	check async_checks keys "$PORT" 0
	check async_checks errors "$PORT"
	check async_checks connects "$PORT" "$WM_TMP"
	check async_checks sends "$PORT"
	check async_checks chunks "$PORT"
	check async_checks body-by-recv "$PORT"
	check async_checks sends-file "$PORT"
	wm_stop
}
