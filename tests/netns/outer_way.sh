#!/bin/bash
# Outer packets of streams go past the kernel's IP layer, to the neighbour: only where
# a firewall or IPsec policy has nothing to do to them, by the routing of the moment.
. "$(dirname "$0")/lib_story.sh"

# Longer than an answer of the kernel is believed.
settle() { sleep 2; }

past() { counter ha sent-past; }

# table AGENT: a firewall that only counts GRE on its way out.
table() {
	in_ns "$1" nft -f - <<-'NFT'
		table ip watch {
			chain out {
				type filter hook output priority 0;
				ip protocol gre counter
			}
		}
	NFT
}

# watched AGENT: GRE packets that it has seen.
watched() {
	in_ns "$1" nft -j list table ip watch |
		jq '.nftables[].rule.expr[]? | select(.counter) | .counter.packets'
}

# stays NAME: a transfer, of which nothing goes past.
stays() {
	local before
	settle
	before=$(past)
	check "$1: a transfer arrives whole" transfer cn mn 10.1.0.10
	equal "$1: nothing went past" "$(past)" "$before"
}

# goes NAME: a transfer, most of which goes past.
goes() {
	local before
	settle
	before=$(past)
	check "$1: a transfer arrives whole" transfer cn mn 10.1.0.10
	check "$1: its packets went past" count_above ha sent-past $((before + 2000))
}

story_begin ss python3 nft
configure ha 's|</home-agent>|<tunnel fast-path="off"/>&|'
configure fa1 's|</foreign-agent>|<tunnel fast-path="off"/>&|'
configure mn
start_all ha fa1 mn
check "the node registers" move_to visit1
goes "nothing in the way"
check "the node is sent to, one packet at a time" in_ns cn ping -n -q -c 3 -i 0.3 10.1.0.10
equal "no packet was refused" "$(counter ha send)" 0

table ha
stays "a firewall"
check "and it saw them" test "$(watched ha)" -gt 2000
in_ns ha nft delete table ip watch
goes "the firewall gone"

ip -n "$LAB-ha" xfrm policy add src 192.0.2.1 dst 192.0.2.2 dir out action block
stays "a policy of IPsec"
ip -n "$LAB-ha" xfrm policy flush

# Another link-layer address of the router, as the kernel learns of it.
ip -n "$LAB-core" link set ha address 02:00:00:00:0f:01
ip -n "$LAB-ha" neigh replace 10.0.1.1 lladdr 02:00:00:00:0f:01 dev core nud stale
goes "another neighbour"

# A narrower link, of which nothing tells but the kernel.
ip -n "$LAB-ha" link set core mtu 1400
ip -n "$LAB-core" link set ha mtu 1400
goes "a narrower link"
equal "no packet was refused since" "$(counter ha send)" 0

for agent in mn fa1 ha; do
	stop $agent
done
check_clean mn fa1 ha
tap_done
