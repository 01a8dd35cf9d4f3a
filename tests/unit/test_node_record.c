/* SPDX-License-Identifier: ISC */
/* Records of nodes: golden bytes, the way there and back, every kind of damage. */
#include "ha/node_record.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include "tests/unit/suites.h"

/* 10.1.0.10, bound to 10.0.2.2 through it, for 300 s with GRE and a reverse tunnel. */
static const uint8_t golden[] = {
	0x01, 0x01, 0x9d, 0x7d, /* version, bindings, checksum */
	0x0a, 0x01, 0x00, 0x0a, /* home */
	0xea, 0x00, 0x00, 0x07, 0x80, 0x00, 0x00, 0x01, /* last Identification */
	0x0a, 0x00, 0x02, 0x02,                         /* care-of */
	0x0a, 0x00, 0x02, 0x02,                         /* source */
	0x0a, 0x01, 0x00, 0x01,                         /* home agent */
	0x00, 0x00, 0x01, 0x00,                         /* SPI 256 */
	0xea, 0x00, 0x00, 0x05, 0x80, 0x00, 0x00, 0x00, /* Identification */
	0xea, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, /* since */
	0xea, 0x00, 0x01, 0x31, 0x80, 0x00, 0x00, 0x00, /* expires */
	0x01, 0x2c, 0x0a, 0x00,                         /* lifetime, flags */
};

static struct in_addr addr(uint32_t host_order)
{
	return (struct in_addr){ htonl(host_order) };
}

static struct node_record example(void)
{
	struct node_record r = { .home = addr(0x0a01000a),
				 .last_ident = UINT64_C(0xea00000780000001),
				 .count = 1 };

	r.binding[0] = (struct binding_record){
		.care_of = addr(0x0a000202),
		.source = addr(0x0a000202),
		.agent = addr(0x0a010001),
		.spi = 256,
		.ident = UINT64_C(0xea00000580000000),
		.since = UINT64_C(0xea00000100000000),
		.expires = UINT64_C(0xea00013180000000),
		.lifetime = 300,
		.flags = 0x0a,
	};
	return r;
}

static size_t encode(const struct node_record *r, uint8_t to[NODE_RECORD_MAX])
{
	struct writer w = writer_over(to, NODE_RECORD_MAX);

	node_record_encode(&w, r);
	CU_ASSERT_FALSE(w.bad);
	return writer_len(&w);
}

static void bytes_are_as_drawn(void)
{
	const struct node_record r = example();
	uint8_t bytes[NODE_RECORD_MAX];

	CU_ASSERT_EQUAL_FATAL(encode(&r, bytes), sizeof(golden));
	CU_ASSERT_EQUAL(memcmp(bytes, golden, sizeof(golden)), 0);
}

static void reading_gives_back_what_was_written(void)
{
	for (unsigned count = 0; count <= BINDINGS_PER_NODE_MAX; count++) {
		struct node_record r = example(), back;
		uint8_t bytes[NODE_RECORD_MAX], again[NODE_RECORD_MAX];
		size_t len;

		r.count = count;
		for (unsigned i = 0; i < count; i++) {
			r.binding[i] = example().binding[0];
			r.binding[i].care_of = addr(0x0a000200 + i);
			r.binding[i].expires = i * UINT64_C(0x0123456789abcdef);
		}
		len = encode(&r, bytes);
		CU_ASSERT_EQUAL(len, NODE_RECORD_HEAD + count * NODE_RECORD_BINDING);
		CU_ASSERT_EQUAL(node_record_decode(reader_over(bytes, len), &back),
				RECORD_OK);
		CU_ASSERT_EQUAL(back.count, count);
		CU_ASSERT_EQUAL(encode(&back, again), len);
		CU_ASSERT_EQUAL(memcmp(bytes, again, len), 0);
	}
}

static void every_truncation_is_refused(void)
{
	struct node_record r;

	for (size_t n = 0; n < sizeof(golden); n++)
		CU_ASSERT_EQUAL(node_record_decode(reader_over(golden, n), &r),
				RECORD_LENGTH);
}

static void more_than_is_said_is_refused(void)
{
	uint8_t longer[sizeof(golden) + 1] = { 0 };
	struct node_record r;

	memcpy(longer, golden, sizeof(golden));
	CU_ASSERT_EQUAL(node_record_decode(reader_over(longer, sizeof(longer)), &r),
			RECORD_LENGTH);
}

static void every_changed_bit_is_refused(void)
{
	uint8_t bytes[sizeof(golden)];
	struct node_record r;

	for (size_t bit = 0; bit < 8 * sizeof(golden); bit++) {
		memcpy(bytes, golden, sizeof(golden));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CU_ASSERT_NOT_EQUAL(
			node_record_decode(reader_over(bytes, sizeof(bytes)), &r),
			RECORD_OK);
	}
}

static void another_version_is_told_apart(void)
{
	uint8_t bytes[sizeof(golden)];
	struct node_record r;

	memcpy(bytes, golden, sizeof(golden));
	bytes[0] = NODE_RECORD_VERSION + 1;
	CU_ASSERT_EQUAL(node_record_decode(reader_over(bytes, sizeof(bytes)), &r),
			RECORD_VERSION);
}

void suite_node_record(void)
{
	CU_pSuite s = CU_add_suite("node_record", NULL, NULL);

	CU_add_test(s, "bytes are as drawn", bytes_are_as_drawn);
	CU_add_test(s, "reading gives back what was written",
		    reading_gives_back_what_was_written);
	CU_add_test(s, "every truncation is refused", every_truncation_is_refused);
	CU_add_test(s, "more than is said is refused", more_than_is_said_is_refused);
	CU_add_test(s, "every changed bit is refused", every_changed_bit_is_refused);
	CU_add_test(s, "another version is told apart", another_version_is_told_apart);
}
