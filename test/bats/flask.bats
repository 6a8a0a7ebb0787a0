#!/usr/bin/env bats
# A Flask app as it is: JSON, forms, uploads, sessions, streams, errors.

load helper

flask_start() {
	PORT=$(wm_port)
	wm_start --http-socket "127.0.0.1:$PORT" --module flask_app:app \
	    --pythonpath "$WM_APPS" "$@"
}

setup_file() {
	cd "$WM_TMP"
	flask_start --processes 2
	export SYNC_PORT=$PORT SYNC_LOG=$WM_LOG
	export PORTS=$SYNC_PORT
	flask_start --processes 2 --threads 4
	PORTS+=" $PORT"
	[ "$WM_GREENLET" != no ] || return 0
	flask_start --processes 2 --async 10 --greenlet
	PORTS+=" $PORT"
	flask_start --processes 2 --asyncio 10 --greenlet
	PORTS+=" $PORT"
	"$PYTHON" -c 'import tornado' || return 0
	flask_start --processes 2 --tornado 10 --greenlet
	PORTS+=" $PORT"
}

teardown_file() {
	wm_teardown
}

# get PORT PATH [CURL'S ARGUMENTS]
get() {
	curl -s --max-time 100 "${@:3}" "http://127.0.0.1:$1$2"
}

# Runs a function for the port of each engine's server. Without ||, which would
# have it go on behind what fails.
each() {
	local port
	for port in $PORTS; do
		echo "port $port of $PORTS"
		"$1" "$port"
	done
}

@test "a page, and one that is not there" {
	page() {
		[ "$(get "$1" /)" = "Hello from Flask" ]
		[ "$(get "$1" /none -o /dev/null -w '%{http_code}')" = 404 ]
		[ "$(get "$1" /forbidden -o /dev/null -w '%{http_code}')" = 403 ]
		[ "$(get "$1" / -X POST -o /dev/null -w '%{http_code}')" = 405 ]
	}
	each page
}

@test "JSON goes there and back" {
	json() {
		get "$1" '/json?a=b%20c' -H "Content-Type: application/json" \
		    -d '{"x": [1, "zwei \u20ac"]}' >answer.json
		jq -e '.got.x[1] == "zwei €" and .query.a == "b c"' answer.json
	}
	each json
}

@test "a form and a file come to the app" {
	form() {
		head -c 3000000 /dev/urandom >random.bin
		get "$1" /form -d a=1 -d 'b=x%26y' | jq -e '.b == "x&y"'
		get "$1" /upload -F file=@random.bin >answer.json
		jq -e --arg sum "$(sha256sum <random.bin | cut -d ' ' -f 1)" \
		    '.sha256 == $sum and .size == 3000000' answer.json
	}
	each form
}

@test "a session cookie counts visits over connections and workers" {
	visits() {
		rm -f cookies
		for n in 1 2 3 4 5 6; do
			get "$1" /visits -b cookies -c cookies >visits
			[ "$(cut -d ' ' -f 1 visits)" = "$n" ]
		done
	}
	each visits
}

@test "a stream that needs the request's context arrives whole" {
	stream() {
		get "$1" "/stream?word=line" >stream.txt
		[ "$(wc -l <stream.txt)" -eq 100 ]
		[ "$(tail -n 1 stream.txt)" = "line 99" ]
	}
	each stream
}

@test "send_file sends from memory and from a file" {
	download() {
		get "$1" /download >bytes.bin
		[ "$(stat -c %s bytes.bin)" -eq 1048576 ]
		get "$1" /source >source.py
		cmp source.py "$WM_APPS/flask_app.py"
		get "$1" /source -r 10-19 >part.py
		cmp part.py <(head -c 20 "$WM_APPS/flask_app.py" | tail -c 10)
	}
	each download
}

@test "a redirect leads to where it says" {
	moved() {
		[ "$(get "$1" /moved -L)" = "Hello from Flask" ]
	}
	each moved
}

@test "requests that wait keep their own Flask context" {
	contexts() {
		local n pids=
		[ "$1" != "$SYNC_PORT" ] || return 0
		for n in $(seq 10); do
			get "$1" "/sleep?who=$n" >"slept.$n" &
			pids+=" $!"
		done
		for n in $pids; do
			wait "$n"
		done
		[ "$(cat slept.* | grep -o same | wc -l)" -eq 10 ]
	}
	each contexts
}

@test "an exception is Flask's 500, with the traceback in the log" {
	raising() {
		[ "$(get "$1" /raise -o /dev/null -w '%{http_code}')" = 500 ]
	}
	each raising
	grep -q "ValueError: raised in Flask on purpose" "$SYNC_LOG"
}
