# SPDX-License-Identifier: ISC

# Programs that the stories of this folder call.
if BPF
check_PROGRAMS += tests/netns/fast_twin
tests_netns_fast_twin_SOURCES = tests/netns/fast_twin.c \
	tests/netns/fast_packets.c tests/netns/fast_packets.h tests/netns/fast_packets.def \
	tests/netns/fast_changes.def
tests_netns_fast_twin_LDADD = $(agent_libs)
endif
