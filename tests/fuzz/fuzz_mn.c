/* SPDX-License-Identifier: ISC */
/*
 * Any bytes as what happens to a mobile node: links, advertisements, Replies,
 * ARP, time, a kernel that refuses.  Whatever comes, it keeps its home address
 * and a default route, stays silent while away, asks no more than once a second,
 * believes nothing unsigned, and leaves nothing behind.
 *
 * One event is a kind, a length, and as many octets.  Checksums of
 * advertisements are put right, so that what lies behind them is reached.
 */
#include "common/base/ntp64.h"
#include "common/security/auth.h"
#include "common/wire/checksum.h"
#include "common/wire/mip_advert.h"
#include "common/wire/udp.h"
#include "mn-sim/mn_core.h"
#include "tests/sim/kernel.h"

#include "tests/fuzz/fuzz.h"

#include <errno.h>

enum { IFINDEX = 2, EVENTS_MAX = 200, BURST = 3 };

enum event {
	EVENT_LINK,
	EVENT_ADVERT,
	EVENT_REPLY,        /* its octets are the Reply */
	EVENT_SIGNED_REPLY, /* ... with the Identification and a signature that fit */
	EVENT_ARP,
	EVENT_TIME,
	EVENT_FAIL,
	EVENT_RECONFIGURE,
	EVENT_COUNT
};

struct world {
	struct mn_config config;
	struct assoc_config assoc;
	struct links links;
	struct rng_seeded seed;
	struct now start, now;
	struct mn_core *mn;
	struct effect_list fx;
	struct kernel kernel;
	struct sa_store *signer;
	struct mip_request rq;
	uint64_t requests;
	bool failing, failed;
};

static const struct in_addr none;

static struct in_addr addr(uint32_t a)
{
	return (struct in_addr){ htonl(a) };
}

static void set_link(struct world *w, bool up)
{
	const struct link link = { .ifindex = IFINDEX,
				   .name = "radio0",
				   .up = up,
				   .mac = { { 2, 0, 0, 0, 0, 9 } } };

	links_set(&w->links, &link);
}

static void see_request(struct world *w, struct reader payload)
{
	if (mip_message_type(payload) != MIP_TYPE_REQUEST)
		return;
	PROMISE(mip_request_decode(payload, &w->rq) == MIP_FAULT_NONE);
	PROMISE(w->rq.home.s_addr == w->config.home.addr.s_addr);
	w->requests++;
}

static int act(struct world *w, const struct effect *e)
{
	struct udp_packet udp;

	if (w->failing && e->kind != EFFECT_NOTE) {
		w->failing = false;
		w->failed = true;
		return -EIO;
	}
	switch (e->kind) {
	case EFFECT_NOTE:
	case EFFECT_FORWARD:
	case EFFECT_SEND_ARP:
		return 0;
	case EFFECT_SEND_UDP:
		see_request(w, reader_over(e->udp.bytes, e->udp.len));
		return 0;
	case EFFECT_SEND_LINK:
		PROMISE(e->frame.len <= sizeof(e->frame.bytes));
		if (udp_open(e->frame.bytes, e->frame.len, false, &udp) == UDP_OK)
			see_request(w, reader_over(udp.payload, udp.len));
		return 0;
	default:
		return kernel_apply(&w->kernel, e);
	}
}

static void perform(struct world *w)
{
	uint32_t failed = 0;

	PROMISE(w->fx.count < 200 && !w->fx.overflow);
	for (size_t i = 0; i < w->fx.count; i++) {
		const struct effect e = w->fx.at[i];
		int error = failed != 0 && e.txn == failed ? 0 : act(w, &e);

		if (error == 0)
			continue;
		failed = e.txn;
		mn_core_failed(w->mn, &e, -error, w->now, &w->fx);
	}
	effect_list_clear(&w->fx);
}

