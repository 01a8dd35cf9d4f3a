#!/bin/bash
# Our daemons' ESP against the kernel's own (XFRM) with keys given by hand: site tunnels
# and a mobile node that is nothing but a kernel, IP-in-IP in tunnel mode and GRE in
# transport mode, raw and in UDP, both directions. Where the running kernel has no XFRM,
# the same script runs inside a stock kernel (tests/kernel/run).
# limit: 600
set -u
. "$(dirname "$0")/lib_xfrm.sh"
xfrm_begin kernel_esp.sh 580
xfrm_hosts
xfrm_udp

ctl() { "$build/common/ctl/mipctl" -s "$LAB_DIR/s.sock" --json "$@"; }
counter() { ctl show counters | jq -r "select(.counter == \"$1\") | .value"; }
drops() { ctl show counters | jq -c 'select(.group == "drop" and .value > 0)'; }

manual_esp() { # ALGORITHM raw|udp [CIPHER-KEY-IN]
	local key="" in=${3:-$key_s} len=64 auth_s=$more_s auth_k=$more_k
	[[ $1 = *-sha-512 ]] && auth_s+=$more_s auth_k+=$more_k
	[ "$1" = aes-128-cbc-hmac-sha-256 ] && len=32
	[ "$1" = null-hmac-sha-256 ] ||
		key="key-in=\"hex:${in:0:len}\" key-out=\"hex:${key_k:0:len}\""
	cat <<-XML
		<manual-esp peer="10.0.0.1" spi-in="$spi_s" spi-out="$spi_k" algorithm="$1"
		  carrier="$2" $key integrity-key-in="hex:$auth_s" integrity-key-out="hex:$auth_k"/>
	XML
}

begin_kernel() { # ipip|gre raw|udp ALGORITHM OPTION...
	local algorithm=$3
	xfrm_options "$1" "$2"
	shift 3
	xfrm_state 10.0.0.2 10.0.0.1 $spi_k "$algorithm" "$key_k" "$more_k" "${options[@]}" "$@"
	xfrm_state 10.0.0.1 10.0.0.2 $spi_s "$algorithm" "$key_s" "$more_s" "${options[@]}" "$@"
}

begin_agent() { # <text: what its configuration has
	{
		echo "<home-agent address=\"10.0.0.2\"><control socket=\"$LAB_DIR/s.sock\"/>"
		cat
		echo "</home-agent>"
	} >"$LAB_DIR/s.xml"
	chmod 600 "$LAB_DIR/s.xml"
	lab_start s s "$build/ha/mip-ha" -c "$LAB_DIR/s.xml"
	await "[ -S $LAB_DIR/s.sock ] && ctl show status >/dev/null 2>&1" && return
	not_ok "the agent starts" "$(cat "$LAB_DIR/s.log")"
}

site() { # ENCAPSULATION [WHOM-TO-ASK]
	cat <<-XML
		<site-tunnel name="kernel" local="10.0.0.2" remote="10.0.0.1" encapsulation="$1"
		  mss-clamp="auto" probe="${2:-off}" dead-after="5">
		  <local subnet="10.9.0.0/24"/><remote subnet="10.8.0.0/24"/>
		</site-tunnel>
	XML
}

end() {
	lab_stop s
	xfrm_clear
}

# No packet failed at either end, and XFRM counted both ways.
unharmed() { # NAME ERRORS-BEFORE
	check "$1: we dropped nothing" test "$(drops)" = ""
	check "$1: XFRM had no error" test "$(xfrm_errors)" = "$2"
	check "$1: both associations were used" test "$(ip -n "$LAB-k" -s xfrm state |
		awk '/lifetime current/ { getline; if ($2 + 0 > 3) used++ } END { print used }')" = 2
}

joined() { # ipip|gre raw|udp ALGORITHM
	local name="$3, $1, $2" before
	before=$(xfrm_errors)
	begin_kernel "$@"
	xfrm_policies "$1"
	{ site "$1" 10.8.0.1; manual_esp "$3" "$2"; } | begin_agent
	check "$name: its address inside answers probes" \
		await "ctl show tunnels | jq -es 'any(.name == \"kernel\" and .state == \"up\")'"
	check "$name: from the kernel's end" pings k 10.9.0.1 3 -I 10.8.0.1
	check "$name: from ours" pings s 10.8.0.1 3 -I 10.9.0.1
	check "$name: packets that fill the tunnel, from the kernel" \
		pings k 10.9.0.1 2 -M do -s 1340 -I 10.8.0.1
	check "$name: packets that fill the tunnel, from us" \
		pings s 10.8.0.1 2 -M do -s 1340 -I 10.9.0.1
	check "$name: fragments" pings k 10.9.0.1 2 -s 4000 -I 10.8.0.1
	check "$name: fragments of ours" pings s 10.8.0.1 2 -M dont -s 4000 -I 10.9.0.1
	check "$name: a TCP stream towards us" stream k s 10.9.0.1 10.8.0.1
	check "$name: a TCP stream from us" stream s k 10.8.0.1 10.9.0.1
	unharmed "$name" "$before"
	end
}

