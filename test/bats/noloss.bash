# Serves test/apps/noloss.py under load, and counts what is lost.
#
#	load noloss
#
#	@test "..." {
#		noloss_start greenlet -p 2
#		load_begin
#		kill -HUP "$WM_PID"
#		...
#		load_end
#		nothing_lost
#		wm_stop
#	}

load lifecycle
load engines

# noloss_start ENGINE ARGS...: a server with that engine, ready, on PORT, with
# its statistics on the unix socket STATS.
noloss_start() {
	local engine=$1
	shift
	PORT=$(wm_port)
	STATS=$WM_TMP/stats.sock
	# The client pauses for up to 0.3 s; a busy machine adds to that.
	[[ " $* " == *" --drain-idle "* ]] || set -- --drain-idle 5 "$@"
	# Unquoted: words.
	wm_start --http-socket "127.0.0.1:$PORT" --stats "$STATS" \
	    --wsgi-file "$WM_APPS/noloss.py" --disable-logging \
	    $(engine_options "$engine") "$@"
}

# load_begin ARGS...: starts the client and waits until it is answered.
# ADDRESS is where it goes, else PORT.
load_begin() {
	local before
	rm -f enough counts
	before=$(stats "sum(x['requests'] for x in w.values())")
	timeout 200 "$PYTHON" "$WM_SOURCE/test/clients/noloss.py" \
	    "${ADDRESS:-$PORT}" --until "$WM_TMP/enough" "$@" >counts &
	LOAD_PID=$!
	wm_wait_for "the load" 30 stats_say \
	    "sum(x['requests'] for x in w.values()) > $before + 30"
}

# load_end: lets the client finish; its counts are in the file of that name.
load_end() {
	touch enough
	load_wait
}

# load_wait: waits for a client that ends by itself.
load_wait() {
	wait "$LOAD_PID" || true
	cat counts
	[ -s counts ] || wm_fail "the client has said nothing"
}

# count NAME: what the client has counted.
count() {
	"$PYTHON" -c 'import json, sys
print(json.load(open("counts"))[sys.argv[1]])' "$1"
}

# nothing_lost: whether each request had its answer, whole, at the first try.
nothing_lost() {
	[ "$(count ok)" -gt 30 ]
	[ "$(count failed)" -eq 0 ]
	[ "$(count races)" -eq 0 ]
	[ "$(count dropped)" -eq 0 ]
}

# reloads N: so many, one after the other.
reloads() {
	local i first
	first=$(stats "s['generation']")
	for i in $(seq "$1"); do
		kill -HUP "$WM_PID"
		wm_wait_for "reload $i" "$WM_LIMIT" reloaded $((first + i))
	done
}

# reloaded N: whether generation N serves, and nothing else is to come.
reloaded() {
	stats_say "s['generation'] >= $1 and not s['reload']['running']"
}

# no_others: whether only the workers that shall be there are.
no_others() {
	stats_say "s['other_workers'] == [] and len(s['generations']) == 1"
}
