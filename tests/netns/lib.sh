# shellcheck shell=bash
# The laboratory: networks of namespaces for the demonstration and the tests.
#
#   cn --- core --- ha ===home=== host          core is a plain router (the backbone)
#           | \                 \
#           |  +-- fa1 ==visit1== \             air holds the three switches home,
#           +----- fa2 ==visit2==  mn           visit1 and visit2; the node's cable
#                                               is plugged into one of them
#
#   namespace   interface  address         far end
#   cn          eth0       10.0.9.2/24     core cn 10.0.9.1        correspondent
#   ha          core       10.0.1.2/24     core ha 10.0.1.1        home agent
#               home       10.1.0.1/24     switch home
#   host        eth0       10.1.0.2/24     switch home             stays at home
#   fa1         core       10.0.2.2/24     core fa1 10.0.2.1       care-of 10.0.2.2
#               visit      10.2.0.1/24     switch visit1
#   fa2         core       10.0.3.2/24     core fa2 10.0.3.1       care-of 10.0.3.2
#               visit      10.3.0.1/24     switch visit2
#   mn          radio0     10.1.0.10       wherever the cable is   mobile node
#
# Everything is named with the prefix $LAB (default: sj and the shell's pid), so
# that several laboratories can stand side by side.  lab_down removes all of it
# and ends what lab_start started; lab_trap arranges that for every way out.

: "${LAB:=sj$$}"
: "${LAB_DIR:=${TMPDIR:-/tmp}/$LAB}"
LAB_HOSTS="cn core ha host fa1 fa2 mn air"

lab_say() { printf '# %s\n' "$*" >&2; }

# in_ns HOST COMMAND...: run inside a namespace of the laboratory.
in_ns() {
	local host=$1
	shift
	ip netns exec "$LAB-$host" "$@"
}

# lab_can: can this machine make namespaces and veth pairs?
lab_can() {
	[ "$(id -u)" -eq 0 ] || return 1
	ip netns add "$LAB-probe" 2>/dev/null || return 1
	ip -n "$LAB-probe" link add probe0 type veth peer name probe1 2>/dev/null
	local result=$?
	ip netns del "$LAB-probe"
	[ -c /dev/net/tun ] || return 1
	return $result
}

_lab_quiet() { # HOST: no IPv6 chatter, reverse-path filter off, no redirects
	in_ns "$1" sh -c '
		ip link set lo up
		cd /proc/sys/net
		echo 1 >ipv6/conf/all/disable_ipv6
		echo 1 >ipv6/conf/default/disable_ipv6
		for c in all default; do
			echo 0 >ipv4/conf/$c/rp_filter
			echo 0 >ipv4/conf/$c/send_redirects
			echo 0 >ipv4/conf/$c/accept_redirects
		done' 2>/dev/null || true
}

_lab_link() { # HOST1 IF1 ADDR1 HOST2 IF2 ADDR2
	ip -n "$LAB-$1" link add "$2" type veth peer name "$5" netns "$LAB-$4" || return
	ip -n "$LAB-$1" addr add "$3" dev "$2"
	ip -n "$LAB-$4" addr add "$6" dev "$5"
	ip -n "$LAB-$1" link set "$2" up
	ip -n "$LAB-$4" link set "$5" up
}

_lab_plug() { # HOST IF ADDR SWITCH: a fixed host into a switch
	ip -n "$LAB-air" link add "$1" type veth peer name "$2" netns "$LAB-$1" || return
	ip -n "$LAB-air" link set "$1" master "$4" up
	ip -n "$LAB-$1" addr add "$3" dev "$2"
	ip -n "$LAB-$1" link set "$2" up
}

# lab_up: build it; the mobile node's cable is plugged in nowhere yet.
lab_up() {
	local h s
	mkdir -p "$LAB_DIR"
	for h in $LAB_HOSTS; do
		ip netns add "$LAB-$h" || return
		_lab_quiet "$h"
	done
	for h in core ha fa1 fa2; do
		in_ns $h sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	done
	_lab_link cn eth0 10.0.9.2/24 core cn 10.0.9.1/24 || return
	_lab_link ha core 10.0.1.2/24 core ha 10.0.1.1/24 || return
	_lab_link fa1 core 10.0.2.2/24 core fa1 10.0.2.1/24 || return
	_lab_link fa2 core 10.0.3.2/24 core fa2 10.0.3.1/24 || return
	for s in home visit1 visit2; do
		ip -n "$LAB-air" link add $s type bridge forward_delay 0 || return
		ip -n "$LAB-air" link set $s up
	done
	_lab_plug ha home 10.1.0.1/24 home || return
	_lab_plug host eth0 10.1.0.2/24 home || return
	_lab_plug fa1 visit 10.2.0.1/24 visit1 || return
	_lab_plug fa2 visit 10.3.0.1/24 visit2 || return
	ip -n "$LAB-air" link add cable type veth peer name radio0 netns "$LAB-mn" || return
	ip -n "$LAB-mn" link set radio0 up

	ip -n "$LAB-cn" route add default via 10.0.9.1
	ip -n "$LAB-ha" route add default via 10.0.1.1
	ip -n "$LAB-host" route add default via 10.1.0.1
	ip -n "$LAB-fa1" route add default via 10.0.2.1
	ip -n "$LAB-fa2" route add default via 10.0.3.1
	ip -n "$LAB-core" route add 10.1.0.0/24 via 10.0.1.2
	ip -n "$LAB-core" route add 10.2.0.0/24 via 10.0.2.2
	ip -n "$LAB-core" route add 10.3.0.0/24 via 10.0.3.2
}

