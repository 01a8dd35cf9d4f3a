#!/bin/bash
# Links that are missing at the start, go while they are in use, and come back: the
# agents say so, go on with what they have, and serve again without a restart.
. "$(dirname "$0")/lib_story.sh"

logged() { grep -q -- "$2" "$LAB_DIR/$1.log"; }

# A link goes for good with its interface; it comes back under another index.
remove_link() { ip -n "$LAB-$1" link del "$2"; }
restore_link() { # HOST INTERFACE ADDRESS SWITCH
	_lab_plug "$@"
	ip -n "$LAB-$1" route replace default via "$(ip -n "$LAB-$1" -j addr show dev core |
		jq -r '.[0].addr_info[0].local' | sed 's/2$/1/')"
}

new_cable() { # SWITCH: another interface for the node
	ip -n "$LAB-air" link add cable type veth peer name radio0 netns "$LAB-mn"
	ip -n "$LAB-mn" link set radio0 up
	lab_move "$1"
}

# As many interfaces as a host of containers has, before those that matter.
many_interfaces() { # HOST
	local i
	for i in $(seq 50); do
		echo "link add c$i type veth peer name d$i"
	done | ip -n "$LAB-$1" -batch -
}

missing_at_start() {
	many_interfaces fa1
	remove_link fa1 visit
	remove_link mn radio0
	remove_link ha home
	start_all ha fa1 mn
	check "a home agent starts without its link, and says so" \
		logged ha "interface=home is not there"
	check "a foreign agent does" logged fa1 "interface=visit is not there"
	check "a node does" logged mn "interface=radio0 is not there"

	restore_link ha home 10.1.0.1/24 home
	restore_link fa1 visit 10.2.0.1/24 visit1
	new_cable visit1
	check_wait "when the links come the node is served" 10 "node_is registered 10.0.2.2"
	check_pings "and reached" cn 10.1.0.10
	check_pings "also from the host at home" host 10.1.0.10
}

# It serves as soon as the address is there: the node visits it later.
no_address_at_start() {
	ip -n "$LAB-fa2" addr del 10.3.0.1/24 dev visit
	start_all fa2
	check "a link without an address is told of" \
		logged fa2 "interface=visit has no IPv4 address"
	ip -n "$LAB-fa2" addr add 10.3.0.1/24 dev visit
}

foreign_link() {
	remove_link fa1 visit
	check_wait "foreign agent's link gone: it says so" 5 "logged fa1 'interface=visit is gone'"
	check_shows "foreign agent's link gone: no visitor is left" fa1 visitors '. == []'
	equal "foreign agent's link gone: nor a rule" \
		"$(ip -n "$LAB-fa1" rule show | grep -c 10.1.0.10)" 0
	restore_link fa1 visit 10.2.0.1/24 visit1
	check_shows "foreign agent's link back: the visitor is back" fa1 visitors 'length == 1'
	check_pings "foreign agent's link back: the node is reached" cn 10.1.0.10
}

home_link() {
	remove_link ha home
	check_wait "home link gone: the home agent says so" 5 "logged ha 'interface=home is gone'"
	restore_link ha home 10.1.0.1/24 home
	check_pings "home link back: the correspondent reaches the node" cn 10.1.0.10
	ip -n "$LAB-host" neigh flush all
	check_pings "home link back: the host at home does" host 10.1.0.10
	equal "home link back: by the home agent's link-layer address" \
		"$(neighbour host 10.1.0.10)" "$(mac ha home)"
	move_to home
	check_shows "home link back: the node can come home" ha bindings '. == []'
	check_pings "home link back: and is reached there" host 10.1.0.10
	move_to visit1
}

# Down and up again, as `ip link set` does it; and without a carrier.
flapping() {
	ip -n "$LAB-fa1" link set visit down
	check_wait "foreign agent's link down: the node loses it" 5 "count_above mn agents-lost 0"
	ip -n "$LAB-fa1" link set visit up
	check_wait "up again: the foreign agent serves it" 10 "shows fa1 visitors 'length == 1'"
	check_pings "up again: it is reached" cn 10.1.0.10
	ip -n "$LAB-mn" link set radio0 down
	ip -n "$LAB-mn" link set radio0 up
	check_pings "the node's own interface down and up: it is reached" cn 10.1.0.10
}

node_interface() {
	remove_link mn radio0
	check_wait "node's interface gone: it says so" 5 "logged mn 'interface=radio0 is gone'"
	check "node's interface gone: it still answers" answers mn
	new_cable visit2
	check_wait "node's interface back: it is served" 10 "node_is registered 10.0.3.2"
	check_pings "node's interface back: it is reached" cn 10.1.0.10
}

# The same interface under another name, and under its own again.
renamed() { # HOST FROM TO
	ip -n "$LAB-$1" link set "$2" down
	ip -n "$LAB-$1" link set "$2" name "$3"
	ip -n "$LAB-$1" link set "$3" up
}

renamed_link() {
	move_to visit1
	renamed fa1 visit elsewhere
	check_shows "foreign agent's link renamed: no visitor is left" fa1 visitors '. == []'
	renamed fa1 elsewhere visit
	check_shows "named as before: the visitor is back" fa1 visitors 'length == 1'
	check_pings "named as before: the node is reached" cn 10.1.0.10
}

# What a DHCP client or an operator does to an interface that is in use.
other_hands() {
	ip -n "$LAB-mn" addr flush dev radio0
	ip -n "$LAB-mn" route flush table main
	ip -n "$LAB-mn" neigh flush nud permanent dev radio0
	check_wait "the node's addresses, routes and neighbours flushed: it is reached again" 20 \
		"pings cn 10.1.0.10"
	equal "all of it is back" "$(ip -n "$LAB-mn" -o neigh show nud permanent | wc -l)" 1
	ip -n "$LAB-mn" link set radio0 address 02:00:00:00:77:02
	check_pings "its link-layer address changed: it is reached" cn 10.1.0.10
	move_to home
	check_pings "at home: the host reaches it" host 10.1.0.10
	ip -n "$LAB-mn" link set radio0 address 02:00:00:00:77:03
	check_pings "at home, its link-layer address changed: the host reaches it" host 10.1.0.10
	move_to visit1
}

# The tunnel device is an interface like others.
tunnel_device() { # HOST DEVICE
	ip -n "$LAB-$1" link set "$2" down
	check_wait "$1: tunnel device down: it says so" 5 "logged $1 'tun=$2 is down'"
	ip -n "$LAB-$1" link set "$2" up
	check_pings "$1: up again: the node is reached" cn 10.1.0.10
	ip -n "$LAB-$1" link set "$2" down
	ip -n "$LAB-$1" link set "$2" up
	check_pings "$1: down and up at once: the node is reached" cn 10.1.0.10
	ip -n "$LAB-$1" link del "$2"
	check_pings "$1: removed: it is made again and the node reached" cn 10.1.0.10
}

story_begin
for name in ha fa1 fa2 mn; do
	configure $name
done
missing_at_start
no_address_at_start
foreign_link
home_link
flapping
node_interface
renamed_link
other_hands
tunnel_device ha mip-ha0
tunnel_device fa1 mip-fa0
for agent in mn fa1 fa2 ha; do
	stop $agent
	equal "$agent ends cleanly" $? 0
done
check_clean mn fa1 fa2 ha
tap_done
