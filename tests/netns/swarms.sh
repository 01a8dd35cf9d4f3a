#!/bin/bash
# The bench of swarms, made small: every node is registered, directly and through
# foreign agents, with and without reverse tunnels, and nothing is left behind.
. "$(dirname "$0")/lib_story.sh"

# swarms ARGUMENT...: its figures go to $LAB_DIR/swarms.json.
swarms() {
	"$story_source/tests/bench/swarms.py" --build "$SJ_BUILD" --rounds 1 \
		--json "$LAB_DIR/swarms.json" "$@" >"$LAB_DIR/swarms.log" 2>&1
}

says() { jq -r "$1" "$LAB_DIR/swarms.json"; }
namespaces() { ip netns list | grep -c "^mbs$1-"; }

command -v jq >/dev/null || tap_skip_all "no jq"
: "${SJ_BUILD:=$story_source/build}"
[ -x "$SJ_BUILD/tests/bench/udpflood" ] || tap_skip_all "not built"
lab_can || tap_skip_all "cannot make network namespaces, veth and TUN"
mkdir -p "$LAB_DIR"
trap 'rm -rf "$LAB_DIR"' EXIT

swarms --nodes 10000 --rate 2000 --visiting 2000 --visiting-rate 500 --agents 2
equal "it says that none has failed" $? 0
equal "all are registered directly" "$(says '.directly[0].accepted')" 10000
equal "and through foreign agents" "$(says '."through 2"[0].accepted')" 2000
check "the table has a row for each way" grep -q "through 2" "$LAB_DIR/swarms.log"
swarms --nodes 0 --visiting 500 --visiting-rate 250 --agents 1 --reverse-tunnel
equal "with reverse tunnels, too" "$(says '."through 1"[0].accepted')" 500

# How fast packets go by how many bindings there are, likewise.
growth() {
	"$story_source/tests/bench/growth.py" --build "$SJ_BUILD" --rounds 1 --seconds 1 \
		--bindings 1,1000 --json "$LAB_DIR/growth.json" >"$LAB_DIR/growth.log" 2>&1
}
check "packets are counted by how many bindings there are" growth
equal "of one and of a thousand, by both ways" \
	"$(jq -c 'map(map(select(.[0] > 0)) | length)' "$LAB_DIR/growth.json")" "[2,2]"

"$story_source/tests/bench/swarms.py" --build "$SJ_BUILD" --rounds 1 --nodes 1000 \
	--rate 10 --visiting 0 >"$LAB_DIR/swarms.log" 2>&1 &
pid=$!
check_wait "it is at work" 20 '[ "$(namespaces $pid)" -eq 2 ]'
kill -TERM $pid
wait $pid
equal "stopped, it leaves no namespace" "$(namespaces $pid)" 0
tap_done
