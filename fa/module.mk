# SPDX-License-Identifier: ISC

pure_sources += \
	fa/crowd.c fa/crowd.h \
	fa/denial.c fa/denial.h \
	fa/fa_answer.c \
	fa/fa_config.h \
	fa/fa_core.c fa/fa_core.h \
	fa/fa_counters.def \
	fa/fa_forward.c fa/fa_forward.h \
	fa/fa_icmp.c \
	fa/fa_private.h \
	fa/fa_reply.c \
	fa/fa_request.c \
	fa/fa_settings.c fa/fa_settings.h \
	fa/fa_visit.c \
	fa/pending.c fa/pending.h \
	fa/registration.h \
	fa/reverse.c fa/reverse.h \
	fa/visitor.c fa/visitor.h \
	fa/visitor_rules.def

edge_sources +=

edge_sources += fa/fa_conf.c fa/fa_conf.h

sbin_PROGRAMS += fa/mip-fa
fa_mip_fa_SOURCES = fa/main.c fa/fa_main.c fa/fa_main.h \
	fa/fa_ctl.c fa/fa_ctl.h
fa_mip_fa_LDADD = $(agent_libs)

dist_man_MANS += fa/mip-fa.8 fa/mip-fa.xml.5
