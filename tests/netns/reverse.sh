#!/bin/bash
# Triangular routing and reverse tunnels (RFC 3024): which way the node's own packets
# go on the backbone, the rule that leads them, who may use the tunnel, and the codes
# when one side insists or refuses.
. "$(dirname "$0")/lib_story.sh"

key_home=8f4e6a1d0c9b2e7350d1a4f6b8c3e92717e5d40b6c8a93f2055e1b7dc4a6f839
key_visit=0f1e2d3c4b5a69788796a5b4c3d2e1f0
T=0x02

rules() { ip -n "$LAB-fa1" rule show | grep -c 'from 10.1.0.10 iif visit'; }

# What three echoes of the node look like between foreign agent and core.
record_echoes() { # NAME
	sniff "$1" core fa1 "icmp or proto 47"
	check "$1: the node's echoes are answered" in_ns mn ping -n -q -c 3 -i 0.2 -W 1 10.0.9.2
	sniff_end "$1"
}

plain_requests() { recorded "$1" 'src 10.1.0.10 and icmp[0] = 8' | wc -l; }
tunnelled() { # NAME OUTER-SOURCE TYPE: echoes inside GRE from there
	packets "$1" "gre && ip.src == $2 && icmp.type == $3"
}

triangle() {
	equal "triangle: no rule" "$(rules)" 0
	record_echoes triangle
	equal "triangle: requests go as they are" "$(plain_requests triangle)" 3
	equal "triangle: none through the tunnel" "$(tunnelled triangle 10.0.2.2 8)" 0
	equal "triangle: answers come through the tunnel" "$(tunnelled triangle 10.1.0.1 0)" 3
	check_shows "triangle: the binding is without T" ha bindings \
		'.[0]."reverse-tunnel" == false'
}

reverse() {
	equal "reverse: one rule" "$(rules)" 1
	equal "reverse: one route in its table" \
		"$(ip -n "$LAB-fa1" -o route show table 434 | xargs)" \
		"default dev mip-fa0 proto 143 scope link"
	record_echoes reverse
	equal "reverse: no request goes as it is" "$(plain_requests reverse)" 0
	equal "reverse: they go through the tunnel" "$(tunnelled reverse 10.0.2.2 8)" 3
	equal "reverse: answers, too" "$(tunnelled reverse 10.1.0.1 0)" 3
	check_shows "reverse: the binding is with T" ha bindings \
		'.[0]."reverse-tunnel" == true'
}

# The tunnel is the visitor's alone: others' packets in it go no further.
others() {
	local before
	before=$(counter ha spoofed)
	sniff others cn eth0 icmp
	in_ns fa1 "$scapy" - <<-'PYTHON' >/dev/null 2>&1
		from scapy.all import GRE, ICMP, IP, send
		for source in "10.1.0.77", "10.0.9.9", "10.1.0.1":
		    send(IP(src="10.0.2.2", dst="10.1.0.1") / GRE() /
		         IP(src=source, dst="10.0.9.2") / ICMP(), verbose=False)
	PYTHON
	check_wait "packets of others in the tunnel are counted" 5 \
		"count_above ha spoofed $((before + 2))"
	check_wait "and logged with the tunnel and the address inside" 5 \
		"grep -q 'tunnel-spoofed source=10.1.0.77 .*remote=10.0.2.2' $LAB_DIR/ha.log"
	sniff_end others
	equal "and reach nobody" "$(recorded others icmp)" ""
}

