#!/bin/bash
# ESP between the agents by one attribute: a roaming node's packets are never in clear
# on the backbone, from the first to the last, also while keys are replaced each second
# and while agents are killed and come back; wrong keys, dead peers and other policies;
# and no key is anywhere that it should not be.
# limit: 300
. "$(dirname "$0")/lib_esp.sh"

key1=a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3

# Whatever has to do with the node, by itself or in a tunnel, and is not ESP.
in_clear() { # CAPTURE
	recorded "$1" 'host 10.1.0.10 or proto 4 or proto 47 or proto 55' |
		head -n 5
}

# What it had to say is what the agents say to each other, and ESP.
strange() { # CAPTURE CARE-OF
	recorded "$1" "not (host 10.1.0.1 and host $2 and (udp port 4500 or udp port 434 or
		tcp port 434 or proto 50)) and not icmp[0] = 3" | head -n 5
}

# From before anything runs until after everything has ended.
roam() {
	protected 'protection="esp"'
	lab_move nowhere
	sniff roam1 core fa1 ip
	sniff roam2 core fa2 ip
	lab_move home
	start_all ha fa1 fa2 mn
	check_wait "keys are agreed on with both agents" 10 \
		"up ha 10.0.2.2 && up ha 10.0.3.2 && up fa1 10.1.0.1 && up fa2 10.1.0.1"
	lab_wait 10 "node_is at-home"
	check "a walk with traffic" scenario walk 4200ms \
		'<move at="0.6s" to="visit1" label="visit1" expect="registered"/>
		 <move at="1.8s" to="visit2" label="visit2" expect="registered"/>
		 <move at="3s" to="home" label="home" expect="deregistered"/>' home
	equal "every move registered" "$(result walk '[.moves[].registered] | all')" true
	equal "the stream is whole" "$(result walk '[.streams[].intact] | all')" true
	for agent in mn fa1 fa2 ha; do
		stop $agent
		equal "$agent ends cleanly" $? 0
	done
	sniff_end roam1
	sniff_end roam2
	equal "first visit: not one packet in clear" "$(in_clear roam1)" ""
	equal "second visit: not one packet in clear" "$(in_clear roam2)" ""
	equal "first visit: nothing else on the backbone" "$(strange roam1 10.0.2.2)" ""
	equal "second visit: nothing else on the backbone" "$(strange roam2 10.0.3.2)" ""
	check "and ESP went both ways" eval "
		[ $(recorded roam1 'udp port 4500 and src 10.1.0.1' | wc -l) -gt 100 ] &&
		[ $(recorded roam1 'udp port 4500 and dst 10.1.0.1' | wc -l) -gt 100 ]"
	check_clean mn fa1 fa2 ha
}

# Agents that die without a word, under traffic; the kernel must not step in for them.
killed() {
	local agent
	protected 'protection="esp"' 'dead-after="1"'
	sed -i "s|</home-agent>|<store path=\"$LAB_DIR/store\"/>&|" "$LAB_DIR/ha.xml"
	start_all ha fa1 mn
	registered_at visit1 10.0.2.2
	check_pings "before: the node is reached" cn 10.1.0.10
	sniff killed core fa1 ip
	lab_start flood cn ping -n -q -i 0.01 10.1.0.10
	lab_start flood-back mn ping -n -q -i 0.01 10.0.9.2
	for agent in fa1 ha; do
		lab_stop $agent KILL
		sleep 0.5
		start_all $agent
		check_wait "$agent killed: keys are agreed on anew" 15 "up ha 10.0.2.2 && up fa1 10.1.0.1"
		check_wait "$agent killed: the node is back" 20 "node_is registered 10.0.2.2 &&
			shows ha bindings 'length == 1' && pings cn 10.1.0.10"
	done
	lab_stop flood INT
	lab_stop flood-back INT
	sniff_end killed
	equal "meanwhile not one packet in clear" "$(in_clear killed)" ""
	stop_agents
	check_clean mn fa1 ha
}

too_big() { # HOST TO MTU: told of so much
	in_ns "$1" ping -n -c 1 -W 1 -M "do" -s 1372 "$2" 2>&1 |
		grep -q "Frag needed and DF set (mtu = $3)\|message too long, mtu=$3"
}

