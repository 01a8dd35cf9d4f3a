#!/bin/bash
# A crash of any of the three leaves a state from which its restart recovers.
# limit: 300
set -u
. "$SJ_SRC/tests/netns/lib_agents.sh"

crash() {
	lab_stop "$1" KILL 2>/dev/null
}

node_rule() { in_ns fa1 ip rule show | grep -c 'from 10.1.0.10'; }
one_rule() { [ "$(node_rule)" -eq 1 ]; }
no_rule() { [ "$(node_rule)" -eq 0 ]; }
answers_arp() { [ "$(in_ns mn cat /proc/sys/net/ipv4/conf/radio0/arp_ignore)" -eq 0 ]; }
has_address() { ip -n "$LAB-mn" -o addr show dev radio0 | grep -q 10.1.0.10; }
has_no_address() { ! has_address; }

agents_begin
agent_edit mn 's|lifetime="600"|lifetime="10"|'
agents_start ha fa1 mn
lab_move visit1
check "the node registers" wait_node 10 registered 10.0.2.2
check "the correspondent reaches it" reaches cn

crash ha
check "the home agent starts again after a crash" agent_start ha
check "its bindings are there again after the node's next registration" \
	lab_wait $((15 * ${SJ_SLOW%.*})) '[ "$(ctl ha show bindings | jq -r "select(.home).home")" = 10.1.0.10 ]'
check "the correspondent reaches the node" reaches cn

check "a rule leads into the reverse tunnel" one_rule
crash fa1
check "the rule is left behind by a crash" one_rule
check "the foreign agent starts again" agent_start fa1
check "it has cleared away what was left" logged fa1 "leftovers="
check "the node notices and registers again" \
	lab_wait $((10 * ${SJ_SLOW%.*})) '[ "$(ctl fa1 show visitors | jq -r "select(.home).home")" = 10.1.0.10 ]'
check "there is one rule again" one_rule
check "the correspondent reaches the node again" reaches cn

crash mn
check "the home address is left behind by a crash" has_address
check "the mobile node starts again" agent_start mn
check "it registers again" wait_node 10 registered 10.0.2.2
check "the correspondent reaches it again" reaches cn

lab_stop mn
check "nothing of the node is left after a clean end" is_clean mn
check "nor its address" has_no_address
check "the interface answers ARP as before" answers_arp
lab_wait 5 no_rule
check "the foreign agent has let the node go" no_rule
lab_stop fa1
lab_stop ha
check "nothing of the foreign agent is left" is_clean fa1
check "nothing of the home agent is left" is_clean ha
check "no sanitizer complains" no_complaints
tap_done
