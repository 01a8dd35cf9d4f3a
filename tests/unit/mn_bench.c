/* SPDX-License-Identifier: ISC */
/*
 * The bench for tests of the mobile node.
 */
#include "tests/unit/mn_bench.h"
#include "common/base/ntp64.h"
#include "common/security/auth.h"
#include "common/wire/icmp.h"
#include "common/wire/mip_code.h"
#include "common/wire/udp.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <string.h>

static const uint8_t home_key[16] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static const uint8_t visited_key[16] = { 9, 0, 9, 0, 9 };
static const struct ipv4_prefix everything;
static const struct mac node_mac = { { 2, 0, 0, 0, 0, 10 } };

/* Every agent's link-layer address comes from its own. */
struct mac bench_mac(struct in_addr agent)
{
	struct mac m = { { 2, 1 } };

	memcpy(&m.octet[2], &agent.s_addr, 4);
	return m;
}

static void init_assoc(struct assoc_config *a, uint32_t spi, const uint8_t key[16])
{
	*a = (struct assoc_config){ .spi = spi,
				    .algorithm = AUTH_HMAC_MD5,
				    .tolerance = duration_s(7) };
	CU_ASSERT_FATAL(secret_init(&a->key, key, 16) == 0);
}

static void add_signer(struct bench *b, enum sa_kind kind, struct in_addr peer,
		       const struct assoc_config *a)
{
	const struct sa_spec spec = { .kind = kind,
				      .peer = peer,
				      .spi = a->spi,
				      .algorithm = a->algorithm,
				      .key = &a->key };

	CU_ASSERT_FATAL(sa_add(b->signer, &spec) == 0);
}

void bench_init(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	effect_list_init(&b->fx);
	kernel_init(&b->kernel);
	init_assoc(&b->home_assoc, 256, home_key);
	init_assoc(&b->visited_assoc, 300, visited_key);
	b->fail_kind = -1;
	b->mac = node_mac;
	b->now = (struct now){ .mono = { 1000000000 },
			       .ntp = UINT64_C(0xea000000) << 32 };
	b->signer = sa_store_new();
	CU_ASSERT_FATAL(b->signer != NULL);
	add_signer(b, SA_MN_HA, BENCH_HOME, &b->home_assoc);
	add_signer(b, SA_MN_FA, BENCH_HOME, &b->visited_assoc);
	b->config = (struct mn_config){
		.interface = "radio0",
		.home = { BENCH_HOME, 24 },
		.home_agent = BENCH_HOME_AGENT,
		.lifetime = 300,
		.home_association = { .addr = BENCH_HOME_AGENT,
				      .assoc = &b->home_assoc,
				      .assoc_count = 1 },
	};
	bench_link(b, false);
}

void bench_fini(struct bench *b)
{
	mn_core_free(b->mn);
	sa_store_free(b->signer);
	secret_fini(&b->home_assoc.key);
	secret_fini(&b->visited_assoc.key);
	effect_list_fini(&b->fx);
}

static void take_request(struct bench *b, struct reader payload, struct in_addr src,
			 struct in_addr dst, uint8_t ttl)
{
	struct mip_ext_index ix;

	CU_ASSERT_FATAL(mip_request_decode(payload, &b->rq) == MIP_FAULT_NONE);
	CU_ASSERT_FATAL(mip_ext_index(b->rq.extensions, &ix) == MIP_FAULT_NONE);
	CU_ASSERT(auth_verify(b->signer, SA_MN_HA, b->rq.home, payload, &ix, NULL) ==
		  AUTH_OK);
	b->rq_signed_for_agent = ix.mn_fa_count == 1;
	CU_ASSERT(!ix.mn_fa_count || ix.mn_ha.start < ix.mn_fa.start); /* AUTH-09 */
	if (b->rq_signed_for_agent)
		CU_ASSERT(auth_verify(b->signer, SA_MN_FA, b->rq.home, payload, &ix,
				      NULL) == AUTH_OK);
	b->rq_src = src;
	b->rq_dst = dst;
	b->rq_ttl = ttl;
	b->rq_arp_silent = b->kernel.silent[BENCH_IFINDEX];
	b->asked++;
}