# The visited link is narrower than the tunnel: only the foreign agent can tell the sender,
# and only through ESP.
narrow() {
	protected 'protection="esp"'
	ip -n "$LAB-fa1" link set visit mtu 1100
	start_all ha fa1 mn
	registered_at visit1 10.0.2.2
	sniff narrow core fa1 ip
	check "narrow: a correspondent hears what fits" too_big cn 10.1.0.10 1100
	check_pings "narrow: and that does" cn 10.1.0.10 -M "do" -s 1072
	in_ns cn ip route flush cache
	check "narrow: a stream finds its size" scenario narrow 2s
	equal "narrow: it is whole" "$(result narrow '[.streams[].intact] | all')" true
	sniff_end narrow
	equal "narrow: not one packet in clear" "$(in_clear narrow)" ""
	equal "narrow: nor an error about one" "$(recorded narrow 'icmp and host 10.0.9.2')" ""
	ip -n "$LAB-fa1" link set visit mtu 1500
	stop_agents
}

# What the foreign agent's kernel says to the node by itself, errors that quote it above
# all, stays on their link; with the agent gone, or the visit over, it is not said.
said() {
	rule_left() { ip -n "$LAB-fa1" rule show | grep -c 'to 10.1.0.10 iif lo'; }
	too_far() {
		in_ns mn ping -n -c 1 -W 2 -t 1 -I 10.1.0.10 10.0.9.2 | grep -q "Time to live exceeded"
	}
	protected 'protection="esp"'
	sed -i 's/lifetime="600"/lifetime="3"/' "$LAB_DIR/mn.xml"
	start_all ha fa1 mn
	registered_at visit1 10.0.2.2
	sniff answers core fa1 ip
	check_pings "answers: of the agent's machine" mn 10.2.0.1 -I 10.1.0.10
	check_pings "answers: in fragments" mn 10.2.0.1 -I 10.1.0.10 -s 3000
	check_pings "answers: of the node to the agent's machine" fa1 10.1.0.10
	check "answers: what went too far is told of" too_far
	check "answers: the visit is ended" ctl fa1 clear visitor 10.1.0.10
	check_wait "answers: it comes back by itself" 10 "shows fa1 visitors '.[0].state == \"active\"'"
	lab_stop mn KILL
	lab_start flood fa1 ping -n -q -i 0.01 10.1.0.10
	check_wait "answers: the visit is over" 10 "shows fa1 visitors '.[0].state == \"held\"'"
	check_wait "answers: and what is said to it is dropped" 10 "[ \$(counter fa1 no-route) -gt 10 ]"
	lab_stop fa1 KILL
	sleep 0.3
	start_all fa1
	sleep 0.3
	lab_stop flood INT
	sniff_end answers
	equal "answers: not one packet in clear" "$(in_clear answers)" ""
	equal "answers: nor quoted in clear" "$(recorded answers 'icmp[0] = 11')" ""
	stop fa1
	check_clean fa1
	start_all fa1 mn
	check_wait "answers: it is served again" 15 "pings mn 10.0.9.2 -I 10.1.0.10"
	equal "answers: one rule" "$(rule_left)" 1
	lab_stop fa1 KILL
	configure fa1
	start_all fa1
	equal "answers: an agent without ESP takes it away" "$(rule_left)" 0
	stop_agents
	check_clean mn fa1 ha
}

