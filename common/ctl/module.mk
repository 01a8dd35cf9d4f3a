# SPDX-License-Identifier: ISC

edge_sources += \
	common/ctl/json.c common/ctl/json.h \
	common/ctl/request.c common/ctl/request.h \
	common/ctl/server.c common/ctl/server.h \
	common/ctl/show.c common/ctl/show.h

bin_PROGRAMS += common/ctl/mipctl
common_ctl_mipctl_SOURCES = common/ctl/mipctl.c
common_ctl_mipctl_LDADD = $(JANSSON_LIBS)
dist_man_MANS += common/ctl/mipctl.8
