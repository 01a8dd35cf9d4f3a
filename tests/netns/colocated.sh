#!/bin/bash
# A node on a link without an agent: it registers an address of its own directly and is
# its own end of the tunnel, by each encapsulation, with a reverse tunnel and without;
# where an agent is heard it uses that, and at home neither.
. "$(dirname "$0")/lib_story.sh"

mine=10.2.0.50

colocated() { # ENCAPSULATION T
	configure mn "s/encapsulation=\"gre\"/encapsulation=\"$1\"/" \
		"s/reverse-tunnel=\"yes\"/reverse-tunnel=\"$2\"/" \
		"s|</mobile-node>|<co-located address=\"$mine/24\" gateway=\"10.2.0.1\"/>&|"
}

traffic() { # NAME
	config "traffic-$1" <<-XML
		<scenario name="$1" title="co-located" duration="700ms">
		  <end name="correspondent" netns="$LAB-cn" address="10.0.9.2"/>
		  <end name="node" netns="$LAB-mn" address="10.1.0.10"/>
		  <udp name="to-node" from="correspondent" to="node" port="5001" interval="5ms"/>
		  <udp name="from-node" from="node" to="correspondent" port="5002" interval="5ms"/>
		  <tcp name="stream" from="correspondent" to="node" port="5003" rate="500000"/>
		  <tcp name="stream-back" from="node" to="correspondent" port="5004" rate="500000"/>
		</scenario>
	XML
	mn-sim scenario --quiet --out "$LAB_DIR" "$LAB_DIR/traffic-$1.xml"
}

served() { # NAME PROTOCOL
	check_wait "$1: it registers directly" 15 "node_is registered $mine"
	check_shows "$1: the home agent knows that it is co-located" ha bindings \
		".[0].\"co-located\" and .[0].\"care-of\" == \"$mine\" and .[0].source == \"$mine\""
	check_pings "$1: a correspondent reaches it" cn 10.1.0.10
	check_pings "$1: a host at home reaches it" host 10.1.0.10
	check_pings "$1: large packets, in fragments" cn 10.1.0.10 -s 3000
	sniff "$1" core fa1 ip
	check "$1: streams and numbered packets" traffic "$1"
	sniff_end "$1"
	equal "$1: no packet was lost" "$(jq '[.flows[].total.lost] | add' "$LAB_DIR/run-$1.json")" 0
	check "$1: they came through the tunnel" \
		test "$(recorded "$1" "proto $2 and src 10.1.0.1 and dst $mine" | wc -l)" -gt 100
}

with_tunnel() { # ENCAPSULATION PROTOCOL
	colocated "$1" yes
	start_all mn
	served "$1" "$2"
	equal "$1: and went through it, all of them" "$(recorded "$1" 'src 10.1.0.10' | wc -l)" 0
	check "$1: none is missing there" \
		test "$(recorded "$1" "proto $2 and src $mine and dst 10.1.0.1" | wc -l)" -gt 100
	check_shows "$1: the node's tunnel counts them" mn tunnels \
		'.[0]."packets-in" > 100 and .[0]."packets-out" > 100'
	lab_stop mn
	equal "$1: the node ends cleanly" $? 0
	check_clean mn
	equal "$1: and takes its address along" \
		"$(ip -n "$LAB-mn" -o -4 addr show dev radio0)" ""
	check_shows "$1: and its binding" ha bindings '. == []'
}

triangle() {
	colocated ipip no
	start_all mn
	served triangle 4
	check "triangle: its own go as they are" \
		test "$(recorded triangle 'src 10.1.0.10' | wc -l)" -gt 100
}

# The same node where agents are.
elsewhere() {
	start_all fa2
	lab_move visit2
	check_wait "where an agent is it uses that" 10 "node_is registered 10.0.3.2"
	check_pings "and is reached" cn 10.1.0.10
	equal "its own address is not used there" \
		"$(ip -n "$LAB-mn" -o -4 addr show dev radio0 | grep -c "$mine")" 0
	check "it goes home" move_to home
	check_pings "and is reached there" cn 10.1.0.10
	check_shows "without a binding" ha bindings '. == []'
	lab_move visit1
	check_wait "and away again, on its own" 15 "node_is registered $mine"
	check_pings "and is reached" cn 10.1.0.10
}

story_begin tcpdump
configure ha
configure fa2
lab_move visit1
start_all ha
with_tunnel gre 47
with_tunnel ipip 4
with_tunnel minimal 55
triangle
elsewhere
for agent in mn fa2 ha; do
	stop $agent
	equal "$agent ends cleanly" $? 0
done
check_clean mn fa2 ha
tap_done
