/* SPDX-License-Identifier: ISC */
/* Secrets: owned copies, wiped memory, comparison. */
#include "common/base/secret.h"

#include <CUnit/CUnit.h>

#include <string.h>

#include "tests/unit/suites.h"

static void owns_a_copy(void)
{
	uint8_t bytes[16] = "0123456789abcde";
	struct secret a, b;

	CU_ASSERT_EQUAL(secret_init(&a, bytes, sizeof(bytes)), 0);
	CU_ASSERT_EQUAL(secret_copy(&b, &a), 0);
	CU_ASSERT_PTR_NOT_EQUAL(a.bytes, b.bytes);
	secret_wipe(bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(memcmp(a.bytes, "0123456789abcde", 16), 0);
	CU_ASSERT_TRUE(secret_equal(&a, &b));
	secret_fini(&a);
	CU_ASSERT_PTR_NULL(a.bytes);
	CU_ASSERT_EQUAL(a.len, 0);
	secret_fini(&a);
	secret_fini(&b);
}

static void empty_is_a_secret_too(void)
{
	struct secret a, b;

	CU_ASSERT_EQUAL(secret_init(&a, NULL, 0), 0);
	CU_ASSERT_EQUAL(secret_copy(&b, &a), 0);
	CU_ASSERT_TRUE(secret_equal(&a, &b));
	secret_fini(&a);
	secret_fini(&b);
}

static void wipes_everything(void)
{
	static const uint8_t zeros[32];
	uint8_t bytes[32];

	memset(bytes, 0x5a, sizeof(bytes));
	secret_wipe(bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(memcmp(bytes, zeros, sizeof(bytes)), 0);
}

static void every_bit_counts_in_comparison(void)
{
	uint8_t a[20], b[20];

	memset(a, 0xc3, sizeof(a));
	memcpy(b, a, sizeof(a));
	CU_ASSERT_TRUE(secret_bytes_equal(a, b, sizeof(a)));
	CU_ASSERT_TRUE(secret_bytes_equal(a, b, 0));
	for (size_t bit = 0; bit < 8 * sizeof(a); bit++) {
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CU_ASSERT_FALSE(secret_bytes_equal(a, b, sizeof(a)));
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void lengths_count_in_comparison(void)
{
	struct secret a, b;

	CU_ASSERT_EQUAL(secret_init(&a, "key", 3), 0);
	CU_ASSERT_EQUAL(secret_init(&b, "key\0", 4), 0);
	CU_ASSERT_FALSE(secret_equal(&a, &b));
	secret_fini(&a);
	secret_fini(&b);
}

void suite_secret(void)
{
	CU_pSuite s = CU_add_suite("secret", NULL, NULL);

	CU_ADD_TEST(s, owns_a_copy);
	CU_ADD_TEST(s, empty_is_a_secret_too);
	CU_ADD_TEST(s, wipes_everything);
	CU_ADD_TEST(s, every_bit_counts_in_comparison);
	CU_ADD_TEST(s, lengths_count_in_comparison);
}
