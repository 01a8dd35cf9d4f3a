#!/bin/bash
# The bench measures, with no peer installed, says what it left out, and leaves nothing
# behind, also when it is stopped half-way.
. "$(dirname "$0")/lib_story.sh"

out=$LAB_DIR/out

# bench OPTION...: in the background, as $pid.
bench() {
	"$story_source/tests/bench/run" --build "$SJ_BUILD" --out "$out" --no-control \
		--rounds 1 --modes off --tunnels gre,openvpn,wireguard-go "$@" \
		>"$LAB_DIR/bench.log" 2>&1 &
	pid=$!
}

# A PATH with the tools that it takes, and none of a peer.
without_peers() {
	local tool
	mkdir -p "$LAB_DIR/bin"
	for tool in python3 env sh head xargs cat ip ethtool ping iperf3 taskset; do
		ln -sf "$(command -v $tool)" "$LAB_DIR/bin/$tool"
	done
	PATH=$LAB_DIR/bin "$@"
}

namespaces() { ip netns list | grep -c "^sjb$pid-"; }
said() { grep -q -- "$1" "$LAB_DIR/bench.log"; }
cell() {
	jq -e ".figures[] | select(.kind == \"$1\" and .figure == \"$2\") | .values[0] > 0" \
		"$out/bench.json" >/dev/null
}

measures() {
	without_peers bench --seconds 1 --figures ping,udp64
	wait "$pid"
	equal "it ends well" $? 0
	check "plain forwarding is measured" cell plain udp64
	check "so is a tunnel" cell gre udp64
	check "and the time of a ping" cell gre ping99
	check "a peer that is missing is named, with its package" \
		said "openvpn is not installed (Debian: openvpn)"
	check "so is the other" said "wireguard-go is not installed"
	check "and what was not asked for" said "offload modes, not asked for: on, gro"
	check "the table has a ratio to plain" said "^    gre  *[0-9.]* \["
	check "the picture is there" test -s "$out/bench.svg"
	equal "no namespace is left" "$(namespaces)" 0
}

is_stopped() {
	without_peers bench --seconds 20 --figures ping
	check_wait "it is at work" 20 "[ \$(namespaces) -eq 4 ]"
	kill -TERM "$pid"
	wait "$pid"
	equal "stopped, it says that it is not whole" $? 1
	check "and by what" said SIGTERM
	equal "no namespace is left" "$(namespaces)" 0
}

for tool in jq iperf3 ethtool ping taskset; do
	command -v "$tool" >/dev/null || tap_skip_all "no $tool"
done
[ -x "${SJ_BUILD:=$story_source/build}/tests/bench/udpflood" ] || tap_skip_all "not built"
lab_can || tap_skip_all "cannot make network namespaces, veth and TUN"
mkdir -p "$LAB_DIR"
trap 'rm -rf "$LAB_DIR"' EXIT
measures
is_stopped
tap_done
