/* SPDX-License-Identifier: ISC */
/* IPv4 headers: every fault, changes in place, fragments put together again. */
#include "common/wire/ipv4.h"

#include "common/base/rng.h"
#include "common/wire/checksum.h"

#include <CUnit/CUnit.h>

#include "tests/unit/hex.h"
#include "tests/unit/suites.h"

#define MESSAGE(symbol, hex) static const char symbol[] = hex;
#include "tests/vectors/packets.def"
#undef MESSAGE

static struct in_addr addr(uint32_t host_order)
{
	return (struct in_addr){ htonl(host_order) };
}

static void golden_packets_pass(void)
{
	const char *const packets[] = { hello_mobile, home_broadcast, echo_request };

	for (size_t i = 0; i < 3; i++) {
		struct hex h = hex_of(packets[i]);
		size_t total = 0;

		CU_ASSERT_EQUAL(ipv4_check(h.bytes, h.len, &total), IPV4_OK);
		CU_ASSERT_EQUAL(total, h.len);
		/* Padding of the link layer is no part of it. */
		CU_ASSERT_EQUAL(ipv4_check(h.bytes, h.len + 6, &total), IPV4_OK);
		CU_ASSERT_EQUAL(total, h.len);
	}
}

static void builds_the_golden_header(void)
{
	struct hex h = hex_of(hello_mobile);
	const struct ipv4_fields f = { .src = addr(0xc0000250),
				       .dst = addr(0xc6336432),
				       .protocol = PROTO_UDP,
				       .ttl = 63,
				       .id = 1 };
	uint8_t built[IPV4_HEADER];

	ipv4_build(built, &f, h.len - IPV4_HEADER);
	CU_ASSERT_EQUAL(memcmp(built, h.bytes, IPV4_HEADER), 0);
}

static void built_fields_are_read_back(void)
{
	const struct ipv4_fields f = { .src = addr(0x01020304),
				       .dst = addr(0x05060708),
				       .protocol = PROTO_GRE,
				       .ttl = 7,
				       .tos = 0xb8,
				       .df = true,
				       .id = 0xbeef };
	uint8_t bytes[IPV4_MAX];
	struct ipv4 ip;
	size_t total;

	ipv4_build(bytes, &f, IPV4_MAX - IPV4_HEADER);
	CU_ASSERT_EQUAL(ipv4_check(bytes, sizeof(bytes), &total), IPV4_OK);
	CU_ASSERT_EQUAL(total, IPV4_MAX);
	memcpy(&ip, bytes, sizeof(ip));
	CU_ASSERT_EQUAL(ip.src.s_addr, f.src.s_addr);
	CU_ASSERT_EQUAL(ip.dst.s_addr, f.dst.s_addr);
	CU_ASSERT_EQUAL(ip.protocol, PROTO_GRE);
	CU_ASSERT_EQUAL(ip.ttl, 7);
	CU_ASSERT_EQUAL(ip.tos, 0xb8);
	CU_ASSERT_EQUAL(ntohs(ip.id), 0xbeef);
	CU_ASSERT_EQUAL(ntohs(ip.fragment), IPV4_DF);
	CU_ASSERT_FALSE(ipv4_is_fragment(&ip));
}

static void refuses_every_truncation(void)
{
	struct hex h = hex_of(hello_mobile);
	size_t total;

	for (size_t n = 0; n < h.len; n++) {
		uint8_t *copy = exact_copy(h.bytes, n);

		CU_ASSERT_EQUAL(ipv4_check(copy, n, &total),
				n < IPV4_HEADER ? IPV4_SHORT : IPV4_TOTAL_LEN);
		free(copy);
	}
}

/* A checksum of ones' complement sees every single bit. */
static void refuses_every_changed_bit(void)
{
	struct hex h = hex_of(hello_mobile);
	size_t total;

	for (size_t bit = 0; bit < 8 * IPV4_HEADER; bit++) {
		flip_bit(h.bytes, bit);
		CU_ASSERT_NOT_EQUAL(ipv4_check(h.bytes, h.len, &total), IPV4_OK);
		flip_bit(h.bytes, bit);
	}
}

