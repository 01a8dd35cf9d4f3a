#!/bin/bash
# SPDX-License-Identifier: ISC
# limit: 120
# Mobile nodes, agents and tunnel ends made with scapy from the standards, against
# mip-ha and mip-fa: registrations accepted and answered, refusals, and packets in
# each encapsulation, both ways. All of it is recorded and read by tshark too.
#
# The stories are in scapy_registration.py.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../netns/lib_story.sh"

configurations() { # ATTRIBUTES of both agents
	local key=fedcba98765432100123456789abcdef
	config ha <<-XML
		<home-agent address="10.1.0.1" max-lifetime="600" $1>
		  <log level="debug"/>
		  <control socket="$LAB_DIR/ha.sock"/>
		  <home-network prefix="10.1.0.0/24" interface="home"/>
		  <node home-address="10.1.0.10">
		    <association spi="1000" algorithm="hmac-sha256" key="hex:00$key$key"/>
		  </node>
		  <node home-address="10.1.0.11">
		    <association spi="1100" algorithm="keyed-md5" key="hex:11$key"/>
		  </node>
		  <peer-agent address="10.0.2.2">
		    <association spi="3001" algorithm="hmac-sha1" key="hex:31$key"/>
		  </peer-agent>
		  <peer-agent address="10.0.3.2">
		    <association spi="3002" algorithm="hmac-md5" key="text:another foreign agent"/>
		  </peer-agent>
		  <tunnel peer="10.0.9.2" gre-key="7" gre-key-in="9" gre-sequence="yes"
		          gre-checksum="yes"/>
		</home-agent>
	XML
	config fa1 <<-XML
		<foreign-agent care-of-address="10.0.2.2" max-lifetime="600" $1>
		  <log level="debug"/>
		  <control socket="$LAB_DIR/fa1.sock"/>
		  <advertise interface="visit" max-interval="3" solicited-only="yes"
		             registration-required="yes"/>
		  <node home-address="10.1.0.10">
		    <association spi="2001" algorithm="hmac-md5" key="hex:21$key"/>
		  </node>
		  <peer-agent address="10.1.0.1">
		    <association spi="3001" algorithm="hmac-sha1" key="hex:31$key"/>
		  </peer-agent>
		  <peer-agent address="10.0.9.2">
		    <association spi="3100" algorithm="hmac-sha256" key="hex:32$key$key"/>
		  </peer-agent>
		  <tunnel peer="10.0.9.2" gre-key="7" gre-key-in="9" gre-sequence="yes"
		          gre-checksum="yes"/>
		</foreign-agent>
	XML
}

# play STORY...: results that Python prints become ours.
play() {
	local line ended=
	while read -r line; do
		case $line in
		"ok "*) ok "${line#ok }" ;;
		"not ok "*) not_ok "${line#not ok }" ;;
		end) ended=yes ;;
		*) printf '# %s\n' "$line" ;;
		esac
	done < <(LAB=$LAB LAB_DIR=$LAB_DIR PYTHONDONTWRITEBYTECODE=1 \
		"$scapy" "$here/scapy_registration.py" "$@" 2>&1)
	[ -n "$ended" ] || not_ok "the stories $* come to their end"
}

read_by_tshark() { # CAPTURE MESSAGES
	equal "tshark finds nothing malformed in what $1 recorded" \
		"$(fields "$1" '_ws.malformed || ip.checksum.status == 0' frame.number \
			_ws.col.Info)" ""
	check "and $2 registration messages or more" \
		test "$(packets "$1" 'mip.type')" -ge "$2"
}

story_begin tcpdump tshark scapy
ip -n "$LAB-cn" addr add 10.0.9.3/24 dev eth0
lab_move visit1
configurations
start_all ha fa1
for wire in "cn eth0" "mn radio0" "fa1 core" "ha core"; do
	# shellcheck disable=SC2086
	sniff ${wire% *} $wire
done

play status visit fa_refusals direct ha_refusals foreign_agent home_agent tunnels
configurations 'gre="no"'
check "mip-ha reads that it offers no GRE" ctl ha reload
check "mip-fa reads that it offers no GRE" ctl fa1 reload
play without_gre

for wire in cn mn fa1 ha; do
	sniff_end $wire
	read_by_tshark $wire 20
done
equal "each code was on the wire" "$(for wire in cn mn ha; do
	fields $wire 'mip.type == 3' mip.code
done | sort -nu | xargs)" "0 67 68 69 70 72 76 77 79 116 129 131 132 133 134 136 139"
stop ha
equal "mip-ha ends cleanly" $? 0
stop fa1
equal "mip-fa ends cleanly" $? 0
check_clean ha fa1
tap_done
