/* SPDX-License-Identifier: ISC */
/*
 * Opening: published packets, and everything hostile: cut, altered, replayed, sealed
 * by somebody who knows the key and does it wrong.  Each has its reason.
 */
#include "common/tunnel/esp.h"

#include "tests/unit/esp_ends.h"
#include "tests/unit/hex.h"
#include "tests/unit/packets.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <string.h>

/* ---- published packets ---- */

static const struct golden {
	const char *name;
	enum esp_algorithm algorithm;
	const char *material;
	uint32_t spi;
	const char *outer, *inner;
} golden[] = {
#define ESP_PACKET(...) { __VA_ARGS__ },
#include "tests/vectors/esp_packet.def"
#undef ESP_PACKET
};

enum { GOLDEN = sizeof(golden) / sizeof(golden[0]) };

static struct esp_sa_in *sa_of(const struct golden *g)
{
	return esp_in_of_hex(g->algorithm, false, g->material, g->spi, 0);
}

static bool holds(struct pkt *p, const char *inner)
{
	struct hex h = hex_of(inner);

	return p->drop == DROP_NONE && packet_sound(p) &&
	       pkt_ipv4(p)->protocol == PROTO_IPIP && p->len == IPV4_HEADER + h.len &&
	       memcmp(p->data + IPV4_HEADER, h.bytes, h.len) == 0;
}

static void opens_golden_packets(void)
{
	for (unsigned i = 0; i < GOLDEN; i++) {
		struct esp_sa_in *sa = sa_of(&golden[i]);
		struct pkt *p = packet_of_hex(packets_pool(), golden[i].outer);

		esp_pull_one(sa, p);
		CU_ASSERT_TRUE(golden[i].inner[0] ? holds(p, golden[i].inner)
						  : p->drop == DROP_ESP_DUMMY);
		CU_ASSERT_EQUAL(sa->counts.packets, 1);
		CU_ASSERT_EQUAL(sa->counts.dummies, p->drop == DROP_ESP_DUMMY);
		CU_ASSERT_TRUE(sa->window.top > 0 && !sa->bad_insides);
		pkt_give(packets_pool(), p);
		esp_sa_in_free(sa);
	}
}

static const struct sealed {
	const char *name;
	enum esp_algorithm algorithm;
	bool esn;
	const char *material;
	uint32_t spi;
	uint64_t sequence;
	const char *iv, *clear, *body, *icv;
} sealed[] = {
#define ESP(...) { __VA_ARGS__ },
#include "tests/vectors/esp_cipher.def"
#undef ESP
};

/* Behind an outer header of ours; the high half of the number is left out. */
static struct pkt *packet_of_sealed(const struct sealed *v)
{
	struct hex iv = hex_of(v->iv), body = hex_of(v->body), icv = hex_of(v->icv);
	size_t len = ESP_HEADER + iv.len + body.len + icv.len;
	struct pkt *p = esp_outer(packets_pool(), PROTO_ESP, IPV4_HEADER + len);
	struct writer w = writer_over(p->data + IPV4_HEADER, len);

	write_u32(&w, v->spi);
	write_u32(&w, (uint32_t)v->sequence);
	write_bytes(&w, iv.bytes, iv.len);
	write_bytes(&w, body.bytes, body.len);
	write_bytes(&w, icv.bytes, icv.len);
	CU_ASSERT_FALSE_FATAL(w.bad);
	return p;
}

/*
 * What these packets carry is no tunnel, mostly, and they are refused for that: after
 * the ICV, which is what is shown here, with numbers of up to 64 bits.
 */
static void authenticates_published_packets(void)
{
	for (unsigned i = 0; i < sizeof(sealed) / sizeof(sealed[0]); i++) {
		const struct sealed *v = &sealed[i];
		uint64_t top = v->sequence - 1;
		struct esp_sa_in *sa;
		struct pkt *p;

		if (v->spi < ESP_SPI_MIN || !v->icv[0])
			continue;
		sa = esp_in_of_hex(v->algorithm, v->esn, v->material, v->spi, top);
		p = packet_of_sealed(v);
		esp_pull_one(sa, p);
		CU_ASSERT_TRUE(p->drop == DROP_NONE ||
			       p->drop == DROP_ESP_NEXT_HEADER ||
			       p->drop == DROP_ESP_PADDING);
		CU_ASSERT_EQUAL(sa->window.top, v->sequence);
		CU_ASSERT_EQUAL(sa->bad_icvs + sa->replays, 0);
		pkt_give(packets_pool(), p);
		esp_sa_in_free(sa);
	}
}