# lab_move SWITCH|nowhere: pull the node's cable out, and plug it in there.
lab_move() {
	ip -n "$LAB-air" link set cable down
	[ "$1" = nowhere ] && return
	ip -n "$LAB-air" link set cable master "$1" up
}

# lab_start NAME HOST COMMAND...: start a program in a namespace; its output
# goes to $LAB_DIR/NAME.log, its pid to $LAB_DIR/NAME.pid.
lab_start() {
	local name=$1 host=$2
	shift 2
	ip netns exec "$LAB-$host" "$@" >>"$LAB_DIR/$name.log" 2>&1 </dev/null &
	echo $! >"$LAB_DIR/$name.pid"
}

lab_running() { # NAME
	[ -s "$LAB_DIR/$1.pid" ] && kill -0 "$(cat "$LAB_DIR/$1.pid")" 2>/dev/null
}

# lab_stop NAME [SIGNAL]: end it and wait; killed after ten seconds.
lab_stop() {
	local pid
	[ -s "$LAB_DIR/$1.pid" ] || return 0
	pid=$(cat "$LAB_DIR/$1.pid")
	rm -f "$LAB_DIR/$1.pid"
	kill -"${2:-TERM}" "$pid" 2>/dev/null || return 0
	lab_wait 10 "! kill -0 $pid 2>/dev/null" || kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}

# lab_wait SECONDS CONDITION: poll a shell condition; false when time is up.
# SJ_SLOW multiplies the time, for slow builds.
lab_wait() {
	local end
	end=$(($(lab_ms) + $(awk "BEGIN { print int($1 * 1000 * ${SJ_SLOW:-1}) }")))
	while ! eval "$2"; do
		[ "$(lab_ms)" -lt "$end" ] || return 1
		sleep 0.05
	done
}

# The time in milliseconds.
lab_ms() {
	local us=${EPOCHREALTIME/[.,]/}
	echo "${us%???}"
}

lab_down() {
	local f h
	for f in "$LAB_DIR"/*.pid; do
		[ -e "$f" ] && lab_stop "$(basename "$f" .pid)"
	done
	for h in $LAB_HOSTS; do
		ip netns del "$LAB-$h" 2>/dev/null
	done
	return 0
}

# lab_trap: take the laboratory down however the script ends.
lab_trap() {
	trap 'lab_down; [ -n "${LAB_KEEP:-}" ] || rm -rf "$LAB_DIR"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

# lab_leftovers HOST: what an agent may have left there; prints nothing if clean.
lab_leftovers() {
	in_ns "$1" sh -c '
		ip -o route show table all proto 143
		ip -o rule show | grep -vE "lookup (local|main|default)"
		ip -o neigh show nud permanent
		ip -o tuntap show 2>/dev/null
		ip -o link show type tun' 2>/dev/null
}

# Results, one a line, in the Test Anything Protocol.
_tap=0
_tap_failed=0
ok() { # DESCRIPTION
	_tap=$((_tap + 1))
	printf 'ok %d - %s\n' $_tap "$1"
}
not_ok() { # DESCRIPTION [DETAIL...]
	_tap=$((_tap + 1))
	_tap_failed=$((_tap_failed + 1))
	printf 'not ok %d - %s\n' $_tap "$1"
	shift
	[ $# -gt 0 ] && printf '%s\n' "$@" | sed 's/^/#   /'
	return 0
}
check() { # DESCRIPTION COMMAND...
	local what=$1 output
	shift
	if output=$("$@" 2>&1); then
		ok "$what"
	else
		not_ok "$what" "failed: $*" "$output"
	fi
}
# tap_done: the plan, and the status of the whole story.
tap_done() {
	printf '1..%d\n' $_tap
	[ "$_tap_failed" -eq 0 ]
}
tap_skip_all() {
	printf '1..0 # SKIP %s\n' "$1"
	exit 77
}
