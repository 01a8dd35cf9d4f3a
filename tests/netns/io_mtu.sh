#!/bin/bash
# Packets that do not fit: told about, cut, or passed whole; and transfers through it.
. "$(dirname "$0")/lib_story.sh"

# echoes HOST SIZE dont|do: packets of SIZE octets come back; "do" sets DF.
echoes() {
	in_ns "$1" ping -n -q -c 2 -i 0.2 -W 2 -M "$3" -s $(($2 - 28)) 10.1.0.10 >/dev/null
}

# learns_mtu HOST MTU SIZE: after a packet of SIZE octets, which was too large.
learns_mtu() {
	echoes "$1" "$3" "do"
	in_ns "$1" ip route get 10.1.0.10 | grep -q "mtu $2"
}

transfers() {
	check "$1: a transfer to the node arrives whole" transfer cn mn 10.1.0.10
	check "$1: a transfer from the node arrives whole" transfer mn cn 10.0.9.2
}

story_begin ss python3
for agent in ha fa1 mn; do
	configure $agent
done
start_all ha fa1 mn
check "the node registers" move_to visit1

# 1500 less an outer header of 20 and a GRE header of 4.
check "a packet of the tunnel's MTU passes" echoes cn 1476 "do"
check "for a larger one the sender is told the MTU" learns_mtu cn 1476 1500
check "it is cut when it may be" echoes host 1500 dont
check "so is a very large one" echoes host 6000 dont
transfers "wide path"

ip -n "$LAB-core" link set fa1 mtu 1400
ip -n "$LAB-fa1" link set core mtu 1400
check_wait "a narrower path is learned, and senders are told" 10 "learns_mtu cn 1376 1476"
check_wait "packets are cut to it, in both directions" 10 "echoes host 1500 dont"
transfers "narrow path"

for agent in mn fa1 ha; do
	stop $agent
done
check_clean mn fa1 ha
tap_done
