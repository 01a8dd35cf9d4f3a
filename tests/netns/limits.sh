#!/bin/bash
# Tables that are full, and two stations with one address: refused with the right code,
# seen by others in advertisements, and service for those who are in goes on.
. "$(dirname "$0")/lib_story.sh"

LAB_HOSTS="$LAB_HOSTS mn2"
key_home=8f4e6a1d0c9b2e7350d1a4f6b8c3e92717e5d40b6c8a93f2055e1b7dc4a6f839
key_visit=0f1e2d3c4b5a69788796a5b4c3d2e1f0
key2=00112233445566778899aabbccddeeff

# A second node with a cable of its own.
second_node() {
	ip -n "$LAB-air" link add cable2 type veth peer name radio0 netns "$LAB-mn2"
	ip -n "$LAB-mn2" link set radio0 up
}

plug2() { # SWITCH
	ip -n "$LAB-air" link set cable2 down
	ip -n "$LAB-air" link set cable2 master "$1" up
}

add_node='s|</home-agent>|<node home-address="10.1.0.11"><association spi="2000" algorithm="hmac-md5" key="hex:'$key2'"/></node>&|'
node2() { # HOME-ADDRESS
	config mn2 <<-XML
		<mobile-node interface="radio0" home-address="$1/24" home-agent="10.1.0.1" lifetime="4">
		  <control socket="$LAB_DIR/mn2.sock"/>
		  <association spi="2000" algorithm="hmac-md5" key="hex:$key2"/>
		</mobile-node>
	XML
}

node2_is() { shows mn2 status ".[0].state == \"$1\""; }

# One visitor is all that the first foreign agent takes.
full_foreign_agent() {
	configure ha "$add_node"
	configure fa1 's|max-lifetime|max-visitors="1" &|'
	configure mn
	node2 10.1.0.11
	lab_move visit1
	start_all ha fa1 mn
	check_wait "the first visitor is taken" 10 "node_is registered 10.0.2.2"
	sniff adverts fa1 visit "icmp[0] = 9"
	plug2 visit1
	start_all mn2
	equal "a second one is denied with 66" "$(request mn2 --to 10.2.0.1 \
		--interface radio0 --mac "$(mac fa1 visit)" --home 10.1.0.11 --agent 10.1.0.1 \
		--care-of 10.0.2.2 --auth "32:2000:hmac-md5:$key2" | jq .code)" 66
	equal "counted by its code" "$(counter fa1 reply-fa-resources)" 1
	check_wait "advertisements say that the agent is busy" 5 "busy_adverts 1"
	equal "so that our second node does not even ask" "$(counter mn2 requests)" 0
	check_pings "the first visitor is served as before" cn 10.1.0.10
	equal "it asks for another tunnel and is answered" "$(request mn --to 10.2.0.1 \
		--interface radio0 --mac "$(mac fa1 visit)" --home 10.1.0.10 --agent 10.1.0.1 \
		--care-of 10.0.2.2 --auth "32:1000:hmac-sha256:$key_home" \
		--auth "33:2001:hmac-md5:$key_visit" | jq .code)" 0
	check_shows "it can change its tunnel, though the table is full" fa1 visitors \
		'length == 1 and .[0].encapsulation == "ipip"'
	check_pings "and is served through that" cn 10.1.0.10
	lab_move visit1
	check_wait "its cable pulled and plugged in again, it is taken as before" 10 \
		"count_above mn accepted 1 && node_is registered 10.0.2.2"
	check "it is told to read its configuration again" ctl mn reload
	check_wait "and is taken again" 10 \
		"count_above mn accepted 2 && node_is registered 10.0.2.2"
	check_pings "and reached" cn 10.1.0.10
	check "while the agent says that it is full" busy_adverts 1
	lab_move visit2
	ctl fa1 clear visitor 10.1.0.10 >/dev/null
	check_wait "when it has left the second one is taken" 10 "node2_is registered"
	check_pings "and reached" cn 10.1.0.11
	sniff_end adverts
	equal "a busy agent still says that it is a foreign agent" \
		"$(fields adverts 'icmp.mip.b == 1 && icmp.mip.f == 0' frame.number)" ""
	stop mn2
	stop mn
	stop fa1
	stop ha
}

busy_adverts() {
	[ "$(fields adverts "icmp.mip.b == $1" frame.number | wc -l)" -gt 0 ]
}

