#!/usr/bin/env bats
# The configuration as a user meets it: what is printed, what is refused.

load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	printf 'def application(e, s):\n\ts("200 OK", [])\n\treturn [b"x"]\n' \
		>app.py
	printf '{"http-socket": "app.sock", "wsgi-file": "app.py"}\n' >app.json
}

# Runs the server with standard error apart, in $stderr.
server() {
	status=0
	output=$("$WSGIMASTER" "$@" 2>stderr.txt) || status=$?
	stderr=$(cat stderr.txt)
}

@test "--check says that a good configuration is ok and starts nothing" {
	server -c app.json --check
	[ "$status" -eq 0 ]
	[ "$output" = "configuration ok" ]
	[ ! -e app.sock ]
}

@test "--check warns of a file that is not there" {
	rm app.py
	server -c app.json --check
	[ "$status" -eq 0 ]
	[[ "$output" == "configuration ok"*'warning: "wsgi-file": app.py: '* ]]
}

@test "a file named without an option is the configuration" {
	server app.json --check
	[ "$status" -eq 0 ]
}

@test "a bad configuration ends with status 2, before anything is started" {
	printf '{"http-socket": "app.sock", "proceses": 2}\n' >bad.json
	server -c bad.json
	[ "$status" -eq 2 ]
	[ -z "$output" ]
	[[ "$stderr" == *'bad.json: unknown option "proceses"; did you mean "processes"?'* ]]
	[ ! -e app.sock ]
}

@test "a wrong type names the key, what is expected and what was found" {
	printf '{"processes": "four"}\n' >bad.json
	server -c bad.json --check
	[ "$status" -eq 2 ]
	[[ "$stderr" == *'bad.json: "processes" must be an integer from 1 to 1024, not the string "four"'* ]]
}

@test "broken JSON is refused with its line and column" {
	printf '{\n"processes": 2,\n}\n' >bad.json
	server -c bad.json --check
	[ "$status" -eq 2 ]
	[[ "$stderr" == *"bad.json:3:1: "* ]]
}

@test "a file that cannot be read is named" {
	server -c nowhere.json
	[ "$status" -eq 2 ]
	[[ "$stderr" == *"nowhere.json: No such file or directory"* ]]
}

@test "all problems are told in one go" {
	printf '{"listen": 0, "gone": "x"}\n' >bad.json
	server -c bad.json --processes x
	[ "$status" -eq 2 ]
	[[ "$stderr" == *'"listen" must be'* ]]
	[[ "$stderr" == *'did you mean "client-gone"?'* ]]
	[[ "$stderr" == *'--processes must be'* ]]
}

@test "without an app the server does not start" {
	server --http-socket app.sock
	[ "$status" -eq 2 ]
	[[ "$stderr" == *'no app: give "module", "wsgi-file" or "mount"'* ]]
}

@test "async without greenlet, and greenlet without async, are refused" {
	server -c app.json --async 10
	[ "$status" -eq 2 ]
	[[ "$stderr" == *'"async": 10 needs "greenlet"'* ]]
	server -c app.json --greenlet
	[ "$status" -eq 2 ]
	[[ "$stderr" == *'"greenlet" needs "async"'* ]]
}

@test "threads are refused together with another engine" {
	local option
	server -c app.json --threads 4 --check
	[ "$status" -eq 0 ]
	for option in async asyncio tornado gevent; do
		server -c app.json --threads 4 "--$option" 10 --greenlet --check
		[ "$status" -eq 2 ]
		[[ "$stderr" == *"\"threads\": 4 and \"greenlet\" exclude"* ]]
		[[ "$stderr" == *"\"threads\": 4 and \"$option\" exclude"* ]]
	done
}

