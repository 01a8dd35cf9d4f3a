#!/bin/bash
# Starting and ending: what each obstacle is called, and that nothing is left.
. "$(dirname "$0")/lib_story.sh"

# try NAME COMMAND...: run to the end with NAME's configuration; output and status.
try() {
	local name=$1
	shift
	in_ns ha timeout 20 "$@" -c "$LAB_DIR/$name.xml" >"$LAB_DIR/said" 2>&1
	status=$?
}

# check_refused DESCRIPTION TEXT: the last try ended with status 1 and said TEXT.
check_refused() {
	equal "$1: status" "$status" 1
	check "$1: says so" grep -qF -- "$2" "$LAB_DIR/said"
}

# check_ends DESCRIPTION NAME SIGNAL: with status 0, and nothing of it is left.
check_ends() {
	local pid
	pid=$(cat "$LAB_DIR/$2.pid")
	rm -f "$LAB_DIR/$2.pid"
	kill -"$3" "$pid"
	wait "$pid"
	equal "$1: status" $? 0
	check_not "$1: the socket is gone" test -e "$LAB_DIR/$2.sock"
	check_clean "$2"
}

second_instances() {
	try ha mip-ha
	check_refused "a second one with the same socket" "another agent answers there"
	sed "s|/ha.sock|/other.sock|" "$LAB_DIR/ha.xml" >"$LAB_DIR/other.xml"
	chmod 600 "$LAB_DIR/other.xml"
	try other mip-ha
	check_refused "a second one with a socket of its own" "UDP port 434"
	check_not "and takes its socket along" test -e "$LAB_DIR/other.sock"
	check "the first still answers" answers ha
}

device_is_taken() {
	ip -n "$LAB-ha" link add mip-ha0 type veth peer name other0
	try ha mip-ha
	check_refused "a device of that name is there" "mip-ha0"
	ip -n "$LAB-ha" link del mip-ha0
}

no_privileges() {
	sed "s|$LAB_DIR/ha.sock|/tmp/$LAB.sock|" "$LAB_DIR/ha.xml" >"/tmp/$LAB.xml"
	chmod 644 "/tmp/$LAB.xml"
	in_ns ha setpriv --reuid 65534 --clear-groups env PATH="$PATH" \
		mip-ha -c "/tmp/$LAB.xml" >"$LAB_DIR/said" 2>&1
	status=$?
	check_refused "without privileges" "CAP_NET_ADMIN"
	check_not "without privileges: its socket is gone" test -e "/tmp/$LAB.sock"
	rm -f "/tmp/$LAB.xml"
}

configurations() {
	try none mip-ha
	check_refused "no configuration" "none.xml: No such file or directory"
	echo '<home-agent address="10.1.0.999"/>' | config bad
	try bad mip-ha
	check_refused "a faulty configuration" "bad.xml:1:"
}

background() {
	in_ns ha timeout 20 mip-ha -b --pid-file "$LAB_DIR/bg" -c "$LAB_DIR/ha.xml"
	equal "background: the start is over when the command is" $? 0
	check "background: it answers" answers ha
	try ha mip-ha -b
	check_refused "background: a start that fails" "another agent answers there"
	kill "$(cat "$LAB_DIR/bg")"
	check_wait "background: it takes its pid file along" 10 "[ ! -e $LAB_DIR/bg ]"
	check_clean ha
}

surroundings() {
	configure ha 's|interface="home"|interface="nowhere"|'
	in_ns ha sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward'
	start ha
	check "an interface that is not there is told" \
		grep -q "interface=nowhere is not there" "$LAB_DIR/ha.log"
	check "forwarding that is off is told" grep -q "ip_forward=1" "$LAB_DIR/ha.log"
	check "and the agent serves" answers ha
	in_ns ha sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	check_ends "it ends on SIGINT" ha INT
}

story_begin setpriv
configure ha
configure mn
start_all ha
second_instances
check_ends "it ends on SIGTERM" ha TERM
device_is_taken
no_privileges
configurations
background
surroundings
start_all mn
check_ends "the node ends on SIGTERM" mn TERM
tap_done
