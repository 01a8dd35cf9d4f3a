#!/bin/bash
# Reading the configuration again: what changes, and what a fault leaves alone.
set -u
. "$SJ_SRC/tests/netns/lib_agents.sh"

bindings() { ctl ha show bindings | jq -r 'select(.home).home' | wc -l; }
no_bindings() { [ "$(bindings)" -eq 0 ]; }
one_binding() { [ "$(bindings)" -eq 1 ]; }
refuses() { ! ctl ha reload; }

agents_begin
agents_start ha fa1 mn
lab_move visit1
check "the node registers" wait_node 10 registered 10.0.2.2

check "the same configuration changes nothing" ctl ha reload
check "the binding is still there" one_binding
kill -HUP "$(cat "$LAB_DIR/ha.pid")"
check "SIGHUP does the same" \
	lab_wait 5 '[ $(grep -c "configuration read again" $LAB_DIR/ha.log) -eq 2 ]'
check "the correspondent reaches the node" reaches cn

cp -p "$LAB_DIR/ha.xml" "$LAB_DIR/good.xml"
agent_edit ha 's|max-lifetime="600"|max-lifetime="never"|'
check "a fault is refused" refuses
check "it is said with line, element and attribute" \
	logged ha "ha.xml:3: home-agent/@max-lifetime:"
check "the binding is still there after that" one_binding
cp -p "$LAB_DIR/good.xml" "$LAB_DIR/ha.xml"

sed -i '/<node home-address/,/<\/node>/d' "$LAB_DIR/ha.xml"
check "a configuration without the node is taken" ctl ha reload
check "its binding goes with it" no_bindings
cp -p "$LAB_DIR/good.xml" "$LAB_DIR/ha.xml"
check "the node is put back" ctl ha reload
lab_move nowhere
lab_move visit1
check "and registers again" lab_wait $((10 * ${SJ_SLOW%.*})) one_binding

check "the level of the log is set" ctl ha log warn
before=$(wc -l <"$LAB_DIR/ha.log")
sleep 1
check "and nothing below it is written" test "$(wc -l <"$LAB_DIR/ha.log")" -eq "$before"

for name in mn fa1 ha; do
	lab_stop $name
	check "$name leaves nothing" is_clean $name
done
check "no sanitizer complains" no_complaints
tap_done