@test "the other engines are refused with a reason" {
	local option
	server -c app.json --gevent-monkey-patch
	[ "$status" -eq 2 ]
	[[ "$stderr" == *'"gevent-monkey-patch" needs "gevent"'* ]]
	server -c app.json --asyncio 10 --greenlet --gevent 10
	[ "$status" -eq 2 ]
	[[ "$stderr" == *'"asyncio" and "gevent" both name the event loop'* ]]
	server -c app.json --gevent 10 --greenlet --check
	[ "$WM_GREENLET" = no ] || [ "$status" -eq 0 ]
	for option in asyncio tornado; do
		server -c app.json "--$option" 10 --check
		[ "$status" -eq 2 ]
		[[ "$stderr" == *"\"$option\": 10 needs \"greenlet\""* ]]
	done
	server -c app.json --asyncio 10 --tornado 10 --greenlet --check
	[ "$status" -eq 2 ]
	[[ "$stderr" == *"both name the event loop"* ]]
}

@test "the command line wins over the file, and lists are joined" {
	printf '{"processes": 2, "listen": 7, "env": ["A=1"]}\n' >some.json
	server -c some.json -p 3 --env B=2 --print-config
	[ "$status" -eq 0 ]
	[ "$(printf '%s' "$output" | "$PYTHON" -c '
import json, sys
c = json.load(sys.stdin)
print(c["processes"], c["listen"], c["env"])')" = "3 7 ['A=1', 'B=2']" ]
}

@test "a printed configuration reads back the same" {
	server -c app.json --socket-timeout 0.1 --limit-post 10m \
		--chmod-socket --no-vacuum --env A=b=c --print-config
	[ "$status" -eq 0 ]
	printf '%s\n' "$output" >printed.json
	server -c printed.json --print-config
	[ "$status" -eq 0 ]
	printf '%s\n' "$output" | diff printed.json -
}

@test "a configuration of uWSGI is read, numbers in quotes and all" {
	printf '{"uwsgi": {"http-socket": "app.sock", "processes": "2",
		"master": "true", "wsgi-file": "app.py", "die-on-term": 1}}' \
		>uwsgi.json
	server -j uwsgi.json --check
	[ "$status" -eq 0 ]
	[ "$output" = "configuration ok" ]
}

@test "--help fits 80 columns" {
	server --help
	[ "$status" -eq 0 ]
	[[ "$output" == *"-p, --processes N, --workers N"* ]]
	[[ "$output" == *"wsgimaster ctl --help"* ]]
	[ -z "$(printf '%s\n' "$output" | grep -E '^.{80}')" ]
}

@test "--version names the server and its parts" {
	server --version
	[ "$status" -eq 0 ]
	[[ "$output" =~ ^wsgimaster\ [0-9.]+\ \(CPython\ 3\.[0-9.a-z+]+\ (static|shared),\ libevent\ 2.*,\ jansson\ 2 ]]
}

@test "--json-schema is JSON, and accepts the printed configuration" {
	server --json-schema
	[ "$status" -eq 0 ]
	printf '%s\n' "$output" >schema.json
	# Without what the environment says.
	WSGIMASTER_ALLOW_ROOT= server --print-config
	printf '%s\n' "$output" >printed.json
	"$PYTHON" - <<-'END'
		import json
		schema = json.load(open("schema.json"))
		config = json.load(open("printed.json"))
		assert schema["additionalProperties"] is False
		assert set(config) <= set(schema["properties"])
		for name, value in config.items():
		    assert schema["properties"][name]["default"] == value, name
		try:
		    import jsonschema
		except ImportError:
		    raise SystemExit(0)
		jsonschema.Draft202012Validator.check_schema(schema)
		jsonschema.validate(config, schema)
	END
}

@test "doc/options.md is what --options-markdown prints" {
	"$WSGIMASTER" --options-markdown |
		diff "$BATS_TEST_DIRNAME/../../doc/options.md" -
}

@test "output that cannot be written is an error" {
	run bash -c '"$1" --help >/dev/full' - "$WSGIMASTER"
	[ "$status" -ne 0 ]
}
