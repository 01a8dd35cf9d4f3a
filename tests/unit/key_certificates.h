/* SPDX-License-Identifier: ISC */
/* Certificates made on the spot: an authority, and what it says of agents. */
#ifndef TESTS_UNIT_KEY_CERTIFICATES_H
#define TESTS_UNIT_KEY_CERTIFICATES_H

#include "common/keying/tls.h"

enum { CERTIFICATE_TEXT = 4096 };

/* Around 2027, as the tests' clock has it. */
#define CERTIFICATE_NTP ((uint64_t)(2208988800U + 1800000000U) << 32)

struct authority {
	void *key, *certificate;
	char text[CERTIFICATE_TEXT];
};

struct certificate {
	char chain[CERTIFICATE_TEXT];
	char key_text[CERTIFICATE_TEXT];
	struct secret key; /* over key_text */
};

void authority_init(struct authority *a);
void authority_fini(struct authority *a);

/*
 * `names` as in the subjectAltName of a configuration file, "IP:192.0.2.1".  Valid for
 * a year before and after CERTIFICATE_NTP, moved by `years`.
 */
void certificate_init(struct certificate *c, const struct authority *a,
		      const char *names, int years);

struct tls_certificates certificates_of(const struct certificate *c,
					const struct authority *trusted);

#endif
