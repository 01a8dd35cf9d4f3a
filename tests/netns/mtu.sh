#!/bin/bash
# What does not fit, by each encapsulation: the exact ICMP message that its sender gets,
# fragments where DF is clear, a narrower backbone that is learned, TCP segment sizes
# that are lowered; and the ECN and DSCP marks outside and inside (RFC 6040, 2983).
. "$(dirname "$0")/lib_story.sh"

# Sent with DF and one octet over the tunnel's MTU, out of 1500.
told() { # ENCAPSULATION TUNNEL-MTU
	sniff "told-$1" cn eth0 icmp
	check "$1: what just fits passes with DF" pings cn 10.1.0.10 -M "do" -s $(($2 - 28))
	check_not "$1: one octet more does not" pings cn 10.1.0.10 -M "do" -s $(($2 - 27))
	sniff_end "told-$1"
	equal "$1: its sender is told so by ICMP 3, code 4, with the MTU, by the home agent" \
		"$(fields "told-$1" 'icmp.type == 3' ip.src icmp.code icmp.mtu |
			awk -F'\t' '{ split($1, from, ","); split($2, code, ",");
				print from[1], code[1], $3 }')" "10.1.0.1 4 $2"
	equal "$1: and it quotes the packet soundly" \
		"$(packets "told-$1" 'icmp.type == 3 && (_ws.malformed || icmp.checksum.status == 0)')" 0
	ip -n "$LAB-cn" route flush cache
	check "$1: without DF it is cut and arrives whole" \
		pings cn 10.1.0.10 -M dont -s 3000
	check "$1: the node's are, too" pings mn 10.0.9.2 -M dont -s 3000
	check_shows "$1: that MTU is shown" ha tunnels "any(.mtu == $2)"
}

each() { # ENCAPSULATION TUNNEL-MTU
	configure mn "s/encapsulation=\"gre\"/encapsulation=\"$1\"/"
	ctl mn reload >/dev/null 2>&1 || start_all mn
	check_wait "$1: the node registers" 10 "shows ha bindings '.[0].encapsulation == \"$1\"' &&
		pings cn 10.1.0.10"
	told "$1" "$2"
}

# The way to the first foreign agent is narrowed under a tunnel in use.
narrow() {
	local mtu
	for mtu in 1400 1300; do
		ip -n "$LAB-core" link set fa1 mtu $mtu
		ip -n "$LAB-fa1" link set core mtu $mtu
		check_wait "narrowed to $mtu: the home agent learns it" 10 \
			"pings cn 10.1.0.10 -M do -s 1200; in_ns cn ping -n -q -c 1 -W 0.2 -M dont \
			-s 1448 10.1.0.10 >/dev/null; shows ha tunnels '.[0].mtu == $mtu - 24'"
		check_pings "narrowed to $mtu: large packets arrive in fragments" \
			cn 10.1.0.10 -M dont -s 3000
	done
	check "the lowering is counted" count_above ha mtu-lowered 1
	check "and the ICMP messages that told of it" count_above ha icmp-heard 1
	ip -n "$LAB-core" link set fa1 mtu 1500
	ip -n "$LAB-fa1" link set core mtu 1500
}

clamped() {
	configure ha 's|<home-network|<tunnel mss-clamp="auto"/>&|'
	configure fa1 's|<node |<tunnel mss-clamp="auto"/>&|'
	stop ha
	stop fa1
	start_all ha fa1
	check_wait "clamped: the node is served" 10 "pings cn 10.1.0.10"
	sniff clamped mn radio0 "tcp[tcpflags] & tcp-syn != 0"
	config segments <<-XML
		<scenario name="segments" title="clamped" duration="500ms">
		  <end name="correspondent" netns="$LAB-cn" address="10.0.9.2"/>
		  <end name="node" netns="$LAB-mn" address="10.1.0.10"/>
		  <tcp name="stream" from="correspondent" to="node" port="5003" rate="1000000"/>
		</scenario>
	XML
	sniff clamped-cn cn eth0 "tcp[tcpflags] & tcp-syn != 0"
	check "clamped: a stream arrives whole" \
		mn-sim scenario --quiet --out "$LAB_DIR" "$LAB_DIR/segments.xml"
	sniff_end clamped
	sniff_end clamped-cn
	equal "clamped: the node hears a segment size that fits" \
		"$(fields clamped 'ip.src == 10.0.9.2' tcp.options.mss_val)" 1436
	equal "clamped: and so does the correspondent" \
		"$(fields clamped-cn 'ip.src == 10.1.0.10' tcp.options.mss_val)" 1436
	check "clamped: it is counted" count_above ha mss-clamped 0
}

marks() {
	local tos
	sniff marks core fa1 "proto 47"
	for tos in 0x00 0x01 0x02 0x03 0xb8 0xba; do
		pings cn 10.1.0.10 -Q $tos
	done
	sniff_end marks
	equal "marks outside are as inside, there and back" \
		"$(fields marks 'icmp' ip.dsfield | tr ',' ' ' | awk '$1 != $2' | wc -l)" 0
	equal "all of them were seen" "$(fields marks 'icmp.type == 8' ip.dsfield | sort -u |
		xargs)" "0x00,0x00 0x01,0x01 0x02,0x02 0x03,0x03 0xb8,0xb8 0xba,0xba"
}

# Congestion on the backbone: a mark outside that the inner packet has not yet.
congestion() {
	local before
	before=$(counter fa1 ecn)
	sniff congestion mn radio0 "icmp[0] = 8"
	in_ns ha "$scapy" - <<-'PYTHON' >/dev/null 2>&1
		from scapy.all import GRE, ICMP, IP, send
		for inner in 2, 1, 3, 0:
		    send(IP(src="10.1.0.1", dst="10.0.2.2", tos=3) / GRE() /
		         IP(src="10.0.9.2", dst="10.1.0.10", tos=inner) / ICMP(id=100 + inner),
		         verbose=False)
	PYTHON
	check_wait "a mark that its sender could not know: dropped and counted" 5 \
		"count_above fa1 ecn $before"
	sniff_end congestion
	equal "the others arrive with the mark" \
		"$(fields congestion 'icmp.type == 8' icmp.ident ip.dsfield.ecn | sort | xargs)" \
		"101 3 102 3 103 3"
}

story_begin tcpdump tshark scapy
configure ha
configure fa1
lab_move visit1
start_all ha fa1
each gre 1476
each ipip 1480
each minimal 1488
each gre 1476
narrow
clamped
marks
congestion
for agent in mn fa1 ha; do
	stop $agent
done
check_clean mn fa1 ha
tap_done
