#!/bin/bash
# Our tunnels against the kernel's own, both directions: GRE with and without key,
# checksum and sequence numbers, and IP-in-IP. Where the running kernel lacks them,
# the same script runs inside a stock kernel (tests/kernel/run).
#
#   k: 10.8.0.1/24 "lan" | kernel tunnel --- 10.0.0.1 === 10.0.0.2 --- site-tunnel | "lan" 10.9.0.1/24 :s
# limit: 280
set -u
. "$(dirname "$0")/lib_kernel.sh"

has_tunnels() {
	ip -n "$LAB-probe" link add gre-probe type gre local 10.0.0.1 remote 10.0.0.2 &&
		ip -n "$LAB-probe" link add ipip-probe type ipip local 10.0.0.1 remote 10.0.0.2
}

in_kernel_with "$(basename "$0")" 260 GRE has_tunnels k s
lan_host k 10.8.0.1/24
lan_host s 10.9.0.1/24
_lab_link k wire 10.0.0.1/24 s wire 10.0.0.2/24
# A virtual link leaves checksums, also those inside a tunnel, to hardware that is
# not there; a raw socket cannot tell. A real card has completed them.
in_ns k ethtool -K wire tx off >/dev/null 2>&1
# Both ends share a kernel here, which has the modules for the other end's sake and
# so answers every tunnel packet of ours with a port unreachable, after handing it
# to us. An agent's own machine does without those modules (mip-ha(8), CAVEATS).
in_ns s tc qdisc add dev wire clsact
in_ns s tc filter add dev wire egress protocol ip flower ip_proto icmp type 3 code 3 \
	action drop

ctl() { "$build/common/ctl/mipctl" -s "$LAB_DIR/s.sock" --json "$@"; }
counter() { ctl show counters | jq -r "select(.counter == \"$1\") | .value"; }

configure() { # ATTRIBUTES of <site-tunnel>
	cat >"$LAB_DIR/s.xml" <<-XML
		<home-agent address="10.0.0.2">
		  <control socket="$LAB_DIR/s.sock"/>
		  <site-tunnel name="kernel" local="10.0.0.2" remote="10.0.0.1"
		               probe="10.8.0.1" dead-after="5" $1>
		    <local subnet="10.9.0.0/24"/>
		    <remote subnet="10.8.0.0/24"/>
		  </site-tunnel>
		</home-agent>
	XML
}

begin() { # KERNEL'S-TUNNEL-OPTIONS... ; our attributes in $ours
	ip -n "$LAB-k" link add t0 type "$@" local 10.0.0.1 remote 10.0.0.2 ttl 64
	ip -n "$LAB-k" link set t0 up
	ip -n "$LAB-k" route add 10.9.0.0/24 dev t0 src 10.8.0.1
	configure "$ours"
	lab_start s s "$build/ha/mip-ha" -c "$LAB_DIR/s.xml"
	lab_wait 20 "[ -S $LAB_DIR/s.sock ]" || { cat "$LAB_DIR/s.log"; return 1; }
}

end() {
	lab_stop s
	ip -n "$LAB-k" link del t0
}

stream() { # FROM TO ADDRESS SOURCE: 300 kB by TCP, compared
	local sum
	head -c 300000 /dev/urandom >"$LAB_DIR/out"
	in_ns "$2" timeout 8 nc -l -p 7000 >"$LAB_DIR/in" &
	local listener=$!
	lab_wait 5 "in_ns $2 ss -ltn | grep -q :7000"
	in_ns "$1" timeout 8 nc -N -s "$4" "$3" 7000 <"$LAB_DIR/out"
	wait $listener
	cmp "$LAB_DIR/out" "$LAB_DIR/in"
}

both_ways() { # NAME KERNEL-OPTIONS...
	local name=$1
	shift
	if ! begin "$@"; then
		not_ok "$name: started"
		end
		return
	fi
	check "$name: its address inside answers probes" lab_wait 20 "kernel_is up"
	check "$name: from the kernel's end" \
		in_ns k ping -n -c 3 -i 0.2 -W 3 -I 10.8.0.1 10.9.0.1
	check "$name: from ours" in_ns s ping -n -c 3 -i 0.2 -W 3 -I 10.9.0.1 10.8.0.1
	check "$name: a packet that fills the tunnel" \
		in_ns k ping -n -c 2 -i 0.2 -W 3 -M do -s 1400 -I 10.8.0.1 10.9.0.1
	check "$name: fragments" in_ns k ping -n -c 2 -i 0.2 -W 3 -s 4000 -I 10.8.0.1 10.9.0.1
	check "$name: fragments of ours" \
		in_ns s ping -n -c 2 -i 0.2 -W 3 -M dont -s 4000 -I 10.9.0.1 10.8.0.1
	check "$name: a TCP stream towards us" stream k s 10.9.0.1 10.8.0.1
	check "$name: a TCP stream from us" stream s k 10.8.0.1 10.9.0.1
	check "$name: we dropped nothing" test "$(ctl show counters |
		jq -s '[.[] | select(.group == "drop") | .value] | add')" = 0
	check "$name: the kernel saw no error" test "$(ip -n "$LAB-k" -s -j link show t0 |
		jq '.[0].stats64 | .rx.errors + .rx.over_errors + .tx.errors')" = 0
	end
}

