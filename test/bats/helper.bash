# What every bats file uses: start and stop a server, wait, clean up.
#
#	load helper
#
#	@test "a page comes back" {
#		port=$(wm_port)
#		wm_start --http-socket "127.0.0.1:$port" -w hello
#		curl -fs "http://127.0.0.1:$port/"
#		wm_stop
#	}
#
# Set here: WSGIMASTER and PYTHON (what configure built and chose), WM_SOURCE
# (the top of the sources), WM_APPS (test/apps), WM_TMP (this test's own
# folder, or the file's in setup_file). Set by wm_start: WM_PID (the master)
# and WM_LOG (what it wrote). teardown ends whatever wm_start started and fails
# on a sanitizer's report; a file with a teardown (or teardown_file) of its own
# calls wm_teardown in it. A test that makes a process crash on purpose removes
# the report, "$WM_TMP"/sanitizer.*, itself.

WM_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
WM_APPS=$WM_SOURCE/test/apps
# Seconds that starting and stopping may take; never waited for in full.
WM_LIMIT=${WM_LIMIT:-30}

# WM_BUILD is the build folder; the default serves a plain "bats test/bats".
for _build in "${WM_BUILD:-$WM_SOURCE}" "$WM_SOURCE/build/test" \
    "$WM_SOURCE/build/server"; do
	if [ -e "$_build/test/env.sh" ]; then
		. "$_build/test/env.sh"
		break
	fi
done
unset _build
[ -x "${WSGIMASTER:-}" ] || {
	echo "helper.bash: no server to test: set WM_BUILD or WSGIMASTER" >&2
	exit 1
}

WM_TMP=${BATS_TEST_TMPDIR:-${BATS_FILE_TMPDIR:?run by bats}}

# A sanitizer writes its report there, not into a log nobody reads. CPython
# never frees everything, so leaks are left to the unit tests.
if [ "$WM_SANITIZERS" = yes ]; then
	export ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0
	ASAN_OPTIONS+=:log_path=$WM_TMP/sanitizer:log_exe_name=1
	export UBSAN_OPTIONS=print_stacktrace=1:log_path=$WM_TMP/sanitizer
	export PYTHONMALLOC=malloc
fi
export PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1

setup() {
	[ -z "${WM_SKIP:-}" ] || skip "$WM_SKIP"
	cd "$WM_TMP" || return 1
}

teardown() {
	wm_teardown
}

# not COMMAND...: fails when the command succeeds. A plain "! command" only
# does as the last one of a test: bash does not stop at it.
not() {
	! "$@" || wm_fail "not expected: $*"
}

# wm_needs PART...: skips where configure left one out: tls, http2, cgi,
# websockets, deflate or greenlet.
wm_needs() {
	local part name
	for part; do
		name=WM_${part^^}
		[ "${!name}" != no ] || skip "built without $part"
	done
}

# Fails, saying why.
wm_fail() {
	echo "failed: $*" >&2
	return 1
}

# wm_python ARGS...: Python without site-packages, which starts in half the time.
wm_python() {
	"$PYTHON" -I -S "$@"
}

# wm_refuses TEXT OPTIONS...: --check refuses these, and says this.
wm_refuses() {
	local want=$1
	shift
	run "$WSGIMASTER" --module x --check "$@"
	[ "$status" -eq 2 ] && grep -qF -- "$want" <<<"$output" ||
		wm_fail "$*: $output"
}

# wm_port [N]: the first of N TCP ports in a row that are free, below those that
# the kernel gives to clients. With WM_PORT_SLOT=I/N from the I-th part of them.
# None comes twice: the first may not be listened on when the next is wanted.
wm_port() {
	wm_python - "${1:-1}" "$WM_TMP/ports" <<-'END'
	import os, socket, sys
	def free(port):
	    with socket.socket() as s:
	        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	        try:
	            s.bind(("0.0.0.0", port))
	        except OSError:
	            return False
	    return True
	with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
	    top = max(int(f.read().split()[0]), 12000)
	wanted = int(sys.argv[1])
	slot, slots = map(int, os.environ.get("WM_PORT_SLOT", "0/1").split("/"))
	size = (top - 10000) // slots
	bottom = 10000 + slot * size
	given = open(sys.argv[2], "a+")
	given.seek(0)
	taken = set(map(int, given.read().split()))
	for _ in range(1000):
	    luck = int.from_bytes(os.urandom(4), "big")
	    first = bottom + luck % (size - wanted)
	    ports = range(first, first + wanted)
	    if taken.isdisjoint(ports) and all(map(free, ports)):
	        print(first)
	        print(*ports, file=given)
	        break
	END
}

# wm_wait_for "what" SECONDS COMMAND...: runs COMMAND until it succeeds; pauses
# for as long as it takes, so that not all of a processor goes into asking.
wm_wait_for() {
	local what=$1 limit=$2 end begun now pause
	shift 2
	begun=${EPOCHREALTIME/[^0-9]/}
	end=$((begun + limit * 1000000))
	until "$@" >/dev/null 2>&1; do
		now=${EPOCHREALTIME/[^0-9]/}
		if [ "$now" -gt "$end" ]; then
			wm_fail "$what: not within $limit seconds"
			return 1
		fi
		pause=$((now - begun))
		[ $pause -ge 20000 ] || pause=20000
		[ $pause -le 100000 ] || pause=100000
		printf -v pause '0.%06d' $pause
		sleep "$pause"
		begun=${EPOCHREALTIME/[^0-9]/}
	done
}