static void take_frame(struct bench *b, const struct effect_frame *f)
{
	struct udp_packet udp;

	if (udp_open(f->bytes, f->len, false, &udp) == UDP_OK) {
		memcpy(b->packet, f->bytes, f->len);
		CU_ASSERT_FATAL(udp_open(b->packet, f->len, false, &udp) == UDP_OK);
		CU_ASSERT(udp.dst_port == MIP_PORT);
		b->rq_mac = f->to;
		take_request(b, reader_over(udp.payload, udp.len), udp.src, udp.dst,
			     udp.ttl);
		return;
	}
	CU_ASSERT(f->bytes[8] == 1 && f->bytes[9] == PROTO_ICMP);
	CU_ASSERT_EQUAL(memcmp(f->bytes + 16, "\xe0\x00\x00\x0b", 4), 0);
	CU_ASSERT_EQUAL(memcmp(f->to.octet, "\x01\x00\x5e\x00\x00\x0b", 6), 0);
	CU_ASSERT(mip_solicit_decode(reader_over(f->bytes + IPV4_HEADER,
						 (size_t)f->len - IPV4_HEADER)) ==
		  ADVERT_OK);
	b->solicited++;
}

static void take_datagram(struct bench *b, const struct effect_udp *u)
{
	memcpy(b->packet, u->bytes, u->len);
	memset(&b->rq_mac, 0, sizeof(b->rq_mac));
	take_request(b, reader_over(b->packet, u->len), u->src, u->dst, u->ttl);
}

static void gateway_says(struct bench *b, struct mac mac)
{
	const struct arp_frame frame = { .arp = { .op = ARP_REPLY,
						  .sender_mac = mac,
						  .sender = BENCH_GATEWAY,
						  .target_mac = node_mac,
						  .target = BENCH_OWN },
					 .from = mac,
					 .unicast = true,
					 .ifindex = BENCH_IFINDEX };

	mn_core_arp(b->mn, &frame, b->now, &b->fx);
}

static void take_arp(struct bench *b, const struct effect_arp *a)
{
	static const struct mac all_systems = { { 1, 0, 0x5e, 0, 0, 1 } };
	bool away = b->mn && bench_status(b).place != MN_HOME;

	if (mac_equal(a->to, MAC_BROADCAST) && away)
		b->arp_broadcast_away = true;
	b->gratuitous += a->arp.sender.s_addr == a->arp.target.s_addr;
	if (a->arp.target.s_addr != BENCH_GATEWAY.s_addr)
		return;
	CU_ASSERT(a->arp.sender.s_addr == BENCH_OWN.s_addr);
	b->gateway_asked++;
	if (mac_equal(a->to, MAC_BROADCAST))
		b->gateway_broadcast++;
	else
		CU_ASSERT(mac_equal(a->to, all_systems));
	if (!b->gateway_silent)
		gateway_says(b, bench_mac(BENCH_GATEWAY));
}

static int act(struct bench *b, const struct effect *e)
{
	if ((int)e->kind == b->fail_kind)
		return -EIO;
	switch (e->kind) {
	case EFFECT_SEND_LINK:
		take_frame(b, &e->frame);
		return 0;
	case EFFECT_SEND_UDP:
		take_datagram(b, &e->udp);
		return 0;
	case EFFECT_SEND_ARP:
		take_arp(b, &e->arp);
		return 0;
	case EFFECT_FORWARD:
		b->forwards++;
		b->forward = e->forward;
		return 0;
	case EFFECT_NOTE:
		b->notes[e->note.kind]++;
		return 0;
	default:
		return kernel_apply(&b->kernel, e);
	}
}

/* Once set up, the default route and the home address are never missing. */
static void watch(struct bench *b, bool *had)
{
	bool has = kernel_route_to(&b->kernel, everything) &&
		   kernel_has_address(&b->kernel, BENCH_HOME);

	b->default_missing = b->default_missing || (*had && !has);
	*had = *had || has;
}

