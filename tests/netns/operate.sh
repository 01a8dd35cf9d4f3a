#!/bin/bash
# Operating the agents: every request of mipctl, as a table and as JSON; clearing a
# binding and a visitor; events as they happen; the level of the log; reading a
# changed and a faulty configuration again; a clean end by each signal.
. "$(dirname "$0")/lib_story.sh"

# Rows, then the closing line with their number.
sound_json() { # NAME REQUEST
	# shellcheck disable=SC2086
	ctl "$1" $2 | jq -es 'last.end == true and last.count == length - 1' >/dev/null
}

# A line of column names, or nothing at all for an empty table; a field a line of what
# there is one of.
sound_table() { # NAME REQUEST
	local table json
	# shellcheck disable=SC2086
	table=$(mipctl -s "$LAB_DIR/$1.sock" $2) || return
	json=$(rows "$1" "${2#show }")
	[ "$2" = "show status" ] && {
		[ "$(awk '{ print $1 }' <<<"$table")" = "$(jq -r '.[0] | keys_unsorted[]' <<<"$json")" ]
		return
	}
	[ "$(jq length <<<"$json")" -eq 0 ] && return
	[ "$(wc -l <<<"$table")" -eq "$(($(jq length <<<"$json") + 1))" ] &&
		[ "$(head -n 1 <<<"$table" | wc -w)" -eq "$(jq '.[0] | length' <<<"$json")" ]
}

requests() {
	local agent request
	for agent in ha fa1 mn; do
		check "$agent: help is sound" sound_json $agent help
		while read -r request; do
			check "$agent: $request --json" sound_json $agent "$request"
			check "$agent: $request" sound_table $agent "$request"
		done < <(ctl $agent help | jq -r '.request // empty | select(startswith("show"))')
	done
	equal "ha and fa1 tell of bindings, visitors and pending registrations" \
		"$(for agent in ha fa1; do ctl $agent help | jq -r '.request // empty'; done |
			grep -cE 'show (bindings|visitors|pending|violations|tunnels)')" 7
}

refusal() { jq -nc --arg why "$1" '{error: $why}'; }

refusals() {
	check_not "a request that there is not is refused" ctl ha show nothing
	check_not "what a home agent does not have is refused" ctl ha show visitors
	equal "a refusal is JSON" "$(ctl ha show nothing | jq -r 'has("error")')" true
	equal "a binding that there is not cannot be cleared" \
		"$(ctl ha clear binding 10.1.0.77)" "$(refusal "no binding has that home address")"
	equal "nor a visitor" "$(ctl fa1 clear visitor 10.1.0.77)" \
		"$(refusal "no visitor has that home address")"
	equal "nor something that is no address" "$(ctl ha clear binding home)" \
		"$(refusal "clear binding wants a home address")"
	mipctl -s "$LAB_DIR/none.sock" show status >"$LAB_DIR/out" 2>&1
	equal "no agent there: status" $? 1
	check "no agent there: says which socket" grep -q "$LAB_DIR/none.sock" "$LAB_DIR/out"
	mipctl --no-such-option >"$LAB_DIR/out" 2>&1
	equal "wrong usage: status" $? 2
}

# Events are one JSON object a line; `event NAME EVENT` waits for one.
follow() { lab_start "watch-$1" "$1" mipctl -s "$LAB_DIR/$1.sock" --json watch; }
event() { jq -Rse "any(split(\"\\n\")[] | fromjson?; .event == \"$2\")" "$LAB_DIR/watch-$1.log" >/dev/null; }

events() {
	local agent
	for agent in ha fa1 mn; do
		follow $agent
	done
	# They are listening when the first event has come through.
	check_wait "the home agent's watcher hears advertisements" 5 \
		"event ha advertisement-sent && event fa1 advertisement-sent"
	move_to visit1
	check_wait "a move is told by the node" 5 "event mn registered"
	check_wait "a move is told by the home agent" 5 "event ha binding-registered"
	check_wait "a move is told by the foreign agent" 5 "event fa1 visitor-admitted"
	equal "an event says who and where" \
		"$(grep binding-registered "$LAB_DIR/watch-ha.log" |
			jq -r '.program + " " + .home + " " + ."care-of"')" \
		"mip-ha 10.1.0.10 10.0.2.2"
	equal "and when" "$(grep binding-registered "$LAB_DIR/watch-ha.log" |
		jq --argjson now "$(date +%s)" '(.time - $now) | fabs < 20')" true
	for agent in ha fa1 mn; do
		lab_stop watch-$agent
	done
	check "agents go on when watchers leave" answers ha
}

