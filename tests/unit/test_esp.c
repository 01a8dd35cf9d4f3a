/* SPDX-License-Identifier: ISC */
/*
 * Sealing: pull(push(p)) == p for every algorithm and tunnel, for every size see
 * test_esp_sizes.c; what is on the wire and inside; numbers that never come again;
 * padding, dummies, refusals.
 */
#include "common/tunnel/esp.h"

#include "common/base/bytes.h"

#include "tests/unit/alloc_count.h"
#include "tests/unit/esp_ends.h"
#include "tests/unit/hex.h"
#include "tests/unit/packets.h"
#include "tests/unit/suites.h"

#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

static struct esp_like nth_like(unsigned n)
{
	return (struct esp_like){ .algorithm = (enum esp_algorithm)(n / 2),
				  .esn = n % 2 };
}

enum { LIKES = 2 * ESP_ALGORITHM_COUNT };

/* ---- round trips ---- */

/* But for length, protocol and checksum, the outer header is as before. */
static bool outer_is_kept(const struct pkt *before, const struct pkt *after)
{
	struct ipv4 a = *pkt_ipv4_of(before), b = *pkt_ipv4_of(after);

	if (b.protocol != PROTO_ESP || ntohs(b.length) != after->len)
		return false;
	b.length = a.length;
	b.protocol = a.protocol;
	b.checksum = a.checksum;
	return memcmp(&a, &b, sizeof(a)) == 0;
}

/* Sealed and opened, `p` is what it was. */
static void check_round_trip(struct esp_ends *e, struct pkt *p)
{
	struct pkt *before = pkt_clone(packets_pool(), p);

	CU_ASSERT_PTR_NOT_NULL_FATAL(before);
	esp_push_one(e->out, p);
	CU_ASSERT_EQUAL(p->drop, DROP_NONE);
	CU_ASSERT_TRUE(packet_sound(p) && outer_is_kept(before, p));
	esp_pull_one(e->in, p);
	CU_ASSERT_EQUAL(p->drop, DROP_NONE);
	CU_ASSERT_TRUE(packet_is(p, before->data, before->len));
	pkt_give(packets_pool(), before);
}

static void check_tunnel(struct esp_ends *e, const struct encap_spec *encap,
			 size_t size)
{
	struct tunnel_ends t = tunnel_ends(encap);
	struct pkt *p =
		packet_like(packets_pool(), &(struct packet_like){ .size = size });
	struct pkt *inner = pkt_clone(packets_pool(), p);

	push_one(&t.near, p);
	check_round_trip(e, p);
	pull_one(&t.far, p);
	CU_ASSERT_TRUE(packet_is(p, inner->data, inner->len));
	pkt_give(packets_pool(), p);
	pkt_give(packets_pool(), inner);
}

static void push_then_pull_is_identity_for_each_tunnel(void)
{
	for (unsigned n = 0; n < LIKES; n++) {
		struct esp_like like = nth_like(n);
		struct esp_ends e = esp_ends(&like);

		for (unsigned v = 0; v < ENCAP_VARIANTS; v++) {
			struct encap_spec encap = encap_variant(v);

			for (size_t size = 28; size < 1500; size += 59)
				check_tunnel(&e, &encap, size);
		}
		esp_ends_fini(&e);
	}
}

static void options_of_the_outer_header_stay_in_front(void)
{
	for (unsigned n = 0; n < LIKES; n++) {
		struct esp_like like = nth_like(n);
		struct esp_ends e = esp_ends(&like);

		for (size_t options = 4; options <= 40; options += 4) {
			struct pkt *p = packet_like(
				packets_pool(),
				&(struct packet_like){ .src = ESP_NEAR,
						       .dst = ESP_FAR,
						       .protocol = PROTO_GRE,
						       .size = 100,
						       .options = options });

			check_round_trip(&e, p);
			pkt_give(packets_pool(), p);
		}
		esp_ends_fini(&e);
	}
}

/* Whatever the type of service is, ESP neither changes nor reads it. */
static void ecn_and_dscp_are_the_tunnels(void)
{
	const struct esp_like like = { .algorithm = ESP_AES_128_GCM, .window = 1024 };
	struct esp_ends e = esp_ends(&like);

	for (unsigned tos = 0; tos < 256; tos++) {
		struct pkt *p = esp_outer(packets_pool(), PROTO_IPIP, 60);
		uint8_t marked = (uint8_t)(tos | IPV4_ECN);

		ipv4_set_tos(pkt_ipv4(p), (uint8_t)tos);
		esp_push_one(e.out, p);
		CU_ASSERT_EQUAL(pkt_ipv4(p)->tos, tos);
		ipv4_set_tos(pkt_ipv4(p), marked); /* congestion on the way */
		ipv4_set_ttl(pkt_ipv4(p), 3);
		esp_pull_one(e.in, p);
		CU_ASSERT_TRUE(!p->drop && packet_sound(p));
		CU_ASSERT_EQUAL(pkt_ipv4(p)->tos, marked);
		pkt_give(packets_pool(), p);
	}
	esp_ends_fini(&e);
}

