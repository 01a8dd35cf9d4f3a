#!/bin/bash
# The demonstration itself, made short: by GRE and then by ESP it ends well, and its
# report shows one packet in both; its exit status is honest when an agent, or both,
# are not told to protect what passes between them.
# limit: 300
. "$(dirname "$0")/lib_story.sh"

configs=$LAB_DIR/configs
out=$LAB_DIR/out

# A shorter walk; what the agents are told comes from $configs.
shorten() {
	rm -rf "$configs" "$out"
	mkdir -p "$configs"
	cp "$story_source"/configs/demo/*.xml "$configs"
	sed -i -e 's/duration="16s"/duration="4200ms"/' -e 's/at="3s"/at="600ms"/' \
		-e 's/at="7s"/at="1800ms"/' -e 's/at="11s"/at="3s"/' "$configs/roam.xml"
}

demo() { # OPTION...
	env -u LAB -u LAB_DIR "$story_source/tests/demo/run" --build "${SJ_BUILD:-}" \
		--configs "$configs" --out "$out" "$@" >"$LAB_DIR/demo.log" 2>&1
}

unprotected() { # FILE ADDRESS: not with that peer
	sed -i "s|<peer-agent address=\"$2\">|<peer-agent address=\"$2\" protection=\"none\">|" \
		"$configs/$1.xml"
}

said() { grep -q "$1" "$LAB_DIR/demo.log"; }
report() { jq -c "$1" "$out/report.json"; }
in_capture() { grep -c -a "$2" "$out/backbone-$1.pcap"; }

# The text column of its hexadecimal lines, joined.
reads_it() {
	bash -c "$(sed -n '/WIRESHARK_CONFIG_DIR=/,/less$/p' "$LAB_DIR/demo.log")" |
		cut -c56- | tr -d '\n ' | grep -q 'newPINis4711'
}

both_ways() {
	shorten
	check "by GRE, then by ESP: it ends well" demo
	equal "two runs, both passed" "$(report '[.runs[] | .name, .passed]')" \
		'["gre",true,"esp",true]'
	check "the live view tells how tunnels are protected" said \
		'10.1.0.1>10.0.2.2 ipip in esp (aes-128-gcm, spi 0x'
	equal "one and the same packet of each flow is shown of both" \
		"$(report '[.runs[].wire[] | .flow, .number] | (length / 4) as $n |
			.[: $n * 2] == .[$n * 2 :] and $n == 2')" true
	check "by GRE the node's words can be read on the backbone" \
		[ "$(in_capture gre 'my PIN is')" -gt 0 ]
	equal "by ESP they can not" "$(in_capture esp 'my PIN is')" 0
	check "the page shows both, side by side" eval \
		"grep -q 'anyone can read it' '$out/report.html' &&
		 grep -q 'only the far end can read it' '$out/report.html'"
	equal "the keys are their owner's alone" "$(stat -c %a "$out/backbone-esp.keys")" 600
	check "what to read it with is told" said 'WIRESHARK_CONFIG_DIR=.*tshark -r'
	if command -v tshark >/dev/null; then
		check "and every packet was authentic" said 'tshark, with the keys: \([0-9]*\) of \1 '
		check "that command, as it is told, shows the node's words" reads_it
	fi
}

in_udp() {
	shorten
	check "by GRE in UDP it ends well" demo --quiet --tunnel gre-udp
	check "by ESP in UDP as well" demo --quiet --tunnel esp-udp
	command -v tshark >/dev/null || return
	check "and every packet of that was authentic" \
		said 'tshark, with the keys: \([0-9]*\) of \1 '
}

# The home agent insists: the node is served at the second visit only.
one_end_unprotected() {
	shorten
	unprotected fa1 10.1.0.1
	check_not "one end does not protect: it fails" demo --quiet --tunnel esp
	check "one end does not protect: the move failed" said 'first visit *NEVER'
	check "one end does not protect: and nothing went in clear" said '(nothing at all)'
}

# Everything works, but in clear.
nobody_protects() {
	shorten
	unprotected fa1 10.1.0.1
	unprotected ha 10.0.2.2
	check_not "nobody protects: it fails" demo --quiet --tunnel gre+esp
	check "nobody protects: although every move registered" said 'esp: every move registered'
	check "nobody protects: packets in clear are shown" said 'on the way to fa1, and not GRE'
	check_not "nobody protects: but not at the second visit" said 'on the way to fa2'
}

wrong_usage() {
	demo --tunnel carrier-pigeon
	equal "no such tunnel: wrong usage" $? 2
	demo --keep --tunnel all
	equal "--keep with all: wrong usage" $? 2
}

for tool in jq tcpdump; do
	command -v $tool >/dev/null || tap_skip_all "no $tool"
done
lab_can || tap_skip_all "cannot make network namespaces, veth and TUN"
mkdir -p "$LAB_DIR"
trap '[ "$_tap_failed" -eq 0 ] || tail -n 20 "$LAB_DIR/demo.log" | sed "s/^/# /"
	rm -rf "$LAB_DIR"' EXIT
both_ways
in_udp
one_end_unprotected
nobody_protects
wrong_usage
tap_done
