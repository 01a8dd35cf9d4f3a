# shellcheck shell=bash
# What the tests against the kernel's own tunnels share: they run here where the kernel
# has them, else inside a stock kernel in user mode, else not at all.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${SJ_BUILD:-$here/../../build}
PATH=$PATH:/usr/sbin:/sbin
. "$here/../netns/lib.sh"

# probe_kernel COMMAND...: whether it succeeds, with $LAB-probe to try in.
probe_kernel() {
	local result
	ip netns add "$LAB-probe" 2>/dev/null || return 1
	"$@" 2>/dev/null
	result=$?
	ip netns del "$LAB-probe"
	return $result
}

# in_kernel_with SCRIPT SECONDS WHAT PROBE HOST...: go on here if the probe finds WHAT in
# this kernel, or run the script once more inside a stock kernel, or skip it all.
in_kernel_with() {
	local script=$1 seconds=$2 what=$3 probe=$4
	shift 4
	lab_can || tap_skip_all "no namespaces here"
	command -v jq >/dev/null || tap_skip_all "no jq"
	if ! probe_kernel "$probe"; then
		[ -z "${SJ_INSIDE:-}" ] || { not_ok "the stock kernel has $what"; tap_done; exit 1; }
		command -v linux.uml >/dev/null ||
			tap_skip_all "no $what in this kernel, and user-mode-linux is not installed"
		# The sanitizer wants addresses that user-mode-linux uses for itself.
		nm "$build/ha/mip-ha" 2>/dev/null | grep -q __asan_init &&
			tap_skip_all "no $what in this kernel, and no address sanitizer in the stock one"
		SJ_INSIDE=yes exec "$here/../kernel/run" -t "$seconds" \
			env SJ_INSIDE=yes SJ_BUILD="$build" TMPDIR=/run bash "$here/$script"
	fi
	LAB_HOSTS="$*"
	lab_trap
	mkdir -p "$LAB_DIR"
}

# lan_host NAME LAN: a router with a network behind it.
lan_host() {
	ip netns add "$LAB-$1"
	_lab_quiet "$1"
	in_ns "$1" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	ip -n "$LAB-$1" link add lan type bridge
	ip -n "$LAB-$1" addr add "$2" dev lan
	ip -n "$LAB-$1" link set lan up
}
