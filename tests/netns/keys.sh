#!/bin/bash
# Security associations: every algorithm in all three places, several at once and a key
# that is rolled without an interruption; and wrong keys, each refused with its code,
# counted, remembered as a violation, and without effect.
. "$(dirname "$0")/lib_story.sh"

key1=000102030405060708090a0b0c0d0e0f
key2=101112131415161718191a1b1c1d1e1f
key3=202122232425262728292a2b2c2d2e2f
wrong=ffffffffffffffffffffffffffffffff

association() { # SPI ALGORITHM KEY [MORE]
	echo "<association spi=\"$1\" algorithm=\"$2\" key=\"hex:$3\" ${4:-}/>"
}

# Associations of the home agent with the node, of the foreign agent with the node, and
# of the agents; each written into the configurations that have it.
write_ha() { # NODE AGENT
	config ha <<-XML
		<home-agent address="10.1.0.1">
		  <control socket="$LAB_DIR/ha.sock"/>
		  <home-network prefix="10.1.0.0/24" interface="home"/>
		  <node home-address="10.1.0.10">$1</node>
		  <peer-agent address="10.0.2.2">$2</peer-agent>
		</home-agent>
	XML
}

write_fa() { # NODE AGENT
	config fa1 <<-XML
		<foreign-agent care-of-address="10.0.2.2">
		  <control socket="$LAB_DIR/fa1.sock"/>
		  <advertise interface="visit" min-interval="0.2" max-interval="0.3" lifetime="1"/>
		  <node home-address="10.1.0.10">$1</node>
		  <peer-agent address="10.1.0.1">$2</peer-agent>
		</foreign-agent>
	XML
}

write_mn() { # HOME-AGENT FOREIGN-AGENT
	config mn <<-XML
		<mobile-node interface="radio0" home-address="10.1.0.10/24" home-agent="10.1.0.1">
		  <control socket="$LAB_DIR/mn.sock"/>
		  $1
		  <foreign-agent address="10.2.0.1">$2</foreign-agent>
		</mobile-node>
	XML
}

reload_all() {
	local name
	for name in ha fa1 mn; do
		ctl $name reload >/dev/null 2>&1 || start_all $name
	done
}

used() { # NAME KIND SPI ALGORITHM: what it was used for
	shows "$1" associations "any(.kind == \"$2\" and .spi == \"$3\" and
		.algorithm == \"$4\" and .used > 0 and .failures == 0)"
}

algorithm() { # ALGORITHM [MORE]
	local what=$1${2:+, $2}
	write_ha "$(association 1001 "$1" $key1 "${2:-}")" \
		"$(association 1002 "$1" $key2 "${2:-}")"
	write_fa "$(association 1003 "$1" $key3 "${2:-}")" \
		"$(association 1002 "$1" $key2 "${2:-}")"
	write_mn "$(association 1001 "$1" $key1 "${2:-}")" \
		"$(association 1003 "$1" $key3 "${2:-}")"
	lab_stop mn
	reload_all
	check_wait "$what: the node registers" 10 "node_is registered 10.0.2.2"
	check "$what: node and home agent used it" used ha mn-ha 0x000003e9 "$1"
	check "$what: node and foreign agent used it" used fa1 mn-fa 0x000003eb "$1"
	check "$what: the agents used it" used ha fa-ha 0x000003ea "$1"
	check_pings "$what: the node is reached" cn 10.1.0.10
}

bound_with() { shows ha bindings "length == 1 and .[0].spi == \"$1\""; }

# write_roll HA-ASSOCIATIONS NODE-ASSOCIATIONS: no keys but these, and read again.
write_roll() {
	write_ha "$1" ""
	write_fa "" ""
	write_mn "$2" ""
	sed -i '/<peer-agent/d; s|<node [^>]*></node>||' "$LAB_DIR/ha.xml" "$LAB_DIR/fa1.xml"
	sed -i '/<foreign-agent address/d' "$LAB_DIR/mn.xml"
}

