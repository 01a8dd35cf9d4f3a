#!/bin/bash
# A bad world: bad registrations, tunnel packets and ICMP errors at all sides, from
# strangers and in the name of peers, while a node roams with its streams.  The agents
# live, count each under its reason, bind nothing, and serve on.
. "$(dirname "$0")/lib_story.sh"

seed=${SEED:-$RANDOM}
lab_say "seed of the noise: $seed (SEED=$seed repeats it)"

storm() { # HOST ARGUMENT...
	local host=$1
	shift
	in_ns "$host" python3 "$story_dir/storm.py" "$@"
}

counted() { # NAME COUNTER...
	local name=$1 counter
	shift
	for counter; do
		check_wait "$name counted: $counter" 5 "count_above $name $counter 0"
	done
}

alive() { # WHEN
	local name
	for name in ha fa1 fa2 mn; do
		check "$1: $name lives, and answers" eval "lab_running $name && answers $name"
	done
}

sound() { # WHEN: nothing of it was believed
	check_shows "$1: one binding, of the node" ha bindings \
		'length == 1 and .[0].home == "10.1.0.10" and .[0]."care-of" == "10.0.2.2"'
	check_shows "$1: one visitor, the node" fa1 visitors \
		'length == 1 and .[0].home == "10.1.0.10"'
	check_pings "$1: the node is reached" cn 10.1.0.10
	check_pings "$1: it reaches others" mn 10.0.9.2
}

registrations() {
	storm cn registrations 10.1.0.1
	storm cn registrations 10.0.2.2
	storm air registrations 10.2.0.1 --link visit1
	storm air registrations 255.255.255.255 --link visit1
	storm air registrations 10.1.0.1 --link home
	storm cn registrations 10.1.0.10
	alive "bad registrations"
	sound "bad registrations"
	counted ha malformed type extension unknown-node no-authentication unknown-spi \
		bad-authenticator rate udp-oversized link-bad-udp link-bad-arp \
		solicitations-bad
	counted fa1 request-short message-type-unknown request-unknown-extension \
		request-rate request-not-from-served-link reply-unmatched link-bad-udp \
		link-bad-ipv4
	equal "no reply accepted any" "$(counter ha accepted)" "$accepted"
	check "what the node did not ask for it did not take" count_above mn replies 0
}

tunnels() {
	sniff astray cn eth0 "udp port 9"
	storm cn tunnels 10.1.0.1 10.0.2.2 10.1.0.10
	storm cn tunnels 10.0.2.2 10.1.0.1 10.1.0.10
	alive "bad tunnel packets"
	sound "bad tunnel packets"
	sniff_end astray
	equal "none of the inner packets came out for others" \
		"$(recorded astray 'not src 10.1.0.10')" ""
	counted ha no-tunnel bad-key gre-short gre-version gre-flags gre-protocol \
		inner-version inner-short inner-header-length inner-total-length \
		inner-checksum spoofed icmp-unsound icmp-unknown
	counted fa1 no-tunnel bad-key gre-short gre-version gre-flags gre-protocol \
		inner-version inner-header-length inner-total-length inner-checksum \
		not-visitor ttl-expired ttl-zero
	# Whoever knows both ends can claim that the way between them is narrow: RFC 1191
	# believes down to 68.  It costs fragments, not service.
	check_shows "forged errors lower the MTU no further than 68" ha tunnels '.[0].mtu >= 68'
	check_pings "and large packets still arrive" cn 10.1.0.10 -s 1400 -M dont
}

# Noise at all sides while the node moves and its streams go on.
roaming() {
	config roam <<-XML
		<scenario name="noise" title="roaming in a bad world" duration="4500ms"
		          cable="cable" cable-netns="$LAB-air">
		  <end name="correspondent" netns="$LAB-cn" address="10.0.9.2"/>
		  <end name="node" netns="$LAB-mn" address="10.1.0.10"/>
		  <udp name="to-node" from="correspondent" to="node" port="5001" interval="10ms"/>
		  <udp name="from-node" from="node" to="correspondent" port="5002" interval="10ms"/>
		  <tcp name="stream" from="correspondent" to="node" port="5003" rate="100000"/>
		  <move at="1s" to="visit2" label="visit2" expect="registered"/>
		  <move at="2s" to="home" label="home" expect="deregistered"/>
		  <move at="3s" to="visit1" label="visit1" expect="registered"/>
		  <watch name="mn" control="$LAB_DIR/mn.sock" node="yes"/>
		</scenario>
	XML
	lab_start noise-ha cn python3 "$story_dir/storm.py" noise 10.1.0.1 10.0.2.2 \
		--seconds 4.5 --seed "$seed"
	lab_start noise-fa1 cn python3 "$story_dir/storm.py" noise 10.0.2.2 10.1.0.1 \
		--seconds 4.5 --seed "$((seed + 1))"
	lab_start noise-fa2 cn python3 "$story_dir/storm.py" noise 10.0.3.2 10.1.0.1 \
		--seconds 4.5 --seed "$((seed + 2))"
	lab_start noise-mn cn python3 "$story_dir/storm.py" noise 10.1.0.10 10.1.0.1 \
		--seconds 4.5 --seed "$((seed + 3))"
	check "noise: every move registers, the stream arrives whole" \
		mn-sim scenario --quiet --out "$LAB_DIR" "$LAB_DIR/roam.xml"
	equal "noise: no flow lost more than the moves cost" "$(jq '[.flows[] |
		select(.total.received < .total.sent * 0.75)] | length' \
		"$LAB_DIR/run-noise.json")" 0
	check_wait "the noise ends" 10 "! lab_running noise-ha && ! lab_running noise-fa1 &&
		! lab_running noise-fa2 && ! lab_running noise-mn"
	alive noise
	sound noise
}

story_begin tcpdump python3
for name in ha fa1 fa2 mn; do
	configure $name 's/log level="debug"/log level="info"/'
done
start_all ha fa1 fa2 mn
check "the node registers" move_to visit1
accepted=$(counter ha accepted)
registrations
tunnels
roaming
for name in mn fa1 fa2 ha; do
	stop $name
	equal "$name ends cleanly" $? 0
done
check_clean mn fa1 fa2 ha
tap_done
