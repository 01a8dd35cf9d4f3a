# SPDX-License-Identifier: ISC

# One suite a module: its source here, one line in suites.def.
unit_sources =
unit_sources += tests/unit/hex.h
unit_sources += tests/unit/test_ctl.c tests/unit/test_ctl_server.c
unit_sources += tests/unit/test_bytes.c
unit_sources += tests/unit/test_ntp64.c
unit_sources += tests/unit/test_timers.c
unit_sources += tests/unit/test_hashmap.c
unit_sources += tests/unit/test_addr_table.c
unit_sources += tests/unit/test_pool.c
unit_sources += tests/unit/test_bucket.c
unit_sources += tests/unit/test_secret.c
unit_sources += tests/unit/test_crypto.c
unit_sources += tests/unit/test_sa.c
unit_sources += tests/unit/test_ident.c
unit_sources += tests/unit/test_auth.c
unit_sources += tests/unit/test_effect.c
unit_sources += tests/unit/test_links.c
unit_sources += tests/unit/test_admit.c
unit_sources += tests/unit/test_advert.c
unit_sources += tests/unit/test_violations.c
unit_sources += tests/unit/test_sites.c
unit_sources += tests/unit/test_keying_fault.c
unit_sources += tests/unit/test_keying_guest.c
unit_sources += tests/unit/key_plane.c tests/unit/key_plane.h
unit_sources += tests/unit/key_certificates.c tests/unit/key_certificates.h
unit_sources += tests/unit/test_key_msg.c
unit_sources += tests/unit/test_psk.c
unit_sources += tests/unit/test_tls.c
unit_sources += tests/unit/key_world.c tests/unit/key_world.h tests/unit/key_check.c
unit_sources += tests/sim/streams.c tests/sim/streams.h
unit_sources += tests/unit/test_keying.c
unit_sources += tests/unit/test_keying_storm.c
unit_sources += tests/unit/test_checksum.c
unit_sources += tests/unit/test_ipv4.c
unit_sources += tests/unit/test_udp.c
unit_sources += tests/unit/test_icmp.c
unit_sources += tests/unit/test_arp.c
unit_sources += tests/unit/test_flow_log.c tests/unit/test_flow_packet.c
unit_sources += tests/unit/swarm_world.c tests/unit/swarm_world.h
unit_sources += tests/unit/test_swarm.c tests/unit/test_swarm_parts.c \
	tests/unit/test_swarm_reply.c
unit_sources += tests/unit/test_tunnel_view.c
unit_sources += tests/unit/test_wire_view.c tests/unit/test_report_wire.c
unit_sources += tests/unit/test_report.c
unit_sources += tests/unit/test_mip_msg.c
unit_sources += tests/unit/test_mip_ext.c
unit_sources += tests/unit/test_mip_advert.c
unit_sources += tests/unit/test_mip_text.c
unit_sources += tests/unit/mn_bench.c tests/unit/mn_bench.h
unit_sources += tests/sim/kernel.c tests/sim/kernel.h
unit_sources += tests/unit/test_move.c
unit_sources += tests/unit/test_mn_request.c
unit_sources += tests/unit/test_mn_core.c
unit_sources += tests/unit/test_mn_roam.c
unit_sources += tests/unit/ha_bench.c tests/unit/ha_bench.h tests/unit/ha_world.c
unit_sources += tests/unit/test_binding.c
unit_sources += tests/unit/test_home_link.c
unit_sources += tests/unit/test_ha_request.c
unit_sources += tests/unit/test_ha_authentic.c
unit_sources += tests/unit/test_ha_flood.c
unit_sources += tests/unit/test_crowd.c tests/unit/test_fa_flood.c
unit_sources += tests/unit/test_ha_policy.c
unit_sources += tests/unit/test_ha_core.c
unit_sources += tests/unit/test_ha_change.c
unit_sources += tests/unit/test_ha_memory.c
unit_sources += tests/unit/test_ha_store.c
unit_sources += tests/unit/test_node_record.c
unit_sources += tests/unit/test_store.c
unit_sources += tests/unit/test_effects_run.c tests/unit/test_link_filter.c \
	tests/unit/test_log.c tests/unit/test_loop.c tests/unit/test_reg_sock.c \
	tests/unit/test_pktio_udp.c tests/unit/test_udp_runs.c \
	tests/unit/test_host.c tests/unit/test_startup.c
