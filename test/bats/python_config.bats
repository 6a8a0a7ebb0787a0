#!/usr/bin/env bats
# The Python settings: which app, in which environment, and what is said when
# it cannot be had.

load helper

setup() {
	cd "$WM_TMP" || return 1
	PORT=$(wm_port)
	cat >shown.py <<-'END'
	"""An app that tells where it is; each use has a name of its own."""
	import json, os, sys

	def application(environ, start_response):
	    start_response("200 OK", [("Content-Type", "text/plain")])
	    return [json.dumps({
	        "script": environ["SCRIPT_NAME"], "path": environ["PATH_INFO"],
	        "name": __name__, "file": __file__, "cwd": os.getcwd(),
	        "argv": sys.argv, "sys.path": sys.path, "prefix": sys.prefix,
	        "executable": sys.executable, "pid": os.getpid(),
	        "env": os.environ.get("TEST_VALUE"),
	        "flags": list(sys.flags)[:3]}).encode()]

	class Named:
	    def __init__(self, name):
	        self.name = name.encode()
	    def __call__(self, environ, start_response):
	        start_response("200 OK", [])
	        return [self.name + b" " + environ["SCRIPT_NAME"].encode()
	                + b" " + environ["PATH_INFO"].encode("latin-1")]

	one, two, three = Named("one"), Named("two"), Named("three")
	not_callable = 5

	class space:
	    app = Named("dotted")

	def create_app():
	    return Named("made")
	END
}

start() {
	wm_start --http-socket "127.0.0.1:$PORT" "$@"
}

get() {
	curl -s --max-time 20 "${@:2}" "http://127.0.0.1:$PORT$1"
}

# field NAME [PATH]: a member of what shown.py tells.
field() {
	get "${2:-/}" | "$PYTHON" -c "import json, sys
print(json.load(sys.stdin)['$1'])"
}

# refused ARGS...: the server must not start; what it said is in $output.
refused() {
	run "$WSGIMASTER" --http-socket "127.0.0.1:$PORT" "$@"
	[ "$status" -ne 0 ] || wm_fail "it started"
}

@test "a module, with and without a callable" {
	start --module shown
	[ "$(field name)" = shown ]
	wm_stop
	start --module shown:two
	[ "$(get /x)" = "two  /x" ]
	wm_stop
	start -w shown --callable three
	[ "$(get /x)" = "three  /x" ]
	wm_stop
	start --module shown:space.app
	[ "$(get /x)" = "dotted  /x" ]
	wm_stop
	start --module "shown:create_app()"
	[ "$(get /x)" = "made  /x" ]
	wm_stop
}

@test "a module in a package" {
	mkdir -p pkg/sub
	touch pkg/__init__.py pkg/sub/__init__.py
	cp shown.py pkg/sub/wsgi.py
	start --module pkg.sub.wsgi:one
	[ "$(get /)" = "one  /" ]
	wm_stop
}

@test "a file, which needs no suffix" {
	mkdir folder
	cp shown.py folder/site.py
	cp shown.py folder/app.wsgi
	start --wsgi-file folder/site.py
	[ "$(field name)" = uwsgi_file_folder_site ]
	[ "$(field file)" = "$PWD/folder/site.py" ]
	wm_stop
	start --wsgi-file "$PWD/folder/app.wsgi" --callable one
	[ "$(get /)" = "one  /" ]
	wm_stop
}

@test "mounts: the longest prefix wins, at a slash only" {
	start --module shown:one --mount /a=shown:two --mount /a/b=shown:three \
	    --mount /file=shown.py:space.app --mount /plain/=shown.py
	[ "$(get /)" = "one  /" ]
	[ "$(get /ab)" = "one  /ab" ]
	[ "$(get /a)" = "two /a " ]
	[ "$(get /a/)" = "two /a /" ]
	[ "$(get /a/bc)" = "two /a /bc" ]
	[ "$(get /a/b/c/d)" = "three /a/b /c/d" ]
	[ "$(get /%61/b)" = "three /a/b " ]
	[ "$(get /file/x)" = "dotted /file /x" ]
	[ "$(field script /plain/x)" = /plain ]
	[ "$(field path /plain)" = "" ]
	wm_stop
}

@test "with mounts alone, other paths are 404" {
	start --mount /a=shown:one
	[ "$(get /a/x)" = "one /a /x" ]
	[ "$(get / -o /dev/null -w '%{http_code}')" = 404 ]
	[ "$(get /ab -o /dev/null -w '%{http_code}')" = 404 ]
	wm_stop
}