static void perform(struct bench *b)
{
	uint32_t failed = 0;
	bool had = b->kernel.routes > 0;

	for (size_t i = 0; i < b->fx.count; i++) {
		const struct effect e = b->fx.at[i];
		int error;

		if (failed != 0 && e.txn == failed)
			continue;
		error = act(b, &e);
		if (error) {
			failed = e.txn;
			mn_core_failed(b->mn, &e, -error, b->now, &b->fx);
		}
		watch(b, &had);
	}
}

static void clear(struct bench *b)
{
	effect_list_clear(&b->fx);
}

void bench_hear_gateway(struct bench *b, struct mac mac)
{
	clear(b);
	gateway_says(b, mac);
	perform(b);
}

void bench_start(struct bench *b)
{
	clear(b);
	b->mn = mn_core_new(&b->config, &b->links, rng_seeded_init(&b->seed, 1), b->now,
			    &b->fx);
	CU_ASSERT_FATAL(b->mn != NULL);
	perform(b);
}

void bench_link(struct bench *b, bool up)
{
	struct link link = { .ifindex = BENCH_IFINDEX,
			     .name = "radio0",
			     .up = up,
			     .mac = b->mac,
			     .mtu = 1500 };

	CU_ASSERT(links_set(&b->links, &link));
	if (!b->mn)
		return;
	clear(b);
	mn_core_links(b->mn, &b->links, b->now, &b->fx);
	perform(b);
}

static void set_time(struct bench *b, instant_t to)
{
	duration_t d = instant_diff(to, b->now.mono);

	b->now.mono = to;
	b->now.ntp = ntp64_add(b->now.ntp, d);
}

void bench_run(struct bench *b, duration_t d)
{
	instant_t end = instant_add(b->now.mono, d);

	clear(b);
	for (;;) {
		instant_t next = mn_core_next_deadline(b->mn);

		if (instant_is_never(next) || instant_before(end, next))
			break;
		if (instant_before(b->now.mono, next))
			set_time(b, next);
		clear(b);
		mn_core_deadline(b->mn, b->now, &b->fx);
		perform(b);
	}
	set_time(b, end);
}

struct mip_advert bench_home_advert(uint16_t sequence)
{
	return (struct mip_advert){ .lifetime = 3,
				    .mobility = true,
				    .router_count = 1,
				    .router = { BENCH_HOME_AGENT },
				    .prefix_count = 1,
				    .prefix_len = { 24 },
				    .sequence = sequence,
				    .registration_lifetime = 600,
				    .flags = ADVERT_FLAG_H };
}

struct mip_advert bench_visited_advert(uint16_t sequence)
{
	return (struct mip_advert){ .code = ADVERT_CODE_NO_ROUTES,
				    .lifetime = 3,
				    .mobility = true,
				    .router_count = 1,
				    .router = { BENCH_VISITED },
				    .prefix_count = 1,
				    .prefix_len = { 24 },
				    .sequence = sequence,
				    .registration_lifetime = 600,
				    .flags = ADVERT_FLAG_F | ADVERT_FLAG_T |
					     ADVERT_FLAG_G,
				    .care_of_count = 1,
				    .care_of = { BENCH_CARE_OF } };
}

void bench_hear(struct bench *b, const struct mip_advert *a, struct in_addr from)
{
	uint8_t bytes[ADVERT_LEN_MAX];
	struct writer w = writer_over(bytes, sizeof(bytes));
	struct icmp_datagram dg = { .src = from,
				    .dst = { htonl(INADDR_ALLHOSTS_GROUP) },
				    .ttl = 1,
				    .ifindex = BENCH_IFINDEX,
				    .has_mac = true,
				    .mac = bench_mac(from) };

	mip_advert_encode(&w, a);
	CU_ASSERT_FATAL(!w.bad);
	dg.message = reader_over(bytes, writer_len(&w));
	clear(b);
	mn_core_icmp(b->mn, &dg, b->now, &b->fx);
	perform(b);
}

