#!/usr/bin/env bats
# Request bodies: large, slow, cut off, not read.

load probe

setup_file() {
	probe_start_file
}

teardown_file() {
	wm_teardown
}

@test "1 MiB arrives byte exact, by length and chunked" {
	each body_checks upload 1
	each body_checks upload-chunked 1
}

@test "64 MiB arrive byte exact, by length and chunked" {
	each body_checks upload 64
	each body_checks upload-chunked 64
}

@test "chunks of three bytes are put together" {
	each body_checks upload-tiny-chunks
}

@test "a body that drips in is read to its end" {
	each body_checks upload-slowly
}

@test "no more of the connection is read than was announced" {
	each body_checks ready-made-errors
}

@test "with post-buffering small bodies are collected in memory" {
	probe_start --post-buffering 4m
	check body_checks upload "$PORT" 1
	check body_checks upload-chunked "$PORT" 1
	check body_checks upload-tiny-chunks "$PORT"
	wm_stop
}

@test "with post-buffering large bodies are spooled to a file that is gone" {
	export TMPDIR=$WM_TMP/spool
	mkdir "$TMPDIR"
	probe_start --post-buffering 100k --async 4 --greenlet
	check body_checks upload "$PORT" 64
	check body_checks upload-chunked "$PORT" 64
	[ -z "$(ls -A "$TMPDIR")" ]
	wm_stop
}

@test "with post-buffering a slow sender holds no core" {
	probe_start --post-buffering 64k
	check body_checks collected-without-core "$PORT" "$STATS"
	wm_stop
	probe_start --post-buffering 1m --async 2 --greenlet
	check body_checks collected-without-core "$PORT" "$STATS"
	wm_stop
}

@test "with post-buffering a malformed chunk never reaches the app" {
	probe_start --post-buffering 64k
	check http_checks bad-chunks "$PORT"
	wm_stop
}

@test "with post-buffering 100 Continue is sent and the body collected" {
	probe_start --post-buffering 64k
	check http_checks expect-answered "$PORT"
	check http_checks expect-with-body "$PORT"
	wm_stop
}

@test "with post-buffering limit-post is kept" {
	probe_start --post-buffering 4k --limit-post 20000
	check http_checks body-limit "$PORT" 20000
	wm_stop
}

@test "an upload that is broken off is an error of the app's read" {
	each body_checks aborted
}

@test "with post-buffering an upload that is broken off costs nothing" {
	probe_start --post-buffering 64k
	check body_checks aborted-collected "$PORT"
	wm_stop
}

@test "a body that was not read is never taken for a request" {
	each body_checks unread
}

@test "a small body that was not read does not cost the connection" {
	each body_checks unread-small-keeps
}

@test "the answer to a large body that was not read arrives" {
	each body_checks unread-large
}
