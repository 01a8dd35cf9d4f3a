#!/bin/bash
# limit: 400
# Large segments: streams and datagrams through the agents arrive whole whatever the
# links can do by themselves, large ones are cut on the way in and made on the way out,
# and no link gets a packet that it cannot carry. One message tells of one too big.
. "$(dirname "$0")/lib_story.sh"

OCTETS=12000000
on="tso on gso on gro on tx on rx on"
off="tso off gso off gro off tx off rx off"

# links WHICH FEATURES: of the correspondent's, the backbone's or the visited link.
links() {
	local pair
	case $1 in
	correspondent) set -- "$2" cn:eth0 core:cn ;;
	backbone) set -- "$2" core:ha ha:core core:fa1 fa1:core ;;
	visited) set -- "$2" fa1:visit air:fa1 air:cable mn:radio0 ;;
	esac
	for pair in "${@:2}"; do
		# shellcheck disable=SC2086
		in_ns "${pair%:*}" ethtool -K "${pair#*:}" $1 >/dev/null 2>&1
	done
}

# take HOST COMMAND ADDRESS: somebody who listens there.
take() {
	rm -f "$LAB_DIR/taken.log"
	lab_start taken "$1" "$story_dir/stream.py" "$2" "$3" 7000
	lab_wait 10 "grep -qs listening $LAB_DIR/taken.log"
}

taken() {
	lab_wait 25 "! lab_running taken" && grep -v listening "$LAB_DIR/taken.log"
}

# stream NAME FROM TO ADDRESS
stream() {
	local sent
	take "$3" take "$4"
	sent=$(in_ns "$2" "$story_dir/stream.py" send "$4" 7000 $OCTETS)
	equal "$1: a stream arrives whole" "$(taken)" "$sent"
}

# datagrams NAME FROM TO ADDRESS: some may be lost, none may be spoilt.
datagrams() {
	take "$3" take-datagrams "$4"
	in_ns "$2" "$story_dir/stream.py" send-datagrams "$4" 7000 2000 1000
	check "$1: datagrams arrive whole and in order" \
		test "$(taken | cut -d' ' -f2-)" = "whole in-order"
}

# longest NAME: the longest IPv4 packet that the node saw.
longest() {
	fields "$1" ip ip.len | tr ',' '\n' | sort -n | tail -n 1
}

# With these links; what is large is seen where it must be, and nowhere else.
with() { # CORRESPONDENT BACKBONE VISITED
	local name="$1 $2 $3" cut made most
	links correspondent "${!1}"
	links backbone "${!2}"
	links visited "${!3}"
	cut=$(counter ha segments-cut)
	made=$(counter fa1 segments-made)
	sniff node mn radio0 -s 60 "src host 10.0.9.2"
	stream "$name, to the node" cn mn 10.1.0.10
	sniff_end node
	[ "$1 $2" = "on on" ] && # else a link has cut them before
		check "$name: large segments were cut" count_above ha segments-cut "$cut"
	check "$name: and made" count_above fa1 segments-made "$made"
	most=$(longest node)
	if [ "$3" = on ]; then
		check "$name: the node gets them" test "$most" -gt 1500
	else
		check "$name: the link gets packets that it carries" test "$most" -le 1500
	fi
	stream "$name, from the node" mn cn 10.0.9.2
	datagrams "$name, to the node" cn mn 10.1.0.10
	datagrams "$name, from the node" mn cn 10.0.9.2
}

# The backbone is narrowed; the home agent knows, but the stream's sender does not.
too_big() {
	local told lost
	ip -n "$LAB-core" link set fa1 mtu 1300
	ip -n "$LAB-fa1" link set core mtu 1300
	check_wait "narrowed: the home agent learns it" 10 \
		"in_ns cn ping -n -q -c 1 -W 0.2 -M dont -s 1448 10.1.0.10 >/dev/null
		shows ha tunnels '.[0].mtu == 1276'"
	ip -n "$LAB-cn" route flush cache
	told=$(counter ha icmp-sent)
	lost=$(counter ha too-big)
	stream "narrowed" cn mn 10.1.0.10
	told=$(($(counter ha icmp-sent) - told))
	lost=$(($(counter ha too-big) - lost))
	check "narrowed: of a large segment the sender is told once ($told of $lost packets)" \
		test "$told" -ge 1 -a "$told" -lt "$lost"
	ip -n "$LAB-core" link set fa1 mtu 1500
	ip -n "$LAB-fa1" link set core mtu 1500
}

story_begin ethtool tcpdump tshark python3
# What the kernel forwards by itself never comes to us.
configure ha 's|<home-network|<tunnel fast-path="off"/>&|'
configure fa1 's|<node |<tunnel fast-path="off"/>&|'
configure mn
lab_move visit1
start_all ha fa1 mn
check_wait "the node registers" 10 "node_is registered 10.0.2.2"
check_pings "it is reached" cn 10.1.0.10
for correspondent in on off; do
	for backbone in on off; do
		for visited in on off; do
			with $correspondent $backbone $visited
		done
	done
done
links correspondent "$on"
links backbone "$on"
too_big
equal "no metadata of the kernel's were refused" \
	"$(for a in ha fa1; do for c in kind header size checksum; do
		counter $a segment-$c; done; done | sort -u)" 0
for agent in mn fa1 ha; do
	stop $agent
done
check_clean mn fa1 ha
tap_done