clearing() {
	check_pings "before clearing the node is reached" cn 10.1.0.10
	# Just after a renewal there is time to look before the next.
	lab_wait 10 "shows ha bindings '.[0].remaining >= 5'"
	check "a binding is cleared" ctl ha clear binding 10.1.0.10
	equal "it is gone" "$(rows ha bindings)" "[]"
	equal "its route is gone with it" "$(ip -n "$LAB-ha" route show proto 143)" ""
	check_not "and the node is not reached" pings cn 10.1.0.10
	equal "it is counted" "$(counter ha cleared)" 1
	check_wait "the next renewal binds it again" 10 "pings cn 10.1.0.10"

	lab_wait 10 "shows fa1 visitors '.[0].remaining >= 5'"
	check "a visitor is cleared" ctl fa1 clear visitor 10.1.0.10
	equal "it is gone, too" "$(rows fa1 visitors)" "[]"
	equal "its rule is gone with it" "$(ip -n "$LAB-fa1" rule show | grep -c 10.1.0.10)" 0
	check_wait "the next renewal brings it back" 10 "shows fa1 visitors 'length == 1'"
	check_pings "after clearing the node is reached" cn 10.1.0.10
}

count_lines() { grep -c "$2" "$LAB_DIR/$1.log"; }

levels() {
	local before
	check "the level of the log is set to warn" ctl ha log warn
	before=$(count_lines ha info:)
	move_to visit2
	equal "no line below it is written" "$(count_lines ha info:)" "$before"
	check "and to debug" ctl ha log debug
	check_wait "advertisements are seen again" 5 \
		"tail -n 1 $LAB_DIR/ha.log | grep -q debug:"
	check_not "there is no such level" ctl ha log loud
	move_to visit1
}

edit_ha() { # SED-SCRIPT
	sed -i "$1" "$LAB_DIR/ha.xml"
}

reloading() {
	edit_ha 's|</home-agent>|<node home-address="10.1.0.66"><association spi="4096" key="hex:00112233445566778899aabbccddeeff"/></node></home-agent>|'
	edit_ha 's|max-lifetime="600"|max-lifetime="300"|'
	check "a changed configuration is read again" ctl ha reload
	check_shows "its new node is known" ha associations \
		'any(.peer == "10.1.0.66" and .spi == "0x00001000")'
	check_shows "the binding stays" ha bindings 'length == 1'
	check "packets go on" pings cn 10.1.0.10

	edit_ha 's|spi="1000"|spi="12"|; s|max-lifetime="300"|max-lifetime="soon"|'
	check_not "a faulty one is refused" ctl ha reload
	ctl ha reload >"$LAB_DIR/out"
	check "every fault is in the answer, by line and attribute" \
		grep -q 'ha.xml:[0-9]*: .*association/@spi: ' "$LAB_DIR/out"
	check "every fault: the second" \
		grep -q 'ha.xml:[0-9]*: .*home-agent/@max-lifetime: ' "$LAB_DIR/out"
	kill -HUP "$(cat "$LAB_DIR/ha.pid")"
	check_wait "by SIGHUP the faults are in the log" 5 \
		"grep -q 'ha.xml:[0-9]*: .*@max-lifetime: ' $LAB_DIR/ha.log"
	check_shows "the old configuration stays" ha associations \
		'any(.spi == "0x000003e8") and all(.spi != "0x0000000c")'
	check "packets go on all the same" pings cn 10.1.0.10

	# A node that is taken out loses its binding.
	configure ha '/<node/,/<\/node>/d'
	kill -HUP "$(cat "$LAB_DIR/ha.pid")"
	check_shows "a node taken out loses its binding" ha bindings '. == []'
	check_not "and is not reached any more" pings cn 10.1.0.10
	configure ha
	check "it is put in again" ctl ha reload
	check_wait "and is bound by its next registration" 10 "pings cn 10.1.0.10"

	edit_fa_advert
}

# Another served link, and another pace of advertisements.
edit_fa_advert() {
	sed -i 's|max-lifetime="600"|max-lifetime="500"|; s|lifetime="1"|lifetime="2"|' \
		"$LAB_DIR/fa1.xml"
	check "the foreign agent's changed configuration is read again" ctl fa1 reload
	check_shows "its visitor stays" fa1 visitors 'length == 1'
	check "its packets go on" pings cn 10.1.0.10
	check "the node's is read again" ctl mn reload
	check_wait "the node is still served" 10 "pings cn 10.1.0.10"
}

ending() {
	local agent signal
	for agent in mn:INT fa1:TERM fa2:INT ha:TERM; do
		signal=${agent#*:}
		agent=${agent%:*}
		lab_stop $agent $signal
		equal "$agent: status at its end by $signal" $? 0
		check_not "$agent: its control socket is gone" test -e "$LAB_DIR/$agent.sock"
		check_clean $agent
		[ $agent = mn ] && check_shows "a node that ends takes its binding back" \
			ha bindings '. == []'
	done
}

story_begin
configure ha
configure fa1
configure fa2
configure mn 's/lifetime="600"/lifetime="6"/'
lab_move home
start_all ha fa1 fa2 mn
lab_wait 10 "node_is at-home"
refusals
events
requests
clearing
levels
reloading
ending
tap_done