# What the server of WM_PID wrote so far.
wm_log() {
	cat "$WM_LOG"
}

# wm_log_has PATTERN: whether the log has a line that matches (grep -E).
wm_log_has() {
	grep -qE -- "$1" "$WM_LOG"
}

# Whether a process runs (a zombie does not).
wm_is_running() {
	local state
	{ read -r state <"/proc/${1:-none}/stat"; } 2>/dev/null || return
	# What stands before it, the name, may have spaces and parentheses.
	state=${state##*) }
	[ "${state:0:1}" != Z ] && [ "${state:0:1}" != X ]
}

# wm_is_gone PID: the opposite, to wait for.
wm_is_gone() {
	! wm_is_running "$1"
}

# The pids of a server's session (its own, so also of what its apps started).
wm_session() {
	ps -o pid=,stat= -s "$1" | awk '$2 !~ /^Z/ { print $1 }'
}

wm_session_is_gone() {
	[ -z "$(wm_session "$1")" ]
}

# wm_start ARGS...: starts a server and waits until it says it is ready. When
# ARGS (or WM_LOGTO, for a configuration file) name a log file, WM_LOG is that.
# Skips where ARGS need what configure left out.
wm_start() {
	local status=0
	wm_launch "$@"
	wm_wait_for "the server to be ready" "$WM_LIMIT" wm_ready_or_gone ||
		status=1
	wm_log_has "wsgimaster ready" || status=1
	if [ $status -ne 0 ]; then
		wm_skip_left_out && return
		echo "the server did not start:" >&2
		cat "$WM_LOG" >&2
	fi
	return $status
}

# Skips if the server says that it lacks what configure left out; in setup_file,
# where that cannot be, by setup.
wm_skip_left_out() {
	wm_log_has "wsgimaster was built without" || return
	WM_SKIP=$(grep -o "built without.*" "$WM_LOG" | head -1)
	[ -z "${BATS_TEST_TMPDIR:-}" ] || skip "$WM_SKIP"
	export WM_SKIP
}

# wm_launch ARGS...: starts a server and does not wait.
wm_launch() {
	local arg previous=
	WM_COUNT=$((${WM_COUNT:-0} + 1))
	WM_OUTPUT=$WM_TMP/server$WM_COUNT.log
	WM_LOG=${WM_LOGTO:-$WM_OUTPUT}
	for arg; do
		[ "$previous" != --logto ] || WM_LOG=$arg
		[ "${arg#--logto=}" = "$arg" ] || WM_LOG=${arg#--logto=}
		previous=$arg
	done
	: >"$WM_OUTPUT"
	# Not a job's leader here, so setsid does not fork: $! is the server.
	setsid "$WSGIMASTER" "$@" </dev/null >"$WM_OUTPUT" 2>&1 3>&- 4>&- &
	WM_PID=$!
	echo "$WM_PID" >>"$WM_TMP/servers"
}

wm_ready_or_gone() {
	wm_log_has "wsgimaster ready" || wm_is_gone "$WM_PID"
}

# wm_stop [PID]: TERM; then the server must leave with status 0, and no process
# of it and no unix socket in the test's folder may stay. WM_STATUS is its exit
# status (0 when it was not started by this shell).
wm_stop() {
	local pid=${1:-$WM_PID} left
	wm_is_running "$pid" || wm_fail "the server is gone already" || return
	kill -TERM "$pid"
	wm_wait_left "$pid" || return
	[ "$WM_STATUS" -eq 0 ] ||
		wm_fail "the server left with status $WM_STATUS" || return
	left=$(find "$WM_TMP" -type s)
	[ -z "$left" ] || wm_fail "sockets left behind: $left"
}

# wm_wait_left [PID]: waits until the server and all its processes are gone.
wm_wait_left() {
	local pid=${1:-$WM_PID}
	WM_STATUS=0
	wm_wait_for "the server to leave" "$WM_LIMIT" wm_is_gone "$pid" ||
		return
	wait "$pid" 2>/dev/null || WM_STATUS=$?
	# 127: another shell's child.
	[ "$WM_STATUS" -ne 127 ] || WM_STATUS=0
	wm_wait_for "the server's processes to leave" 5 \
	    wm_session_is_gone "$pid" && return
	ps -o pid,ppid,stat,wchan:20,args -s "$pid" >&2
	return 1
}

# Ends what the test started, shows its logs if it failed, and fails on a
# sanitizer's report.
wm_teardown() {
	local pid report status=0
	if [ -e "$WM_TMP/servers" ]; then
		while read -r pid; do
			wm_end_session "$pid"
		done <"$WM_TMP/servers"
		[ -n "${BATS_TEST_COMPLETED:-}" ] || wm_show_logs
	fi
	for report in "$WM_TMP"/sanitizer*; do
		[ -e "$report" ] || continue
		echo "a sanitizer reported ($report):"
		head -n 80 "$report"
		status=1
	done
	return $status
}

# Kills every process of a server's session, without asking.
wm_end_session() {
	local pids
	pids=$(wm_session "$1")
	while [ -n "$pids" ]; do
		# Unquoted: one word a pid.
		kill -KILL $pids 2>/dev/null || true
		pids=$(wm_session "$1")
	done
	wait "$1" 2>/dev/null || true
}

wm_show_logs() {
	local log
	for log in "$WM_TMP"/*.log; do
		[ -s "$log" ] || continue
		echo "--- $(basename "$log")"
		tail -n 60 "$log"
	done
}
