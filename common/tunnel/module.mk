# SPDX-License-Identifier: ISC

pure_sources += \
	common/tunnel/drop.c common/tunnel/drop.def common/tunnel/drop.h \
	common/tunnel/ecn.c common/tunnel/ecn.h \
	common/tunnel/encap.c common/tunnel/encap.h \
	common/tunnel/encap_gre.c \
	common/tunnel/encap_ipip.c \
	common/tunnel/encap_minimal.c \
	common/tunnel/encap_ops.h \
	common/tunnel/encap_udp.c common/tunnel/encap_udp.h \
	common/tunnel/esp.c common/tunnel/esp.h \
	common/tunnel/esp_sa.c common/tunnel/esp_sa.h \
	common/tunnel/fwd.c common/tunnel/fwd.h \
	common/tunnel/fwd_judge.c common/tunnel/fwd_judge.h \
	common/tunnel/fwd_private.h \
	common/tunnel/fwd_simple.c common/tunnel/fwd_simple.h \
	common/tunnel/fwd_site.c \
	common/tunnel/fwd_threads.c \
	common/tunnel/fwd_tunnel.c \
	common/tunnel/gre_sequence.c \
	common/tunnel/mss.c common/tunnel/mss.h \
	common/tunnel/mtu.c common/tunnel/mtu.h \
	common/tunnel/outer.c common/tunnel/outer.h \
	common/tunnel/packet.def \
	common/tunnel/pipeline.c common/tunnel/pipeline.h \
	common/tunnel/pipeline_broadcast.c \
	common/tunnel/pipeline_esp.c \
	common/tunnel/pipeline_in.c \
	common/tunnel/pipeline_out.c \
	common/tunnel/pipeline_private.h \
	common/tunnel/pipeline_probe.c \
	common/tunnel/pkt.c common/tunnel/pkt.h \
	common/tunnel/pkt_vec.h \
	common/tunnel/probe.c common/tunnel/probe.h \
	common/tunnel/protect.c common/tunnel/protect.h \
	common/tunnel/protect_private.h \
	common/tunnel/relay_icmp.c \
	common/tunnel/relay_path.c \
	common/tunnel/replay_window.c common/tunnel/replay_window.h \
	common/tunnel/segment.h common/tunnel/segment_join.c \
	common/tunnel/segment_split.c \
	common/tunnel/tunnel.c common/tunnel/tunnel.h
