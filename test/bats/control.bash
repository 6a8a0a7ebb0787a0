# Serves the lifecycle app with a control socket.
#
#	load control
#
#	@test "..." {
#		control_start -p 2
#		ctl status
#		ctl_say cores 'len(r["cores"]) == 0'
#	}

load lifecycle

# control_start ARGS...: a server that is ready, on PORT, with the control
# socket CONTROL.
control_start() {
	CONTROL=$WM_TMP/control.sock
	life_start --control-socket "$CONTROL" "$@"
}

# ctl ARGS...: wsgimaster ctl on that socket.
ctl() {
	"$WSGIMASTER" ctl -s "$CONTROL" "$@"
}

# ctl_get "COMMAND..." EXPRESSION: what a Python expression makes of a result
# (r).
ctl_get() {
	# Unquoted: words.
	ctl --json $1 | wm_python -c '
import json, sys
r = json.load(sys.stdin)
print(eval(sys.argv[1]))' "$2"
}

# ctl_say "COMMAND..." EXPRESSION: whether it is true, to wait for.
ctl_say() {
	[ "$(ctl_get "$1" "bool($2)")" = True ]
}

# ctl_fails STATUS PATTERN ARGS...: it ends with that status, and says so.
ctl_fails() {
	local want=$1 pattern=$2 status=0 output
	shift 2
	output=$(ctl "$@" 2>&1) || status=$?
	echo "$output"
	[ $status -eq "$want" ] || wm_fail "status $status, not $want" || return
	grep -qE -- "$pattern" <<<"$output" ||
		wm_fail "nothing like \"$pattern\" was said"
}

# narrow N: whether no line of the input is wider.
narrow() {
	! grep -E ".{$(($1 + 1))}"
}

# requests_run N: whether so many requests run now.
requests_run() {
	ctl_say status "r['busy'] == $1"
}