/* ---- on the wire and inside ---- */

static uint32_t u32_at(const uint8_t *bytes)
{
	struct reader in = reader_over(bytes, 4);

	return read_u32(&in);
}

static void numbers_count_up_from_1(void)
{
	for (unsigned n = 0; n < LIKES; n++) {
		struct esp_like like = nth_like(n);
		struct esp_ends e = esp_ends(&like);

		for (uint32_t number = 1; number < 10; number++) {
			struct pkt *p = esp_outer(packets_pool(), PROTO_GRE, 60);
			const uint8_t *esp;
			uint32_t spi;

			esp_push_one(e.out, p);
			esp = p->data + IPV4_HEADER;
			CU_ASSERT_TRUE(esp_spi_of(p, &spi));
			CU_ASSERT_TRUE(spi == ESP_SPI && u32_at(esp) == ESP_SPI);
			CU_ASSERT_EQUAL(u32_at(esp + 4), number);
			if (esp_algorithm_info(like.algorithm)->aead) /* its nonce */
				CU_ASSERT_TRUE(u32_at(esp + 8) == 0 &&
					       u32_at(esp + 12) == number);
			pkt_give(packets_pool(), p);
		}
		esp_ends_fini(&e);
	}
}

/* The packet decrypted by the cipher alone. */
static void check_inside(struct esp_ends *e, uint8_t protocol, size_t payload)
{
	const struct esp_algorithm_info *info = esp_algorithm_info(e->out->algorithm);
	struct pkt *p = esp_outer(packets_pool(), protocol, IPV4_HEADER + payload);
	struct pkt *before = pkt_clone(packets_pool(), p);
	size_t around = ESP_HEADER + info->iv_len + info->icv_len, body, pad;
	uint8_t *at;

	esp_push_one(e->out, p);
	body = p->len - IPV4_HEADER - around;
	at = p->data + IPV4_HEADER + ESP_HEADER + info->iv_len;
	CU_ASSERT_TRUE(esp_cipher_open(e->in->cipher[0], e->out->next - 1,
				       p->data + IPV4_HEADER, p->len - IPV4_HEADER));
	pad = at[body - 2];
	CU_ASSERT_EQUAL(at[body - 1], protocol);
	CU_ASSERT_EQUAL(body % info->block, 0);
	CU_ASSERT_TRUE(pad < info->block && payload + pad + 2 == body);
	for (size_t i = 0; i < pad; i++)
		CU_ASSERT_EQUAL(at[payload + i], i + 1);
	CU_ASSERT_EQUAL(memcmp(at, before->data + IPV4_HEADER, payload), 0);
	pkt_give(packets_pool(), before);
	pkt_give(packets_pool(), p);
}

static void the_inside_is_payload_padding_and_next_header(void)
{
	static const uint8_t protocols[] = { PROTO_IPIP, PROTO_GRE, PROTO_MINIMAL };

	for (unsigned n = 0; n < LIKES; n++) {
		struct esp_like like = nth_like(n);
		struct esp_ends e = esp_ends(&like);

		for (size_t payload = 0; payload < 70; payload++)
			for (unsigned i = 0; i < 3; i++)
				check_inside(&e, protocols[i], payload);
		esp_ends_fini(&e);
	}
}

static size_t sealed_len(struct esp_ends *e, size_t payload)
{
	struct pkt *p = esp_outer(packets_pool(), PROTO_GRE, IPV4_HEADER + payload);
	size_t len;

	esp_push_one(e->out, p);
	CU_ASSERT_TRUE(p->len <=
		       IPV4_HEADER + payload + esp_overhead_most(e->out->algorithm));
	len = p->len;
	pkt_give(packets_pool(), p);
	return len;
}

static void the_largest_payload_fits_and_one_more_does_not(void)
{
	for (unsigned n = 0; n < LIKES; n += 2) {
		struct esp_like like = nth_like(n);
		struct esp_ends e = esp_ends(&like);

		for (size_t most = 0; most < 600; most++) {
			size_t payload = esp_payload_most(like.algorithm, most);

			CU_ASSERT_TRUE(sealed_len(&e, payload + 1) > most);
			CU_ASSERT_TRUE(payload == 0 || sealed_len(&e, payload) <= most);
		}
		esp_ends_fini(&e);
	}
}

/* ---- numbers and keys run out ---- */