static void check(struct world *w)
{
	static const struct ipv4_prefix everything;
	struct mn_status s = mn_core_status(w->mn);
	int64_t seconds = (w->now.mono.ns - w->start.mono.ns) / 1000000000;

	PROMISE(w->requests <= (uint64_t)seconds + BURST);
	PROMISE(instant_before(w->now.mono, mn_core_next_deadline(w->mn)));
	if (w->failed) /* until repaired, anything may be missing */
		return;
	PROMISE(kernel_has_address(&w->kernel, w->config.home.addr));
	PROMISE(kernel_route_to(&w->kernel, everything));
	PROMISE(w->kernel.silent[IFINDEX] == (s.place != MN_HOME));
	PROMISE(w->kernel.neighbours == (s.place == MN_FOREIGN_AGENT));
}

static void hear(struct world *w, struct reader in)
{
	uint8_t who = read_u8(&in), bytes[256] = { 9 };
	struct icmp_datagram dg = { .src = addr(0x0a010000U + who),
				    .ttl = 1,
				    .ifindex = IFINDEX,
				    .has_mac = true,
				    .mac = { { 2, 1, 1, 1, 1, who } } };
	size_t len = reader_left(&in);
	uint16_t sum;

	if (len < 4)
		return;
	memcpy(bytes, in.at, len);
	bytes[2] = bytes[3] = 0;
	sum = checksum_of(bytes, len);
	bytes[2] = (uint8_t)(sum >> 8);
	bytes[3] = (uint8_t)sum;
	dg.message = reader_over(bytes, len);
	mn_core_icmp(w->mn, &dg, w->now, &w->fx);
}

static void receive(struct world *w, struct reader payload)
{
	const struct datagram dg = { .payload = payload,
				     .src = addr(0x0a010001),
				     .dst = w->config.home.addr,
				     .src_port = MIP_PORT,
				     .dst_port = MIP_PORT,
				     .ifindex = IFINDEX };
	struct mn_status before = mn_core_status(w->mn);
	struct mn_status after;

	mn_core_datagram(w->mn, &dg, w->now, &w->fx);
	after = mn_core_status(w->mn);
	PROMISE(after.clock_offset.ns == before.clock_offset.ns);
	PROMISE(after.state != MN_REGISTERED || before.state == MN_REGISTERED);
	PROMISE(after.state != MN_AT_HOME || before.state == MN_AT_HOME);
	PROMISE(after.home_agent.s_addr == before.home_agent.s_addr);
}

static void receive_signed(struct world *w, struct reader in)
{
	uint8_t bytes[MIP_MESSAGE_MAX];
	struct writer out = writer_over(bytes, sizeof(bytes));
	struct mip_reply rp = { .code = read_u8(&in),
				.lifetime = read_u16(&in),
				.home = w->config.home.addr };
	uint32_t moved = read_u32(&in);
	struct datagram dg = { .src = read_u8(&in) & 1 ? addr(0x0a010001)
						       : addr(0x0a010002),
			       .ifindex = IFINDEX };

	rp.home_agent = read_addr(&in);
	rp.ident = w->rq.ident + ((uint64_t)moved << 32);
	mip_reply_encode(&out, &rp);
	auth_append(&out, sa_for_sending(w->signer, SA_MN_HA, rp.home));
	write_bytes(&out, in.at, reader_left(&in));
	dg.payload = reader_over(bytes, writer_len(&out));
	mn_core_datagram(w->mn, &dg, w->now, &w->fx);
}

static void ask(struct world *w, struct reader in)
{
	struct arp_frame f = { .ifindex = IFINDEX };
	uint8_t flags = read_u8(&in);

	f.unicast = flags & 1;
	f.from = (struct mac){ { 2, 1, 1, 1, 1, flags } };
	if (arp_decode(in.at, reader_left(&in), &f.arp))
		mn_core_arp(w->mn, &f, w->now, &w->fx);
}

static void pass(struct world *w, struct reader in)
{
	int64_t ms = INT64_C(1) << (read_u8(&in) % 22);
	instant_t end = instant_add(w->now.mono, duration_ms(ms));

	for (;;) {
		instant_t next = mn_core_next_deadline(w->mn);

		if (instant_is_never(next) || instant_before(end, next))
			break;
		PROMISE(instant_before(w->now.mono, next));
		w->now.ntp = ntp64_add(w->now.ntp, instant_diff(next, w->now.mono));
		w->now.mono = next;
		mn_core_deadline(w->mn, w->now, &w->fx);
		perform(w);
		check(w);
	}
	w->now.ntp = ntp64_add(w->now.ntp, instant_diff(end, w->now.mono));
	w->now.mono = end;
	mn_core_deadline(w->mn, w->now, &w->fx);
}