# What the node sends when its visit is over, or its agents are gone, the foreign agent's
# kernel must not send on as it is.  The node is killed, so that its kernel goes on.
held() {
	protected 'protection="esp"' 'dead-after="1"'
	sed -i 's/lifetime="600"/lifetime="3"/' "$LAB_DIR/mn.xml"
	start_all ha fa1 mn
	registered_at visit1 10.0.2.2
	check_pings "held: before, the node is served" mn 10.0.9.2 -I 10.1.0.10
	sniff held core fa1 ip
	lab_start flood mn ping -n -q -i 0.01 -I 10.1.0.10 10.0.9.2
	check "held: its entry is cleared" ctl fa1 clear visitor 10.1.0.10
	check_wait "held: it comes back by itself" 10 "shows fa1 visitors '.[0].state == \"active\"'"
	check_wait "held: and is served again" 5 "pings mn 10.0.9.2 -I 10.1.0.10"
	lab_stop mn KILL
	lab_stop ha KILL
	check_wait "held: when its time is over it is held" 10 \
		"shows fa1 visitors 'length == 1 and .[0].state == \"held\"'"
	check_shows "held: and is no visitor" fa1 status '.[0].visitors == 0'
	sleep 0.5
	lab_stop fa1 KILL
	sleep 0.3
	start_all fa1
	sleep 0.3
	lab_stop flood INT
	sniff_end held
	equal "held: not one packet in clear" "$(in_clear held)" ""
	check "held: packets of its came through before" test \
		"$(recorded held 'udp port 4500 and dst 10.1.0.1' | wc -l)" -gt 20
	start_all ha mn
	check_wait "held: it is served again" 15 "pings mn 10.0.9.2 -I 10.1.0.10"
	for agent in mn fa1 ha; do
		stop $agent
	done
	check_clean mn fa1 ha
}

# The visited link is gone for a while.  The node does not know: it is killed.
link_back() {
	local mac
	protected 'protection="esp"'
	start_all ha fa1 mn
	registered_at visit1 10.0.2.2
	check_pings "link gone: before, the node is served" mn 10.0.9.2 -I 10.1.0.10
	mac=$(mac fa1 visit)
	lab_stop mn KILL
	sniff link core fa1 ip
	lab_start flood mn ping -n -q -i 0.01 -I 10.1.0.10 10.0.9.2
	ip -n "$LAB-fa1" link del visit
	check_wait "link gone: the node is held" 10 \
		"shows fa1 visitors 'length == 1 and .[0].state == \"held\"'"
	_lab_plug fa1 visit 10.2.0.1/24 visit1
	ip -n "$LAB-fa1" link set visit address "$mac"
	check_wait "link back: it is advertised on" 10 \
		"grep -q 'link-up interface=visit' $LAB_DIR/fa1.log"
	check_wait "link back: what the node sends comes to us" 10 "[ \$(counter fa1 no-route) -gt 10 ]"
	lab_stop flood INT
	sniff_end link
	equal "link back: not one packet in clear" "$(in_clear link)" ""
	start_all mn
	check_wait "link back: the node is served" 15 "node_is registered 10.0.2.2 &&
		pings mn 10.0.9.2 -I 10.1.0.10"
	stop_agents
	check_clean mn fa1 ha
}

# The visited link is given another name, by which it is not served, and its own again.
renamed() {
	rename() { # FROM TO
		ip -n "$LAB-fa1" link set "$1" down
		ip -n "$LAB-fa1" link set "$1" name "$2"
		check_wait "renamed: the rule names $2" 10 \
			"ip -n $LAB-fa1 rule show from 10.1.0.10 | grep -q 'iif $2 '"
		ip -n "$LAB-fa1" link set "$2" up
	}
	protected 'protection="esp"'
	start_all ha fa1 mn
	registered_at visit1 10.0.2.2
	check_pings "renamed: before, the node is served" mn 10.0.9.2 -I 10.1.0.10
	lab_stop mn KILL
	sniff renamed core fa1 ip
	lab_start flood mn ping -n -q -i 0.01 -I 10.1.0.10 10.0.9.2
	rename visit other
	check_shows "renamed: the node is held" fa1 visitors 'length == 1 and .[0].state == "held"'
	came=$(counter fa1 no-route)
	check_wait "renamed: what it sends comes to us" 10 "count_above fa1 no-route $((came + 10))"
	rename other visit
	came=$(counter fa1 no-route)
	check_wait "named as before: it does so still" 10 "count_above fa1 no-route $((came + 10))"
	lab_stop flood INT
	sniff_end renamed
	equal "renamed: not one packet in clear" "$(in_clear renamed)" ""
	equal "renamed: one rule is there" \
		"$(ip -n "$LAB-fa1" rule show from 10.1.0.10 | wc -l)" 1
	start_all mn
	check_wait "named as before: the node is served" 15 "node_is registered 10.0.2.2 &&
		pings mn 10.0.9.2 -I 10.1.0.10"
	stop_agents
	check_clean mn fa1 ha
}

