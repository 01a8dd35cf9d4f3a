#!/bin/bash
# Each program is killed in turn while the node visits and packets go both ways.
# Started again it finds its way back by itself: what it left in the kernel is swept,
# the node registers again, and nothing is there twice.
. "$(dirname "$0")/lib_story.sh"

check_starts() { # DESCRIPTION NAME
	launch "$2"
	check_wait "$1" 10 "answers $2"
}

now_ms() { date +%s%3N; }

# check_back WHAT: the node is served again, both directions, and says how long it took
# since $since.
check_back() {
	check_wait "$1: a correspondent reaches the node again" 12 "pings cn 10.1.0.10"
	lab_say "$1: $(($(now_ms) - since)) ms from start to service"
	check_wait "$1: the node reaches the correspondent" 5 \
		"in_ns mn ping -n -q -c 1 -W 1 -I 10.1.0.10 10.0.9.2 >/dev/null"
}

rules() { ip -n "$LAB-$1" rule show | grep -c "from 10.1.0.10 "; }
ours() { ip -n "$LAB-$1" -o route show table all proto 143 | sort; }

check_once() { # WHAT
	equal "$1: one rule for the visitor" "$(rules fa1)" 1
	equal "$1: one route to the visitor's table" "$(ours fa1 | grep -c 'table 434')" 1
	equal "$1: one route to the node at its home agent" "$(ours ha | wc -l)" 1
	equal "$1: one default route of the node" "$(ours mn | grep -c ^default)" 1
	check_shows "$1: one binding" ha bindings 'length == 1'
	check_shows "$1: one visitor" fa1 visitors 'length == 1'
}

home_agent() {
	lab_stop ha KILL
	equal "home agent killed: its device and routes went with it" "$(ours ha)" ""
	since=$(now_ms)
	check_starts "home agent: starts over its stale socket" ha
	check_back "home agent"
	check_once "home agent"
}

# Without TUN, the visitor's rule is all that a foreign agent can leave.
foreign_agent() {
	lab_stop fa1 KILL
	equal "foreign agent killed: its rule is still there" "$(rules fa1)" 1
	check_shows "foreign agent killed: the node is searching, and says where it is" mn \
		status '.[0].state == "searching" and .[0].place == "foreign-agent" and
			.[0]["care-of"] == "10.0.2.2"'
	since=$(now_ms)
	check_starts "foreign agent: starts" fa1
	check_back "foreign agent"
	check_wait "foreign agent: the node knows that it started again" 5 \
		"count_above mn agents-rebooted 0"
	check_once "foreign agent"
}

# The node stays away: what it left is swept, and another place is found.
node() {
	lab_stop mn KILL
	check "node killed: its routes are still there" test -n "$(ours mn)"
	since=$(now_ms)
	check_starts "node: starts" mn
	check_back "node"
	check_once "node"

	lab_stop mn KILL
	lab_move visit2
	since=$(now_ms)
	check_starts "node, moved meanwhile: starts" mn
	check_back "node, moved meanwhile"
	equal "node, moved meanwhile: routes through the new agent alone" \
		"$(ours mn | grep -c 10.2.0.1)" 0
	equal "node, moved meanwhile: one neighbour entry" \
		"$(ip -n "$LAB-mn" neigh show nud permanent | wc -l)" 1
}

# Home when it starts again: the kernel behaves there as it did before the node left.
node_home_meanwhile() {
	equal "node away: it follows no redirects, and asks in no name but its own" \
		"$(settings)" "8 2 0 0"
	lab_stop mn KILL
	lab_move home
	check_starts "node, home meanwhile: starts" mn
	check_wait "node, home meanwhile: it is at home" 10 "node_is at-home"
	equal "node, home meanwhile: settings are as before it left" "$(settings)" "0 1 1 1"
	check "it leaves again" move_to visit2
	lab_stop mn KILL
	in_ns mn sh -c 'echo 0 >/proc/sys/net/ipv4/conf/radio0/arp_announce'
	check_starts "node, settings changed meanwhile: starts" mn
	check_wait "node, settings changed meanwhile: it is served" 10 "node_is registered"
	stop mn
	equal "node, settings changed meanwhile: what others set stays" "$(settings)" "0 0 1 1"
	equal "no record of them is left" "$(ls "$LAB_DIR" | grep settings)" ""
	check_starts "node: starts" mn
	check_wait "node: it is served" 10 "node_is registered"
}

settings() {
	in_ns mn sh -c 'cd /proc/sys/net/ipv4/conf
		cat radio0/arp_ignore radio0/arp_announce radio0/accept_redirects \
			all/accept_redirects' | xargs
}

# The home agent dies with the node away, and the node is home before it is back.
home_meanwhile() {
	lab_stop ha KILL
	move_to nowhere
	lab_move home
	check_starts "home agent, node came home meanwhile: starts" ha
	check_wait "home agent, node came home meanwhile: the node is at home" 10 \
		"node_is at-home"
	check_pings "home agent, node came home meanwhile: it is reached" cn 10.1.0.10
	equal "home agent, node came home meanwhile: no binding" "$(rows ha bindings)" "[]"
}

all_at_once() {
	move_to visit1
	lab_stop ha KILL
	lab_stop fa1 KILL
	lab_stop mn KILL
	since=$(now_ms)
	launch mn
	launch fa1
	launch ha
	check_back "all at once"
	check_once "all at once"
}

story_begin
configure ha
configure fa1
configure fa2
configure mn 's/lifetime="600"/lifetime="6"/'
lab_move visit1
in_ns mn sh -c 'cd /proc/sys/net/ipv4/conf
	echo 1 | tee radio0/arp_announce radio0/accept_redirects >all/accept_redirects'
start_all ha fa1 fa2 mn
check_wait "the node is served" 10 "node_is registered 10.0.2.2"
check_pings "a correspondent reaches the node" cn 10.1.0.10
home_agent
foreign_agent
node
node_home_meanwhile
home_meanwhile
all_at_once
for agent in mn fa1 fa2 ha; do
	stop $agent
done
check_clean mn fa1 fa2 ha
tap_done
