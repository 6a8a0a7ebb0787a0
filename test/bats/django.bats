#!/usr/bin/env bats
# A Django project as it is: admin, sessions, uploads, ORM, error pages.

load helper

# project_start ARGS...: the project with a database of its own.
project_start() {
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --module django_project.wsgi \
	    --pythonpath "$WM_APPS" \
	    --pythonpath "$WM_SOURCE/examples/django" "$@"
}

setup_file() {
	export NOTEBOOK_DATA=$WM_TMP/data NOTEBOOK_PASSWORD=secret
	"$WM_SOURCE/examples/django/prepare"
	cd "$WM_TMP"
	project_start --processes 3
	export SYNC_PORT=$PORT SYNC_LOG=$WM_LOG
	export PORTS=$SYNC_PORT
	project_start --processes 2 --threads 4
	PORTS+=" $PORT"
	[ "$WM_GREENLET" != no ] || return 0
	project_start --processes 2 --async 10 --greenlet
	PORTS+=" $PORT"
	project_start --processes 2 --asyncio 10 --greenlet
	PORTS+=" $PORT"
	"$PYTHON" -c 'import tornado' || return 0
	project_start --processes 2 --tornado 10 --greenlet
	PORTS+=" $PORT"
}

teardown_file() {
	wm_teardown
}

# each CHECK ARGS...: a check on the server of each engine.
each() {
	local port
	for port in $PORTS; do
		"$PYTHON" "$WM_SOURCE/test/clients/django_checks.py" "$1" \
		    "$port" "${@:2}" ||
			wm_fail "the server of port $port: $PORTS"
	done
}

@test "the admin: log in, add a note, find it, log out" {
	each admin
}

@test "a wrong password is told as Django tells it" {
	each wrong-password
}

@test "a form without its CSRF token is refused" {
	each csrf
}

@test "a session goes on in whichever worker answers" {
	each session 2
}

@test "5 MiB go up through a form and come back the same" {
	each upload 5
}

@test "a small file goes up and comes back the same" {
	each upload 1
}

@test "with post-buffering 5 MiB go up and come back the same" {
	project_start --post-buffering 100k
	"$PYTHON" "$WM_SOURCE/test/clients/django_checks.py" upload "$PORT" 5
	wm_stop
}

@test "the ORM writes and reads, from many clients at once" {
	each orm 8 10
}

@test "Django's own pages answer what is missing and what fails" {
	each errors
	grep -q "ValueError: raised in Django on purpose" "$SYNC_LOG"
}

@test "a StreamingHttpResponse arrives whole" {
	each stream
}
