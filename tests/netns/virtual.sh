#!/bin/bash
# A virtual home network: no link, so nobody is ever at home. One route leads its
# packets to the home agent, which tunnels to those who are registered.
. "$(dirname "$0")/lib_story.sh"

key=00112233445566778899aabbccddeeff

configs() {
	config ha <<-XML
		<home-agent address="10.0.1.2">
		  <control socket="$LAB_DIR/ha.sock"/>
		  <home-network prefix="10.5.0.0/24"/>
		  <node home-address="10.5.0.10"><association spi="1000" key="hex:$key"/></node>
		</home-agent>
	XML
	config mn <<-XML
		<mobile-node interface="radio0" home-address="10.5.0.10/24" home-agent="10.0.1.2"
		             reverse-tunnel="yes">
		  <control socket="$LAB_DIR/mn.sock"/>
		  <association spi="1000" key="hex:$key"/>
		</mobile-node>
	XML
	configure fa1 '/<peer-agent/,/<\/peer-agent>/d'
	configure fa2 '/<peer-agent/,/<\/peer-agent>/d'
}

prefix_routes() { ip -n "$LAB-ha" -o route show proto 143; }

visit() { # SWITCH
	check "$1: the node registers" move_to "$1"
	check_pings "$1: a correspondent reaches it" cn 10.5.0.10
	check_pings "$1: the node reaches a correspondent" mn 10.0.9.2 -I 10.5.0.10
	equal "$1: the route to its network is the only one" \
		"$(prefix_routes | xargs)" "10.5.0.0/24 dev mip-ha0 scope link"
}

story_begin
ip -n "$LAB-core" route add 10.5.0.0/24 via 10.0.1.2
configs
start_all ha fa1 fa2 mn
equal "a route to the whole network is there from the start" \
	"$(prefix_routes | xargs)" "10.5.0.0/24 dev mip-ha0 scope link"
check_not "nobody is there yet" pings cn 10.5.0.10
visit visit1
visit visit2
before=$(counter ha no-route)
check_not "another address of the network is not there" pings cn 10.5.0.11
check "its packets are counted" count_above ha no-route "$before"
equal "without a link there is no ARP" "$(counter ha arp-announced)" 0
stop mn
check_shows "the node that ends leaves no binding" ha bindings '. == []'
check_not "and is not reached" pings cn 10.5.0.10
stop fa1
stop fa2
stop ha
check_clean mn fa1 fa2 ha
tap_done
