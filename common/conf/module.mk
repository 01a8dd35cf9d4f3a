# SPDX-License-Identifier: ISC

edge_sources += \
	common/conf/builder.c common/conf/builder.h \
	common/conf/faults.c common/conf/faults.h \
	common/conf/key.c common/conf/key.h \
	common/conf/protect.c common/conf/protect.h common/conf/protect_check.c \
	common/conf/schema.c common/conf/schema.h \
	common/conf/shared.c common/conf/shared.h common/conf/shared_check.c \
	common/conf/value.c common/conf/value.h \
	common/conf/xml.c common/conf/xml.h \
	common/conf/xsd.c common/conf/xsd.h
