# SPDX-License-Identifier: ISC

pure_sources += \
	common/keying/key_fault.c common/keying/key_fault.def common/keying/key_fault.h \
	common/keying/key_msg.c common/keying/key_msg.h \
	common/keying/keying.c common/keying/keying.h \
	common/keying/keying_check.c \
	common/keying/keying_count.def \
	common/keying/keying_effect.c common/keying/keying_effect.h \
	common/keying/keying_peer.c \
	common/keying/keying_private.h \
	common/keying/keying_sa.c \
	common/keying/keying_session.c \
	common/keying/keying_show.c \
	common/keying/psk.c common/keying/psk.h \
	common/keying/tls.c common/keying/tls.h