unit_sources += tests/unit/fa_world.c tests/unit/fa_world.h
unit_sources += tests/unit/test_pending.c
unit_sources += tests/unit/test_visitor.c
unit_sources += tests/unit/test_fa_request.c
unit_sources += tests/unit/test_fa_answer.c
unit_sources += tests/unit/test_fa_reply.c
unit_sources += tests/unit/test_fa_visit.c
unit_sources += tests/unit/test_fa_icmp.c
unit_sources += tests/unit/test_fa_core.c
unit_sources += tests/unit/test_fa_reload.c
unit_sources += tests/unit/test_fa_memory.c
unit_sources += tests/unit/fa_storm.c tests/unit/fa_storm.h tests/unit/test_fa_storm.c
unit_sources += tests/unit/packets.c tests/unit/packets.h
unit_sources += tests/unit/test_pkt.c
unit_sources += tests/unit/test_outer.c
unit_sources += tests/unit/test_encap.c
unit_sources += tests/unit/test_decap.c
unit_sources += tests/unit/test_gre_sequence.c
unit_sources += tests/unit/test_esp_cipher.c tests/unit/test_esp_engine.c
unit_sources += tests/unit/test_replay_window.c
unit_sources += tests/unit/esp_ends.c tests/unit/esp_ends.h
unit_sources += tests/unit/test_esp.c
unit_sources += tests/unit/test_esp_pull.c
unit_sources += tests/unit/test_lanes.c
unit_sources += tests/unit/test_esp_sa.c
unit_sources += tests/unit/test_mtu.c
unit_sources += tests/unit/test_mss.c
unit_sources += tests/unit/segments.c tests/unit/segments.h
unit_sources += tests/unit/test_pipeline_merged.c
unit_sources += tests/unit/test_segment.c tests/unit/test_segment_join.c
unit_sources += tests/unit/test_tunnel.c
unit_sources += tests/unit/test_fwd.c
unit_sources += tests/unit/test_fwd_site.c
unit_sources += tests/unit/test_fwd_memory.c
unit_sources += tests/unit/test_fwd_simple.c
unit_sources += tests/unit/alloc_count.c tests/unit/alloc_count.h
unit_sources += tests/unit/pipe_bench.c tests/unit/pipe_bench.h
unit_sources += tests/unit/test_pipeline.c
unit_sources += tests/unit/test_pipeline_in.c
unit_sources += tests/unit/test_pipeline_broadcast.c
unit_sources += tests/unit/test_probe.c tests/unit/test_pipeline_probe.c
unit_sources += tests/unit/test_relay_icmp.c
unit_sources += tests/unit/esp_world.c tests/unit/esp_world.h
unit_sources += tests/unit/test_encap_udp.c
unit_sources += tests/unit/test_protect.c
unit_sources += tests/unit/test_pipeline_carrier.c
unit_sources += tests/unit/test_pipeline_esp.c tests/unit/test_esp_sizes.c
unit_sources += tests/unit/test_esp_mtu.c tests/unit/test_esp_learn.c
unit_sources += tests/unit/test_esp_clear.c tests/unit/test_esp_errors.c
unit_sources += tests/unit/test_conf_value.c
unit_sources += tests/unit/test_conf_xml.c
unit_sources += tests/unit/conf_docs.c tests/unit/conf_docs.h
unit_sources += tests/unit/test_conf_ha.c
unit_sources += tests/unit/test_conf_fa.c
unit_sources += tests/unit/test_conf_mn.c
unit_sources += tests/unit/test_conf_protect.c
unit_sources += tests/unit/test_agent_keys.c tests/unit/test_agent_shell.c
unit_sources += tests/unit/test_guard.c
unit_sources += tests/unit/test_ha_protect.c tests/unit/test_fa_protect.c
unit_sources += tests/unit/test_key_sock.c tests/unit/test_key_log.c
unit_sources += tests/unit/test_conf_scenario.c

check_PROGRAMS += tests/unit/unit
tests_unit_unit_SOURCES = tests/unit/main.c tests/unit/suites.def tests/unit/suites.h \
	$(unit_sources)
tests_unit_unit_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_unit_unit_LDADD = $(agent_libs) $(CUNIT_LIBS)

EXTRA_DIST += tests/run tests/memcheck.supp tests/lint tests/netns tests/kernel tests/demo tests/bench
EXTRA_DIST += tests/vectors tests/CONFORMANCE

include $(top_srcdir)/tests/bench/module.mk
include $(top_srcdir)/tests/conf/module.mk
include $(top_srcdir)/tests/fuzz/module.mk
include $(top_srcdir)/tests/interop/module.mk
include $(top_srcdir)/tests/netns/module.mk
include $(top_srcdir)/tests/sim/module.mk