kernel_is() { # STATE
	ctl show tunnels | jq -es "any(.name == \"kernel\" and .state == \"$1\")" >/dev/null
}

# The kernel's tunnel goes and comes.
noticed() { # NAME KERNEL-OPTIONS...
	local name=$1
	shift
	begin "$@" || not_ok "$name: started"
	check "$name: the kernel's end lives" lab_wait 20 "kernel_is up"
	ip -n "$LAB-k" link set t0 down
	check "$name: that it is down is noticed" lab_wait 40 "kernel_is down"
	ip -n "$LAB-k" link set t0 up
	ip -n "$LAB-k" route replace 10.9.0.0/24 dev t0 src 10.8.0.1
	check "$name: that it is up again, too" lab_wait 40 "kernel_is up"
	end
}

refused() { # NAME COUNTER KERNEL-OPTIONS...
	local name=$1 reason=$2
	shift 2
	if ! begin "$@"; then
		not_ok "$name: started"
		end
		return
	fi
	in_ns k ping -n -c 2 -i 0.2 -W 1 -I 10.8.0.1 10.9.0.1 >/dev/null
	check "$name: nothing comes through, counted as $reason" \
		test "$(counter "$reason")" = 2
	end
}

ours='encapsulation="gre"'
both_ways "GRE" gre
ours='encapsulation="gre" gre-key="7"'
both_ways "GRE, key" gre key 7
ours='encapsulation="gre" gre-key="7" gre-key-in="9"'
both_ways "GRE, a key each way" gre okey 9 ikey 7
ours='encapsulation="gre" gre-checksum="yes"'
both_ways "GRE, checksum" gre csum
ours='encapsulation="gre" gre-sequence="yes"'
both_ways "GRE, sequence" gre seq
ours='encapsulation="gre" gre-key="4294967295" gre-checksum="yes" gre-sequence="yes"'
both_ways "GRE, all of them" gre key 255.255.255.255 csum seq
ours='encapsulation="ipip"'
both_ways "IP-in-IP" ipip

ours='encapsulation="gre" gre-key="7"'
noticed "GRE, key" gre key 7

# A network card merges the packets of a stream before we see them. Those that go on as
# they came are lost, come one by one when they are sent again, and so a stream lives by
# that: about 100 times for 300 kB. A busy machine has one or two sent again, too.
again() { in_ns k nstat -asz TcpRetransSegs | awk '/TcpRetransSegs/ { print $2 }'; }

merged() { # NAME KERNEL-OPTIONS...
	local name=$1 before
	shift
	if ! begin "$@"; then
		not_ok "$name: started"
		end
		return
	fi
	before=$(again)
	check "$name: a TCP stream towards us" stream k s 10.9.0.1 10.8.0.1
	check "$name: hardly anything was sent again" test "$(($(again) - before))" -lt 10
	check "$name: the kernel had merged packets" test "$(counter merged)" -gt 0
	check "$name: a TCP stream from us" stream s k 10.8.0.1 10.9.0.1
	check "$name: we dropped nothing" test "$(ctl show counters |
		jq -s '[.[] | select(.group == "drop") | .value] | add')" = 0
	end
}

in_ns s ethtool -K wire gro on
ours='encapsulation="gre"'
merged "GRE, merged" gre
ours='encapsulation="gre" gre-key="7"'
merged "GRE, key, merged" gre key 7
ours='encapsulation="gre" gre-checksum="yes"'
merged "GRE, checksum, merged" gre csum
ours='encapsulation="ipip"'
merged "IP-in-IP, merged" ipip
in_ns s ethtool -K wire gro off

ours='encapsulation="gre" gre-key="7"'
refused "GRE, another key" bad-key gre key 8
refused "GRE, no key" bad-key gre
check "the agent says that the kernel answers GRE" \
	grep -q 'the kernel has GRE tunnels of its own' "$LAB_DIR/s.log"
check "the agent says that the kernel answers IP-in-IP" \
	grep -q 'the kernel has IP-in-IP tunnels of its own' "$LAB_DIR/s.log"
ours='encapsulation="ipip"'
refused "GRE into IP-in-IP" no-tunnel gre
tap_done
