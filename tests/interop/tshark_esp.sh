#!/bin/bash
# Captures of our agents' ESP decrypted by tshark with our key log, and by scapy where
# tshark knows no such thing (ChaCha20-Poly1305, numbers of 64 bits): a visiting node's
# packets, keys by TLS and by hand, every algorithm, IP-in-IP and GRE, raw and in UDP.
# Every ICV is good, and what is inside is what the node sent and received.
# limit: 300
. "$(dirname "$0")/../netns/lib_story.sh"

log=$LAB_DIR/esp_sa
pings=8

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

traffic() {
	sniff esp core fa1 "udp port 4500 or proto 50"
	check_wait "$name: the node is reached" 5 "pings cn 10.1.0.10"
	in_ns cn ping -n -q -c $((pings / 2)) -i 0.05 -s 1200 10.1.0.10 >/dev/null
	# Other keys from here on, if they are agreed on.
	ctl ha rekey all >/dev/null 2>&1 && lab_wait 5 "[ \$(wc -l <'$log') -ge 4 ]"
	in_ns cn ping -n -q -c $((pings / 2)) -i 0.05 -s 31 10.1.0.10 >/dev/null
	sniff_end esp
}

end() {
	for agent in mn fa1 ha; do
		stop $agent
	done
}

# read_with SA-TABLE FILTER: how many packets of the capture tshark then finds.
read_with() {
	local folder=$LAB_DIR/wireshark
	mkdir -p "$folder"
	cp "$1" "$folder/esp_sa"
	WIRESHARK_CONFIG_DIR=$folder packets esp "$2" -o esp.enable_encryption_decode:TRUE \
		-o esp.enable_authentication_check:TRUE
}

decrypted() { # INNER: what the decrypted packets are
	local all
	all=$(packets esp esp)
	check "$name: there is ESP both ways" test "$all" -ge $((2 * pings))
	equal "$name: every ICV is good" "$(read_with "$log" 'esp.icv_good == 1')" "$all"
	equal "$name: none is bad" "$(read_with "$log" 'esp.icv_bad == 1')" 0
	check "$name: all echoes are inside" test "$(read_with "$log" \
		"$1 and icmp.type == 8 and ip.src == 10.0.9.2 and ip.dst == 10.1.0.10")" -ge $pings
	check "$name: and all their answers" test "$(read_with "$log" \
		"$1 and icmp.type == 0 and ip.src == 10.1.0.10 and ip.dst == 10.0.9.2")" -ge $pings
	awk -F'"' -v OFS='"' '{ for (i = 1; i <= NF; i++) if ($i ~ /^0x/ && length($i) > 33)
		$i = "0x" (substr($i, 3, 1) == "5" ? "6" : "5") substr($i, 4) } 1' \
		"$log" >"$LAB_DIR/wrong_sa"
	equal "$name: with other keys no ICV is good" \
		"$(read_with "$LAB_DIR/wrong_sa" 'esp.icv_good == 1')" 0
}

by_tls() { # ALGORITHM ENCAPSULATION CARRIER INNER
	name="$1, $2, $3, keys by TLS"
	peer='s|<peer-agent \([^>]*\)>|<peer-agent \1 protection="esp">|'
	begin "$2" <<<"<esp algorithm=\"$1\" carrier=\"$3\" esn=\"no\"/>"
	traffic
	end
	decrypted "$4"
	check "$name: keys of two generations are used" \
		test "$(fields esp esp esp.spi | sort -u | wc -l)" -ge 4
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
		>"$LAB_DIR/opened" 2>"$LAB_DIR/decrypt.log"
	check "$name: scapy finds every ICV good" grep -q "^good $(packets esp esp) bad 0$" "$LAB_DIR/opened"
	check "$name: all echoes and answers are inside" test "$(grep -c '^10.0.9.2 10.1.0.10 8$' \
		"$LAB_DIR/opened")" -ge $pings -a "$(grep -c '^10.1.0.10 10.0.9.2 0$' "$LAB_DIR/opened")" -ge $pings
}

story_begin tcpdump tshark scapy
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
