#!/bin/bash
# Broadcasts of the home network for nodes that asked for them (B): wrapped for the node
# inside the tunnel to its foreign agent, straight to a co-located node, to nobody else;
# and they arrive (RFC 5944 4.3).
. "$(dirname "$0")/lib_story.sh"

# What the node's programs hear on UDP port 7777, a line each, and how it came.
listen='import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 7777))
print("listening", flush=True)
while True:
    data, sender = s.recvfrom(2000)
    print(data.decode(), sender[0], flush=True)'
say='import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.sendto(sys.argv[2].encode(), (sys.argv[1], 7777))'

broadcast() { # ADDRESS TEXT
	in_ns host python3 -c "$say" "$1" "$2"
}

heard() { grep -q "^$1 10.1.0.2$" "$LAB_DIR/listen.log"; }

node() { # SED-SCRIPT...
	lab_stop mn
	configure mn "$@"
	start_all mn
}

# The headers of what carries a broadcast on the backbone, outermost first.
carried() { # NAME: addresses of each level
	fields "$1" 'udp.dstport == 7777' ip.src ip.dst | sort -u | tr '\t' ' '
}

record() { # NAME
	sniff "$1" core ha "host 10.1.0.1"
	broadcast 10.1.0.255 "directed-$1"
	broadcast 255.255.255.255 "limited-$1"
}

nested() {
	node 's/lifetime="600"/& broadcasts="yes"/'
	check "nested: the node registers" move_to visit1
	check_shows "nested: with B" ha bindings '.[0].broadcasts'
	record nested
	check_wait "nested: a broadcast to its network arrives" 5 "heard directed-nested"
	check_wait "nested: one to everybody arrives" 5 "heard limited-nested"
	sniff_end nested
	equal "nested: inside the tunnel each is wrapped for the node" "$(carried nested)" \
		"10.1.0.1,10.1.0.1,10.1.0.2 10.0.2.2,10.1.0.10,10.1.0.255
10.1.0.1,10.1.0.1,10.1.0.2 10.0.2.2,10.1.0.10,255.255.255.255"
}

not_asked() {
	local before
	node
	check "without B: the node registers" move_to visit2
	before=$(counter ha encapsulated)
	record none
	check_pings "without B: other packets arrive" host 10.1.0.10
	sniff_end none
	equal "without B: no broadcast goes out" "$(carried none)" ""
	check_not "without B: none arrives" heard directed-none
}

single() {
	node 's/lifetime="600"/& broadcasts="yes"/' \
		's|</mobile-node>|<co-located address="10.2.0.50/24" gateway="10.2.0.1"/>&|'
	stop fa1
	lab_move visit1
	check_wait "co-located: the node registers" 15 "node_is registered 10.2.0.50"
	record single
	check_wait "co-located: a broadcast to its network arrives" 5 "heard directed-single"
	check_wait "co-located: one to everybody arrives" 5 "heard limited-single"
	sniff_end single
	equal "co-located: they are in the tunnel itself" "$(carried single)" \
		"10.1.0.1,10.1.0.2 10.2.0.50,10.1.0.255
10.1.0.1,10.1.0.2 10.2.0.50,255.255.255.255"
}

# One kind only; the agent is told while it runs.
one_kind() { # KIND DESTINATION WHAT
	configure ha "s|<home-network |& broadcasts=\"$1\" |"
	check "$1: the home agent is told" ctl ha reload
	node 's/lifetime="600"/& broadcasts="yes"/' \
		's|</mobile-node>|<co-located address="10.2.0.50/24" gateway="10.2.0.1"/>&|'
	check_wait "$1: the node registers" 15 "node_is registered 10.2.0.50"
	record "$1"
	check_wait "$1: one of them arrives" 5 "heard $1-$1"
	check_pings "$1: other packets arrive" host 10.1.0.10
	sniff_end "$1"
	equal "$1: only those to $3 go out" "$(carried "$1")" \
		"10.1.0.1,10.1.0.2 10.2.0.50,$2"
}

switched_off() {
	configure ha 's|<home-network |& broadcasts="no" |'
	stop ha
	start_all ha
	node 's/lifetime="600"/& broadcasts="yes"/' \
		's|</mobile-node>|<co-located address="10.2.0.50/24" gateway="10.2.0.1"/>&|'
	check_wait "not offered: the node registers" 15 "node_is registered 10.2.0.50"
	record off
	check_pings "not offered: other packets arrive" host 10.1.0.10
	sniff_end off
	equal "not offered: no broadcast goes out" "$(carried off)" ""
}

story_begin tcpdump tshark python3
configure ha
configure fa1
configure fa2
start_all ha fa1 fa2
lab_start listen mn python3 -c "$listen"
lab_wait 10 "grep -q listening $LAB_DIR/listen.log"
nested
not_asked
single
one_kind directed 10.1.0.255 "the network"
one_kind limited 255.255.255.255 everybody
switched_off
for agent in mn fa2 ha; do
	stop $agent
	equal "$agent ends cleanly" $? 0
done
check_clean mn fa1 fa2 ha
tap_done
