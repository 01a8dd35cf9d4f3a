/* SPDX-License-Identifier: ISC */
/*
 * What can be told of a packet on the backbone without a key.
 */
#include "mn-sim/wire_view.h"

#include "mn-sim/flow_packet.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/hex.h"
#include "tests/unit/suites.h"

/* 10.1.0.1 to 10.0.2.2; checksums are not looked at here. */
#define OUTER(protocol_) "450001c40001400040" protocol_ "00000a0100010a000202"
#define INNER            "450001ac000040003f1100000a0009020a01000a"
#define INNER_UDP        "c5ea138900180000"
#define MINIMAL          "118000000a01000a0a000902"
#define FLOW             "534a4631000013890000000000000264"
#define ESP              "e401e14a00000001"

static char shown[512];

/* "outer 20, tunnel 4, ..." */
static const char *parts_of(const struct wire_view *v)
{
	size_t at = 0;

	shown[0] = '\0';
	for (unsigned i = 0; i < v->parts; i++)
		at += (size_t)snprintf(shown + at, sizeof(shown) - at, "%s%s %zu",
				       i ? ", " : "", wire_part_name(v->part[i].kind),
				       v->part[i].len);
	return shown;
}

static const struct {
	const char *name, *hex, *parts;
} rows[] = {
	{ "GRE", OUTER("2f") "00000800" INNER INNER_UDP FLOW,
	  "outer 20, tunnel 4, inner 20, inner 8, payload 16" },
	{ "GRE with a key", OUTER("2f") "2000080000000007" INNER INNER_UDP FLOW,
	  "outer 20, tunnel 8, inner 20, inner 8, payload 16" },
	{ "IP-in-IP", OUTER("04") INNER INNER_UDP FLOW,
	  "outer 20, inner 20, inner 8, payload 16" },
	{ "minimal", OUTER("37") MINIMAL INNER_UDP FLOW,
	  "outer 20, tunnel 12, inner 8, payload 16" },
	{ "ESP", OUTER("32") ESP "0102030405", "outer 20, esp 8, sealed 5" },
	{ "ESP in UDP", OUTER("11") "1194119400000000" ESP "0102",
	  "outer 20, carrier 8, esp 8, sealed 2" },
	{ "GRE in UDP", OUTER("11") "c00012920000000000000800" INNER INNER_UDP FLOW,
	  "outer 20, carrier 8, tunnel 4, inner 20, inner 8, payload 16" },
	{ "tunnel data", OUTER("11") "01b201b20000000004040000" INNER INNER_UDP FLOW,
	  "outer 20, carrier 12, inner 20, inner 8, payload 16" },
	{ "a registration", OUTER("11") "01b201b20000000001000000", "outer 20" },
	{ "TCP in no tunnel", OUTER("06") "0000", "outer 20" },
	{ "a later fragment", "450001c40001000a402f00000a0100010a00020200000800" INNER,
	  "outer 20" },
	{ "UDP in no tunnel", OUTER("11") INNER_UDP FLOW, "outer 20" },
};

static void every_kind(void)
{
	struct wire_view v;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hex h = hex_of(rows[i].hex);

		wire_view_make(&v, h.bytes, h.len);
		if (strcmp(parts_of(&v), rows[i].parts) != 0)
			printf("\n%s: %s\n", rows[i].name, shown);
		CU_ASSERT_STRING_EQUAL(parts_of(&v), rows[i].parts);
	}
}

static void parts_follow_each_other(void)
{
	struct hex h = hex_of(rows[0].hex);
	struct wire_view v;
	size_t at = 0;

	wire_view_make(&v, h.bytes, h.len);
	for (unsigned i = 0; i < v.parts; i++) {
		CU_ASSERT_EQUAL(v.part[i].from, at);
		at += v.part[i].len;
	}
	CU_ASSERT_EQUAL(at, h.len);
	CU_ASSERT_STRING_EQUAL(v.part[2].text,
			       "IPv4 from 10.0.9.2 to 10.1.0.10, protocol 17");
}

static void a_flow_is_known_where_it_can_be_read(void)
{
	struct wire_view v;
	uint32_t flow;
	uint64_t number;

	for (size_t i = 0; i < 4; i++) {
		struct hex h = hex_of(rows[i].hex);

		wire_view_make(&v, h.bytes, h.len);
		CU_ASSERT_TRUE_FATAL(wire_view_flow(&v, h.bytes, &flow, &number));
		CU_ASSERT_EQUAL(flow, 5001);
		CU_ASSERT_EQUAL(number, 612);
	}
	for (size_t i = 4; i < 6; i++) {
		struct hex h = hex_of(rows[i].hex);

		wire_view_make(&v, h.bytes, h.len);
		CU_ASSERT_FALSE(wire_view_flow(&v, h.bytes, &flow, &number));
	}
}

static void look_at(const struct hex *h, size_t len)
{
	uint8_t *packet = exact_copy(h->bytes, len);
	struct wire_view v;
	uint32_t flow;
	uint64_t number;

	wire_view_make(&v, packet, len);
	(void)wire_view_flow(&v, packet, &flow, &number);
	for (unsigned i = 0; i < v.parts; i++)
		CU_ASSERT_TRUE(v.part[i].from + v.part[i].len <= len);
	free(packet);
}

static void any_octets_may_come(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hex h = hex_of(rows[i].hex);

		for (size_t len = 0; len <= h.len; len++)
			look_at(&h, len);
		for (size_t bit = 0; bit < 8 * h.len; bit++) {
			flip_bit(h.bytes, bit);
			look_at(&h, h.len);
			look_at(&h, h.len / 2);
			flip_bit(h.bytes, bit);
		}
	}
}

void suite_wire_view(void)
{
	CU_pSuite s = CU_add_suite("wire_view", NULL, NULL);

	CU_add_test(s, "every kind", every_kind);
	CU_add_test(s, "parts follow each other", parts_follow_each_other);
	CU_add_test(s, "a flow is known where it can be read",
		    a_flow_is_known_where_it_can_be_read);
	CU_add_test(s, "any octets may come", any_octets_may_come);
}
