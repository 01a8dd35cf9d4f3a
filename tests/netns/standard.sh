#!/bin/bash
# What the standard asks of agents and nodes as hosts and routers, where the kernel has
# its part in it and settings of its own: groups that are joined, ARP and redirects of a
# node that is away, checksums, hops, discovery by broadcast, silence about strangers.
# The kernel's settings are as they come, which lib.sh does not leave them.
. "$(dirname "$0")/lib_story.sh"

key_home=8f4e6a1d0c9b2e7350d1a4f6b8c3e92717e5d40b6c8a93f2055e1b7dc4a6f839
key_visit=0f1e2d3c4b5a69788796a5b4c3d2e1f0

stock_settings() { # HOST
	in_ns "$1" sh -c 'for f in accept_redirects send_redirects secure_redirects; do
		for c in /proc/sys/net/ipv4/conf/*; do echo 1 >$c/$f; done; done'
}

setting() { in_ns "$1" cat "/proc/sys/net/ipv4/conf/$2"; }

scapy_in() { # HOST, the program on standard input
	in_ns "$1" "$scapy" - >/dev/null 2>"$LAB_DIR/scapy.err" ||
		story_abort "scapy: $(tail -n 1 "$LAB_DIR/scapy.err")"
}

# 224.0.0.11, all mobility agents (ADV-19).
groups() {
	local agent
	for agent in fa1:visit ha:home; do
		check "${agent%:*} hears the group of all agents" eval \
			"ip -n $LAB-${agent%:*} maddr show dev ${agent#*:} | grep -q 01:00:5e:00:00:0b"
	done
}

# From before the node starts until it has moved: not one ARP broadcast (MN-20).
arp_of_the_node() {
	sniff cable air cable arp
	start_all mn
	check_wait "the node registers where it starts" 10 "node_is registered 10.0.2.2"
	check_pings "a correspondent reaches it" cn 10.1.0.10
	check "it reaches the correspondent" in_ns mn ping -n -q -c 1 -W 2 -I 10.1.0.10 10.0.9.2
	redirected
	check "it moves on" move_to visit2
	check "and comes back" move_to visit1
	check_pings "and is reached" cn 10.1.0.10
	sniff_end cable
	equal "all the time it broadcasts no ARP" "$(recorded cable \
		"arp and ether src $(mac mn radio0) and ether broadcast")" ""
	equal "and nobody broadcasts ARP for the visitor" "$(recorded cable \
		"arp[6:2] = 1 and arp[24:4] = 0x0a01000a")" ""
}

# With an address of its own it finds its router without a broadcast as well, and asks in
# the name of that address alone: its home address may be anybody's there.
arp_of_its_own() {
	configure mn 's/reverse-tunnel="yes"/reverse-tunnel="no"/' \
		's|</mobile-node>|<co-located address="10.2.0.50/24" gateway="10.2.0.1"/>&|'
	stop mn
	stop fa1
	sniff own air cable arp
	start_all mn
	check_wait "without an agent it registers directly" 15 "node_is registered 10.2.0.50"
	check "it reaches the correspondent" in_ns mn ping -n -q -c 1 -W 2 -I 10.1.0.10 10.0.9.2
	in_ns mn ping -n -q -c 1 -W 1 -I 10.2.0.50 10.2.0.77 >/dev/null
	another_router
	sniff_end own
	equal "without an agent it broadcasts no ARP either" \
		"$(recorded own "arp and ether src $(mac mn radio0) and ether broadcast")" ""
	equal "what it asks is for its router, in the name of its care-of address" \
		"$(recorded own "arp[6:2] = 1 and ether src $(mac mn radio0)" |
			sed 's/.*who-has \([0-9.]*\) tell \([0-9.]*\),.*/\1 \2/' | sort -u)" \
		"10.2.0.1 10.2.0.50"
}

# The router's interface is changed: nobody at its old address answers.
another_router() {
	local mac=02:00:00:00:77:01
	ip -n "$LAB-fa1" link set visit address $mac
	ctl mn reload >/dev/null
	check_wait "when its router has another link-layer address it finds that" 15 \
		"[ \"\$(neighbour mn 10.2.0.1)\" = $mac ] && node_is registered 10.2.0.50"
	check_pings "and is reached" cn 10.1.0.10
}

redirects_seen() { in_ns mn awk '/^Icmp: [0-9]/ { print $9 }' /proc/net/snmp; }

# The agent's kernel, or whoever says it is, knows a better router (MN-22).
redirected() {
	ip -n "$LAB-fa1" addr add 10.2.0.99/24 dev visit
	MAC=$(mac mn radio0) scapy_in fa1 <<-'PYTHON'
		import os, time
		from scapy.all import ICMP, IP, Ether, sendp
		ours = IP(src="10.1.0.10", dst="10.0.9.2") / ICMP()
		for _ in range(2):
		    sendp(Ether(dst=os.environ["MAC"]) / IP(src="10.2.0.1", dst="10.1.0.10") /
		          ICMP(type=5, code=1, gw="10.2.0.99") / ours, iface="visit", verbose=False)
		    time.sleep(0.3)
	PYTHON
	check_wait "redirects reach the node's kernel" 5 "[ \$(redirects_seen) -ge 2 ]"
	check "the node counts them" count_above mn redirects-ignored 1
	check "its way stays through its agent" eval \
		"ip -n $LAB-mn route get 10.0.9.2 from 10.1.0.10 | grep -q 'via 10.2.0.1 '"
	ip -n "$LAB-fa1" addr del 10.2.0.99/24 dev visit
}