/* Dropped, counted, nothing used up, and nothing of it sealed. */
static void check_refused(struct esp_sa_out *sa, struct pkt *p, enum drop_reason why)
{
	struct esp_sa_out before = *sa;

	esp_push_one(sa, p);
	CU_ASSERT_EQUAL(p->drop, why);
	CU_ASSERT_EQUAL(sa->next, before.next);
	CU_ASSERT_EQUAL(sa->blocks, before.blocks);
	CU_ASSERT_EQUAL(sa->counts.packets, before.counts.packets);
	CU_ASSERT_EQUAL(sa->exhausted, before.exhausted + (why == DROP_ESP_EXHAUSTED));
	pkt_give(packets_pool(), p);
}

static void check_sealed(struct esp_ends *e, uint64_t number)
{
	struct pkt *p = esp_outer(packets_pool(), PROTO_GRE, 100);

	CU_ASSERT_EQUAL(e->out->next, number);
	check_round_trip(e, p);
	CU_ASSERT_EQUAL(e->in->window.top, number);
	pkt_give(packets_pool(), p);
}

static void numbers_of_32_bits_do_not_cycle(void)
{
	for (unsigned n = 0; n < LIKES; n += 2) {
		struct esp_like like = nth_like(n);
		struct esp_ends e = esp_ends(&like);

		e.out->next = UINT32_MAX - 1;
		check_sealed(&e, UINT32_MAX - 1);
		check_sealed(&e, UINT32_MAX);
		for (unsigned i = 0; i < 3; i++)
			check_refused(e.out, esp_outer(packets_pool(), PROTO_GRE, 100),
				      DROP_ESP_EXHAUSTED);
		esp_ends_fini(&e);
	}
}

static void extended_numbers_go_on_and_end_too(void)
{
	for (unsigned n = 1; n < LIKES; n += 2) {
		struct esp_like like = nth_like(n);
		struct esp_ends e = esp_ends(&like);

		e.in->window.top = UINT32_MAX - 10;
		e.out->next = UINT32_MAX;
		check_sealed(&e, UINT32_MAX);
		check_sealed(&e, UINT64_C(1) << 32);
		e.in->window.top = UINT64_MAX - 10;
		e.out->next = UINT64_MAX - 1;
		check_sealed(&e, UINT64_MAX - 1);
		check_refused(e.out, esp_outer(packets_pool(), PROTO_GRE, 100),
			      DROP_ESP_EXHAUSTED);
		esp_ends_fini(&e);
	}
}

/* 84 octets inside, padding and trailer: 6 blocks. */
static void a_key_encrypts_no_more_than_it_may(void)
{
	for (unsigned n = 0; n < LIKES; n++) {
		struct esp_like like = nth_like(n);
		struct esp_ends e = esp_ends(&like);

		CU_ASSERT_EQUAL(e.out->blocks,
				esp_algorithm_info(like.algorithm)->blocks_most);
		e.out->blocks = 11;
		check_sealed(&e, 1);
		CU_ASSERT_EQUAL(e.out->blocks, 5);
		check_refused(e.out, esp_outer(packets_pool(), PROTO_GRE, 104),
			      DROP_ESP_EXHAUSTED);
		esp_ends_fini(&e);
	}
}

static void numbers_of_manual_keys_cycle(void)
{
	const struct esp_like like = { .algorithm = ESP_AES_128_CBC_SHA256,
				       .manual = true };
	struct esp_ends e = esp_ends(&like);

	e.out->next = UINT32_MAX;
	for (unsigned i = 0; i < 4; i++) {
		struct pkt *p = esp_outer(packets_pool(), PROTO_GRE, 100);

		check_round_trip(&e, p);
		pkt_give(packets_pool(), p);
	}
	CU_ASSERT_EQUAL(e.in->counts.packets, 4);
	CU_ASSERT_EQUAL(e.out->blocks, UINT64_MAX - 4 * 6);
	esp_ends_fini(&e);
}

/* ---- refusals ---- */

static void only_tunnels_are_sealed(void)
{
	const struct esp_like like = { .algorithm = ESP_AES_128_GCM };
	struct esp_ends e = esp_ends(&like);

	for (unsigned protocol = 1; protocol < 256; protocol++)
		if (protocol != PROTO_IPIP && protocol != PROTO_GRE &&
		    protocol != PROTO_MINIMAL)
			check_refused(e.out,
				      esp_outer(packets_pool(), (uint8_t)protocol, 60),
				      DROP_ESP_NEXT_HEADER);
	esp_ends_fini(&e);
}

static void fragments_are_refused(void)
{
	static const uint16_t fragments[] = { IPV4_MF, 1, IPV4_OFFSET, IPV4_MF | 5 };
	const struct esp_like like = { .algorithm = ESP_AES_128_GCM };
	struct esp_ends e = esp_ends(&like);

	for (unsigned i = 0; i < 4; i++) {
		struct pkt *p = esp_outer(packets_pool(), PROTO_IPIP, 60);

		pkt_ipv4(p)->fragment = htons(fragments[i]);
		ipv4_seal(pkt_ipv4(p));
		check_refused(e.out, p, DROP_ESP_FRAGMENT);
	}
	esp_ends_fini(&e);
}