static void names_the_fault(void)
{
	static const struct {
		size_t at;
		uint8_t value;
		enum ipv4_fault fault;
	} rows[] = {
		{ 0, 0x65, IPV4_VERSION },    { 0, 0x44, IPV4_HEADER_LEN },
		{ 0, 0x4f, IPV4_HEADER_LEN }, { 3, 19, IPV4_TOTAL_LEN },
		{ 3, 41, IPV4_TOTAL_LEN },    { 8, 62, IPV4_BAD_CHECKSUM },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hex h = hex_of(hello_mobile);
		size_t total;

		h.bytes[rows[i].at] = rows[i].value;
		CU_ASSERT_EQUAL(ipv4_check(h.bytes, h.len, &total), rows[i].fault);
	}
	for (int f = IPV4_OK; f <= IPV4_BAD_CHECKSUM; f++)
		CU_ASSERT_STRING_NOT_EQUAL(ipv4_fault_text((enum ipv4_fault)f),
					   "unknown");
}

static void changes_keep_the_checksum_right(void)
{
	struct hex h = hex_of(hello_mobile);
	struct ipv4 ip;
	size_t total;

	memcpy(&ip, h.bytes, sizeof(ip));
	for (unsigned v = 0; v < 256; v++) {
		ipv4_set_ttl(&ip, (uint8_t)(v * 7));
		ipv4_set_tos(&ip, (uint8_t)(v * 13));
		memcpy(h.bytes, &ip, sizeof(ip));
		CU_ASSERT_EQUAL(ipv4_check(h.bytes, h.len, &total), IPV4_OK);
		CU_ASSERT_EQUAL(ip.ttl, (uint8_t)(v * 7));
		CU_ASSERT_EQUAL(ip.tos, (uint8_t)(v * 13));
	}
}

