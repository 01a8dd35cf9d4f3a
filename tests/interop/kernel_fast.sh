#!/bin/bash
# The fast path against the kernel's own tunnels: a home agent whose node decapsulates by
# a GRE or IP-in-IP device of the kernel. Where the running kernel lacks those, the same
# script runs inside a stock kernel (tests/kernel/run).
#
#   c: 10.3.0.2 --- 10.3.0.1 :s: home agent 10.0.0.2 === 10.0.0.1 :k: node 10.9.0.10,
#                                                           device of the kernel
# limit: 280
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=${SJ_BUILD:-$here/../../build}
. "$here/../netns/lib.sh"

has_tunnels() {
	local result
	ip netns add "$LAB-probe" 2>/dev/null || return 1
	ip -n "$LAB-probe" link add gre-probe type gre local 10.0.0.1 remote 10.0.0.2 2>/dev/null &&
		ip -n "$LAB-probe" link add ipip-probe type ipip local 10.0.0.1 remote 10.0.0.2 2>/dev/null
	result=$?
	ip netns del "$LAB-probe"
	return $result
}

lab_can || tap_skip_all "no namespaces here"
if ! has_tunnels; then
	[ -z "${SJ_INSIDE:-}" ] || { not_ok "the stock kernel has tunnels"; tap_done; exit 1; }
	command -v linux.uml >/dev/null ||
		tap_skip_all "no GRE in this kernel, and user-mode-linux is not installed"
	nm "$build/ha/mip-ha" 2>/dev/null | grep -q __asan_init &&
		tap_skip_all "no GRE in this kernel, and no address sanitizer in the stock one"
	SJ_INSIDE=yes exec "$here/../kernel/run" -t 260 \
		env SJ_INSIDE=yes SJ_BUILD="$build" TMPDIR=/run bash "$here/$(basename "$0")"
fi

LAB_HOSTS="c s k"
lab_trap
mkdir -p "$LAB_DIR"
for host in $LAB_HOSTS; do
	ip netns add "$LAB-$host"
	_lab_quiet $host
done
in_ns s sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
_lab_link c eth0 10.3.0.2/24 s eth0 10.3.0.1/24
_lab_link k wire 10.0.0.1/24 s wire 10.0.0.2/24
ip -n "$LAB-c" route add default via 10.3.0.1
ip -n "$LAB-k" addr add 10.9.0.10/32 dev lo

key=00112233445566778899aabbccddeeff
ctl() { "$build/common/ctl/mipctl" -s "$LAB_DIR/s.sock" --json "$@"; }
tunnel() { ctl show tunnels | jq -r "select(.local) | $1"; }

configure() { # ATTRIBUTES of <tunnel>
	cat >"$LAB_DIR/s.xml" <<-XML
		<home-agent address="10.0.0.2">
		  <control socket="$LAB_DIR/s.sock"/>
		  <home-network prefix="10.9.0.0/24"/>
		  <tunnel fast-path="required" $1/>
		  <node home-address="10.9.0.10">
		    <association spi="1000" algorithm="hmac-md5" key="hex:$key"/>
		  </node>
		</home-agent>
	XML
	chmod 600 "$LAB_DIR/s.xml"
}

# register FLAGS (D, T and perhaps G): from the care-of address of the node's own, with a reverse tunnel.
register() {
	in_ns k python3 "$here/../netns/request.py" --to 10.0.0.2 --home 10.9.0.10 \
		--agent 10.0.0.2 --care-of 10.0.0.1 --flags "$1" --lifetime 600 \
		--auth "32:1000:hmac-md5:$key"
}

stream() { # FROM TO ADDRESS SOURCE: 3 MB by TCP, compared
	local listener
	head -c 3000000 /dev/urandom >"$LAB_DIR/out"
	in_ns "$2" timeout 20 nc -l -p 7000 >"$LAB_DIR/in" &
	listener=$!
	lab_wait 5 "in_ns $2 ss -ltn | grep -q :7000"
	in_ns "$1" timeout 20 nc -N -s "$4" "$3" 7000 <"$LAB_DIR/out"
	wait $listener
	cmp "$LAB_DIR/out" "$LAB_DIR/in"
}

both_ways() { # NAME FLAGS KERNEL'S-OPTIONS... ; our attributes in $ours
	local name=$1 flags=$2
	shift 2
	ip -n "$LAB-k" link add t0 type "$@" local 10.0.0.1 remote 10.0.0.2 ttl 64
	ip -n "$LAB-k" link set t0 up
	ip -n "$LAB-k" route add 10.3.0.0/24 dev t0 src 10.9.0.10
	configure "$ours"
	lab_start s s "$build/ha/mip-ha" -c "$LAB_DIR/s.xml"
	lab_wait 20 "[ -S $LAB_DIR/s.sock ] || ! lab_running s"
	if ! lab_running s; then
		grep -q fast-path "$LAB_DIR/s.log" && tap_skip_all "no fast path: $(tail -n 1 "$LAB_DIR/s.log")"
		not_ok "$name: started" "$(cat "$LAB_DIR/s.log")"
		return
	fi
	check "$name: registered" test "$(register "$flags" | jq .code)" = 0
	check "$name: from a correspondent" in_ns c ping -n -c 3 -i 0.2 -W 3 10.9.0.10
	check "$name: from the node" in_ns k ping -n -c 3 -i 0.2 -W 3 -I 10.9.0.10 10.3.0.2
	check "$name: a packet that fills the tunnel" \
		in_ns c ping -n -c 2 -i 0.2 -W 3 -M do -s 1400 10.9.0.10
	check "$name: a TCP stream towards the node" stream c k 10.9.0.10 10.3.0.2
	check "$name: a TCP stream from the node" stream k c 10.3.0.2 10.9.0.10
	check "$name: all by the fast path" test \
		"$(tunnel '."path" == "fast" and ."fast-packets-out" > 500 and
			."fast-packets-in" > 500')" = true
	check "$name: the kernel saw no error" test "$(ip -n "$LAB-k" -s -j link show t0 |
		jq '.[0].stats64 | .rx.errors + .rx.over_errors + .tx.errors')" = 0
	lab_stop s
	ip -n "$LAB-k" link del t0
}

ours=''
both_ways "GRE" 0x2a gre
ours='gre-key="7"'
both_ways "GRE, key" 0x2a gre key 7
ours='gre-key="7" gre-key-in="9"'
both_ways "GRE, a key each way" 0x2a gre okey 9 ikey 7
ours=''
both_ways "IP-in-IP" 0x22 ipip
tap_done