static void what_would_be_no_packet_any_more_is_refused(void)
{
	for (unsigned n = 0; n < LIKES; n += 2) {
		struct esp_like like = nth_like(n);
		struct esp_ends e = esp_ends(&like);
		size_t most = IPV4_HEADER + esp_payload_most(like.algorithm, IPV4_MAX);
		struct pkt *p = esp_outer(packets_pool(), PROTO_GRE, most);

		check_round_trip(&e, p);
		pkt_give(packets_pool(), p);
		check_refused(e.out, esp_outer(packets_pool(), PROTO_GRE, most + 1),
			      DROP_NO_ROOM);
		p = esp_outer(packets_pool(), PROTO_GRE, 100);
		memmove(p->room + 8, p->data, p->len);
		p->data = p->room + 8; /* too little before it, but for NULL */
		if (like.algorithm != ESP_NULL_SHA256)
			check_refused(e.out, p, DROP_NO_ROOM);
		else
			pkt_give(packets_pool(), p);
		esp_ends_fini(&e);
	}
}

static void a_dropped_packet_of_a_vector_is_passed_over(void)
{
	const struct esp_like like = { .algorithm = ESP_AES_256_GCM };
	struct esp_ends e = esp_ends(&like);
	struct pkt_vec v = { .now = packets_now() };

	for (unsigned i = 0; i < PKT_VEC_MAX; i++)
		pkt_vec_add(&v, esp_outer(packets_pool(), PROTO_GRE, 60 + i));
	v.pkt[7]->drop = DROP_ECN;
	esp_push(e.out, &v);
	v.pkt[9]->drop = DROP_ECN;
	esp_pull(e.in, &v);
	for (unsigned i = 0; i < PKT_VEC_MAX; i++) {
		CU_ASSERT_EQUAL(v.pkt[i]->drop == DROP_ECN, i == 7 || i == 9);
		if (i != 9)
			CU_ASSERT_EQUAL(v.pkt[i]->len, 60 + i);
	}
	CU_ASSERT_EQUAL(e.out->counts.packets, PKT_VEC_MAX - 1);
	CU_ASSERT_EQUAL(e.in->counts.packets, PKT_VEC_MAX - 2);
	CU_ASSERT_EQUAL(e.out->counts.octets - e.in->counts.octets, 49);
	pkt_vec_give(packets_pool(), &v);
	esp_ends_fini(&e);
}

static void a_packet_takes_no_memory(void)
{
	for (unsigned n = 0; n < LIKES && alloc_counted(); n++) {
		struct esp_like like = nth_like(n);
		struct esp_ends e = esp_ends(&like);
		const unsigned long before = alloc_count();

		for (unsigned i = 0; i < 200; i++) {
			struct pkt *p = esp_outer(packets_pool(), PROTO_GRE, 1000);

			esp_push_one(e.out, p);
			if (i % 3 == 0)
				flip_bit(p->data, p->len * 8 - 1);
			esp_pull_one(e.in, p);
			CU_ASSERT_EQUAL(p->drop, i % 3 ? DROP_NONE : DROP_ESP_ICV);
			pkt_give(packets_pool(), p);
		}
		CU_ASSERT_EQUAL(alloc_count(), before);
		esp_ends_fini(&e);
	}
}

void suite_esp(void)
{
	CU_pSuite s = CU_add_suite("esp", packets_open, packets_close);

	CU_ADD_TEST(s, push_then_pull_is_identity_for_each_tunnel);
	CU_ADD_TEST(s, options_of_the_outer_header_stay_in_front);
	CU_ADD_TEST(s, ecn_and_dscp_are_the_tunnels);
	CU_ADD_TEST(s, numbers_count_up_from_1);
	CU_ADD_TEST(s, the_inside_is_payload_padding_and_next_header);
	CU_ADD_TEST(s, the_largest_payload_fits_and_one_more_does_not);
	CU_ADD_TEST(s, numbers_of_32_bits_do_not_cycle);
	CU_ADD_TEST(s, extended_numbers_go_on_and_end_too);
	CU_ADD_TEST(s, a_key_encrypts_no_more_than_it_may);
	CU_ADD_TEST(s, numbers_of_manual_keys_cycle);
	CU_ADD_TEST(s, only_tunnels_are_sealed);
	CU_ADD_TEST(s, fragments_are_refused);
	CU_ADD_TEST(s, what_would_be_no_packet_any_more_is_refused);
	CU_ADD_TEST(s, a_dropped_packet_of_a_vector_is_passed_over);
	CU_ADD_TEST(s, a_packet_takes_no_memory);
}
