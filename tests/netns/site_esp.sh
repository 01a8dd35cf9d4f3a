#!/bin/bash
# Two gateways join two networks each by ESP, with GRE or IP-in-IP inside: by keys from
# what they share, by certificates, or given by hand.  A dead peer is noticed and shown,
# and nothing of the networks is ever in clear between them.
#
#   host 10.8.0.2 --- 10.8.0.1 ha ==== core ==== fa1 10.9.0.1 --- 10.9.0.2 mn
#        10.18.0.2 -- 10.18.0.1               10.19.0.1 --- 10.19.0.2
. "$(dirname "$0")/lib_story.sh"

behind() { # HOST NAME ADDRESS ROUTER ROUTER-ADDRESS OTHER-NETWORK
	_lab_link "$1" "$2" "$3/24" "$4" "$2" "$5/24" &&
		ip -n "$LAB-$1" route add "$6" via "$5"
}

# gateway NAME OWN OTHER NET1 NET2 FAR1 FAR2 ENCAPSULATION ELEMENTS
gateway() {
	config "$1" <<-XML
		<home-agent address="$2">
		  <control socket="$LAB_DIR/$1.sock"/>
		  <site-tunnel name="branch" local="$2" remote="$3" encapsulation="$8" dead-after="3">
		    <local subnet="$4"/><local subnet="$5"/>
		    <remote subnet="$6"/><remote subnet="$7"/>
		  </site-tunnel>
		  $9
		</home-agent>
	XML
}

west=10.0.1.2 east=10.0.2.2

