#!/usr/bin/env bats
# The live page on the stats socket, also in a real browser.

load lifecycle
load browser

setup_file() {
	browser_prepare
}

teardown() {
	[ -z "${CURLS:-}" ] || kill $CURLS 2>/dev/null || true
	wm_teardown
}

# page_start ARGS...: a server with a page at PAGE.
page_start() {
	PORT=$(wm_port 2)
	STATS=127.0.0.1:$((PORT + 1))
	PAGE=http://$STATS/
	PAGE_ARGS=(--http-socket "127.0.0.1:$PORT" --stats "$STATS"
	    --wsgi-file "$WM_APPS/noloss.py" --disable-logging "$@")
	wm_start "${PAGE_ARGS[@]}"
}

# busy PATH...: a request each, until the end of the test.
busy() {
	local path
	for path; do
		curl -gs -m 120 "http://127.0.0.1:$PORT$path" >/dev/null 3>&- &
		CURLS="${CURLS:-} $!"
	done
}

# browser CASE [FILE]
browser() {
	node "$WM_SOURCE/test/clients/page_checks.js" "$CHROMIUM" "$PAGE" "$@"
}

needs_cores() {
	[ "$WM_GREENLET" != no ] || skip "built without greenlet"
}

# fetched PATH [CURL'S ARGS...]
fetched() {
	local path=$1
	shift
	curl -sS -m 20 "$@" "$PAGE$path"
}

@test "without stats-page there is no page" {
	local path
	page_start
	for path in page.css page.js live stack?slot=0; do
		[ "$(fetched "$path" -o /dev/null -w '%{http_code}')" = 404 ]
	done
	not grep -q page <(fetched nothing)
	fetched "" -H "Accept: text/html" | jq -e .workers
	wm_stop
}

@test "the page allows nothing but its own files" {
	page_start --stats-page
	fetched "" -H "Accept: text/html,*/*" -D head -o body
	grep -qi "^content-type: text/html; charset=utf-8" head
	grep -q "^Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" head
	grep -qi "^x-content-type-options: nosniff" head
	grep -qi "^cache-control: no-store" head
	not grep -qE "https?://|style=|onclick=|<script>" body
	cmp <(fetched page.js) "$WM_SOURCE/master/page/page.js"
	cmp <(fetched page.css) "$WM_SOURCE/master/page/page.css"
	[ "$(fetched live -H "Host: evil.example" -o /dev/null \
	    -w '%{http_code}')" = 421 ]
	# uWSGI's tools ask for the same path.
	fetched "" | jq -e .workers
	wm_stop
}

@test "it only reads" {
	page_start --stats-page
	[ "$(fetched live -X POST -o /dev/null -w '%{http_code}')" = 405 ]
	[ "$(fetched 'stack?slot=0' -X POST -o /dev/null -w '%{http_code}')" \
	    = 405 ]
	wm_stop
}

@test "live lists the oldest requests, and says how many there are" {
	local i paths=()
	needs_cores
	page_start --stats-page -p 2 --async 80 --greenlet
	for i in $(seq 130); do
		paths+=("/slow/$i/60000?secret=1")
	done
	busy "${paths[@]}"
	all_there() { fetched live | jq -e '.under_way_all == 130'; }
	wm_wait_for "130 requests" 30 all_there
	fetched live >live.json
	jq -e '.under_way | length == 100' live.json
	jq -e '[.under_way[].age_ms] | . == (sort | reverse)' live.json
	jq -e '.under_way[0] | .state == "sleep" and .method == "GET" and
	    .deadline_ms == null' live.json
	jq -e '[.workers[].busy] | add == 130' live.json
	not grep -q secret live.json
}

@test "a worker's stacks, and what is no worker" {
	needs_cores
	page_start --stats-page --async 10 --greenlet
	busy /slow/1/60000
	asleep() { fetched 'stack?slot=0' | jq -e '.cores[0].state == "sleep"'; }
	wm_wait_for "the request to sleep" 10 asleep
	fetched 'stack?slot=0' | jq -e '.cores[0].stack[-1] | test("in slow")'
	[ "$(fetched 'stack?slot=99' -o bad -w '%{http_code}')" = 400 ]
	jq -e .error bad
	[ "$(fetched 'stack?slot=1' -o bad -w '%{http_code}')" = 504 ]
	jq -e .error bad
	[ "$(fetched stack -o bad -w '%{http_code}')" = 400 ]
	kill -STOP "$(jq '.pid' <(fetched 'stack?slot=0'))"
	[ "$(fetched 'stack?slot=0' -o bad -w '%{http_code}')" = 504 ]
	jq -e .error bad
}

@test "browser: numbers, workers and requests, and they go on" {
	needs_browser
	needs_cores
	page_start --stats-page -p 2 --async 20 --greenlet
	busy /slow/1/100000 /slow/2/100000 /slow/3/100000
	(while sleep 0.05; do
		curl -s -m 5 "http://127.0.0.1:$PORT/fast/1" || break
	done) >/dev/null 2>&1 3>&- &
	CURLS="$CURLS $!"
	browser shows page.png
	[ -s page.png ]
}

@test "browser: a click shows the request's Python stack" {
	needs_browser
	needs_cores
	page_start --stats-page -p 2 --async 20 --greenlet
	busy /slow/1/100000 /slow/2/100000
	browser stack
}

@test "browser: a page says that the server is gone, and goes on when it is back" {
	local pid
	needs_browser
	page_start --stats-page
	browser lost >seen 3>&- &
	pid=$!
	wm_wait_for "the page" 60 grep -q up seen
	wm_stop
	wm_wait_for "the page to see it" 60 grep -q down seen
	wm_start "${PAGE_ARGS[@]}"
	wait "$pid"
	wm_stop
}

@test "browser: a small dark screen" {
	needs_browser
	page_start --stats-page
	browser small small.png
	wm_stop
}
