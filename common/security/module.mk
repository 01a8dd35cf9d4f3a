# SPDX-License-Identifier: ISC

pure_sources += \
	common/security/auth.c common/security/auth.h \
	common/security/crypto.c common/security/crypto.h \
	common/security/esp_cipher.c common/security/esp_cipher.h \
	common/security/esp_engine.c common/security/esp_engine.h \
	common/security/esp_hmac.c common/security/esp_hmac.h \
	common/security/esp_iv.c common/security/esp_iv.h \
	common/security/esp_openssl.c \
	common/security/esp_selftest.c \
	common/security/ident.c common/security/ident.h \
	common/security/sa.c common/security/sa.h

if IPSEC_MB
pure_sources += common/security/esp_ipsec_mb.c
else
pure_sources += common/security/esp_ipsec_mb_absent.c
endif