@test "mounts in JSON" {
	cat >app.json <<-END
	{"http-socket": "127.0.0.1:$PORT", "module": "shown:one",
	 "mount": {"/two": "shown:two", "/caf\u00e9": "shown:three"}}
	END
	wm_start -c app.json
	[ "$(get /two/x)" = "two /two /x" ]
	wm_stop
}

@test "pythonpath comes first, then the working directory" {
	mkdir -p lib/one lib/two other
	mv shown.py other/
	echo 'from shown import one as application' >lib/two/glued.py
	start --module glued --pythonpath other --pythonpath 'lib/*'
	[ "$(get /)" = "one  /" ]
	wm_stop
	cp other/shown.py shown.py
	start --module shown --pythonpath "$PWD/lib/one"
	[[ $(field sys.path) == "['$PWD/lib/one', '$PWD', "* ]]
	wm_stop
}

@test "chdir, env and pyargv" {
	mkdir there
	mv shown.py there/
	start --chdir there --module shown --env TEST_VALUE=a=b \
	    --env "TEST_OTHER=" --pyargv "-x  --long=1 last"
	[ "$(field cwd)" = "$PWD/there" ]
	[ "$(field env)" = "a=b" ]
	[ "$(field argv)" = "['wsgimaster', '-x', '--long=1', 'last']" ]
	wm_stop
	start --chdir there --wsgi-file shown.py
	[ "$(field file)" = "$PWD/there/shown.py" ]
	wm_stop
}

