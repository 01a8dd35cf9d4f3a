# shellcheck shell=bash
# What the tests against the kernel's ESP (XFRM) share.
#
#   k: 10.8.0.1/24 "lan" | XFRM, 10.0.0.1 === 10.0.0.2, ours | "lan" 10.9.0.1/24 :s
#
# Packets to k have SPI 0x1001, packets to s 0x2001.
. "$(dirname "${BASH_SOURCE[0]}")/lib_kernel.sh"

# Starting a program takes a while in a kernel in user mode: no launcher before it.
python=python3
[ -x /usr/bin/python3 ] && python=/usr/bin/python3

# Likewise: what "ip netns exec" mounts is not needed here.
in_ns() {
	local host=$1
	shift
	nsenter --net="/run/netns/$LAB-$host" "$@"
}

spi_k=0x1001
spi_s=0x2001
# Cipher keys and what follows them, another each way; as long as the longest wants.
key_k=$(printf '%02x' {1..32})
key_s=$(printf '%02x' {101..132})
more_k=$(printf '%02x' {33..64})
more_s=$(printf '%02x' {133..164})

has_xfrm() {
	ip -n "$LAB-probe" xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x999 \
		mode tunnel replay-window 128 flag esn enc 'cbc(aes)' "0x$key_k" \
		auth-trunc 'hmac(sha256)' "0x$more_k" 128 &&
		ip -n "$LAB-probe" link add probe type gre local 10.0.0.1 remote 10.0.0.2
}

# xfrm_begin SCRIPT SECONDS
xfrm_begin() { in_kernel_with "$1" "$2" XFRM has_xfrm k s m; }

# The two ends and the wire between them.
xfrm_hosts() {
	lan_host k 10.8.0.1/24
	lan_host s 10.9.0.1/24
	_lab_link k wire 10.0.0.1/24 s wire 10.0.0.2/24
	ip -n "$LAB-k" route add 10.9.0.0/24 via 10.0.0.2 src 10.8.0.1
}

# The kernel's socket of ESP in UDP: it is XFRM that receives at it.
xfrm_udp() {
	lab_start encap k "$python" -I "$here/udp_encap.py"
	await "in_ns k ss -Hlun sport = :4500 | grep -q ." || not_ok "UDP_ENCAP is set" \
		"$(cat "$LAB_DIR/encap.log")"
}

# await CONDITION: by the number of looks, since the clock of a kernel that is itself
# kept waiting leaps.
await() {
	local looks=0
	until eval "$1"; do
		[ $((looks += 1)) -lt 400 ] || return 1
		sleep 0.05
	done
}

# transform ALGORITHM CIPHER-KEY MORE: as words for "ip xfrm state", in $words.
transform() {
	case $1 in
	aes-128-gcm) words=(aead 'rfc4106(gcm(aes))' "0x${2:0:32}${3:0:8}" 128) ;;
	aes-256-gcm) words=(aead 'rfc4106(gcm(aes))' "0x$2${3:0:8}" 128) ;;
	chacha20-poly1305)
		words=(aead 'rfc7539esp(chacha20,poly1305)' "0x$2${3:0:8}" 128) ;;
	aes-128-cbc-hmac-sha-256)
		words=(enc 'cbc(aes)' "0x${2:0:32}" auth-trunc 'hmac(sha256)' "0x$3" 128) ;;
	aes-256-cbc-hmac-sha-256)
		words=(enc 'cbc(aes)' "0x$2" auth-trunc 'hmac(sha256)' "0x$3" 128) ;;
	aes-256-cbc-hmac-sha-512)
		words=(enc 'cbc(aes)' "0x$2" auth-trunc 'hmac(sha512)' "0x$3$3" 256) ;;
	null-hmac-sha-256)
		words=(enc 'ecb(cipher_null)' '' auth-trunc 'hmac(sha256)' "0x$3" 128) ;;
	esac
}

# material ALGORITHM CIPHER-KEY MORE: the same as our end takes it.
material() {
	transform "$@"
	case $1 in
	*-gcm | chacha20-*) echo "${words[2]#0x}" ;;
	null-*) echo "$3" ;;
	*) echo "${words[2]#0x}${words[5]#0x}" ;;
	esac
}

# xfrm_state FROM TO SPI ALGORITHM CIPHER-KEY MORE OPTION...: one association of k's.
xfrm_state() {
	local from=$1 to=$2 spi=$3
	transform "$4" "$5" "$6"
	shift 6
	ip -n "$LAB-k" xfrm state add src "$from" dst "$to" proto esp spi "$spi" reqid 1 \
		"$@" "${words[@]}"
}

