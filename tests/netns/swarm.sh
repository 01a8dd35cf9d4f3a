#!/bin/bash
# A thousand nodes from one process: registered, renewed, moved and deregistered,
# directly and through two foreign agents, and through a network that loses packets.
# Its figures are those of the agents, packet by packet as others see them.
. "$(dirname "$0")/lib_story.sh"

nodes=1000
key=6d6e2d73696d20737761726d206b6579
care_of=10.66.0.0/24

# Home addresses 10.64.0.1 to 10.64.3.232, in a virtual network.
node_rows() {
	echo '<home-network prefix="10.64.0.0/16"/>'
	awk -v n=$nodes -v key=$key 'BEGIN {
		for (i = 1; i <= n; i++)
			printf "<node home-address=\"10.64.%d.%d\"><association spi=\"1000\" " \
				"key=\"hex:%s\"/></node>\n", i / 256, i % 256, key
	}'
}

# Two more cables to the node's machine, one into each visited link.
two_cables() {
	local i
	for i in 1 2; do
		ip -n "$LAB-air" link add swarm$i type veth peer name radio$i netns "$LAB-mn"
		ip -n "$LAB-air" link set swarm$i master visit$i up
		ip -n "$LAB-mn" link set radio$i up
	done
}

# The correspondent's machine has the care-of addresses.
direct_way() {
	ip -n "$LAB-cn" route add local $care_of dev lo
	ip -n "$LAB-core" route add $care_of via 10.0.9.2
}

# swarm NAME HOST ARGUMENT...: it writes $LAB_DIR/NAME.json.
swarm() {
	local name=$1 host=$2
	shift 2
	in_ns "$host" mn-sim swarm --quiet --json "$LAB_DIR/$name.json" \
		--home-agent 10.1.0.1 --home 10.64.0.1 --nodes "${swarm_nodes:-$nodes}" \
		--spi 1000 --key-file "$LAB_DIR/swarm.key" "$@"
}

says() { jq -r "$2" "$LAB_DIR/$1.json"; } # NAME FILTER

# all NAME: every operation was accepted, and nothing strange came.
all() {
	jq -e '([.operations[] | .accepted == .due and .denied + .lost + .unsent == 0] | all)
		and .malformed + .unmatched + .unauthentic + .refused == 0' \
		"$LAB_DIR/$1.json" >/dev/null || cat "$LAB_DIR/$1.json"
	jq -e '[.operations[] | .accepted == .due] | all' "$LAB_DIR/$1.json"
}

# since NAME COUNTER: how much it has grown since `mark NAME`.
mark() { ctl "$1" show counters >"$LAB_DIR/$1.before"; }
since() {
	local before
	before=$(jq -rs --arg c "$2" 'map(select(.counter == $c) | .value) | add // 0' \
		"$LAB_DIR/$1.before")
	echo $(($(counter "$1" "$2") - before))
}

# Authenticators of all recorded Requests, by Python's own HMAC.
right_requests() {
	"$scapy" - "$LAB_DIR/$1.pcap" $key <<-'PY'
		import hashlib, hmac, sys
		from scapy.all import UDP, rdpcap
		good = 0
		for p in rdpcap(sys.argv[1]):
		    m = bytes(p[UDP].payload) if UDP in p and p[UDP].dport == 434 else b""
		    good += (m[:1] == b"\x01" and len(m) == 46 and m[24:30] == bytes.fromhex("2014000003e8")
		             and hmac.digest(bytes.fromhex(sys.argv[2]), m[:30], hashlib.md5) == m[30:])
		print(good)
	PY
}

directly() {
	mark ha
	sniff direct cn eth0 -s 256 -B 16384 udp port 434
	check "directly: all are registered, renewed, moved, deregistered" swarm direct cn \
		--care-of $care_of --rate 2000 --reverse-tunnel \
		register renew@1000+roam@500/2 roam deregister
	sniff_end direct
	check "directly: every one was accepted" all direct
	equal "directly: each node once" "$(says direct .operations.register.accepted)" $nodes
	equal "directly: the table has all moves" "$(says direct .operations.roam.due)" \
		$((nodes + 1000))
	equal "directly: none is left in its own view" "$(says direct .registered)" 0
	equal "directly: nor at the home agent" "$(rows ha bindings)" "[]"
	equal "directly: the home agent has heard as many" "$(since ha requests)" \
		"$(says direct .requests)"
	equal "directly: and accepted as many" "$(since ha accepted)" \
		"$(says direct '[.operations[].accepted] | add')"
	equal "directly: and deregistered as many" "$(since ha deregistered)" $nodes
	equal "directly: tshark knows all of them as Requests" \
		"$(packets direct 'mip.type == 1 && mip.ext.type == 32 && ip.ttl == 255')" \
		"$(says direct .requests)"
	equal "directly: from their care-of addresses" \
		"$(packets direct 'mip.type == 1 && ip.src == mip.coa')" \
		"$(says direct .requests)"
	equal "directly: signed as Python would" "$(right_requests direct)" \
		"$(says direct .requests)"
}

