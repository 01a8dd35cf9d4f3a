#!/bin/bash
# Starts that must fail, each with a clear message, a status of 1, and nothing begun
# that would have to be cleared away: faults in the configuration, no permission, a
# port, control socket or device that is taken.
. "$(dirname "$0")/lib_story.sh"

# run_in HOST NAME [OPTION...]: the agent NAME in the foreground; what it says goes to
# $LAB_DIR/out, its status to $status.  It should end by itself.
run_in() {
	local host=$1 name=$2
	shift 2
	# shellcheck disable=SC2046
	in_ns "$host" timeout 10 "${as_user[@]}" $(program_of "$name") \
		-c "$LAB_DIR/$name.xml" "$@" >"$LAB_DIR/out" 2>&1
	status=$?
}
as_user=()

says() { check "$1" grep -qE -- "$2" "$LAB_DIR/out"; }

check_refused() { # WHAT
	equal "$1: status" "$status" 1
}

config_faults() {
	config ha <<-XML
		<home-agent address="10.1.0.1" max-lifetime="0" colour="red">
		  <control socket="$LAB_DIR/ha.sock"/>
		  <home-network prefix="10.1.0.0/33" interface="home"/>
		  <node home-address="10.1.0.10">
		    <association spi="5" algorithm="rot13" key="hex:00112233445566778899aabbccddeeff"/>
		  </node>
		  <node home-address="10.1.0.11"/>
		  <garden/>
		</home-agent>
	XML
	run_in ha ha
	check_refused "faults of a home agent's configuration"
	local at="^$LAB_DIR/ha.xml:"
	says "faults: a value out of range, by line" "${at}1: home-agent/@max-lifetime: "
	says "faults: an attribute that there is not" "${at}1: home-agent/@colour: "
	says "faults: a prefix that is none" "${at}3: home-network/@prefix: "
	says "faults: a reserved SPI" "${at}5: association/@spi: "
	says "faults: an algorithm that there is not" "${at}5: association/@algorithm: "
	says "faults: an element that there is not" "${at}8: .*garden"
	says "faults: a node without an association" "${at}7: node"
	run_in ha ha -t
	check_refused "-t"
	says "-t: says the same" "${at}5: association/@algorithm: "

	echo "<foreign-agent care-of-address='10.0.2.2'><advertise</foreign-agent>" | config fa1
	run_in fa1 fa1
	check_refused "a file that is no XML"
	says "no XML: says where" "^$LAB_DIR/fa1.xml:1: "
	rm "$LAB_DIR/fa1.xml"
	run_in fa1 fa1
	check_refused "no file"
	says "no file: says which" "$LAB_DIR/fa1.xml.*No such file"
	config mn <<-XML
		<mobile-node interface="radio0" home-address="10.1.0.10" lifetime="long"/>
	XML
	run_in mn mn
	check_refused "faults of a node's configuration"
	says "a node: an address without its prefix" ":1: mobile-node/@home-address: "
	says "a node: a lifetime that is no number" ":1: mobile-node/@lifetime: "
	check_clean ha fa1 mn
}

wrong_usage() {
	local agent
	for agent in ha mn; do
		run_in $agent $agent --colour
		equal "$agent: an option that there is not: status" "$status" 2
		says "$agent: says which" "no such option: --colour"
		run_in $agent $agent -tx
		says "$agent: also of a letter" "no such option: -x"
		run_in $agent $agent --pid-file
		says "$agent: an option that wants a file" "wanted after --pid-file"
	done
	says "the node tells how it is called" "Try mn-sim node --help"
}

good_configs() {
	local name
	for name in ha fa1 fa2 mn; do
		configure $name
		run_in ${name} $name -t
		equal "$name: -t of the demonstration's configuration" "$status" 0
	done
}

permission() {
	local name
	as_user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	mkdir -m 777 "$LAB_DIR/nobody"
	for name in ha fa1 mn; do
		configure $name
		sed -i "s|$LAB_DIR/$name.sock|$LAB_DIR/nobody/$name.sock|" "$LAB_DIR/$name.xml"
		run_in $name $name
		check_refused "nobody, a configuration for root alone ($name)"
		says "says that it cannot be read ($name)" "$LAB_DIR/$name.xml.*Permission denied"
		chown 65534 "$LAB_DIR/$name.xml"
		run_in $name $name
		check_refused "nobody, a configuration that can be read ($name)"
		says "says which rights are needed ($name)" \
			"(Permission denied|Operation not permitted).*CAP_NET_ADMIN"
		check_not "and leaves no socket ($name)" test -e "$LAB_DIR/nobody/$name.sock"
	done
	as_user=()
	check_clean ha fa1 mn
}

taken() {
	local name
	for name in ha fa1 fa2 mn; do
		configure $name
	done
	sed "s|$LAB_DIR/ha.sock|$LAB_DIR/ha2.sock|" "$LAB_DIR/ha.xml" >"$LAB_DIR/ha2.xml"
	chmod 600 "$LAB_DIR/ha2.xml"

	lab_start port ha python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 434)); time.sleep(60)'
	check_wait "somebody takes port 434" 10 \
		"in_ns ha ss -uln 'sport = 434' | grep -q :434"
	run_in ha ha
	check_refused "port taken"
	says "port taken: says which" "UDP port 434: Address already in use"
	check_not "port taken: no socket is left" test -e "$LAB_DIR/ha.sock"
	check_clean ha
	lab_stop port

	start_all ha
	run_in ha ha
	check_refused "a second one with the same control socket"
	says "second: says which" "$LAB_DIR/ha.sock: Address already in use"
	check "the first one still answers" answers ha
	run_in ha ha2
	check_refused "a second one with a socket of its own"
	says "second: says what is taken" "UDP port 434: Address already in use"
	check_not "second: its socket is gone again" test -e "$LAB_DIR/ha2.sock"
	check "the first one still answers, and has its device" \
		ip -n "$LAB-ha" link show mip-ha0
	stop ha

	ip -n "$LAB-ha" tuntap add mip-ha0 mode tap
	run_in ha ha
	check_refused "a device of that name"
	says "device: says which" "mip-ha0.*(busy|in use|Invalid argument|exists)"
	ip -n "$LAB-ha" link del mip-ha0
	check_clean ha
	start_all ha
	stop ha
	equal "with all obstacles gone it starts, and ends" $? 0
}

# A run of a minute does not end with the news that it has no place for its report.
scenario_without_a_folder() {
	config walk <<-XML
		<scenario name="walk" title="walk" duration="60s">
		  <end name="here" netns="$LAB-cn" address="10.0.9.2"/>
		  <udp name="packets" from="here" to="here" port="5001"/>
		</scenario>
	XML
	in_ns mn timeout 10 mn-sim scenario -o "$LAB_DIR/none/none" "$LAB_DIR/walk.xml" \
		>"$LAB_DIR/out" 2>&1
	status=$?
	check_refused "a scenario whose folder cannot be made"
	says "folder: says which" "none/none: No such file or directory"
}

story_begin setpriv python3 ss
config_faults
wrong_usage
good_configs
permission
taken
scenario_without_a_folder
tap_done