static void reconfigure(struct world *w, struct reader in)
{
	uint8_t bits = read_u8(&in);

	w->config.reverse_tunnel = bits & 1;
	w->config.broadcasts = bits & 2;
	w->config.has_colocated = bits & 4;
	w->config.simultaneous = bits & 8;
	w->config.encap = (enum encap_kind)(bits >> 4) % ENCAP_KIND_COUNT;
	w->config.home_agent = bits & 64 ? none : addr(0x0a010001);
	w->config.lifetime = read_u16(&in);
	PROMISE(mn_core_reconfigure(w->mn, &w->config, w->now, &w->fx) == 0);
}

static void happen(struct world *w, uint8_t kind, struct reader in)
{
	switch (kind % EVENT_COUNT) {
	case EVENT_LINK:
		set_link(w, read_u8(&in) & 1);
		mn_core_links(w->mn, &w->links, w->now, &w->fx);
		break;
	case EVENT_ADVERT:
		hear(w, in);
		break;
	case EVENT_REPLY:
		receive(w, in);
		break;
	case EVENT_SIGNED_REPLY:
		receive_signed(w, in);
		break;
	case EVENT_ARP:
		ask(w, in);
		break;
	case EVENT_TIME:
		pass(w, in);
		break;
	case EVENT_FAIL:
		w->failing = true;
		break;
	default:
		reconfigure(w, in);
		break;
	}
	perform(w);
	check(w);
}

static void begin(struct world *w)
{
	static const uint8_t key[16] = { 1 };
	const struct sa_spec spec = { .kind = SA_MN_HA,
				      .peer = addr(0x0a01000a),
				      .spi = 256,
				      .key = &w->assoc.key };

	PROMISE(secret_init(&w->assoc.key, key, sizeof(key)) == 0);
	w->assoc.spi = spec.spi;
	w->signer = sa_store_new();
	PROMISE(w->signer && sa_add(w->signer, &spec) == 0);
	w->config = (struct mn_config){
		.interface = "radio0",
		.home = { addr(0x0a01000a), 28 },
		.home_agent = addr(0x0a010001),
		.lifetime = 60,
		.deregister_on_exit = true,
		.home_association = { .addr = addr(0x0a010001),
				      .assoc = &w->assoc,
				      .assoc_count = 1 },
		.colocated = { .addr = { addr(0x0a090007), 24 },
			       .gateway = addr(0x0a090001) },
	};
	w->now = (struct now){ .mono = { 5 }, .ntp = UINT64_C(0xfffffff0) << 32 };
	w->start = w->now;
	effect_list_init(&w->fx);
	set_link(w, false);
	w->mn = mn_core_new(&w->config, &w->links, rng_seeded_init(&w->seed, 1), w->now,
			    &w->fx);
	PROMISE(w->mn);
	perform(w);
}

/* Whatever happened, a stop whose effects are carried out leaves nothing behind. */
static void end(struct world *w)
{
	w->failing = false;
	mn_core_stop(w->mn, w->now, &w->fx);
	perform(w);
	PROMISE(kernel_is_clean(&w->kernel));
	PROMISE(instant_is_never(mn_core_next_deadline(w->mn)));
	mn_core_free(w->mn);
	sa_store_free(w->signer);
	secret_fini(&w->assoc.key);
	effect_list_fini(&w->fx);
}

void fuzz_mn(const uint8_t *data, size_t size)
{
	struct reader in = reader_over(data, size);
	static struct world w;

	memset(&w, 0, sizeof(w));
	begin(&w);
	for (unsigned i = 0; i < EVENTS_MAX && reader_left(&in) >= 2; i++) {
		uint8_t kind = read_u8(&in), len = read_u8(&in);
		size_t left = reader_left(&in);

		happen(&w, kind, reader_split(&in, len < left ? len : left));
	}
	end(&w);
}