# A successor that cannot start leaves what it found, at whatever step it fails.
unstarted() {
	local kind squatter='import socket, sys, time
s = socket.socket(socket.AF_INET, getattr(socket, sys.argv[1]))
s.bind(("", int(sys.argv[2])))
s.type == socket.SOCK_STREAM and s.listen()
print("bound", flush=True)
time.sleep(60)'
	protected 'protection="esp"'
	start_all ha fa1 mn
	registered_at visit1 10.0.2.2
	check_pings "unstarted: before, the node is served" mn 10.0.9.2 -I 10.1.0.10
	lab_stop mn KILL
	sniff unstarted core fa1 ip
	lab_start flood mn ping -n -q -i 0.01 -I 10.1.0.10 10.0.9.2
	lab_stop fa1 KILL
	for kind in "SOCK_DGRAM 4500" "SOCK_STREAM 434"; do
		lab_start squatter fa1 python3 -c "$squatter" $kind
		lab_wait 10 "grep -qs bound $LAB_DIR/squatter.log"
		check_not "unstarted: $kind is taken" start fa1
		lab_stop squatter
		rm -f "$LAB_DIR/squatter.log"
	done
	sleep 0.3
	lab_stop flood INT
	sniff_end unstarted
	equal "unstarted: not one packet in clear" "$(in_clear unstarted)" ""
	start_all fa1
	stop fa1
	check_clean fa1
	stop ha
	start_all mn
	stop mn
}

# An agent that the operator ends is an ordinary router. What shall not pass it then is
# the operator's to say, by the rule of mip-fa(8).
stopped() {
	protected 'protection="esp"'
	start_all ha fa1 mn
	registered_at visit1 10.0.2.2
	ip -n "$LAB-fa1" rule add priority 500 from 10.1.0.0/24 iif visit blackhole
	check_pings "stopped: a rule behind ours stops nothing meanwhile" mn 10.0.9.2 -I 10.1.0.10
	sniff stopped core fa1 ip
	lab_stop mn KILL
	lab_start flood mn ping -n -q -i 0.01 -I 10.1.0.10 10.0.9.2
	stop fa1
	sleep 0.3
	lab_stop flood INT
	sniff_end stopped
	equal "stopped: not one packet in clear" "$(in_clear stopped)" ""
	ip -n "$LAB-fa1" rule del priority 500
	check_clean fa1
	stop ha
	start_all mn
	stop mn
}

# One that was killed with ESP and starts without it finds what it left.
without() {
	nowhere() { ip -n "$LAB-fa1" -o route show table 434 | grep -c ^blackhole; }
	protected 'protection="esp"'
	start_all fa1
	lab_stop fa1 KILL
	equal "without: a route that leads nowhere is left" "$(nowhere)" 1
	configure fa1
	start_all fa1
	equal "without: the next start takes it away" "$(nowhere)" 0
	stop fa1
	check_clean fa1
}

denied() { # AGENT TEXT
	grep 'request-denied' "$LAB_DIR/$1.log" | grep -q "$2"
}

