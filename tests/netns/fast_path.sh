#!/bin/bash
# The fast path in the kernel under a roaming node: connections live on, tunnels are
# counted there, a narrower path is learned; killed agents, other people's filters, and
# peers with ESP, who never take it; nothing is left at the end.
. "$(dirname "$0")/lib_story.sh"

# fast HOW: the agents' configurations; HOW is the value of fast-path.
fast() {
	configure ha "s|</home-agent>|<tunnel fast-path=\"$1\"/>&|"
	configure fa1 "s|</foreign-agent>|<tunnel fast-path=\"$1\"/>&|"
	configure fa2 "s|</foreign-agent>|<tunnel fast-path=\"$1\"/>&|"
}

filters() { in_ns "$1" tc filter show dev "$2" ingress | grep -c 'handle.*mip_fast'; }
queue() { in_ns "$1" tc qdisc show dev "$2" clsact; }

took() { # AGENT DIRECTION: how many packets took the fast path of its tunnels
	rows "$1" tunnels | jq "map(.\"fast-packets-$2\") | add // 0"
}
in_user() { # AGENT: and how many went through user space
	echo $(($(counter "$1" outbound) + $(counter "$1" inbound)))
}
took_more() { [ "$(took "$1" "$2")" -gt "$3" ]; }

scenario() {
	config roam <<-XML
		<scenario name="fast" title="two visits" start="visit1" duration="4s"
		          cable="cable" cable-netns="$LAB-air">
		  <end name="correspondent" netns="$LAB-cn" address="10.0.9.2"/>
		  <end name="node" netns="$LAB-mn" address="10.1.0.10"/>
		  <udp name="to-node" from="correspondent" to="node" port="5001" interval="10ms"/>
		  <udp name="from-node" from="node" to="correspondent" port="5002" interval="10ms"/>
		  <tcp name="stream" from="correspondent" to="node" port="5003" rate="1000000"/>
		  <tcp name="stream-back" from="node" to="correspondent" port="5005" rate="1000000"/>
		  <move at="1.2s" to="visit2" label="visit2" expect="registered"/>
		  <move at="2.6s" to="visit1" label="visit1" expect="registered"/>
		  <watch name="mn" control="$LAB_DIR/mn.sock" node="yes"/>
		</scenario>
	XML
	in_ns mn mn-sim scenario --quiet --out "$LAB_DIR" "$LAB_DIR/roam.xml"
}
result() { jq -r "$1" "$LAB_DIR/run-fast.json"; }

roam() { # ENCAPSULATION
	configure mn "s/encapsulation=\"gre\"/encapsulation=\"$1\"/"
	start_all mn
	check_wait "$1: the node is served" 10 "move_to visit1 && pings cn 10.1.0.10"
	check_shows "$1: the home agent's tunnel takes it" ha tunnels \
		"any(.encapsulation == \"$1\" and .path == \"fast\")"
	check "$1: the node roams" scenario
	equal "$1: both streams whole, one connection each" \
		"$(result '[.streams[] | .intact and ."one-connection"] | length, all' | xargs)" \
		"2 true"
	equal "$1: no flow lost more than a quarter second a move" \
		"$(result '[.flows[] | select(.total.received < .total.sent * 0.85)] | length')" 0
	check "$1: the fast path took them, there and back, at both agents" eval \
		'took_more ha out 100 && took_more ha in 100 &&
		took_more fa1 out 50 && took_more fa1 in 50'
	check "$1: and user space little" eval "[ $(in_user ha) -lt 50 ]"
	stop mn
}

# Octets that arrive are those that were sent, whatever the links do about segments.
transfers() { # WHAT
	local before
	before=$(took ha out)
	check "$1: a transfer to the node arrives whole" transfer cn mn 10.1.0.10
	check "$1: by the fast path" took_more ha out $((before + 1000))
	check "$1: a transfer from the node arrives whole" transfer mn cn 10.0.9.2
}

