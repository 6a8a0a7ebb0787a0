#!/usr/bin/env bats
# scripts/uwsgi2json: uWSGI's configurations become this server's.

load helper

# converts FILE ARGS...: into out.json; what is said is in "said".
converts() {
	WSGIMASTER=$WSGIMASTER "$PYTHON" "$WM_SOURCE/scripts/uwsgi2json" \
	    "$@" >out.json 2>said
}

# gives FILTER TEXT: what jq finds in the result.
gives() {
	local found
	found=$(jq -c "$1" out.json)
	[ "$found" = "$2" ] || wm_fail "$1 is $found, not $2"
}

# fails_with STATUS ARGS...
fails_with() {
	local wanted=$1 status=0
	shift
	converts "$@" || status=$?
	[ $status -eq "$wanted" ] ||
		wm_fail "status $status, not $wanted: $(cat said)"
}

@test "an ini becomes JSON with the types that the options have" {
	cat >app.ini <<-'END'
	; a comment
	[other]
	processes = 9
	[uwsgi]
	# another
	http-socket = 127.0.0.1:8080
	processes = 3
	master
	lazy-apps = false
	harakiri=20
	env = A=1
	env = B = 2
	wsgi-file =   app.py  
	END
	converts app.ini
	gives . '{"http-socket":"127.0.0.1:8080","processes":3,"master":true,"lazy-apps":false,"harakiri":20,"env":["A=1","B = 2"],"wsgi-file":"app.py"}'
	[ ! -s said ] || wm_fail "$(cat said)"
}

@test "another section is chosen with FILE:SECTION" {
	printf '[uwsgi]\nprocesses = 1\n[more]\nprocesses = 4\n' >app.ini
	converts app.ini:more
	gives .processes 4
	fails_with 2 app.ini:less
	grep -q 'has no "less"' said
}

@test "placeholders are filled in as uWSGI does it" {
	mkdir -p sub
	echo from-file >sub/content
	cat >sub/app.ini <<-'END'
	[uwsgi]
	env = LATER=%(later) %(one + two) %(one ++)
	base = /srv/%n
	later = %(base)/x
	set-ph = own=%(later)/y
	one = 4
	two = 6
	env = OWN=%(own)
	env = MAGIC=%s|%e|%c|%x|100%%
	env = ENV=$(COMPAT_NAME)
	env = FILE=@(sub/content)
	END
	COMPAT_NAME=value converts sub/app.ini
	gives .env '["LATER=/srv/app/x 10 5","OWN=/srv/app/x/y","MAGIC=app.ini|ini|sub||100%","ENV=value","FILE=from-file"]'
	grep -q 'note: \$(COMPAT_NAME) was taken' said
	gives 'has("base")' false
}

@test "what it reads is what uWSGI reads" {
	command -v uwsgi >/dev/null || skip "uwsgi is not installed"
	mkdir -p sub
	cat >sub/app.ini <<-'END'
	[uwsgi]
	base = /srv/%n
	env = FORWARD=%(b2)
	b2 = %(base)/x
	env = SUM=%(n1 + n2) %(n1 - n2) %(n1 * n2) %(n2 / n1) %(n1 ++ n2)
	n1 = 4
	n2 = 9
	env = MAGIC=%d|%D|%s|%n|%e|%p|%P|%c|%x|%0|%1|%9|%u|%U|%h|%k|%%
	for = 1 2
	env = FOR%(_)=a
	env = AGAIN%(_)=b
	endfor =
	for-times = 3
	env = TIMES%(_)
	end =
	if-env = HOME
	env = HOME=%(_)
	endif =
	if-not-env = HOME
	env = NOHOME
	endif =
	if-exists = /etc
	env = ETC=%(_)
	endif =
	if-file = /etc
	env = FILE
	end-if =
	if-opt = n1=4
	env = OPT=%(_)
	endif =
	for-glob = /etc/host*
	env = G=%(_)
	endfor =
	env = $(HOME) @(sub/text)
	ini = sub/more.ini
	ini = sub/app.ini:third
	env = LAST=two \
	[third]
	env = THIRD=%x
	END
	printf 'text\n' >sub/text
	printf '[uwsgi]\nenv = MORE=%%n %%N %%(base)\n' >sub/more.ini
	converts sub/app.ini || cat said
	uwsgi --ini sub/app.ini --show-config --no-server \
	    --plugins-dir /usr/lib/uwsgi/plugins --plugins python3 2>&1 |
		sed -n 's/^env = //p' >theirs
	jq -r '.env[]' out.json >ours
	[ "$(wc -l <theirs)" -gt 15 ]
	diff theirs ours
}

@test "for, if and includes are worked out, and said" {
	printf 'env = MORE=1\n' >more.ini
	sed -i '1i [uwsgi]' more.ini
	cat >app.ini <<-'END'
	[uwsgi]
	for = 8001 8002
	http-socket = 127.0.0.1:%(_)
	endfor =
	if-exists = /nonexistent
	processes = 7
	endif =
	include = more.ini
	END
	converts app.ini
	gives . '{"http-socket":["127.0.0.1:8001","127.0.0.1:8002"],"env":"MORE=1"}'
	grep -q 'note: if-exists = /nonexistent was worked out' said
	printf '[uwsgi]\nini = app.ini\n' >app.ini
	fails_with 2 app.ini
	grep -q 'include each other' said
	# As in uWSGI.
	printf '[uwsgi]\nfor = 1 2\nif-env = HOME\nendif =\n' >app.ini
	fails_with 2 app.ini
	grep -q 'one in the other' said
}