@test "home: a virtual environment's packages and prefix" {
	"$PYTHON" -m venv --without-pip --system-site-packages env ||
		skip "this Python makes no virtual environments"
	site=$(env/bin/python -c 'import sysconfig
print(sysconfig.get_path("purelib"))')
	echo 'from shown import application' >"$site/only_in_env.py"
	start --home env --module only_in_env
	[ "$(field prefix)" = "$PWD/env" ]
	[ "$(field executable)" = "$PWD/env/bin/python" ]
	[[ $(field sys.path) == *"$PWD/env/lib/"* ]]
	wm_stop
	[ "$WM_GREENLET" != no ] || return 0
	start --virtualenv "$PWD/env" --module only_in_env --async 4 --greenlet
	[ "$(field prefix)" = "$PWD/env" ]
	wm_stop
}

@test "without home, the Python that configure chose" {
	start --module shown
	[ "$(field executable)" = "$PYTHON" ]
	[ "$(field prefix)" = \
	    "$("$PYTHON" -c 'import sys; print(sys.prefix)')" ]
	wm_stop
}

@test "a home that is none is one clear line" {
	refused --module shown --home nowhere
	[[ $output == *'"home": nowhere: No such file or directory'* ]]
	mkdir empty
	refused --module shown --home empty
	[[ $output == *'"home": empty has no bin/python'* ]]
	mkdir -p other/bin other/lib/python3.1
	cp "$PYTHON" other/bin/python
	refused --module shown --home other
	[[ $output == *'"home": other is for another version of Python'* ]]
}

@test "a module that is not there is one clear line" {
	refused --module nowhere
	[[ $output == *"cannot load module \"nowhere\": ModuleNotFoundError: No module named 'nowhere'"* ]]
	refused --wsgi-file nowhere.py
	[[ $output == *"cannot load file nowhere.py: FileNotFoundError"* ]]
	refused --module shown --chdir nowhere
	[[ $output == *'"chdir": nowhere: No such file or directory'* ]]
}

@test "an app that raises while it is loaded is shown with its traceback" {
	printf 'import shown\n\ndef f():\n    raise ValueError("at import")\n\nf()\n' >bad.py
	refused --module bad
	[[ $output == *"Traceback (most recent call last)"* ]]
	[[ $output == *'bad.py", line 4, in f'* ]]
	[[ $output == *'cannot load module "bad": ValueError: at import'* ]]
	printf 'import sys\nsys.exit(3)\n' >leaves.py
	refused --module leaves
	[[ $output == *'cannot load module "leaves": SystemExit: 3'* ]]
	printf 'def f(:\n' >syntax.py
	refused --wsgi-file syntax.py
	[[ $output == *'cannot load file syntax.py: SyntaxError: '* ]]
}

@test "a missing callable is told with those that are there" {
	printf 'def app(e, s): pass\ndef create_app(): pass\nx = 5\n' >named.py
	refused --module named
	[[ $output == *'module "named" has no "application"; it has "app", "create_app"'* ]]
	refused --module named:other
	[[ $output == *'module "named" has no "other"; it has "app"'* ]]
	refused --wsgi-file named.py --callable x
	[[ $output == *'file named.py: "x" is not callable, but of type int'* ]]
	refused --module shown:space.nothing
	[[ $output == *'has no "space.nothing"'* ]]
	printf 'def create_app():\n    raise KeyError("k")\n' >factory.py
	refused --module "factory:create_app()"
	[[ $output == *"KeyError: 'k'"* ]]
}

@test "need-app false serves without an app" {
	start --module nowhere --need-app=false
	[ "$(get / -o /dev/null -w '%{http_code}')" = 500 ]
	wm_log_has "no Python application"
	wm_log_has "No module named 'nowhere'"
	wm_stop
}

@test "lazy-apps loads the app in each worker" {
	cat >loaded.py <<-'END'
	import os, wsgimaster
	pid, worker = os.getpid(), wsgimaster.worker_id()
	def application(environ, start_response):
	    start_response("200 OK", [])
	    return [b"%d %d" % (pid == os.getpid(), worker)]
	END
	start --module loaded
	[ "$(get /)" = "0 0" ]
	wm_stop
	start --module loaded --lazy-apps
	[ "$(get /)" = "1 1" ]
	wm_stop
}

@test "post_fork_hook runs in each worker, atexit at its end" {
	cat >hooks.py <<-'END'
	import atexit, os, uwsgi
	seen = []
	def hook():
	    seen.append(os.getpid())
	    print("hook of worker", uwsgi.worker_id())
	uwsgi.post_fork_hook = hook
	uwsgi.atexit = lambda: print("uwsgi.atexit of", uwsgi.worker_id())
	atexit.register(lambda: print("atexit of", uwsgi.worker_id()))
	def application(environ, start_response):
	    start_response("200 OK", [])
	    return [b"%d" % (seen == [os.getpid()])]
	END
	start --module hooks --processes 2
	[ "$(get /)" = 1 ]
	wm_log_has "^hook of worker 1"
	wm_log_has "^hook of worker 2"
	wm_stop
	wm_log_has "^uwsgi.atexit of 1"
	wm_log_has "^uwsgi.atexit of 2"
	wm_log_has "^atexit of 1"
}

@test "a post_fork_hook that raises keeps the worker from starting" {
	printf 'import uwsgi\ndef hook():\n    raise ValueError("in the hook")\nuwsgi.post_fork_hook = hook\ndef application(e, s): pass\n' >bad.py
	wm_launch --http-socket "127.0.0.1:$PORT" --module bad
	wm_wait_for "the reason" 20 wm_log_has \
	    "post_fork_hook: ValueError: in the hook"
	if wm_log_has "wsgimaster ready"; then
		wm_fail "it says that it is ready"
	fi
}

@test "an app can stop and reload its server" {
	cat >asks.py <<-'END'
	import os, uwsgi
	def application(environ, start_response):
	    start_response("200 OK", [])
	    if environ["PATH_INFO"] == "/stop":
	        uwsgi.stop()
	    elif environ["PATH_INFO"] == "/reload":
	        uwsgi.reload()
	    return [b"%d" % os.getpid()]
	END
	start --module asks
	local before
	before=$(get /reload)
	changed() {
		now=$(get /)
		[ -n "$now" ] && [ "$now" != "$before" ]
	}
	wm_wait_for "another worker" 20 changed
	get /stop
	wm_wait_left
}

@test "Ctrl-C handlers of Python are not installed, the app's are" {
	cat >signals.py <<-'END'
	import os, signal
	handler = signal.getsignal(signal.SIGINT)
	def application(environ, start_response):
	    start_response("200 OK", [])
	    return [str(handler in (signal.SIG_IGN, signal.SIG_DFL)).encode()]
	END
	start --module signals
	[ "$(get /)" = True ]
	kill -INT "$WM_PID"
	wm_wait_left
	if wm_log_has KeyboardInterrupt; then
		wm_fail "a KeyboardInterrupt in the log"
	fi
}

@test "libpython is linked as --version says, and extension modules find it" {
	cat >whole.py <<-END
	import runpy

	problem = runpy.run_path("$WM_SOURCE/scripts/python-embedded")["problem"]

	def application(environ, start_response):
	    start_response("200 OK", [])
	    return [(problem() or "whole").encode()]
	END
	start --module whole
	if "$WSGIMASTER" --version | grep -q 'CPython [^ ]* static,'; then
		[ "$(get /)" = whole ]
	else
		[ "$(get /)" = "an extension module brings another libpython" ]
	fi
}