wrong_key() {
	protected 'protection="esp"'
	sed -i 's/key="hex:a0a1/key="hex:b0a1/' "$LAB_DIR/fa1.xml"
	rm -f "$LAB_DIR"/*.log
	start_all ha fa1 mn
	lab_move visit1
	check_wait "a wrong key: the agents do not agree" 10 \
		"shows ha protection 'any(.remote == \"10.0.2.2\" and .fault == \"wrong-key\")' ||
		 shows fa1 protection 'any(.fault == \"wrong-key\" or .fault == \"refused\")'"
	check_wait "a wrong key: the log says so" 5 \
		"grep -q 'keys-failed.*shared key' $LAB_DIR/ha.log $LAB_DIR/fa1.log"
	check_wait "a wrong key: a violation" 5 "shows ha violations 'length > 0' ||
		shows fa1 violations 'length > 0'"
	check_wait "a wrong key: the Request is denied, and the log says why" 10 \
		"denied fa1 'code=66.*no keys for ESP'"
	check_shows "a wrong key: counted" fa1 counters \
		'any(.counter == "request-no-keys" and .value > 0)'
	check_shows "a wrong key: no binding" ha bindings '. == []'
	configure fa1 's|<peer-agent \([^>]*\)>|<peer-agent \1 protection="esp">|' \
		's|</foreign-agent>|<esp/>&|'
	check "the right key is read" ctl fa1 reload
	check_wait "and all is well" 30 "node_is registered 10.0.2.2 && pings cn 10.1.0.10"
	stop_agents
}

# A home agent without keys denies too: the foreign agent here would relay in clear.
home_denies() {
	protected 'protection="esp"'
	configure fa1
	rm -f "$LAB_DIR"/*.log
	start_all ha fa1 mn
	lab_move visit1
	check_wait "an agent without ESP: denied by the home agent" 10 \
		"denied ha 'code=130.*no keys for ESP'"
	check_shows "an agent without ESP: no binding" ha bindings '. == []'
	stop_agents
}

# What the node requires, its home agent holds an agent to that would relay in clear.
node_requires() {
	protected 'protection="esp" policy="preferred"'
	sed -i 's|<node |<node protection="esp" |' "$LAB_DIR/ha.xml"
	configure fa1
	rm -f "$LAB_DIR"/*.log
	sniff node core fa1 ip
	start_all ha fa1 mn
	lab_move visit1
	check_wait "the node requires ESP, its agent has none: denied by the home agent" 10 \
		"denied ha 'code=130.*no keys for ESP'"
	check_shows "the node requires ESP, its agent has none: no binding" ha bindings '. == []'
	protected 'protection="esp"'
	sed -i 's|<node |<node protection="esp" |' "$LAB_DIR/ha.xml"
	ctl ha reload >/dev/null && ctl fa1 reload >/dev/null
	check_wait "its agent has it: served" 30 "node_is registered 10.0.2.2 && pings cn 10.1.0.10"
	sniff_end node
	equal "and not one packet was in clear" "$(in_clear node)" ""
	stop_agents
}

gone() {
	protected 'protection="esp"' 'dead-after="1"'
	start_all ha fa1 mn
	registered_at visit1 10.0.2.2
	kill -STOP "$(cat "$LAB_DIR/fa1.pid")"
	check_wait "a silent peer is noticed" 10 "! up ha 10.0.2.2"
	check "and logged" grep -q 'keys-lost.*remote=10.0.2.2' "$LAB_DIR/ha.log"
	check_not "meanwhile nothing passes" pings cn 10.1.0.10
	check_shows "what could not be protected is counted" ha protection \
		'any(.remote == "10.0.2.2" and ."no-association" > 0)'
	kill -CONT "$(cat "$LAB_DIR/fa1.pid")"
	check_wait "it is back: keys stand again" 20 "up ha 10.0.2.2"
	check_pings "and the node is reached" cn 10.1.0.10
	stop_agents
}

policies() {
	protected 'protection="esp" policy="preferred"'
	configure fa1
	start_all ha fa1 mn
	registered_at visit1 10.0.2.2
	check_pings "preferred, the other end without: in clear" cn 10.1.0.10
	check_shows "and that is counted" ha protection 'any(.remote == "10.0.2.2" and
		.policy == "preferred" and ."clear-out" > 0 and ."clear-in" > 0)'
	configure fa1 's|<peer-agent \([^>]*\)>|<peer-agent \1 protection="esp" policy="preferred">|'
	check "the other end is told to prefer it too" ctl fa1 reload
	check_wait "keys stand" 10 "up ha 10.0.2.2"
	sniff preferred core fa1 ip
	check_pings "preferred by both" cn 10.1.0.10
	sniff_end preferred
	equal "preferred by both: nothing in clear" "$(in_clear preferred)" ""
	configure fa1 's|<peer-agent \([^>]*\)>|<peer-agent \1 protection="esp" policy="off">|'
	ctl fa1 reload >/dev/null
	check_wait "off: the keys go" 10 "! up ha 10.0.2.2 && shows fa1 protection '. == []'"
	check_pings "off: in clear again" cn 10.1.0.10
	stop_agents
}

# Every algorithm, by itself and in UDP, with its options.
form() { # CAPTURE-FILTER ATTRIBUTES
	local what=${2//\"/}
	protected 'protection="esp"' "$2"
	sniff form core fa1 ip
	start_all ha fa1 mn
	registered_at visit1 10.0.2.2
	check_pings "$what: the node is reached" cn 10.1.0.10
	check_pings "$what: three kilobytes, in fragments" cn 10.1.0.10 -s 3000
	check_shows "$what: as configured" ha associations \
		"any(.kind == \"esp-in\" and .algorithm == \"$(sed 's/.*algorithm="\([^"]*\)".*/\1/' <<<"$2")\")"
	sniff_end form
	equal "$what: nothing in clear" "$(in_clear form)" ""
	# At least two each way: what goes in a run is recorded as one.
	check "$what: but this" test "$(recorded form "$1" | wc -l)" -ge 4
	stop_agents
}

