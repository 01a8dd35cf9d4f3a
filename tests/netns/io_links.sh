#!/bin/bash
# Interfaces go and come back; cables are moved quickly.
set -u
. "$SJ_SRC/tests/netns/lib_agents.sh"

events() { grep -c -- "$2" "$LAB_DIR/$1.log"; }

agents_begin
agents_start ha fa1 fa2 mn
lab_move home
check "the node is at home" wait_node 10 at-home ""

# Out and in without a pause: the kernel reports only how it ended.
lab_move visit1
check "it registers at the first visit" wait_node 10 registered 10.0.2.2
lab_move visit2
check "it registers at the second visit" wait_node 10 registered 10.0.3.2
check "it saw its cable go out each time" \
	test "$(events mn link-down)" -eq 2

ip -n "$LAB-fa2" link del visit
check "the foreign agent says that its interface is gone" \
	lab_wait 5 'logged fa2 "interface=visit is gone"'
check "it still answers" ctl fa2 show status
before=$(events fa2 advertisement-sent)
_lab_plug fa2 visit 10.3.0.1/24 visit2
check "it advertises again when the interface is back" \
	lab_wait $((5 * ${SJ_SLOW%.*})) "[ \$(events fa2 advertisement-sent) -gt $before ]"
lab_move visit1
check "the node registers at the first visit" wait_node 10 registered 10.0.2.2
lab_move visit2
check "and at the second again" wait_node 10 registered 10.0.3.2
check "the correspondent reaches it" reaches cn

ip -n "$LAB-mn" link del radio0
check "the node goes on without its interface" ctl mn show status
ip -n "$LAB-air" link add cable type veth peer name radio0 netns "$LAB-mn"
ip -n "$LAB-mn" link set radio0 up
lab_move visit1
check "it registers when the interface is back" wait_node 10 registered 10.0.2.2
check "the correspondent reaches it again" reaches cn

for name in mn fa1 fa2 ha; do
	lab_stop $name
	check "$name leaves nothing" is_clean $name
done
check "no sanitizer complains" no_complaints
tap_done