visitors() { shows "$1" visitors "length == $2"; } # NAME COUNT

visiting() {
	mark ha
	mark fa1
	mark fa2
	sniff visits mn radio1 -s 256 -B 16384 udp dst port 434
	swarm visits mn --visit radio1,radio2 --lifetime 25 --rate 500 --reverse-tunnel \
		register renew@100/3 roam renew@100/3 deregister >"$LAB_DIR/visits.log" 2>&1 &
	local pid=$!
	check_wait "visiting: the first agent serves half of them" 20 "visitors fa1 500"
	check_wait "visiting: the second one the others" 10 "visitors fa2 500"
	check_shows "visiting: the home agent has all" ha bindings "length == $nodes"
	check_wait "visiting: all move to the other agent" 20 \
		"shows ha bindings 'map(select(.[\"care-of\"] == \"10.0.3.2\")) | map(.home) | index(\"10.64.0.1\")'"
	wait $pid
	equal "visiting: the swarm is content" $? 0
	sniff_end visits
	check "visiting: every one was accepted" all visits
	equal "visiting: all moved" "$(says visits .operations.roam.accepted)" $nodes
	equal "visiting: the agents relayed every Request" \
		$(($(since fa1 requests-relayed) + $(since fa2 requests-relayed))) \
		"$(says visits .requests)"
	equal "visiting: and every Reply" \
		$(($(since fa1 replies-relayed-accepting) + $(since fa2 replies-relayed-accepting))) \
		"$(says visits '[.operations[].accepted] | add')"
	equal "visiting: the home agent accepted as many" "$(since ha accepted)" \
		"$(says visits '[.operations[].accepted] | add')"
	equal "visiting: each node is a station of its own" \
		"$(fields visits 'mip.type == 1' eth.src | sort -u | wc -l)" $nodes
	equal "visiting: no binding is left" "$(rows ha bindings)" "[]"
	check_wait "visiting: nor a visitor, once the lifetime is over" 40 \
		"visitors fa1 0 && visitors fa2 0"
}

# Every fifth Request and every seventh Reply is lost on the way.
lossy() {
	in_ns core nft -f - <<-'NFT'
		table ip loss {
			chain forward {
				type filter hook forward priority 0
				udp dport 434 numgen inc mod 5 0 counter drop
				udp sport 434 numgen inc mod 7 0 counter drop
			}
		}
	NFT
	mark ha
	check "lossy: all are registered, moved and deregistered" swarm lossy cn \
		--care-of $care_of --rate 1000 --poisson --timeout 100ms --retries 7 \
		register roam deregister
	local dropped
	dropped=$(in_ns core nft -j list table ip loss |
		jq '[.. | .counter? | objects | .packets] | add')
	in_ns core nft delete table ip loss
	check "lossy: every one was accepted" all lossy
	check "lossy: packets were lost" test "$dropped" -gt 500
	equal "lossy: one more try for each of them" "$(says lossy .retransmitted)" "$dropped"
	equal "lossy: the tries are counted as such" \
		"$(says lossy '.requests - ([.operations[].due] | add)')" "$dropped"
	equal "lossy: no binding is left" "$(rows ha bindings)" "[]"
	check "lossy: and latency counts from the first try" \
		jq -e '.operations.register["latency-ms"]["p99"] >= 100' "$LAB_DIR/lossy.json"
}

