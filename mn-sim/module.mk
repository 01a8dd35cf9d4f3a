# SPDX-License-Identifier: ISC

pure_sources += \
	mn-sim/flow_log.c mn-sim/flow_log.h \
	mn-sim/flow_packet.c mn-sim/flow_packet.h \
	mn-sim/mn_config.h mn-sim/mn_core.c mn-sim/mn_core.h mn-sim/mn_counters.def \
	mn-sim/mn_forward.c mn-sim/mn_gateway.c mn-sim/mn_private.h mn-sim/mn_reply.c mn-sim/mn_request.c \
	mn-sim/mn_roam.c mn-sim/move.c mn-sim/move.h \
	mn-sim/swarm.c mn-sim/swarm.h mn-sim/swarm_private.h mn-sim/swarm_reply.c \
	mn-sim/swarm_histogram.c mn-sim/swarm_histogram.h \
	mn-sim/swarm_pace.c mn-sim/swarm_pace.h \
	mn-sim/swarm_search.c mn-sim/swarm_search.h \
	mn-sim/swarm_step.c mn-sim/swarm_step.h \
	mn-sim/wire_view.c mn-sim/wire_view.h

edge_sources += \
	mn-sim/cable.c mn-sim/cable.h \
	mn-sim/capture.c mn-sim/capture.h \
	mn-sim/ctl_client.c mn-sim/ctl_client.h \
	mn-sim/end_socket.c mn-sim/end_socket.h \
	mn-sim/live.c mn-sim/live.h \
	mn-sim/netns.c mn-sim/netns.h \
	mn-sim/replay.c mn-sim/replay.h \
	mn-sim/report_html.c mn-sim/report_json.c mn-sim/report_svg.c \
	mn-sim/report_text.c mn-sim/report.h \
	mn-sim/report_value.c mn-sim/report_value.h \
	mn-sim/report_wire.c mn-sim/report_wire.h mn-sim/report_wire_html.c \
	mn-sim/scenario.c mn-sim/scenario.h mn-sim/scenario_private.h \
	mn-sim/scenario_setup.c \
	mn-sim/scenario_check.c mn-sim/scenario_config.c mn-sim/scenario_config.h \
	mn-sim/scenario_main.c mn-sim/scenario_main.h \
	mn-sim/swarm_flow.c mn-sim/swarm_flow.h \
	mn-sim/swarm_main.c mn-sim/swarm_main.h \
	mn-sim/swarm_options.c mn-sim/swarm_options.h \
	mn-sim/swarm_report.c mn-sim/swarm_report.h \
	mn-sim/swarm_run.c mn-sim/swarm_run.h \
	mn-sim/swarm_socket.c mn-sim/swarm_socket.h \
	mn-sim/swarm_visit.c mn-sim/swarm_visit.h \
	mn-sim/tcp_flow.c mn-sim/tcp_flow.h \
	mn-sim/tunnel_view.c mn-sim/tunnel_view.h \
	mn-sim/udp_flow.c mn-sim/udp_flow.h \
	mn-sim/wire_keys.c mn-sim/wire_keys.h

edge_sources += mn-sim/mn_conf.c mn-sim/mn_conf.h

bin_PROGRAMS += mn-sim/mn-sim
mn_sim_mn_sim_SOURCES = mn-sim/main.c mn-sim/mn_main.c mn-sim/mn_main.h \
	mn-sim/mn_node.c mn-sim/mn_node.h
mn_sim_mn_sim_LDADD = $(agent_libs)
dist_man_MANS += mn-sim/mn-sim.8 mn-sim/mn-sim.xml.5