as_node() { # OPTION...: a Request of the node through its agent; the Reply's code
	request mn --to 10.2.0.1 --interface radio0 --mac "$(mac fa1 visit)" \
		--home 10.1.0.10 --agent 10.1.0.1 --care-of 10.0.2.2 \
		--auth "32:1000:hmac-sha256:$key_home" \
		--auth "33:2001:hmac-md5:$key_visit" "$@" | jq .code
}

checksums() {
	equal "a wrong UDP checksum is silence (GEN-02)" "$(as_node --checksum 0x1234)" null
	equal "none at all is accepted" "$(as_node --checksum 0)" 0
	equal "so is the right one" "$(as_node)" 0
}

# The router's business, not the agent's.
passing_by() {
	local before
	before=$(counter fa1 link-transit)
	equal "a Request to somebody beyond the agent is not its" "$(as_node --to 10.0.9.2)" null
	check "it is counted" count_above fa1 link-transit "$before"
	equal "nor is one to a station beside it" "$(as_node --mac 02:00:00:00:00:99)" null
}

expires_at() { # HOST TTL: who says so
	in_ns "$1" ping -n -c 1 -W 2 -t "$2" 10.1.0.10 |
		sed -n 's/^From \([0-9.]*\).*Time to live exceeded.*/\1/p'
}

# The tunnel is one hop, and either end tells whose packet ends there (TUN-02, TUN-03).
hops() {
	equal "the first hop is the router" "$(expires_at cn 1)" 10.0.9.1
	equal "the second is the home agent" "$(expires_at cn 2)" 10.0.1.2
	equal "the third is the foreign agent" "$(expires_at cn 3)" 10.0.2.2
	check_pings "the fourth is the node" cn 10.1.0.10 -t 4
}

# Sources that would lead in a circle (TUN-06); the last one is to arrive.
circles() {
	local before
	before=$(counter ha loop-exit)
	sniff circles mn radio0 icmp
	MAC=$(mac ha core) scapy_in core <<-'PYTHON'
		import os
		from scapy.all import ICMP, IP, Ether, sendp
		for source in "10.1.0.1", "10.0.1.2", "10.0.2.2", "10.0.9.2":
		    sendp(Ether(dst=os.environ["MAC"]) / IP(src=source, dst="10.1.0.10") /
		          ICMP(type=0), iface="ha", verbose=False)
	PYTHON
	check_wait "a packet of a stranger is tunnelled" 5 \
		"[ -n \"\$(recorded circles 'src 10.0.9.2')\" ]"
	sniff_end circles
	equal "none from the agent's own addresses or from the tunnel's end" \
		"$(recorded circles 'src 10.1.0.1 or src 10.0.1.2 or src 10.0.2.2')" ""
	check "the tunnel's end is counted" count_above ha loop-exit "$before"
}

# Who does not know its home agent asks all of them (HA-REG-11).
discovery() {
	local ask=(--home 10.1.0.10 --care-of 10.0.9.2 --auth "32:1000:hmac-sha256:$key_home")
	equal "the home network's broadcast address, from afar" \
		"$(request cn --to 10.1.0.255 --agent 10.1.0.255 "${ask[@]}" |
			jq -c '[.code, ."home-agent"]')" '[136,"10.1.0.1"]'
	equal "all of the home link" \
		"$(request host --to 255.255.255.255 --agent 10.1.0.255 --interface eth0 \
			--source 10.1.0.2 "${ask[@]}" |
			jq -c '[.code, ."home-agent"]')" '[136,"10.1.0.1"]'
}

# Out of the tunnel, for nobody who visits (FA-FWD-01).
strangers() {
	local before
	before=$(counter fa1 not-visitor)
	sniff strangers fa1 core "icmp or dst 10.1.0.77"
	scapy_in ha <<-'PYTHON'
		from scapy.all import ICMP, IP, send
		send(IP(src="10.1.0.1", dst="10.0.2.2") /
		     IP(src="10.0.9.2", dst="10.1.0.77") / ICMP(), verbose=False)
	PYTHON
	check_wait "a packet for nobody here is counted" 5 "count_above fa1 not-visitor $before"
	sniff_end strangers
	equal "it goes no further, and nothing is said about it" \
		"$(recorded strangers 'src 10.0.2.2 or dst 10.1.0.77' | grep -v "IP 10.1.0.1 > 10.0.2.2")" ""
}

# What is discarded can be read in the log (GEN-14).
discarded() {
	request cn --to 10.1.0.1 --home 10.1.0.66 --agent 10.1.0.1 --care-of 10.0.9.2 \
		--lifetime 77 --auth "32:1000:hmac-sha256:$key_home" >/dev/null
	check "a discarded message is in the log, with its contents" \
		grep -q 'home=10.1.0.66.*care-of=10.0.9.2.*lifetime=77\|lifetime=77.*home=10.1.0.66' \
		"$LAB_DIR/ha.log"
}

story_begin tcpdump scapy
for agent in ha fa1 fa2 mn; do
	configure $agent
	stock_settings $agent
done
lab_move visit1
start_all ha fa1 fa2
groups
arp_of_the_node
checksums
passing_by
hops
circles
discovery
strangers
discarded
arp_of_its_own
for agent in mn fa2 ha; do
	stop $agent
done
equal "the node's kernel has its settings back" \
	"$(setting mn radio0/accept_redirects) $(setting mn all/accept_redirects)" "1 1"
check_clean mn fa1 fa2 ha
tap_done
