# shellcheck shell=bash
# What the namespace stories share: the agents in the laboratory, questions to them
# by mipctl, captures, and results.
#
# A story sources this file, calls story_begin, and ends with tap_done.  Agents are
# named as their namespace (ha, fa1, fa2, mn); NAME.xml, NAME.log and NAME.sock in
# $LAB_DIR are theirs.  Nothing here waits by the clock: conditions are polled.

story_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
story_source=$(cd "$story_dir/../.." && pwd)
PATH=$PATH:/usr/sbin:/sbin
if [ -n "${SJ_BUILD:-}" ] && ! command -v mip-ha >/dev/null; then
	PATH=$SJ_BUILD/ha:$SJ_BUILD/fa:$SJ_BUILD/mn-sim:$SJ_BUILD/common/ctl:$PATH
fi
. "$story_dir/lib.sh"

# story_begin [TOOL...]: the laboratory, or a skip that says what is missing.
# A tool "scapy" means a Python that has it; $scapy runs it afterwards.
story_begin() {
	local tool
	for tool in mip-ha mip-fa mn-sim mipctl; do
		command -v "$tool" >/dev/null || story_abort "no $tool; set SJ_BUILD"
	done
	for tool in jq ping "$@"; do
		if [ "$tool" = scapy ]; then
			find_scapy || tap_skip_all "no Python with scapy"
		else
			command -v "$tool" >/dev/null || tap_skip_all "no $tool"
		fi
	done
	lab_can || tap_skip_all "cannot make network namespaces, veth and TUN"
	trap 'story_end' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	lab_up || story_abort "the laboratory could not be built"
}

find_scapy() {
	for scapy in python3 /usr/bin/python3; do
		"$scapy" -c 'import scapy' 2>/dev/null && return
	done
	return 1
}

story_abort() {
	echo "Bail out! $*"
	exit 1
}