/* ---- cut and altered ---- */

static struct esp_like nth_like(unsigned n)
{
	return (struct esp_like){ .algorithm = (enum esp_algorithm)(n / 2),
				  .esn = n % 2 };
}

enum { LIKES = 2 * ESP_ALGORITHM_COUNT };

/* A sealed packet of 37 octets of payload. */
static struct pkt *sealed_packet(struct esp_ends *e)
{
	struct pkt *p = esp_outer(packets_pool(), PROTO_GRE, IPV4_HEADER + 37);

	esp_push_one(e->out, p);
	CU_ASSERT_EQUAL(p->drop, DROP_NONE);
	return p;
}

static void restart(struct esp_ends *e)
{
	e->out->next = 1;
	replay_window_init(&e->in->window, e->in->window.size, e->in->esn);
}

static enum drop_reason why_cut(const struct esp_like *like, size_t esp)
{
	const struct esp_algorithm_info *info = esp_algorithm_info(like->algorithm);
	size_t around = ESP_HEADER + info->iv_len + info->icv_len;

	if (esp <= around || (esp - around) % info->block)
		return DROP_ESP_SHORT;
	return DROP_ESP_ICV;
}

static void every_truncation_has_its_reason(void)
{
	for (unsigned n = 0; n < LIKES; n++) {
		struct esp_like like = nth_like(n);
		struct esp_ends e = esp_ends(&like);
		size_t len = IPV4_HEADER, whole;

		do {
			struct pkt *p;

			restart(&e);
			p = sealed_packet(&e);
			whole = p->len;
			p->len = len;
			pkt_ipv4(p)->length = htons((uint16_t)len);
			ipv4_seal(pkt_ipv4(p));
			esp_pull_one(e.in, p);
			CU_ASSERT_EQUAL(p->drop, why_cut(&like, len - IPV4_HEADER));
			CU_ASSERT_EQUAL(e.in->window.top, 0);
			pkt_give(packets_pool(), p);
		} while (++len < whole);
		esp_ends_fini(&e);
	}
}

/* Of the number 1; a flipped bit makes it 0 or another, and that is not authentic. */
static enum drop_reason why_flipped(size_t bit)
{
	if (bit < 32)
		return DROP_ESP_NO_SA;
	return bit == 63 ? DROP_ESP_REPLAY : DROP_ESP_ICV;
}

static void every_flipped_bit_has_its_reason(void)
{
	for (unsigned n = 0; n < LIKES; n++) {
		struct esp_like like = nth_like(n);
		struct esp_ends e = esp_ends(&like);
		struct pkt *p = sealed_packet(&e);
		size_t bits = (p->len - IPV4_HEADER) * 8;

		pkt_give(packets_pool(), p);
		for (size_t bit = 0; bit < bits; bit++) {
			restart(&e);
			p = sealed_packet(&e);
			flip_bit(p->data + IPV4_HEADER, bit);
			esp_pull_one(e.in, p);
			CU_ASSERT_EQUAL(p->drop, why_flipped(bit));
			CU_ASSERT_EQUAL(e.in->window.top, 0);
			pkt_give(packets_pool(), p);
		}
		CU_ASSERT_EQUAL(e.in->bad_icvs, bits - 33);
		CU_ASSERT_EQUAL(e.in->counts.packets, 0);
		esp_ends_fini(&e);
	}
}

/* What of the outer header ESP has an opinion on, the checksum made good again. */
static enum drop_reason why_outer(size_t bit)
{
	if (bit / 8 == 9) /* protocol */
		return DROP_ESP_NO_SA;
	if (bit >= 50 && bit < 64) /* MF and offset */
		return DROP_ESP_FRAGMENT;
	return DROP_NONE;
}

