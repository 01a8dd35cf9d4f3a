#!/bin/bash
# Every algorithm of ESP against the kernel's own (XFRM), with numbers of 32 and of 64
# bits, raw and in UDP, both directions. Agents refuse AEAD with keys given by hand, so
# our end is their data plane in a harness (esp_gateway.c). With numbers of 64 bits both
# associations begin near 2^32 and pass it. Where the running kernel has no XFRM, the
# same script runs inside a stock kernel (tests/kernel/run).  AEADs are computed by the
# engine that agents choose and by OpenSSL's.
# limit: 900
set -u
. "$(dirname "$0")/lib_xfrm.sh"
xfrm_begin kernel_esp_algorithms.sh 880
xfrm_hosts
xfrm_udp

algorithms="aes-128-gcm aes-256-gcm chacha20-poly1305 aes-128-cbc-hmac-sha-256
	aes-256-cbc-hmac-sha-256 aes-256-cbc-hmac-sha-512 null-hmac-sha-256"

# begin ALGORITHM ipip|gre raw|udp esn|plain: both ends; $theirs_esn and $ours_more may
# say that one end has it otherwise.
begin() {
	local last=0
	[ "$4" = plain ] || last=fffffff0
	kernel_begin "$1" "$2" "$3" "${theirs_esn:-$4}" 128 "$last"
	gateway_begin "$1" "$2" "$3" "$4" 128 "$last"
}

joined() { # ALGORITHM ipip|gre raw|udp esn|plain
	local name="$1, $2, $3, $4" before states
	before=$(xfrm_errors)
	begin "$@"
	check "$name: from the kernel to us" pings k 10.9.0.1 20 -s 13 -I 10.8.0.1
	check "$name: from us to the kernel" pings s 10.8.0.1 20 -s 1203 -I 10.9.0.1
	if [ "$4" = plain ]; then
		check "$name: a TCP stream towards us" stream k s 10.9.0.1 10.8.0.1
	else
		check "$name: a TCP stream from us" stream s k 10.8.0.1 10.9.0.1
	fi
	states=$(ip -n "$LAB-k" -s xfrm state)
	gateway_end
	check "$name: neither end dropped a packet" \
		test "$(strange)$(xfrm_errors)" = "$before"
	if [ "$4" = esn ]; then
		check "$name: our numbers passed 2^32 both ways" \
			test $((0x$(ours in-top) >> 32)) = 1 -a $((0x$(ours out-last) >> 32)) = 1
		check "$name: so did the kernel's" test \
			"$(grep -cE 'seq-hi 0x1,.*oseq-hi 0x0|seq-hi 0x0,.*oseq-hi 0x1' <<<"$states")" = 2
	fi
}

refused() { # NAME OURS THEIRS: how many packets each end finds not authentic
	local before
	before=$(xfrm_errors XfrmInStateProtoError)
	check "$1: nothing passes from the kernel" \
		eval "! pings k 10.9.0.1 2 -W 1 -I 10.8.0.1"
	check "$1: nothing passes from us" eval "! pings s 10.8.0.1 2 -W 1 -I 10.9.0.1"
	gateway_end
	check "$1: we count every one as esp-icv" test "$(ours esp-icv)" = "$2"
	check "$1: XFRM counts every one" \
		test $(($(xfrm_errors XfrmInStateProtoError) - before)) = "$3"
}

for algorithm in $algorithms; do
	for carrier in raw udp; do
		for esn in plain esn; do
			joined $algorithm ipip $carrier $esn
		done
	done
done
joined aes-256-gcm gre raw esn
for algorithm in aes-128-gcm aes-256-gcm chacha20-poly1305; do
	for esn in plain esn; do
		SOJOURN_ESP_ENGINE=openssl joined $algorithm ipip raw $esn
		check "$algorithm, $esn: OpenSSL computed it" test "$(engine)" = openssl
	done
done
joined chacha20-poly1305 gre udp esn

# One end with numbers of 64 bits, the other without, from 1 on: only the ICV differs.
for algorithm in $algorithms; do
	theirs_esn=esn begin $algorithm ipip raw plain
	refused "$algorithm, only the kernel with numbers of 64 bits" 2 2
done
# We take nothing: neither the kernel's packets nor its answers.
for algorithm in aes-128-gcm chacha20-poly1305 aes-256-cbc-hmac-sha-256; do
	ours_more=$more_k begin $algorithm ipip raw plain
	refused "$algorithm, another key for what comes to us" 4 0
done
tap_done