# One binding is all that the home agent keeps.
full_home_agent() {
	configure ha 's|max-lifetime|max-bindings="1" &|' "$add_node"
	configure mn
	configure fa1
	configure fa2
	lab_move visit1
	start_all ha fa1 fa2 mn
	check_wait "the first node is bound" 10 "node_is registered 10.0.2.2"
	plug2 visit2
	start_all mn2
	check_wait "a second one is denied with 130" 10 \
		"shows mn2 status '.[0].\"last-code\" == 130'"
	check "counted by its reason" count_above ha table-full 0
	check_shows "no visitor comes of it" fa2 visitors '. == []'
	check_shows "the first one's binding stays" ha bindings \
		'length == 1 and .[0].home == "10.1.0.10"'
	check_pings "the first node is served as before" cn 10.1.0.10
	move_to visit2
	check_pings "it can move, though the table is full" cn 10.1.0.10
	move_to home
	check_wait "when it is home the second one is bound" 30 "node2_is registered"
	check_pings "and reached" cn 10.1.0.11
	stop mn2
}

# Both have its keys: whoever registers last has the binding; never both, never none.
one_address_twice() {
	config mn2 <<-XML
		$(sed "s|$LAB_DIR/mn.sock|$LAB_DIR/mn2.sock|" "$LAB_DIR/mn.xml")
	XML
	move_to visit1
	plug2 visit2
	start_all mn2
	check_wait "a twin registers with the same keys" 10 "node2_is registered"
	check_shows "there is one binding, where it is" ha bindings \
		'length == 1 and .[0]."care-of" == "10.0.3.2"'
	check_pings "and it is reached" cn 10.1.0.10
	move_to visit2
	check_wait "both on one link, with one address: the foreign agent has one visitor" 10 \
		"shows fa2 visitors 'length == 1'"
	lab_stop mn2
	move_to visit1
	check_pings "without the twin the node is served where it goes" cn 10.1.0.10
}

# A host at home takes the address of a node that is away.
taken_at_home() {
	move_to visit1
	lab_start watch ha mipctl -s "$LAB_DIR/ha.sock" --json watch
	lab_wait 5 "grep -q advertisement $LAB_DIR/watch.log"
	ip -n "$LAB-host" addr add 10.1.0.10/32 dev eth0
	in_ns host ping -n -q -c 1 -W 1 -I 10.1.0.10 10.1.0.1 >/dev/null
	in_ns host "$scapy" -c 'from scapy.all import *
sendp(Ether(dst="ff:ff:ff:ff:ff:ff") / ARP(op=2, psrc="10.1.0.10", pdst="10.1.0.10",
      hwsrc=get_if_hwaddr("eth0")), iface="eth0", verbose=False)'
	check_wait "a claim to it is counted" 5 "count_above ha arp-conflicts 0"
	check_wait "and told as an event" 5 "grep -q address-conflict $LAB_DIR/watch.log"
	check_pings "the node is still reached by correspondents" cn 10.1.0.10
	ip -n "$LAB-host" addr del 10.1.0.10/32 dev eth0
	ip -n "$LAB-host" neigh flush all
	check_pings "and from home, when the host has given it up" host 10.1.0.10
}

add_nodes() {
	local host
	for host in 11 12 13; do
		echo "${add_node/10.1.0.11/10.1.0.$host}"
	done
}

# The home agent was started for one binding; its tables grow with the configuration.
grown_home_agent() {
	local nodes host
	mapfile -t nodes < <(add_nodes)
	configure ha 's|max-lifetime|max-bindings="4" &|' "${nodes[@]}"
	check "the home agent is told of a larger limit" ctl ha reload
	for host in 11 12 13; do
		equal "one node more is bound: 10.1.0.$host" "$(request cn --to 10.1.0.1 \
			--home 10.1.0.$host --agent 10.1.0.1 --care-of 10.0.9.2 \
			--auth "32:2000:hmac-md5:$key2" | jq .code)" 0
	done
	check_shows "all have their bindings" ha bindings 'length == 4'
}

story_begin tcpdump tshark scapy
second_node
full_foreign_agent
full_home_agent
one_address_twice
taken_at_home
grown_home_agent
for agent in mn fa1 fa2 ha; do
	stop $agent
	equal "$agent ends cleanly" $? 0
done
check_clean mn mn2 fa1 fa2 ha
tap_done