/* Length and version are judged before; the others are the tunnel's or nobody's. */
static void every_flipped_bit_of_the_outer_header_has_its_reason(void)
{
	const struct esp_like like = { .algorithm = ESP_AES_128_GCM };
	struct esp_ends e = esp_ends(&like);

	for (size_t bit = 8; bit < IPV4_HEADER * 8; bit++) {
		struct pkt *p = sealed_packet(&e);

		flip_bit(p->data, bit);
		CU_ASSERT_NOT_EQUAL(pkt_check(p), DROP_NONE);
		ipv4_seal(pkt_ipv4(p));
		p->drop = pkt_check(p);
		if (bit / 16 != 1) {
			esp_pull_one(e.in, p);
			CU_ASSERT_EQUAL(p->drop, why_outer(bit));
			CU_ASSERT_TRUE(p->drop || packet_sound(p));
		}
		pkt_give(packets_pool(), p);
	}
	esp_ends_fini(&e);
}

/* Whatever was decrypted to see whether it is authentic is gone again. */
static void what_is_not_authentic_leaves_no_plaintext(void)
{
	for (unsigned n = 0; n < LIKES; n++) {
		struct esp_like like = nth_like(n);
		struct esp_ends e = esp_ends(&like);
		struct pkt *p = sealed_packet(&e);
		size_t head = IPV4_HEADER + ESP_HEADER +
			      esp_algorithm_info(like.algorithm)->iv_len;

		flip_bit(p->data, p->len * 8 - 1);
		esp_pull_one(e.in, p);
		CU_ASSERT_EQUAL(p->drop, DROP_ESP_ICV);
		for (size_t i = head; i < p->len; i++)
			CU_ASSERT_EQUAL(p->data[i], 0);
		pkt_give(packets_pool(), p);
		esp_ends_fini(&e);
	}
}

static void the_addresses_are_those_of_the_association(void)
{
	const struct esp_like like = { .algorithm = ESP_AES_128_GCM };
	struct esp_ends e = esp_ends(&like);
	struct pkt *p = sealed_packet(&e);

	pkt_ipv4(p)->src = addr_of("192.0.2.99"); /* as a NAT does */
	pkt_ipv4(p)->dst = addr_of("10.0.0.1");
	ipv4_seal(pkt_ipv4(p));
	esp_pull_one(e.in, p);
	CU_ASSERT_TRUE(p->drop == DROP_NONE && packet_sound(p));
	CU_ASSERT_EQUAL(pkt_ipv4(p)->src.s_addr, addr_of(ESP_NEAR).s_addr);
	CU_ASSERT_EQUAL(pkt_ipv4(p)->dst.s_addr, addr_of(ESP_FAR).s_addr);
	pkt_give(packets_pool(), p);
	esp_ends_fini(&e);
}

/* ---- replayed ---- */

enum verdict { TAKEN, OLD, BAD_ICV };

static const struct {
	uint32_t sequence;
	bool authentic;
	enum verdict verdict;
	uint64_t top;
} arrivals[] = {
#define HIGH_HALF(...)
#define ARRIVAL(...) { __VA_ARGS__ },
#include "tests/vectors/replay_window.def"
#undef HIGH_HALF
#undef ARRIVAL
};

static void judges_arrivals(void)
{
	static const enum drop_reason why[] = {
		[TAKEN] = DROP_NONE, [OLD] = DROP_ESP_REPLAY, [BAD_ICV] = DROP_ESP_ICV
	};
	const struct esp_like like = { .algorithm = ESP_AES_128_GCM };
	struct esp_ends e = esp_ends(&like);

	for (size_t i = 0; i < sizeof(arrivals) / sizeof(arrivals[0]); i++) {
		struct pkt *p;

		e.out->next = arrivals[i].sequence;
		p = sealed_packet(&e);
		if (!arrivals[i].authentic)
			flip_bit(p->data, p->len * 8 - 1);
		esp_pull_one(e.in, p);
		CU_ASSERT_EQUAL(p->drop, why[arrivals[i].verdict]);
		CU_ASSERT_EQUAL(e.in->window.top, arrivals[i].top);
		pkt_give(packets_pool(), p);
	}
	CU_ASSERT_EQUAL(e.in->replays, 6);
	CU_ASSERT_EQUAL(e.in->bad_icvs, 1);
	esp_ends_fini(&e);
}

