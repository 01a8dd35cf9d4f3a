#!/bin/bash
# The example configurations as they are, word for word, are the smallest that work
# together: away and home again. And what is said where a router stands in the way.
. "$(dirname "$0")/lib_story.sh"

# named HOST INTERFACE NAME: what the examples call it.
named() {
	ip -n "$LAB-$1" link set "$2" down
	ip -n "$LAB-$1" link set "$2" name "$3"
	ip -n "$LAB-$1" link set "$3" up
}

# example NAME HOST PROGRAM...: with folders of its own where the programs keep things.
example() {
	local name=$1 host=$2
	shift 2
	install -m 600 "$story_source/configs/$name.xml" "$LAB_DIR/$name.xml"
	lab_start "$name" "$host" sh -c 'mount -t tmpfs none /run && mkdir /run/sojourn &&
		mount -t tmpfs none /var/lib && mkdir /var/lib/sojourn && exec "$@"' \
		"$name" "$@" -c "$LAB_DIR/$name.xml"
}

# What a router's kernel must let pass, and what it is told otherwise.
warned() {
	check_not "nothing was to be warned of" said fa 'sysctl -w'
	in_ns fa1 sh -c 'cd /proc/sys/net/ipv4/conf/eth1
		echo 0 >forwarding && echo 1 >rp_filter'
	example fa fa1 mip-fa
	check_wait "a link that does not forward is told of" 10 \
		"said fa 'interface=eth1 does not forward packets'"
	check_wait "so is a strict reverse-path filter" 10 \
		"said fa 'sysctl -w net.ipv4.conf.eth1.rp_filter=2'"
	lab_stop fa
}

said() { grep -q "$2" "$LAB_DIR/$1.log"; }

story_begin
named ha home eth1
named fa1 visit eth1
named mn radio0 wlan0
example ha ha mip-ha
example fa fa1 mip-fa
check_wait "the home agent serves" 10 "said ha agent-started"
check_wait "so does the foreign agent" 10 "said fa agent-started"
check "the node is plugged into the first visit" lab_move visit1
example mn mn mn-sim node
check_pings "away: a correspondent reaches it" cn 10.1.0.10
check_pings "and a host at home" host 10.1.0.10
check "its agent says so" said fa visitor-admitted
lab_move home
check_wait "it comes home" 10 "said mn deregistered"
check_pings "at home: a correspondent reaches it" cn 10.1.0.10
lab_stop mn
equal "the node ends cleanly" $? 0
lab_stop fa
equal "so does the foreign agent" $? 0
lab_stop ha
equal "and the home agent" $? 0
warned
check_clean ha fa1 mn
tap_done
