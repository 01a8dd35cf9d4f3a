#!/bin/bash
# Keys of ESP between the agents are replaced each second, and by the packet, under as
# much traffic as the path takes, and nothing is lost of it.
# limit: 300
. "$(dirname "$0")/lib_esp.sh"

rekeys() { rows ha protection | jq '.[] | select(.remote == "10.0.2.2") | .rekeys'; }

# drops AGENT: packets that it dropped on purpose, but those too big for the tunnel, whose
# sender was told, and keepalives.
drops() {
	ctl "$1" show counters |
		jq -cs 'map(select(.group == "drop" and .value > 0) | { (.counter): .value }) |
			add // {} | del(."too-big", ."udp-keepalive")'
}

# What queues of the kernel threw away anywhere; a run of packets counts as one.
overflows() {
	local host
	for host in cn core ha fa1 mn air; do
		in_ns $host nstat -asz UdpRcvbufErrors UdpSndbufErrors IpOutDiscards 2>/dev/null
		ip -n "$LAB-$host" -s -j link show |
			jq -r '.[] | .stats64 | "dropped \(.rx.dropped + .tx.dropped)"'
	done | awk '{ n += $2 } END { print n + 0 }'
}

# of_queues N: are so many lost packets the queues' doing?
of_queues() { [ "$1" -le $((64 * $(overflows))) ]; }

missing() { # FROM TO: sealed there, never come here
	echo $(($(counter "$1" encapsulated) + $(counter "$2" udp-keepalive) -
		$(counter "$2" inbound)))
}

# none_missing FROM TO: at rest, every packet that one end sealed has come to the other.
none_missing() { lab_wait 5 "of_queues \$(missing $1 $2)"; }

# full HOW: as much of it as the path takes, until keys were replaced ten times.
full() {
	local before
	before=$(rekeys)
	lab_start "$1" cn "$story_dir/full_traffic.py" "$1" 10.1.0.10
	check_wait "$1: keys are replaced ten times under full traffic" 40 \
		"[ \$(rekeys) -ge $((before + 10)) ]"
	kill -TERM "$(cat "$LAB_DIR/$1.pid")"
	check_wait "$1: it ends" 30 "! lab_running $1"
	lab_stop "$1"
	lab_say "$1: $(cat "$LAB_DIR/$1.log")"
}

# Every association used is a fresh one; both ends change by turns.
rekey() {
	local before lost again
	protected 'protection="esp"' 'rekey-seconds="1"'
	rm -f "$LAB_DIR"/*.log
	start_all ha fa1 mn
	registered_at visit1 10.0.2.2
	lab_start far-end mn "$story_dir/full_traffic.py" serve 10.1.0.10
	lab_wait 10 "grep -q listening $LAB_DIR/far-end.log"
	full volley
	read -r _ _ lost _ again <"$LAB_DIR/volley.log"
	check "volley: not one packet was lost" of_queues "$lost"
	equal "volley: none came twice" "$again" 0
	full stream
	check "stream: it is whole" grep -q whole "$LAB_DIR/stream.log"
	lab_stop far-end
	check "what the home agent sealed came to the foreign agent" none_missing ha fa1
	check "and what that sealed to the home agent" none_missing fa1 ha
	lab_say "missing $(missing ha fa1) and $(missing fa1 ha), overflows $(overflows)"
	equal "the home agent dropped none" "$(drops ha)" '{}'
	equal "nor did the foreign agent" "$(drops fa1)" '{}'
	check_shows "one association sends, few receive" ha associations \
		'([.[] | select(.kind == "esp-out")] | length) == 1 and
		 ([.[] | select(.kind == "esp-in")] | length) < 8'
	check "the operator may ask for new keys" ctl ha rekey 10.0.2.2
	before=$(rows ha protection | jq -c '.[] | select(.remote == "10.0.2.2") | .handshakes')
	check "a reload, nothing has changed" ctl ha reload
	check_pings "the node is reached as before" cn 10.1.0.10
	equal "and under the same agreement" "$(rows ha protection |
		jq -c '.[] | select(.remote == "10.0.2.2") | .handshakes')" "$before"
	check_not "but not with a stranger" ctl ha rekey 10.0.77.1
	stop_agents
}

# Keys also change by what was sent under them.
limits() {
	protected 'protection="esp"' 'rekey-packets="1000"'
	start_all ha fa1 mn
	registered_at visit1 10.0.2.2
	check "new keys each thousand packets" scenario limits 4s
	equal "not one packet was lost then" "$(result limits '[.flows[].total.lost] | add')" 0
	check_shows "keys were replaced by both ends" ha protection \
		'any(.remote == "10.0.2.2" and .rekeys >= 1)'
	stop_agents
}

story_begin nstat
rekey
limits
tap_done