/* Across the wrap of the low half, in pairs the wrong way round, each one twice. */
static void extended_numbers_survive_reordering_over_the_wrap(void)
{
	for (unsigned n = 1; n < LIKES; n += 2) {
		struct esp_like like = nth_like(n);
		struct esp_ends e = esp_ends(&like);
		uint64_t from = (UINT64_C(1) << 32) - 50;

		e.in->window.top = from - 1;
		for (uint64_t i = 0; i < 100; i++) {
			struct pkt *p, *again;

			e.out->next = from + (i ^ 1);
			p = sealed_packet(&e);
			again = pkt_clone(packets_pool(), p);
			esp_pull_one(e.in, p);
			esp_pull_one(e.in, again);
			CU_ASSERT_EQUAL(p->drop, DROP_NONE);
			CU_ASSERT_EQUAL(again->drop, DROP_ESP_REPLAY);
			pkt_give(packets_pool(), p);
			pkt_give(packets_pool(), again);
		}
		CU_ASSERT_EQUAL(e.in->window.top, from + 99);
		esp_ends_fini(&e);
	}
}

/* One end extends its numbers, the other does not: nothing is authentic. */
static void both_ends_must_agree_on_extended_numbers(void)
{
	for (int a = 0; a < ESP_ALGORITHM_COUNT; a++) {
		for (unsigned esn = 0; esn < 2; esn++) {
			struct esp_like here = { .algorithm = (enum esp_algorithm)a,
						 .esn = esn == 1 };
			struct esp_like there = { .algorithm = (enum esp_algorithm)a,
						  .esn = esn == 0 };
			struct esp_ends x = esp_ends(&here), y = esp_ends(&there);
			struct pkt *p = sealed_packet(&x);

			esp_pull_one(y.in, p);
			CU_ASSERT_EQUAL(p->drop, DROP_ESP_ICV);
			pkt_give(packets_pool(), p);
			esp_ends_fini(&x);
			esp_ends_fini(&y);
		}
	}
}

static void manual_keys_take_a_number_again(void)
{
	const struct esp_like like = { .algorithm = ESP_AES_256_CBC_SHA256,
				       .manual = true };
	struct esp_ends e = esp_ends(&like);

	for (unsigned i = 0; i < 3; i++) {
		struct pkt *p;

		e.out->next = 100 - i;
		p = sealed_packet(&e);
		esp_pull_one(e.in, p);
		CU_ASSERT_EQUAL(p->drop, DROP_NONE);
		CU_ASSERT_EQUAL(e.in->window.top, 100);
		pkt_give(packets_pool(), p);
	}
	esp_ends_fini(&e);
}

/* ---- sealed, but wrong inside ---- */