join() { # ENCAPSULATION WEST-ELEMENTS EAST-ELEMENTS
	gateway ha1 $west $east 10.8.0.0/24 10.18.0.0/24 10.9.0.0/24 10.19.0.0/24 "$1" "$2"
	gateway ha2 $east $west 10.9.0.0/24 10.19.0.0/24 10.8.0.0/24 10.18.0.0/24 "$1" "$3"
	rm -f "$LAB_DIR"/*.log
	sniff "site" core ha ip
	start ha1 ha || story_abort "ha1 did not start"
	start ha2 fa1 || story_abort "ha2 did not start"
}

part() {
	stop ha1
	equal "$1: the one end stops cleanly" $? 0
	stop ha2
	equal "$1: the other too" $? 0
	sniff_end site
	equal "$1: nothing else between the gateways" "$(recorded site \
		"not (host $west and host $east and (proto 50 or udp port 4500 or tcp port 434)) and not icmp[0] = 3" |
		head -n 5)" ""
	check_clean ha fa1
}

tunnel_is() { # STATE
	shows ha1 tunnels "any(.use == \"site\" and .esp == \"$1\" and .policy == \"required\")"
}

lives() { # STATE
	shows ha1 tunnels "any(.name == \"branch\" and .state == \"$1\")"
}

joined() { # NAME
	check_wait "$1: the tunnel is up" 10 "tunnel_is up"
	check_wait "$1: and its other end lives" 20 "lives up"
	check_shows "$1: its associations have its name" ha1 associations \
		'map(select(.kind | startswith("esp"))) | length > 0 and all(.sites == ["branch"])'
	check_pings "$1: from one site to the other" host 10.9.0.2
	check_pings "$1: and the other way" mn 10.8.0.2
	check_pings "$1: the second subnets" host 10.19.0.2 -I 10.18.0.2
	check_pings "$1: three kilobytes, in fragments" host 10.9.0.2 -s 3000
}

traffic() { # NAME
	config "traffic-$1" <<-XML
		<scenario name="$1" title="joined sites" duration="1500ms">
		  <end name="a" netns="$LAB-host" address="10.8.0.2"/>
		  <end name="b" netns="$LAB-mn" address="10.9.0.2"/>
		  <udp name="there" from="a" to="b" port="5001" interval="2ms" size="1300"/>
		  <udp name="back" from="b" to="a" port="5002" interval="2ms" size="64"/>
		  <tcp name="stream" from="b" to="a" port="5003" rate="1000000"/>
		</scenario>
	XML
	mn-sim scenario --quiet --out "$LAB_DIR" "$LAB_DIR/traffic-$1.xml"
}

shared() { # OTHER
	echo "<peer-agent address=\"$1\" protection=\"esp\"><association spi=\"300\" key=\"text:what the two gateways share\"/></peer-agent>"
}

# A gateway that dies without a word does not leave its kernel to send by itself, not by
# another route to that network either.
killed() {
	ip -n "$LAB-ha" route add 10.9.0.0/24 via 10.0.1.1 metric 100
	lab_start flood host ping -n -q -i 0.02 10.9.0.2
	lab_stop ha1 KILL
	sleep 0.3
	lab_stop flood INT
	equal "$1, killed: nothing of the sites is in clear" \
		"$(recorded site "host 10.9.0.2" | head -n 5)" ""
	lab_start routes ha ip monitor route
	start ha1 ha || story_abort "ha1 did not start again"
	lab_stop routes TERM
	equal "$1, killed: nor is there a moment of its start in which it would" \
		"$(grep 'Deleted unreachable' "$LAB_DIR/routes.log")" ""
	check_wait "$1, killed: it comes back" 20 "tunnel_is up && pings host 10.9.0.2"
	ip -n "$LAB-ha" route del 10.9.0.0/24 via 10.0.1.1 metric 100
}

# One that is ended leaves nothing; what shall not pass then is the operator's to say.
ended() {
	ip -n "$LAB-ha" route add unreachable 10.9.0.0/24 metric 2
	check_pings "$1: a route behind ours stops nothing meanwhile" host 10.9.0.2
	lab_start flood host ping -n -q -i 0.02 10.9.0.2
	stop ha1
	sleep 0.3
	lab_stop flood INT
	equal "$1, ended: by it nothing is in clear" \
		"$(recorded site "host 10.9.0.2" | head -n 5)" ""
	start ha1 ha || story_abort "ha1 did not start again"
	ip -n "$LAB-ha" route del unreachable 10.9.0.0/24 metric 2
}

# A network behind the other gateway is narrower than the tunnel.  The gateway's own
# address is none of the site's.
narrow() {
	ip -n "$LAB-fa1" link set site mtu 900
	check "$1: a host behind the other gateway hears what fits" eval \
		"in_ns host ping -n -c 1 -W 1 -M do -s 1300 10.9.0.2 2>&1 | grep -q 'mtu = 900'"
	check_pings "$1: and that does" host 10.9.0.2 -M "do" -s 872
	ip -n "$LAB-fa1" link set site mtu 1500
	in_ns host ip route flush cache
}

by_association() {
	local esp='<esp rekey-seconds="1" dead-after="1"/>'
	join gre "$(shared $east)$esp" "$(shared $west)$esp"
	joined association
	check "association: a stream and packets, while keys change" traffic association
	equal "association: none was lost" \
		"$(jq '[.flows[].total.lost] | add' "$LAB_DIR/run-association.json")" 0
	narrow association
	kill -STOP "$(cat "$LAB_DIR/ha2.pid")"
	check_wait "association: a dead peer is noticed" 10 "tunnel_is down"
	check "association: and logged" grep -q 'keys-lost' "$LAB_DIR/ha1.log"
	check_wait "association: so is the tunnel" 20 \
		"lives down && grep -q 'tunnel-dead name=branch' $LAB_DIR/ha1.log"
	check_not "association: nothing passes" pings host 10.9.0.2
	kill -CONT "$(cat "$LAB_DIR/ha2.pid")"
	check_wait "association: it is back" 20 "tunnel_is up && pings host 10.9.0.2"
	killed association
	ended association
	part association
}

# An authority, and certificates that have the gateways' addresses.
certificates() {
	local name address
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-keyout "$LAB_DIR/ca.key" -out "$LAB_DIR/ca.pem" -subj /CN=authority 2>/dev/null
	for name in west east other; do
		address=$west
		[ $name = east ] && address=$east
		[ $name = other ] && address=10.0.77.1
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
			-keyout "$LAB_DIR/$name.key" -out "$LAB_DIR/$name.csr" \
			-subj "/CN=$name" 2>/dev/null
		printf 'subjectAltName=IP:%s\n' $address >"$LAB_DIR/$name.ext"
		openssl x509 -req -in "$LAB_DIR/$name.csr" -CA "$LAB_DIR/ca.pem" \
			-CAkey "$LAB_DIR/ca.key" -CAcreateserial -days 2 \
			-extfile "$LAB_DIR/$name.ext" -out "$LAB_DIR/$name.pem" 2>/dev/null
		chmod 600 "$LAB_DIR/$name.key"
	done
}

keying() { # NAME
	echo "<keying certificate=\"$1.pem\" private-key=\"$1.key\" authorities=\"ca.pem\"/>"
}

by_certificate() {
	certificates
	join ipip "$(shared $east)$(keying west)" "$(shared $west)$(keying east)"
	joined certificate
	check_shows "certificate: shown as such" ha1 protection '.[0].keys == "certificate"'
	part certificate
	join ipip "$(shared $east)$(keying west)" "$(shared $west)$(keying other)"
	check_wait "a certificate of somebody else: no agreement" 10 \
		"grep -q 'keys-failed.*certificate' $LAB_DIR/ha1.log $LAB_DIR/ha2.log"
	check "a certificate of somebody else: the tunnel is down" tunnel_is down
	check_not "a certificate of somebody else: nothing passes" pings host 10.9.0.2
	part "a certificate of somebody else"
	cp "$LAB_DIR/east.key" "$LAB_DIR/other.key"
	check "a key that is not the certificate's: told before it starts" eval \
		"mip-ha -t -c '$LAB_DIR/ha2.xml' 2>&1 | grep -q 'keying/@certificate: '"
}

# reloaded ELEMENTS-OF-WEST ELEMENTS-OF-EAST
reloaded() {
	gateway ha1 $west $east 10.8.0.0/24 10.18.0.0/24 10.9.0.0/24 10.19.0.0/24 gre "$1"
	gateway ha2 $east $west 10.9.0.0/24 10.19.0.0/24 10.8.0.0/24 10.18.0.0/24 gre "$2"
	ctl ha1 reload >/dev/null && ctl ha2 reload >/dev/null
}

manual_sas() { rows ha1 associations | jq '[.[] | select(.spi == "0x00001001")] | length'; }

by_hand() {
	local one two
	one=$(printf '1a%.0s' {1..32}) two=$(printf '2b%.0s' {1..32})
	local by_hand1="<manual-esp peer=\"$east\" spi-in=\"0x1001\" spi-out=\"0x1002\" key-in=\"hex:$one\" key-out=\"hex:$two\" integrity-key-in=\"hex:$two\" integrity-key-out=\"hex:$one\"/>"
	local by_hand2="<manual-esp peer=\"$west\" spi-in=\"0x1002\" spi-out=\"0x1001\" key-in=\"hex:$two\" key-out=\"hex:$one\" integrity-key-in=\"hex:$one\" integrity-key-out=\"hex:$two\"/>"
	join gre "$by_hand1" "$by_hand2"
	joined manual
	check "manual: keys are to be agreed on from now" \
		reloaded "$(shared $east)" "$(shared $west)"
	equal "manual: nothing is left of those by hand" "$(manual_sas)" 0
	check_wait "manual: keys are agreed on" 20 "shows ha1 protection '.[0].state == \"up\"'"
	check_pings "manual: from one site to the other, by these" host 10.9.0.2
	check "manual: and back" reloaded "$by_hand1" "$by_hand2"
	check_pings "manual: from one site to the other, by hand" host 10.9.0.2
	check "manual: and a home network" \
		reloaded "$by_hand1<home-network prefix=\"10.8.0.0/24\" interface=\"site\"/>" "$by_hand2"
	check_wait "manual: the other end lives" 30 "lives up"
	kill -STOP "$(cat "$LAB_DIR/ha2.pid")"
	check_wait "manual: a dead peer is noticed, and logged" 30 "lives down &&
		grep -q 'tunnel-dead name=branch .*no answer to probes' $LAB_DIR/ha1.log"
	kill -CONT "$(cat "$LAB_DIR/ha2.pid")"
	check_wait "manual: it is back, and logged" 30 "lives up && pings host 10.9.0.2 &&
		grep -q 'tunnel-alive name=branch' $LAB_DIR/ha1.log"
	killed manual
	check_shows "manual: one association each way" ha1 associations \
		'[.[] | select(.kind | startswith("esp"))] | length == 2'
	part manual
}

story_begin tcpdump openssl
behind host site 10.8.0.2 ha 10.8.0.1 10.9.0.0/24 || story_abort "no links"
behind host site2 10.18.0.2 ha 10.18.0.1 10.19.0.0/24 || story_abort "no links"
behind mn site 10.9.0.2 fa1 10.9.0.1 10.8.0.0/24 || story_abort "no links"
behind mn site2 10.19.0.2 fa1 10.19.0.1 10.18.0.0/24 || story_abort "no links"
by_association
by_certificate
by_hand
tap_done
