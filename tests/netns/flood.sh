#!/bin/bash
# An agent is flooded: with connections to its keying port that lead nowhere, from a
# stranger and from the address of a peer; with datagrams that are no messages; with
# Requests signed by a wrong key.  Its memory and its descriptors stay what they were, its
# log grows at a bounded rate, and those who are served are served.
# limit: 300
. "$(dirname "$0")/lib_story.sh"

seconds=3
target=10.1.0.1

pid() { cat "$LAB_DIR/ha.pid"; }
memory() { awk '/^VmRSS/ { print $2 }' "/proc/$(pid)/status"; }
descriptors() { find "/proc/$(pid)/fd" -type l | wc -l; }
lines() { wc -l <"$LAB_DIR/ha.log"; }
sanitized() { grep -q 'lib[at]san\|libubsan' "/proc/$(pid)/maps"; }

flood() { # KIND SECONDS: prints how much it was, first
	case $1 in
	datagrams) in_ns core "$udpflood" send $target 434 64 "$2" ;;
	requests) # of as many nodes as it takes; one of them is ours, with another key
		in_ns core mn-sim swarm --home-agent $target --home 10.1.0.10 --spi 1000 \
			--care-of 10.0.1.1/32 --key-file "$LAB_DIR/key" --nodes $(($2 * 5000)) \
			--rate 5000 --retries 0 --failures 100 --quiet register |
			sed -n 's/^Requests: \([0-9]*\),.*/\1/p'
		;;
	strangers) in_ns cn python3 "$story_dir/flood.py" hold $target --seconds "$2" ;;
	*) in_ns core python3 "$story_dir/flood.py" "$1" $target --seconds "$2" ;;
	esac
}

# The first seconds fill what is filled once: buffers, pools, the allocator's arenas.
survives() { # KIND
	local kind=$1 before after open_before said
	flood "$kind" 1 >/dev/null
	lab_wait 15 "[ \$(descriptors) -le $open ]"
	before=$(memory)
	said=$(lines)
	check "$kind: there is a flood" eval "[ \"$(flood "$kind" $seconds | cut -d' ' -f1)\" -gt 50 ]"
	after=$(memory)
	printf '# %s: %d kB before, %d kB after\n' "$kind" "$before" "$after"
	if sanitized; then
		ok "$kind: memory # SKIP the sanitizer keeps what is freed"
	else
		check "$kind: memory grows by less than 512 kB" [ $((after - before)) -lt 512 ]
	fi
	check_wait "$kind: its connections are closed" 15 "[ \$(descriptors) -le $open ]"
	check "$kind: the log grows by a dozen lines a second at most" \
		[ $(($(lines) - said)) -le $((12 * (seconds + 1))) ]
	check_pings "$kind: the node is reached" cn 10.1.0.10
}

story_begin
udpflood=${SJ_BUILD:-$story_source/build}/tests/bench/udpflood
[ -x "$udpflood" ] || tap_skip_all "no udpflood"
configure ha 's|level="debug"|level="info"|' 's|</home-agent>|<peer-agent address="10.0.1.1" protection="esp"><association spi="3003" key="text:what two agents share"/></peer-agent>&|'
configure fa1
configure mn
start_all ha fa1 mn
check "the node registers" move_to visit1
(umask 077 && echo hex:00000000000000000000000000000000 >"$LAB_DIR/key")
open=$(descriptors)
for kind in datagrams requests strangers hold garbage half; do
	survives $kind
done
check_wait "the node renews as before" 15 "node_is registered 10.0.2.2"
stop mn
stop fa1
stop ha
equal "it ends cleanly" $? 0
check_clean ha fa1
tap_done
