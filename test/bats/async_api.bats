#!/usr/bin/env bats
# uwsgi's async functions and x-wsgiorg.fdevent, with greenlet cores, with threads
# and with neither.

load probe

setup_file() {
	cd "$WM_TMP" || return 1
	export TEST_FILE=$WM_TMP/lines
	seq 100000 >"$TEST_FILE"
	async_start --threads 8
	export THREADS_PORT=$PORT THREADS_STATS=$STATS THREADS_LOG=$WM_LOG
	export CORES_PORT= CORES_STATS= CORES_LOG=
	[ "$WM_GREENLET" != no ] || return 0
	async_start --async 8 --greenlet
	CORES_PORT=$PORT CORES_STATS=$STATS CORES_LOG=$WM_LOG
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

# async CHECK ARGUMENT...: on the file's servers; @stats is the server's own.
async() {
	async_threads "$@"
	[ -z "$CORES_PORT" ] || async_greenlet "$@"
}

async_threads() {
	set -- "${@/#@stats/$THREADS_STATS}"
	check async_checks "$1" "$THREADS_PORT" "${@:2}"
}

async_greenlet() {
	set -- "${@/#@stats/$CORES_STATS}"
	check async_checks "$1" "$CORES_PORT" "${@:2}"
}

needs_greenlet() {
	[ "$WM_GREENLET" != no ] || skip "built without greenlet"
}

@test "wait_fd_read, wait_fd_write and async_sleep only register" {
	async registers
}

@test "suspend() and yield wait for any of several descriptors" {
	async waits @stats
}

@test "one descriptor can be waited for in both directions" {
	async writable @stats
}

@test "several requests can wait for one descriptor" {
	async one-for-all @stats
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
	needs_greenlet
	async child @stats
}

@test "an empty piece and suspend give everybody a turn" {
	needs_greenlet
	async_greenlet fair 4 /count /suspends
}

@test "with threads suspend gives everybody a turn" {
	async_threads fair 2000 /suspends
}

@test "who computes and yields keeps nobody out" {
	async spins
}

@test "timers are in time under load" {
	async timers-under-load
}

@test "a descriptor closed while waited for raises within a second or so" {
	async closed @stats os
}

@test "a closed descriptor's number is good for the next client" {
	async closed @stats reused
}

@test "uwsgi.close() tells who waits at once" {
	async closed @stats uwsgi
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
	needs_greenlet
	async process 1
	async_start --async 2 --greenlet --processes 3
	check async_checks process "$PORT" 3
	check async_checks renames "$PORT"
	wm_stop
	async_start --threads 2
	check async_checks renames "$PORT"
	wm_stop
}

@test "accepting(0) leaves new clients to others" {
	needs_greenlet
	async_start --async 4 --greenlet
	check async_checks accepting "$PORT"
	wm_stop
}

@test "accepting(0) leaves new clients to others, with threads" {
	async_start --threads 4
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