static void knows_kinds_of_address(void)
{
	static const struct {
		uint32_t addr;
		bool unicast, multicast;
	} rows[] = {
		{ 0x00000000, false, false }, { 0x00ffffff, false, false },
		{ 0x01000000, true, false },  { 0x7effffff, true, false },
		{ 0x7f000001, false, false }, { 0x80000000, true, false },
		{ 0xdfffffff, true, false },  { 0xe0000001, false, true },
		{ 0xefffffff, false, true },  { 0xf0000000, false, false },
		{ 0xffffffff, false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_EQUAL(ipv4_is_unicast(addr(rows[i].addr)), rows[i].unicast);
		CU_ASSERT_EQUAL(ipv4_is_multicast(addr(rows[i].addr)),
				rows[i].multicast);
	}
}

static void prefixes_hold_their_addresses(void)
{
	struct ipv4_prefix p = { addr(0xc6336432), 24 };
	char text[INET_ADDRSTRLEN];

	CU_ASSERT_TRUE(ipv4_prefix_has(p, addr(0xc63364ff)));
	CU_ASSERT_FALSE(ipv4_prefix_has(p, addr(0xc6336532)));
	CU_ASSERT_EQUAL(ipv4_prefix_broadcast(p).s_addr, htonl(0xc63364ff));
	p.len = 0;
	CU_ASSERT_TRUE(ipv4_prefix_has(p, addr(0)));
	p.len = 32;
	CU_ASSERT_FALSE(ipv4_prefix_has(p, addr(0xc6336433)));
	CU_ASSERT_EQUAL(ipv4_prefix_broadcast(p).s_addr, p.addr.s_addr);
	CU_ASSERT_STRING_EQUAL(ipv4_text(p.addr, text), "198.51.100.50");
}

/* ---- fragments, put together again in the order they come ---- */

struct collected {
	uint8_t payload[IPV4_MAX];
	size_t len;
	size_t first_header;
	size_t mtu;
	bool ended, sound;
	uint8_t second[IPV4_HEADER_MAX]; /* header of the second fragment */
	size_t second_header;
	unsigned count;
	uint16_t base; /* offset of what was cut, in octets */
	bool more_after;
};

static void collect(void *arg, const uint8_t *bytes, size_t len)
{
	struct collected *c = arg;
	struct ipv4 ip;
	size_t total, header;
	bool more;

	c->sound = c->sound && ipv4_check(bytes, len, &total) == IPV4_OK &&
		   total == len && len <= c->mtu && !c->ended;
	memcpy(&ip, bytes, sizeof(ip));
	header = ipv4_header_len(&ip);
	more = ntohs(ip.fragment) & IPV4_MF;
	c->sound =
		c->sound && (ntohs(ip.fragment) & IPV4_OFFSET) * 8u == c->base + c->len;
	if (c->count == 0)
		c->first_header = header;
	if (c->count == 1) {
		memcpy(c->second, bytes, header);
		c->second_header = header;
	}
	if (more && (len - header) % 8 != 0)
		c->ended = true; /* only right for the last of a fragment */
	if (!more)
		c->ended = true;
	memcpy(c->payload + c->len, bytes + header, len - header);
	c->len += len - header;
	c->count++;
}

static struct collected fragment(const uint8_t *packet, size_t len, size_t mtu)
{
	struct collected c = { .sound = true, .mtu = mtu };
	struct ipv4 ip;
	unsigned n;

	memcpy(&ip, packet, sizeof(ip));
	c.base = (uint16_t)((ntohs(ip.fragment) & IPV4_OFFSET) * 8);
	n = ipv4_fragment(packet, len, mtu, collect, &c);
	CU_ASSERT_EQUAL(n, c.count);
	return c;
}

/* A packet of that many octets with these options; `fragment_field` host order. */
static size_t make_packet(uint8_t *to, const uint8_t *options, size_t options_len,
			  size_t payload, uint16_t fragment_field)
{
	struct ipv4 ip = {
		.version_ihl = (uint8_t)(0x40 | (IPV4_HEADER + options_len) / 4),
		.length = htons((uint16_t)(IPV4_HEADER + options_len + payload)),
		.id = htons(77),
		.fragment = htons(fragment_field),
		.ttl = 64,
		.protocol = PROTO_UDP,
		.src = addr(0x0a000001),
		.dst = addr(0x0a000002),
	};
	const size_t header = IPV4_HEADER + options_len;

	memcpy(to, &ip, sizeof(ip));
	if (options_len)
		memcpy(to + IPV4_HEADER, options, options_len);
	for (size_t i = 0; i < payload; i++)
		to[header + i] = (uint8_t)(i * 31 >> 3);
	checksum_write(to, header, 10);
	return header + payload;
}

static void fragments_of_any_size_reassemble(void)
{
	static uint8_t packet[4000];
	struct rng_seeded g;
	struct rng r = rng_seeded_init(&g, 11);

	for (int i = 0; i < 500; i++) {
		size_t payload = rng_below(&r, 3900);
		size_t len = make_packet(packet, NULL, 0, payload, 0);
		struct collected c = fragment(packet, len, 28 + rng_below(&r, 1500));

		CU_ASSERT_TRUE(c.sound && c.ended);
		CU_ASSERT_EQUAL(c.len, payload);
		CU_ASSERT_EQUAL(memcmp(c.payload, packet + IPV4_HEADER, payload), 0);
	}
}

static void small_packet_passes_as_it_is(void)
{
	uint8_t packet[100];
	size_t len = make_packet(packet, NULL, 0, 80, IPV4_DF);
	struct collected c = fragment(packet, len, 100);

	CU_ASSERT_EQUAL(c.count, 1);
	CU_ASSERT_TRUE(c.sound);
	CU_ASSERT_EQUAL(c.len, 80);
}

static void refuses_what_may_not_be_cut(void)
{
	uint8_t packet[200];
	size_t len = make_packet(packet, NULL, 0, 180, IPV4_DF);

	CU_ASSERT_EQUAL(fragment(packet, len, 199).count, 0);
	len = make_packet(packet, NULL, 0, 180, 0);
	CU_ASSERT_EQUAL(fragment(packet, len, 27).count, 0);
	CU_ASSERT_EQUAL(fragment(packet, len, 0).count, 0);
	CU_ASSERT_EQUAL(fragment(packet, len, 28).count, 23);
	packet[10] ^= 1;
	CU_ASSERT_EQUAL(fragment(packet, len, 100).count, 0);
}

/* Record route (7) is not copied, loose source route (131) and security (130) are. */
static void copies_only_marked_options(void)
{
	static const uint8_t options[20] = {
		1, 7, 7, 4, 0, 0, 0, 0, 131, 7, 4, 9, 9, 9, 9, 130, 3, 5, 0, 0,
	};
	static const uint8_t copied[12] = { 131, 7, 4, 9, 9, 9, 9, 130, 3, 5, 0, 0 };
	uint8_t packet[400];
	size_t len = make_packet(packet, options, sizeof(options), 300, 0);
	struct collected c = fragment(packet, len, 120);

	CU_ASSERT_TRUE(c.sound && c.ended);
	CU_ASSERT_EQUAL(c.len, 300);
	CU_ASSERT_EQUAL(c.first_header, IPV4_HEADER + sizeof(options));
	CU_ASSERT_EQUAL(c.second_header, IPV4_HEADER + sizeof(copied));
	CU_ASSERT_EQUAL(memcmp(c.second + IPV4_HEADER, copied, sizeof(copied)), 0);
	CU_ASSERT_EQUAL(memcmp(c.payload, packet + 40, 300), 0);
}

static void broken_options_end_the_list(void)
{
	static const uint8_t lists[][8] = {
		{ 131, 1, 0, 0, 0, 0, 0, 0 }, { 131, 0, 0, 0, 0, 0, 0, 0 },
		{ 131, 9, 0, 0, 0, 0, 0, 0 }, { 1, 1, 1, 1, 1, 1, 1, 131 },
		{ 0, 131, 3, 1, 0, 0, 0, 0 },
	};
	uint8_t packet[400];

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		size_t len = make_packet(packet, lists[i], 8, 300, 0);
		struct collected c = fragment(packet, len, 120);

		CU_ASSERT_TRUE(c.sound && c.ended);
		CU_ASSERT_EQUAL(c.second_header, IPV4_HEADER);
		CU_ASSERT_EQUAL(c.len, 300);
	}
}

