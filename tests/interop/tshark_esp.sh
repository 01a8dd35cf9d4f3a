#!/bin/bash
# Captures of our agents' ESP decrypted by tshark with our key log, and by scapy where
# tshark knows no such thing (ChaCha20-Poly1305, numbers of 64 bits): a visiting node's
# packets, keys by TLS and by hand, every algorithm, IP-in-IP and GRE, raw and in UDP.
# Every ICV is good, and what is inside is what the node sent and received: pings, and a
# file by TCP with other keys from its middle on.
# limit: 300
. "$(dirname "$0")/../netns/lib_story.sh"

log=$LAB_DIR/esp_sa
pings=8
octets=400000

# begin ENCAPSULATION <text: what both ends say of ESP.
begin() {
	local say
	say=$(tr -d '\n')
	configure ha "$peer" "s|</home-agent>|<keying key-log=\"$log\"/>$say&|"
	configure fa1 "$peer" "s|</foreign-agent>|$(reversed "$say")&|"
	configure mn "s|encapsulation=\"[a-z]*\"|encapsulation=\"$1\"|"
	rm -f "$log" "$LAB_DIR"/*.log
	start_all ha fa1 mn
	lab_move visit1
	lab_wait 15 "node_is registered 10.0.2.2" || not_ok "$name: the node is served"
}

# The far end's view of keys given by hand.
reversed() {
	sed -e 's/-in="/-IN="/g; s/-out="/-in="/g; s/-IN="/-out="/g' -e 's/10\.0\.2\.2/10.1.0.1/' <<<"$1"
}

# A run of datagrams would be recorded as one.
no_runs() {
	in_ns ha ethtool -K core tx-udp-segmentation off
	in_ns fa1 ethtool -K core tx-udp-segmentation off
}

halves() {
	head -c $((octets / 2)) "$LAB_DIR/sent"
	lab_wait 20 "[ -e '$LAB_DIR/go-on' ]"
	tail -c +$((octets / 2 + 1)) "$LAB_DIR/sent"
}

arrived() { [ "$(wc -c <"$LAB_DIR/got")" -ge "$1" ]; }

# Other keys, if they are agreed on.
other_keys() {
	local before
	before=$(cat "$log" 2>/dev/null | wc -l)
	ctl ha rekey all >/dev/null 2>&1 && lab_wait 5 "[ \$(wc -l <'$log') -ge $((before + 2)) ]"
}

# One connection, from the correspondent to the node.
transfer_halves() {
	local sender
	rm -f "$LAB_DIR/go-on" "$LAB_DIR/got"
	lab_start receiver mn sh -c "exec nc -l 7000 >'$LAB_DIR/got'"
	lab_wait 10 "in_ns mn ss -Hltn 'sport = 7000' | grep -q ."
	halves | in_ns cn timeout 60 nc -N 10.1.0.10 7000 &
	sender=$!
	lab_wait 20 "arrived $((octets / 2))"
	other_keys
	touch "$LAB_DIR/go-on"
	wait $sender
	lab_wait 10 "arrived $octets"
	lab_stop receiver
	cmp "$LAB_DIR/sent" "$LAB_DIR/got"
}

traffic() {
	# The stream comes faster than it is written down.
	sniff esp core fa1 -B 65536 "udp port 4500 or proto 50"
	check_wait "$name: the node is reached" 5 "pings cn 10.1.0.10"
	in_ns cn ping -n -q -c $((pings / 2)) -i 0.05 -s 1200 10.1.0.10 >/dev/null
	other_keys
	in_ns cn ping -n -q -c $((pings / 2)) -i 0.05 -s 31 10.1.0.10 >/dev/null
	check "$name: a file goes through" transfer_halves
	sniff_end esp
}

end() {
	for agent in mn fa1 ha; do
		stop $agent
	done
}

# read_with SA-TABLE OPTION...: the capture, by tshark.
read_with() {
	local folder=$LAB_DIR/wireshark
	mkdir -p "$folder"
	cp "$1" "$folder/esp_sa"
	shift
	WIRESHARK_CONFIG_DIR=$folder tshark -n -r "$LAB_DIR/esp.pcap" \
		-o esp.enable_encryption_decode:TRUE -o esp.enable_authentication_check:TRUE \
		"$@" 2>/dev/null
}

# found_with SA-TABLE FILTER: how many packets tshark then finds.
found_with() { read_with "$1" -Y "$2" | wc -l; }

# The octets to the node, put in order by tshark.
followed() {
	read_with "$log" -q -z follow,tcp,raw,0 | python3 -c 'import re, sys
for line in sys.stdin:
    if re.fullmatch("[0-9a-f]+\n", line):
        sys.stdout.buffer.write(bytes.fromhex(line))'
}

# The associations that carried them.
stream_spis() {
	read_with "$log" -Y 'tcp.dstport == 7000 and tcp.len > 0' -T fields -e esp.spi | sort -u
}

decrypted() { # INNER: what the decrypted packets are
	local all
	all=$(packets esp esp)
	check "$name: there is ESP both ways" test "$all" -ge $((2 * pings))
	equal "$name: every ICV is good" "$(found_with "$log" 'esp.icv_good == 1')" "$all"
	equal "$name: none is bad" "$(found_with "$log" 'esp.icv_bad == 1')" 0
	check "$name: all echoes are inside" test "$(found_with "$log" \
		"$1 and icmp.type == 8 and ip.src == 10.0.9.2 and ip.dst == 10.1.0.10")" -ge $pings
	check "$name: and all their answers" test "$(found_with "$log" \
		"$1 and icmp.type == 0 and ip.src == 10.1.0.10 and ip.dst == 10.0.9.2")" -ge $pings
	followed >"$LAB_DIR/followed"
	check "$name: the file is inside" cmp "$LAB_DIR/sent" "$LAB_DIR/followed"
	awk -F'"' -v OFS='"' '{ for (i = 1; i <= NF; i++) if ($i ~ /^0x/ && length($i) > 33)
		$i = "0x" (substr($i, 3, 1) == "5" ? "6" : "5") substr($i, 4) } 1' \
		"$log" >"$LAB_DIR/wrong_sa"
	equal "$name: with other keys no ICV is good" \
		"$(found_with "$LAB_DIR/wrong_sa" 'esp.icv_good == 1')" 0
}

by_tls() { # ALGORITHM ENCAPSULATION CARRIER INNER
	name="$1, $2, $3, keys by TLS"
	peer='s|<peer-agent \([^>]*\)>|<peer-agent \1 protection="esp">|'
	begin "$2" <<<"<esp algorithm=\"$1\" carrier=\"$3\" esn=\"no\"/>"
	traffic
	end
	decrypted "$4"
	equal "$name: the file's octets are under two keys" "$(stream_spis | wc -l)" 2
}

by_hand() { # ALGORITHM ENCAPSULATION CARRIER INNER KEY-OCTETS
	local in out keys=""
	name="$1, $2, $3, keys by hand"
	peer='s/^//'
	in=$(printf '%02x' $(seq 10 $((9 + $5))))
	out=$(printf '%02x' $(seq 110 $((109 + $5))))
	keys="key-in=\"hex:$in\" key-out=\"hex:$out\""
	begin "$2" <<-XML
		<manual-esp peer="10.0.2.2" algorithm="$1" carrier="$3" spi-in="0x1001" spi-out="0x2001" $keys
		  integrity-key-in="hex:$(printf '%02x' {1..32})" integrity-key-out="hex:$(printf '%02x' {101..132})"/>
	XML
	traffic
	end
	decrypted "$4"
}

by_scapy() { # ALGORITHM ENCAPSULATION CARRIER ESN
	name="$1, $2, $3, esn=$4, keys by TLS"
	peer='s|<peer-agent \([^>]*\)>|<peer-agent \1 protection="esp">|'
	begin "$2" <<<"<esp algorithm=\"$1\" carrier=\"$3\" esn=\"$4\"/>"
	traffic
	end
	"$scapy" "$(dirname "$0")/esp_decrypt.py" "$LAB_DIR/esp.pcap" "$log" "$2" "$4" \
		"$LAB_DIR/followed" >"$LAB_DIR/opened" 2>"$LAB_DIR/decrypt.log"
	check "$name: scapy finds every ICV good" grep -q "^good $(packets esp esp) bad 0$" "$LAB_DIR/opened"
	check "$name: all echoes and answers are inside" test "$(grep -c '^10.0.9.2 10.1.0.10 8$' \
		"$LAB_DIR/opened")" -ge $pings -a "$(grep -c '^10.1.0.10 10.0.9.2 0$' "$LAB_DIR/opened")" -ge $pings
	check "$name: and the file" cmp "$LAB_DIR/sent" "$LAB_DIR/followed"
}

story_begin tcpdump tshark scapy nc ethtool
no_runs
head -c $octets /dev/urandom >"$LAB_DIR/sent"
by_tls aes-128-gcm ipip udp ip
by_tls aes-256-gcm ipip raw ip
by_tls aes-128-gcm gre raw gre
by_tls aes-256-cbc-hmac-sha-256 ipip udp ip
by_tls null-hmac-sha-256 ipip raw ip
by_hand aes-128-cbc-hmac-sha-256 ipip raw ip 16
by_hand aes-256-cbc-hmac-sha-256 gre udp gre 32
by_scapy chacha20-poly1305 ipip udp no
by_scapy chacha20-poly1305 gre raw yes
by_scapy aes-128-gcm ipip udp yes
tap_done
