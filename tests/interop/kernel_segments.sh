#!/bin/bash
# SPDX-License-Identifier: ISC
# limit: 120
# Large segments as the kernel of this machine cuts and joins them, octet by octet next
# to ours: a TUN device, a router without segmentation offload, a link that coalesces.
# See kernel_segments.py.
set -u
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin
near=sjseg$$-near far=sjseg$$-far

skip() {
	echo "$1"
	exit 77
}

down() {
	ip netns del "$near" 2>/dev/null
	ip netns del "$far" 2>/dev/null
}

up() {
	ip netns add "$near" && ip netns add "$far" &&
		ip -n "$near" link add out type veth peer name in netns "$far" || return
	ip netns exec "$near" sh -c '
		echo 1 >/proc/sys/net/ipv4/ip_forward
		for c in all default; do echo 0 >/proc/sys/net/ipv4/conf/$c/rp_filter; done'
	for n in "$near" "$far"; do
		ip netns exec "$n" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
			echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6' 2>/dev/null
	done
	ip -n "$near" addr add 10.98.0.1/24 dev out
	ip -n "$near" link set out up mtu 9000
	ip -n "$far" link set in up mtu 9000
	ip -n "$near" neigh add 10.98.0.2 lladdr "$(ip netns exec "$far" \
		cat /sys/class/net/in/address)" dev out
	ip -n "$near" route add 198.51.100.0/24 via 10.98.0.2
	ip netns exec "$near" ethtool -K out tso off gso off tx off >/dev/null
}

[ "$(id -u)" -eq 0 ] || skip "needs root"
for tool in ip ethtool python3; do
	command -v $tool >/dev/null || skip "no $tool"
done
[ -c /dev/net/tun ] || skip "no /dev/net/tun"
trap down EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
up || skip "cannot make namespaces and a link"
NEAR=$near FAR=$far PYTHONDONTWRITEBYTECODE=1 python3 "$here/kernel_segments.py"
