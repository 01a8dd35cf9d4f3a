#!/bin/bash
# A node goes home -> first visit -> second visit -> home, by each encapsulation,
# with traffic both ways all the time: every stream lives on, the home network's ARP
# caches are right at each place, only tunnel packets are on the backbone, and
# nothing is left behind.
. "$(dirname "$0")/lib_story.sh"

scenario() { # ENCAPSULATION: a short walk
	config roam <<-XML
		<scenario name="$1" title="short walk" start="home" duration="4200ms"
		          cable="cable" cable-netns="$LAB-air">
		  <end name="correspondent" netns="$LAB-cn" address="10.0.9.2"/>
		  <end name="node" netns="$LAB-mn" address="10.1.0.10"/>
		  <end name="host" netns="$LAB-host" address="10.1.0.2"/>
		  <udp name="to-node" from="correspondent" to="node" port="5001" interval="10ms"/>
		  <udp name="from-node" from="node" to="correspondent" port="5002" interval="10ms"/>
		  <udp name="from-host" from="host" to="node" port="5004" interval="20ms"/>
		  <tcp name="stream" from="correspondent" to="node" port="5003" rate="100000"/>
		  <tcp name="stream-back" from="node" to="correspondent" port="5005" rate="100000"/>
		  <move at="0.6s" to="visit1" label="visit1" expect="registered"/>
		  <move at="1.8s" to="visit2" label="visit2" expect="registered"/>
		  <move at="3s" to="home" label="home again" expect="deregistered"/>
		  <watch name="mn" control="$LAB_DIR/mn.sock" node="yes"/>
		</scenario>
	XML
}

result() { jq -r "$1" "$LAB_DIR/run-$tunnel.json"; }

live_view() { # TEXT...: all of them were shown
	local text
	for text in "$@"; do
		grep -q "  | $text" "$LAB_DIR/scenario.log" || return
	done
}

check_place() { # PLACE STATE CARE-OF MAC
	check_wait "$tunnel, $1: the node is served" 5 "node_is $2 $3"
	check_wait "$tunnel, $1: the host at home sends to the right station" 2 \
		"[ \"\$(neighbour host 10.1.0.10)\" = $4 ]"
}

one_tunnel() {
	tunnel=$1
	configure ha
	configure fa1
	configure fa2
	configure mn "s/encapsulation=\"gre\"/encapsulation=\"$tunnel\"/"
	scenario "$tunnel"
	lab_move home
	start_all ha fa1 fa2 mn
	lab_wait 10 "node_is at-home" || story_abort "the node is not at home"
	mn_mac=$(mac mn radio0)
	ha_mac=$(mac ha home)
	sniff fa1 core fa1 ip
	sniff fa2 core fa2 ip

	lab_start scenario mn mn-sim scenario --out "$LAB_DIR" "$LAB_DIR/roam.xml"
	check_place "first visit" registered 10.0.2.2 "$ha_mac"
	equal "$tunnel, first visit: the tunnel is as asked" \
		"$(rows ha bindings | jq -r '.[].encapsulation')" "$tunnel"
	check_place "second visit" registered 10.0.3.2 "$ha_mac"
	check_place "home again" at-home "" "$mn_mac"
	check_shows "$tunnel, home again: no binding is left" ha bindings '. == []'
	check_wait "$tunnel: the scenario ends" 10 "! lab_running scenario"
	wait "$(cat "$LAB_DIR/scenario.pid")"
	equal "$tunnel: the scenario's status" $? 0
	check "$tunnel: its live view told where the node was, and its state" \
		live_view "visit1, registered 10.0.2.2 " "visit2, registered 10.0.3.2 " \
		"home again, at-home "
	sniff_end fa1
	sniff_end fa2

	equal "$tunnel: every move registered" "$(result '[.moves[].registered] | all')" true
	equal "$tunnel: both streams whole, one connection each" \
		"$(result '[.streams[] | .intact and ."one-connection"] | length, all' | xargs)" \
		"2 true"
	equal "$tunnel: no flow lost more than a quarter second a move" \
		"$(result '[.flows[] | select(.total.received < .total.sent * 0.85)] | length')" 0
	equal "$tunnel: nothing arrived twice" \
		"$(result '[.flows[].total.duplicated] | add')" 0
	check_backbone fa1 10.0.2.2
	check_backbone fa2 10.0.3.2
	stop_all
}

# Between the agents the node's packets are inside the tunnel, from the first to the last:
# it sends nothing through an agent that has not granted it the reverse tunnel yet.
check_backbone() { # FOREIGN-AGENT CARE-OF
	local protocol outer
	case $tunnel in
	gre) protocol=47 ;;
	ipip) protocol=4 ;;
	minimal) protocol=55 ;;
	esac
	outer="(host 10.1.0.1 and host $2 and (proto $protocol or udp port 434))"
	equal "$tunnel, $1: nothing but tunnel and registrations on the backbone" \
		"$(recorded "$1" "not $outer" | head -n 5)" ""
	check "$tunnel, $1: the tunnel carried packets both ways" \
		eval "[ $(recorded "$1" "proto $protocol and src 10.1.0.1" | wc -l) -gt 100 ] &&
		[ $(recorded "$1" "proto $protocol and dst 10.1.0.1" | wc -l) -gt 100 ]"
}

stop_all() {
	local name
	for name in mn fa1 fa2 ha; do
		stop $name
		equal "$tunnel: $name ends cleanly" $? 0
	done
	check_clean mn fa1 fa2 ha
}

story_begin tcpdump
for tunnel in gre ipip minimal; do
	one_tunnel $tunnel
done
tap_done