@test "xml, yaml and json are read" {
	cat >app.xml <<-'END'
	<uwsgi><processes>2</processes><master/><env>A=1</env><env>B=2</env></uwsgi>
	END
	printf 'uwsgi:\n  processes: 2\n  master: true\n  env: A=1\n  env: B=2\n' \
	    >app.yaml
	echo '{"uwsgi": {"processes": "2", "master": true, "env": ["A=1", "B=2"]}}' \
	    >app.json
	for kind in xml yaml json; do
		converts "app.$kind"
		gives . '{"processes":2,"master":true,"env":["A=1","B=2"]}'
	done
	echo '<uwsgi>' >app.xml
	fails_with 2 app.xml
	echo '{' >app.json
	fails_with 2 app.json
	fails_with 2 nothing.ini
	fails_with 2 more.txt
}

@test "what has no counterpart is named, with what to do, and fails" {
	printf '[uwsgi]\nroute = ^/x log:\nemperor = /etc\nprocesses = 2\n' \
	    >app.ini
	fails_with 1 app.ini
	gives . '{"processes":2}'
	grep -q 'route = ^/x log: has no counterpart: internal routing' said
	grep -q 'emperor = /etc has no counterpart: .*systemd' said
}

@test "what uWSGI ignores is only noted" {
	printf '[uwsgi]\nplugins = python3\nprocess = 2\n' >app.ini
	converts app.ini
	gives . '{}'
	grep -q 'plugins is not needed' said
	grep -q 'process = 2: uWSGI has no such .*"processes" meant' said
	converts --quiet app.ini
	[ ! -s said ]
}

@test "--check asks the server" {
	printf '[uwsgi]\nwsgi-file = app.py\nhttp-socket = 127.0.0.1:8080\n' \
	    >app.ini
	: >app.py
	WSGIMASTER_ALLOW_ROOT=1 converts --check app.ini
	grep -q 'configuration ok' said
	printf '[uwsgi]\nprocesses = many\n' >app.ini
	not converts --check app.ini
	grep -q 'check: .*processes' said
}

@test "timers and files of signals, mules and spoolers are converted" {
	printf '%s\n' '[uwsgi]' 'module = app' 'timer = 1 2' 'signal-rbtimer = 3 4' \
	    'touch-signal = /a 5' 'fs-signal = /b 6' \
	    'touch-mules-reload = /c' 'touch-spoolers-reload = /d' >app.ini
	converts app.ini
	gives '[.["signal-timer"], .["signal-rbtimer"]]' '["1 2","3 4"]'
	gives '[.["touch-signal"], .["fs-signal"]]' '["/a 5","/b 6"]'
	gives '[.["touch-mules-reload"], .["touch-spoolers-reload"]]' \
	    '["/c","/d"]'
}

@test "every option of uWSGI's is converted, not needed, or has advice" {
	"$PYTHON" "$WM_SOURCE/test/compat/uwsgi_options.py" "$WSGIMASTER"
}

@test "Debian's uwsgi.ini of mailman3-web converts, and serves mailman" {
	local web=/usr/share/mailman3-web
	[ -e /etc/mailman3/uwsgi.ini ] || skip "mailman3-web is not installed"
	local daemon
	PORT=$(wm_port)
	# Its secrets and its database are not this test's.
	cat >compat_settings.py <<-END
	import os, sys
	sys.path.insert(0, "$web")
	from settings import *
	DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3",
	                         "NAME": "$WM_TMP/mailman.db"}}
	SECRET_KEY = "only for the test"
	ALLOWED_HOSTS = ["*"]
	LOGGING = {"version": 1}
	HAYSTACK_CONNECTIONS = {"default": {
	    "ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
	COMPRESS_ENABLED = COMPRESS_OFFLINE = False
	END
	sed -e "s|^uwsgi-socket.*|uwsgi-socket = $WM_TMP/uwsgi.sock|" \
	    -e "s|^logto.*|logto = $WM_TMP/mailman.log|" -e '/^[ug]id/d' \
	    /etc/mailman3/uwsgi.ini >mailman.ini
	cat >>mailman.ini <<-END
	http-socket = 127.0.0.1:$PORT
	pythonpath = $WM_TMP
	env = DJANGO_SETTINGS_MODULE=compat_settings
	env = PYTHONPATH=$WM_TMP
	END
	converts /etc/mailman3/uwsgi.ini
	gives '[.["wsgi-file"], .threads, .uid, ."attach-daemon"]' \
	    '["wsgi.py",2,"www-data","python3 manage.py qcluster"]'
	converts mailman.ini
	# Debian's, which has the packages; also for the daemon.
	export PATH=/usr/bin:$PATH
	DJANGO_SETTINGS_MODULE=compat_settings PYTHONPATH=$WM_TMP \
	    /usr/bin/python3 $web/manage.py migrate -v 0 >migrate.log 2>&1
	WM_LOGTO=$WM_TMP/mailman.log WSGIMASTER_ALLOW_ROOT=1 wm_start -c out.json
	# The front page leads to the lists, which mailman's core would know.
	curl -fsI "http://127.0.0.1:$PORT/" | grep -qi '^location: .*/lists/'
	curl -fs "http://127.0.0.1:$PORT/accounts/login/" >page
	grep -qi mailman page
	wm_wait_for "mailman's daemon" 30 wm_log_has '\[Q\].*Cluster.*starting'
	daemon=$(sed -n 's/.*manage.py qcluster" starts, with pid //p' "$WM_LOG")
	wm_is_running "$daemon"
	wm_stop
	wm_is_gone "$daemon"
}
