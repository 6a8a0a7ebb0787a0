#!/usr/bin/env bats
# The examples of uWSGI's page on async modes and of the Web-SIG mail.

load helper

setup() {
	[ "$WM_GREENLET" != no ] || skip "built without greenlet"
	cp -R "$WM_SOURCE/examples/async" "$WM_TMP/async"
	cd "$WM_TMP/async"
	PORT=$(wm_port)
	jq --arg port "$PORT" '.["http-socket"] = "127.0.0.1:\($port)"' \
	    app.json >here.json
	wm_start -c here.json
}

get() {
	curl -sS --fail --max-time 60 "http://127.0.0.1:$PORT$1"
}

@test "cpubound_async computes and lets others in" {
	local computing
	get / >"$WM_TMP/page" &
	computing=$!
	get / >"$WM_TMP/page2"
	wait $computing
	for page in page page2; do
		[ "$(wc -l <"$WM_TMP/$page")" -eq 9999 ]
		[ "$(tail -n 1 "$WM_TMP/$page")" = "<h1>9999</h1>" ]
	done
	wm_stop
}

@test "wait_fd_read several times and one yield: what is ready first" {
	[ "$(get /wait)" = "$(printf '%s is ready\n' second third first)" ]
	wm_stop
}

@test "async_sleep throttles, and ten requests take the time of one" {
	local begin=${EPOCHREALTIME/[^0-9]/} took pids=
	for n in $(seq 10); do
		get /sleep >"$WM_TMP/sleep$n" &
		pids+=" $!"
	done
	wait $pids
	took=$((${EPOCHREALTIME/[^0-9]/} - begin))
	[ $took -ge 1000000 ]
	[ $took -lt 5000000 ]
	for n in $(seq 10); do
		[ "$(wc -l <"$WM_TMP/sleep$n")" -eq 5 ]
	done
	wm_stop
}

@test "suspend() waits deep inside of plain functions" {
	[ "$(get /suspend)" = "ONE TWO" ]
	wm_stop
}

@test "fileserve_async yields a file wrapper, also to a slow reader" {
	export FILES=$WM_TMP/files
	mkdir "$FILES"
	head -c 3000000 /dev/urandom >"$FILES/random.bin"
	wm_stop
	wm_start -c here.json
	get /fileserve/random.bin | cmp - "$FILES/random.bin"
	curl -sS --fail --max-time 60 --limit-rate 6M \
	    "http://127.0.0.1:$PORT/fileserve/random.bin" |
		cmp - "$FILES/random.bin"
	run get /fileserve/none
	[ "$status" -ne 0 ]
	wm_stop
}

@test "iobound_async passes on what another server says, 20 times at once" {
	local origin=$PORT n pids=
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --async 30 --greenlet \
	    --wsgi-file iobound_async.py --env "ORIGIN=127.0.0.1:$origin"
	for n in $(seq 20); do
		get / >"$WM_TMP/page$n" &
		pids+=" $!"
	done
	for n in $pids; do
		wait "$n"
	done
	for n in $(seq 20); do
		[ "$(grep -c '<h1>' "$WM_TMP/page$n")" -eq 9999 ]
	done
	wm_stop
	# A unix socket; nobody there.
	wm_start --http-socket "127.0.0.1:$PORT" --async 30 --greenlet \
	    --wsgi-file iobound_async.py --env "ORIGIN=$WM_TMP/none"
	[ "$(curl -s --max-time 60 "http://127.0.0.1:$PORT/")" = \
	    "No such file or directory" ]
	wm_stop
}

@test "cpubound_green computes by suspend()" {
	[ "$(get /green | head -n 1)" = "<h1>4950</h1>" ]
	[ "$(get /green | wc -l)" -eq 10 ]
	wm_stop
}

@test "sleepthread_async sleeps beside a thread" {
	[ "$(get /thread | grep -c 'the thread went on: True')" -eq 3 ]
	wm_stop
}

@test "x-wsgiorg.fdevent works through a middleware" {
	[ "$(get /fdevent)" = "TRUE FALSE HELLO" ]
	wm_stop
}

@test "the mail's nested generators, and its coroutines" {
	[ "$(get /poll)" = result ]
	[ "$(get /poll/coroutine)" = result ]
	wm_stop
}
