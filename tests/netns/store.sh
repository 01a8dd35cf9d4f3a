#!/bin/bash
# What the home agent remembers outlives it. Killed under traffic and started again it
# serves the nodes that are away before they notice, and accepts nothing twice; a store
# that is damaged, taken or full keeps no agent from its service.
. "$(dirname "$0")/lib_story.sh"

store=$LAB_DIR/disk/store

# On a disk of its own, which can be full.
small_disk() {
	mkdir "$LAB_DIR/disk" && mount -t tmpfs -o size=1m tmpfs "$LAB_DIR/disk"
}

now_ms() { date +%s%3N; }

flow_begin() { # HOST ADDRESS [PING-OPTION...]: echoes, twenty a second
	local host=$1 to=$2
	shift 2
	lab_start "flow-$host" "$host" ping -n -D -i 0.05 -W 1 "$@" "$to"
	lab_wait 5 "grep -q icmp_seq=10 $LAB_DIR/flow-$host.log"
}

flow_end() { # HOST: the longest time without an echo, in milliseconds
	lab_stop "flow-$1" INT
	sed -n 's/^\[\([0-9.]*\)\].*icmp_seq.*/\1/p' "$LAB_DIR/flow-$1.log" |
		awk 'NR > 1 && $1 - last > gap { gap = $1 - last }
		     { last = $1 }
		     END { printf "%d\n", gap * 1000 }'
}

echoes() { grep -c icmp_seq "$LAB_DIR/flow-$1.log"; }

check_gap() { # WHAT HOST
	local gap most
	gap=$(flow_end "$2")
	most=$(awk "BEGIN { print int(1000 * ${SJ_SLOW:-1}) }")
	check "$1: the gap is $gap ms" test "$gap" -lt "$most"
}

ours() { ip -n "$LAB-ha" -o route show table all proto 143; }

killed_under_traffic() {
	local requests seen
	requests=$(counter mn requests)
	flow_begin cn 10.1.0.10
	flow_begin mn 10.0.9.2 -I 10.1.0.10
	lab_stop ha KILL
	start ha >/dev/null
	seen=$(echoes cn)
	check_wait "killed: packets come through again" 5 "[ \$(echoes cn) -gt $((seen + 5)) ]"
	check_gap "killed: to the node" cn
	check_gap "killed: from the node" mn
	equal "killed: the node did not register again" "$(counter mn requests)" "$requests"
	check_shows "killed: its binding is there, and has not become longer" ha bindings \
		'length == 1 and .[0]["care-of"] == "10.0.2.2" and .[0].remaining < 600'
	equal "killed: one route to the node" "$(ours | wc -l)" 1
	equal "killed: counted" "$(counter ha restored)" 1
	check "killed: told in the log" grep -q 'binding-restored home=10.1.0.10' \
		"$LAB_DIR/ha.log"
	check_pings "killed: a host at home reaches the node" host 10.1.0.10
}

# send HEX: the bytes once more, from where they came; the code of the answer.
send() {
	in_ns fa1 python3 - "$1" <<-'PYTHON'
		import socket, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.settimeout(3)
		s.sendto(bytes.fromhex(sys.argv[1]), ("10.1.0.1", 434))
		print(s.recv(1500)[1])
	PYTHON
}

replayed() {
	local accepted
	mapfile -t accepted < <(fields requests "ip.src == 10.0.2.2" udp.payload)
	equal "killed: Requests of the time before" "${#accepted[@]}" 2
	equal "the first of them is refused" "$(send "${accepted[0]}")" 133
	equal "the last is refused" "$(send "${accepted[1]}")" 133
	check "as one that was accepted" count_above ha ident-old 0
	equal "not answered as its duplicate" "$(counter ha replies-resent)" 0
}

stopped_cleanly() {
	local requests
	requests=$(counter mn requests)
	stop ha
	check_clean ha
	start ha >/dev/null
	check_pings "stopped and started: the node is reached" cn 10.1.0.10
	equal "stopped and started: it did not register again" "$(counter mn requests)" \
		"$requests"
}

gone_home() {
	move_to home
	check_shows "at home: no binding" ha bindings 'length == 0'
	lab_stop ha KILL
	start ha >/dev/null
	check_shows "at home, killed: no binding has come back" ha bindings 'length == 0'
	check_shows "but the node is remembered" ha status '.[0]["store-records"] == 1'
	check_pings "at home, killed: the node is reached" cn 10.1.0.10
}

# Noise all over its pages, and then cut off.
damaged() {
	move_to visit1
	stop ha
	dd if=/dev/urandom of="$store/records.mdb" bs=512 seek=1 count=30 conv=notrunc 2>/dev/null
	truncate -s 20000 "$store/records.mdb"
	check "damaged: it starts" start ha
	check "damaged: and says so" grep -q "store=$store is damaged" "$LAB_DIR/ha.log"
	check "damaged: the file is kept" test -s "$store/records.bad"
	check_shows "damaged: another is used" ha status '.[0]["store-working"]'
	move_to visit2
	check_pings "damaged: the node registers and is reached" cn 10.1.0.10
}

taken() {
	stop ha
	lab_start holder ha flock --no-fork "$store" sleep 60
	lab_wait 5 "! flock -n $store true"
	check "taken: it starts" start ha
	check "taken: and says why it remembers nothing" \
		grep -q "store=$store cannot be used.*another agent" "$LAB_DIR/ha.log"
	check_shows "taken: the store does not work" ha status '.[0]["store-working"] | not'
	stop ha
	lab_stop holder
}

full() {
	start_all ha
	move_to visit1
	dd if=/dev/zero of="$LAB_DIR/disk/ballast" bs=64k 2>/dev/null
	move_to visit2
	move_to visit1
	move_to visit2
	check_pings "full disk: the node is reached" cn 10.1.0.10
	check "full disk: the store has failed" count_above ha store-failed 0
	equal "full disk: told once" "$(grep -c "$store does not take" "$LAB_DIR/ha.log")" 1
	rm "$LAB_DIR/disk/ballast"
	check_wait "room again: the store holds everything" 15 \
		"shows ha status '.[0][\"store-working\"] and .[0][\"store-records\"] == 1'"
	lab_stop ha KILL
	start ha >/dev/null
	check_pings "room again, killed: the node is reached" cn 10.1.0.10
}

story_begin tshark flock python3
small_disk || tap_skip_all "cannot mount a disk"
trap 'umount -l "$LAB_DIR/disk"; story_end' EXIT
configure ha "s|</home-agent>|<store path=\"$store\"/>&|"
configure fa1
configure fa2
configure mn
lab_move visit1
sniff requests ha core "udp dst port 434"
start_all ha fa1 fa2 mn
check_wait "the node is served" 10 "node_is registered 10.0.2.2"
move_to visit2
move_to visit1
check_shows "the store has it" ha status '.[0]["store-working"] and .[0]["store-records"] == 1'
equal "nobody else may read it" "$(stat -c %a "$store" "$store/records.mdb" | xargs)" "700 600"
killed_under_traffic
sniff_end requests
replayed
stopped_cleanly
gone_home
damaged
taken
full
for agent in mn fa1 fa2 ha; do
	stop $agent
done
check_clean mn fa1 fa2 ha
tap_done