static void fragments_of_fragments_keep_offset_and_more(void)
{
	uint8_t packet[400];
	size_t len = make_packet(packet, NULL, 0, 304, IPV4_MF | 100);
	struct collected c = fragment(packet, len, 100);

	CU_ASSERT_TRUE(c.sound);
	CU_ASSERT_FALSE(c.ended);
	CU_ASSERT_EQUAL(c.len, 304);
	len = make_packet(packet, NULL, 0, 301, 100);
	c = fragment(packet, len, 100);
	CU_ASSERT_TRUE(c.sound && c.ended);
	CU_ASSERT_EQUAL(c.len, 301);
	/* What would reach beyond 65535 octets is nobody's fragment. */
	len = make_packet(packet, NULL, 0, 304, IPV4_OFFSET);
	CU_ASSERT_EQUAL(fragment(packet, len, 100).count, 0);
}

static void tells_kinds_of_broadcasts(void)
{
	const struct ipv4_prefix net = { { htonl(0x0a010000) }, 24 };
	const struct ipv4_prefix link = { { htonl(0x0a010002) }, 31 };
	static const struct {
		uint32_t dst;
		enum ipv4_broadcast kind;
	} rows[] = {
		{ 0x0a0100ff, IPV4_BROADCAST_DIRECTED },
		{ 0xffffffff, IPV4_BROADCAST_LIMITED },
		{ 0x0a0101ff, IPV4_BROADCAST_NONE },
		{ 0x0a0100fe, IPV4_BROADCAST_NONE },
		{ 0x0a010003, IPV4_BROADCAST_NONE },
		{ 0xe0000001, IPV4_BROADCAST_NONE },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct in_addr dst = { htonl(rows[i].dst) };

		CU_ASSERT_EQUAL(ipv4_broadcast_kind(net, dst), rows[i].kind);
		CU_ASSERT_EQUAL(ipv4_broadcast_kind(link, dst),
				rows[i].kind & IPV4_BROADCAST_LIMITED);
	}
}

void suite_ipv4(void)
{
	CU_pSuite s = CU_add_suite("ipv4", NULL, NULL);

	CU_ADD_TEST(s, golden_packets_pass);
	CU_ADD_TEST(s, builds_the_golden_header);
	CU_ADD_TEST(s, built_fields_are_read_back);
	CU_ADD_TEST(s, refuses_every_truncation);
	CU_ADD_TEST(s, refuses_every_changed_bit);
	CU_ADD_TEST(s, names_the_fault);
	CU_ADD_TEST(s, changes_keep_the_checksum_right);
	CU_ADD_TEST(s, knows_kinds_of_address);
	CU_ADD_TEST(s, prefixes_hold_their_addresses);
	CU_ADD_TEST(s, fragments_of_any_size_reassemble);
	CU_ADD_TEST(s, tells_kinds_of_broadcasts);
	CU_ADD_TEST(s, small_packet_passes_as_it_is);
	CU_ADD_TEST(s, refuses_what_may_not_be_cut);
	CU_ADD_TEST(s, copies_only_marked_options);
	CU_ADD_TEST(s, broken_options_end_the_list);
	CU_ADD_TEST(s, fragments_of_fragments_keep_offset_and_more);
}