# What must not pass, and how it is counted: with another key at our end we refuse
# what the kernel sends, with another at the kernel's it refuses ours.
refused() {
	begin_kernel ipip raw aes-256-cbc-hmac-sha-256
	xfrm_policies ipip
	more_s=${more_k} eval '{ site ipip; manual_esp aes-256-cbc-hmac-sha-256 raw; }' |
		begin_agent
	check "another integrity key: nothing comes to us" \
		eval "! pings k 10.9.0.1 2 -W 1 -I 10.8.0.1"
	check "another integrity key: counted as esp-icv" test "$(counter esp-icv)" = 2
	check "it is told" eval "ctl show associations |
		jq -se 'any(.[]; .kind == \"esp-in\" and .\"icv-failures\" == 2)'"
	end

	begin_kernel ipip raw aes-256-cbc-hmac-sha-256
	xfrm_policies ipip
	local before
	before=$(xfrm_errors XfrmInStateProtoError)
	more_k=${more_s} eval '{ site ipip; manual_esp aes-256-cbc-hmac-sha-256 raw; }' |
		begin_agent
	check "another key of the kernel's: nothing comes to it" \
		eval "! pings s 10.8.0.1 2 -W 1 -I 10.9.0.1"
	check "another key of the kernel's: it counts both" \
		test $(($(xfrm_errors XfrmInStateProtoError) - before)) = 2
	end

	begin_kernel ipip raw aes-256-cbc-hmac-sha-256
	xfrm_policies ipip
	site ipip | begin_agent
	check "ESP without keys for it: nothing passes" \
		eval "! pings k 10.9.0.1 2 -W 1 -I 10.8.0.1"
	check "ESP without keys for it: counted as esp-no-sa" test "$(counter esp-no-sa)" = 2
	xfrm_clear
	ip -n "$LAB-k" link add t0 type ipip local 10.0.0.1 remote 10.0.0.2 ttl 64
	ip -n "$LAB-k" link set t0 up
	ip -n "$LAB-k" route replace 10.9.0.0/24 dev t0 src 10.8.0.1
	check "neither end with ESP: in clear" pings k 10.9.0.1 1 -I 10.8.0.1
	lab_stop s
	{ site ipip; manual_esp aes-256-cbc-hmac-sha-256 raw; } | begin_agent
	check "only we with ESP: what comes in clear does not pass" \
		eval "! pings k 10.9.0.1 2 -W 1 -I 10.8.0.1"
	check "only we with ESP: counted as not-protected" test "$(counter not-protected)" = 2
	end
}

# A node that is a kernel with XFRM and a Registration Request: it has a care-of address
# of its own, 10.0.0.1, and its home address on no link.
home=10.1.0.10
node_key=000102030405060708090a0b0c0d0e0f
register() { # FLAGS
	in_ns k "$python" -I "$here/../netns/request.py" --to 10.0.0.2 --source 10.0.0.1 \
		--home $home --agent 10.0.0.2 --care-of 10.0.0.1 --lifetime 600 --flags "$1" \
		--auth 32:1000:hmac-md5:$node_key | jq -e '.code == 0 and .authentic'
}

node() { # NAME ipip|gre raw|udp FLAGS
	local name=$1 before
	before=$(xfrm_errors)
	begin_kernel "$2" "$3" aes-256-cbc-hmac-sha-256
	xfrm_policies "$2"
	if [ "$2" = ipip ]; then
		ip -n "$LAB-k" xfrm policy add src $home dst 10.9.0.0/24 dir out \
			tmpl src 10.0.0.1 dst 10.0.0.2 proto esp reqid 1 mode tunnel
		ip -n "$LAB-k" xfrm policy add src 10.9.0.0/24 dst $home dir in \
			tmpl src 10.0.0.2 dst 10.0.0.1 proto esp reqid 1 mode tunnel
	fi
	begin_agent <<-XML
		$(manual_esp aes-256-cbc-hmac-sha-256 "$3")
		<tunnel mss-clamp="auto"/>
		<home-network prefix="10.1.0.0/24"/>
		<node home-address="$home">
		  <association spi="1000" algorithm="hmac-md5" key="hex:$node_key"/>
		</node>
	XML
	check "$name: it registers" register "$4"
	check "$name: packets reach it" pings s $home 3 -I 10.9.0.1
	check "$name: packets come from it" pings k 10.9.0.1 3 -I $home
	check "$name: a TCP stream to it" stream s k $home 10.9.0.1
	check "$name: a TCP stream from it" stream k s 10.9.0.1 $home
	unharmed "$name" "$before"
	end
}

for carrier in raw udp; do
	joined ipip $carrier aes-128-cbc-hmac-sha-256
	joined ipip $carrier aes-256-cbc-hmac-sha-256
	joined ipip $carrier aes-256-cbc-hmac-sha-512
	joined ipip $carrier null-hmac-sha-256
	joined gre $carrier aes-256-cbc-hmac-sha-256
done
refused
ip -n "$LAB-k" addr add $home/32 dev lo
# D and T; with G as well.
node "a node, IP-in-IP, raw" ipip raw 0x22
node "a node, GRE, UDP" gre udp 0x2a
tap_done
