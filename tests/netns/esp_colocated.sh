#!/bin/bash
# A node with an address of its own is the end of an ESP tunnel to its home agent, by
# keys from the association that they share, or by keys given by hand.
. "$(dirname "$0")/lib_story.sh"

mine=10.2.0.50

node() { # ATTRIBUTES [ELEMENTS]
	configure mn "s|reverse-tunnel=\"yes\"|& $1|" \
		"s|</mobile-node>|<co-located address=\"$mine/24\" gateway=\"10.2.0.1\"/>${2:-}&|"
}

agent() { # NODE-ATTRIBUTES [ELEMENTS]
	configure ha "s|<node \([^>]*\)>|<node \1 $1>|" "s|</home-agent>|${2:-}&|"
}

in_clear() {
	recorded "$1" '(host 10.1.0.10 or proto 4 or proto 47 or proto 55) and not icmp[0] = 3' |
		head -n 5
}

up() { shows "$1" protection 'length > 0 and .[0].state == "up"'; }

by_association() {
	local before
	agent 'protection="esp"' '<esp rekey-seconds="2"/>'
	node 'protection="esp"' '<esp rekey-seconds="2"/>'
	sniff keyed core fa1 ip
	start_all ha mn
	lab_move visit1
	check_wait "it registers with an address of its own" 20 "node_is registered $mine"
	check "the first Request was denied for want of keys" \
		grep -q 'request-denied.*code=130.*no keys for ESP' "$LAB_DIR/ha.log"
	check_wait "keys stand at both ends" 5 "up ha && up mn"
	check_shows "the home agent knows whose end it is" ha protection \
		".[0].home == \"10.1.0.10\" and .[0].remote == \"$mine\""
	check_pings "a correspondent reaches it" cn 10.1.0.10
	check_pings "three kilobytes, in fragments" cn 10.1.0.10 -s 3000
	check_wait "keys change" 10 "shows ha protection '.[0].rekeys > 1'"
	check_pings "and it is reached" cn 10.1.0.10
	before=$(rows ha protection | jq '.[0].handshakes')
	check "a reload, nothing has changed" ctl ha reload
	check_shows "and its keys stand" ha protection \
		".[0].state == \"up\" and .[0].handshakes == $before"
	check_pings "and it is reached" cn 10.1.0.10
	lab_move nowhere
	lab_stop mn
	lab_move visit1
	start_all mn
	check_wait "it comes back" 20 "node_is registered $mine && pings cn 10.1.0.10"
	lab_stop mn
	equal "it ends cleanly" $? 0
	check_shows "with its binding its keys go" ha protection '. == []'
	sniff_end keyed
	equal "not one packet in clear" "$(in_clear keyed)" ""
	check "but ESP" test "$(recorded keyed "udp port 4500 and host $mine" | wc -l)" -gt 6
	stop ha
	check_clean mn ha
}

# Its routes into the tunnel die with it, and its kernel has another default, as DHCP
# would leave it.
killed() {
	ip -n "$LAB-mn" route add default via 10.2.0.1 dev radio0 onlink metric 100
	sniff killed core fa1 ip
	start_all ha mn
	check_wait "killed: first it is served" 20 "node_is registered $mine"
	check_pings "killed: and reaches others" mn 10.0.9.2 -I 10.1.0.10
	lab_start flood mn ping -n -q -i 0.02 -I 10.1.0.10 10.0.9.2
	lab_stop mn KILL
	check_not "killed: nobody is reached any more" pings mn 10.0.9.2
	start_all mn
	check_wait "killed: it comes back" 20 "node_is registered $mine &&
		pings mn 10.0.9.2 -I 10.1.0.10"
	lab_stop flood INT
	sniff_end killed
	equal "killed: not one packet in clear" "$(in_clear killed)" ""
	stop mn
	stop ha
	ip -n "$LAB-mn" route del default via 10.2.0.1 metric 100
	check_clean mn ha
}

# The same keys at both ends, crosswise.
by_hand() {
	local a b c d keys
	a=$(printf '11%.0s' {1..32}) b=$(printf '22%.0s' {1..32})
	c=$(printf '33%.0s' {1..32}) d=$(printf '44%.0s' {1..32})
	keys() { # IN OUT KEY-IN KEY-OUT INTEGRITY-IN INTEGRITY-OUT
		echo "spi-in=\"$1\" spi-out=\"$2\" key-in=\"hex:$3\" key-out=\"hex:$4\" integrity-key-in=\"hex:$5\" integrity-key-out=\"hex:$6\""
	}
	agent "" "<manual-esp peer=\"$mine\" $(keys 0x101 0x102 $a $b $c $d)/>"
	node "" "<manual-esp peer=\"10.1.0.1\" $(keys 0x102 0x101 $b $a $d $c)/>"
	sniff manual core fa1 ip
	start_all ha mn
	check_wait "manual keys: it registers" 20 "node_is registered $mine"
	check_pings "manual keys: a correspondent reaches it" cn 10.1.0.10
	check_shows "manual keys: shown as such" ha protection '.[0].state == "manual"'
	check_shows "manual keys: no window, since numbers begin again" ha associations \
		'any(.kind == "esp-in" and .window == 0 and .spi == "0x00000101" and .packets > 0)'
	stop mn
	start_all mn
	check_wait "manual keys: also after a restart" 20 "node_is registered $mine && pings cn 10.1.0.10"
	sniff_end manual
	equal "manual keys: not one packet in clear" "$(in_clear manual)" ""
	check "manual keys: but ESP" test "$(recorded manual "proto 50 and host $mine" | wc -l)" -ge 2
	stop mn
	stop ha
	check_clean mn ha
}

story_begin tcpdump
by_association
killed
by_hand
tap_done