# The home agent learns the new key first, the node next; then the old one goes. What
# comes under a key is answered under it, unless the key is only accepted any more.
roll() {
	local old new old_accepted new_accepted
	old=$(association 1001 hmac-md5 $key1)
	new=$(association 2001 hmac-sha256 $key2)
	old_accepted=$(association 1001 hmac-md5 $key1 'accept-only="yes"')
	new_accepted=$(association 2001 hmac-sha256 $key2 'accept-only="yes"')

	write_roll "$old" "$old"
	lab_stop mn
	reload_all
	check_wait "roll: with the old key" 10 "bound_with 0x000003e9"
	write_roll "$new$old" "$old"
	check "roll: the home agent is told the new one" ctl ha reload
	check "roll: the binding stays" bound_with 0x000003e9
	check "roll: the node is reached" pings cn 10.1.0.10
	renews "roll: the old key is still good" 0x000003e9
	write_roll "$new$old_accepted" "$old$new_accepted"
	ctl ha reload >/dev/null
	renews "roll: also when answers come under the new one" 0x000003e9
	write_roll "$new$old_accepted" "$new"
	renews "roll: the node uses the new one" 0x000007d1
	write_roll "$new" "$new"
	check "roll: the old one goes" ctl ha reload
	check "roll: the binding stays" bound_with 0x000007d1
	check "roll: the node is reached" pings cn 10.1.0.10
	check_not "roll: meanwhile no node or agent was suspected" violation ha true
}

renews() { # WHAT SPI: a node that reads its configuration again registers again
	local before
	before=$(counter mn accepted)
	check "$1: the node reads its keys" ctl mn reload
	check_wait "$1: and registers" 10 "count_above mn accepted $before && bound_with $2"
}

# ask HOW KEY-OF-NODE [KEY-FOR-FOREIGN-AGENT]: a request with these keys; its code.
ask() {
	local options=(--auth "32:1001:hmac-md5:$1")
	[ $# -gt 1 ] && options+=(--auth "33:1003:hmac-md5:$2")
	request mn --to 10.2.0.1 --interface radio0 --mac "$(mac fa1 visit)" \
		--home 10.1.0.10 --agent 10.1.0.1 --care-of 10.0.2.2 "${options[@]}" | jq .code
}

# A foreign agent sends one denial a second to a node: it is asked until it answers.
check_denied() { # WHAT CODE KEY...
	local what=$1 code=$2
	shift 2
	check_wait "$what: $code" 10 "[ \"\$(ask $*)\" = $code ]"
}

check_nothing() { # WHAT
	check_shows "$1: no binding" ha bindings '. == []'
	check_shows "$1: no visitor" fa1 visitors '. == []'
	equal "$1: no route" "$(ip -n "$LAB-ha" route show proto 143)" ""
}

violation() { # NAME FILTER
	shows "$1" violations "length > 0 and (.[-1] | $2)"
}

wrong_keys() {
	local node agent foreign
	node=$(association 1001 hmac-md5 $key1)
	agent=$(association 1002 hmac-md5 $key2)
	foreign=$(association 1003 hmac-md5 $key3)
	lab_stop mn
	stop ha
	stop fa1
	write_ha "$node" "$agent"
	write_fa "$foreign" "$agent"
	start_all ha fa1

	check_denied "a wrong key for the home agent" 131 $wrong $key3
	check "is counted" count_above ha bad-authenticator 0
	check "is a violation" violation ha '.home == "10.1.0.10"'
	check_nothing "a wrong key for the home agent"
	check_denied "a wrong key for the foreign agent" 67 $key1 $wrong
	check "is counted there" count_above fa1 reply-fa-mn-failed-authentication 0
	check "is a violation there" violation fa1 '.home == "10.1.0.10"'
	check_nothing "a wrong key for the foreign agent"
	check_denied "no key for the foreign agent, which wants one" 67 $key1

	write_fa "$foreign" "$(association 1002 hmac-md5 $wrong)"
	ctl fa1 reload >/dev/null
	check_denied "a wrong key between the agents" 68 $key1 $key3
	check "is counted at the home agent" count_above ha fa-authentication-bad 0
	check_nothing "a wrong key between the agents"
	write_fa "$foreign" "$agent"
	ctl fa1 reload >/dev/null
	equal "with all of them right: 0" "$(ask $key1 $key3)" 0
	check_shows "and a binding" ha bindings 'length == 1'
}

story_begin scapy
lab_move visit1
algorithm hmac-md5
algorithm hmac-sha1
algorithm hmac-sha256
algorithm keyed-md5
algorithm keyed-md5 'spi-covered="no"'
roll
wrong_keys
stop fa1
stop ha
check_clean mn fa1 ha
tap_done