# Nobody answers, or with the wrong key: failures by name, and in the exit status.
refused() {
	equal "a wrong key: the exit status says that it failed" "$(
		echo "hex:00112233445566778899aabbccddeeff" >"$LAB_DIR/wrong.key"
		chmod 600 "$LAB_DIR/wrong.key"
		in_ns cn mn-sim swarm --quiet --json "$LAB_DIR/wrong.json" --home-agent 10.1.0.1 \
			--home 10.64.0.1 --nodes 10 --spi 1000 --key-file "$LAB_DIR/wrong.key" \
			--care-of $care_of --timeout 100ms --retries 0 register >/dev/null
		echo $?
	)" 1
	# Its 131 is signed by the right key, which we have not: no Reply to believe.
	equal "a wrong key: no Reply is believed" "$(says wrong .unauthentic)" 10
	equal "a wrong key: all count as lost" "$(says wrong .operations.register.lost)" 10
	ip -n "$LAB-ha" link set core down
	equal "nobody there: the exit status says that it failed" \
		"$(swarm_nodes=10 swarm dead cn --care-of $care_of --timeout 100ms --retries 1 \
			register >/dev/null; echo $?)" 1
	equal "nobody there: all are lost" "$(says dead .operations.register.lost)" 10
	equal "nobody there: after a second try" "$(says dead .retransmitted)" 10
	ip -n "$LAB-ha" link set core up
	ip -n "$LAB-ha" route add default via 10.0.1.1
}

# Many Requests as one to the kernel are as many to the home agent.
segmented() {
	mark ha
	check "segments: all are registered and deregistered" swarm segments cn \
		--care-of 10.66.0.0/31 --segments --algorithm hmac-md5 --rate 20000 \
		register deregister
	equal "segments: the home agent heard them one by one" "$(since ha requests)" \
		"$(says segments .requests)"
	equal "segments: and all registered" "$(says segments .operations.register.accepted)" \
		$nodes
	equal "segments: no binding is left" "$(rows ha bindings)" "[]"
}

# Packets to a node come out of its new tunnel as soon as the Reply is there.
handover() {
	local kind
	ip -n "$LAB-core" route add 10.64.0.0/16 via 10.0.1.2
	for kind in gre ipip minimal; do
		check "handover, $kind: all moves are accepted" swarm moves cn --care-of $care_of \
			--rate 1000 --encapsulation $kind --handover \
			register roam@20+renew@200/2 deregister
		equal "handover, $kind: every watched one saw a packet" \
			"$(says moves '."handovers-lost"')" 0
		check "handover, $kind: many were watched" \
			test "$(says moves .handovers)" -gt 20
	done
}

find_rate() {
	swarm found cn --care-of $care_of --find-rate renew --rate 500 --trial 500ms \
		--timeout 200ms --repeat 1 >"$LAB_DIR/found.log" 2>&1
	equal "a rate is found" $? 0
	check "a rate is found: what fails is above it, what works is not" jq -e \
		'.rate as $r | $r > 500 and ([.steps[] | select(.rate) |
		if .worked then .rate <= $r else .rate > $r end] | all)' "$LAB_DIR/found.json"
}

wrong_usage() {
	local arguments
	while read -r arguments; do
		# shellcheck disable=SC2086
		equal "wrong usage: $arguments" "$(swarm none cn $arguments 2>/dev/null; echo $?)" 2
	done <<-'END'
		register
		--care-of 10.66.0.0/24
		--care-of 10.66.0.0/24 --visit radio1 register
		--care-of 10.66.0.0/24 --find-rate renew register
		--care-of 10.66.0.0/24 register+roam
		--care-of 10.66.0.0/24 --failures 101 register
		--care-of 10.66.0.0/24 --in-flight 1 register
		--care-of 10.66.0.0/24 --rate 1 --rate 2 register
		--visit ,radio1 register
		--visited-spi 300 --visit radio1 register
		--visit radio1 --handover register
		--care-of 10.66.0.1/32 --handover register
	END
}

story_begin tcpdump tshark nft scapy
node_rows >"$LAB_DIR/nodes"
echo "hex:$key" >"$LAB_DIR/swarm.key"
chmod 600 "$LAB_DIR/swarm.key"
# sed puts the rows behind the advertisement's last line.
configure ha "/routes=\"yes\"/r $LAB_DIR/nodes" 's|<log level="debug"/>|<log level="warn"/>|'
configure fa1 's|<log level="debug"/>|<log level="warn"/>|'
configure fa2 's|<log level="debug"/>|<log level="warn"/>|'
two_cables
direct_way
start_all ha fa1 fa2
directly
visiting
lossy
segmented
handover
refused
find_rate
wrong_usage
for agent in fa1 fa2 ha; do
	stop $agent
	equal "$agent ends cleanly" $? 0
done
check_clean ha fa1 fa2
tap_done
