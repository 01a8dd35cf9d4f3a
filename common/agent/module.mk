# SPDX-License-Identifier: ISC

pure_sources += \
	common/agent/admit.c common/agent/admit.h \
	common/agent/advert.c common/agent/advert.h \
	common/agent/associations.c common/agent/associations.h \
	common/agent/config.c common/agent/config.h \
	common/agent/datagram.h \
	common/agent/effect.c common/agent/effect.h common/agent/effect_text.c \
	common/agent/guard.c common/agent/guard.h \
	common/agent/links.c common/agent/links.h \
	common/agent/note.def \
	common/agent/protection.h

pure_sources += \
	common/agent/sites.c common/agent/sites.h \
	common/agent/violations.c common/agent/violations.h