# xfrm_policies ipip|gre: what k protects. GRE is a device of its own.
xfrm_policies() {
	local ends=(src 10.0.0.1 dst 10.0.0.2) back=(src 10.0.0.2 dst 10.0.0.1)
	local policy=(ip -n "$LAB-k" xfrm policy add)
	if [ "$1" = ipip ]; then
		"${policy[@]}" src 10.8.0.0/24 dst 10.9.0.0/24 dir out \
			tmpl "${ends[@]}" proto esp reqid 1 mode tunnel
		"${policy[@]}" src 10.9.0.0/24 dst 10.8.0.0/24 dir in \
			tmpl "${back[@]}" proto esp reqid 1 mode tunnel
		return
	fi
	"${policy[@]}" "${ends[@]}" proto gre dir out tmpl proto esp reqid 1 mode transport
	"${policy[@]}" "${back[@]}" proto gre dir in tmpl proto esp reqid 1 mode transport
	ip -n "$LAB-k" link add t0 type gre local 10.0.0.1 remote 10.0.0.2 ttl 64
	ip -n "$LAB-k" link set t0 up mtu 1400
	ip -n "$LAB-k" route replace 10.9.0.0/24 dev t0 src 10.8.0.1
}

# xfrm_options ipip|gre raw|udp: words of every association, in $options.
xfrm_options() {
	options=(mode tunnel)
	[ "$1" = ipip ] || options=(mode transport)
	[ "$2" = raw ] || options+=(encap espinudp 4500 4500 0.0.0.0)
}

xfrm_clear() {
	ip -n "$LAB-k" xfrm policy flush
	ip -n "$LAB-k" xfrm state flush
	if ip -n "$LAB-k" link del t0 2>/dev/null; then
		ip -n "$LAB-k" route add 10.9.0.0/24 via 10.0.0.2 src 10.8.0.1
	fi
}

# What XFRM could not take or send, all together or by name.
xfrm_errors() {
	in_ns k awk -v name="${1:-}" \
		'name == "" || $1 == name { sum += $2 } END { print sum + 0 }' /proc/net/xfrm_stat
}

# pings HOST ADDRESS COUNT [PING-OPTION...]: every one comes back, none twice.
# It waits long for the last: time leaps in a kernel that is itself kept waiting.
pings() {
	local host=$1 to=$2 count=$3 said
	shift 3
	said=$(in_ns "$host" ping -n -c "$count" -i 0.02 -W 30 "$@" "$to" 2>&1)
	echo "$said"
	echo "$said" | grep -q " $count received, 0% packet loss"
}

stream() { # FROM TO ADDRESS SOURCE: 100 kB by TCP, compared
	head -c 100000 /dev/urandom >"$LAB_DIR/out"
	in_ns "$2" timeout 20 nc -l -p 7000 >"$LAB_DIR/in" &
	local listener=$!
	await "in_ns $2 ss -Hltn sport = :7000 | grep -q ."
	in_ns "$1" timeout 20 nc -N -s "$4" "$3" 7000 <"$LAB_DIR/out"
	wait $listener
	cmp "$LAB_DIR/out" "$LAB_DIR/in"
}

# kernel_begin ALGORITHM ipip|gre raw|udp esn|plain WINDOW LAST: associations and
# policies of k; LAST is the number that came before, in hexadecimal.
kernel_begin() {
	local numbers=(replay-window "$5")
	[ "$4" = plain ] || numbers+=(flag esn)
	xfrm_options "$2" "$3"
	xfrm_state 10.0.0.2 10.0.0.1 $spi_k "$1" "$key_k" "$more_k" "${options[@]}" \
		"${numbers[@]}" replay-seq "0x$6"
	xfrm_state 10.0.0.1 10.0.0.2 $spi_s "$1" "$key_s" "$more_s" "${options[@]}" \
		"${numbers[@]}" replay-oseq "0x$6"
	xfrm_policies "$2"
}

# gateway_begin, with the same arguments: our data plane in a harness. $ours_more may
# say another key.
gateway_begin() {
	: >"$LAB_DIR/s.log"
	lab_start s s "$build/tests/interop/esp_gateway" 10.0.0.2 10.0.0.1 "$2" "$3" "$1" "$4" \
		"$5" 10.9.0.0/24 10.8.0.0/24 \
		"$spi_s:$(material "$1" "$key_s" "${ours_more:-$more_s}"):$6" \
		"$spi_k:$(material "$1" "$key_k" "$more_k"):$6"
	await "grep -q ready $LAB_DIR/s.log" ||
		not_ok "our end starts" "$(cat "$LAB_DIR/s.log")"
	ip -n "$LAB-s" link set esp0 up mtu 1380
	ip -n "$LAB-s" route add 10.8.0.0/24 dev esp0 src 10.9.0.1
}

gateway_end() {
	lab_stop s
	xfrm_clear
}

# What our end counted, once it has ended: by name, or what should not be there.
ours() { awk -v name="$1" '$1 == name { n = $2 } END { print n ? n : 0 }' "$LAB_DIR/s.log"; }
engine() { awk '$1 == "engine" { print $2 }' "$LAB_DIR/s.log"; }
strange() { grep -vE '^(ready|engine|in|in-top|out|out-last)( |$)' "$LAB_DIR/s.log"; }
