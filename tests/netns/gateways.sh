#!/bin/bash
# The README's private link between two sites, word for word: its configuration, where
# it belongs and with a key as it says how to make one; the other end's made from it as
# it says; its commands, and what they are to show.
#
#   host 10.8.0.2 --- W 198.51.100.1 ==== core ==== 203.0.113.1 E --- 10.9.0.2 mn
. "$(dirname "$0")/lib_story.sh"

chapter() { sed -n '/^A private link between two sites/,/^How much can it take/p' "$story_source/README"; }

# gateway HOST ADDRESS: also at the backbone, which has .254 there.
gateway() {
	ip -n "$LAB-$1" addr add "$2/24" dev core &&
		ip -n "$LAB-core" addr add "${2%.*}.254/24" dev "$1"
}

site() { # HOST ADDRESS GATEWAY GATEWAY-ADDRESS
	_lab_link "$1" site "$2/24" "$3" site "$4/24" &&
		ip -n "$LAB-$1" route add 10.0.0.0/8 via "$4"
}

# On E: "the same lines, with addresses and subnets exchanged".
exchanged() {
	sed -e 's/198\.51\.100\.1/@/g; s/203\.0\.113\.1/198.51.100.1/g; s/@/203.0.113.1/g' \
		-e 's/10\.8\.0\.0/@/g; s/10\.9\.0\.0/10.8.0.0/g; s/@/10.9.0.0/g'
}

# on NAME COMMAND...: where its /etc and /run are.
on() {
	local pid
	pid=$(cat "$LAB_DIR/$1.pid")
	shift
	nsenter -t "$pid" -m "$@"
}

# served NAME HOST: as the service starts it, after -t; each with folders of its own.
served() {
	# shellcheck disable=SC2016
	lab_start "$1" "$2" unshare -m sh -c 'mount -t tmpfs none /run && mkdir /run/sojourn &&
		mkdir -p "$0/etc" && mount --bind "$0/etc" /etc && mkdir -p /etc/sojourn &&
		install -m 600 "$0.xml" /etc/sojourn/ha.xml && mip-ha -t && exec mip-ha' \
		"$LAB_DIR/$1"
}

# both COMMAND: the README's line, as it is, at either end; what W says is kept.
both() {
	on W sh -c "$1" >"$LAB_DIR/said" 2>&1 && on E sh -c "$1" >/dev/null 2>&1
}
said() { grep -Eq "$1" "$LAB_DIR/said"; }
tunnel_says() { both "$show_tunnels" && said "$1"; }

story_begin openssl nsenter unshare
gateway ha 198.51.100.1 && gateway fa1 203.0.113.1 || story_abort "no addresses"
site host 10.8.0.2 ha 10.8.0.1 && site mn 10.9.0.2 fa1 10.9.0.1 || story_abort "no sites"
key=$(eval "$(chapter | grep -o 'echo hex:$(openssl rand -hex [0-9]*)')")
chapter | sed -n '/<home-agent/,/<\/home-agent>/p' | sed "s|hex:\.\.\.|$key|" >"$LAB_DIR/W.xml"
exchanged <"$LAB_DIR/W.xml" >"$LAB_DIR/E.xml"
show_protection=$(chapter | grep -o 'mipctl show protection  *#.*')
show_tunnels=$(chapter | grep -o 'mipctl show tunnels  *#.*')

equal "the key has 32 octets" "${#key}" $((4 + 64))
sniff link core ha ip
served W ha
served E fa1
check_wait "the keys are agreed on" 15 "both '$show_protection' && said '\\bup\\b'"
check "and it is said in how many seconds they are replaced" \
	eval "said next-rekey && said ' 3[0-9]{3}\.'"
check_wait "the tunnel is up" 5 "tunnel_says '\\bup\\b'"
check_pings "from one site to the other" host 10.9.0.2
check_pings "and back" mn 10.8.0.2
kill -STOP "$(cat "$LAB_DIR/E.pid")"
show_at_W() { on W sh -c "$show_tunnels" >"$LAB_DIR/said" 2>&1 && said "$1"; }
check_wait "down while the other end is dead" 60 "show_at_W '\\bdown\\b'"
kill -CONT "$(cat "$LAB_DIR/E.pid")"
check_wait "and up again" 30 "tunnel_says '\\bup\\b'"
check_pings "from one site to the other, again" host 10.9.0.2
sniff_end link
equal "nothing of the sites was in clear" \
	"$(recorded link "net 10.8.0.0/24 or net 10.9.0.0/24" | head -n 5)" ""
lab_stop W
equal "one ends cleanly" $? 0
lab_stop E
equal "so does the other" $? 0
check_clean ha fa1
tap_done
