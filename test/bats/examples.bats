#!/usr/bin/env bats
# The examples do what their README says.

load helper

teardown() {
	[ ! -e "$WM_TMP/fronts" ] || kill "$(cat "$WM_TMP/fronts")" 2>/dev/null ||
		true
	wm_teardown
}

# example NAME: starts a copy of an example, on ports that are free.
example() {
	cp -R "$WM_SOURCE/examples/$1" "$WM_TMP/$1"
	cd "$WM_TMP/$1"
	PORT=$(wm_port 3)
	TLS_PORT=$((PORT + 1))
	jq --arg port "$PORT" --arg tls "$TLS_PORT" --arg stats $((PORT + 2)) '
	    if has("https-socket") then
	        .["https-socket"] = "127.0.0.1:\($tls)" else . end |
	    if has("http-socket") or (has("https-socket") | not) then
	        .["http-socket"] = "127.0.0.1:\($port)" else . end |
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

@test "rpc: functions are called here and over the socket" {
	example rpc
	[[ $(get "/?me") == "Hello me from worker "[12] ]]
	[[ $(get "/remote?me") == "Hello me from worker "[12] ]]
	[ "$(get "/slow?me")" = "slowly, me" ]
	[ "$(get /list)" = "hello slow" ]
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

# gets URL ARGS...: over TLS, verified by the example's authority.
gets() {
	local path=$1
	shift
	curl -sS --max-time 60 --cacert "${CA:-certs/ca.pem}" "$@" \
	    "https://localhost:$TLS_PORT$path"
}

@test "tls shows each name its certificate, and knows Alice" {
	local shop alice
	wm_needs tls greenlet
	example tls
	gets / >page
	cat page
	grep -x "https by TLSv1.3" page
	grep -x "asked for localhost" page
	grep -x "client without a certificate" page
	shop="--connect-to shop.test:$TLS_PORT:127.0.0.1:$TLS_PORT"
	# Unquoted: two words.
	curl -sS --fail --cacert certs/ca.pem $shop \
	    "https://shop.test:$TLS_PORT/" | grep -x "asked for shop.test"
	alice="--cert certs/alice.pem --key certs/alice.key"
	gets /secret --fail $alice | grep -x "client CN=Alice,O=Wonderland"
	[ "$(gets /secret)" = "for Alice only" ]
	# The same name, signed by himself: no page, or not that one.
	not grep -q "client CN=Alice" <<<"$(gets /secret \
	    --cert certs/mallory.pem --key certs/mallory.key 2>&1)"
	wm_stop
}

@test "edge serves pages, files and uploads by HTTP/2 over TLS" {
	local CA=certs/site.pem
	wm_needs tls http2 greenlet
	example edge
	[ "$(gets / -o page -w '%{http_version} %{http_code}')" = "2 200" ]
	grep -q "Served without a proxy" page
	[ "$(gets / --http1.1 -o page -w '%{http_version}')" = 1.1 ]
	# A file as it is, and the compressed one that is beside it.
	gets /static/style.css --fail | cmp - static/style.css
	gets /static/style.css --fail -D head -H "Accept-Encoding: gzip" |
		cmp - static/style.css.gz
	grep -qi "^content-encoding: gzip" head
	grep -qi "^cache-control: max-age=86400" head
	[ "$(gets /static/../app.py --path-as-is -o no -w '%{http_code}')" \
	    != 200 ]
	# Its limits.
	head -c 1000000 /dev/zero >small
	head -c 1100000 /dev/zero >large
	[ "$(gets /upload --data-binary @small)" = "1000000 bytes" ]
	[ "$(gets /upload --data-binary @large -o no -w '%{http_code}')" = \
	    413 ]
	# Plain HTTP is sent away.
	curl -sS --max-time 60 -o no -w '%{http_code} %{redirect_url}' \
	    "http://127.0.0.1:$PORT/there" >sent
	cat sent
	[ "$(cat sent)" = "308 https://127.0.0.1/there" ]
	wm_stop
}

@test "haproxy says who the client is, and nobody else may" {
	local front
	wm_needs greenlet
	command -v haproxy >/dev/null || skip "haproxy is missing"
	example haproxy
	front=$(wm_port)
	BIND=127.0.0.1:$front SERVER=127.0.0.1:$PORT setpriv --pdeathsig KILL \
	    haproxy -db -f haproxy.cfg </dev/null >haproxy.log 2>&1 3>&- 4>&- &
	echo $! >>"$WM_TMP/fronts"
	wm_wait_for "HAProxy" 30 curl -fs --max-time 10 \
	    "http://127.0.0.1:$front/"
	curl -sS --fail --max-time 60 --interface 127.0.0.9 \
	    "http://127.0.0.1:$front/" >page
	cat page
	grep -xE "127.0.0.9 port [0-9]+ to port $front" page
	# Not trusted: served as who he is, but his header is not.
	curl -sS --fail --max-time 60 --interface 127.0.0.9 \
	    "http://127.0.0.1:$PORT/" | grep -q "^127.0.0.9 "
	[ "$(curl -sS --max-time 60 --interface 127.0.0.9 --haproxy-protocol \
	    -o no -w '%{http_code}' "http://127.0.0.1:$PORT/")" = 400 ]
	# Trusted, and says nothing: cut off.
	not curl -sS --max-time 60 "http://127.0.0.1:$PORT/"
	kill "$(cat "$WM_TMP/fronts")"
	wait "$(cat "$WM_TMP/fronts")" || true
	wm_stop
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

@test "doc/edge.md's configuration is good" {
	wm_needs tls http2 greenlet
	cp -R "$WM_SOURCE/examples/edge/." .
	./prepare
	# The one of the document, with the example's files.
	sed -n '/^## Directly/,/^## Behind/p' "$WM_SOURCE/doc/edge.md" |
		sed -n '/^```json/,/^```/p' | grep -v '^```' |
		jq '.["tls-certificate"] = "certs/site.pem,certs/site.key" |
		    .["touch-reload"] = "certs/site.pem" |
		    .["static-map"] = "/static=static" | del(.uid)' >doc.json
	jq -e '.["limit-post"] == 1048576' doc.json
	"$WSGIMASTER" -c doc.json --check
	# All that it sets is in the example, and the same.
	jq -e --slurpfile example app.json 'del(.["http-socket"],
	    .["https-socket"], .processes, .["touch-reload"]) |
	    to_entries | map(select($example[0][.key] != .value)) == []' \
	    doc.json
}

@test "the options at the edge are known, or not, as their table says" {
	"$WSGIMASTER" --options-markdown >options.md
	"$PYTHON" - "$WM_SOURCE/doc/migrating-from-uwsgi.md" <<-'END'
	import re, sys
	with open("options.md") as file:
	    cells = re.findall(r"^\| (`[^|]*) \|", file.read(), re.M)
	known = set(re.findall(r"`([^`]+)`", " ".join(cells)))
	with open(sys.argv[1]) as file:
	    text = file.read().split("## At the edge")[1].split("\n## ")[0]
	table, missing = text.split("Not here (unknown options):")
	ours = re.findall(r"`([^`]+)`", " ".join(
	    line.split("|")[1] for line in table.splitlines()
	    if line.startswith("| `")))
	theirs = re.findall(r"`([a-z0-9-]+)`", missing)
	assert len(ours) >= 45 and len(theirs) >= 40, (len(ours), len(theirs))
	assert not set(ours) - known, set(ours) - known
	assert not set(theirs) & known, set(theirs) & known
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
		    "$WM_SOURCE/examples/${file%%/*}/"*.json | grep true ||
			wm_fail "not in app.json: $line"
		grep -qxF "@test \"${name#*: }\" {" \
		    "$WM_SOURCE/test/bats/${name%%:*}" ||
			wm_fail "no test: $line"
		count=$((count + 1))
	done < <(sed -n '/^## uWSGI/,$p' "$WM_SOURCE/examples/README.md" |
	    grep '^| .*`')
	[ $count -ge 20 ]
	# And no Python file of these folders is without an address.
	for file in async asyncio tornado redis postgresql waiting websockets; do
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
			! grep -qE 'greenlet|gevent' "$folder/app.json" ||
			continue
		# Needs certificates; they have tests of their own.
		! grep -q tls-certificate "$folder/app.json" || continue
		(cd "$folder" && "$WSGIMASTER" -c app.json --check)
	done
}

@test "scale-out: the server takes its configuration" {
	wm_needs greenlet
	cd "$WM_SOURCE/examples/scale-out"
	"$WSGIMASTER" -c app.json --check
}
