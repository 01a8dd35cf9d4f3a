# SPDX-License-Identifier: ISC

pure_sources += \
	common/keying/key_fault.c common/keying/key_fault.def common/keying/key_fault.h \
	common/keying/key_msg.h common/keying/keying.h common/keying/keying_effect.h \
	common/keying/psk.h common/keying/tls.h
