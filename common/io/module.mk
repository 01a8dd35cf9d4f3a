# SPDX-License-Identifier: ISC

edge_sources += \
	common/io/daemon.c common/io/daemon.h \
	common/io/datapath.c common/io/datapath.h \
	common/io/effects_run.c common/io/effects_run.h \
	common/io/host.c common/io/host.h \
	common/io/io_count.c common/io/io_count.h common/io/io_count.def \
	common/io/key_log.c common/io/key_log.h \
	common/io/key_sock.c common/io/key_sock.h \
	common/io/lane.c common/io/lane.h \
	common/io/link_filter.c common/io/link_filter.h \
	common/io/link_sock.c common/io/link_sock.h \
	common/io/log.c common/io/log.h \
	common/io/loop.c common/io/loop.h \
	common/io/netlink.c common/io/netlink.h \
	common/io/outer_way.c common/io/outer_way.h \
	common/io/pktio.c common/io/pktio.h \
	common/io/pktio_filter.c common/io/pktio_filter.h \
	common/io/pktio_packet.c common/io/pktio_raw.c common/io/pktio_tun.c \
	common/io/pktio_udp.c common/io/pktio_wire.c \
	common/io/reg_sock.c common/io/reg_sock.h \
	common/io/rtnl.c common/io/rtnl.h \
	common/io/rtnl_edit.c common/io/rtnl_edit.h \
	common/io/rtnl_filter.c common/io/rtnl_filter.h \
	common/io/rtnl_sweep.c common/io/rtnl_sweep.h \
	common/io/sock_batch.c common/io/sock_batch.h \
	common/io/sock_opt.c common/io/sock_opt.h \
	common/io/stack_hooks.c common/io/stack_hooks.h \
	common/io/startup.c common/io/startup.h \
	common/io/store.c common/io/store.h \
	common/io/store_read.c common/io/store_read.h \
	common/io/sysctl.c common/io/sysctl.h \
	common/io/udp_runs.c common/io/udp_runs.h \
	common/io/worker.c common/io/worker.h
