#!/bin/bash
# SPDX-License-Identifier: ISC
# limit: 120
# The TLS of keying with openssl's s_client and s_server at the other end: an external
# PSK in both roles, the same exported key material at both ends, and what is refused.
set -u

if ! command -v openssl >/dev/null; then
	echo "openssl is not installed"
	exit 77
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
end=${SJ_BUILD:-.}/tests/interop/keying_end
key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
other=ff${key#00}
identity="sojourn-esp fa-ha 1001 192.0.2.1 198.51.100.7"
exporter=(-keymatexport EXPORTER-sojourn-esp -keymatexportlen 32)
port=$((20000 + $$ % 10000))
count=0
failed=0

# Where openssl waits for what a user might type, and nobody does.
mkfifo "$dir/quiet" && exec 9<>"$dir/quiet"

check() { # text command...
	local text=$1 word=ok
	shift
	count=$((count + 1))
	"$@" || word="not ok"
	[ "$word" = ok ] || { failed=1 && sed 's/^/# /' "$dir/ours" "$dir/theirs"; }
	echo "$word $count - $text"
}

# Ours serves; openssl connects and says a word.
we_serve() { # options of s_client...
	port=$((port + 1))
	timeout 20 "$end" server $port "$identity" $key >"$dir/ours" 2>&1 &
	local pid=$! tries=0
	until ss -Hltn "sport = :$port" | grep -q . || [ $((tries += 1)) -gt 50 ]; do
		sleep 0.1
	done
	{ echo "a word" && sleep 1; } | timeout 20 openssl s_client -connect \
		127.0.0.1:$port -psk_identity "$identity" "${exporter[@]}" "$@" \
		>"$dir/theirs" 2>&1
	wait $pid
}

# openssl serves, with tickets as it likes; ours connects.
we_connect() { # options of s_server...
	port=$((port + 1))
	timeout 20 openssl s_server -accept $port -naccept 1 -nocert \
		"${exporter[@]}" "$@" <&9 >"$dir/theirs" 2>&1 &
	local pid=$!
	timeout 20 "$end" client $port "$identity" $key >"$dir/ours" 2>&1
	wait $pid
}

exported_alike() {
	local ours
	ours=$(sed -n 's/^exported //p' "$dir/ours")
	[ ${#ours} = 64 ] && grep -q "Keying material: $ours" "$dir/theirs"
}

says() { # file text
	grep -q -- "$2" "$dir/$1"
}

we_serve -psk $key
check "s_client is authenticated by the key" says ours "^suite TLS_AES_128_GCM_SHA256"
check "both ends export the same" exported_alike
check "its word is heard" says ours "^heard a word"
check "it gets no ticket" eval '! says theirs "New, TLSv1.3.*ticket" && \
	! says theirs "Post-Handshake New Session Ticket"'

we_serve -psk $key -ciphersuites TLS_CHACHA20_POLY1305_SHA256
check "s_client with ChaCha20" says ours "^suite TLS_CHACHA20_POLY1305_SHA256"
check "both ends export the same" exported_alike

we_serve -psk $key -groups P-521:P-384
check "s_client with another group, after a second hello" exported_alike

we_serve -psk $key -allow_no_dhe_kex
check "where psk_ke is offered too, the exchange is ephemeral" \
	says theirs "Server Temp Key"

we_serve -psk $other
check "s_client with another key is refused" says ours "^fault wrong-key"

we_serve -psk $key -psk_identity nobody
check "s_client with another name is refused" says ours "^fault unknown-identity"

we_serve
check "s_client without a key is refused" says ours "^fault nothing-in-common"

we_serve -psk $key -tls1_2
check "TLS 1.2 is refused" says ours "^fault tls-version"

we_connect -psk $key -psk_identity "$identity"
check "s_server is authenticated by the key" says ours "^suite TLS_"
check "both ends export the same" exported_alike

we_connect -psk $other -psk_identity "$identity"
check "s_server with another key refuses us" says ours "^fault refused"

openssl req -x509 -newkey ed25519 -nodes -subj /CN=nobody -keyout "$dir/key" \
	-out "$dir/cert" >/dev/null 2>&1
port=$((port + 1))
timeout 20 openssl s_server -accept $port -naccept 1 -cert "$dir/cert" -key "$dir/key" \
	<&9 >"$dir/theirs" 2>&1 &
pid=$!
timeout 20 "$end" client $port "$identity" $key >"$dir/ours" 2>&1
wait $pid
check "s_server with a certificate instead of the key is not believed" \
	says ours "^fault bad-certificate"

echo "1..$count"
exit $failed
