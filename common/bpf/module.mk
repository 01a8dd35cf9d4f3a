# SPDX-License-Identifier: ISC

# The fast path: an object for the kernel, embedded by its skeleton.
EXTRA_DIST += common/bpf/tunnel_fast.bpf.c common/bpf/tunnel_fast.def
EXTRA_DIST += common/bpf/tunnel_fast.h common/bpf/tunnel_fast_packet.bpf.h
EXTRA_DIST += common/bpf/tunnel_fast_route.bpf.h
fast_object = common/bpf/tunnel_fast.bpf.o
fast_skeleton = common/bpf/tunnel_fast.skel.h
fast_inputs = common/bpf/tunnel_fast.bpf.c common/bpf/tunnel_fast.h \
	common/bpf/tunnel_fast_packet.bpf.h common/bpf/tunnel_fast_route.bpf.h \
	common/bpf/tunnel_fast.def

$(fast_object): $(fast_inputs)
	@$(MKDIR_P) common/bpf
	$(AM_V_GEN)$(BPF_CLANG) -O2 -g -Wall -Wextra -Werror -target bpf -mcpu=v3 \
		-I$(top_srcdir) $(BPF_CPPFLAGS) \
		-c $(top_srcdir)/common/bpf/tunnel_fast.bpf.c -o $@

$(fast_skeleton): $(fast_object)
	$(AM_V_GEN)$(BPFTOOL) gen skeleton $(fast_object) name tunnel_fast >$@.tmp && \
		mv $@.tmp $@

CLEANFILES += $(fast_object) $(fast_skeleton)
if BPF
edge_sources += common/io/fastpath.c common/io/fastpath.h
nodist_libmip_edge_a_SOURCES = $(fast_skeleton)
# What is made first for "all" is not for a single program: the one that needs it says so.
common/io/fastpath.$(OBJEXT): $(fast_skeleton)
else
edge_sources += common/io/fastpath_none.c common/io/fastpath.h
endif
