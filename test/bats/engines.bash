# The engines that an app may run under: the one list that tests of all go by.
#
#	load engines
#
#	@test "..." {
#		for engine in $(engines); do
#			engine_start "$engine" --wsgi-file app.py
#			...
#			wm_stop
#		done
#	}

load probe

# A name, and the options that choose it. An engine whose options the server
# refuses was not built: engine_missing tells.
ENGINES=(
	"none"
	"greenlet --async 8 --greenlet"
	"asyncio --asyncio 8 --greenlet"
	"tornado --tornado 8 --greenlet"
	"gevent --gevent 8"
	"threads --threads 8"
)

# engine_options NAME: its options.
engine_options() {
	local engine
	for engine in "${ENGINES[@]}"; do
		[ "${engine%% *}" = "$1" ] || continue
		[ "$engine" = "$1" ] || echo "${engine#* }"
	done
}

# engine_missing NAME: why it cannot be used, and true; else false.
engine_missing() {
	local output
	# Unquoted: words.
	output=$("$WSGIMASTER" $(engine_options "$1") --module x --check 2>&1) &&
		return 1
	echo "$1: ${output##*$'\n'}"
}

# The names of those that can be used.
engines() {
	local engine
	for engine in "${ENGINES[@]}"; do
		engine_missing "${engine%% *}" >/dev/null ||
			echo "${engine%% *}"
	done
}

# engine_start NAME ARGS...: a server on PORT.
engine_start() {
	local engine=$1
	shift
	PORT=$(wm_port)
	# Unquoted: words.
	wm_start --http-socket "127.0.0.1:$PORT" --pythonpath "$WM_APPS" \
	    $(engine_options "$engine") "$@"
}