forms() {
	form 'proto 50' 'algorithm="aes-128-gcm" carrier="raw"'
	form 'udp port 4500' 'algorithm="aes-256-gcm" esn="no" window="64"'
	form 'proto 50' 'algorithm="chacha20-poly1305" carrier="raw" window="4096"'
	form 'udp port 4501' 'algorithm="aes-128-cbc-hmac-sha-256" port="4501"'
	form 'proto 50' 'algorithm="aes-256-cbc-hmac-sha-256" carrier="raw" tfc="256"'
	form 'udp port 4500' 'algorithm="null-hmac-sha-256" esn="no"'
}

# Each end by what computes ESP there: the wish is the environment's.
engines() {
	local found=openssl
	ldd "$(command -v mip-ha)" | grep -q IPSec_MB && found=ipsec-mb
	protected 'protection="esp"' 'algorithm="aes-256-gcm"'
	SOJOURN_ESP_ENGINE=openssl start_all ha
	start_all fa1 mn
	registered_at visit1 10.0.2.2
	check_pings "two engines: the node is reached" cn 10.1.0.10 -s 1200
	check_shows "the home agent uses OpenSSL, as it was told" ha associations \
		'any(.kind == "esp-in") and all(.engine == "openssl" or .engine == null)'
	check_shows "the foreign agent uses what it found" fa1 associations \
		"any(.kind == \"esp-in\") and all(.engine == null or .engine == \"$found\")"
	stop_agents
}

# again PCAP: send what the foreign agent sent last once more, as it was, altered, and
# something in clear; by a raw socket, from its namespace.
again() {
	in_ns fa1 python3 - "$1" <<-'PYTHON'
		import socket, struct, sys
		data, at, last = open(sys.argv[1], "rb").read(), 24, None
		while at < len(data):
		    size = struct.unpack_from("<I", data, at + 8)[0]
		    packet = data[at + 16 + 14:at + 16 + size]
		    if packet[9] == 17 and packet[12:16] == bytes([10, 0, 2, 2]) \
		            and packet[22:24] == b"\x11\x94" and len(packet) > 100:
		        last = packet
		    at += 16 + size
		raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
		raw.sendto(last, ("10.1.0.1", 0))
		raw.sendto(last[:-1] + bytes([last[-1] ^ 1]), ("10.1.0.1", 0))
		# A number that has not come yet, so that it is the ICV that tells.
		raw.sendto(last[:35] + bytes([last[35] ^ 0x40]) + last[36:], ("10.1.0.1", 0))
		inner = bytes.fromhex("4500001400000000400100000a01000a0a000902")
		outer = bytes.fromhex("4500002c00000000402f00000a0002020a010001")
		raw.sendto(outer + b"\0\0\x08\0" + inner, ("10.1.0.1", 0))
	PYTHON
}

refused() { # REASON
	shows ha violations "any(.source == \"10.0.2.2\" and .reason == \"$1\")" &&
		grep -q "esp-refused.*reason=\"$1\"" "$LAB_DIR/ha.log"
}

