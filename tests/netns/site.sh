#!/bin/bash
# A site tunnel joins two networks, one end in a home agent, the other in a foreign
# agent: hosts behind reach each other by every encapsulation and every option of GRE;
# nothing else passes, and a peer with the wrong key is dropped and counted.  A dead
# end is noticed and told, whoever it is that answers for it.
#
#   host 10.8.0.2 --- 10.8.0.1 ha ==== core ==== fa1 10.9.0.1 --- 10.9.0.2 mn
. "$(dirname "$0")/lib_story.sh"

behind() { # HOST ADDRESS ROUTER ROUTER-ADDRESS OTHER-NETWORK
	_lab_link "$1" site "$2/24" "$3" site "$4/24" &&
		ip -n "$LAB-$1" route add "$5" via "$4"
}

join() { # ENCAPSULATION-AND-OPTIONS [OF-THE-OTHER-END]
	local ha_end=$1 fa_end=${2:-$1}
	configure ha "s|</home-agent>|<site-tunnel name=\"branch\" local=\"10.0.1.2\" remote=\"10.0.2.2\" $ha_end><local subnet=\"10.8.0.0/24\"/><remote subnet=\"10.9.0.0/24\"/></site-tunnel>&|"
	configure fa1 "s|</foreign-agent>|<site-tunnel name=\"head\" local=\"10.0.2.2\" remote=\"10.0.1.2\" $fa_end><local subnet=\"10.9.0.0/24\"/><remote subnet=\"10.8.0.0/24\"/></site-tunnel>&|"
	start_all ha fa1
}

part() {
	stop ha
	stop fa1
}

traffic() { # NAME: a TCP stream and numbered UDP for a second
	config "traffic-$1" <<-XML
		<scenario name="$1" title="joined sites" duration="800ms">
		  <end name="a" netns="$LAB-host" address="10.8.0.2"/>
		  <end name="b" netns="$LAB-mn" address="10.9.0.2"/>
		  <udp name="there" from="a" to="b" port="5001" interval="5ms" size="1400"/>
		  <udp name="back" from="b" to="a" port="5002" interval="5ms" size="64"/>
		  <tcp name="stream" from="b" to="a" port="5003" rate="1000000"/>
		</scenario>
	XML
	mn-sim scenario --quiet --out "$LAB_DIR" "$LAB_DIR/traffic-$1.xml"
}

joined() { # NAME CAPTURE-FILTER ENCAPSULATION-AND-OPTIONS
	join "$3"
	sniff "$1" core ha ip
	check_pings "$1: from one site to the other" host 10.9.0.2
	check_pings "$1: and the other way" mn 10.8.0.2
	check_pings "$1: three kilobytes, in fragments" host 10.9.0.2 -s 3000
	check "$1: a stream and numbered packets" traffic "$1"
	equal "$1: none was lost" "$(jq '[.flows[].total.lost] | add' "$LAB_DIR/run-$1.json")" 0
	check_shows "$1: the tunnel counts them" ha tunnels \
		'any(.use == "site" and ."packets-in" > 100 and ."packets-out" > 100)'
	sniff_end "$1"
	equal "$1: on the way only packets of this form" "$(recorded "$1" \
		"not (host 10.0.1.2 and host 10.0.2.2 and ($2))" | head -n 5)" ""
	check "$1: both ways" eval "[ $(recorded "$1" "src 10.0.1.2" | wc -l) -gt 100 ] &&
		[ $(recorded "$1" "dst 10.0.1.2" | wc -l) -gt 100 ]"
	part
	check_clean ha fa1
}

# Flags and version of GRE: C 0x8000, K 0x2000, S 0x1000.
gre() { echo "proto 47 and ip[20:2] = $1"; }

dropped() { # DESCRIPTION NAME REASON COMMAND...: the command fails, counted so
	local what=$1 name=$2 reason=$3 before
	shift 3
	before=$(counter "$name" "$reason")
	check_not "$what does not pass" "$@"
	check_wait "$what: counted as $reason" 5 "count_above $name $reason $before"
}

# What is in neither subnet; strangers at either end; and what is no way in.
nothing_else() {
	join 'encapsulation="gre" gre-key="42"'
	dropped "a source outside the local subnet" ha site-source \
		pings host 10.9.0.2 -I 10.1.0.2
	ip -n "$LAB-ha" route add 10.77.0.0/24 dev mip-ha0
	ip -n "$LAB-host" route add 10.77.0.0/24 via 10.8.0.1
	dropped "a destination outside the remote subnet" ha no-route pings host 10.77.0.2
	throw "from a stranger" no-tunnel cn 10.0.9.2 42 10.9.0.2 10.8.0.2
	throw "with an inner source from elsewhere" site-inner fa1 10.0.2.2 42 10.77.0.2 10.8.0.2
	throw "with an inner destination elsewhere" site-inner fa1 10.0.2.2 42 10.9.0.2 10.0.9.2
	throw "with another key" bad-key fa1 10.0.2.2 43 10.9.0.2 10.8.0.2
	part
}

