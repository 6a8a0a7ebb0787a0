#!/usr/bin/env bats
# The examples do what their README says.

load helper

# example NAME: starts a copy of an example, on ports that are free.
example() {
	cp -R "$WM_SOURCE/examples/$1" "$WM_TMP/$1"
	cd "$WM_TMP/$1"
	PORT=$(wm_port)
	jq --arg port "$PORT" --arg stats "$(wm_port)" '
	    .["http-socket"] = "127.0.0.1:\($port)" |
	    if has("stats") then .stats = "127.0.0.1:\($stats)" else . end' \
	    app.json >here.json
	[ ! -x prepare ] || ./prepare
	wm_start -c here.json
}

get() {
	curl -sS --fail --max-time 60 "http://127.0.0.1:$PORT$1"
}

@test "hello says hello, sleeps, streams and shows the environ" {
	example hello
	[ "$(get /)" = "Hello from wsgimaster" ]
	get /sleep | grep -E '^core [0-9]+ waited [2-9]\.'
	[ "$(get /clock | wc -l)" -eq 5 ]
	get /environ | grep "^REQUEST_METHOD = 'GET'"
	wm_stop
}

@test "hello serves others while a request sleeps" {
	example hello
	for n in $(seq 20); do
		get /sleep >/dev/null &
		pids+=" $!"
	done
	begin=$SECONDS
	wait $pids
	[ $((SECONDS - begin)) -lt 15 ]
	wm_stop
}

@test "flask greets by name" {
	example flask
	[ "$(get '/?name=Ada')" = "Hello Ada, from Flask on wsgimaster" ]
	get /json | jq -e '.path == "/json"'
	[ "$(get /sleep)" = "waited a second" ]
	wm_stop
}

@test "django shows its notebook and its admin" {
	example django
	get / | grep -q "<h1>Notebook</h1>"
	curl -sSL --fail --max-time 60 "http://127.0.0.1:$PORT/admin/" |
		grep -q "Django administration"
	wm_stop
}

@test "mount chooses the app by the longest prefix" {
	example mount
	[ "$(get /)" = "The site, path /" ]
	[ "$(get /shopping)" = "The site, path /shopping" ]
	[ "$(get /shop/list)" = \
	    "The shop, at /shop; the rest of the path is /list" ]
	[ "$(get /shop)" = \
	    "The shop, at /shop; the rest of the path is empty" ]
	wm_stop
}

@test "waiting: what waits lets others run, and what blocks does not" {
	local n begin took pids=
	[ "$WM_GREENLET" != no ] || skip "built without greenlet"
	example waiting
	begin=${EPOCHREALTIME/[^0-9]/}
	for n in 1 2 3 4 5; do
		get /sleep >"slept$n" &
		pids+=" $!"
	done
	wait $pids
	took=$((${EPOCHREALTIME/[^0-9]/} - begin))
	[ $took -ge 2000000 ]
	[ $took -lt 8000000 ]
	[ "$(cat slept* | grep -c 'two seconds later')" -eq 5 ]
	begin=${EPOCHREALTIME/[^0-9]/}
	get /blocks &
	get /blocks
	wait $!
	[ $((${EPOCHREALTIME/[^0-9]/} - begin)) -ge 4000000 ]
	wm_stop
}

@test "waiting: a command, the fastest of two, lines" {
	[ "$WM_GREENLET" != no ] || skip "built without greenlet"
	example waiting
	[ "$(get /command)" = "$(uname -s)" ]
	[ "$(get /first)" = "the fast one" ]
	[ "$(get /lines)" = "$(printf 'line %s\n' 0 1 2)" ]
	wm_stop
}

@test "waiting: the stacks of those who wait, as a page and by a signal" {
	local worker pids
	[ "$WM_GREENLET" != no ] || skip "built without greenlet"
	example waiting
	get /command >/dev/null &
	pids=$!
	wm_wait_for "the command" 10 command_waits
	worker=$(get /stacks | sed -n 's/^worker //p')
	get /command >/dev/null &
	pids+=" $!"
	wm_wait_for "the command" 10 command_waits
	kill -USR2 "$worker"
	get /first >/dev/null
	wm_wait_for "the stack" 10 \
	    wm_log_has 'if not wsgimaster.wait\(process.stdout'
	wait $pids
	wm_stop
}

# Whether a request waits in command.py.
command_waits() {
	get /stacks | grep -q 'if not wsgimaster.wait(process.stdout'
}

@test "each piece of code in doc/async.md is in the example it names" {
	"$PYTHON" - "$WM_SOURCE" <<-'END'
	import re, sys
	top = sys.argv[1]
	with open(top + "/doc/async.md") as file:
	    text = file.read()
	pieces = re.findall(r"```python\n(.*?)```", text, re.S)
	named = re.findall(
	    r"`(examples/[\w/]+\.py)`[^`]*?\n\n```python\n(.*?)```", text, re.S)
	assert len(pieces) == len(named) >= 8, (len(pieces), len(named))
	for path, piece in named:
	    with open(f"{top}/{path}") as file:
	        source = file.read()
	    for part in piece.split("...\n"):
	        assert part.strip("\n") in source, (path, part)
	END
}

@test "each example of uWSGI's has a file, an address and a test" {
	local line file name count=0
	while read -r line; do
		IFS='|' read -r _ _ file name <<<"$line"
		file=$(sed 's/[` ]//g' <<<"$file")
		name=$(sed 's/^ *//; s/ *|* *$//' <<<"$name")
		[ -e "$WM_SOURCE/examples/$file" ] || wm_fail "no file: $line"
		jq -e --arg file "${file##*/}" '.mount, .module, .["wsgi-file"] |
		    tostring | contains($file | rtrimstr(".py"))' \
		    "$WM_SOURCE/examples/${file%%/*}/app.json" | grep -q true ||
			wm_fail "not in app.json: $line"
		grep -qxF "@test \"${name#*: }\" {" \
		    "$WM_SOURCE/test/bats/${name%%:*}" ||
			wm_fail "no test: $line"
		count=$((count + 1))
	done < <(sed -n '/^## uWSGI/,$p' "$WM_SOURCE/examples/README.md" |
	    grep '^| .*`')
	[ $count -ge 20 ]
	# And no Python file of these folders is without an address.
	for file in async asyncio tornado redis postgresql waiting; do
		for name in "$WM_SOURCE/examples/$file/"*.py; do
			grep -rqF "$(basename "$name")" \
			    "$WM_SOURCE/examples/README.md" \
			    "$WM_SOURCE/examples/$file/app.json" \
			    "$WM_SOURCE/test/bats" ||
				wm_fail "nobody tests $name"
		done
	done
}

@test "every app.json is good" {
	local folder
	for folder in "$WM_SOURCE"/examples/*/; do
		[ -e "$folder/app.json" ] || continue
		[ "$WM_GREENLET" != no ] ||
			! grep -q greenlet "$folder/app.json" || continue
		(cd "$folder" && "$WSGIMASTER" -c app.json --check)
	done
}

@test "scale-out: the server takes its configuration" {
	cd "$WM_SOURCE/examples/scale-out"
	"$WSGIMASTER" -c app.json --check
}