attacked() {
	protected 'protection="esp"'
	rm -f "$LAB_DIR"/*.log
	start_all ha fa1 mn
	registered_at visit1 10.0.2.2
	sniff attacked core fa1 ip
	check_pings "a packet to repeat" cn 10.1.0.10
	sniff_end attacked
	check "it is sent again, altered, and in clear" again "$LAB_DIR/attacked.pcap"
	check_wait "the replay is refused, and told" 5 "refused 'replayed or too late'"
	check_wait "the altered one is refused, and told" 5 \
		"refused 'altered or forged: wrong ICV'"
	check_wait "what came in clear is refused, and told" 5 \
		"refused 'in clear where ESP is required'"
	check_shows "the association counts them" ha associations \
		'any(.kind == "esp-in" and .replays >= 1 and ."icv-failures" >= 1)'
	check_pings "and goes on" cn 10.1.0.10
	stop_agents
}

# What cannot be had at a reload leaves no peer in clear.
port_taken() {
	configure ha
	start_all ha
	lab_start squatter ha python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 4500))
time.sleep(60)'
	lab_wait 10 "in_ns ha grep -q ':1194 ' /proc/net/udp"
	protected 'protection="esp"'
	ctl ha reload >/dev/null
	check "another has the port: told" grep -q 'keys for ESP: .*in use' "$LAB_DIR/ha.log"
	check_shows "another has the port: all that need ESP wait" ha protection \
		'length == 2 and all(.policy == "required")'
	lab_stop squatter
	stop ha
}

# The keys that were used are known from the key log alone.
keys_in() { # FILE...
	local key
	for key in $key1 $(cut -d'"' -f12 "$LAB_DIR/esp_sa" | sed 's/^0x//' | cut -c1-32); do
		grep -l -i "$key" "$@"
	done
}

secrets() {
	local log=$LAB_DIR/esp_sa pid
	protected 'protection="esp"' 'esn="no"'
	sed -i "s|<esp |<keying key-log=\"$log\"/>&|" "$LAB_DIR/ha.xml"
	rm -f "$LAB_DIR"/*.log "$log"
	start_all ha fa1 mn
	registered_at visit1 10.0.2.2
	sniff secrets core fa1 ip
	check_pings "with a key log: the node is reached" cn 10.1.0.10
	sniff_end secrets
	equal "the key log is its owner's alone" "$(stat -c %a "$log")" 600
	check "its use is announced" grep -q 'warn: EVERY KEY OF ESP' "$LAB_DIR/ha.log"
	equal "it has both ways" "$(wc -l <"$log")" 2
	equal "tshark reads the capture with it" "$(WIRESHARK_CONFIG_DIR=$LAB_DIR \
		packets secrets 'icmp.type == 8 and ip.src == 10.0.9.2 and esp' \
		-o esp.enable_encryption_decode:TRUE)" 1
	equal "and every ICV is good" "$(WIRESHARK_CONFIG_DIR=$LAB_DIR \
		packets secrets 'esp.icv_good == 1' -o esp.enable_encryption_decode:TRUE \
		-o esp.enable_authentication_check:TRUE)" 2
	ctl ha rekey all >/dev/null
	check_wait "new keys are in it too" 5 "[ \$(wc -l <'$log') -ge 4 ]"
	for what in status protection associations tunnels counters violations; do
		rows ha $what
		ctl ha show $what
	done >"$LAB_DIR/shown"
	equal "keys are in no log and in no answer" \
		"$(keys_in "$LAB_DIR"/ha.log "$LAB_DIR"/fa1.log "$LAB_DIR"/shown)" ""
	for agent in ha fa1 mn; do
		pid=$(cat "$LAB_DIR/$agent.pid")
		equal "$agent leaves no core" "$(awk '/Max core/ { print $5, $6 }' "/proc/$pid/limits")" "0 0"
	done
	stop ha
	ln -sf "$LAB_DIR/elsewhere" "$log"
	start_all ha
	check "a link is not followed" grep -q 'no key is logged' "$LAB_DIR/ha.log"
	check_not "and nothing is written there" test -e "$LAB_DIR/elsewhere"
	stop_agents
}

story_begin tcpdump tshark python3
for part in ${ESP_PARTS:-roam forms engines attacked narrow said killed held link_back renamed unstarted stopped without wrong_key home_denies node_requires gone policies port_taken secrets}; do
	$part
done
tap_done
