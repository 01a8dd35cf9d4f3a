#!/bin/bash
# The fast path's programme and the pipeline of user space on the same packets: what the
# one takes, the other makes the same of, and counts alike; SJ_SEED and SJ_COUNT choose
# the random ones.
. "$(dirname "$0")/lib.sh"

twin=${SJ_BUILD:-$(dirname "$0")/../../build}/tests/netns/fast_twin
ns=$LAB-twin
[ -x "$twin" ] || tap_skip_all "no fast path in this build"
lab_can || tap_skip_all "cannot make network namespaces, veth and TUN"
trap 'ip netns del $ns 2>/dev/null' EXIT

# The links that it asks for, with a far end for each, and the routes of an agent.
ip netns add "$ns"
n() { ip -n "$ns" "$@"; }
n link set lo up
for link in in out visit; do
	n link add $link type veth peer name far-$link
	n link set far-$link up
done
ip netns exec "$ns" ip tuntap add tun0 mode tun
n addr add 10.0.9.1/24 dev in
n addr add 10.0.1.2/24 dev out
n addr add 10.2.0.1/24 dev visit
for link in in out visit tun0; do
	n link set $link up
done
n route add 10.0.0.0/16 via 10.0.1.1
n route add 10.1.0.0/24 dev tun0
# Over IPv6, where the kernel has that: no way of the fast path's either.
n route add 10.0.4.0/24 via inet6 fe80::1 dev out 2>/dev/null ||
	n route add unreachable 10.0.4.0/24
n rule add from 10.7.0.0/24 iif visit lookup 434
n route add default dev tun0 table 434
ip netns exec "$ns" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'

ip netns exec "$ns" "$twin" tun0 "${SJ_SEED:-1}" "${SJ_COUNT:-20000}"
status=$?
[ $status -eq 77 ] && exit 77
echo 1..5
exit $status