# throw WHAT REASON NAMESPACE OUTER-SOURCE KEY INNER-SOURCE INNER-DESTINATION
throw() {
	local before
	before=$(counter ha "$2")
	sniff heard host site icmp
	in_ns "$3" "$scapy" - "${@:4}" <<-'PYTHON' >/dev/null 2>&1
		import sys
		from scapy.all import ICMP, GRE, IP, send
		outer, key, source, destination = sys.argv[1:]
		inner = IP(src=source, dst=destination) / ICMP()
		send(IP(src=outer, dst="10.0.1.2") / GRE(key_present=1, key=int(key)) / inner,
		     verbose=False)
	PYTHON
	check_wait "a packet $1 is counted as $2" 5 "count_above ha $2 $before"
	sniff_end heard
	equal "a packet $1 is not heard behind the tunnel" "$(recorded heard icmp)" ""
}

wrong_key() {
	join 'encapsulation="gre" gre-key="42"' 'encapsulation="gre" gre-key="43"'
	dropped "with other keys at the ends, a packet" fa1 bad-key pings host 10.9.0.2
	dropped "with other keys at the ends, the other way, a packet" ha bad-key \
		pings mn 10.8.0.2
	configure fa1 "s|</foreign-agent>|<site-tunnel name=\"head\" local=\"10.0.2.2\" remote=\"10.0.1.2\" encapsulation=\"gre\" gre-key=\"42\"><local subnet=\"10.9.0.0/24\"/><remote subnet=\"10.8.0.0/24\"/></site-tunnel>&|"
	check "the key is set right while the agent runs" ctl fa1 reload
	check_pings "and packets pass" host 10.9.0.2
	part
	check_clean ha fa1
}

tunnel_is() { shows ha tunnels "any(.name == \"branch\" and .state == \"$1\")"; }

# told EVENT: by ha, in its log and to who watches, with the name and the ends.
told() {
	grep -q "$1 name=branch local=10.0.1.2 remote=10.0.2.2 encapsulation=" \
		"$LAB_DIR/ha.log" &&
		jq -es "any(.event == \"$1\" and .name == \"branch\" and
			.remote == \"10.0.2.2\")" "$LAB_DIR/watch.log" >/dev/null
}

# dead WHAT HOW-IT-DIES HOW-IT-COMES-BACK: seen from ha.
dead() {
	lab_start watch ha mipctl -s "$LAB_DIR/ha.sock" --json watch
	check_wait "$1: the other end lives" 20 "tunnel_is up"
	check "$1: mipctl calls it by its name" eval \
		"mipctl -s '$LAB_DIR/ha.sock' show tunnels | grep -q '^branch .* up '"
	eval "$2"
	check_wait "$1: noticed" 30 "tunnel_is down"
	check_wait "$1: told" 5 "told tunnel-dead"
	check "$1: with the reason" grep -q 'tunnel-dead .*reason="no answer to probes"' \
		"$LAB_DIR/ha.log"
	eval "$3"
	check_wait "$1: it is back" 30 "tunnel_is up"
	check_wait "$1: that is told too" 5 "told tunnel-alive"
	check_pings "$1: and packets pass" host 10.9.0.2
	lab_stop watch TERM
	rm -f "$LAB_DIR/watch.log" "$LAB_DIR/ha.log"
}

noticed() {
	join 'encapsulation="gre" gre-key="42" dead-after="3"'
	dead "a gateway that hangs" "kill -STOP \$(cat $LAB_DIR/fa1.pid)" \
		"kill -CONT \$(cat $LAB_DIR/fa1.pid)"
	part
	join 'encapsulation="ipip" probe="10.9.0.2" dead-after="3"' \
		'encapsulation="ipip" probe="off"'
	sniff asked mn site icmp
	dead "a wire that is cut, a host is asked" "ip -n $LAB-core link set fa1 down" \
		"ip -n $LAB-core link set fa1 up"
	sniff_end asked
	check "the host was asked by the gateway, from its address inside" eval \
		"[ $(recorded asked "src 10.8.0.1 and dst 10.9.0.2" | wc -l) -gt 0 ]"
	check_shows "who asks nobody knows what comes" fa1 tunnels \
		'any(.name == "head" and .state == "up" and .probes == 0)'
	check "whom to ask is changed while the agent runs" configure_and_reload
	check_wait "an address where nobody is does not answer" 30 "tunnel_is down"
	part
	check_clean ha fa1
}

configure_and_reload() {
	sed -i 's/probe="10.9.0.2"/probe="10.9.0.77"/' "$LAB_DIR/ha.xml" && ctl ha reload
}

story_begin tcpdump scapy
behind host 10.8.0.2 ha 10.8.0.1 10.9.0.0/24
behind mn 10.9.0.2 fa1 10.9.0.1 10.8.0.0/24
joined gre "$(gre 0)" 'encapsulation="gre"'
joined gre-all "$(gre 0xb000)" \
	'encapsulation="gre" gre-key="0x2a" gre-checksum="yes" gre-sequence="yes"'
joined ipip "proto 4" 'encapsulation="ipip"'
joined minimal "proto 55 or proto 4" 'encapsulation="minimal"'
nothing_else
wrong_key
noticed
tap_done