# What an agent said is worth seeing when something failed.
story_end() {
	local log
	if [ "$_tap_failed" -gt 0 ]; then
		for log in "$LAB_DIR"/*.log; do
			[ -e "$log" ] || continue
			printf '# %s, its end:\n' "$(basename "$log")"
			grep -v 'advertisement-sent' "$log" | tail -n 6 | cut -c1-200 | sed 's/^/#   /'
		done
	fi
	lab_down
	[ -n "${LAB_KEEP:-}" ] || rm -rf "$LAB_DIR"
}

# configure NAME [SED-SCRIPT...]: the demonstration's configuration of NAME, edited.
configure() {
	local name=$1 edits=() edit
	shift
	for edit in "$@"; do
		edits+=(-e "$edit")
	done
	sed -e "s|/run/sojourn/|$LAB_DIR/|g" -e "s|\"lab-|\"$LAB-|g" "${edits[@]}" \
		"$story_source/configs/demo/$name.xml" >"$LAB_DIR/$name.xml" &&
		chmod 600 "$LAB_DIR/$name.xml"
}

# config NAME <text: a configuration of the story's own.
config() {
	cat >"$LAB_DIR/$1.xml" && chmod 600 "$LAB_DIR/$1.xml"
}

# The program that an agent runs.
program_of() {
	case $1 in
	ha*) echo mip-ha ;;
	fa*) echo mip-fa ;;
	*) echo mn-sim node ;;
	esac
}

# launch NAME [HOST]: start an agent in the namespace HOST (as its name) without
# waiting; `start` waits until it serves, or fails with what it said.
launch() {
	# shellcheck disable=SC2046
	lab_start "$1" "${2:-$1}" $(program_of "$1") -c "$LAB_DIR/$1.xml"
}

start() {
	launch "$@"
	lab_wait 10 "answers $1 || ! lab_running $1"
	answers "$1" && return
	tail -n 5 "$LAB_DIR/$1.log"
	return 1
}

answers() { ctl "$1" show status >/dev/null 2>&1; }

# start_all [NAME...]: agents of the demonstration; a story needs them all.
start_all() {
	local name
	for name in "$@"; do
		start "$name" || story_abort "$name did not start"
	done
}

# stop NAME: end an agent cleanly; its exit status.
stop() { lab_stop "$1"; }

# ctl NAME REQUEST...: mipctl --json.
ctl() {
	local name=$1
	shift
	mipctl -s "$LAB_DIR/$name.sock" --json "$@"
}

# rows NAME WHAT: the rows of `show WHAT` as one JSON array.
rows() { ctl "$1" show "$2" | jq -cs 'map(select(.end | not))'; }

# shows NAME WHAT FILTER: does the jq filter hold over these rows?
shows() { rows "$1" "$2" 2>/dev/null | jq -e "$3" >/dev/null 2>&1; }

# check_shows DESCRIPTION NAME WHAT FILTER: the same as a result, by polling: five
# seconds are allowed.
check_shows() {
	if lab_wait 5 "shows $2 $3 '$4'"; then
		ok "$1"
	else
		not_ok "$1" "$2 show $3 | $4" "$(rows "$2" "$3" | jq -c '.[]')"
	fi
}

# check_wait DESCRIPTION SECONDS CONDITION: lab_wait as a result.
check_wait() {
	if lab_wait "$2" "$3"; then
		ok "$1"
	else
		not_ok "$1" "not within $2 seconds: $3"
	fi
}

# check_not DESCRIPTION COMMAND...: it must fail.
check_not() {
	local what=$1 output
	shift
	if output=$("$@" 2>&1); then
		not_ok "$what" "succeeded: $*" "$output"
	else
		ok "$what"
	fi
}

# equal DESCRIPTION ACTUAL EXPECTED
equal() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "is:        $2" "should be: $3"
	fi
}

_receive='
import shutil, socket, sys
s = socket.create_server(("0.0.0.0", 7000))
shutil.copyfileobj(s.accept()[0].makefile("rb"), open(sys.argv[1], "wb"))'
_send='
import shutil, socket, sys
s = socket.create_connection((sys.argv[1], 7000))
shutil.copyfileobj(open(sys.argv[2], "rb"), s.makefile("wb"))'

# transfer FROM TO ADDRESS: 8 MB in one connection, compared at the far end.
transfer() {
	head -c 8000000 /dev/urandom >"$LAB_DIR/sent"
	rm -f "$LAB_DIR/got"
	in_ns "$2" timeout 60 python3 -c "$_receive" "$LAB_DIR/got" &
	local receiver=$!
	lab_wait 10 "in_ns $2 ss -Hltn 'sport = 7000' | grep -q ."
	in_ns "$1" timeout 60 python3 -c "$_send" "$3" "$LAB_DIR/sent"
	wait $receiver
	cmp "$LAB_DIR/sent" "$LAB_DIR/got"
}

# counter NAME COUNTER: its value; drop reasons and packet counters by name too.
counter() {
	ctl "$1" show counters |
		jq -rs --arg c "$2" 'map(select(.counter == $c) | .value) | add // "none"'
}

# count_above NAME COUNTER N: for lab_wait.
count_above() { [ "$(counter "$1" "$2")" -gt "$3" ]; }

# node_is STATE [CARE-OF]: for lab_wait.
node_is() {
	shows mn status ".[0].state == \"$1\"${2:+ and .[0][\"care-of\"] == \"$2\"}"
}

# move_to SWITCH: plug the node in there, and wait until it is served.
move_to() {
	lab_move "$1"
	case $1 in
	home) lab_wait 10 "node_is at-home" ;;
	visit1) lab_wait 10 "node_is registered 10.0.2.2" ;;
	visit2) lab_wait 10 "node_is registered 10.0.3.2" ;;
	esac
}

# pings HOST ADDRESS [PING-OPTION...]: one echo comes back within a second.
pings() {
	local host=$1 to=$2
	shift 2
	in_ns "$host" ping -n -q -c 1 -W 1 "$@" "$to" >/dev/null
}

# check_pings DESCRIPTION HOST ADDRESS [PING-OPTION...]: within five seconds.
check_pings() {
	local what=$1 host=$2 to=$3
	shift 3
	check_wait "$what" 5 "pings $host $to $*"
}

# sniff NAME HOST INTERFACE [FILTER]: record into $LAB_DIR/NAME.pcap from now on.
sniff() {
	local name=$1 host=$2 interface=$3
	shift 3
	lab_start "sniff-$name" "$host" tcpdump -Z root -n -s 0 -U --immediate-mode \
		-i "$interface" -w "$LAB_DIR/$name.pcap" "$@"
	lab_wait 10 "grep -qs 'listening on' $LAB_DIR/sniff-$name.log" ||
		story_abort "tcpdump did not start: $(cat "$LAB_DIR/sniff-$name.log")"
}

sniff_end() {
	lab_stop "sniff-$1" INT
	rm -f "$LAB_DIR/sniff-$1.log"
}

# recorded NAME FILTER [OPTION...]: the recorded packets that match the filter of
# pcap-filter(7), one a line.
recorded() {
	local name=$1 filter=$2
	shift 2
	tcpdump -n "$@" -r "$LAB_DIR/$name.pcap" "$filter" 2>/dev/null
}

# packets NAME DISPLAY-FILTER [TSHARK-OPTION...]: how many recorded packets match.
packets() {
	local name=$1 filter=$2
	shift 2
	tshark -n -r "$LAB_DIR/$name.pcap" "$@" -Y "$filter" 2>/dev/null | wc -l
}

# fields NAME DISPLAY-FILTER FIELD...: of every recorded packet that matches.
fields() {
	local name=$1 filter=$2 options=() field
	shift 2
	for field in "$@"; do
		options+=(-e "$field")
	done
	tshark -n -r "$LAB_DIR/$name.pcap" -Y "$filter" -T fields "${options[@]}" 2>/dev/null
}

# mac HOST INTERFACE
mac() { in_ns "$1" cat "/sys/class/net/$2/address"; }

# neighbour HOST ADDRESS: the link-layer address that HOST has cached for it.
neighbour() {
	ip -n "$LAB-$1" -j neigh show to "$2" | jq -r '.[0].lladdr // "none"'
}

# check_clean HOST...: nothing of ours is left in the kernel there.
check_clean() {
	local host left
	for host in "$@"; do
		left=$(lab_leftovers "$host")
		equal "nothing is left behind on $host" "$left" ""
	done
}

# request HOST OPTION...: a Registration Request by request.py; its reply as JSON.
request() {
	local host=$1
	shift
	in_ns "$host" "${scapy:-python3}" "$story_dir/request.py" "$@"
}
