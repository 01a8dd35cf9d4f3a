#!/bin/bash
# Interfaces go and come back; cables are moved so quickly that the kernel reports
# only how it ended.
. "$(dirname "$0")/lib_story.sh"

said() { grep -c -- "$2" "$LAB_DIR/$1.log"; }

quick_moves() {
	local before
	before=$(said mn link-down)
	check "the node registers at the first visit" move_to visit1
	check "and at the second" move_to visit2
	equal "it saw its cable go out each time" "$(said mn link-down)" $((before + 2))
}

visited_link() {
	local before
	ip -n "$LAB-fa2" link del visit
	check_wait "the foreign agent tells that its interface is gone" 5 \
		'grep -q "interface=visit is gone" "$LAB_DIR/fa2.log"'
	check "and still answers" answers fa2
	before=$(said fa2 advertisement-sent)
	_lab_plug fa2 visit 10.3.0.1/24 visit2
	check_wait "it advertises again when the interface is back" 5 \
		"[ \$(said fa2 advertisement-sent) -gt $before ]"
	check "the node registers elsewhere" move_to visit1
	check "and there again" move_to visit2
	check_pings "a correspondent reaches it" cn 10.1.0.10
}

own_interface() {
	ip -n "$LAB-mn" link del radio0
	check "the node goes on without its interface" answers mn
	ip -n "$LAB-air" link add cable type veth peer name radio0 netns "$LAB-mn"
	ip -n "$LAB-mn" link set radio0 up
	check "it registers when the interface is back" move_to visit1
	check_pings "a correspondent reaches it through the new one" cn 10.1.0.10
}

home_link() {
	check "the node is at home" move_to home
	ip -n "$LAB-ha" link del home
	check_wait "the home agent tells that its interface is gone" 5 \
		'grep -q "interface=home is gone" "$LAB_DIR/ha.log"'
	_lab_plug ha home 10.1.0.1/24 home
	check "away, with a home link that was gone, the node registers" move_to visit1
	check_pings "a host at home reaches it" host 10.1.0.10
	check_pings "and a correspondent" cn 10.1.0.10
}

# solicit TAG TYPE: an agent solicitation in a frame of that type (hexadecimal), behind
# that 802.1Q tag if it is not empty.
solicit() {
	in_ns mn python3 - "$1" "$2" <<-'END'
		import socket, sys
		ip = bytes.fromhex("450000 1c00010000 0101 0000 0a010063 e0000002")
		total = sum(ip[i] << 8 | ip[i + 1] for i in range(0, 20, 2))
		total = (total & 0xffff) + (total >> 16)
		ip = ip[:10] + (total ^ 0xffff).to_bytes(2, "big") + ip[12:]
		s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
		s.bind(("radio0", 0))
		tag = bytes.fromhex("8100" + sys.argv[1]) if sys.argv[1] else b""
		s.send(bytes.fromhex("01005e000002") + s.getsockname()[4] + tag +
		       bytes.fromhex(sys.argv[2] + ip.hex() + "0a00f5ff00000000"))
	END
}

# The agents' sockets hear all frames; only IPv4 of the link itself concerns them.
other_frames() {
	local before
	before=$(counter fa2 solicitations)
	solicit 0005 0800
	solicit "" 86dd
	solicit "" 88b5
	solicit "" 0800
	solicit 6000 0800
	check_wait "solicitations are heard, with a priority tag as well" 5 \
		"[ \$(counter fa2 solicitations) -ge $((before + 2)) ]"
	equal "but none of another VLAN or protocol" "$(counter fa2 solicitations)" \
		$((before + 2))
}

story_begin
for agent in ha fa1 fa2 mn; do
	configure $agent
done
start_all ha fa1 fa2 mn
check "the node is at home" move_to home
quick_moves
other_frames
visited_link
own_interface
home_link
for agent in mn fa1 fa2 ha; do
	stop $agent
done
check_clean mn fa1 fa2 ha
tap_done
