#!/bin/bash
# Starting and ending: what each obstacle is called, and that nothing is left.
set -u
. "$SJ_SRC/tests/netns/lib_agents.sh"

# fails_saying TEXT COMMAND...: ends with status 1 after saying TEXT.
fails_saying() {
	local text=$1 output status
	shift
	output=$(timeout 20 "$@" 2>&1)
	status=$?
	echo "$output"
	[ $status -eq 1 ] && [[ $output == *"$text"* ]]
}

run_ha() { in_ns ha "$mip_ha" -c "$LAB_DIR/$1.xml"; }

run_unprivileged() {
	chmod 755 "$LAB_DIR"
	sed "s|$LAB_DIR/ha.sock|/tmp/$LAB.sock|" "$LAB_DIR/ha.xml" >"$LAB_DIR/nobody.xml"
	chmod 644 "$LAB_DIR/nobody.xml"
	in_ns ha setpriv --reuid 65534 --clear-groups "$mip_ha" -c "$LAB_DIR/nobody.xml"
}

# A clean end takes the socket and the device along; in a crash the kernel does.
ends_cleanly() { # NAME
	local pid
	pid=$(cat "$LAB_DIR/$1.pid")
	kill -TERM "$pid"
	wait "$pid" || { echo "status $?"; return 1; }
	rm -f "$LAB_DIR/$1.pid"
	[ ! -e "$LAB_DIR/$1.sock" ] || { echo "the socket is left"; return 1; }
	is_clean "$1"
}

goes_to_the_background() {
	in_ns fa1 "$mip_fa" -b --pid-file "$LAB_DIR/bg.pid" -c "$LAB_DIR/fa1.xml" || return
	ctl fa1 show status || return
	kill "$(cat "$LAB_DIR/bg.pid")"
	lab_wait 10 "[ ! -e $LAB_DIR/bg.pid ]" && is_clean fa1
}

background_start_fails() {
	agent_start fa1
	! in_ns fa1 "$mip_fa" -b -c "$LAB_DIR/fa1-other.xml"
}

agents_begin
agent_start ha
sed "s|ha.sock|other.sock|" "$LAB_DIR/ha.xml" >"$LAB_DIR/other.xml"
sed "s|fa1.sock|fa1-other.sock|" "$LAB_DIR/fa1.xml" >"$LAB_DIR/fa1-other.xml"
chmod 600 "$LAB_DIR"/*.xml

check "the home agent answers" ctl ha show status
check "a second one on the same socket is told so" \
	fails_saying "another agent answers there" run_ha ha
check "a second one on the same port is told so" \
	fails_saying "UDP port 434" run_ha other
check "the first still answers" ctl ha show status
check "it ends cleanly on SIGTERM" ends_cleanly ha

check "without privileges it says what it needs" \
	fails_saying "CAP_NET_ADMIN" run_unprivileged
check "a missing configuration is named" \
	fails_saying "none.xml: No such file or directory" run_ha none
echo '<home-agent address="10.1.0.999"/>' >"$LAB_DIR/bad.xml"
check "a faulty configuration is not started" fails_saying "bad.xml:1:" run_ha bad

agent_edit ha 's|interface="home"|interface="nowhere"|'
agent_start ha
check "a missing interface is said" logged ha "interface=nowhere is not there"
check "and the rest is served" ctl ha show status
check "it ends cleanly on SIGTERM without it" ends_cleanly ha

check "it goes to the background when all is started" goes_to_the_background
check "the status of a start in the background is its own" background_start_fails
check "the foreign agent ends cleanly" ends_cleanly fa1
agent_start mn
check "the mobile node ends cleanly" ends_cleanly mn
check "no sanitizer complains" no_complaints
tap_done
