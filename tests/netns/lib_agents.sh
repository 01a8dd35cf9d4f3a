# shellcheck shell=bash
# The agents of the demonstration in a laboratory of one's own: configurations in
# $LAB_DIR, one control socket each.

. "$SJ_SRC/tests/netns/lib.sh"

mip_ha=$SJ_BUILD/ha/mip-ha
mip_fa=$SJ_BUILD/fa/mip-fa
mn_sim=$SJ_BUILD/mn-sim/mn-sim

# agents_begin: laboratory and configurations, nothing started; skips where it cannot.
agents_begin() {
	local f
	lab_can || tap_skip_all "needs root, namespaces, veth and TUN"
	lab_trap
	mkdir -p "$LAB_DIR"
	lab_up || tap_skip_all "cannot build the laboratory"
	for f in ha fa1 fa2 mn; do
		sed "s|/run/sojourn/|$LAB_DIR/|g" "$SJ_SRC/configs/demo/$f.xml" \
			>"$LAB_DIR/$f.xml"
		chmod 600 "$LAB_DIR/$f.xml"
	done
}

# agent_edit NAME SED-SCRIPT: change a configuration.
agent_edit() {
	sed -i "$2" "$LAB_DIR/$1.xml"
}

# agent_start NAME: ha, fa1, fa2 or mn, in the namespace of that name; waits until it
# answers.
agent_start() {
	local command
	case $1 in
	ha) command=$mip_ha ;;
	fa*) command=$mip_fa ;;
	mn) command="$mn_sim node" ;;
	esac
	# shellcheck disable=SC2086
	lab_start "$1" "$1" $command -c "$LAB_DIR/$1.xml"
	lab_wait $((5 * ${SJ_SLOW%.*})) "ctl $1 show status >/dev/null 2>&1"
}

agents_start() { # NAME...
	local name
	for name in "$@"; do
		agent_start "$name" || lab_say "$name does not answer"
	done
}

ctl() { # NAME REQUEST...
	local name=$1
	shift
	"$SJ_BUILD/common/ctl/mipctl" -s "$LAB_DIR/$name.sock" --json "$@"
}

# A field of the node's status; empty if there is none.
node_is() { ctl mn show status | jq -r "select(.end | not) | .$1 // empty"; }

# wait_node SECONDS STATE CARE-OF: until the node has registered there ("" is home).
wait_node() {
	lab_wait $(($1 * ${SJ_SLOW%.*})) \
		"[ \"\$(node_is state) \$(node_is '\"care-of\"')\" = \"$2 $3\" ]"
}

# reaches HOST: the correspondent's packets get to the node and back.
reaches() {
	in_ns "$1" ping -q -c 3 -i 0.2 -W 2 10.1.0.10 >/dev/null
}

# logged NAME TEXT: the program has said so.
logged() { grep -qF -- "$2" "$LAB_DIR/$1.log"; }

is_clean() { # HOST
	local left
	left=$(lab_leftovers "$1")
	[ -z "$left" ] || { echo "$left"; return 1; }
}

# Whatever happened, a sanitizer's word in a log is a failure.
no_complaints() {
	! grep -hE -A30 'Sanitizer|runtime error|Assertion' "$LAB_DIR"/*.log
}
