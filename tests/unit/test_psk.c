/* SPDX-License-Identifier: ISC */
/* The pre-shared key: HKDF by the vectors of RFC 5869, and what it is bound to. */
#include "common/keying/psk.h"

#include <CUnit/CUnit.h>

#include <arpa/inet.h>

#include "tests/unit/hex.h"
#include "tests/unit/suites.h"

/* RFC 5869 A.3: no salt, no info; the first block of it. */
static void hkdf_is_that_of_the_rfc(void)
{
	const struct hex ikm = hex_of("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
	const struct hex okm = hex_of("8da4e775a563c18f715f802a063c5a31"
				      "b8a11f5c5ee1879ec3454e5f3c738d2d");
	const struct secret key = { (uint8_t *)ikm.bytes, ikm.len };
	uint8_t out[PSK_LEN], info[65] = { 0 };

	CU_ASSERT_EQUAL(psk_hkdf(&key, NULL, 0, out), 0);
	CU_ASSERT_EQUAL(memcmp(out, okm.bytes, sizeof(out)), 0);
	CU_ASSERT_TRUE(psk_hkdf(&key, info, sizeof(info), out) < 0);
}

static struct psk_source source(void)
{
	static uint8_t bytes[16] = "0123456789abcde";
	static const struct secret key = { bytes, sizeof(bytes) };
	struct psk_source s = { .kind = SA_FA_HA, .spi = 1001, .key = &key };

	inet_pton(AF_INET, "198.51.100.7", &s.ends[0]);
	inet_pton(AF_INET, "192.0.2.1", &s.ends[1]);
	return s;
}

static void both_ends_derive_the_same(void)
{
	struct psk_source s = source(), turned = source();
	struct psk a, b;

	turned.ends[0] = s.ends[1];
	turned.ends[1] = s.ends[0];
	CU_ASSERT_EQUAL(psk_derive(&s, &a), KEY_OK);
	CU_ASSERT_EQUAL(psk_derive(&turned, &b), KEY_OK);
	CU_ASSERT_STRING_EQUAL(a.identity, b.identity);
	CU_ASSERT_STRING_EQUAL(a.identity,
			       "sojourn-esp fa-ha 1001 192.0.2.1 198.51.100.7");
	CU_ASSERT_EQUAL(memcmp(a.key, b.key, PSK_LEN), 0);
}

/* Whatever differs gives another key, and none is the association's. */
static void it_is_bound_to_everything(void)
{
	struct psk_source other[4] = { source(), source(), source(), source() };
	const struct psk_source first = source();
	struct psk a, b;

	CU_ASSERT_EQUAL(psk_derive(&first, &a), KEY_OK);
	CU_ASSERT_NOT_EQUAL(memcmp(a.key, first.key->bytes, 16), 0);
	other[0].kind = SA_MN_HA;
	other[1].spi++;
	other[2].ends[0].s_addr ^= htonl(1);
	other[3].ends[1].s_addr ^= htonl(1);
	for (int i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(psk_derive(&other[i], &b), KEY_OK);
		CU_ASSERT_STRING_NOT_EQUAL(a.identity, b.identity);
		CU_ASSERT_NOT_EQUAL(memcmp(a.key, b.key, PSK_LEN), 0);
	}
}

static void short_keys_are_refused(void)
{
	struct psk_source s = source();
	struct psk p;

	for (size_t n = 0; n < PSK_ASSOCIATION_KEY_MIN; n++) {
		const struct secret key = { s.key->bytes, n };
		struct psk_source cut = s;

		cut.key = &key;
		CU_ASSERT_EQUAL(psk_derive(&cut, &p), KEY_FAULT_SHORT_KEY);
	}
}

void suite_psk(void)
{
	CU_pSuite s = CU_add_suite("psk", NULL, NULL);

	CU_add_test(s, "HKDF is that of RFC 5869", hkdf_is_that_of_the_rfc);
	CU_add_test(s, "both ends derive the same", both_ends_derive_the_same);
	CU_add_test(s, "it is bound to everything", it_is_bound_to_everything);
	CU_add_test(s, "short keys are refused", short_keys_are_refused);
}
