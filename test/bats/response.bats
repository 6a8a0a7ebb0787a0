#!/usr/bin/env bats
# Responses: large, slow, cut off, wrong.

load probe

setup_file() {
	probe_start_file
}

teardown_file() {
	wm_teardown
}

@test "a file goes out byte exact by wsgi.file_wrapper" {
	each response_checks file "$TEST_FILE"
}

@test "64 MiB in one piece go out byte exact" {
	each response_checks big 64
}

@test "a slow reader gets every byte" {
	each response_checks slow-reader "/big?size=16777216"
}

@test "1,000 chunks arrive in order and the iterable is closed once" {
	each response_checks pieces
}

@test "what the app has given is sent before it goes on" {
	each response_checks arrives-piece-by-piece
}

@test "the iterable is closed when the client leaves" {
	each response_checks client-leaves
}

@test "a response shorter than its Content-Length is cut off" {
	each response_checks too-short
}

@test "a response longer than its Content-Length ends where it should" {
	each response_checks too-long
}

@test "an exception is 500 and stays in the log" {
	each response_checks exception
	grep -q "ValueError: raised on purpose" "$SYNC_LOG"
	grep -q "ValueError: raised on purpose" "$CORES_LOG"
	grep -q "ValueError: raised on purpose" "$THREADS_LOG"
}

@test "an exception behind the head cuts the response off" {
	each response_checks exception-late
	grep -q "ValueError: raised late on purpose" "$SYNC_LOG"
}

@test "with catch-exceptions the client sees the traceback" {
	probe_start --catch-exceptions
	check response_checks exception-caught "$PORT"
	wm_stop
}
