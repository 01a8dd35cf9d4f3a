#!/bin/bash
# Packets that do not fit: told about, cut, or passed whole; and a real transfer.
set -u
. "$SJ_SRC/tests/netns/lib_agents.sh"

# The correspondent learns the tunnel's MTU: 1500 - 20 - 4 for GRE.
learns_mtu() {
	in_ns cn ping -c 2 -i 0.2 -W 1 -M "do" -s 1472 10.1.0.10
	in_ns cn ip route get 10.1.0.10 | grep -q 'mtu 1476'
}

passes() { # HOST SIZE DF: ping sizes are without 28 octets of headers
	in_ns "$1" ping -q -c 2 -i 0.2 -W 2 -M "$3" -s $(($2 - 28)) 10.1.0.10
}

# 8 MB one way, compared at the far end.
transfer() { # FROM TO ADDRESS
	head -c 8000000 /dev/urandom >"$LAB_DIR/sent"
	rm -f "$LAB_DIR/got"
	in_ns "$2" timeout 60 python3 -c '
import shutil, socket, sys
s = socket.create_server(("0.0.0.0", 7000))
shutil.copyfileobj(s.accept()[0].makefile("rb"), open(sys.argv[1], "wb"))' \
		"$LAB_DIR/got" &
	local receiver=$!
	lab_wait 10 "in_ns $2 ss -ltn | grep -q :7000"
	in_ns "$1" timeout 60 python3 -c '
import shutil, socket, sys
s = socket.create_connection((sys.argv[1], 7000))
shutil.copyfileobj(open(sys.argv[2], "rb"), s.makefile("wb"))' "$3" "$LAB_DIR/sent"
	wait $receiver
	cmp "$LAB_DIR/sent" "$LAB_DIR/got"
}

agents_begin
agents_start ha fa1 mn
lab_move visit1
check "the node registers with a reverse tunnel" wait_node 10 registered 10.0.2.2
check "a packet of the tunnel's size passes whole" passes cn 1476 "do"
check "a larger one is answered with the size that fits" learns_mtu
check "and cut when it may be" passes host 1500 dont
check "even a very large one" passes host 6000 dont
check "a transfer to the node arrives whole" transfer cn mn 10.1.0.10
check "a transfer from the node arrives whole" transfer mn cn 10.0.9.2

# A narrow backbone: outer packets are too large now.
ip -n "$LAB-core" link set fa1 mtu 1400
ip -n "$LAB-fa1" link set core mtu 1400
in_ns cn ip route flush cache
check "a narrower path is learned and told" \
	lab_wait $((10 * ${SJ_SLOW%.*})) \
	'in_ns cn ping -q -c 1 -W 1 -M do -s 1448 10.1.0.10 >/dev/null;
	 in_ns cn ip route get 10.1.0.10 | grep -q "mtu 1376"'
check "a transfer to the node still arrives whole" transfer cn mn 10.1.0.10
check "a transfer from the node still arrives whole" transfer mn cn 10.0.9.2
for name in mn fa1 ha; do
	lab_stop $name
	check "$name leaves nothing" is_clean $name
done
check "no sanitizer complains" no_complaints
tap_done
