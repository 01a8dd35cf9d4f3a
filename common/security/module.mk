# SPDX-License-Identifier: ISC

pure_sources += \
	common/security/auth.c common/security/auth.h \
	common/security/crypto.c common/security/crypto.h \
	common/security/esp_cipher.c common/security/esp_cipher.h \
	common/security/ident.c common/security/ident.h \
	common/security/sa.c common/security/sa.h