# Where links cut segments themselves, and where they are told not to.
segments() {
	transfers "whole segments"
	in_ns ha ethtool -K core tso off gso off >/dev/null 2>&1
	in_ns fa1 ethtool -K visit tso off gso off tx off >/dev/null 2>&1
	transfers "segments cut by the kernel"
	in_ns ha ethtool -K core tso on gso on >/dev/null 2>&1
	in_ns fa1 ethtool -K visit tso on gso on tx on >/dev/null 2>&1
}

narrow() {
	ip -n "$LAB-core" link set fa1 mtu 1400
	ip -n "$LAB-fa1" link set core mtu 1400
	check_wait "narrowed: the home agent learns it" 10 \
		"in_ns cn ping -n -q -c 1 -W 0.2 -M dont -s 1448 10.1.0.10 >/dev/null
		shows ha tunnels '.[0].mtu == 1376 and .[0].path == \"fast\"'"
	check "narrowed: what is too large is left to user space" count_above ha up-size 0
	check_pings "narrowed: it arrives in fragments" cn 10.1.0.10 -M dont -s 1448
	transfers "narrowed"
	ip -n "$LAB-core" link set fa1 mtu 1500
	ip -n "$LAB-fa1" link set core mtu 1500
}

unusual() {
	local before
	before=$(took ha out)
	check_not "the last hop ends at the home agent" pings cn 10.1.0.10 -t 2
	check "fragments go" pings cn 10.1.0.10 -M dont -s 4000
	equal "both by user space" "$(took ha out)" "$before"
	check "and are counted so" eval 'count_above ha up-ttl 0 && count_above ha up-fragment 0'
}

# The kernel's neighbours, links and routes change under tunnels that are in use.
changed() {
	ip -n "$LAB-ha" neigh replace 10.0.1.1 lladdr 02:00:00:00:99:99 dev core nud permanent
	check_not "changed: a neighbour with another station is believed" pings cn 10.1.0.10
	ip -n "$LAB-ha" neigh del 10.0.1.1 dev core
	check_wait "changed: and so is the right one" 10 "pings cn 10.1.0.10"
	ip -n "$LAB-ha" route add unreachable 10.0.2.2
	# What routing said before is remembered for some milliseconds.
	check_wait "changed: without a route to the foreign agent nothing goes" 5 \
		"! pings cn 10.1.0.10"
	ip -n "$LAB-ha" route del unreachable 10.0.2.2
	check_wait "changed: with one it goes again" 10 "pings cn 10.1.0.10"
	ip -n "$LAB-core" link set fa1 down
	check_not "changed: nothing goes over a link that is down" pings cn 10.1.0.10
	ip -n "$LAB-core" link set fa1 up
	transfers "changed"
}

