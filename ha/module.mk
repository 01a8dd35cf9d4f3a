# SPDX-License-Identifier: ISC

pure_sources += \
	ha/binding.c ha/binding.h \
	ha/ha_config.h \
	ha/ha_core.c ha/ha_core.h ha/ha_private.h ha/ha_counters.def \
	ha/ha_deed.c \
	ha/ha_forward.c ha/ha_forward.h \
	ha/ha_judge.c \
	ha/ha_protect.c \
	ha/ha_reconfigure.c \
	ha/ha_reply.c \
	ha/ha_request.c \
	ha/ha_store.c \
	ha/home_link.c ha/home_link.h \
	ha/node_record.c ha/node_record.h

edge_sources +=

edge_sources += ha/ha_conf.c ha/ha_conf.h

sbin_PROGRAMS += ha/mip-ha
ha_mip_ha_SOURCES = ha/main.c ha/ha_main.c ha/ha_main.h \
	ha/ha_ctl.c ha/ha_ctl.h
ha_mip_ha_LDADD = $(agent_libs)

dist_man_MANS += ha/mip-ha.8 ha/mip-ha.xml.5
