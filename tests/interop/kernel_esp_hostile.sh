#!/bin/bash
# ESP between us and the kernel (XFRM) with an attacker on the way (esp_middle.py) who
# replays, alters, reorders and keeps back packets, both ways: what comes through and what
# each end counts is exactly what he did. Where the running kernel has no XFRM, the same
# script runs inside a stock kernel (tests/kernel/run).
# limit: 600
set -u
. "$(dirname "$0")/lib_xfrm.sh"
xfrm_begin kernel_esp_hostile.sh 580
lan_host k 10.8.0.1/24
lan_host s 10.9.0.1/24
ip netns add "$LAB-m"
_lab_quiet m
for end in k s; do
	ip -n "$LAB-m" link add to-$end type veth peer name wire netns "$LAB-$end"
	ip -n "$LAB-m" link set to-$end up
	ip -n "$LAB-$end" link set wire up
done
# The middle handles whole datagrams, neither runs of them nor open checksums.
in_ns s ethtool -K wire tx off tx-udp-segmentation off
ip -n "$LAB-k" addr add 10.0.0.1/24 dev wire
ip -n "$LAB-s" addr add 10.0.0.2/24 dev wire
ip -n "$LAB-k" route add 10.9.0.0/24 via 10.0.0.2 src 10.8.0.1
xfrm_udp

# begin WHAT WINDOW: with the $transform of now.
begin() {
	local esn
	read -r algorithm carrier esn <<<"$transform"
	: >"$LAB_DIR/m.log"
	lab_start m m "$python" -I "$here/esp_middle.py" "$1" to-k to-s
	await "grep -q ready $LAB_DIR/m.log" ||
		not_ok "the attacker is there" "$(cat "$LAB_DIR/m.log")"
	kernel_begin "$algorithm" ipip "$carrier" "$esn" "$2" 0
	gateway_begin "$algorithm" ipip "$carrier" "$esn" "$2" 0
	before=$(xfrm_errors)
	sequence=$(xfrm_errors XfrmInStateSeqError)
	protocol=$(xfrm_errors XfrmInStateProtoError)
	unknown=$(xfrm_errors XfrmInNoStates)
}

end() {
	lab_stop m
	gateway_end
	before=$(($(xfrm_errors) - before))
	sequence=$(($(xfrm_errors XfrmInStateSeqError) - sequence))
	protocol=$(($(xfrm_errors XfrmInStateProtoError) - protocol))
	unknown=$(($(xfrm_errors XfrmInNoStates) - unknown))
}

# made WHAT SIDE: how often he did it.
made() { tail -n 1 "$LAB_DIR/m.log" | jq -r --arg side "$2" --arg what "$1" '.[$side][$what] // 0'; }

equal() { # DESCRIPTION IS SHOULD-BE
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "is $2, should be $3"; fi
}

replayed() {
	begin replay 64
	check "$transform, replayed: each of 30 comes once" pings k 10.9.0.1 30 -I 10.8.0.1
	end
	check "$transform, replayed: there were some" test "$(made replayed to-s)" -gt 30
	equal "$transform, replayed: all that we drop" "$(strange)" "esp-replay $(made replayed to-s)"
	equal "$transform, replayed: XFRM drops as many" "$sequence $before" \
		"$(made replayed to-k) $(made replayed to-k)"
}

altered() {
	local icv short=0
	begin alter 64
	check "$transform, altered: the 20 as they were come" pings k 10.9.0.1 20 -I 10.8.0.1
	end
	icv=$(($(made altered to-s) + $(made cut to-s)))
	check "$transform, altered: there were some" test "$icv" -ge 120
	# No whole number of blocks: known before the ICV is looked at.
	short=$(($(made cut to-s) / 2))
	equal "$transform, altered: we count the cut" "$(ours esp-short)" $short
	equal "$transform, altered: we count the others" "$(ours esp-icv)" $((icv - short))
	equal "$transform, altered: we count another SPI" "$(ours esp-no-sa)" "$(made strange to-s)"
	equal "$transform, altered: XFRM counts the same" "$protocol $unknown $before" \
		"$(($(made altered to-k) + $(made cut to-k))) $(made strange to-k) $((protocol + unknown))"
}

reordered() {
	begin reorder 64
	check "$transform, reordered: each of 40 comes" pings k 10.9.0.1 40 -I 10.8.0.1
	end
	check "$transform, reordered: there were some both ways" \
		test "$(made reordered to-s)" -ge 16 -a "$(made reordered to-k)" -ge 8
	equal "$transform, reordered: neither end drops one" "$(strange)$before" 0
}

# One a way is later than a window of 64 takes, which one of 128 does. Of a number of 64
# bits only the low half is sent: left of the window it is one of the next round, under
# which the packet is not authentic (RFC 4303 A2.2).
late() {
	local fault=esp-replay
	[ "${transform##* }" = plain ] || fault=esp-icv
	begin late 64
	in_ns k ping -n -c 100 -i 0.02 -W 2 -I 10.8.0.1 10.9.0.1 >"$LAB_DIR/pings"
	end
	equal "$transform, late: two of 100 echoes are lost" \
		"$(grep -o '[0-9]* received' "$LAB_DIR/pings")" "98 received"
	equal "$transform, late: one a way, counted by us as $fault" \
		"$(made late to-s) $(strange)" "1 $fault 1"
	[ $fault = esp-replay ] || sequence=$protocol
	equal "$transform, late: XFRM counts the same" "$(made late to-k) $sequence $before" "1 1 1"
	begin late 128
	check "$transform, late: a larger window takes it" pings k 10.9.0.1 100 -I 10.8.0.1
	end
	equal "$transform, late: nothing is dropped" "$(made late to-s) $(strange)$before" "1 0"
}

for transform in "aes-128-gcm raw esn" "chacha20-poly1305 udp plain" \
	"aes-256-cbc-hmac-sha-256 udp esn"; do
	replayed
	altered
	reordered
	late
done
tap_done
