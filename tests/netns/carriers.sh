#!/bin/bash
# Tunnels in UDP, where nothing else passes: GRE (RFC 8086), the others as tunnel data of
# Mobile IP (RFC 3519), of roaming nodes and between sites.
. "$(dirname "$0")/lib_story.sh"

behind() { # HOST ADDRESS ROUTER ROUTER-ADDRESS OTHER-NETWORK
	_lab_link "$1" site "$2/24" "$3" site "$4/24" &&
		ip -n "$LAB-$1" route add "$5" via "$4"
}

carried() { # ENCAPSULATION PORT
	configure ha 's|</home-agent>|<tunnel carrier="udp"/>&|'
	configure fa1 's|</foreign-agent>|<tunnel carrier="udp"/>&|'
	configure mn "s/encapsulation=\"gre\"/encapsulation=\"$1\"/"
	sniff "$1" core fa1 ip
	start_all ha fa1 mn
	lab_move visit1
	check_wait "$1: the node registers" 15 "node_is registered 10.0.2.2"
	check_pings "$1: a correspondent reaches it" cn 10.1.0.10
	check_pings "$1: large packets, in fragments" cn 10.1.0.10 -s 3000
	[ "$2" = 434 ] || {
		check "$1: several datagrams go as one" count_above ha udp-in-runs 0
		check "$1: and come as one" count_above fa1 udp-coalesced 0
	}
	lab_move nowhere
	stop mn
	stop fa1
	stop ha
	sniff_end "$1"
	equal "$1: nothing but UDP on the backbone" "$(recorded "$1" \
		'not (host 10.1.0.1 and host 10.0.2.2 and udp) and not icmp[0] = 3' | head -n 5)" ""
	check "$1: to port $2, both ways" eval "
		[ $(recorded "$1" "udp dst port $2 and src 10.1.0.1 and greater 120" | wc -l) -ge 2 ] &&
		[ $(recorded "$1" "udp dst port $2 and dst 10.1.0.1 and greater 120" | wc -l) -ge 2 ]"
	check_clean mn fa1 ha
}

first_link() { # MTU
	ip -n "$LAB-ha" link set core mtu "$1"
	ip -n "$LAB-core" link set ha mtu "$1"
}

sites() { # ENCAPSULATION
	configure ha "s|</home-agent>|<site-tunnel name=\"branch\" local=\"10.0.1.2\" remote=\"10.0.2.2\" encapsulation=\"$1\" carrier=\"udp\"><local subnet=\"10.8.0.0/24\"/><remote subnet=\"10.9.0.0/24\"/></site-tunnel>&|"
	configure fa1 "s|</foreign-agent>|<site-tunnel name=\"head\" local=\"10.0.2.2\" remote=\"10.0.1.2\" encapsulation=\"$1\" carrier=\"udp\"><local subnet=\"10.9.0.0/24\"/><remote subnet=\"10.8.0.0/24\"/></site-tunnel>&|"
	start_all ha fa1
	sniff "site-$1" core ha ip
	check_pings "$1 between sites" host 10.9.0.2
	check_pings "$1 between sites: the other way" mn 10.8.0.2
	sniff_end "site-$1"
	equal "$1 between sites: nothing but UDP" \
		"$(recorded "site-$1" "not udp" | head -n 5)" ""
	first_link 1400
	check_wait "$1 between sites: a first link too narrow is learned" 10 "
		in_ns host ping -n -c 1 -W 0.3 -s 3000 10.9.0.2 >/dev/null"
	check "$1 between sites: from what the kernel refuses" count_above ha mtu-lowered 0
	first_link 1500
	stop ha
	stop fa1
}

story_begin tcpdump
for kind in "gre 4754" "ipip 434" "minimal 434"; do
	# shellcheck disable=SC2086
	carried $kind
done
behind host 10.8.0.2 ha 10.8.0.1 10.9.0.0/24 || story_abort "no links"
behind mn 10.9.0.2 fa1 10.9.0.1 10.8.0.0/24 || story_abort "no links"
sites gre
sites ipip
tap_done
