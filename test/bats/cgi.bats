#!/usr/bin/env bats
# CGI: which script is run, what it is told, and what becomes of what it says
# and of its processes, under every engine.

load engines

# The scripts of test/apps/cgi in a folder of this file's, with links.
setup_file() {
	cd "$WM_TMP" || return 1
	export SCRIPTS=$WM_TMP/www/cgi
	mkdir -p "$WM_TMP/www" "$WM_TMP/safe"
	cp -r "$WM_APPS/cgi" "$SCRIPTS"
	# A "python3" of the PATH may be a script that adds variables.
	sed -i "1s|^#!/usr/bin/env python3|#!$PYTHON -S|" "$SCRIPTS"/*.py
	cp "$SCRIPTS/env.py" "$WM_TMP/www/secret.sh"
	cp "$SCRIPTS/env.py" "$WM_TMP/safe/safe.py"
	ln -s env.py "$SCRIPTS/inside.py"
	ln -s "$SCRIPTS/env.py" "$SCRIPTS/absolute.py"
	ln -s "$WM_TMP/www/secret.sh" "$SCRIPTS/outside.sh"
	ln -s ../secret.sh "$SCRIPTS/up.sh"
	ln -s "$WM_TMP/www" "$SCRIPTS/outside"
	ln -s "$WM_TMP/safe" "$SCRIPTS/safe"
	mkfifo "$SCRIPTS/pipe"
	chmod 777 "$SCRIPTS/pipe"
}

setup() {
	wm_needs cgi
	cd "$WM_TMP" || return 1
}

teardown_file() {
	wm_teardown
}

# cgi_options: what all servers here have.
cgi_options() {
	CGI=(--cgi "/cgi-bin=$SCRIPTS"
	    --cgi "/cgi-bin/one=$SCRIPTS/folder/index.sh"
	    --cgi-helper ".php=php-cgi" --cgi-index index.sh
	    --cgi-safe "$SCRIPTS/../../safe" --cgi-unset UNSET_ME
	    --env AUTH_FROM_ENV=given --env UNSET_ME=x)
}

# cgi_start ENGINE ARGS...: a server on PORT, without an app.
cgi_start() {
	local CGI
	cgi_options
	engine_start "$1" "${CGI[@]}" "${@:2}"
}

# cgi_check CHECK ARGUMENT...: on PORT.
cgi_check() {
	check cgi_checks "$1" "$PORT" "${@:2}" || wm_fail "$ENGINE: $1"
}

# all_of "CHECK ARGUMENT...": all at once.
all_of() {
	local words pids=()
	for words; do
		cgi_check $words &	# Unquoted: words.
		pids+=($!)
	done
	wait_all "${pids[@]}"
}

@test "environment, heads, bodies of 20 MB, ends, under every engine" {
	for ENGINE in $(engines); do
		cgi_start "$ENGINE" --module wsgi_cases --client-gone close \
		    --cgi "/late=$SCRIPTS" --harakiri-path /late=2 \
		    --cgi-async-max-attempts 2
		size=5000000
		[ "$ENGINE" != greenlet ] || size=20000000
		check_all cgi_checks "$PORT" "environ $SCRIPTS" \
		    "process $SCRIPTS" heads methods bodies "large $size" ||
			wm_fail "$ENGINE"
		all_of "left $WM_TMP/left" dies "after $WM_TMP/after" \
		    "gone_client $WM_TMP/gone" "deadline $WM_TMP/late /late"
		# The app has the other paths, and only those.
		[ "$(code /environ)" = 200 ]
		[ "$(code /cgi-bin/nothing)" = 404 ]
		wm_stop
	done
}

@test "scripts are found below their folder, and nowhere else" {
	ENGINE=none
	cgi_start none
	cgi_check find "$SCRIPTS"
	cgi_check arguments
	wm_stop
	cgi_start none --cgi-path-info --cgi-dontresolve --cgi-allowed-ext .py
	[ "$(code /cgi-bin/env.py)" = 200 ]
	[ "$(code /cgi-bin/env.py/x)" = 404 ]
	[ "$(code /cgi-bin/raw.sh)" = 403 ]
	# Whoever may put files there makes no lines of the log.
	: >"$SCRIPTS"/$'up\nload'
	[ "$(code /cgi-bin/up%0aload)" = 403 ]
	wm_log_has 'up.load has none of the extensions'
	curl -fs "http://127.0.0.1:$PORT/cgi-bin/inside.py" |
		jq -e ".environ.SCRIPT_FILENAME == \"$SCRIPTS/inside.py\""
	wm_stop
}

code() {
	curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$PORT$1"
}

@test "PHP by its helper, and never with a client's options" {
	command -v php-cgi >/dev/null || skip "php-cgi is not there"
	cgi_start none
	cgi_check php
	wm_stop
}

@test "static files beside scripts are none of them" {
	local www=${SCRIPTS%/cgi}
	ENGINE=none
	printf notes >"$SCRIPTS/notes.txt"
	printf '#!/bin/sh\n' >"$www/page.sh"
	chmod 755 "$www/page.sh"
	cgi_start none --cgi "/cgi=$SCRIPTS" --check-static "$www" \
	    --static-index index.sh --uwsgi-socket "$WM_TMP/uwsgi.sock"
	cgi_check beside_static "$WM_TMP/uwsgi.sock"
	wm_stop
	# Endings decide: whatever may be executed, and is none, is a file.
	chmod 755 "$SCRIPTS/notes.txt"
	cgi_start none --cgi "/cgi=$SCRIPTS" --check-static "$www" \
	    --cgi-allowed-ext .py --cgi-allowed-ext .sh \
	    --uwsgi-socket "$WM_TMP/uwsgi.sock"
	cgi_check beside_static "$WM_TMP/uwsgi.sock"
	chmod 644 "$SCRIPTS/notes.txt"
	wm_stop
}

@test "HTTP/2 asks for scripts, which are told so" {
	local url said
	curl --version | grep -q HTTP2 || skip "this curl speaks no HTTP/2"
	ENGINE=threads
	cgi_start threads --http2-cleartext
	url=http://127.0.0.1:$PORT/cgi-bin
	said=$(curl -fsS --http2-prior-knowledge "$url/env.py")
	jq -e '.environ.SERVER_PROTOCOL == "HTTP/2.0"' <<<"$said"
	said=$(curl -fsS --http1.1 "$url/env.py")
	jq -e '.environ.SERVER_PROTOCOL == "HTTP/1.1"' <<<"$said"
	head -c 300000 /dev/urandom >sent
	curl -fsS --http2-prior-knowledge --data-binary @sent \
	    -H 'Content-Type: x/y' -o got "$url/echo.py"
	cmp sent got
	wm_stop
}

@test "a gateway asks for a script by modifier1 9" {
	ENGINE=none
	cgi_start none --uwsgi-socket "127.0.0.1:$(wm_port)" \
	    --uwsgi-socket "$WM_TMP/uwsgi.sock"
	check cgi_checks gateway "$WM_TMP/uwsgi.sock" "$SCRIPTS"
	wm_stop
	PORT=$(wm_port)
	wm_start --uwsgi-socket "127.0.0.1:$PORT" --cgi-from-docroot \
	    --env AUTH_FROM_ENV=given
	cgi_check gateway "$SCRIPTS" docroot
	wm_stop
	cgi_start none --uwsgi-socket "$WM_TMP/uwsgi.sock" \
	    --trusted-proxies 192.0.2.7 --forwarded-host
	check cgi_checks proxied_gateway "$WM_TMP/uwsgi.sock" "$SCRIPTS"
	wm_stop
	# Nobody else answers what is asked of scripts.
	PORT=$(wm_port)
	wm_start --uwsgi-socket "127.0.0.1:$PORT" --pythonpath "$WM_APPS" \
	    -w wsgi_cases
	cgi_check no_script
	wm_stop
}

@test "git clones and pushes by its own script" {
	command -v git >/dev/null || skip "git is not there"
	local backend folder=$WM_TMP/git
	backend=$(git --exec-path)/git-http-backend
	[ -x "$backend" ] || skip "git-http-backend is not there"
	export HOME=$WM_TMP GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
	git init -q --bare "$folder/a.git"
	git -C "$folder/a.git" config http.receivepack true
	cgi_start none --cgi "/git=$backend" --env "GIT_PROJECT_ROOT=$folder" \
	    --env GIT_HTTP_EXPORT_ALL=1 --limit-post 100m
	git clone -q "http://127.0.0.1:$PORT/git/a.git" one
	# More than git sends without chunks.
	head -c 3000000 /dev/urandom >one/file
	git -C one add file
	git -C one -c user.email=a@b -c user.name=n commit -qm one
	git -C one push -q origin HEAD:refs/heads/master
	git clone -q -b master "http://127.0.0.1:$PORT/git/a.git" two
	cmp one/file two/file
	wm_stop
}

@test "a script that says nothing for cgi-timeout is ended" {
	for ENGINE in none threads greenlet; do
		engine_missing "$ENGINE" && continue
		cgi_start "$ENGINE" --cgi-timeout 1
		all_of "deadline $WM_TMP/one /cgi-bin" \
		    "deadline $WM_TMP/two /cgi-bin begun"
		wm_log_has "neither wrote nor read for cgi-timeout"
		wm_stop
	done
}

@test "a script that does not want to end is killed" {
	ENGINE=none
	cgi_start none --cgi-async-max-attempts 1
	cgi_check after "$WM_TMP/pids" stubborn
	wm_stop
}

@test "the worker takes its scripts with it, by TERM and by KILL" {
	cgi_start threads --stats "$WM_TMP/stats.sock"
	ENGINE=threads
	worker=$(curl -fs "http://127.0.0.1:$PORT/cgi-bin/env.py" | jq .ppid)
	cgi_check killed "$WM_TMP/pids" "$worker"
	cgi_check after_stop "$WM_TMP/pids"
	wm_stop
	# after.sh was running on.
	read -r first second <"$WM_TMP/pids"
	wm_wait_for "the script to end" 10 wm_is_gone "$first"
	wm_wait_for "its child to end" 10 wm_is_gone "$second"
}

@test "fifty scripts sleep at the same time" {
	cgi_start threads --threads 60
	ENGINE=threads
	cgi_check many 50
	wm_stop
	[ "$WM_GREENLET" != no ] || return 0
	cgi_start none --async 60 --greenlet
	ENGINE=greenlet
	cgi_check many 50
	wm_stop
}

@test "standard error becomes lines of the log, with the request's id" {
	cgi_start none --request-id-header X-Request-ID
	curl -fs -H "X-Request-ID: my-own-id" \
	    "http://127.0.0.1:$PORT/cgi-bin/stderr.py"
	wm_log_has "my-own-id\] warn: cgi: first complaint$"
	wm_log_has "my-own-id\] warn: cgi: second \?\[31m complaint$"
	wm_log_has "my-own-id\] warn: cgi: x{1024}$"
	wm_log_has "my-own-id\] warn: cgi: x{952}$"
	wm_log_has "my-own-id\] warn: cgi: no end of line$"
	curl -fs "http://127.0.0.1:$PORT/cgi-bin/stderr.py?a=lot"
	wm_log_has "the rest of what it writes to standard error is dropped"
	[ "$(grep -c 'very, very many' "$WM_LOG")" -lt 3000 ]
	wm_stop
}

@test "a malformed head is shown in the log" {
	cgi_start none
	[ "$(curl -s -o /dev/null -w '%{http_code}' --data-binary \
	    $'oh \x1b no\n\nx' "http://127.0.0.1:$PORT/cgi-bin/raw.sh")" = 502 ]
	wm_log_has 'head is malformed: .*begins with "oh . no..x"'
	wm_stop
}

@test "a chunked body is bounded by limit-post" {
	cgi_start none --limit-post 10000
	cgi_check limit
	wm_stop
}

@test "bodies that were collected arrive as well" {
	cgi_start none --post-buffering 100000
	cgi_check bodies
	cgi_check environ "$SCRIPTS"
	wm_stop
}

@test "without an app no Python is started, unless an engine is Python's" {
	cgi_start none
	not wm_log_has "Python"
	[ "$(code /nothing)" = 404 ]
	kill -HUP "$WM_PID"
	wm_wait_for "the reload" 20 wm_log_has "generation 2 serves|generation 2"
	[ "$(code /cgi-bin/env.py)" = 200 ]
	wm_stop
	cgi_start threads --http2-cleartext
	not wm_log_has "Python"
	wm_stop
	[ "$WM_GREENLET" != no ] || return 0
	cgi_start greenlet
	wm_log_has "Python"
	wm_stop
}

@test "what cannot be is refused at the start" {
	refused() {
		local text=$1
		shift
		"$WSGIMASTER" --http-socket 127.0.0.1:1 --check "$@" \
		    >"$WM_TMP/out" 2>&1 && wm_fail "accepted: $*"
		grep -qF -- "$text" "$WM_TMP/out" || {
			cat "$WM_TMP/out"
			wm_fail "no \"$text\""
		}
	}
	refused '"cgi-loadlib"' --cgi /tmp --cgi-loadlib x.so
	refused 'sym://' --cgi /tmp --cgi-helper .php=sym://x
	refused '".ext=command"' --cgi /tmp --cgi-helper php=php-cgi
	refused '"cgi-index"' --cgi /tmp --cgi-index a/b
	refused '"/prefix=path"' --cgi x=/tmp
	refused 'no app' --cgi-timeout 3
	"$WSGIMASTER" --http-socket 127.0.0.1:1 --check --cgi /tmp
	wm_launch --http-socket "127.0.0.1:$(wm_port)" --cgi /nowhere
	wm_wait_for "the server to give up" 20 wm_is_gone "$WM_PID"
	wm_log_has '"cgi": /nowhere: No such file'
}

@test "a reload under load loses no request to a script" {
	cgi_start threads -p 2
	ENGINE=threads
	cgi_check reloads "$WM_PID"
	wm_stop
}