map_memory() { # AGENT: octets of its hash maps
	cat /proc/"$(cat "$LAB_DIR/$1.pid")"/fdinfo/* 2>/dev/null |
		awk '/^map_type:/ { hash = $2 == 1 } /^memlock:/ && hash { n += $2 } END { print n + 0 }'
}

# Maps of the kernel have a size for life; a reload that needs more makes new ones.
larger() {
	local before
	before=$(took ha out)
	configure ha "s|</home-agent>|<tunnel fast-path=\"required\"/>&|" \
		's|max-lifetime=|max-bindings="125000" &|'
	ctl ha reload >/dev/null
	check "larger: the maps hold more bindings" [ "$(map_memory ha)" -ge $((125000 * 64)) ]
	check "larger: of at most 128 octets each" [ "$(map_memory ha)" -le $((125000 * 128)) ]
	check "larger: what was counted is not lost" eval \
		'[ "$before" -gt 0 ] && [ "$(took ha out)" -ge "$before" ]'
	transfers "larger"
	equal "larger: one filter a link" "$(filters ha core) $(filters ha home)" "1 1"
	check_shows "larger: on the same links" ha status \
		'.[0]."fast-path" | sort == ["core", "home"]'
}

killed() {
	lab_stop ha KILL
	lab_stop fa1 KILL
	equal "killed: the filters are still there" "$(filters ha core) $(filters fa1 visit)" "1 1"
	check_not "killed: but they forward nothing" pings cn 10.1.0.10
	start_all ha fa1
	check_wait "started again: the node is served" 15 "pings cn 10.1.0.10"
	check_wait "started again: by the fast path" 5 \
		"pings cn 10.1.0.10; took_more ha out 0 && took_more fa1 in 0"
	equal "started again: one filter a link" "$(filters ha core) $(filters fa1 visit)" "1 1"
}

# A link that comes later.
later() {
	ip -n "$LAB-ha" link add later type veth peer name later2
	check_wait "a link that comes gets the filter" 5 '[ "$(filters ha later)" = 1 ]'
	ip -n "$LAB-ha" link del later
	check_shows "and goes again" ha status '.[0]."fast-path" | index("later") | not'
}

switched_off() {
	fast off
	ctl ha reload >/dev/null
	ctl fa1 reload >/dev/null
	check "switched off: the node moves away and back" eval "move_to home && move_to visit1"
	check_shows "switched off: its tunnel has left the fast path" ha tunnels \
		'map(.path) == ["user"]'
	check_pings "switched off: and it is served" cn 10.1.0.10
	fast required
	ctl ha reload >/dev/null
	ctl fa1 reload >/dev/null
}

protected() {
	local peer='s|<peer-agent \([^>]*\)>|<peer-agent \1 protection="esp" policy="required">|'
	configure ha "s|</home-agent>|<tunnel fast-path=\"required\"/>&|" "$peer"
	configure fa1 "s|</foreign-agent>|<tunnel fast-path=\"required\"/>&|" "$peer"
	start_all ha fa1 mn
	lab_move visit1
	check_wait "ESP required: the node is served" 20 "pings cn 10.1.0.10"
	equal "ESP required: the tunnels stay in user space" \
		"$(rows ha tunnels | jq -r 'map(.path) | unique | join(" ")') $(rows fa1 tunnels |
			jq -r 'map(.path) | unique | join(" ")')" "user user"
	equal "ESP required: nothing took the fast path" \
		"$(($(counter ha fast-encapsulated) + $(counter ha fast-to-kernel) +
		$(counter fa1 fast-encapsulated) + $(counter fa1 fast-to-link)))" 0
	stop mn
	stop fa1
	stop ha
}

story_begin tc ethtool python3
fast required
# Somebody else's filter and queueing discipline.
in_ns ha tc qdisc add dev core clsact
in_ns ha tc filter add dev core ingress pref 10 protocol ip u32 \
	match ip protocol 99 0xff flowid 1:1
theirs=$(in_ns ha tc filter show dev core ingress)
launch ha
lab_wait 10 "answers ha || ! lab_running ha"
if ! answers ha; then
	grep -q fast-path "$LAB_DIR/ha.log" && tap_skip_all "no fast path: $(tail -n 1 "$LAB_DIR/ha.log")"
	story_abort "the home agent did not start"
fi
start_all fa1 fa2
equal "attached at each link that is like Ethernet" \
	"$(rows ha status | jq -c '.[0]."fast-path" | sort') $(filters ha core) $(filters ha home)" \
	'["core","home"] 1 1'
for tunnel in gre ipip; do
	roam $tunnel
done
configure mn
start_all mn
check_wait "the node is served" 10 "move_to visit1 && pings cn 10.1.0.10"
segments
unusual
narrow
changed
larger
killed
later
switched_off
for agent in mn fa1 fa2 ha; do
	stop $agent
	equal "$agent ends cleanly" $? 0
done
equal "others' filters are as they were" "$(in_ns ha tc filter show dev core ingress)" "$theirs"
check "and so is their queueing discipline" test -n "$(queue ha core)"
equal "of ours nothing is left" "$(queue ha home)$(queue fa1 core)$(queue fa1 visit)" ""
protected
check_clean mn fa1 fa2 ha
tap_done
