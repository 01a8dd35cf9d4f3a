# SPDX-License-Identifier: ISC

pure_sources += \
	common/wire/arp.c common/wire/arp.h \
	common/wire/checksum.c common/wire/checksum.h \
	common/wire/icmp.c common/wire/icmp.h \
	common/wire/ipv4.c common/wire/ipv4.h \
	common/wire/ipv4_fragment.c \
	common/wire/mip_advert.c common/wire/mip_advert.h \
	common/wire/mip_code.c common/wire/mip_code.def common/wire/mip_code.h \
	common/wire/mip_ext.c common/wire/mip_ext.def common/wire/mip_ext.h \
	common/wire/mip_msg.c common/wire/mip_msg.h \
	common/wire/mip_text.c common/wire/mip_text.h \
	common/wire/tcp.h \
	common/wire/udp.c common/wire/udp.h