static const struct inside {
	const char *what;
	const char *body; /* with 16 octets, whole blocks of any algorithm */
	enum drop_reason why;
	size_t left; /* of the payload */
} insides[] = {
	{ "no payload", "0102030405060708090a0b0c0d0e0e2f", DROP_NONE, 0 },
	{ "no padding", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa002f", DROP_NONE, 14 },
	{ "more padding than needed", "aaaa0102030405060708090a0b0c0c2f", DROP_NONE,
	  2 },
	{ "padding longer than the body", "0102030405060708090a0b0c0d0e0f2f",
	  DROP_ESP_PADDING, 0 },
	{ "padding that begins before the body", /* in the number, of NULL */
	  "02030405060708090a0b0c0d0e0f0f2f", DROP_ESP_PADDING, 0 },
	{ "longest padding", "0102030405060708090a0b0c0d0eff2f", DROP_ESP_PADDING, 0 },
	{ "zeros", "aaaaaaaaaaaaaaaaaaaaaaaa0000022f", DROP_ESP_PADDING, 0 },
	{ "last octet wrong", "aaaaaaaaaaaaaaaaaaaa01020303042f", DROP_ESP_PADDING, 0 },
	{ "first octet wrong", "aaaaaaaaaaaaaaaaaaaa00020304042f", DROP_ESP_PADDING,
	  0 },
	{ "counted from 0", "aaaaaaaaaaaaaaaaaaaa00010203042f", DROP_ESP_PADDING, 0 },
	{ "dummy", "0102030405060708090a0b0c0d0e0e3b", DROP_ESP_DUMMY, 0 },
	{ "dummy with noise",
	  "e1b2737f01b7c55555550102030404"
	  "3b",
	  DROP_ESP_DUMMY, 0 },
	{ "dummy, padding wrong",
	  "e1b2737f01b7c55555550102030304"
	  "3b",
	  DROP_ESP_PADDING, 0 },
	{ "IPv6", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa0029", DROP_ESP_NEXT_HEADER, 0 },
	{ "UDP", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa0011", DROP_ESP_NEXT_HEADER, 0 },
	{ "ESP again", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa0032", DROP_ESP_NEXT_HEADER, 0 },
	{ "cut inner header is the tunnel's", "45000054aaaaaaaaaaaaaaaaaaaa0004",
	  DROP_NONE, 14 },
	{ "inner length too small", "45000003aaaaaaaaaaaaaaaaaaaa0004", DROP_NONE, 14 },
};

static void check_inside(const struct esp_like *like, const struct inside *inside)
{
	struct esp_ends e = esp_ends(like);
	struct hex body = hex_of(inside->body);
	struct pkt *p = esp_forged(packets_pool(), e.out, body.bytes, body.len);
	bool fault = inside->why && inside->why != DROP_ESP_DUMMY;

	esp_pull_one(e.in, p);
	CU_ASSERT_STRING_EQUAL(drop_name(p->drop), drop_name(inside->why));
	if (!inside->why)
		CU_ASSERT_TRUE(
			packet_sound(p) && p->len == IPV4_HEADER + inside->left &&
			memcmp(p->data + IPV4_HEADER, body.bytes, inside->left) == 0);
	CU_ASSERT_EQUAL(e.in->bad_insides, fault);
	CU_ASSERT_EQUAL(e.in->counts.packets, !fault);
	CU_ASSERT_EQUAL(e.in->window.top, 1); /* authentic all the same */
	pkt_give(packets_pool(), p);
	esp_ends_fini(&e);
}

static void what_is_inside_is_judged(void)
{
	for (unsigned n = 0; n < LIKES; n++) {
		struct esp_like like = nth_like(n);

		for (size_t i = 0; i < sizeof(insides) / sizeof(insides[0]); i++)
			check_inside(&like, &insides[i]);
	}
}

static void every_next_header_is_judged(void)
{
	for (unsigned next = 0; next < 256; next++) {
		const struct esp_like like = { .algorithm = ESP_NULL_SHA256 };
		bool tunnel = next == 4 || next == 47 || next == 55;
		uint8_t body[4] = { 0xaa, 0xbb, 0, (uint8_t)next };
		struct esp_ends e = esp_ends(&like);
		struct pkt *p = esp_forged(packets_pool(), e.out, body, sizeof(body));

		esp_pull_one(e.in, p);
		CU_ASSERT_EQUAL(p->drop, tunnel       ? DROP_NONE
					 : next == 59 ? DROP_ESP_DUMMY
						      : DROP_ESP_NEXT_HEADER);
		if (tunnel)
			CU_ASSERT_EQUAL(pkt_ipv4(p)->protocol, next);
		pkt_give(packets_pool(), p);
		esp_ends_fini(&e);
	}
}

void suite_esp_pull(void)
{
	CU_pSuite s = CU_add_suite("esp_pull", packets_open, packets_close);

	CU_ADD_TEST(s, opens_golden_packets);
	CU_ADD_TEST(s, authenticates_published_packets);
	CU_ADD_TEST(s, every_truncation_has_its_reason);
	CU_ADD_TEST(s, every_flipped_bit_has_its_reason);
	CU_ADD_TEST(s, every_flipped_bit_of_the_outer_header_has_its_reason);
	CU_ADD_TEST(s, what_is_not_authentic_leaves_no_plaintext);
	CU_ADD_TEST(s, the_addresses_are_those_of_the_association);
	CU_ADD_TEST(s, judges_arrivals);
	CU_ADD_TEST(s, extended_numbers_survive_reordering_over_the_wrap);
	CU_ADD_TEST(s, both_ends_must_agree_on_extended_numbers);
	CU_ADD_TEST(s, manual_keys_take_a_number_again);
	CU_ADD_TEST(s, what_is_inside_is_judged);
	CU_ADD_TEST(s, every_next_header_is_judged);
}
