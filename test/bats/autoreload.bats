#!/usr/bin/env bats
# Reloads that nobody asks for by hand: touch-reload, py-autoreload.

load noloss

is_generation() {
	stats_say "s['generation'] == $1 and not s['reload']['running'] and
	    s['other_workers'] == [] and len(s['generations']) == 1"
}

@test "touch-reload: a touched file reloads, under load, without a loss" {
	touch one
	noloss_start none -p 2 --touch-reload "$WM_TMP/one" \
	    --touch-reload "$WM_TMP/two"
	wm_wait_for "the warning" 5 wm_log_has 'two is not there yet'
	load_begin
	touch one
	wm_wait_for "the reload" 20 is_generation 2
	wm_log_has 'reload \(touch-reload: .*/one\)'
	# Made, and replaced by another.
	touch two
	wm_wait_for "the reload" 20 is_generation 3
	echo more >three
	mv three two
	wm_wait_for "the reload" 20 is_generation 4
	rm one two
	sleep 1.2
	is_generation 4
	load_end
	nothing_lost
	wm_stop
}

@test "touch-reload: the list is the new configuration's" {
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	config() {
		cat >app.json <<-END
		{"http-socket": "127.0.0.1:$PORT", "stats": "$STATS",
		 "wsgi-file": "$WM_APPS/noloss.py", "touch-reload": ["$1"]}
		END
	}
	touch one two
	config "$WM_TMP/one"
	wm_start -c app.json
	sleep 0.7
	config "$WM_TMP/two"
	touch one
	wm_wait_for "the reload" 20 is_generation 2
	sleep 0.7
	touch one
	sleep 1.2
	is_generation 2
	touch two
	wm_wait_for "the reload" 20 is_generation 3
	wm_stop
}

# py_start ENGINE: an app of two files; later.py is imported by a request.
py_start() {
	mkdir -p app
	echo 'TEXT = "first"' >app/early.py
	echo 'TEXT = "later first"' >app/later.py
	cat >app/main.py <<-'END'
	import time
	import early
	def application(environ, start_response):
	    start_response("200 OK", [])
	    if environ["PATH_INFO"] == "/later":
	        import later
	        return [later.TEXT.encode()]
	    while environ["PATH_INFO"] == "/stuck":
	        pass
	    return [early.TEXT.encode()]
	END
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	# Unquoted: words.
	wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --wsgi-file app/main.py --pythonpath app --py-autoreload 0.2 \
	    $(engine_options "$1") "${@:2}"
}

page_is() {
	[ "$(get "$1")" = "$2" ]
}

@test "py-autoreload: an edited module is loaded anew" {
	local engine
	for engine in $(engines); do
		py_start "$engine"
		page_is / first
		# That nothing happens by itself is seen once.
		[ "$engine" != none ] || sleep 0.6
		is_generation 1
		echo 'TEXT = "second"' >app/early.py
		wm_wait_for "the new text ($engine)" 20 page_is / second
		wm_log_has 'reload .py-autoreload: .*early.py'
		wm_wait_for "the reload" 20 is_generation 2
		# One that the app has imported in a request.
		page_is /later "later first"
		sleep 0.6	# it has looked at it
		echo 'TEXT = "later second"' >app/later.py
		wm_wait_for "the new text ($engine)" 20 \
		    page_is /later "later second"
		wm_wait_for "the reload" 20 is_generation 3
		[ "$engine" != none ] || sleep 0.6
		is_generation 3
		wm_stop
	done
}

@test "py-autoreload: with lazy-apps, and the wsgi-file itself" {
	py_start none --lazy-apps
	sleep 0.6
	sed -i 's/early.TEXT.encode()/b"third"/' app/main.py
	wm_wait_for "the new text" 20 page_is / third
	wm_wait_for "the reload" 20 is_generation 2
	wm_stop
}

@test "py-autoreload: a mistake changes nothing, and can be mended" {
	py_start none
	echo 'TEXT = ' >app/early.py
	wm_wait_for "the failure" 20 wm_log_has 'reload failed: .*SyntaxError'
	page_is / first
	sleep 0.6
	[ "$(log_count 'reload failed')" -eq 1 ]
	echo 'TEXT = "mended"' >app/early.py
	wm_wait_for "the new text" 20 page_is / mended
	wm_stop
}

@test "py-autoreload: also while a worker is stuck" {
	py_start none --worker-reload-mercy 1
	get /stuck 30 >/dev/null 2>&1 &
	wm_wait_for "the request to run" 5 stats_say "w[1]['busy_cores'] == 1"
	sed -i 's/while/if/' app/main.py
	wm_wait_for "the reload" 20 is_generation 2
	page_is /stuck first
	wm_stop
}