# From one agent to another, with packets on their way out all the time: to a link where
# the Reply is long in coming, and between two agents of one link.  None of them leaves as
# it is (RFC 3024 4.1): the node waits for the tunnel.
held_back() {
	local asked heard agent
	for agent in fa1 fa2; do
		sniff "held-$agent" core $agent ip
	done
	lab_start sender mn ping -n -q -i 0.005 -I 10.1.0.10 10.0.9.2
	asked=$(counter mn requests-unanswered)
	kill -STOP "$(cat "$LAB_DIR/ha.pid")"
	lab_move visit2
	check_wait "the node asks a second agent, and waits for the Reply" 10 \
		"count_above mn requests-unanswered $asked && node_is registering 10.0.3.2"
	kill -CONT "$(cat "$LAB_DIR/ha.pid")"
	check_wait "it comes" 10 "node_is registered 10.0.3.2"
	check_shows "and grants the tunnel" mn status '.[0]."reverse-tunnel"'
	heard=$(hears_first)
	ip -n "$LAB-air" link set fa1 master visit2
	check_wait "the first agent comes to the second one's link" 10 \
		"[ \$(hears_first) -gt $heard ]"
	sniff_end held-fa2 # what comes before the node has heard of its end is sent on
	stop fa2
	check_wait "when the second one ends the node goes to the first" 10 \
		"node_is registered 10.0.2.2"
	check_pings "and is reached" cn 10.1.0.10
	lab_stop sender
	sniff_end held-fa1
	for agent in fa1 fa2; do
		equal "of its packets none has passed $agent as it was" \
			"$(recorded "held-$agent" 'src 10.1.0.10' | wc -l)" 0
		check "but many through the tunnel" test \
			"$(recorded "held-$agent" 'proto 47 and dst 10.1.0.1' | wc -l)" -gt 20
	done
	ip -n "$LAB-air" link set fa1 master visit1
	start_all fa2
}

hears_first() { grep -c "advertisement-heard.*agent=10.2.0.1 " "$LAB_DIR/mn.log"; }

code_of() { # FLAGS [AUTH...]: of a request through the first foreign agent
	request mn --to 10.2.0.1 --interface radio0 --mac "$(mac fa1 visit)" \
		--home 10.1.0.10 --agent 10.1.0.1 --care-of 10.0.2.2 --flags "$1" \
		--auth "32:1000:hmac-sha256:$key_home" \
		--auth "33:2001:hmac-md5:$key_visit" | jq .code
}

insist() { # WHO OPTION FLAGS CODE
	configure "$1" "s|max-lifetime=|$2=\"$([ "$3" = 0 ] && echo yes || echo no)\" &|"
	ctl "$1" reload >/dev/null
	# A foreign agent sends one denial a second to a node: it is asked until it answers.
	check_wait "$1, $2, a request with flags $3: $4" 10 "[ \"\$(code_of $3)\" = $4 ]"
	configure "$1"
	ctl "$1" reload >/dev/null
}

story_begin tcpdump tshark scapy
configure ha
configure fa1
configure fa2
configure mn 's/reverse-tunnel="yes"/reverse-tunnel="no"/'
start_all ha fa1 fa2 mn
check "the node registers" move_to visit1
triangle
configure mn
check "the node is told to ask for a reverse tunnel" ctl mn reload
check_wait "it gets one" 10 "[ \"\$(rules)\" = 1 ] && shows mn status '.[0].state == \"registered\"'"
reverse
others
held_back
check "it goes back to where it was" move_to visit1
check "the node moves on" move_to visit2
check_wait "the agent it left keeps nothing of it once its entry is cleared" 5 \
	"ctl fa1 clear visitor 10.1.0.10 >/dev/null; [ \"\$(rules)\" = 0 ]"
check "it comes back" move_to visit1
equal "and the rule with it" "$(rules)" 1
check "it goes home" move_to home
ctl fa1 clear visitor 10.1.0.10 >/dev/null
equal "the rule goes" "$(rules)" 0
stop mn
lab_move visit1
insist fa1 reverse-tunnel $T 74
insist fa1 reverse-tunnel-required 0 75
insist ha reverse-tunnel $T 137
insist ha reverse-tunnel-required 0 138
equal "and with neither" "$(code_of $T)" 0
for agent in fa1 fa2 ha; do
	stop $agent
done
check_clean mn fa1 fa2 ha
tap_done