static void sign(struct bench *b, const struct bench_answer *a, struct writer *w)
{
	struct mip_sa *home = sa_for_sending(b->signer, SA_MN_HA, b->rq.home);

	if (!a->unsigned_)
		auth_append(w, home);
	if (a->twice)
		auth_append(w, home);
	if (a->corrupt)
		w->at[-1] ^= 1;
	if (a->fa_error) {
		write_u8(w, MIP_EXT_FA_ERROR);
		write_u8(w, 2);
		write_u8(w, 0);
		write_u8(w, a->fa_error);
	}
	if (a->for_agent_too)
		auth_append(w, sa_for_sending(b->signer, SA_MN_FA, b->rq.home));
}

void bench_answer(struct bench *b, const struct bench_answer *a)
{
	uint8_t bytes[MIP_MESSAGE_MAX];
	struct writer w = writer_over(bytes, sizeof(bytes));
	struct mip_reply rp = { .code = a->code,
				.lifetime = a->lifetime,
				.home = b->rq.home,
				.home_agent = a->home_agent.s_addr ? a->home_agent
								   : b->rq.home_agent,
				.ident = a->ident ? a->ident : b->rq.ident };
	struct datagram dg = { .src = a->from.s_addr ? a->from : b->rq_dst,
			       .dst = b->rq_src,
			       .src_port = MIP_PORT,
			       .dst_port = MIP_PORT,
			       .ttl = 64,
			       .ifindex = BENCH_IFINDEX };

	mip_reply_encode(&w, &rp);
	sign(b, a, &w);
	CU_ASSERT_FATAL(!w.bad);
	dg.payload = reader_over(bytes, writer_len(&w));
	clear(b);
	mn_core_datagram(b->mn, &dg, b->now, &b->fx);
	perform(b);
}

void bench_reply(struct bench *b, uint8_t code, uint16_t lifetime)
{
	const struct bench_answer a = { .code = code, .lifetime = lifetime };

	bench_answer(b, &a);
}

struct mn_status bench_status(const struct bench *b)
{
	return mn_core_status(b->mn);
}

uint64_t bench_counter(const struct bench *b, const char *name)
{
	struct counter_set set;

	CU_ASSERT_FATAL(mn_core_counters(b->mn, &set, 1) == 1);
	for (size_t i = 0; i < set.count; i++)
		if (strcmp(set.rows[i].name, name) == 0)
			return set.values[i];
	CU_FAIL("no such counter");
	return 0;
}

void bench_hear_home(struct bench *b, uint16_t sequence)
{
	struct mip_advert a = bench_home_advert(sequence);

	bench_hear(b, &a, BENCH_HOME_AGENT);
}

void bench_hear_visited(struct bench *b, uint16_t sequence)
{
	struct mip_advert a = bench_visited_advert(sequence);

	bench_hear(b, &a, BENCH_VISITED);
}

void bench_visit(struct bench *b)
{
	bench_start(b);
	bench_link(b, true);
	bench_hear_visited(b, 10);
	bench_reply(b, MIP_ACCEPTED, 300);
}

void bench_allow_colocated(struct bench *b)
{
	b->config.has_colocated = true;
	b->config.colocated.addr = (struct ipv4_prefix){ BENCH_OWN, 24 };
	b->config.colocated.gateway = BENCH_GATEWAY;
}

bool bench_default_is(const struct bench *b, struct in_addr via, int ifindex)
{
	const struct effect_route *r = kernel_route_to(&b->kernel, everything);

	return r && r->via.s_addr == via.s_addr && r->ifindex == ifindex &&
	       r->prefer_src.s_addr == BENCH_HOME.s_addr;
}

int bench_reload(struct bench *b)
{
	int error;

	clear(b);
	error = mn_core_reconfigure(b->mn, &b->config, b->now, &b->fx);
	perform(b);
	return error;
}
