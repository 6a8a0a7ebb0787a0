# Several hosts on one machine: network namespaces on one bridge.
#
#	load hosts
#
#	setup_file() {
#		hosts_up 3
#	}
#	teardown_file() {
#		hosts_down
#	}
#
# Host I has the address 10.77.0.I; "front", where the bridge is and whence the
# clients come, 10.77.0.254. All of it is seen in these namespaces only, whose
# names begin with HOSTS, so that tests of several folders do not meet.

# Whether it can be done here at all; the reason why not is printed.
hosts_possible() {
	[ "$(id -u)" -eq 0 ] || { echo "needs root"; return 1; }
	command -v ip >/dev/null || { echo "needs iproute2"; return 1; }
	ip netns add "wm-try-$$" 2>/dev/null ||
	    { echo "cannot make network namespaces here"; return 1; }
	ip -n "wm-try-$$" link add br0 type bridge 2>/dev/null ||
	    { ip netns del "wm-try-$$"; echo "no bridges here"; return 1; }
	ip netns del "wm-try-$$"
}

# hosts_up N
hosts_up() {
	local i
	export HOSTS=wm-$$ HOSTS_COUNT=$1
	ip netns add "$HOSTS-front"
	ip -n "$HOSTS-front" link set lo up
	ip -n "$HOSTS-front" link add br0 type bridge
	ip -n "$HOSTS-front" addr add 10.77.0.254/24 dev br0
	ip -n "$HOSTS-front" link set br0 up
	for i in $(seq "$1"); do
		ip netns add "$HOSTS-$i"
		ip -n "$HOSTS-$i" link set lo up
		ip -n "$HOSTS-front" link add "host$i" type veth \
		    peer name eth0 netns "$HOSTS-$i"
		ip -n "$HOSTS-front" link set "host$i" master br0 up
		ip -n "$HOSTS-$i" addr add "10.77.0.$i/24" dev eth0
		ip -n "$HOSTS-$i" link set eth0 up
	done
}

# Removes them; their processes must have ended.
hosts_down() {
	local i
	[ -n "${HOSTS:-}" ] || return 0
	for i in $(seq "$HOSTS_COUNT") front; do
		ip netns del "$HOSTS-$i" 2>/dev/null || true
	done
}

# on_host I|front COMMAND...: runs it there, in place of this shell's child.
on_host() {
	local host=$1
	shift
	ip netns exec "$HOSTS-$host" "$@"
}
